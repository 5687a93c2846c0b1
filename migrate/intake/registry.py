"""The national graduate database: a table or view by SQLAlchemy URL, or a CSV or Parquet file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa

from migrate.errors import InputError
from migrate.intake.headings import map_headings
from migrate.intake.readers import cells
from migrate.intake.readers.rows import Progress, chunked, row_numbers
from migrate.intake.schema import Schema
from migrate.intake.sources import Findings, Source, check_source, raw_table, read_source

_VARIABLE = "MIGRATE_REGISTRY_PASSWORD"
_BATCH = 20_000
_PATIENCE = 10
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


@dataclass(frozen=True)
class RegistrySource:
    """The registry as read.

    ``table`` has ``row`` int64 and ``raw_<field>`` string for each field of the schema. Out of a
    database rows are sorted by the key, so that its own order does not matter, and ``row`` counts
    from 1; out of a file they stand as there, and the heading is row 1. ``rows`` counts them.
    """

    table: pa.Table
    rows: int
    table_name: str | None
    findings: Findings


def check_registry(address: str, schema: Schema) -> None:
    """Whether a registry can be read: it is reached, the table is there, and it has its fields.

    :param address: a path, or an SQLAlchemy URL with ``#table`` or ``#schema.table`` after it. A
        URL without a password takes it from the environment, ``MIGRATE_REGISTRY_PASSWORD``.
    :param schema: the fields looked for.
    :raises InputError: with one clear line about the first thing that is wrong. No password is in
        it.
    """
    if not is_database(address):
        check_source(Path(address), schema)
        return
    with _opened(address) as (connection, table):
        _fields(address, table, schema)
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None:
            raise InputError("this table has no rows", file=_shown(address), fix="Name another")


def read_registry(
    address: str, schema: Schema, *, progress: Progress | None = None
) -> RegistrySource:
    """Read the registry whole, in batches: out of a database by a server-side cursor.

    :param address: as for ``check_registry``.
    :param schema: the fields to read; other columns are not fetched.
    :param progress: called with rows read, rows in all, and a word.
    :raises InputError: as ``check_registry``; also where a row of a file cannot be read: a degree
        that is not seen is no rival, and its record would be linked to another degree.
    """
    if not is_database(address):
        source = read_source(Path(address), schema, progress=progress)
        _refuse_unreadable(address, source)
        return RegistrySource(source.table, source.rows, None, source.findings)
    with _opened(address) as (connection, table):
        fields = _fields(address, table, schema)
        wanted = {field: column for column, field in fields if field}
        total = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        query = sa.select(*(table.c[column] for column in wanted.values()))
        chunks: list[list[Any]] = [[] for _ in wanted]
        done = 0
        with connection.execution_options(stream_results=True, max_row_buffer=_BATCH).execute(
            query
        ) as result:
            for batch in result.partitions(_BATCH):
                for place, values in enumerate(zip(*batch, strict=True)):
                    chunks[place].append(_texts(values))
                done += len(batch)
                if progress:
                    progress(done, max(total, done), "degrees read")
        kind = f"{connection.dialect.name} {'view' if _is_view(connection, table) else 'table'}"
    columns = {
        field: chunked(parts, pa.string()) for field, parts in zip(wanted, chunks, strict=True)
    }
    if not done:
        raise InputError("this table has no rows", file=_shown(address), fix="Name another")
    findings = Findings(
        kind=kind,
        headings=fields,
        missing=tuple(name for name in schema.names if name not in wanted),
        why="the address is a database",
    )
    by_key = _sorted(schema, columns)
    table_of_rows = raw_table(schema, row_numbers(1, done), by_key, {})
    return RegistrySource(table_of_rows, done, table.fullname, findings)


def is_database(address: str) -> bool:
    """Whether an address is a database's, rather than a path."""
    return "://" in address


def _refuse_unreadable(address: str, source: Source) -> None:
    if not source.unreadable:
        return
    first = source.unreadable[0]
    count = len({problem.row for problem in source.unreadable})
    raise InputError(
        f"{count} row(s) of the registry cannot be read, this one first: {first.reason}",
        file=address,
        row=first.row,
        fix="Export the registry again, whole",
    )


def _sorted(schema: Schema, columns: dict[str, Any]) -> dict[str, Any]:
    # the other columns decide where a key stands twice
    order = [schema.key, *(name for name in columns if name != schema.key)]
    table = pa.table(columns)
    ordered = table.sort_by([(name, "ascending") for name in order])
    return {name: ordered.column(name) for name in columns}


def _texts(values: Sequence[object]) -> Any:
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


def _fields(address: str, table: sa.Table, schema: Schema) -> tuple[tuple[str, str | None], ...]:
    columns = [column.name for column in table.columns]
    fields = map_headings(columns, schema, file=_shown(address), row=None)
    return tuple(zip(columns, fields, strict=True))


@contextmanager
def _opened(address: str) -> Iterator[tuple[sa.Connection, sa.Table]]:
    """A connection that only reads, and the table named after '#'. Databases' errors in one line."""
    text, _, name = address.rpartition("#")
    if not text or not name:
        raise InputError(
            "this address names no table", file=_shown(address), fix="Add it as URL#TABLE"
        )
    engine = _engine(text)
    try:
        with engine.connect() as connection:
            yield connection, _table(address, connection, name)
    except sa.exc.SQLAlchemyError as error:
        raise InputError(
            f"the registry cannot be read: {_first_line(error, engine.url)}",
            file=_shown(address),
            fix=f"Check that the database runs, the address, the user, and {_VARIABLE}",
        ) from error
    finally:
        engine.dispose()


def _engine(text: str) -> sa.Engine:
    try:
        url = sa.make_url(text)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        if not url.password and (password := os.environ.get(_VARIABLE)):
            url = url.set(password=password)
        arguments = {}
        if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
            arguments["connect_timeout"] = _PATIENCE
        return sa.create_engine(url, connect_args=arguments, poolclass=sa.pool.NullPool)
    except sa.exc.NoSuchModuleError as error:
        raise InputError(
            "there is no driver for such a database",
            file=_shown(text),
            found=text.split("://")[0],
            fix="Use postgresql:// or sqlite:///, or install an SQLAlchemy dialect for it",
        ) from error
    except ImportError as error:
        raise InputError(
            f"the driver of this database is not installed: {error.name}",
            file=_shown(text),
            fix=f"Install {error.name}, or use another driver in the address",
        ) from error
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InputError(
            "this is not a database's address",
            file=_shown(text),
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
            file=_shown(address),
            found=", ".join(here) or "no tables",
            fix="Name one of them after '#'",
        )
    columns = [
        # the type does not matter: values come as the driver gives them
        sa.Column(column["name"], sa.types.NullType())
        for column in inspector.get_columns(bare, schema or None)
    ]
    return sa.Table(bare, sa.MetaData(), *columns, schema=schema or None)


def _is_view(connection: sa.Connection, table: sa.Table) -> bool:
    return table.name in sa.inspect(connection).get_view_names(table.schema)


def _first_line(error: Exception, url: sa.URL) -> str:
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    line = said[0].strip() if said else type(error).__name__
    return line.replace(url.password, "***") if url.password else line


def _shown(address: str) -> str:
    """An address without its password."""
    text, mark, name = address.rpartition("#") if "#" in address else (address, "", "")
    try:
        return sa.make_url(text).render_as_string(hide_password=True) + mark + name
    except (sa.exc.ArgumentError, ValueError):
        # what cannot be parted may hold a password anywhere
        return text.split("://")[0] + "://…"
