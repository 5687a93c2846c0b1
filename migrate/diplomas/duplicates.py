"""After each record is decided by itself: degrees that have a code, and degrees claimed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.claims import Claims, claims_of
from migrate.diplomas.contest import contest
from migrate.diplomas.outcomes import Decisions, Thresholds
from migrate.linkage.calibration import Calibration
from migrate.linkage.link import Linkage


@dataclass(frozen=True)
class Settled:
    """Outcomes and contradictions after settling, one a decision.

    ``decisions`` are those given; where other records leave an `ambiguous` one a single degree, with
    that. ``stands`` is, for a `duplicate`, the place of the decision that stands for its degree; for
    a record that disputes a degree with another, that other's place; else -1. ``coded`` says whether
    the decision's degree has a code.
    """

    decisions: Decisions
    outcome: list[str]
    contradicts: list[tuple[str, ...]]
    stands: list[int]
    coded: list[bool]


def settle(
    decisions: Decisions,
    linkage: Linkage,
    left: pa.Table,
    right: pa.Table,
    thresholds: Thresholds | None = None,
    calibration: Calibration | None = None,
) -> Settled:
    """Give coded degrees `already_coded`; of records on one degree let one stand.

    Of records that agree with each other the likeliest stands, the earliest among equals, and the
    others are its `duplicate`. Where two do not agree, one is wrong about the degree. Then the
    likeliest stands only if it is as sure as ``accept`` asks even so; whoever does not stand becomes
    `mismatch`. An `ambiguous` record whose other degrees are surely other records' becomes `linked`
    to the one that is left, if that is as sure. The order of rows changes nothing.
    """
    thresholds = thresholds or Thresholds()
    claims = claims_of(decisions, linkage, left, thresholds.person)
    found = contest(decisions, linkage, left, right, thresholds, claims, calibration)
    decisions = found.decisions
    outcome, contradicts = list(decisions.outcome), list(decisions.contradicts)
    stands = [-1] * len(outcome)
    for place in found.left:
        outcome[place] = "linked"
    for place, (threat, fields) in found.fallen.items():
        outcome[place], stands[place], contradicts[place] = "mismatch", threat, fields
    for entry in claims:
        _share_out(entry, outcome, contradicts, stands)
    has_code = pc.or_(
        pc.fill_null(pc.not_equal(right.column("validity_code"), ""), False),
        right.column("coded_in_store"),
    ).to_numpy(zero_copy_only=False)
    claimed: Any = linkage.right[decisions.pair]
    coded: Any = has_code[claimed]
    for place in np.flatnonzero(coded).tolist():
        if outcome[place] in ("linked", "duplicate"):
            outcome[place], stands[place] = "already_coded", -1
    return Settled(decisions, outcome, contradicts, stands, coded.tolist())


def _share_out(
    claims: Claims,
    outcome: list[str],
    contradicts: list[tuple[str, ...]],
    stands: list[int],
) -> None:
    """Give each record that claims one degree its outcome, by whether the likeliest stands."""
    with_first, others = claims.groups[0], [p for group in claims.groups[1:] for p in group]
    first, *rest = with_first
    holds = outcome[first] == "linked"
    for place in rest:
        if outcome[place] != "linked":
            continue
        if holds:
            outcome[place], stands[place] = "duplicate", first
        else:
            named, fields = claims.opponent(place, others)
            outcome[place], contradicts[place] = "mismatch", fields
            stands[place] = named if named >= 0 else first
    if not holds and not contradicts[first]:
        named, fields = claims.opponent(first, others)
        contradicts[first] = fields
        stands[first] = named if named >= 0 else stands[first]
    for place in others:
        if stands[place] >= 0 or outcome[place] == "linked":
            named, fields = claims.opponent(place, with_first)
            outcome[place], stands[place], contradicts[place] = "mismatch", named, fields
