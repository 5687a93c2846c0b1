"""Parquet files: columns of any plain type, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.errors import InputError
from migrate.intake.profiles import Profile
from migrate.intake.readers import cells as values
from migrate.intake.readers.rows import Progress, Rows, Shape, chunked, row_numbers


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """The columns of a Parquet file. Row numbers count as if its column names were row 1.

    :param profile: not used: a Parquet file says itself what it is.
    :param known: not used, for the same reason.
    :raises InputError: it is damaged, or holds no rows.
    """
    try:
        with pq.ParquetFile(path) as file:
            headings = tuple(file.schema_arrow.names)
            count = file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"this Parquet file is damaged: {error}", file=path, fix="Write or copy it again"
        ) from error
    if not count:
        raise InputError(
            "this file holds column names and no rows",
            file=path,
            found=" | ".join(headings),
            fix="Export it again, with its rows",
        )
    return Shape(kind="Parquet", headings=headings, lines=count, why="it begins with PAR1")


def read(
    path: Path,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    progress: Progress | None = None,
) -> Rows:
    """All rows of a Parquet file as text, see ``cells.text``; null stays null.

    :param columns: places of the columns wanted, from 0.
    :param key: not used: no row of a Parquet file is unreadable by itself.
    :raises InputError: a wanted column holds lists, structures or bytes; a page is damaged.
    """
    taken: list[list[Any]] = [[] for _ in columns]
    rounded = [0 for _ in columns]
    done = 0
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                for n, place in enumerate(columns):
                    texts, lost = _texts(path, shape.headings[place], table.column(place))
                    taken[n].extend(texts)
                    rounded[n] += lost
                done += table.num_rows
                if progress:
                    progress(done, shape.lines, "rows read")
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"this Parquet file is damaged: {error}", file=path, fix="Write or copy it again"
        ) from error
    notes = tuple(
        f"column {shape.headings[place]}: {lost} number(s) are beyond what a double holds exactly"
        for place, lost in zip(columns, rounded, strict=True)
        if lost
    )
    return Rows(
        row=row_numbers(shape.heading_row + 1, done),
        columns=tuple(chunked(chunks, pa.string()) for chunks in taken),
        notes=notes,
    )


def _texts(path: Path, heading: str, column: Any) -> tuple[list[Any], int]:
    """The chunks of a column as text, and how many of its numbers have lost digits."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise InputError(
            "this column holds no plain values",
            file=path,
            column=heading,
            found=str(kind),
            fix="Write it as text",
        )
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        return column.cast(pa.string()).chunks, 0
    cells = column.to_pylist()
    lost = sum(map(values.is_rounded, cells))
    return [pa.array([values.text(cell) for cell in cells], pa.string())], lost
