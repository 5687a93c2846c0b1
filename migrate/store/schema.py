"""The store's schema: how new a database's is, and bringing it to the newest by Alembic."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, String, column, inspect, select, table

from migrate.errors import InputError
from migrate.store import code_tables, public_tables, review_tables, tables
from migrate.store.base import VERSION_TABLE, Base

if TYPE_CHECKING:
    from alembic.config import Config

# each enters its tables into the metadata
_TABLES = (code_tables, public_tables, review_tables, tables)
_MIGRATIONS = Path(__file__).parent / "migrations"


def is_newest(connection: Connection, name: str) -> bool:
    """Whether the database has the newest schema; False when it has an older one or none yet.

    :param connection: a database that may be a store; it is only read.
    :param name: how the database is called in messages.
    :raises InputError: when it holds other tables, lacks some of a store's, or was made by a newer
        version of this program.
    """
    head, known = _revisions()
    tables = set(inspect(connection).get_table_names())
    ours = set(Base.metadata.tables)
    if VERSION_TABLE not in tables:
        # a PostgreSQL database may be shared with others; a file with other tables is a slip
        foreign = tables if connection.dialect.name == "sqlite" else tables & ours
        if foreign:
            raise InputError(
                "this database is not a store: it holds other tables",
                file=name,
                found=", ".join(sorted(foreign)),
                fix="Name a database that is empty or not there yet",
            )
        return False
    version = table(VERSION_TABLE, column("version_num", String))
    held = list(connection.execute(select(version.c.version_num)).scalars())
    if not set(held) <= known:
        raise InputError(
            "the store was made by a newer version of this program",
            file=name,
            found=f"revision {', '.join(held)}, newest known here {head}",
            fix="Update the program, or name another store",
        )
    if held != [head]:
        return False
    if not ours <= tables:
        raise InputError(
            "the store is damaged: tables are missing",
            file=name,
            found=", ".join(sorted(ours - tables)),
            fix="Restore it from a backup",
        )
    return True


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest revision, in the transaction that ``connection`` is in."""
    with _quiet():
        from alembic import command

        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@cache
def _revisions() -> tuple[str, frozenset[str]]:
    """The newest revision, and all that this version of the program knows."""
    with _quiet():
        from alembic.script import ScriptDirectory

        script = ScriptDirectory.from_config(_config())
        head = script.get_current_head()
        assert head is not None
        return head, frozenset(revision.revision for revision in script.walk_revisions())


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _quiet() -> Iterator[None]:
    # Alembic tells each step at INFO, its own import included, and a host may have turned that on
    logger = logging.getLogger("alembic")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
