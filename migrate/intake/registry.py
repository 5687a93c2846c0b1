"""The national graduate database: a table or view by SQLAlchemy URL, or a CSV or Parquet file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from migrate.errors import InputError
from migrate.intake.headings import map_headings
from migrate.intake.readers import database
from migrate.intake.readers.rows import Progress, row_numbers
from migrate.intake.schema import Schema
from migrate.intake.sources import (
    Findings,
    Source,
    check_source,
    is_database,
    raw_table,
    read_source,
)

_VARIABLE = "MIGRATE_REGISTRY_PASSWORD"


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
    with database.opened(address, _VARIABLE) as (connection, table):
        _fields(address, table, schema)
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None:
            raise InputError(
                "this table has no rows", file=database.shown(address), fix="Name another"
            )


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
    with database.opened(address, _VARIABLE) as (connection, table):
        fields = _fields(address, table, schema)
        wanted = {field: column for column, field in fields if field}
        read = database.read(connection, table, list(wanted.values()), progress=progress)
        kind = database.kind(connection, table)
    columns = dict(zip(wanted, read, strict=True))
    count = len(columns[schema.key])
    if not count:
        raise InputError("this table has no rows", file=database.shown(address), fix="Name another")
    findings = Findings(
        kind=kind,
        headings=fields,
        missing=tuple(name for name in schema.names if name not in wanted),
        why="the address is a database",
    )
    by_key = _sorted(schema, columns)
    table_of_rows = raw_table(schema, row_numbers(1, count), by_key)
    return RegistrySource(table_of_rows, count, table.fullname, findings)


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


def _fields(address: str, table: sa.Table, schema: Schema) -> tuple[tuple[str, str | None], ...]:
    columns = [column.name for column in table.columns]
    fields = map_headings(columns, schema, file=database.shown(address), row=None)
    return tuple(zip(columns, fields, strict=True))
