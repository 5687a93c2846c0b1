"""After each record is decided by itself: degrees that have a code, and degrees claimed twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.outcomes import Decisions
from migrate.linkage.compare import code_field, compare
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
    claims: dict[int, list[int]] = {}
    for place, pair in enumerate(decisions.pair.tolist()):
        if outcome[place] == "linked":
            claims.setdefault(int(linkage.right[pair]), []).append(place)
    for places in claims.values():
        if len(places) == 1:
            continue
        first = min(places, key=lambda place: (-decisions.probability[place], place))
        rest = [place for place in places if place != first]
        against = _disagreements(
            linkage, left, int(decisions.record[first]), decisions.record[rest].tolist()
        )
        if any(against):
            for place, fields in zip(rest, against, strict=True):
                outcome[place], contradicts[place], stands[place] = "mismatch", fields, first
            outcome[first], stands[first] = "mismatch", rest[[bool(f) for f in against].index(True)]
            contradicts[first] = tuple(dict.fromkeys(f for fields in against for f in fields))
            continue
        for place in rest:
            outcome[place], stands[place] = "duplicate", first
    for degree, places in claims.items():
        if coded[degree]:
            for place in places:
                if outcome[place] in ("linked", "duplicate"):
                    outcome[place], stands[place] = "already_coded", -1
    coded_now = [bool(flag) for flag in coded[linkage.right[decisions.pair]]]
    return Settled(outcome, contradicts, stands, coded_now)


def _disagreements(
    linkage: Linkage, left: pa.Table, first: int, rest: list[int]
) -> list[tuple[str, ...]]:
    """The fields in which each of ``rest`` contradicts record ``first``, all rows of ``left``."""
    rows = left.take(pa.array([first, *rest]))
    coded = [code_field(field, rows, rows) for field in linkage.model.fields]
    one = np.zeros(len(rest), dtype=np.int64)
    other = np.arange(1, len(rest) + 1, dtype=np.int64)
    levels = compare(coded, linkage.model, one, other)
    kinds = rows.column("document_type").to_pylist()
    found = []
    for place in range(len(rest)):
        # a certificate and a diploma of one degree are two documents with two numbers
        two_documents = kinds[0] != kinds[place + 1]
        found.append(
            tuple(
                field.name
                for position, field in enumerate(linkage.model.fields)
                if levels[position, place] >= 0
                and field.levels[levels[position, place]].contradicts
                and not (two_documents and field.name == "diploma_no")
            )
        )
    return found
