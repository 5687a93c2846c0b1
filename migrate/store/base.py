"""What all tables of the store share: one metadata, and one naming of constraints."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

# a name of its own, so that the store can share a database with others that use Alembic
VERSION_TABLE = "migrate_version"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every table: the same names of constraints on every database."""

    metadata = MetaData(naming_convention=_NAMES)
