"""Lines of text parted into rows: by Arrow where all is sound, one by one where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from migrate.intake.quarantine import Problem
from migrate.intake.readers.blocks import Blocks, count_lines, halves, is_utf_8, lines_of
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

    Arrow parts a block whose every record is one sound line. Any other is halved until what is
    wrong stands among few lines, and these are parted one by one, so that it is said of its row by
    its number, and costs no other row. Both ways read a sound line alike.

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
                yield self._numbered(at_once)
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

    def _numbered(self, columns: Sequence[Any]) -> Rows:
        count = len(columns[0])
        row = row_numbers(self._row, count)
        self._row += count
        return Rows(row, tuple(columns))

    def _at_once(self, block: bytes, lines: int) -> list[Any] | None:
        """The columns of a block by Arrow, None where it is not sure to be right."""
        if not self._delimiter.isascii() or not self._columns:
            return None
        if b"\0" in block or not is_utf_8(block):
            return None
        # rows may leave out the last columns where these have no heading
        for width in dict.fromkeys((self._width, self._least)):
            columns = self._by_arrow(block, lines, width)
            if columns is not None:
                return None if _has_blank_rows(columns) else columns
        return None

    def _by_arrow(self, block: bytes, lines: int, width: int) -> list[Any] | None:
        names = [str(place) for place in range(width)]
        wanted = [names[place] for place in self._columns]
        # a last row of ours, which a quotation mark that is still open would swallow
        end = b"" if block.endswith((b"\n", b"\r")) else b"\n"
        guard = b"0" + self._delimiter.encode() * (width - 1) + b"\n"
        try:
            table = pacsv.read_csv(
                cast(IO[Any], pa.BufferReader(block + end + guard)),
                read_options=pacsv.ReadOptions(column_names=names),
                parse_options=pacsv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    include_columns=wanted,
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows != lines + 1:
            # a blank line, a cell with a line end, or a quotation mark that swallows lines
            return None
        return [table.column(name).slice(0, lines) for name in wanted]

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


def _has_blank_rows(columns: Sequence[Any]) -> bool:
    blank: Any = None
    for column in columns:
        empty = pc.equal(pc.utf8_trim(column, characters=BLANK), "")
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return False
    return True


def _nothing(columns: Sequence[int], notes: tuple[str, ...]) -> Rows:
    return Rows(row_numbers(0, 0), tuple(chunked([], pa.string()) for _ in columns), notes=notes)


def _joined(parts: Sequence[Rows]) -> Rows:
    """Rows that follow one another as one, each column in one piece."""

    def whole(columns: Sequence[Any], type: pa.DataType) -> Any:
        chunks = [chunk for column in columns for chunk in column.chunks]
        return chunked([pa.concat_arrays(chunks)] if chunks else [], type)

    return Rows(
        whole([part.row for part in parts], pa.int64()),
        tuple(
            whole(columns, pa.string())
            for columns in zip(*(part.columns for part in parts), strict=True)
        ),
        tuple(problem for part in parts for problem in part.unreadable),
        tuple(note for part in parts for note in part.notes),
    )
