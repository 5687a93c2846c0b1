"""Why a record has its outcome, in words for the data team."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from migrate.diplomas.duplicates import Settled
from migrate.diplomas.outcomes import Decisions, Thresholds
from migrate.linkage.link import Linkage


def reason_of(
    place: int,
    decisions: Decisions,
    settled: Settled,
    linkage: Linkage,
    thresholds: Thresholds,
    legacy_ids: Sequence[str],
    rows: Sequence[int],
    agreement: str,
) -> str:
    """The reason for the outcome of decision ``place``, in one line of English.

    ``legacy_ids`` and ``rows`` are those of the linked table, to name another record by;
    ``agreement`` is what :func:`agreements` says of the decision.
    """
    outcome, against = settled.outcome[place], settled.contradicts[place]
    other = settled.stands[place]
    named = ""
    if other >= 0:
        record = int(decisions.record[other])
        named = f"legacy record {legacy_ids[record]} (row {rows[record]})"
    probability = decisions.probability[place]
    left_out = int(linkage.crowd[decisions.record[place]])
    crowd = f"; {left_out} degrees share what it tells, too many to compare" if left_out else ""
    match outcome:
        case "linked" | "already_coded":
            said = f"one degree, no field contradicts; {agreement}"
            if decisions.people[place] > 1 or decisions.degrees[place] > 1:
                said += "; the others as near are surely other records'"
            return f"{said}; the degree has a code" if outcome == "already_coded" else said
        case "duplicate":
            return f"{named} stands for the same degree, and the two agree"
        case "mismatch":
            claims = "claims" if other < 0 or settled.outcome[other] != "ambiguous" else "may be of"
            said = _doubt(against, named, claims, probability, decisions, place, thresholds)
            return f"{said}; the degree has a code" if settled.coded[place] else said
        case "ambiguous" if decisions.people[place] > 1:
            return f"{decisions.people[place]} persons are too close to tell apart{crowd}"
        case "ambiguous":
            return f"{decisions.degrees[place]} degrees of one person are too close to tell apart"
        case "degree_missing":
            return "the person is in the registry, none of their degrees is this one"
        case _:
            return (
                "nobody in the registry fits well; the nearest has probability "
                f"{probability:.5f}{crowd}"
            )


def _doubt(
    against: Sequence[str],
    named: str,
    claims: str,
    probability: float,
    decisions: Decisions,
    place: int,
    thresholds: Thresholds,
) -> str:
    if named and not against:
        return f"{named} claims the same degree, and not all records that do agree with each other"
    if named:
        return f"{named} {claims} the same degree, and they disagree in {_listed(against)}"
    if against:
        return f"one degree, but {_listed(against)} contradicts it"
    if probability < thresholds.accept:
        return (
            "one degree and no field contradicts it, but the evidence is thin: probability "
            f"{probability:.5f}, {thresholds.accept} is asked for"
        )
    return (
        "one degree and no field contradicts it, but who the person is rests on the degree: "
        f"probability {decisions.alone[place]:.5f} without it, {thresholds.person} is asked for"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def agreements(decisions: Decisions, linkage: Linkage) -> list[str]:
    """For each decision, how many fields agree outright, and which agree only nearly."""
    pattern = np.zeros(len(decisions.pair), dtype=np.int64)
    # four bits a field hold its level and both kinds of absence
    for levels in linkage.compared.levels:
        pattern = pattern << 4 | (levels[decisions.pair] + 2)
    # few patterns of levels for many records: each is put in words once
    _, first, place = np.unique(pattern, return_index=True, return_inverse=True)
    shown = linkage.compared.levels[:, decisions.pair[first]].T.tolist()
    texts = [_agreement(levels, linkage) for levels in shown]
    return [texts[number] for number in place.tolist()]


def _agreement(pattern: list[int], linkage: Linkage) -> str:
    nearly = [
        f"{field.name} ({field.levels[level].name})"
        for field, level in zip(linkage.model.fields, pattern, strict=True)
        if level > 0
    ]
    said = f"{pattern.count(0)} fields agree"
    return said + (f", nearly {', '.join(nearly)}" if nearly else "")
