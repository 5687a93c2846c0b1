"""A case, a decision and a list as their pages show them: plain values for the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.review import words as review_words
from migrate.review.answers import MEANINGS
from migrate.review.cases import Case
from migrate.review.comparison import (
    IDENTIFIERS,
    clean,
    explanation,
    lines,
    printable,
    shown,
    side_label,
    verdict,
)
from migrate.review.deadlines import lateness
from migrate.review.decisions import Standing
from migrate.serve.review.drawn import age, university_name, verdict_label, words
from migrate.store.desk_cases import DeskCase
from migrate.store.queue import UNDECIDED

# the keys of answers, whatever an outcome calls them
_CONFIRMS = ("confirm", "register_degree", "register_person")
_CORRECTS = ("correct", "correct_degree", "correct_person")
_REFUSES = ("refuse", "none", "refuse_degree", "refuse_person")


@dataclass(frozen=True)
class Choice:
    """An answer to choose: the form's value, its key, what it says and means, whether it corrects."""

    value: str
    key: str
    label: str
    what: str
    corrects: bool


@dataclass(frozen=True)
class Right:
    """A field whose right value may be given, with what stands on either side."""

    field: str
    label: str
    document: str
    registry: str
    ltr: bool


def case_values(held: DeskCase) -> dict[str, Any]:
    """What a page shows of a case, whoever looks at it."""
    case = held.case
    compared = lines(case)
    alone = len(case.candidates) == 1
    return {
        "case_id": case.case_id,
        "version": case.version,
        "name": _name(case),
        "outcome": case.outcome,
        "outcome_label": review_words.outcome_label(case.outcome),
        "explain": review_words.outcome_text(case.outcome, "explain"),
        "ask": review_words.outcome_text(case.outcome, "ask"),
        "said": explanation(case)[1:],
        "batch": case.batch,
        "legacy_id": printable(case.legacy_id),
        "page_ref": clean(case.page_ref or ""),
        "rivals": [printable(one) for one in case.contested_by],
        "university": university_name(held.university, case.university),
        "opened_on": held.opened_on,
        "due_on": held.due_on,
        "age": age(held.opened_on, held.today),
        "lateness": lateness(held.due_on, held.today) if held.state in UNDECIDED else "in_time",
        "state": held.state,
        "alone": alone,
        "sides": [
            (side_label(case, nth), printable(one.degree_id))
            for nth, one in enumerate(case.candidates, start=1)
        ],
        "rows": [
            {
                "label": line.label,
                "document": line.document,
                "contradicts": line.document.contradicts,
                "sides": [
                    (side if line.comparable else None, verdict(side)) for side in line.sides
                ],
            }
            for line in compared
        ],
        "scans": [scan.sha256 for scan in held.scans],
    }


def answer_values(case: Case) -> dict[str, Any]:
    """What a form of answers offers for a case."""
    outcome = case.outcome
    said = review_words.decisions(outcome, len(case.candidates))
    held = review_words.section("decisions")
    # the words of a workbook speak of its rows
    own = words()["answers"]
    return {
        "choices": [
            Choice(
                f"{one.id}:{one.candidate}" if one.candidate else one.id,
                _key(one.id, one.candidate),
                one.label,
                str(own.get(one.id) or held[one.id]["what"]),
                MEANINGS[one.id].corrects,
            )
            for one in said
        ],
        "reasons": review_words.reasons(outcome),
        "rights": _rights(case) if any(MEANINGS[one.id].corrects for one in said) else [],
    }


def scores(case: Case) -> list[dict[str, str]]:
    """What the linker thought of each candidate: shown to whoever asks, and that is written down."""
    said = words()["case"]
    return [
        {
            "side": side_label(case, nth),
            "probability": clean(f"{one.probability:.1%}").replace("%", "٪"),
            "person": clean(f"{one.person_weight:+.1f}"),
            "degree": clean(f"{one.degree_weight:+.1f}"),
        }
        if one.levels or one.probability
        else {
            "side": side_label(case, nth),
            "probability": said["unscored"],
            "person": "",
            "degree": "",
        }
        for nth, one in enumerate(case.candidates, start=1)
    ]


