"""u probabilities: how often a field's levels agree by chance, between pairs that are no link.

For the first group, chance is two rows drawn at random (Fellegi and Sunter 1969, section 2). For a
nested group it is two different items of one entity: what another degree of the same person looks
like, taken from the reference table itself.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migrate.linkage.compare import CodedField, code_field, compare_field
from migrate.linkage.model import FieldComparison, LinkageModel

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
SAMPLE_PAIRS = 200_000
SIBLINGS = 200_000
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
    found = compare_field(whole, one, other)
    seen = np.bincount(found[found >= 0], minlength=len(levels)) / max(int((found >= 0).sum()), 1)
    first = levels[0]
    if first.operator == "equal" and first.column is not None:
        exact = _equal_by_chance(coded, first.column)
        rest = seen[1:].sum()
        seen[1:] *= (1 - exact) / rest if rest else 0.0
        seen[0] = exact
    floors = np.maximum(FLOOR, [level.u for level in levels])
    if first.operator == "equal":
        floors[0] = max(EQUAL_FLOOR, first.u)
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


def neighbours(right: pa.Table, model: LinkageModel, *, seed: int) -> tuple[Indices, Indices]:
    """Row numbers of pairs of items of one entity, next to each other: at most 200,000, seeded."""
    key = right.column(model.groups[0].key).combine_chunks().dictionary_encode()
    entity = pc.fill_null(key.indices, -1).to_numpy(zero_copy_only=False)
    order = np.lexsort((np.arange(len(entity)), entity))
    same = (entity[order][1:] == entity[order][:-1]) & (entity[order][1:] >= 0)
    one, other = order[:-1][same].astype(np.int64), order[1:][same].astype(np.int64)
    if len(one) > SIBLINGS:
        kept = np.sort(np.random.default_rng(seed).choice(len(one), SIBLINGS, replace=False))
        one, other = one[kept], other[kept]
    return one, other


def u_within_entity(field: FieldComparison, found: npt.NDArray[np.int8]) -> Floats:
    """u of each level between two items of one entity, from the levels ``found`` between such pairs.

    Every level counts as if four pairs had shown it, and is never under its own floor.
    """
    counts = np.bincount(found[found >= 0], minlength=len(field.levels)).astype(np.float64)
    share = (counts + 4) / (counts.sum() + 4 * len(field.levels))
    floors = np.array([level.u for level in field.levels])
    return np.asarray(np.maximum(share, floors), dtype=np.float64)


def within_entity(
    right: pa.Table, model: LinkageModel, *, seed: int
) -> tuple[dict[str, Floats], Floats]:
    """u of the nested group's fields between two items of one entity, and what they do together.

    The second is bits to add to an item's weight, indexed by :func:`joint_state` of its fields in
    ``together``: log2 of chance agreement as if independent over chance agreement as counted. What
    is counted weighs against 20 pairs of what independence expects.
    """
    group = model.groups[1]
    one, other = neighbours(right, model, seed=seed)
    levels = {}
    for field in model.group_fields(group.name):
        plain = replace(field, unread=None)
        levels[field.name] = compare_field(code_field(plain, right, right), one, other)
    u = {
        field.name: u_within_entity(field, levels[field.name])
        for field in model.group_fields(group.name)
    }
    names = group.together
    states = joint_state([levels[name] for name in names], len(one))
    bits = np.zeros(3 ** len(names))
    for state, agrees in enumerate(product((0, 1, 2), repeat=len(names))):
        if agrees.count(2) >= len(names) - 1:
            # fewer than two fields to compare: nothing that could move together
            continue
        apart = 1.0
        matching = np.ones(len(one), dtype=bool)
        for name, wanted in zip(names, agrees, strict=True):
            if wanted == 2:
                continue
            apart *= u[name][0] if wanted == 0 else 1 - u[name][0]
            matching &= (levels[name] >= 0) & ((levels[name] == 0) == (wanted == 0))
        together = (matching.sum() + 20 * apart) / (len(states) + 20)
        bits[state] = np.log2(apart / together)
    return u, bits


def joint_state(levels: list[npt.NDArray[np.int8]], pairs: int) -> Indices:
    """One number a pair for how several fields compare: 0 equal, 1 not, 2 absent, in base 3."""
    state = np.zeros(pairs, dtype=np.int64)
    for level in levels:
        state = state * 3 + np.where(level < 0, 2, np.where(level == 0, 0, 1))
    return state
