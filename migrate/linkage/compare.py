"""Comparison: the level of each field for each candidate.

Codes: 0 and above are positions in the field's levels, -1 is *missing* on a side, -2 *could not be
compared* (a value stood there and could not be read). The three are never folded into one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage import levels as operators
from migrate.linkage.coding import Coding, Pairs, code_tables
from migrate.linkage.model import FieldComparison, LinkageModel

Codes = npt.NDArray[np.int8]
Rows = npt.NDArray[Any]
MISSING_CODE, UNCOMPARABLE_CODE = -1, -2
# pairs compared at once: bounds what is held beside the levels
BATCH = 500_000


def compare_field(field: FieldComparison, coding: Coding, left: Rows, right: Rows) -> Codes:
    """Levels of one field for pairs of row numbers ``left[i]``, ``right[i]``: int8, one a pair."""
    pairs = Pairs(coding, left, right)
    first, second = (numbers >= 0 for numbers in pairs.texts(field.value))
    present = first & second
    out = np.full(len(left), len(field.levels) - 1, dtype=np.int8)
    out[~present] = MISSING_CODE
    if field.unread is not None and not present.all():
        unread = coding.marks[field.unread]
        # missing on either side stays missing, whatever the other holds
        known = (first | unread.left[left]) & (second | unread.right[right])
        out[known & ~present] = UNCOMPARABLE_CODE
    open_ = np.flatnonzero(present)
    if len(open_) < len(left):
        pairs = pairs.kept(open_)
    for position, level in enumerate(field.levels[:-1]):
        if level.operator is None or not len(open_):
            continue
        found = operators.holds(level, pairs)
        out[open_[found]] = position
        rest = np.flatnonzero(~found)
        open_, pairs = open_[rest], pairs.kept(rest)
    for position, level in enumerate(field.levels):
        if level.uncomparable:
            out[out == position] = UNCOMPARABLE_CODE
    return out


def compare(
    coding: Coding, model: LinkageModel, left: Rows, right: Rows, *, threads: int = 1
) -> Codes:
    """Levels of every field for pairs of row numbers: an int8 array of shape (fields, pairs)."""
    out = np.empty((len(model.fields), len(left)), dtype=np.int8)

    def part(begin: int) -> None:
        cut = slice(begin, begin + BATCH)
        for position, field in enumerate(model.fields):
            out[position, cut] = compare_field(field, coding, left[cut], right[cut])
        _mark_swaps(coding, model, left[cut], right[cut], out[:, cut])

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        list(pool.map(part, range(0, len(left), BATCH)))
    return out


def compare_rows(
    left: pa.Table, right: pa.Table, model: LinkageModel, one: Rows, other: Rows
) -> Codes:
    """Levels of chosen pairs of two tables, whether or not they would be candidates.

    Shape (fields, pairs). Raises RunError where the model names a column that a table has not.
    """
    coding = code_tables(left, right, model.fields, model, blocking=False)
    return compare(coding, model, one, other)


def _mark_swaps(
    coding: Coding, model: LinkageModel, left: Rows, right: Rows, matrix: Codes
) -> None:
    """Give both fields their level `swapped` where each holds the other's value, in place."""
    place = {field.name: position for position, field in enumerate(model.fields)}
    for one, other in model.swaps:
        first, second = model.fields[place[one]], model.fields[place[other]]
        one_level = [level.name for level in first.levels].index("swapped")
        other_level = [level.name for level in second.levels].index("swapped")
        mine = coding.columns[model.swap_columns[one]]
        mate = coding.columns[model.swap_columns[other]]
        a, b = mine.left[left], mate.left[left]
        swapped = (a >= 0) & (b >= 0) & (a == mate.right[right]) & (b == mine.right[right])
        # equal already: the level that the comparison gave stands
        swapped &= (matrix[place[one]] != 0) | (matrix[place[other]] != 0)
        matrix[place[one], swapped] = one_level
        matrix[place[other], swapped] = other_level
