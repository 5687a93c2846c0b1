"""A source of records: looked at cheaply, then read in batches, whatever kind of file it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa
import pyarrow.compute as pc

from migrate.errors import InputError
from migrate.intake import mojibake, profiles
from migrate.intake.files import sha256
from migrate.intake.headings import dictionary, map_headings, spellings
from migrate.intake.mending import watch
from migrate.intake.profiles import Profile
from migrate.intake.quarantine import Problem
from migrate.intake.readers.kind import FileKind, kind_of
from migrate.intake.readers.rows import SIZE, Progress, Rows, Shape
from migrate.intake.schema import Schema
from migrate.persian import letters

# the reader of each kind of file, imported when one is met
READERS: Mapping[FileKind, str] = {
    "delimited": "migrate.intake.readers.delimited",
    "xlsx": "migrate.intake.readers.spreadsheet",
    "xlsb": "migrate.intake.readers.spreadsheet",
    "xls": "migrate.intake.readers.spreadsheet",
    "ods": "migrate.intake.readers.spreadsheet",
    "zip": "migrate.intake.readers.archive",
    "parquet": "migrate.intake.readers.parquet",
    "dbf": "migrate.intake.readers.dbf",
    "access": "migrate.intake.readers.access",
}
_DATABASE = "migrate.intake.readers.sql"
# where a row stands: unique over the source, and where a person finds it
PLACE: Mapping[str, pa.DataType] = {
    "row": pa.int64(),
    "sheet": pa.string(),
    "sheet_row": pa.int64(),
}


class Reader(Protocol):
    """What a reader module offers; ``path`` is an address where it reads a database."""

    def look(self, path: Any, profile: Profile, known: Mapping[str, str | None]) -> Shape:
        """What is found in a file before it is read."""

    def batches(
        self,
        path: Any,
        shape: Shape,
        columns: Sequence[int],
        *,
        key: int | None = None,
        size: int = SIZE,
        progress: Progress | None = None,
    ) -> Iterator[Rows]:
        """The rows of a table, about ``size`` at a time; of a part, where the shape has parts."""


@dataclass(frozen=True)
class Findings:
    """What was found in a source, and concluded from it.

    ``headings`` pairs each heading with its field, or None where it names none. ``missing`` are the
    fields that the source has no column for. ``why`` says in words how encoding, delimiter or sheet
    were decided; ``notes`` are oddities. None stands for what a kind of file has not. ``parts``
    has the findings of each table where there are several; what they share is above them.
    """

    kind: str
    headings: tuple[tuple[str, str | None], ...]
    missing: tuple[str, ...]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()
    parts: tuple[Findings, ...] = ()


@dataclass(frozen=True)
class Source:
    """A source as read.

    ``table`` is its raw table, see ``raw_table``. ``rows`` counts the rows of the source that hold
    anything: those of ``table`` and the distinct rows of ``unreadable``.
    """

    table: pa.Table
    unreadable: tuple[Problem, ...]
    rows: int
    findings: Findings


@dataclass(frozen=True)
class RawBatch:
    """Some rows of a source as a raw table, and what could not be read among them."""

    table: pa.Table
    unreadable: tuple[Problem, ...]


@dataclass
class OpenSource:
    """A source that was looked at and is read in batches.

    ``rows`` counts the rows that hold anything, readable or not, and ``notes`` are oddities that
    only reading shows: both are whole when ``batches`` has come to its end. So is ``sha256`` of the
    content of a database's rows; a file has its own. ``findings`` are those of the look.
    """

    path: Path | str
    schema: Schema
    findings: Findings
    rows: int = 0
    notes: tuple[str, ...] = ()
    sha256: str | None = None
    _digest: str | None = None
    _profile: Profile = profiles.NONE
    _tables: tuple[_Table, ...] = ()

    @property
    def query(self) -> str | None:
        """The SQL of a database's rows, None where they are those of a table or of a file."""
        return self._profile.query

    @property
    def memo(self) -> Path | None:
        """The memo file beside a DBF table that has one, None for all else."""
        found = next((table.shape.memo for table in self._tables), None)
        # that of a member was unpacked for a moment, and the archive holds it
        beside = found and isinstance(self.path, Path) and found.parent == self.path.parent
        return found if beside else None

    def digest(self) -> str:
        """The SHA-256 of the content: of a file's bytes, or of all rows of a database, read once.

        See ``readers.sql`` for what stands for the rows of a database.

        :raises InputError: the database cannot be read.
        """
        if isinstance(self.path, Path):
            return sha256(self.path)
        (table,) = self._tables
        for rows in table.reader.batches(self.path, table.shape, (), key=self._key(table)):
            self._digest = rows.sha256 or self._digest
        return self._digest or ""

    def batches(self, *, size: int = SIZE, progress: Progress | None = None) -> Iterator[RawBatch]:
        """The rows, about ``size`` at a time, in the order of the file.

        :param progress: called with rows read, rows in all (about), and a word.
        :raises InputError: it is damaged further on, or holds no rows.
        """
        self.rows, self.notes, self.sha256 = 0, (), None
        total = sum(table.shape.lines for table in self._tables)
        named = len(self._tables) > 1
        passed = watch(self._profile.repair)
        # the number that the rows of a part are counted on from
        base = 0
        for table in self._tables:
            sheet = table.shape.sheet if named else None
            last = 0
            for rows in self._read(table, size):
                rows = passed.see(rows)
                batch = _raw_batch(self.schema, self._profile, table, rows, base, sheet)
                told = {problem.row for problem in batch.unreadable}
                self.rows += batch.table.num_rows + len(told)
                self.notes += tuple(f"{sheet}: {note}" if sheet else note for note in rows.notes)
                self.sha256 = rows.sha256 or self.sha256
                ends = (problem.row or 0 for problem in rows.unreadable)
                last = max(last, pc.max(rows.row).as_py() or 0, *ends, 0)
                if batch.table.num_rows or batch.unreadable:
                    yield batch
                if progress:
                    progress(base + last, max(total, base + last), "rows read")
            base += last
        self.notes += passed.notes
        if self._digest and self._digest != self.sha256:
            raise InputError(
                "the rows of this database changed while they were read",
                file=_shown(self.path),
                fix="Run it again when nobody works on it, or on a copy",
            )
        if not self.rows:
            raise InputError(
                "this file holds no rows", file=_shown(self.path), fix="Export it again"
            )

    def _read(self, table: _Table, size: int) -> Iterator[Rows]:
        places = list(table.places.values())
        key = self._key(table)
        return table.reader.batches(self.path, table.shape, places, key=key, size=size)

    def _key(self, table: _Table) -> int | None:
        return table.places.get(self.schema.key)


@dataclass(frozen=True)
class _Table:
    """One table of a source: its reader, its shape, and the place of each field's column."""

    reader: Reader
    shape: Shape
    fields: tuple[str | None, ...]

    @property
    def places(self) -> dict[str, int]:
        return {field: place for place, field in enumerate(self.fields) if field}


def is_database(address: Path | str) -> bool:
    """Whether an address is a database's, rather than a path."""
    return "://" in str(address) and not isinstance(address, Path)


def check_source(path: Path | str, schema: Schema, *, profile: Path | None = None) -> None:
    """Whether a source can be read: a file of a kind we know, with the required headings, and rows.

    :param path: the file, or a database's address, see ``readers.sql``.
    :param schema: the fields looked for.
    :param profile: a source profile, see ``migrate.intake.profiles``.
    :raises InputError: with one clear line about the first thing that is wrong.
    """
    open_source(path, schema, profile=profile)


def open_source(path: Path | str, schema: Schema, *, profile: Path | None = None) -> OpenSource:
    """Look at a source, and be ready to read it. Value codes of its profile travel with the columns.

    :param path: the file, or a database's address, see ``readers.sql``.
    :param schema: the fields looked for.
    :param profile: a source profile, see ``migrate.intake.profiles``.
    :raises InputError: as ``check_source``.
    """
    said = profiles.NONE if profile is None else profiles.read_profile(profile, schema)
    if not is_database(path):
        path = Path(path)
    _refuse_query(path, said)
    name = READERS[kind_of(path)] if isinstance(path, Path) else _DATABASE
    reader = cast(Reader, import_module(name))
    wide = said.widen(schema)
    known = dictionary(wide, said.headings, said.ignore)
    if said.repair:
        known = mojibake.keys(known, spellings(wide, said.headings), said.repair)
    shape = reader.look(path, said, known)
    if said.repair:
        shape = _repaired(shape, said.repair)
    tables = tuple(
        _Table(reader, part, _fields(path, wide, said, part, bool(shape.parts)))
        for part in shape.parts or (shape,)
    )
    _refuse_absent(path, said, tables)
    findings = _findings(schema, said, shape, tables)
    return OpenSource(path, schema, findings, _profile=said, _tables=tables)


def read_source(
    path: Path | str,
    schema: Schema,
    *,
    profile: Path | None = None,
    progress: Progress | None = None,
) -> Source:
    """Read a source whole, where it is known to be small; ``open_source`` reads one of any size.

    :param path: the file, or a database's address, see ``readers.sql``.
    :param schema: the fields looked for.
    :param profile: a source profile, see ``migrate.intake.profiles``.
    :param progress: called with rows read, rows in all (about), and a word.
    :raises InputError: as ``check_source``.
    """
    opened = open_source(path, schema, profile=profile)
    batches = list(opened.batches(progress=progress))
    return Source(
        table=pa.concat_tables([batch.table for batch in batches]),
        unreadable=tuple(problem for batch in batches for problem in batch.unreadable),
        rows=opened.rows,
        findings=replace(opened.findings, notes=(*opened.findings.notes, *opened.notes)),
    )


def raw_table(
    schema: Schema,
    row: pa.ChunkedArray[Any],
    columns: Mapping[str, pa.ChunkedArray[Any]],
    said: Profile = profiles.NONE,
    *,
    sheet: str | None = None,
    sheet_row: pa.ChunkedArray[Any] | None = None,
) -> pa.Table:
    """The raw table of a source: ``row``, ``sheet``, ``sheet_row``, then ``raw_<field>`` for each.

    :param row: int64, one for each record, unique in the source.
    :param columns: text by field; fields that are not there become null.
    :param said: a source profile. What it says of a field's values becomes metadata of the column,
        for staging; its constants stand in all rows of a field that the source has no column for.
    :param sheet: the table of the source that the rows stand in, None where it has one.
    :param sheet_row: the row of each record in that table; ``row`` if None.
    """
    fields: list[pa.Field[Any]] = [pa.field(name, type) for name, type in PLACE.items()]
    arrays: list[Any] = [
        row,
        pa.repeat(pa.scalar(sheet, pa.string()), len(row)),
        row if sheet_row is None else sheet_row,
    ]
    for name in schema.names:
        fields.append(pa.field(f"raw_{name}", pa.string(), metadata=said.metadata(name) or None))
        constant = pa.scalar(said.constants.get(name), pa.string())
        arrays.append(columns[name] if name in columns else pa.repeat(constant, len(row)))
    return pa.table(arrays, schema=pa.schema(fields))


def _raw_batch(
    schema: Schema, said: Profile, table: _Table, rows: Rows, base: int, sheet: str | None
) -> RawBatch:
    columns = dict(zip(table.places, rows.columns, strict=True))
    number: Any = pc.add(rows.row, base) if base else rows.row
    raw = raw_table(schema, number, columns, said, sheet=sheet, sheet_row=rows.row)
    unreadable = rows.unreadable
    if sheet is not None:
        unreadable = tuple(
            replace(
                problem,
                row=None if problem.row is None else base + problem.row,
                sheet=sheet,
                sheet_row=problem.row,
            )
            for problem in unreadable
        )
    return RawBatch(raw, unreadable)


def _repaired(shape: Shape, name: str) -> Shape:
    parts = tuple(_repaired(part, name) for part in shape.parts)
    headings = tuple(mojibake.repair(heading, name) for heading in shape.headings)
    return replace(shape, headings=headings, parts=parts)


def _shown(path: Path | str) -> object:
    if isinstance(path, Path):
        return path
    from migrate.intake.readers.database import shown

    return shown(path)


def _refuse_query(path: Path | str, said: Profile) -> None:
    if said.query is not None and isinstance(path, Path):
        raise InputError(
            "the source profile holds a query, and this is no database",
            file=path,
            fix="Take the query out of the profile, or name a database",
        )


def _fields(
    path: Path | str, schema: Schema, said: Profile, part: Shape, is_part: bool
) -> tuple[str | None, ...]:
    given = said.headings
    if is_part:
        # another part may be the one that has it
        present = {letters.key(heading) for heading in part.headings}
        given = {name: field for name, field in given.items() if letters.key(name) in present}
    try:
        return map_headings(
            part.headings,
            schema,
            file=f"{_shown(path)}, {part.sheet}" if is_part else _shown(path),
            row=part.heading_row or None,
            given=given,
            ignore=said.ignore,
        )
    except InputError as error:
        if not said.repair and (name := mojibake.offer(part.headings)):
            error.message += f"; its headings seem to be {mojibake.REPAIRS[name].words}"
            error.fix = f"If that is right, write into a source profile: repair: {name}"
        elif is_part:
            error.fix = f"{error.fix}. Or name the tables that hold records: sheet, in the profile"
        raise


def _refuse_absent(path: Path | str, said: Profile, tables: Sequence[_Table]) -> None:
    present = {letters.key(heading) for table in tables for heading in table.shape.headings}
    for heading, field in said.headings.items():
        if letters.key(heading) not in present:
            raise InputError(
                f"the source profile maps the heading '{heading}' to {field}, "
                "but none of its tables has it",
                file=_shown(path),
                fix="Correct the heading in the profile, or take it out",
            )


def _findings(schema: Schema, said: Profile, shape: Shape, tables: Sequence[_Table]) -> Findings:
    if not shape.parts:
        return _found(schema, said, tables[0])
    parts = tuple(_found(schema, said, table) for table in tables)
    encodings = {part.encoding for part in parts}
    delimiters = {part.delimiter for part in parts}
    return Findings(
        kind=shape.kind,
        headings=tuple(dict.fromkeys(pair for part in parts for pair in part.headings)),
        missing=tuple(name for name in schema.names if all(name in p.missing for p in parts)),
        encoding=encodings.pop() if len(encodings) == 1 else None,
        delimiter=delimiters.pop() if len(delimiters) == 1 else None,
        sheet=", ".join(part.sheet or "" for part in parts),
        why=shape.why,
        notes=(*shape.notes, *(f"{part.sheet}: {note}" for part in parts for note in part.notes)),
        parts=parts,
    )


def _found(schema: Schema, said: Profile, table: _Table) -> Findings:
    shape = table.shape
    missing = tuple(name for name in schema.names if name not in table.places)
    constant = tuple(
        f"{name}: '{text}' in all rows, as the source profile says"
        for name, text in said.constants.items()
        if name in missing
    )
    return Findings(
        kind=shape.kind,
        headings=tuple(zip(shape.headings, table.fields, strict=True)),
        missing=tuple(name for name in missing if name not in said.constants),
        encoding=shape.encoding,
        delimiter=shape.delimiter,
        sheet=shape.sheet,
        why=shape.why,
        notes=(*shape.notes, *_unnamed(shape), *constant),
    )


def _unnamed(shape: Shape) -> tuple[str, ...]:
    places = [str(place) for place, heading in enumerate(shape.headings, 1) if not heading]
    return (f"column(s) without a heading, not read: {', '.join(places)}",) if places else ()
