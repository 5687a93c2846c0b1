"""Comparison: the level of each field for each candidate, once for each distinct pair of values.

Codes: 0 and above are positions in the field's levels, -1 is *missing* on a side, -2 *could not be
compared* (a value stood there and could not be read). The three are never folded into one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migrate.errors import RunError
from migrate.linkage import levels as operators
from migrate.linkage.model import FieldComparison, LinkageModel
from migrate.linkage.values import Values

Codes = npt.NDArray[np.int8]
Indices = npt.NDArray[np.int64]
MISSING_CODE, UNCOMPARABLE_CODE = -1, -2
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class CodedField:
    """The distinct values of a field on both sides, and each row's place among them.

    ``left`` and ``right`` hold codes a row (-1 missing, -2 unread); ``left_values`` and
    ``right_values`` one row a distinct value, with the columns that the field's levels look at.
    """

    field: FieldComparison
    left: Indices
    right: Indices
    left_values: Values
    right_values: Values


def code_field(field: FieldComparison, left: pa.Table, right: pa.Table) -> CodedField:
    """Number the distinct values of a field in both tables. Raises RunError: no such column."""
    left_codes, left_values = _coded(field, left)
    right_codes, right_values = _coded(field, right)
    return CodedField(field, left_codes, right_codes, left_values, right_values)


def _coded(field: FieldComparison, table: pa.Table) -> tuple[Indices, Values]:
    lacking = [name for name in field.columns if name not in table.column_names]
    if lacking:
        raise RunError(
            f"field {field.name} is compared by a column that is absent", column=lacking[0]
        )
    chosen = table.select(field.columns).combine_chunks()
    texts: list[Any] = [pc.cast(column, pa.string()) for column in chosen.columns]
    joined: Any = pc.binary_join_element_wise(
        *texts, SEPARATOR, null_handling="replace", null_replacement="\x00"
    )
    if isinstance(joined, pa.ChunkedArray):
        joined = joined.combine_chunks()
    encoded = joined.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    # codes are numbered by first appearance, so the first row of each is found in reverse
    first = np.zeros(len(encoded.dictionary), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    places: Any = pa.array(first)
    values = chosen.take(places)
    absent = pc.is_null(chosen.column(field.value)).to_numpy(zero_copy_only=False)
    codes[absent] = MISSING_CODE
    if field.unread is not None:
        unread: Any = table.column(field.unread)
        said = pc.fill_null(unread, False).to_numpy(zero_copy_only=False)
        codes[absent & said.astype(bool)] = UNCOMPARABLE_CODE
    return codes, Values(values)


def compare_field(coded: CodedField, left: Indices, right: Indices) -> Codes:
    """Levels of one field for pairs of row numbers ``left[i]``, ``right[i]``: int8, one a pair."""
    first, second = coded.left[left], coded.right[right]
    out = np.full(len(left), MISSING_CODE, dtype=np.int8)
    out[(first == UNCOMPARABLE_CODE) | (second == UNCOMPARABLE_CODE)] = UNCOMPARABLE_CODE
    # missing on either side stays missing, whatever the other holds
    out[(first == MISSING_CODE) | (second == MISSING_CODE)] = MISSING_CODE
    present = (first >= 0) & (second >= 0)
    if not present.any():
        return out
    width = max(coded.right_values.num_rows, 1)
    joint = first[present] * width + second[present]
    distinct, place = np.unique(joint, return_inverse=True)
    level = level_of(coded, distinct // width, distinct % width)
    out[present] = level[place]
    return out


def level_of(coded: CodedField, left: Indices, right: Indices) -> Codes:
    """Levels of pairs of distinct values, given by their numbers: the first level that holds."""
    found = np.full(len(left), len(coded.field.levels) - 1, dtype=np.int8)
    open_ = np.arange(len(left))
    for position, level in enumerate(coded.field.levels[:-1]):
        if level.operator is None or not len(open_):
            continue
        holds = operators.holds(
            level, coded.left_values, coded.right_values, left[open_], right[open_]
        )
        found[open_[holds]] = position
        open_ = open_[~holds]
    for position, level in enumerate(coded.field.levels):
        if level.uncomparable:
            found[found == position] = UNCOMPARABLE_CODE
    return found


def compare(
    coded: list[CodedField], model: LinkageModel, left: Indices, right: Indices
) -> npt.NDArray[np.int8]:
    """Levels of every field for candidate pairs: an int8 array of shape (fields, pairs)."""
    matrix = np.stack([compare_field(entry, left, right) for entry in coded])
    _mark_swaps(coded, model, left, right, matrix)
    return matrix


def _mark_swaps(
    coded: list[CodedField],
    model: LinkageModel,
    left: Indices,
    right: Indices,
    matrix: npt.NDArray[np.int8],
) -> None:
    """Give both fields their level `swapped` where each holds the other's value, in place."""
    place = {entry.field.name: position for position, entry in enumerate(coded)}
    for one, other in model.swaps:
        first, second = coded[place[one]], coded[place[other]]
        one_level = [level.name for level in first.field.levels].index("swapped")
        other_level = [level.name for level in second.field.levels].index("swapped")
        column, mate = model.swap_columns[one], model.swap_columns[other]
        # each field's own value on the left against the other field's on the right
        a, d = _crossed(first.left_values, column, second.right_values, mate)
        b, c = _crossed(second.left_values, mate, first.right_values, column)
        a, b = _taken(a, first.left[left]), _taken(b, second.left[left])
        c, d = _taken(c, first.right[right]), _taken(d, second.right[right])
        swapped = (a >= 0) & (b >= 0) & (a == d) & (b == c)
        # equal already: the level that the comparison gave stands
        swapped &= (matrix[place[one]] != 0) | (matrix[place[other]] != 0)
        matrix[place[one], swapped] = one_level
        matrix[place[other], swapped] = other_level


def _crossed(
    left: Values, left_column: str, right: Values, right_column: str
) -> tuple[Indices, Indices]:
    """Numbers for a column of one field and a column of another, the same for the same text."""
    ours = Values(pa.table({"crossed": left.column(left_column)}))
    theirs = Values(pa.table({"crossed": right.column(right_column)}))
    return ours.codes(theirs, "crossed")


def _taken(numbers: Indices, codes: Indices) -> Indices:
    taken = np.full(len(codes), -1, dtype=np.int64)
    known = codes >= 0
    taken[known] = numbers[codes[known]]
    return taken
