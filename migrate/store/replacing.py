"""What a code in the place of another rests on: a decision that stands, and facts that are answered for.

A registry may have been corrected since the old code was issued, or have been tampered with. So each
fact that changed rests on a decision whose change was applied to the registry, or on whoever replaces
the code and names that fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from migrate.codes.issuing import SHOWN_ONLY, sha256_text
from migrate.errors import InputError
from migrate.review.proposals import CHANGE
from migrate.review.registry_values import canonical
from migrate.store.grounds import APPLIED
from migrate.store.lookup import CodeRecord
from migrate.store.proposals import Proposed
from migrate.store.proposals import read as read_proposals
from migrate.store.review_tables import ProposalRow, WorkRow
from migrate.store.standing import digests, not_standing, standing_on
from migrate.store.tables import DecisionRow

_DATE, _YEAR = "graduation_date", "graduation_year"
# of each, something must be left as it was, unless a university has decided all that changed
_KEPT = (
    (("national_id", "first_name", "last_name"), "who holds the degree"),
    (("university", "field_of_study", "degree"), "what degree it is"),
)


@dataclass(frozen=True)
class RegistryFacts:
    """What a registry says of the degree of a code now.

    ``facts`` are canonical, as in :class:`migrate.codes.issuing.IssueRequest`; ``registry`` is its
    address without a password. ``accepted`` names facts whose change rests on no decision, and on
    whoever replaces the code alone.
    """

    degree_id: str
    facts: Mapping[str, str | None] = field(hash=False)
    registry: str
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FactChange:
    """A fact that the registry has otherwise than the code.

    ``decision`` is the one that it rests on: it stands, a second person approved it, and its change
    is the last one of this fact that was applied. None where no such decision says it.
    """

    name: str
    old: str | None
    new: str | None
    decision: int | None
    accepted: bool = False


def fact_changes(
    connection: Connection, old: CodeRecord, new: RegistryFacts
) -> tuple[FactChange, ...]:
    """The facts that differ from those a code was issued on, in the order of their names."""
    names = [
        name
        for name in sorted(old.facts.keys() | new.facts.keys())
        if (old.facts.get(name) or None) != (new.facts.get(name) or None)
    ]
    decided = _decided(connection, old.degree_id) if names else {}
    found = []
    for name in names:
        value, seq = decided.get(name, (None, None))
        by = seq if value is not None and value == new.facts.get(name) else None
        accepted = by is None and name in new.accepted
        found.append(FactChange(name, old.facts.get(name), new.facts.get(name), by, accepted))
    return tuple(found)


def answered_for(
    connection: Connection, old: CodeRecord, new: RegistryFacts, *, another_paper: bool
) -> tuple[FactChange, ...]:
    """The facts that changed, once somebody answers for each. Errors name facts, never their values.

    :param another_paper: whether the new code is for another document or record: then none need have.
    :raises InputError: for another degree's facts; where nothing changed; where a fact changed by no
        decision and is not accepted, or one is accepted that did not change; where nothing is left of
        who holds the degree or of what it is, and no decision says so.
    """
    if new.degree_id != old.degree_id:
        raise InputError(f"these are not facts of degree {old.degree_id}", found=new.degree_id)
    changes = fact_changes(connection, old, new)
    idle = sorted(new.accepted - {one.name for one in changes})
    if idle:
        raise InputError(
            f"the registry has {', '.join(idle)} as code {old.code} has it: there is nothing to accept",
            fix="Look with --dry-run at what changed",
        )
    if not changes and not another_paper:
        raise InputError(
            f"the registry has degree {old.degree_id} as code {old.code} has it: there is nothing to "
            "replace it for",
            fix="Correct the registry first (`migrate registry apply`), name --document or --record, "
            "or leave --registry out for a new number on the same facts",
        )
    by_nobody = [one for one in changes if one.decision is None and one.name not in SHOWN_ONLY]
    for group, words in _KEPT:
        lost = [one.name for one in by_nobody if one.name in group]
        left = [name for name in group if _kept(old, new, name)]
        if lost and not left and any(old.facts.get(name) for name in group):
            raise InputError(
                f"nothing is left of {words}, and no decision says so",
                found=", ".join(lost),
                fix="This is another degree under the same degree_id: find out who changed the "
                "registry. Revoke the code where it is wrong; a university decides what is right",
            )
    loose = [one.name for one in by_nobody if not one.accepted]
    if loose:
        raise InputError(
            "the registry has other facts than the code, and no approved decision that stands says so",
            found=", ".join(loose),
            fix="Have the case decided and apply it (`migrate registry apply`); or look with "
            "--dry-run, and answer for each yourself: "
            + " ".join(f"--accept {name}" for name in loose),
        )
    return changes


def rests_on(
    connection: Connection, new: RegistryFacts, changes: Sequence[FactChange]
) -> dict[str, Any]:
    """What an event says of where its code's facts come from: names and decisions, no values.

    ``changed`` has for each fact the decision and its digest, or ``accepted`` (by the actor), or
    ``shown`` (a fact that tells no degree from another, as the registry has it).
    """
    signed = digests(connection, {one.decision for one in changes if one.decision is not None})
    changed: dict[str, Any] = {}
    for one in changes:
        if one.decision is not None:
            changed[one.name] = {
                "decision": one.decision,
                "decision_sha256": signed[one.decision],
            }
        else:
            changed[one.name] = "accepted" if one.accepted else "shown"
    return {"changed": changed, "registry_sha256": sha256_text(new.registry)}


def decision_for(
    connection: Connection,
    old: CodeRecord,
    record: tuple[str, str] | None,
    changes: Sequence[FactChange] = (),
) -> int | None:
    """The decision that a new code rests on, as one that is issued does; None for a linked record.

    That is the decision on the record's own case, which must stand; else that of the old code; else
    the newest one that changed a fact, so that the code falls with it.

    :param record: (batch, legacy_id) where it is another than the old code's.
    :raises InputError: where the record's case has no decision that supports the degree, or that of
        the old code fell and no other record is named.
    """
    batch, legacy_id = record or (old.batch, old.legacy_id)
    case_id = connection.execute(
        select(WorkRow.case_id).where(WorkRow.batch == batch, WorkRow.legacy_id == legacy_id)
    ).scalar()
    if case_id is not None:
        stands = standing_on(connection, case_id)
        seq = None if stands is None else stands.decision.seq
        why = "it is not decided"
        if seq is not None:
            asked = [(seq, old.degree_id, batch, legacy_id)]
            why = not_standing(connection, asked).get(seq, "")
        if why:
            raise InputError(
                f"record {legacy_id} of batch {batch} has case {case_id}, and no decision on it "
                f"supports degree {old.degree_id}: {why}",
                fix="Have the case decided; a new code is issued on what stands",
            )
        return seq
    if old.decision_seq is not None:
        why = _why_fallen(connection, old.decision_seq, old.degree_id)
        if not why:
            return old.decision_seq
        if record is None:
            raise InputError(
                f"code {old.code} cannot be replaced: {why}",
                fix="Have its case decided as it stands",
            )
    made = {one.decision for one in changes if one.decision is not None}
    own = [seq for seq in sorted(made) if not _why_fallen(connection, seq, old.degree_id)]
    return own[-1] if own else None


def _kept(old: CodeRecord, new: RegistryFacts, name: str) -> bool:
    return bool(old.facts.get(name)) and old.facts.get(name) == new.facts.get(name)


def _decided(connection: Connection, degree_id: str) -> dict[str, tuple[str | None, int]]:
    """The value that the last applied change of each fact brought, and its decision, if that stands."""
    seqs = connection.execute(
        select(ProposalRow.seq).where(
            ProposalRow.degree_id == degree_id, ProposalRow.kind == CHANGE
        )
    ).scalars()
    applied = [one for one in read_proposals(connection, seqs=list(seqs)) if one.is_applied]
    last = {one.proposal.field or "": one for one in sorted(applied, key=_applied_at)}
    found: dict[str, tuple[str | None, int]] = {}
    for name, one in last.items():
        value = canonical(name, one.proposal.new)
        if one.stands:
            # a fact is only the year of the date
            fact, value = (_YEAR, (value or "")[:4]) if name == _DATE else (name, value)
            found[fact] = (value, one.decision.decision.seq)
    return found


def _applied_at(one: Proposed) -> tuple[str, int]:
    return max(event.at for event in one.events if event.state == APPLIED), one.seq


def _why_fallen(connection: Connection, seq: int, degree_id: str) -> str:
    """Why a decision supports no code of a degree, on whatever record it is; '' where it does."""
    asked = (
        select(WorkRow.batch, WorkRow.legacy_id)
        .join(DecisionRow, DecisionRow.case_id == WorkRow.case_id)
        .where(DecisionRow.seq == seq)
    )
    of = connection.execute(asked).one()
    return not_standing(connection, [(seq, degree_id, of.batch, of.legacy_id)]).get(seq, "")
