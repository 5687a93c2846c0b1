"""The store's database: opened at the newest schema, or refused with one clear line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from migrate.errors import InputError, MigrateError, RunError
from migrate.store.address import (
    BUSY_TIMEOUT,
    READS,
    check_sqlite_file,
    engine_for,
    is_sqlite,
    read_address,
    reason,
    shown,
    writable,
)
from migrate.store.base import VERSION_TABLE
from migrate.store.schema import is_newest, upgrade

PASSWORD = "MIGRATE_STORE_PASSWORD"  # noqa: S105 (its name, not itself)
# any numbers, so long as all processes that write to a store on PostgreSQL ask for the same: one who
# issues codes may hold the ledger for minutes, and people who decide should not wait for that
LEDGER = 0x6D69_6772_6174_6501
DECISIONS = 0x6D69_6772_6174_6502


def open_store(address: str) -> Engine:
    """An engine over the store, its schema created or brought to the newest revision.

    Safe when several processes do it at once, and when one is killed while it does: a schema
    changes in one transaction. Use :func:`writing` and :func:`reading` for transactions; the
    caller disposes of the engine.

    :param address: an SQLAlchemy URL of SQLite or PostgreSQL. A password that is not in it comes
        from the environment, ``MIGRATE_STORE_PASSWORD``.
    :raises InputError: as :func:`check_store` does.
    """
    url = _read(address)
    path = _check_file(url) if is_sqlite(url) else None
    if path is not None:
        path.absolute().parent.mkdir(exist_ok=True)
        if not path.exists():
            # it will hold names and national IDs; SQLite gives its log the same mode
            path.touch(mode=0o600)
    engine = _engine(url)
    try:
        with _clear_errors(url):
            with engine.execution_options(**{READS: True}).connect() as connection:
                ready = is_newest(connection, shown(url))
                if path is not None:
                    _write_ahead(connection)
            if not ready:
                _check_may_write(engine, url)
                with writing(engine) as connection:
                    # another process may have done it while this one waited
                    if not is_newest(connection, shown(url)):
                        upgrade(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def check_store(address: str) -> None:
    """Look whether :func:`open_store` would do, without creating or changing anything.

    :param address: as for :func:`open_store`.
    :raises InputError: for an address of no database, an unknown dialect, a missing driver, a
        server that does not answer or refuses, a folder that is missing or not writable (one
        missing folder is created by ``open_store``), a file that is not a database, a database
        that is read-only, holds other tables, or is of a newer version of this program.
    """
    url = _read(address)
    if is_sqlite(url):
        path = _check_file(url)
        if not path.exists() or path.stat().st_size == 0:
            return
        # SQLite leaves files beside a database in WAL mode even when it only reads; when no one
        # has it open, its log is empty and it can be read as it stands
        busy = any(Path(f"{path}{end}").exists() for end in ("-wal", "-journal"))
        kind = "mode=ro" if busy else "immutable=1"
        name = f"{path.absolute().as_uri()}?{kind}"
        engine = engine_for(url.set(database=name, query={"uri": "true"}))
    else:
        engine = _engine(url)
    try:
        reader = engine.execution_options(**{READS: True})
        with _clear_errors(url), reader.connect() as connection:
            is_newest(connection, shown(url))
        if not is_sqlite(url):
            with _clear_errors(url):
                _check_may_write(engine, url)
    finally:
        engine.dispose()


@contextmanager
def writing(engine: Engine, *, lock: int = LEDGER) -> Iterator[Connection]:
    """A transaction that writes to the store, alone: others wait until it ends.

    It is committed when the block ends well, and undone by any error or a kill.

    :param lock: on PostgreSQL, what is written to: ``LEDGER`` for codes, their ledger and all that is
        nobody's own, ``DECISIONS`` for what people decide. SQLite has one lock for all.
    :raises RunError: when the database fails or stays locked by another for too long.
    """
    with _run_errors(engine), engine.begin() as connection:
        also_lock(connection, lock)
        yield connection


def also_lock(connection: Connection, lock: int) -> None:
    """Take another lock for the rest of a transaction: ``LEDGER`` last, or two could wait in a ring."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and waits for no one.

    :raises RunError: when the database fails.
    """
    reader = engine.execution_options(**{READS: True})
    with _run_errors(engine), reader.begin() as connection:
        yield connection


def now(connection: Connection) -> str:
    """The time by the database's clock, one for all machines: ISO 8601 in UTC to the second."""
    if connection.dialect.name == "postgresql":
        utc = func.timezone("UTC", func.clock_timestamp())
        clock = func.to_char(utc, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    else:
        clock = func.strftime("%Y-%m-%dT%H:%M:%SZ", "now")
    return str(connection.execute(select(clock)).scalar_one())


def _read(address: str) -> URL:
    url = read_address(address, PASSWORD)
    if url.drivername != "sqlite+pysqlite":
        # an unknown or missing driver is told first: it may be a slip of the pen
        engine_for(url).dispose()
    if url.drivername.partition("+")[0] not in {"sqlite", "postgresql"}:
        raise InputError(
            f"the store cannot be a database of the kind {url.drivername}",
            file=shown(url),
            fix="Use sqlite:///store.sqlite or postgresql://user@host/database",
        )
    return url


def _check_file(url: URL) -> Path:
    path = check_sqlite_file(url, may_create=True)
    # SQLite puts its log beside the file
    if path.exists() and not (writable(path) and writable(path.absolute().parent)):
        raise InputError(
            "the store may not be written to: its file or folder is read-only",
            file=path,
            fix="Ask for access, or name another store",
        )
    return path


def _engine(url: URL) -> Engine:
    engine = engine_for(url)
    if is_sqlite(url):
        event.listen(engine, "connect", _sqlite_connect)
        return engine
    # a writer must see what was committed while it waited for the lock
    return engine.execution_options(isolation_level="READ COMMITTED")


def _sqlite_connect(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # a code that was given out must be there after a power cut too
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _write_ahead(connection: Connection) -> None:
    """Let readers and a writer work at once; the mode stays with the file."""
    connection.rollback()
    driver = connection.connection.driver_connection
    assert driver is not None
    until = time.monotonic() + BUSY_TIMEOUT
    while driver.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            driver.execute("PRAGMA journal_mode = WAL")
        except Exception as error:
            # SQLite does not wait for this lock, so this does
            if "locked" not in str(error) or time.monotonic() > until:
                raise OperationalError("PRAGMA journal_mode", None, error) from error
            time.sleep(0.02)


def _check_may_write(engine: Engine, url: URL) -> None:
    """Refuse a PostgreSQL database where this user cannot do what a store needs."""
    if is_sqlite(url):
        return
    with engine.connect() as connection:
        if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
            raise InputError(
                "the database is read-only",
                file=shown(url),
                fix="Name the primary server, or a user that may write",
            )
        schema = connection.execute(text("SELECT current_schema()")).scalar_one_or_none()
        if inspect(connection).has_table(VERSION_TABLE):
            allowed = text("SELECT has_table_privilege('codes', 'INSERT')")
        else:
            allowed = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
        if schema is None or not connection.execute(allowed).scalar_one():
            raise InputError(
                "this user may not write to the store",
                file=shown(url),
                found=f"schema {schema}",
                fix="Grant it CREATE on the schema, or INSERT and UPDATE on the store's tables",
            )


@contextmanager
def _clear_errors(url: URL) -> Iterator[None]:
    try:
        yield
    except RunError as error:
        raise InputError(
            "the store cannot be opened", file=shown(url), found=error.found, fix=_FIX
        ) from None
    except (SQLAlchemyError, UnicodeError, OSError) as error:
        raise InputError(
            "the store cannot be opened", file=shown(url), found=reason(error, url), fix=_FIX
        ) from None


_FIX = f"Check the address, that its server is up, and the password in {PASSWORD}"


@contextmanager
def _run_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except MigrateError:
        raise
    except DBAPIError as error:
        raise RunError(
            "the store's database failed; nothing of this step was kept",
            file=shown(engine.url),
            found=reason(error, engine.url),
            fix="Mend the cause and resume: what is done is not done again",
        ) from error
