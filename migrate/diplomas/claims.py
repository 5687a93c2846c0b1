"""The records that claim one degree, and which of them agree with each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from migrate.diplomas.agreement import compare_records
from migrate.diplomas.outcomes import Decisions
from migrate.linkage.link import Linkage

# up to so many records of one degree are each compared with each; more, with the likeliest only
EACH = 64


@dataclass(frozen=True)
class Claims:
    """Decisions that claim one degree, in ``groups`` whose members all agree with each other.

    The likeliest comes first, in its group and among groups. ``fields`` names those in which two of
    them disagree, the likelier first.
    """

    groups: list[list[int]]
    fields: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)

    def opponent(self, place: int, among: Iterable[int]) -> tuple[int, tuple[str, ...]]:
        """The first ``among`` others that disagrees, and in what; -1 where none does."""
        for other in among:
            said = self.fields.get((place, other)) or self.fields.get((other, place))
            if said:
                return other, said
        return -1, ()


def claims_of(
    decisions: Decisions, linkage: Linkage, left: pa.Table, person: float
) -> list[Claims]:
    """The degrees that two records or more claim, one of them `linked`.

    A `mismatch` that no field contradicts, and whose person is at least as probable alone as
    ``person`` asks, claims its degree too, though on thin evidence: it comes after those that are
    `linked`, and can never stand.
    """
    outcome = np.array(decisions.outcome)
    thin = (outcome == "mismatch") & (decisions.alone >= person)
    thin[thin] = [not decisions.contradicts[place] for place in np.flatnonzero(thin).tolist()]
    linked = outcome == "linked"
    claiming = np.flatnonzero(linked | thin)
    claimed: Any = linkage.right[decisions.pair]
    size = int(claimed.max(initial=-1)) + 1
    often = np.bincount(claimed[claiming], minlength=size) > 1
    often &= np.bincount(claimed[linked], minlength=size) > 0
    claiming = claiming[often[claimed[claiming]]]
    order = np.lexsort((claiming, -decisions.probability[claiming], ~linked[claiming]))
    of_degree: dict[int, list[int]] = {}
    for place in claiming[order].tolist():
        of_degree.setdefault(int(claimed[place]), []).append(place)
    pairs = [pair for places in of_degree.values() for pair in _compared(places)]
    one, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    found = compare_records(linkage, left, decisions.record[one], decisions.record[other])
    disagree = {pair: said for pair, said in zip(pairs, found.fields, strict=True) if said}
    disputed = {place for pair in disagree for place in pair}
    return [
        _grouped(places, disagree) if disputed.intersection(places) else Claims([places])
        for places in of_degree.values()
    ]


def _compared(places: list[int]) -> Iterable[tuple[int, int]]:
    if len(places) > EACH:
        return [(places[0], place) for place in places[1:]]
    return combinations(places, 2)


def _grouped(places: list[int], disagree: dict[tuple[int, int], tuple[str, ...]]) -> Claims:
    """Each record goes to the first group with which it agrees, member by member."""
    groups: list[list[int]] = []
    for place in places:
        for group in groups:
            if not any((member, place) in disagree for member in group):
                group.append(place)
                break
        else:
            groups.append([place])
    return Claims(groups, {pair: disagree[pair] for pair in _compared(places) if pair in disagree})
