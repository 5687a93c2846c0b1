"""A table or view of any database that SQLAlchemy reaches, only to be read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa

from migrate.errors import InputError
from migrate.intake.readers import cells
from migrate.intake.readers.rows import Progress, chunked

BATCH = 20_000
# seconds to wait for a server or a lock
_PATIENCE = 10
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


@contextmanager
def opened(address: str, variable: str) -> Iterator[tuple[sa.Connection, sa.Table]]:
    """A connection, and the table or view that the address names.

    What a database raises inside the block becomes an InputError of one line without a password.

    :param address: an SQLAlchemy URL with ``#table`` or ``#schema.table`` after it. ``postgresql://``
        means psycopg. An SQLite file is opened to be read only, and never made.
    :param variable: the environment variable that holds the password where the URL has none.
    :raises InputError: it is no address, it names no table, there is no driver for it, the database
        is not reached, or there is no such table.
    """
    text, _, name = address.rpartition("#")
    if not text or not name:
        raise InputError(
            "this address names no table", file=shown(address), fix="Add it as URL#TABLE"
        )
    with connected(text, variable) as connection:
        yield connection, _table(address, connection, name)


@contextmanager
def connected(address: str, variable: str) -> Iterator[sa.Connection]:
    """A connection on which nothing can be changed, where the database can be told so.

    :param address: an SQLAlchemy URL.
    :param variable: the environment variable that holds the password where the URL has none.
    :raises InputError: as ``opened``.
    """
    engine = _engine(address, variable)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(postgresql_readonly=True)
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise InputError(
            f"this database cannot be read: {first_line(error, engine.url)}",
            file=shown(address),
            fix=f"Check that the database runs, the address, the user, and {variable}",
        ) from error
    finally:
        engine.dispose()


def kind(connection: sa.Connection, table: sa.Table) -> str:
    """What it is, for people: 'postgresql table', 'sqlite view'."""
    is_view = table.name in sa.inspect(connection).get_view_names(table.schema)
    return f"{connection.dialect.name} {'view' if is_view else 'table'}"


def read(
    connection: sa.Connection,
    table: sa.Table,
    columns: Sequence[str],
    *,
    progress: Progress | None = None,
) -> list[pa.ChunkedArray[Any]]:
    """Columns of all rows as text, see ``cells.text``, in the order that the database gives.

    Rows come in batches by a server-side cursor, so that a driver does not hold them all.

    :param columns: names of columns of ``table``.
    :param progress: called with rows read, rows in all, and a word.
    """
    total = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    streamed = connection.execution_options(stream_results=True, max_row_buffer=BATCH)
    chunks: list[list[Any]] = [[] for _ in columns]
    done = 0
    with streamed.execute(sa.select(*(table.c[column] for column in columns))) as result:
        for batch in result.partitions(BATCH):
            for place, values in enumerate(zip(*batch, strict=True)):
                chunks[place].append(texts(values))
            done += len(batch)
            if progress:
                progress(done, max(total, done), "rows read")
    return [chunked(parts, pa.string()) for parts in chunks]


def shown(address: str) -> str:
    """An address without its password."""
    text, mark, name = address.rpartition("#") if "#" in address else (address, "", "")
    try:
        return sa.make_url(text).render_as_string(hide_password=True) + mark + name
    except (sa.exc.ArgumentError, ValueError):
        # what cannot be parted may hold a password anywhere
        return text.split("://")[0] + "://…"


def _engine(text: str, variable: str) -> sa.Engine:
    try:
        url = sa.make_url(text)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        if not url.password and (password := os.environ.get(variable)):
            url = url.set(password=password)
        arguments = {}
        if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
            arguments["connect_timeout"] = _PATIENCE
        return sa.create_engine(url, connect_args=arguments, poolclass=sa.pool.NullPool)
    except sa.exc.NoSuchModuleError as error:
        raise InputError(
            "there is no driver for such a database",
            file=shown(text),
            found=text.split("://")[0],
            fix="Use postgresql:// or sqlite:///, or install an SQLAlchemy dialect for it",
        ) from error
    except ImportError as error:
        raise InputError(
            f"the driver of this database is not installed: {error.name}",
            file=shown(text),
            fix=f"Install {error.name}, or use another driver in the address",
        ) from error
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InputError(
            "this is not a database's address",
            file=shown(text),
            fix="Use for example postgresql://user@host/database#table or sqlite:///file#table",
        ) from error


def _sqlite(url: sa.URL) -> sa.Engine:
    # SQLite would make the file that is not there, and lock the one that is
    path = Path(url.database or "")
    if not path.is_file():
        raise InputError("there is no such database file", file=path, fix="Check the path")
    address = f"file:{quote(str(path.resolve()))}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=_PATIENCE, check_same_thread=False)

    return sa.create_engine("sqlite+pysqlite://", creator=connect, poolclass=sa.pool.NullPool)


def _table(address: str, connection: sa.Connection, name: str) -> sa.Table:
    """The table or view of that name, found by inspection: no name reaches SQL by itself."""
    inspector = sa.inspect(connection)
    schema, _, bare = name.rpartition(".")
    here = sorted(chain(inspector.get_table_names(), inspector.get_view_names()))
    if name in here:
        schema, bare = "", name
    elif not schema or not (
        schema in inspector.get_schema_names()
        and bare in [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
    ):
        raise InputError(
            f"there is no table or view '{name}' in this database",
            file=shown(address),
            found=", ".join(here) or "no tables",
            fix="Name one of them after '#'",
        )
    columns = [
        # the type does not matter: values come as the driver gives them
        sa.Column(column["name"], sa.types.NullType())
        for column in inspector.get_columns(bare, schema or None)
    ]
    return sa.Table(bare, sa.MetaData(), *columns, schema=schema or None)


def first_line(error: Exception, url: sa.URL) -> str:
    """What a database said, in one line and without its password."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    line = said[0].strip() if said else type(error).__name__
    return line.replace(url.password, "***") if url.password else line


def texts(values: Sequence[object]) -> Any:
    """Values of a column as an Arrow array of text, see ``cells.text``; bytes are read as UTF-8."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_text(value) for value in values], pa.string())


def _text(value: object) -> str | None:
    # a text that SQLite holds as a blob, and types that have a text of their own, such as UUID
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    try:
        return cells.text(value)
    except TypeError:
        return str(value)
