"""A source of records: looked at cheaply, then read whole, whatever kind of file it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa

from migrate.errors import InputError
from migrate.intake import profiles
from migrate.intake.headings import dictionary, map_headings
from migrate.intake.profiles import Profile
from migrate.intake.quarantine import Problem
from migrate.intake.readers.kind import FileKind, kind_of
from migrate.intake.readers.rows import Progress, Rows, Shape
from migrate.intake.schema import Schema

# the reader of each kind of file, imported when one is met
READERS: Mapping[FileKind, str] = {
    "delimited": "migrate.intake.readers.delimited",
    "xlsx": "migrate.intake.readers.xlsx",
    "parquet": "migrate.intake.readers.parquet",
}
# where a raw column carries the value codes of its source profile, for staging
VALUES = b"values"


class Reader(Protocol):
    """What a reader module offers."""

    def look(self, path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
        """What is found in a file before it is read."""

    def read(
        self,
        path: Path,
        shape: Shape,
        columns: Sequence[int],
        *,
        key: int | None = None,
        progress: Progress | None = None,
    ) -> Rows:
        """All its rows."""


@dataclass(frozen=True)
class Findings:
    """What was found in a source, and concluded from it.

    ``headings`` pairs each heading with its field, or None where it names none. ``missing`` are the
    fields that the source has no column for. ``why`` says in words how encoding, delimiter or sheet
    were decided; ``notes`` are oddities. None stands for what a kind of file has not.
    """

    kind: str
    headings: tuple[tuple[str, str | None], ...]
    missing: tuple[str, ...]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A source as read.

    ``table`` has ``row`` int64 (the heading is row 1) and ``raw_<field>`` string for each field of
    the schema, all null where the source has no such column. ``rows`` counts the rows of the source
    that hold anything: those of ``table`` and the distinct rows of ``unreadable``.
    """

    table: pa.Table
    unreadable: tuple[Problem, ...]
    rows: int
    findings: Findings


def check_source(path: Path, schema: Schema, *, profile: Path | None = None) -> None:
    """Whether a source can be read: a file of a kind we know, with the required headings, and rows.

    :param path: the file.
    :param schema: the fields looked for.
    :param profile: a source profile, see ``migrate.intake.profiles``.
    :raises InputError: with one clear line about the first thing that is wrong.
    """
    _look(path, schema, _profile(profile, schema))


def read_source(
    path: Path,
    schema: Schema,
    *,
    profile: Path | None = None,
    progress: Progress | None = None,
) -> Source:
    """Read a source whole. Value codes of its profile travel with the columns, for ``stage``.

    :param path: the file.
    :param schema: the fields looked for.
    :param profile: a source profile, see ``migrate.intake.profiles``.
    :param progress: called with rows read, rows in all (about), and a word.
    :raises InputError: as ``check_source``.
    """
    said = _profile(profile, schema)
    reader, shape, fields = _look(path, schema, said)
    places = {field: place for place, field in enumerate(fields) if field}
    rows = reader.read(
        path, shape, list(places.values()), key=places.get(schema.key), progress=progress
    )
    columns = dict(zip(places, rows.columns, strict=True))
    table = raw_table(schema, rows.row, columns, said.values)
    count = table.num_rows + len({problem.row for problem in rows.unreadable})
    if not count:
        raise InputError("this file holds no rows", file=path, fix="Export it again")
    findings = Findings(
        kind=shape.kind,
        headings=tuple(zip(shape.headings, fields, strict=True)),
        missing=tuple(name for name in schema.names if name not in places),
        encoding=shape.encoding,
        delimiter=shape.delimiter,
        sheet=shape.sheet,
        why=shape.why,
        notes=(*shape.notes, *_unnamed(shape), *rows.notes),
    )
    return Source(table, rows.unreadable, count, findings)


def raw_table(
    schema: Schema,
    row: pa.ChunkedArray[Any],
    columns: Mapping[str, pa.ChunkedArray[Any]],
    values: Mapping[str, Mapping[str, str]],
) -> pa.Table:
    """The raw table of a source: ``row``, then ``raw_<field>`` for each field of the schema.

    :param row: int64, one for each record.
    :param columns: text by field; fields that are not there become null.
    :param values: a profile's value codes by field; they become metadata of the column.
    """
    fields: list[pa.Field[Any]] = [pa.field("row", pa.int64())]
    arrays: list[Any] = [row]
    for name in schema.names:
        codes = values.get(name)
        metadata = {VALUES: json.dumps(codes, ensure_ascii=False).encode()} if codes else None
        fields.append(pa.field(f"raw_{name}", pa.string(), metadata=metadata))
        arrays.append(columns.get(name, pa.nulls(len(row), pa.string())))
    return pa.table(arrays, schema=pa.schema(fields))


def _profile(path: Path | None, schema: Schema) -> Profile:
    return profiles.NONE if path is None else profiles.read_profile(path, schema)


def _look(
    path: Path, schema: Schema, said: Profile
) -> tuple[Reader, Shape, tuple[str | None, ...]]:
    reader = cast(Reader, import_module(READERS[kind_of(path)]))
    shape = reader.look(path, said, dictionary(schema, said.headings, said.ignore))
    fields = map_headings(
        shape.headings,
        schema,
        file=path,
        row=shape.heading_row,
        given=said.headings,
        ignore=said.ignore,
    )
    return reader, shape, fields


def _unnamed(shape: Shape) -> tuple[str, ...]:
    places = [str(place) for place, heading in enumerate(shape.headings, 1) if not heading]
    return (f"column(s) without a heading, not read: {', '.join(places)}",) if places else ()
