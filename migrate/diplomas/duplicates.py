"""After each record is decided by itself: degrees that have a code, and degrees claimed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.outcomes import Decisions
from migrate.linkage.compare import compare_rows
from migrate.linkage.link import Linkage


@dataclass(frozen=True)
class Settled:
    """Outcomes and contradictions after settling, one a decision.

    ``stands`` is, for a `duplicate`, the place of the decision that stands for its degree; for a
    record that disputes a degree with another, that other's place; else -1. ``coded`` says whether
    the decision's degree has a code.
    """

    outcome: list[str]
    contradicts: list[tuple[str, ...]]
    stands: list[int]
    coded: list[bool]


def settle(decisions: Decisions, linkage: Linkage, left: pa.Table, right: pa.Table) -> Settled:
    """Give coded degrees `already_coded`; of records on one degree let one stand.

    The likeliest record stands, the earliest among equals; another is a `duplicate` only when the
    two agree with each other. Where they do not, one of them is wrong about the degree and nobody
    here can say which: all of them become `mismatch`.
    """
    outcome = list(decisions.outcome)
    contradicts = list(decisions.contradicts)
    stands = [-1] * len(outcome)
    coded = pc.or_(
        pc.fill_null(pc.not_equal(right.column("validity_code"), ""), False),
        right.column("coded_in_store"),
    ).to_numpy(zero_copy_only=False)
    claimed: Any = linkage.right[decisions.pair]
    linked = np.flatnonzero(np.array(outcome) == "linked")
    often = np.bincount(claimed[linked], minlength=right.num_rows) > 1
    claims: dict[int, list[int]] = {}
    for place in linked[often[claimed[linked]]].tolist():
        claims.setdefault(int(claimed[place]), []).append(place)
    contested = []
    for places in claims.values():
        first = min(places, key=lambda place: (-decisions.probability[place], place))
        contested.append((first, [place for place in places if place != first]))
    against = iter(
        _disagreements(
            linkage,
            left,
            [int(decisions.record[first]) for first, rest in contested for _ in rest],
            [int(decisions.record[place]) for _, rest in contested for place in rest],
        )
    )
    for first, rest in contested:
        found = [next(against) for _ in rest]
        for place, fields in zip(rest, found, strict=True):
            stands[place] = first
            if any(found):
                outcome[place], contradicts[place] = "mismatch", fields
            else:
                outcome[place] = "duplicate"
        if any(found):
            outcome[first] = "mismatch"
            stands[first] = rest[[bool(fields) for fields in found].index(True)]
            contradicts[first] = tuple(dict.fromkeys(name for names in found for name in names))
    has_code = coded[claimed]
    for place in linked[has_code[linked]].tolist():
        if outcome[place] in ("linked", "duplicate"):
            outcome[place], stands[place] = "already_coded", -1
    coded_now = has_code.tolist()
    return Settled(outcome, contradicts, stands, coded_now)


def _disagreements(
    linkage: Linkage, left: pa.Table, one: list[int], other: list[int]
) -> list[tuple[str, ...]]:
    """The fields in which record ``one[i]`` contradicts record ``other[i]``, all rows of ``left``."""
    if not one:
        return []
    involved = sorted({*one, *other})
    place_of = {record: place for place, record in enumerate(involved)}
    rows = left.take(pa.array(involved))
    levels = compare_rows(
        rows,
        rows,
        linkage.model,
        np.array([place_of[record] for record in one], dtype=np.int64),
        np.array([place_of[record] for record in other], dtype=np.int64),
    )
    kinds = rows.column("document_type").to_pylist()
    found = []
    for pair, (first, second) in enumerate(zip(one, other, strict=True)):
        # a certificate and a diploma of one degree are two documents with two numbers
        two_documents = kinds[place_of[first]] != kinds[place_of[second]]
        found.append(
            tuple(
                field.name
                for position, field in enumerate(linkage.model.fields)
                if levels[position, pair] >= 0
                and field.levels[levels[position, pair]].contradicts
                and not (two_documents and field.name == "diploma_no")
            )
        )
    return found
