"""What a reader gives: the shape of a file, then its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from migrate.intake.quarantine import Problem

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Shape:
    """What a look at a file found, before all of it is read.

    ``headings`` has one text for each column, '' where a column has none. ``heading_row`` is the
    row they stand in, counted from 1; ``heading_lines`` the lines of text up to its end, which are
    more where a cell holds a line end. ``encoding`` is the usual name, ``codec`` Python's. ``why``
    says how encoding and delimiter were concluded. ``lines`` is about how many lines there are.
    """

    kind: str
    headings: tuple[str, ...]
    heading_row: int = 1
    heading_lines: int = 1
    lines: int = 0
    encoding: str | None = None
    codec: str = ""
    delimiter: str | None = None
    sheet: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """The rows of a file: ``row`` int64, ``columns`` text, all of one length.

    ``columns`` are those asked for, in the order asked. ``unreadable`` has one problem for each
    row that could not be read and is in no column. Rows without any value are in neither.
    """

    row: pa.ChunkedArray[Any]
    columns: tuple[pa.ChunkedArray[Any], ...]
    unreadable: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


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
