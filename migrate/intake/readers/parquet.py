"""Parquet files: columns of any plain type, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.errors import InputError
from migrate.intake.profiles import Profile
from migrate.intake.readers import cells as values
from migrate.intake.readers.rows import SIZE, Progress, Rows, Shape, chunked, row_numbers


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


def batches(
    path: Path,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    size: int = SIZE,
    progress: Progress | None = None,
) -> Iterator[Rows]:
    """The rows of a Parquet file as text, see ``cells.text``; null stays null.

    :param columns: places of the columns wanted, from 0.
    :param key: not used: no row of a Parquet file is unreadable by itself.
    :param size: how many rows a batch holds at most.
    :raises InputError: a wanted column holds lists, structures or bytes; a page is damaged.
    """
    rounded = [0 for _ in columns]
    done = 0
    try:
        with pq.ParquetFile(path) as file:
            # by name, so that columns that are not wanted are not read; columns may share one
            names = list(dict.fromkeys(shape.headings[place] for place in columns))
            for batch in file.iter_batches(size, columns=names):
                taken = []
                for n, place in enumerate(columns):
                    heading = shape.headings[place]
                    texts, lost = _texts(path, heading, batch.column(names.index(heading)))
                    taken.append(chunked(texts, pa.string()))
                    rounded[n] += lost
                yield Rows(row_numbers(shape.heading_row + 1 + done, len(batch)), tuple(taken))
                done += len(batch)
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
    nothing = tuple(chunked([], pa.string()) for _ in columns)
    yield Rows(row_numbers(0, 0), nothing, notes=notes)


def _texts(path: Path, heading: str, column: Any) -> tuple[list[Any], int]:
    """The chunks of an array as text, and how many of its numbers have lost digits."""
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
        return [column.cast(pa.string())], 0
    cells = column.to_pylist()
    lost = sum(map(values.is_rounded, cells))
    return [pa.array([values.text(cell) for cell in cells], pa.string())], lost
