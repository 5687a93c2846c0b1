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

from migrate.linkage.coding import NO_DAY, Coding, Days
from migrate.linkage.compare import compare_field
from migrate.linkage.model import FieldComparison, LinkageModel

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
SAMPLE_PAIRS = 200_000
SIBLINGS = 200_000
# a level never seen in the sample still happens: this many times in a hundred thousand
FLOOR = 1e-5
EQUAL_FLOOR = 1e-7


def u_at_random(
    field: FieldComparison, coding: Coding, *, seed: int, pairs: int = SAMPLE_PAIRS
) -> Floats:
    """u of each level of a field between two rows drawn at random: float64, one a level.

    The first level, equality, is worked out exactly from the frequencies of values; the others are
    counted over ``pairs`` seeded random pairs of rows that both hold a value.
    """
    levels = field.levels
    value = coding.columns[field.value]
    left, right = np.flatnonzero(value.left >= 0), np.flatnonzero(value.right >= 0)
    if not len(left) or not len(right):
        return np.full(len(levels), 1.0 / len(levels))
    draw = np.random.default_rng(seed)
    one, other = draw.choice(left, pairs), draw.choice(right, pairs)
    if value.left is value.right:
        # of one table, a row is no chance partner of itself
        apart = one != other
        one, other = one[apart], other[apart]
    found = compare_field(field, coding, one, other)
    seen = np.bincount(found[found >= 0], minlength=len(levels)) / max(int((found >= 0).sum()), 1)
    first = levels[0]
    if first.operator == "equal" and first.column is not None:
        exact = float(
            shares(field, coding, first.column, "left")
            @ shares(field, coding, first.column, "right")
        )
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


def shares(field: FieldComparison, coding: Coding, column: str, side: str) -> Floats:
    """The share of each text of ``column``, by its number, among one side's rows with the field."""
    values, texts = coding.columns[field.value], coding.columns[column]
    held = (values.left if side == "left" else values.right) >= 0
    numbers = (texts.left if side == "left" else texts.right)[held]
    counts = np.bincount(numbers[numbers >= 0], minlength=len(texts.texts))
    return np.asarray(counts / max(int(held.sum()), 1), dtype=np.float64)


def term_adjustment(
    field: FieldComparison, coding: Coding, u: Floats
) -> dict[int, npt.NDArray[np.float32]]:
    """Bits to add to a level's weight for each text of its column, by its number (Winkler 2000).

    Keyed by the level's position; ``log2(u / frequency of the text)`` in the right table, so that
    agreement on a rare value weighs more. A text's frequency is taken as one more than seen.
    """
    adjustments = {}
    held = max(int((coding.columns[field.value].right >= 0).sum()), 1)
    for position, level in enumerate(field.levels):
        if level.term_frequency and level.column is not None:
            share = shares(field, coding, level.column, "right")
            bits = np.log2(u[position] / (share + 1.0 / held))
            adjustments[position] = bits.astype(np.float32)
    return adjustments


def neighbours(entity: Indices, *, seed: int) -> tuple[Indices, Indices]:
    """Rows that are items of one entity, next to each other: at most 200,000 pairs, seeded.

    ``entity`` is each row's entity as a number.
    """
    order = np.argsort(entity, kind="stable")
    same = entity[order][1:] == entity[order][:-1]
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
    coding: Coding, entity: Indices, model: LinkageModel, *, seed: int
) -> tuple[dict[str, Floats], Floats]:
    """u of the nested group's fields between two items of one entity, and what they do together.

    ``entity`` is the entity of each row of the right table. One item of each pair has its dates
    blurred as those of the left table are, since a date known to the year agrees by chance more
    often than one known to the day. The second is bits to add to an item's
    weight, indexed by :func:`joint_state` of its fields in ``together``: log2 of chance agreement
    as if independent over chance agreement as counted. What is counted weighs against 20 pairs of
    what independence expects.
    """
    group = model.groups[1]
    one, other = neighbours(entity, seed=seed)
    both = blurred(coding, seed=seed)
    # a value that could not be read is as good as none between two rows of the reference
    levels = {
        field.name: compare_field(field, both, one, other)
        for field in model.group_fields(group.name)
    }
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


def blurred(coding: Coding, *, seed: int) -> Coding:
    """The right table on both sides, the dates on its left as imprecise as the left table's are.

    Each date there becomes an interval as long as that of a row drawn from the left table, with the
    date somewhere within it.
    """
    both = coding.within_right()
    days = dict(both.days)
    draw = np.random.default_rng(seed)
    for name in sorted(days):
        field = name.removesuffix("_first")
        if field == name or f"{field}_last" not in days:
            continue
        first, last = coding.days[name], coding.days[f"{field}_last"]
        held = np.flatnonzero((first.left != NO_DAY) & (last.left != NO_DAY))
        if not len(held):
            continue
        taken = draw.choice(held, coding.rows[1])
        # never more precise than the right table is itself
        longer = np.maximum(
            (last.left[taken] - first.left[taken]) - (last.right - first.right), 0
        ).astype(np.int64)
        earlier = (draw.random(coding.rows[1]) * (longer + 1)).astype(np.int64)
        known = (first.right != NO_DAY) & (last.right != NO_DAY)
        begin = np.where(known, first.right - earlier, NO_DAY).astype(np.int32)
        end = np.where(known, last.right + (longer - earlier), NO_DAY).astype(np.int32)
        days[name] = Days(begin, first.right)
        days[f"{field}_last"] = Days(end, last.right)
    return replace(both, days=days)


def joint_state(levels: list[npt.NDArray[np.int8]], pairs: int) -> Indices:
    """One number a pair for how several fields compare: 0 equal, 1 not, 2 absent, in base 3."""
    state = np.zeros(pairs, dtype=np.int64)
    for level in levels:
        state = state * 3 + np.where(level < 0, 2, np.where(level == 0, 0, 1))
    return state
