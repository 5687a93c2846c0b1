"""Records that cannot all have the degree they fit: who stands, by the best assignment of all.

A record is of one degree, and of records that contradict each other one is of it. So what a record
may be is weighed together with what those may be that want the same, in each connected component.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from migrate.linkage.assignment import assign

Indices = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
# no record is taken to be surer than this many bits: beyond, probabilities are rounding
SUREST = 40
Apart = Callable[[Indices, Indices, Indices, Indices], Floats]


@dataclass(frozen=True)
class Possibilities:
    """What each record in dispute may be, one entry a record and degree, in any order.

    ``record`` and ``item`` are numbers from 0; ``probability`` is by the record alone, and what a
    record's do not sum to is that it is none of them. ``shared``: the record agrees with another that
    claims the degree, so the two do not exclude each other. ``sound``: nothing else keeps the record
    from standing for the degree.
    """

    record: Indices
    item: Indices
    probability: Floats
    shared: Flags
    sound: Flags


@dataclass(frozen=True)
class Resolved:
    """Who stands for what.

    One a record, ascending: ``record``; ``chosen``, its possibility in the best assignment, -1 for
    none; ``probability`` of that, given all others (0 for none); ``stands``, whether that reaches
    what was asked for, on nothing but records that stand too. One a possibility: ``loss``, the bits
    that the best assignment loses by it, infinite for those that were no part of it.
    """

    record: Indices
    chosen: Indices
    probability: Floats
    stands: Flags
    loss: Floats


def resolve(may: Possibilities, apart: Apart, accept: float) -> Resolved:
    """Assign degrees to records one to one, and say which records that leaves sure enough.

    ``apart(one, other, on, instead)`` gives the bits that keep record ``one`` off possibility ``on``
    because record ``other`` is of that degree, against its possibility ``instead``. That two records
    have one degree is seldom out of the question, so a record that others leave one choice is only as
    sure of it as they are sure and apart from it. ``accept`` is the least probability to stand.

    The odds against a record's choice are summed over: none of its degrees; each record that would
    take the degree from it, at the loss of that assignment; each other degree of its own, whose
    holder may be wrong or share it. Sums of the likeliest ways, not of all: components are small.
    """
    records, of = np.unique(may.record, return_inverse=True)
    count = len(records)
    none = np.maximum(1 - np.bincount(of, may.probability, count), 2.0**-SUREST)
    sure = np.log2(np.maximum(may.probability, 2.0**-1000))
    free = np.flatnonzero(~may.shared)
    found = assign(
        of[free],
        may.item[free],
        sure[free],
        unassigned=np.log2(none),
        clear=float(-np.log2(max(1 - accept, 2.0**-SUREST))),
    )
    chosen = np.full(count, -1, dtype=np.int64)
    taken = found.pair >= 0
    chosen[found.record[taken]] = free[found.pair[taken]]
    loss = np.full(len(of), np.inf)
    loss[free] = found.loss

    has = np.flatnonzero(chosen >= 0)
    items, item = np.unique(may.item, return_inverse=True)
    holder = np.full(len(items), -1, dtype=np.int64)
    holder[item[chosen[has]]] = has
    own = np.full(count, 1.0)
    own[has] = may.probability[chosen[has]]
    against = np.full(count, np.inf)
    against[has] = none[has] / own[has]
    wants = np.flatnonzero((holder[item] >= 0) & (holder[item] != of))
    np.add.at(against, holder[item[wants]], np.exp2(-loss[wants]))

    others = np.flatnonzero((chosen[of] >= 0) & (chosen[of] != np.arange(len(of))))
    ratio = may.probability[others] / own[of[others]]
    held_by = holder[item[others]]
    kept = held_by >= 0
    together = np.ones(len(others))
    one, other = records[of[others[kept]]], records[held_by[kept]]
    bits = apart(one, other, others[kept], chosen[of[others[kept]]])
    together[kept] = np.exp2(-np.maximum(bits, 0))

    sound = np.zeros(count, dtype=bool)
    sound[has] = may.sound[chosen[has]]
    stands = np.zeros(count, dtype=bool)
    while True:
        # who does not stand keeps nobody off; a chain is followed from those who stand by themselves
        wrong = np.where(kept & stands[held_by], against[held_by], np.inf)
        total = against + np.bincount(of[others], ratio * np.minimum(together + wrong, 1), count)
        # what is exactly as sure as asked for is not lost to rounding
        more = sound & (total * accept <= (1 - accept) * (1 + 1e-9)) & ~stands
        if not more.any():
            break
        against = np.where(more, total, against)
        stands |= more
    return Resolved(records, chosen, 1 / (1 + np.where(stands, against, total)), stands, loss)
