"""u probabilities: how often a field's levels agree by chance, between pairs that are no link.

For the first group, chance is two rows drawn at random (Fellegi and Sunter 1969, section 2). For a
nested group it is two different items of one entity: what another degree of the same person looks
like, taken from the reference table itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage.compare import CodedField, code_field, compare_field
from migrate.linkage.model import FieldComparison, LinkageModel

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
SAMPLE_PAIRS = 500_000
# a level never seen in the sample still happens: this many times in a hundred thousand
FLOOR = 1e-5
EQUAL_FLOOR = 1e-7


def u_at_random(coded: CodedField, *, seed: int, pairs: int = SAMPLE_PAIRS) -> Floats:
    """u of each level of a field between two rows drawn at random: float64, one a level.

    The first level, equality, is worked out exactly from the frequencies of values; the others are
    counted over ``pairs`` seeded random pairs of rows that both hold a value.
    """
    levels = coded.field.levels
    left, right = coded.left[coded.left >= 0], coded.right[coded.right >= 0]
    if not len(left) or not len(right):
        return np.full(len(levels), 1.0 / len(levels))
    draw = np.random.default_rng(seed)
    one = draw.choice(np.sort(left), pairs)
    other = draw.choice(np.sort(right), pairs)
    whole = CodedField(
        coded.field,
        np.arange(coded.left_values.num_rows),
        np.arange(coded.right_values.num_rows),
        coded.left_values,
        coded.right_values,
    )
    seen = np.bincount(compare_field(whole, one, other), minlength=len(levels)) / pairs
    first = levels[0]
    if first.operator == "equal" and first.column is not None:
        exact = _equal_by_chance(coded, first.column)
        rest = seen[1:].sum()
        seen[1:] *= (1 - exact) / rest if rest else 0.0
        seen[0] = exact
    floors = np.full(len(levels), FLOOR)
    floors[0] = EQUAL_FLOOR if first.operator == "equal" else FLOOR
    seen = np.maximum(seen, floors)
    u = seen / seen.sum()
    for position, level in enumerate(levels):
        # the sample can hardly show two values in each other's place: as rare as two equal ones
        if level.name == "swapped":
            u[position] = u[0]
    return np.asarray(u, dtype=np.float64)


def _equal_by_chance(coded: CodedField, column: str) -> float:
    left, right = frequencies(coded, column, "left"), frequencies(coded, column, "right")
    return float(sum(share * right.get(value, 0.0) for value, share in left.items()))


def frequencies(coded: CodedField, column: str, side: str) -> dict[str, float]:
    """The share of each value of ``column`` among the rows of one side that hold the field."""
    codes = coded.left if side == "left" else coded.right
    values = (coded.left_values if side == "left" else coded.right_values).column(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    total = counts.sum()
    shares: dict[str, float] = {}
    for value, count in zip(values.to_pylist(), counts.tolist(), strict=True):
        if value is not None:
            shares[value] = shares.get(value, 0.0) + count / total
    return shares


def term_adjustment(coded: CodedField, u: Floats) -> dict[int, Floats]:
    """Bits to add to a level's weight for each distinct value of the right table (Winkler 2000).

    Keyed by the level's position; ``log2(u / frequency of the value)``, so that agreement on a rare
    value weighs more. A value's frequency is taken as one more than seen.
    """
    adjustments = {}
    held = int((coded.right >= 0).sum())
    for position, level in enumerate(coded.field.levels):
        if level.term_frequency and level.column is not None:
            shares = frequencies(coded, level.column, "right")
            column = coded.right_values.column(level.column).to_pylist()
            by_value = np.array([shares.get(v, 0.0) if v is not None else 0.0 for v in column])
            adjustments[position] = np.log2(u[position] / (by_value + 1.0 / max(held, 1)))
    return adjustments


def u_within_entity(
    field: FieldComparison, right: pa.Table, model: LinkageModel, *, seed: int
) -> Floats:
    """u of each level between two different items of one entity, counted in the right table.

    Up to 200,000 pairs of neighbouring items are counted; the model's own m stands in for 200
    strangers' pairs, spread evenly, where the table holds few.
    """
    key = right.column(model.groups[0].key).combine_chunks().dictionary_encode()
    entity = key.indices.to_numpy(zero_copy_only=False)
    order = np.lexsort((np.arange(len(entity)), entity))
    same = entity[order][1:] == entity[order][:-1]
    one, other = order[:-1][same], order[1:][same]
    if len(one) > 200_000:
        kept = np.random.default_rng(seed).choice(len(one), 200_000, replace=False)
        one, other = one[np.sort(kept)], other[np.sort(kept)]
    coded = code_field(field if field.unread is None else _without_unread(field), right, right)
    found = compare_field(coded, one.astype(np.int64), other.astype(np.int64))
    counts = np.bincount(found[found >= 0], minlength=len(field.levels)).astype(np.float64)
    prior = np.full(len(field.levels), 1.0 / len(field.levels)) * 20
    return np.asarray((counts + prior) / (counts.sum() + prior.sum()), dtype=np.float64)


def _without_unread(field: FieldComparison) -> FieldComparison:
    return FieldComparison(field.name, field.group, field.value, field.levels)
