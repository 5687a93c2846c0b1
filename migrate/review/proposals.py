"""What a decision proposes to the registry: a change of a field, a new degree, a new graduate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.persian import letters
from migrate.review.decisions import (
    CORRECT,
    NEW_DEGREE,
    NEW_GRADUATE,
    SUPPORTING_VERDICTS,
    Decision,
    Standing,
)
from migrate.review.registry_values import (
    CORRECTABLE,
    IDENTITY,
    as_written,
    changes,
    checked,
)

CHANGE, DEGREE, GRADUATE = "change", "degree", "graduate"


@dataclass(frozen=True)
class Proposal:
    """One thing that a decision proposes to the registry.

    ``kind`` is ``change`` (``field`` of ``degree_id``, from ``old``, None where it was empty, to
    ``new``), ``degree`` (``row`` by field, without a ``degree_id`` of its own; ``person_id`` is that of
    the person whose it is, None for a new one) or ``graduate`` (``row`` holds who it is). Of a new
    degree ``degree_id`` is the degree of the registry that the person is known by, None for a new one.
    """

    kind: str
    degree_id: str | None
    person_id: str | None
    field: str | None = None
    old: str | None = None
    new: str | None = None
    row: Mapping[str, str] | None = None


def proposals_of(
    case: Mapping[str, Any], decision: Decision, body: Mapping[str, Any] | None
) -> list[Proposal]:
    """What a decision proposes, in order: a graduate, a degree, then changes by field.

    Nothing where it says that the registry is right.

    :param case: the case's body, as it was decided. :param body: what else was said; of it
        ``corrections`` is read: ``{"record": {field: value}, "registry": {field: value}}``.
    :raises InputError: for a correction of a field that there is not, or to a value that cannot be
        right; for a correction of a registry's degree where the answer names none; for a new degree
        whose person is not told.
    """
    record, registry = corrections(body)
    found: list[Proposal] = []
    if decision.verdict == NEW_GRADUATE:
        row = _row(case, record, None)
        who = {name: row[name] for name in IDENTITY if name in row}
        found.append(Proposal(GRADUATE, None, None, row=who))
        found.append(Proposal(DEGREE, None, None, row=row))
    elif decision.verdict == NEW_DEGREE:
        known_by = _person_of(case, decision.degree_id)
        row = _row(case, record, known_by["values"])
        found.append(Proposal(DEGREE, known_by["degree_id"], known_by["person_id"], row=row))
    if registry:
        found += _changes(case, decision, registry)
    return found


def corrections(body: Mapping[str, Any] | None) -> tuple[dict[str, str], dict[str, str]]:
    """The corrections of the record and of the registry that a decision's body holds, blanks left out.

    :raises InputError: for what is no such thing, and for a field that cannot be corrected.
    """
    said = (body or {}).get("corrections") or {}
    found = []
    for side, names in (("record", LEGACY.names[1:]), ("registry", CORRECTABLE)):
        values = said.get(side) or {}
        for name, value in values.items():
            if name not in names or not isinstance(value, str):
                raise InputError(
                    f"the {side}'s field cannot be corrected",
                    column=name,
                    found=value,
                    fix=f"These can: {', '.join(names)}",
                )
        found.append({name: value for name, value in values.items() if not letters.is_blank(value)})
    return found[0], found[1]


def changes_registry(body: Mapping[str, Any] | None) -> bool:
    """Whether a decision corrects the registry, which needs a second person whatever the answer."""
    return bool(corrections(body)[1])


def supported(
    found: Standing, body: Mapping[str, Any] | None, proposed: int, applied: Sequence[str | None]
) -> str | None:
    """The degree that a code may be issued for on a decision, once the registry has what it says.

    :param body: of the decision. :param proposed: how many proposals it made.
    :param applied: of each that the registry has, the degree_id it has it under, a new degree's first.
    """
    decision = found.decision
    if found.state != "decided" or len(applied) < proposed:
        return None
    if not proposed:
        if decision.verdict in SUPPORTING_VERDICTS:
            return decision.degree_id
        # the paper was keyed wrong, the registry is right: there is nothing to wait for
        mended = decision.verdict == CORRECT and corrections(body)[0]
        return decision.degree_id if mended else None
    if decision.verdict in (*SUPPORTING_VERDICTS, CORRECT):
        return decision.degree_id
    return applied[0] if decision.verdict in (NEW_DEGREE, NEW_GRADUATE) else None


def _changes(
    case: Mapping[str, Any], decision: Decision, registry: Mapping[str, str]
) -> list[Proposal]:
    named = [one for one in case["candidates"] if one["degree_id"] == decision.degree_id]
    if not named:
        raise InputError(
            "a correction of the registry is of a degree, and this answer names none",
            found=", ".join(registry),
            fix="Name the degree that is corrected",
        )
    values = named[0]["values"]
    found = []
    for name in sorted(registry, key=CORRECTABLE.index):
        new, held = checked(name, registry[name]), values.get(name)
        old = as_written(name, held, held) or held
        if changes(name, old, new):
            found.append(
                Proposal(CHANGE, decision.degree_id, named[0]["person_id"], name, old, new)
            )
    return found


def _person_of(case: Mapping[str, Any], degree_id: str | None) -> Mapping[str, Any]:
    """The candidate whose person a new degree is of."""
    candidates = case["candidates"]
    if degree_id is None and len({one["person_id"] for one in candidates}) == 1:
        return dict(candidates[0])
    for one in candidates:
        if one["degree_id"] == degree_id:
            return dict(one)
    raise InputError(
        "it is not told whose this new degree is",
        fix="Name a degree that the person has in the registry, one of the case's candidates",
    )


def _row(
    case: Mapping[str, Any], record: Mapping[str, str], person: Mapping[str, str] | None
) -> dict[str, str]:
    """A row of the registry out of a record: who it is of as the registry has it, where it does."""
    raw, read = case["legacy"], case["legacy_read"]
    row: dict[str, str] = {}
    for name in CORRECTABLE:
        if person is not None and name in IDENTITY:
            # raw and canonical values stand in one: what is not read stays as it stands
            value = person.get(name)
            written = as_written(name, value, value) or value
        elif name in record:
            written = checked(name, record[name])
        else:
            written = as_written(name, raw.get(name), read.get(name))
        if written:
            row[name] = written
    return row
