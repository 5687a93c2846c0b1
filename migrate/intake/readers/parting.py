"""Lines of text parted into rows: by Arrow where all is sound, one by one where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from migrate.intake.quarantine import Problem
from migrate.intake.readers.blocks import Blocks, count_lines, halves, lines_of
from migrate.intake.readers.records import BLANK, Record, records, shown
from migrate.intake.readers.rows import (
    SIZE,
    Rows,
    Shape,
    blank_rows_note,
    chunked,
    in_slices,
    row_numbers,
)
from migrate.intake.readers.survey import is_utf_8

# a block of so few lines is parted one by one when something is wrong in it
_FEW_LINES = 64
# rows that stand as Python objects at one time
_ONE_BY_ONE = 8_192


def parted(
    path: Path,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    size: int = SIZE,
    block: int = 1 << 24,
) -> Iterator[Rows]:
    """The rows of a text table, in batches.

    Arrow parts a block whose every record is one line; those with another count of cells are looked
    at again. Any other block is halved until what is wrong stands among few lines, and these are
    parted one by one, so that it is said of its row by its number, and costs no other row. Both
    ways read a sound line alike.

    :param columns: places of the columns wanted, from 0.
    :param key: the place of the column that identifies a row, for problems to name it.
    :param size: how many rows a batch holds at most.
    :param block: bytes of the file that are parted at one time.
    """
    parting = _Parting(path, shape, columns, key, block)
    waiting: list[Rows] = []
    held = 0
    for rows in parting:
        if waiting and held + len(rows.row) + len(rows.unreadable) > size:
            yield from in_slices(_joined(waiting), size)
            waiting, held = [], 0
        waiting.append(rows)
        held += len(rows.row) + len(rows.unreadable)
    waiting.append(_nothing(columns, notes=blank_rows_note(parting.blank)))
    yield from in_slices(_joined(waiting), size)


class _Parting(Iterator[Rows]):
    """The rows of one table, in parts as they come."""

    def __init__(
        self, path: Path, shape: Shape, columns: Sequence[int], key: int | None, block: int
    ) -> None:
        self.blank = 0
        self._columns = columns
        self._key = key
        self._decodable = shape.decodable
        self._delimiter = shape.delimiter or ","
        self._width = len(shape.headings)
        headed = (n for n, heading in enumerate(shape.headings, 1) if heading)
        self._least = max(headed, default=self._width)
        self._row = shape.heading_row + 1
        self._blocks = Blocks(path, shape.codec, shape.heading_lines, block)
        self._parts = self._all()
        # whether halving a block is of use: not where most of its rows need a look of their own
        self._halving = True

    def __next__(self) -> Rows:
        return next(self._parts)

    def _all(self) -> Iterator[Rows]:
        lines = slow = 0
        for block in self._blocks:
            count = count_lines(block)
            at_once = self._at_once(block, count)
            if at_once is not None:
                yield at_once
            elif count > _FEW_LINES and self._halving and (two := halves(block)):
                self._blocks.put_back(*two)
                continue
            else:
                slow += count
                yield from self._one_by_one(block)
            lines += count
            if not self._blocks.halved:
                self._halving = 2 * slow <= lines
                lines = slow = 0

    def _at_once(self, block: bytes, lines: int) -> Rows | None:
        """The rows of a block by Arrow, None where it is not sure to be right."""
        if not self._delimiter.isascii() or not self._columns:
            return None
        if b"\0" in block or not (self._decodable or is_utf_8(block)):
            return None
        # rows may leave out the last columns where these have no heading, or end in a delimiter
        for width in dict.fromkeys((self._width, self._least, self._width + 1)):
            rows = self._by_arrow(block, lines, width)
            if rows is not None:
                return rows
        return None

    def _by_arrow(self, block: bytes, lines: int, width: int) -> Rows | None:
        odd: list[tuple[int, str]] = []

        def on_odd_row(row: Any) -> Literal["skip", "error"]:
            odd.append((row.number, row.text))
            # where many are odd the width is wrong
            return "skip" if len(odd) <= _FEW_LINES + lines // 50 else "error"

        table = _read_csv(block, self._delimiter, width, on_odd_row)
        if table is None or table.num_rows + len(odd) != lines + 1:
            # a blank line, a cell with a line end, or a quotation mark that swallows lines
            return None
        columns = [table.column(place).slice(0, lines - len(odd)) for place in self._columns]
        beyond = [table.column(place) for place in range(self._width, width)]
        if any('"' in text for _, text in odd) or _has_blank_rows(columns):
            return None
        if not all(pc.all(_is_blank(column)).as_py() for column in beyond):
            return None
        return self._with_odd(columns, odd, lines)

    def _with_odd(self, columns: Sequence[Any], odd: Sequence[tuple[int, str]], lines: int) -> Rows:
        """Sound rows, and what becomes of those with another count of cells."""
        first = self._row
        taken = _Taken([], [], [])
        for number, text in odd:
            self._row = first + number - 1
            for record in records(iter([text]), self._delimiter, self._width, self._least):
                self._take(record, taken)
        self._row = first + lines
        if not odd:
            return Rows(row_numbers(first, lines), tuple(columns))
        is_sound = np.ones(lines, dtype=bool)
        is_sound[[number - 1 for number, _ in odd]] = False
        row: Any = pa.array(first + np.flatnonzero(is_sound))
        sound = Rows(chunked([row], pa.int64()), tuple(columns))
        rows = _joined([sound, taken.rows(self._columns)])
        if not taken.numbers:
            return rows
        order = pc.sort_indices(rows.row.combine_chunks())
        return replace(
            rows,
            row=rows.row.take(order),
            columns=tuple(column.take(order) for column in rows.columns),
        )

    def _one_by_one(self, block: bytes) -> Iterator[Rows]:
        taken = _Taken([], [], [])
        text = self._blocks.text(block)
        for record in records(
            lines_of(text), self._delimiter, self._width, self._least, self._more
        ):
            self._take(record, taken)
            if len(taken.numbers) + len(taken.unreadable) >= _ONE_BY_ONE:
                yield taken.rows(self._columns)
                taken = _Taken([], [], [])
        yield taken.rows(self._columns)

    def _more(self) -> Iterator[str] | None:
        block = next(self._blocks, None)
        return None if block is None else lines_of(self._blocks.text(block))

    def _take(self, record: Record, taken: _Taken) -> None:
        _, cells, fault, line = record
        if fault:
            found = cells[self._key] if self._key is not None and self._key < len(cells) else None
            legacy_id = shown(found).strip() or None if found else None
            taken.unreadable.append(
                Problem(self._row, legacy_id, None, shown(line), fault.rule, fault.reason)
            )
        elif not cells:
            self.blank += 1
        else:
            taken.numbers.append(self._row)
            taken.cells.append(cells)
        self._row += 1


@dataclass(frozen=True)
class _Taken:
    """Rows that were parted one by one."""

    numbers: list[int]
    cells: list[list[str]]
    unreadable: list[Problem]

    def rows(self, columns: Sequence[int]) -> Rows:
        row: Any = pa.array(self.numbers, pa.int64())
        texts = [pa.array([cells[place] for cells in self.cells], pa.string()) for place in columns]
        return Rows(
            chunked([row], pa.int64()),
            tuple(chunked([text], pa.string()) for text in texts),
            tuple(self.unreadable),
        )


def _read_csv(
    block: bytes, delimiter: str, width: int, on_odd_row: Callable[[Any], Literal["skip", "error"]]
) -> pa.Table | None:
    names = [str(place) for place in range(width)]
    # a last row of ours, which a quotation mark that is still open would swallow
    end = b"" if block.endswith((b"\n", b"\r")) else b"\n"
    data = b"".join([block, end, b"0", delimiter.encode() * (width - 1), b"\n"])
    try:
        return pacsv.read_csv(
            cast(IO[Any], pa.BufferReader(data)),
            # in one piece and one thread, which alone numbers odd rows
            read_options=pacsv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(data) + 1
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=on_odd_row
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _has_blank_rows(columns: Sequence[Any]) -> bool:
    blank: Any = None
    for column in columns:
        blank = _is_blank(column) if blank is None else pc.and_(blank, _is_blank(column))
        if not pc.any(blank).as_py():
            return False
    return True


def _is_blank(column: Any) -> Any:
    return pc.equal(pc.utf8_trim(column, characters=BLANK), "")


def _nothing(columns: Sequence[int], notes: tuple[str, ...]) -> Rows:
    return Rows(row_numbers(0, 0), tuple(chunked([], pa.string()) for _ in columns), notes=notes)


def _joined(parts: Sequence[Rows]) -> Rows:
    """Rows that follow one another as one, each column in one piece."""

    def whole(columns: Sequence[Any], type: pa.DataType) -> Any:
        chunks = [chunk for column in columns for chunk in column.chunks if len(chunk)]
        return chunked(chunks if len(chunks) < 2 else [pa.concat_arrays(chunks)], type)

    return Rows(
        whole([part.row for part in parts], pa.int64()),
        tuple(
            whole(columns, pa.string())
            for columns in zip(*(part.columns for part in parts), strict=True)
        ),
        tuple(problem for part in parts for problem in part.unreadable),
        tuple(note for part in parts for note in part.notes),
    )
