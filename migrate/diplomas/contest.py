"""Which claims stand, and which ambiguous records others leave one degree: over a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from migrate.diplomas.agreement import apart, compare_records
from migrate.diplomas.claims import Claims
from migrate.diplomas.disputes import Possibilities, Resolved, resolve
from migrate.diplomas.outcomes import Decisions, Thresholds, contradictions
from migrate.linkage.calibration import Calibration, calibrated
from migrate.linkage.link import Linkage

Indices = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contested:
    """What came of the degrees that several records may be of.

    ``fallen`` is, by the place of a `linked` decision that does not stand, the place of the record
    that weighs most against it, and the fields in which the two disagree (empty where the two are
    claims: :class:`Claims` knows). ``left`` lists the places of `ambiguous` decisions that others
    leave one degree; ``decisions`` has that degree, and how sure it is.
    """

    decisions: Decisions
    fallen: dict[int, tuple[int, tuple[str, ...]]]
    left: list[int]


def contest(
    decisions: Decisions,
    linkage: Linkage,
    left: pa.Table,
    right: pa.Table,
    thresholds: Thresholds,
    claims: Sequence[Claims],
    calibration: Calibration | None = None,
) -> Contested:
    """Weigh claims that disagree, and `ambiguous` records a rival degree of which is claimed.

    Of records that agree with each other on a degree the likeliest speaks for all. ``calibration`` is
    that of the decisions. Where it takes a probability of ``accept`` for less, no `ambiguous` record is
    left a degree.
    """
    outcome = np.array(decisions.outcome)
    claimed: Any = linkage.right[decisions.pair]
    leads = outcome == "linked"
    for entry in claims:
        for first, *rest in entry.groups:
            leads[first] = True
            leads[rest] = False
    leaders = np.flatnonzero(leads)
    disputed = [place for entry in claims if len(entry.groups) > 1 for place, *_ in entry.groups]
    owner = np.full(right.num_rows, -1)
    # of a disputed degree the likeliest leader is its owner
    owner[claimed[leaders]] = leaders
    for entry in claims:
        owner[claimed[entry.groups[0][0]]] = entry.groups[0][0]
    vague_pair, vague = _vague(decisions, linkage, outcome, owner)
    wanted = np.isin(claimed[leaders], linkage.right[vague_pair]) | np.isin(leaders, disputed)
    leaders = leaders[wanted]
    if not len(leaders):
        return Contested(decisions, {}, [])

    pair = np.r_[decisions.pair[leaders], vague_pair]
    record = np.r_[leaders, vague]
    of_owner = owner[linkage.right[pair]]
    met = np.flatnonzero((of_owner >= 0) & (np.arange(len(pair)) >= len(leaders)))
    against = compare_records(
        linkage, left, decisions.record[record[met]], decisions.record[of_owner[met]]
    )
    shared = np.zeros(len(pair), dtype=bool)
    shared[met] = ~against.against.any(axis=0)
    at_least = calibrated(np.array([thresholds.accept]), calibration)[0]
    sound = np.r_[
        outcome[leaders] == "linked",
        np.array([not names for names in contradictions(linkage, vague_pair)], dtype=bool)
        & (linkage.shares.entity_alone[vague_pair] >= thresholds.person)
        & (at_least >= thresholds.accept),
    ]
    again = _again(outcome, claimed, right.num_rows)

    def keeps(one: Indices, other: Indices, on: Indices, instead: Indices) -> Floats:
        found = compare_records(linkage, left, decisions.record[one], decisions.record[other])
        bits = apart(linkage, found, pair[on], pair[instead]) - again
        return np.where(found.against.any(axis=0), bits, 0.0)

    shares = linkage.shares
    # calibrated rivals need not sum to 1: a record's own competition is the model's
    rivals = shares.entity_share[vague_pair] * shares.item_share[vague_pair]
    probability = np.r_[decisions.probability[leaders], rivals]
    item = _numbered(linkage.right[pair], right)
    may = Possibilities(record, item, probability, shared, sound)
    found = resolve(may, keeps, thresholds.accept)
    fields = dict(zip(met.tolist(), against.fields, strict=True))
    return Contested(
        _with_left(decisions, linkage, found, pair, outcome, calibration),
        _fallen(may, found, fields, outcome),
        found.record[found.stands & (outcome[found.record] == "ambiguous")].tolist(),
    )


def _vague(
    decisions: Decisions, linkage: Linkage, outcome: npt.NDArray[Any], owner: Indices
) -> tuple[Indices, Indices]:
    """The rival pairs of `ambiguous` records, and their places, in components with an owner."""
    starts = np.flatnonzero(np.r_[True, linkage.left[1:] != linkage.left[:-1]])
    rivals = np.flatnonzero(decisions.rival)
    place = np.searchsorted(starts, rivals, side="right") - 1
    vague = outcome[place] == "ambiguous"
    rivals, place = rivals[vague], place[vague]
    records, row = np.unique(place, return_inverse=True)
    items, column = np.unique(linkage.right[rivals], return_inverse=True)
    size = len(records) + len(items)
    graph = coo_array((np.ones(len(row), dtype=np.int8), (row, len(records) + column)), (size,) * 2)
    component = connected_components(graph, directed=False)[1]
    held = component[len(records) :][owner[items] >= 0]
    kept = np.isin(component[row], held)
    return rivals[kept], place[kept]


def _again(outcome: npt.NDArray[Any], claimed: Indices, degrees: int) -> float:
    """Bits by which a second record of a degree is likelier than a first one of another, 0 at least.

    Where few of the registry's degrees have a record, one that has is likely to have its second.
    """
    of = claimed[outcome == "linked"]
    held = int((np.bincount(of) > 0).sum())
    second = (len(of) - held + 1) / (held + 1)
    return max(0.0, float(np.log2(second * degrees / max(held, 1))))


def _numbered(rows: Indices, right: pa.Table) -> Indices:
    """Degrees numbered in the order of their names, whatever that of the registry is."""
    degrees, place = np.unique(rows, return_inverse=True)
    names = right.column("degree_id").take(pa.array(degrees)).to_pylist()
    rank = np.empty(len(degrees), dtype=np.int64)
    rank[sorted(range(len(degrees)), key=lambda number: str(names[number]))] = np.arange(
        len(degrees)
    )
    return rank[place]


def _fallen(
    may: Possibilities,
    found: Resolved,
    fields: dict[int, tuple[str, ...]],
    outcome: npt.NDArray[Any],
) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Each claim that does not stand, with whoever would take the degree at the least loss."""
    down = ~found.stands & (outcome[found.record] == "linked")
    if not down.any():
        return {}
    own = dict(zip(may.record.tolist(), may.item.tolist(), strict=True))
    wanting: dict[int, list[int]] = {}
    excluding = np.flatnonzero(~may.shared)
    for entry in excluding[np.lexsort((may.record[excluding], found.loss[excluding]))].tolist():
        wanting.setdefault(int(may.item[entry]), []).append(entry)
    fallen = {}
    for place in found.record[down].tolist():
        others = (entry for entry in wanting[own[place]] if may.record[entry] != place)
        if (threat := next(others, -1)) >= 0:
            fallen[place] = int(may.record[threat]), fields.get(threat, ())
    return fallen


