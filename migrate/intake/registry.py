"""The national graduate database: a table or view by SQLAlchemy URL, or a CSV or Parquet file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from migrate.errors import InputError
from migrate.intake.headings import map_headings
from migrate.intake.quarantine import Problem
from migrate.intake.readers import database
from migrate.intake.readers.rows import SIZE, Progress, row_numbers
from migrate.intake.schema import Schema
from migrate.intake.sources import (
    Findings,
    OpenSource,
    check_source,
    is_database,
    open_source,
    raw_table,
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


@dataclass
class OpenRegistry:
    """A registry that was looked at and is read in batches: ``rows`` is whole at their end."""

    address: str
    schema: Schema
    findings: Findings
    table_name: str | None = None
    rows: int = 0
    _source: OpenSource | None = None

    def batches(self, *, progress: Progress | None = None) -> Iterator[pa.Table]:
        """The raw rows. Those of a file are read as they come; those of a database, whose order is
        its own, are read first, held as plain text columns and sorted.

        :param progress: called with rows read, rows in all, and a word.
        :raises InputError: there are no rows, or a row of a file cannot be read: a degree that is
            not seen is no rival, and its record would be linked to another degree.
        """
        self.rows = 0
        batches = self._of_file(progress) if self._source else self._of_database(progress)
        for batch in batches:
            self.rows += batch.num_rows
            yield batch

    def _of_file(self, progress: Progress | None) -> Iterator[pa.Table]:
        assert self._source is not None
        first: Problem | None = None
        unreadable = 0
        for batch in self._source.batches(progress=progress):
            if batch.unreadable:
                first = first or batch.unreadable[0]
                unreadable += len({problem.row for problem in batch.unreadable})
            if first is None:
                yield batch.table
        notes = (*self.findings.notes, *self._source.notes)
        self.findings = replace(self.findings, notes=notes)
        if first is not None:
            raise InputError(
                f"{unreadable} row(s) of the registry cannot be read, this one first: "
                f"{first.reason}",
                file=self.address,
                row=first.row,
                fix="Export the registry again, whole",
            )

    def _of_database(self, progress: Progress | None) -> Iterator[pa.Table]:
        wanted = {field: column for column, field in self.findings.headings if field}
        with database.opened(self.address, _VARIABLE) as (connection, table):
            read = database.read(connection, table, list(wanted.values()), progress=progress)
        if not len(read[0]):
            raise InputError(
                "this table has no rows", file=database.shown(self.address), fix="Name another"
            )
        ordered = _sorted(self.schema, dict(zip(wanted, read, strict=True)))
        del read
        for at in range(0, ordered.num_rows, SIZE):
            some = ordered.slice(at, SIZE)
            columns = {name: some.column(name) for name in wanted}
            yield raw_table(self.schema, row_numbers(1 + at, some.num_rows), columns)


def open_registry(address: str, schema: Schema) -> OpenRegistry:
    """Look at a registry, and be ready to read it.

    :param address: as for ``check_registry``.
    :param schema: the fields to read; other columns are not fetched.
    :raises InputError: as ``check_registry``.
    """
    if not is_database(address):
        source = open_source(Path(address), schema)
        return OpenRegistry(address, schema, source.findings, _source=source)
    with database.opened(address, _VARIABLE) as (connection, table):
        fields = _fields(address, table, schema)
        named = {field for _, field in fields}
        findings = Findings(
            kind=database.kind(connection, table),
            headings=fields,
            missing=tuple(name for name in schema.names if name not in named),
            why="the address is a database",
        )
        return OpenRegistry(address, schema, findings, table.fullname)


def read_registry(
    address: str, schema: Schema, *, progress: Progress | None = None
) -> RegistrySource:
    """Read a registry whole, where it is known to be small; ``open_registry`` reads any.

    :param address: as for ``check_registry``.
    :param schema: the fields to read; other columns are not fetched.
    :param progress: called with rows read, rows in all, and a word.
    :raises InputError: as ``OpenRegistry.batches``.
    """
    opened = open_registry(address, schema)
    table = pa.concat_tables(list(opened.batches(progress=progress)))
    return RegistrySource(table, opened.rows, opened.table_name, opened.findings)


def _sorted(schema: Schema, columns: dict[str, Any]) -> pa.Table:
    # the other columns decide where a key stands twice
    order = [schema.key, *(name for name in columns if name != schema.key)]
    return pa.table(columns).sort_by([(name, "ascending") for name in order])


def _fields(address: str, table: sa.Table, schema: Schema) -> tuple[tuple[str, str | None], ...]:
    columns = [column.name for column in table.columns]
    fields = map_headings(columns, schema, file=database.shown(address), row=None)
    return tuple(zip(columns, fields, strict=True))
