"""What people's decisions teach the linker: labels of pairs, and aliases that they speak for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.intake.known import AliasKind, known
from migrate.linkage.labels import MATCH, NO_MATCH, UNSURE, Label
from migrate.persian import letters
from migrate.review.decisions import (
    CHOOSE,
    CONFIRM,
    CORRECT,
    NEW_DEGREE,
    NEW_GRADUATE,
    REFUSE,
    Standing,
)
from migrate.review.proposals import corrections

KINDS: tuple[AliasKind, ...] = ("university", "field_of_study", "degree")
# refusals of the document, or for want of it: they say nothing of the pair
_OF_THE_DOCUMENT = ("not_found", "not_issued", "other_university")


@dataclass(frozen=True)
class AliasEvidence:
    """What decisions say that a text stands for, where its list does not know it or reads it otherwise.

    ``text`` is as most records have it. ``targets`` counts decisions by id of the list, most first.
    ``read_as`` is the id that the list has for the text, None where it knows it not. ``cases`` and
    ``universities`` are those of the decisions.
    """

    kind: AliasKind
    key: str
    text: str
    targets: Mapping[str, int]
    read_as: str | None
    cases: tuple[str, ...]
    universities: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether all decisions say the same, and nothing of the list speaks against it."""
        return len(self.targets) == 1 and self.read_as is None


def labels_of(decided: Iterable[tuple[Mapping[str, Any], Standing]]) -> list[Label]:
    """Labels of the pairs that people decided on: of decisions that count, no others.

    A confirmed, corrected or chosen degree is a match, and the others that were shown beside it are
    none. Where all were refused, or the degree or graduate is a new one, all that were shown are none.
    A refusal because the document was not found, not issued or another university's says nothing of
    the pair.

    :param decided: the body of each case, and its standing decision.
    """
    found = []
    for case, standing in decided:
        decision = standing.decision
        if standing.state != "decided":
            continue
        for one in case["candidates"]:
            label = _label(standing, one["degree_id"])
            if label != UNSURE:
                found.append(
                    Label(
                        case["legacy_id"],
                        one["degree_id"],
                        label,
                        who=decision.actor,
                        when=decision.at,
                        note=f"decision {decision.seq} on {decision.case_id}: {decision.verdict}",
                    )
                )
    return found


def alias_evidence(
    decided: Iterable[tuple[Mapping[str, Any], Standing]], *, least: int = 2
) -> list[AliasEvidence]:
    """Texts that a list does not know, or reads otherwise, and what decisions say that they stand for.

    A record's university, field or degree is held against that of the degree which it was decided to
    be of, as corrected. Nothing is taken over: a person adds an alias.

    :param least: decisions that must speak of a text.
    """
    seen: dict[tuple[AliasKind, str], list[tuple[str, str, str, str]]] = {}
    for case, standing in decided:
        degree = _degree_of(case, standing)
        for kind in KINDS if degree else ():
            text, value = case["legacy"].get(kind, ""), degree.get(kind, "")
            target = known(kind).lookup(value) if value else None
            if not letters.key(text) or target is None or known(kind).lookup(text) == target:
                continue
            place = (kind, letters.key(text))
            line = (text.strip(), target, case["case_id"], case["university"])
            seen.setdefault(place, []).append(line)
    found = [
        AliasEvidence(
            kind=kind,
            key=key,
            text=_most([line[0] for line in lines]),
            targets=_counted([line[1] for line in lines]),
            read_as=known(kind).lookup(lines[0][0]),
            cases=tuple(line[2] for line in lines),
            universities=tuple(_counted([line[3] for line in lines])),
        )
        for (kind, key), lines in seen.items()
        if len(lines) >= least
    ]
    return sorted(found, key=lambda one: (not one.agrees, -len(one.cases), one.kind, one.key))


def _label(standing: Standing, degree_id: str) -> str:
    decision = standing.decision
    if decision.verdict in (CONFIRM, CORRECT, CHOOSE):
        return MATCH if decision.degree_id == degree_id else NO_MATCH
    if decision.verdict in (NEW_DEGREE, NEW_GRADUATE):
        return NO_MATCH
    said = json.loads(decision.body).get("reason")
    return NO_MATCH if decision.verdict == REFUSE and said not in _OF_THE_DOCUMENT else UNSURE


def _degree_of(case: Mapping[str, Any], standing: Standing) -> dict[str, str]:
    """The values of the degree that a record was decided to be of; nothing where it is of none."""
    decision = standing.decision
    if standing.state != "decided" or decision.verdict not in (CONFIRM, CORRECT, CHOOSE):
        return {}
    record, registry = corrections(json.loads(decision.body))
    named = [one for one in case["candidates"] if one["degree_id"] == decision.degree_id]
    if not named:
        return {}
    # what was keyed wrong is no name of anything
    return {
        name: value
        for name, value in {**named[0]["values"], **registry}.items()
        if name not in record
    }


def _counted(values: list[str]) -> dict[str, int]:
    counts = {value: values.count(value) for value in sorted(set(values))}
    return dict(sorted(counts.items(), key=lambda one: -one[1]))


def _most(values: list[str]) -> str:
    return next(iter(_counted(values)))