def _with_left(
    decisions: Decisions,
    linkage: Linkage,
    found: Resolved,
    pair: Indices,
    outcome: npt.NDArray[Any],
    calibration: Calibration | None,
) -> Decisions:
    """Decisions in which `ambiguous` records that stand have the degree that is left for them."""
    places = np.flatnonzero(found.stands & (outcome[found.record] == "ambiguous"))
    if not len(places):
        return decisions
    record, chosen = found.record[places], pair[found.chosen[places]]
    best, probability = decisions.pair.copy(), decisions.probability.copy()
    alone, margin = decisions.alone.copy(), decisions.margin.copy()
    best[record] = chosen
    probability[record] = calibrated(found.probability[places], calibration)
    alone[record] = linkage.shares.entity_alone[chosen]
    with np.errstate(divide="ignore"):
        margin[record] = np.log2(probability[record]) - np.log2(1 - probability[record])
    contradicts = list(decisions.contradicts)
    for place in record.tolist():
        contradicts[place] = ()
    rival = decisions.rival.copy()
    rival[np.isin(linkage.left, decisions.record[record])] = False
    rival[chosen] = True
    return replace(
        decisions,
        pair=best,
        probability=probability,
        alone=alone,
        margin=np.minimum(margin, 999.0),
        contradicts=contradicts,
        rival=rival,
    )
