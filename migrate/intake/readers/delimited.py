"""Text tables: CSV, TSV and their kin, in any encoding and with any delimiter."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from migrate.errors import InputError
from migrate.intake.headings import SEARCHED, find_heading
from migrate.intake.profiles import Profile
from migrate.intake.quarantine import Problem
from migrate.intake.readers import delimiter as delimiters
from migrate.intake.readers import encoding as encodings
from migrate.intake.readers.records import BLANK, records, shown
from migrate.intake.readers.rows import (
    SIZE,
    Progress,
    Rows,
    Shape,
    blank_rows_note,
    chunked,
    in_slices,
    row_numbers,
)
from migrate.intake.readers.survey import HEAD, UNDECODABLE, LineCount, chunks, survey

_LOOKED_AT = 200
_BATCH = 10_000


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """Encoding, delimiter and headings of a text table. All its bytes are seen, few lines parted.

    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    :raises InputError: it is no text, it holds no heading, or nothing after one.
    """
    seen = survey(path)
    encoding = encodings.decide(path, seen, profile.encoding)
    whole = seen.size <= HEAD
    lines = _first_lines(seen.head, encoding.codec, whole)
    if seen.size and not lines:
        raise InputError(
            "the first line is longer than a mebibyte, which no heading is",
            file=path,
            fix="Export the table as CSV, XLSX or Parquet",
        )
    delimiter = delimiters.decide(lines, known, profile.delimiter)
    rows, ends = _parted(lines, delimiter.character)
    place = find_heading(rows, known)
    if place is None:
        raise InputError("this file holds no heading and no rows", file=path, fix="Export it again")
    if whole and not any(line.strip(BLANK + delimiter.character) for line in lines[ends[place] :]):
        raise InputError(
            "this file holds only a heading and no rows",
            file=path,
            fix="Export it again, with its rows",
        )
    return Shape(
        kind="text with delimiters",
        headings=tuple(cell.strip(BLANK) for cell in rows[place]),
        heading_row=place + 1,
        heading_lines=ends[place],
        lines=seen.lines,
        encoding=encoding.name,
        codec=encoding.codec,
        delimiter=delimiter.character,
        why=f"{encoding.why}; {delimiter.why}",
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
    """The rows of a text table that was looked at.

    Arrow parts a file whose every record is one sound line. Any other is parted line by line, so
    that what is wrong with a row is said by its number, and stays with that row.

    :param columns: places of the columns wanted, from 0.
    :param key: the place of the column that identifies a row, for problems to name it.
    """
    rows = _read_at_once(path, shape, columns)
    yield from in_slices(rows or _read_one_by_one(path, shape, columns, key, progress), size)


def _first_lines(head: bytes, codec: str, whole: bool) -> list[str]:
    text = codecs.getincrementaldecoder(codec)(UNDECODABLE).decode(head, final=whole)
    lines = list(io.StringIO(text, newline=""))
    if whole:
        return lines
    # the last one is cut off
    return lines[:-1][:_LOOKED_AT]


def _parted(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and for each the number of lines up to its end."""
    rows, ends = [], []
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for cells in islice(reader, SEARCHED):
            rows.append(cells)
            ends.append(reader.line_num)
    except csv.Error:
        # a cell longer than any heading: what came before it is enough
        pass
    return rows, ends


def _read_at_once(path: Path, shape: Shape, columns: Sequence[int]) -> Rows | None:
    """Arrow's reading, or None where it is not sure to be right."""
    if not shape.delimiter or not shape.delimiter.isascii():
        return None
    source = _as_utf_8(path, shape)
    if source is None:
        return None
    buffer, lines = source
    names = [str(place) for place in range(len(shape.headings))]
    try:
        table = pacsv.read_csv(
            cast(IO[Any], pa.BufferReader(buffer)),
            read_options=pacsv.ReadOptions(skip_rows=shape.heading_lines, column_names=names),
            parse_options=pacsv.ParseOptions(delimiter=shape.delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=[names[place] for place in columns],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != lines - shape.heading_lines:
        # a blank line, a cell with a line end, or a quotation mark that swallows lines
        return None
    cells: list[Any] = [table.column(names[place]) for place in columns]
    if _has_blank_rows(cells):
        return None
    return Rows(row_numbers(shape.heading_row + 1, table.num_rows), tuple(cells))


def _has_blank_rows(columns: Sequence[Any]) -> bool:
    blank: Any = None
    for column in columns:
        empty = pc.equal(pc.utf8_trim(column, characters=BLANK), "")
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return False
    return True


def _as_utf_8(path: Path, shape: Shape) -> tuple[pa.Buffer, int] | None:
    """The file as UTF-8, and its lines; None where bytes cannot be decoded or are NUL."""
    decoder = codecs.getincrementaldecoder(shape.codec)()
    sink = pa.BufferOutputStream()
    count = LineCount()
    for chunk in chain(chunks(path), [b""]):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            return None
        if "\x00" in text:
            return None
        encoded = text.encode()
        count.add(encoded)
        sink.write(encoded)
    return sink.getvalue(), count.lines


def _read_one_by_one(
    path: Path, shape: Shape, columns: Sequence[int], key: int | None, progress: Progress | None
) -> Rows:
    width = len(shape.headings)
    least = max((n for n, heading in enumerate(shape.headings, 1) if heading), default=width)
    first = shape.heading_row + 1
    numbers: list[Any] = []
    parts: list[list[Any]] = [[] for _ in columns]
    row_batch: list[int] = []
    cell_batch: list[list[str]] = []
    unreadable: list[Problem] = []
    blank = 0

    def flush() -> None:
        numbers.append(pa.array(row_batch, pa.int64()))
        for part, place in zip(parts, columns, strict=True):
            part.append(pa.array([cells[place] for cells in cell_batch], pa.string()))
        row_batch.clear()
        cell_batch.clear()

    with path.open("rb") as raw:
        text = io.TextIOWrapper(raw, encoding=shape.codec, errors=UNDECODABLE, newline="")
        lines = islice(text, shape.heading_lines, None)
        for ordinal, cells, fault, line in records(lines, shape.delimiter or ",", width, least):
            if fault:
                found = cells[key] if key is not None and key < len(cells) else None
                legacy_id = shown(found).strip() or None if found else None
                problem = Problem(
                    first + ordinal, legacy_id, None, shown(line), fault.rule, fault.reason
                )
                unreadable.append(problem)
            elif not cells:
                blank += 1
            else:
                row_batch.append(first + ordinal)
                cell_batch.append(cells)
            if len(row_batch) == _BATCH:
                flush()
                if progress:
                    progress(ordinal + 1, max(shape.lines, ordinal + 1), "rows read")
    flush()
    return Rows(
        row=chunked(numbers, pa.int64()),
        columns=tuple(chunked(part, pa.string()) for part in parts),
        unreadable=tuple(unreadable),
        notes=blank_rows_note(blank),
    )
