"""What a reader gives: the shape of a file, then its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from migrate.intake.quarantine import Problem

Progress = Callable[[int, int, str], None]
# rows that are in memory at one time, about
SIZE = 65_536


@dataclass(frozen=True)
class Shape:
    """What a look at a file found, before all of it is read.

    ``headings`` has one text for each column, '' where a column has none. ``heading_row`` is the
    row they stand in, counted from 1, or 0 where they are names of fields and stand in none;
    ``heading_lines`` the lines of text up to its end, which are more where a cell holds a line end.
    ``encoding`` is the usual name, ``codec`` Python's; ``decodable`` says that all bytes are known
    to be letters in it. ``why`` says how encoding and delimiter were concluded. ``lines`` is about
    how many lines there are.

    A file with several tables (sheets, members of an archive) has ``parts``, the shape of each in
    the order they are read; ``sheet`` of a part is the name that a person finds it by, unique in
    the file. Its own ``headings`` then do not matter. Rows are numbered within their part.
    ``query`` is the SQL that the rows of a database come from, where they come from one; ``memo``
    the file beside a table that holds its long texts.
    """

    kind: str
    headings: tuple[str, ...]
    heading_row: int = 1
    heading_lines: int = 1
    lines: int = 0
    encoding: str | None = None
    codec: str = ""
    decodable: bool = False
    delimiter: str | None = None
    sheet: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()
    parts: tuple[Shape, ...] = ()
    query: str | None = None
    memo: Path | None = None


@dataclass(frozen=True)
class Rows:
    """Some rows of a table: ``row`` int64, ``columns`` text, all of one length.

    ``columns`` are those asked for, in the order asked. ``unreadable`` has one problem for each
    row that could not be read and is in no column. Rows without any value are in neither.
    ``notes`` on the whole table come with its last batch, which may hold no rows, and so does
    ``sha256`` of its content where it comes out of a database.
    """

    row: pa.ChunkedArray[Any]
    columns: tuple[pa.ChunkedArray[Any], ...]
    unreadable: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    sha256: str | None = None


def in_slices(rows: Rows, size: int) -> Iterator[Rows]:
    """The same rows, at most ``size`` at a time; problems and notes come with the last of them."""
    count = len(rows.row)
    for at in range(0, max(count, 1), size):
        last = at + size >= count
        yield Rows(
            rows.row.slice(at, size),
            tuple(column.slice(at, size) for column in rows.columns),
            rows.unreadable if last else (),
            rows.notes if last else (),
        )


def chunked(chunks: Sequence[Any], type: pa.DataType) -> pa.ChunkedArray[Any]:
    """Arrow chunks as one column of ``type``, also when there are none."""
    whole: pa.ChunkedArray[Any] = pa.chunked_array(list(chunks), type)  # type: ignore[call-overload]
    return whole


def row_numbers(first: int, count: int) -> pa.ChunkedArray[Any]:
    """The row numbers from ``first`` on."""
    return chunked([pa.array(range(first, first + count), pa.int64())], pa.int64())


def blank_rows_note(count: int) -> tuple[str, ...]:
    """The note on rows without any value, which are passed over."""
    return (f"{count} row(s) without any value were passed over",) if count else ()