def decision_values(made: Standing, case: Case, people: Mapping[str, str]) -> dict[str, Any]:
    """A decision as people read it, with what a second person said of it."""
    one = made.decision
    body = json.loads(one.body)
    degrees = {held.degree_id: nth for nth, held in enumerate(case.candidates, start=1)}
    label = _answer_label(body.get("answer"), one.degree_id, degrees) or verdict_label(one)
    corrections = body.get("corrections") or {}
    return {
        "seq": one.seq,
        "case_version": one.case_version,
        "label": label,
        "verdict": one.verdict,
        "degree_id": one.degree_id,
        "who": people.get(one.actor, one.actor),
        "at": one.at,
        "reason": printable(one.reason) if one.reason != "taken back" else words()["taken_back"],
        "supersedes": one.supersedes,
        "needs_second": one.needs_second,
        "state": made.state,
        "digest": one.case_digest,
        "model": body.get("model", ""),
        "score_shown": body.get("score_shown"),
        "via": body.get("via", ""),
        "corrections": [
            (side, review_words.field_label(name), shown(name, value), name in IDENTIFIERS)
            for side in ("record", "registry")
            for name, value in (corrections.get(side) or {}).items()
        ],
        "approval": made.approval
        and {
            "verdict": made.approval.verdict,
            "who": people.get(made.approval.actor, made.approval.actor),
            "at": made.approval.at,
            "reason": printable(made.approval.reason),
        },
    }


def typed_again(made: Standing, case: Case) -> dict[str, str]:
    """What a form held when a decision was made, to fill it in once more."""
    body = json.loads(made.decision.body)
    degrees = [one.degree_id for one in case.candidates]
    answer = str(body.get("answer", ""))
    if answer in MEANINGS and MEANINGS[answer].of_candidate and made.decision.degree_id in degrees:
        answer += f":{degrees.index(made.decision.degree_id) + 1}"
    held = {"answer": answer}
    held |= {name: str(body.get(name, "")) for name in ("reason", "comment")}
    corrections = body.get("corrections") or {}
    for side in ("record", "registry"):
        for name, value in (corrections.get(side) or {}).items():
            held[f"right_{name}"] = shown(name, str(value))
    return held


def people_of(made: Sequence[Standing]) -> list[str]:
    """The users whose names stand on decisions."""
    found = [one.decision.actor for one in made]
    return found + [one.approval.actor for one in made if one.approval]


def _answer_label(answer: object, degree_id: str | None, degrees: Mapping[str, int]) -> str:
    labels = review_words.section("decisions")
    if not isinstance(answer, str) or answer not in labels:
        return ""
    nth = degrees.get(degree_id or "")
    return clean(str(labels[answer]["label"]).format(n=nth or ""))


def _key(name: str, candidate: int | None) -> str:
    if candidate is not None:
        return str(candidate) if candidate <= 9 else ""
    kinds = (("c", _CONFIRMS), ("e", _CORRECTS), ("r", _REFUSES))
    return next((key for key, names in kinds if name in names), "")


def _rights(case: Case) -> list[Right]:
    found = []
    other = case.candidates[0].values if case.outcome == "mismatch" and case.candidates else {}
    for name in review_words.section("fields"):
        if name == "page_ref":
            continue
        document = shown(name, case.legacy_read.get(name) or case.legacy.get(name, ""))
        registry = shown(name, other.get(name, ""))
        found.append(
            Right(name, review_words.field_label(name), document, registry, name in IDENTIFIERS)
        )
    # what contradicts is what is likely to be put right
    return sorted(found, key=lambda one: one.field not in case.contradicts)


def _name(case: Case) -> str:
    return clean(
        " ".join(
            case.legacy_read.get(part) or case.legacy.get(part, "")
            for part in ("first_name", "last_name")
        )
    )
