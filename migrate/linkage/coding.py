"""Two tables as numbers: each distinct text of a column gets one number, the same on both sides.

Everything after works on these numbers: equality is equality of numbers, a blocking key is a few of
them put together, and a comparator looks at a text only for distinct pairs of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migrate.errors import RunError
from migrate.linkage.model import FieldComparison, LinkageModel

_T = TypeVar("_T")
Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
NO_DAY = np.iinfo(np.int32).min
FULL_DATE = len("1362-07-03")
_INTERVALS = ("same_day", "overlap", "within_days")


@dataclass(frozen=True)
class Column:
    """One column of both tables: the number of each row's text (-1 where there is none).

    ``left`` and ``right`` are int32, one a row; ``texts`` holds each distinct text at its number.
    What operators ask of the texts is made once, at first use.
    """

    left: Numbers
    right: Numbers
    texts: pa.StringArray
    _made: dict[str, Any] = field(default_factory=dict)

    def side(self, side: int) -> Numbers:
        """The numbers of the left table's rows (0) or of the right table's (1)."""
        return self.right if side else self.left

    def text(self, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The texts at these numbers: an object array."""
        taken: Any = self.texts.take(pa.array(numbers))
        return np.asarray(taken.to_numpy(zero_copy_only=False), dtype=object)

    def lengths(self) -> npt.NDArray[np.int32]:
        """The length of each text, in characters."""
        return self._once("lengths", lambda: _numpy(pc.utf8_length(self.texts), np.int32))

    def in_parts(self) -> Flags:
        """Whether each text has a space in it."""
        return self._once("in_parts", lambda: _numpy(pc.match_substring(self.texts, " "), np.bool_))

    def integers(self) -> npt.NDArray[np.int64]:
        """Each text as a whole number of at most 18 digits, -1 where it is none."""
        return self._once("integers", self._integers)

    def dates(self) -> npt.NDArray[np.uint8]:
        """The ten characters of each full date, YYYY-MM-DD: shape (texts, 10); zeros for others."""
        return self._once("dates", self._dates)

    def _integers(self) -> npt.NDArray[np.int64]:
        whole = pc.match_substring_regex(self.texts, "^[0-9]{1,18}$")
        digits: Any = pc.if_else(whole, self.texts, "-1")
        return _numpy(pc.cast(digits, pa.int64()), np.int64)

    def _dates(self) -> npt.NDArray[np.uint8]:
        full = pc.match_substring_regex(self.texts, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        out = np.zeros((len(self.texts), FULL_DATE), dtype=np.uint8)
        joined = "".join(cast(list[str], self.texts.filter(full).to_pylist())).encode("ascii")
        out[_numpy(full, np.bool_)] = np.frombuffer(joined, np.uint8).reshape(-1, FULL_DATE)
        return out

    def _once(self, form: str, make: Callable[[], _T]) -> _T:
        if form not in self._made:
            self._made[form] = make()
        return cast(_T, self._made[form])


@dataclass(frozen=True)
class Days:
    """A column of days as int32, one a row of each table; NO_DAY where there is none."""

    left: Numbers
    right: Numbers


@dataclass(frozen=True)
class Marks:
    """A boolean column, one flag a row of each table; an absent answer is False."""

    left: Flags
    right: Flags


@dataclass(frozen=True)
class Coding:
    """All that a model looks at in two tables, as numbers.

    ``rows`` are how many rows the tables have; a column that no part of the model names is not there.
    """

    rows: tuple[int, int]
    columns: dict[str, Column]
    days: dict[str, Days]
    marks: dict[str, Marks]

    def within_right(self) -> Coding:
        """The right table on both sides: for pairs of its own rows."""
        return Coding(
            (self.rows[1], self.rows[1]),
            {name: Column(c.right, c.right, c.texts, c._made) for name, c in self.columns.items()},
            {name: Days(days.right, days.right) for name, days in self.days.items()},
            {name: Marks(marks.right, marks.right) for name, marks in self.marks.items()},
        )


def code_tables(
    left: pa.Table,
    right: pa.Table,
    fields: Iterable[FieldComparison],
    model: LinkageModel,
    *,
    blocking: bool = True,
    threads: int = 1,
) -> Coding:
    """Number the columns that ``fields`` and, with ``blocking``, the model's rules look at.

    Columns that are held against each other across names (a rule's left and right, swapped fields)
    share their numbers. Text columns may be dictionary-encoded. Raises RunError: no such column.
    """
    texts, days, marks = _named(fields)
    kin = [[model.swap_columns[one], model.swap_columns[two]] for one, two in model.swaps]
    kin = [pair for pair in kin if set(pair) <= texts]
    if blocking:
        for rule in model.rules:
            kin += [[one, other] for one, other in zip(rule.left, rule.right, strict=True)]
            texts |= {*rule.left, *rule.right, *rule.split}
    crossed = {name for pair in kin if pair[0] != pair[1] for name in pair}
    # a column of a rule with two names need stand in its own table alone
    lacking = _lacking(left, right, texts | days | marks, model if blocking else None, crossed)
    if lacking:
        raise RunError("the linkage model names a column that is absent", column=lacking[0])
    domains = _domains(sorted(texts), [pair for pair in kin if pair[0] != pair[1]])
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        coded = list(pool.map(lambda names: code_columns(left, right, names), domains))
    return Coding(
        (left.num_rows, right.num_rows),
        {name: column for part in coded for name, column in part.items()},
        {name: Days(_days(left, name), _days(right, name)) for name in sorted(days)},
        {name: Marks(_marks(left, name), _marks(right, name)) for name in sorted(marks)},
    )


def columns_of(model: LinkageModel) -> set[str]:
    """Every column that a model looks at in either table, its keys included."""
    texts, days, marks = _named(model.fields)
    rules = {name for rule in model.rules for name in (*rule.left, *rule.right, *rule.split)}
    keys = {group.key for group in model.groups} | ({model.record} if model.record else set())
    return texts | days | marks | rules | keys | set(model.swap_columns.values())


def _named(fields: Iterable[FieldComparison]) -> tuple[set[str], set[str], set[str]]:
    """Columns of texts, of days and of marks that fields are compared by."""
    texts: set[str] = set()
    days: set[str] = set()
    marks: set[str] = set()
    for entry in fields:
        texts.add(entry.value)
        if entry.unread is not None:
            marks.add(entry.unread)
        for level in entry.levels:
            if level.operator in _INTERVALS:
                days |= {f"{level.column}_first", f"{level.column}_last"}
            elif level.column is not None:
                texts.add(level.column)
            if level.unless is not None:
                texts.add(level.unless)
    return texts, days, marks


def _lacking(
    left: pa.Table,
    right: pa.Table,
    named: set[str],
    model: LinkageModel | None,
    crossed: set[str],
) -> list[str]:
    one_sided: dict[str, set[int]] = {}
    if model is not None:
        for rule in model.rules:
            for side, columns in enumerate((rule.left, rule.right)):
                for column in columns:
                    if column in crossed:
                        one_sided.setdefault(column, set()).add(side)
    out = []
    for name in sorted(named):
        sides = one_sided.get(name, {0, 1})
        for side, table in enumerate((left, right)):
            if side in sides and name not in table.column_names:
                out.append(name)
    return out


def _domains(names: list[str], kin: list[list[str]]) -> list[list[str]]:
    """Columns that share their numbers, together: the connected components of ``kin``."""
    group = {name: {name} for name in names}
    for one, other in kin:
        merged = group[one] | group[other]
        for name in merged:
            group[name] = merged
    return [sorted(members) for members in {id(g): g for g in group.values()}.values()]


def code_columns(left: pa.Table, right: pa.Table, names: list[str]) -> dict[str, Column]:
    """Number the texts of these columns of both tables together; a table may lack some of them."""
    parts: list[tuple[str, int]] = []
    chunks: list[Any] = []
    for name in names:
        for side, table in enumerate((left, right)):
            if name in table.column_names and not (side and table is left):
                column = table.column(name)
                parts += [(name, side)] * column.num_chunks
                chunks += column.chunks
    numbers, texts = _together(chunks)
    found: dict[tuple[str, int], list[Numbers]] = {}
    for part, of_chunk in zip(parts, numbers, strict=True):
        found.setdefault(part, []).append(of_chunk)
    out = {}
    for name in names:
        sides = [
            np.concatenate(found[name, side])
            if (name, side) in found
            else np.full(table.num_rows, -1, np.int32)
            for side, table in enumerate((left, right))
        ]
        out[name] = Column(sides[0], sides[0] if right is left else sides[1], texts)
    return out


def encoded(column: pa.ChunkedArray[Any]) -> tuple[Numbers, pa.StringArray]:
    """Each row's number (-1 where there is no text), and the distinct texts at their numbers."""
    numbers, texts = _together(column.chunks)
    return np.concatenate([np.zeros(0, np.int32), *numbers]), texts


def _together(chunks: list[Any]) -> tuple[list[Numbers], pa.StringArray]:
    """Numbers for the texts of several arrays, plain or dictionary-encoded, the same for the same."""
    numbers: list[Numbers] = []
    texts: list[Any] = [pa.array([], pa.string())]
    offset = 0
    for chunk in chunks:
        if not pa.types.is_dictionary(chunk.type):
            chunk = chunk.cast(pa.string()).dictionary_encode()
        of_chunk = pc.fill_null(chunk.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
        numbers.append(np.where(of_chunk >= 0, of_chunk + offset, -1))
        texts.append(chunk.dictionary.cast(pa.string()))
        offset += len(chunk.dictionary)
    joint: Any = pa.concat_arrays(texts).dictionary_encode()
    # a dictionary may hold null as a value
    place = np.append(pc.fill_null(joint.indices, -1).to_numpy(), -1).astype(np.int32)
    return [place[of_chunk] for of_chunk in numbers], joint.dictionary


def _days(table: pa.Table, name: str) -> Numbers:
    days: Any = pc.fill_null(table.column(name).cast(pa.int32()), int(NO_DAY))
    return _numpy(days, np.int32)


def _marks(table: pa.Table, name: str) -> Flags:
    return _numpy(pc.fill_null(table.column(name), False), np.bool_)


def _numpy(array: Any, dtype: Any) -> npt.NDArray[Any]:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=dtype)


class Pairs:
    """Pairs of row numbers, ``one[i]`` of the left table and ``other[i]`` of the right.

    What is asked of them is gathered once, and stays gathered for those of them that are kept.
    """

    def __init__(self, coding: Coding, one: npt.NDArray[Any], other: npt.NDArray[Any]) -> None:
        self.coding, self.one, self.other = coding, one, other
        self._held: dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]] = {}

    def __len__(self) -> int:
        return len(self.one)

    def texts(self, name: str) -> tuple[Numbers, Numbers]:
        """The numbers of both sides' texts in a column."""
        if name not in self._held:
            column = self.coding.columns[name]
            self._held[name] = column.left[self.one], column.right[self.other]
        return self._held[name]

    def days(self, name: str) -> tuple[Numbers, Numbers]:
        """The days of both sides in a column."""
        if name not in self._held:
            days = self.coding.days[name]
            self._held[name] = days.left[self.one], days.right[self.other]
        return self._held[name]

    def kept(self, which: npt.NDArray[Any]) -> Pairs:
        """Those of the pairs that a mask or an array of places names."""
        out = Pairs(self.coding, self.one[which], self.other[which])
        out._held = {name: (a[which], b[which]) for name, (a, b) in self._held.items()}
        return out
