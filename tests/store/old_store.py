"""A store as an earlier version of this program made it."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Engine

from migrate.store.address import engine_for, read_address
from migrate.store.engine import writing
from migrate.store.schema import _config


def at_revision(address: str, revision: str) -> Engine:
    """An engine over a new store at an earlier revision of its schema."""
    engine = engine_for(read_address(address, "NONE"))
    with writing(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine
