"""DBF tables of dBase and FoxPro, with their memo files, in any code page of Persian."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from migrate.errors import InputError
from migrate.intake.profiles import Profile
from migrate.intake.quarantine import Problem
from migrate.intake.readers import dbf_memo
from migrate.intake.readers.dbf_header import MEMO, Header, read_header
from migrate.intake.readers.dbf_text import decide
from migrate.intake.readers.dbf_values import Texts, reader_of
from migrate.intake.readers.records import shown
from migrate.intake.readers.rows import SIZE, Progress, Rows, Shape, blank_rows_note, chunked
from migrate.persian import letters

# bytes that are in memory at one time, about
_CHUNK = 16 << 20
_LIVE, _DELETED = 0x20, 0x2A
# records that a note names one by one
_SHOWN = 10


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """The fields and the code page of a DBF table. Records count from 1, as dBase's own RECNO().

    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    :raises InputError: its header is damaged, it holds no records, its text is in no code page that
        is known, or a field looked for stands in a memo file that is not there.
    """
    header = read_header(path)
    if not header.whole:
        raise InputError(
            "this table holds fields and no records",
            file=path,
            found=f"{header.promised:,} by its header",
            fix="Copy or export it again",
        )
    encoding = decide(path, header, profile.encoding)
    texts = Texts(encoding.codec)
    headings = tuple(texts.name(column.name) for column in header.columns)
    memo = dbf_memo.find(path) if header.has_memo else None
    notes = []
    if header.has_memo and memo is None:
        notes = [_without_memo(path, header, headings, known)]
    return Shape(
        kind=f"DBF table ({header.version})",
        headings=headings,
        heading_row=0,
        lines=header.whole,
        encoding=encoding.name,
        codec=encoding.codec,
        why=f"{encoding.why}; {header.driver}",
        notes=tuple(notes),
        memo=memo,
    )


def batches(
    path: Path,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    size: int = SIZE,
    progress: Progress | None = None,
) -> Iterator[Rows]:
    """The records of a DBF table as text; those marked as deleted are counted and passed over.

    Numbers are given digit by digit as they stand. Date fields become YYYY-MM-DD in the calendar
    they were typed in: a Solar Hijri 1362-06-31 is no date to dBase, and is one here. Records that
    the header does not count are read, since a program that crashed had no time to count them. A
    record that is cut off, and records that the header counts and the file has not, are a problem.

    :param columns: places of the columns wanted, from 0.
    :param key: the place of the column that identifies a row, for problems to name it.
    """
    header = read_header(path)
    with ExitStack() as stack:
        memo = None
        wanted = [header.columns[place] for place in columns]
        if any(column.type in MEMO for column in wanted) and (beside := dbf_memo.find(path)):
            memo = dbf_memo.MemoFile(stack.enter_context(beside.open("rb")), beside)
        texts = Texts(shape.codec)
        readers = [reader_of(header, column, texts, memo) for column in wanted]
        of_key = None if key is None else reader_of(header, header.columns[key], texts, memo)
        state = _State()
        for first, records in _records(path, header, size):
            yield _rows(first, records, readers, of_key, state)
            if progress:
                progress(state.last, header.whole, "rows read")
    yield _last(header, len(readers), state, texts)


@dataclass
class _State:
    """What is counted over the batches."""

    last: int = 0
    blank: int = 0
    deleted: int = 0
    first_deleted: list[int] = field(default_factory=list)


def _records(path: Path, header: Header, size: int) -> Iterator[tuple[int, list[bytes]]]:
    """The whole records in lists, each with the number of its first, up to the mark of the end."""
    at_once = max(1, min(size, _CHUNK // header.length))
    number = 1
    with path.open("rb") as stream:
        stream.seek(header.start)
        while chunk := stream.read(at_once * header.length):
            whole = len(chunk) // header.length
            records = [chunk[n * header.length : (n + 1) * header.length] for n in range(whole)]
            for n, record in enumerate(records):
                # beyond the header's count a mark of the end, or anything but a record, ends it
                if number + n > header.promised and record[0] not in (_LIVE, _DELETED):
                    yield number, records[:n]
                    return
            yield number, records
            number += whole


def _rows(
    first: int,
    records: Sequence[bytes],
    readers: Sequence[Callable[[bytes], str | None]],
    of_key: Callable[[bytes], str | None] | None,
    state: _State,
) -> Rows:
    numbers: list[int] = []
    found: list[list[str | None]] = [[] for _ in readers]
    problems = []
    for number, record in enumerate(records, first):
        state.last = number
        if record[0] == _DELETED:
            state.deleted += 1
            if state.deleted <= _SHOWN:
                state.first_deleted.append(number)
            continue
        try:
            if record[0] != _LIVE:
                raise ValueError("it begins with neither the mark of a record nor of a deleted one")
            cells = [read(record) for read in readers]
        except ValueError as error:
            problems.append(_problem(number, record, of_key, error))
            continue
        if not record.strip(b" \x00"):
            state.blank += 1
            continue
        numbers.append(number)
        for column, cell in zip(found, cells, strict=True):
            column.append(cell)
    return Rows(
        row=chunked([pa.array(numbers, pa.int64())], pa.int64()),
        columns=tuple(chunked([pa.array(column, pa.string())], pa.string()) for column in found),
        unreadable=tuple(problems),
    )


def _problem(
    number: int,
    record: bytes,
    of_key: Callable[[bytes], str | None] | None,
    error: ValueError,
) -> Problem:
    legacy_id = None
    if of_key is not None:
        with suppress(ValueError):
            legacy_id = (of_key(record) or "").strip() or None
    found = shown(record.decode("ascii", "surrogateescape"))
    rule = "row.encoding" if isinstance(error, UnicodeDecodeError) else "row.value"
    return Problem(number, legacy_id, None, found, rule, _why(error))


def _why(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        found = error.object[error.start : error.end].hex(" ")
        return f"bytes that are no letters in this table's code page: {found}"
    return str(error)


def _last(header: Header, width: int, state: _State, texts: Texts) -> Rows:
    """What is to be said of the whole table, in a batch without rows."""
    problems = []
    if state.last < header.promised:
        lost = header.promised - state.last
        reason = (
            f"the table is cut off: its header counts {header.promised:,} records, and {lost:,} of "
            "them are not in the file"
        )
        problems.append(Problem(state.last + 1, None, None, None, "file.cut", reason))
    notes = [*blank_rows_note(state.blank), *texts.notes]
    if state.deleted:
        places = ", ".join(map(str, state.first_deleted))
        more = ", …" if state.deleted > _SHOWN else ""
        notes.append(
            f"{state.deleted:,} record(s) are marked as deleted and were passed over: "
            f"{places}{more}"
        )
    if state.last > header.promised:
        beyond = state.last - header.promised
        notes.append(f"{beyond:,} record(s) stand after those that the header counts; all are read")
    nothing = chunked([], pa.string())
    return Rows(
        row=chunked([], pa.int64()),
        columns=tuple(nothing for _ in range(width)),
        unreadable=tuple(problems),
        notes=tuple(notes),
    )


def _without_memo(
    path: Path, header: Header, headings: Sequence[str], known: Mapping[str, str | None]
) -> str:
    for column, heading in zip(header.columns, headings, strict=True):
        if column.type in MEMO and known.get(letters.key(heading)) is not None:
            raise InputError(
                "this field stands in a memo file, which is not beside the table",
                file=path,
                column=heading,
                fix=f"Put {path.stem}.dbt or {path.stem}.fpt into the same folder",
            )
    return "its memo file (.dbt or .fpt) is not beside it; no field that is read stands in it"
