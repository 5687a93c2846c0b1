"""Decisions written: each on a version of a case, superseded by a later one, never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from migrate.codes.issuing import canonical_json
from migrate.codes.ledger import ACTIVE, SUSPENDED
from migrate.errors import InputError
from migrate.review.decisions import (
    ANSWERS,
    APPROVALS,
    NEW_DEGREE,
    REFUSE,
    REOPEN,
    Approval,
    Decision,
    Standing,
)
from migrate.review.proposals import changes_registry
from migrate.review.roles import MAY_APPROVE, MAY_DECIDE, MAY_REOPEN, Viewer
from migrate.review.second import needs_second
from migrate.store.code_tables import CodeRow
from migrate.store.engine import DECISIONS, LEDGER, also_lock, now, writing
from migrate.store.grounds import applied_degrees, grounds
from migrate.store.lifecycle import happen
from migrate.store.proposals import keep
from migrate.store.review_tables import ApprovalRow, WorkRow
from migrate.store.standing import decision as decision_of
from migrate.store.standing import standing_on
from migrate.store.tables import CaseRow, DecisionRow


def decide(
    engine: Engine,
    case_id: str,
    verdict: str,
    *,
    version: int,
    actor: str,
    reason: str,
    degree_id: str | None = None,
    supersedes: int | None = None,
    body: Mapping[str, Any] | None = None,
    viewer: Viewer | None = None,
) -> Decision:
    """Keep a university's answer to a case. One transaction; see :func:`decide_within`."""
    with writing(engine, lock=DECISIONS) as connection:
        return decide_within(
            connection,
            case_id,
            verdict,
            version=version,
            actor=actor,
            reason=reason,
            degree_id=degree_id,
            supersedes=supersedes,
            body=body,
            viewer=viewer,
        )


def decide_within(
    connection: Connection,
    case_id: str,
    verdict: str,
    *,
    version: int,
    actor: str,
    reason: str,
    degree_id: str | None = None,
    supersedes: int | None = None,
    body: Mapping[str, Any] | None = None,
    viewer: Viewer | None = None,
) -> Decision:
    """Keep a university's answer to a case, in a transaction that holds ``DECISIONS``.

    Where it supersedes a decision that a code was issued on and does not support that degree any
    more, the code is suspended in the same transaction: nobody can lean on it until a person has
    looked. Whether it needs a second person is found here, not asked.

    :param verdict: one of ``migrate.review.decisions.ANSWERS`` for the case's outcome, or ``reopen``
        where a decision stands.
    :param version: of the case, as the person saw it.
    :param actor: who decides. :param reason: why, in a few words.
    :param degree_id: the degree that is confirmed, corrected or chosen, one of the case's candidates;
        for a new degree, one of the person it belongs to. A mismatch may leave it out: it has but one.
    :param supersedes: the ``seq`` of the standing decision, where there is one.
    :param body: what else was said, as JSON can hold it.
    :param viewer: who is signed in; None for the data team, which is not held by a role.
    :raises InputError: no such case, for this viewer; an old version of it; an answer it cannot have,
        or that this role may not give; a degree that is none of its candidates; a decision that
        stands already and was not named.
    """
    _said(actor, reason)
    case = _newest_case(connection, case_id, viewer)
    _refuse_role(viewer, MAY_REOPEN if verdict == REOPEN else MAY_DECIDE)
    if case.version != version:
        raise InputError(
            f"case {case_id} has changed since: its version is {case.version} now",
            found=f"version {version}",
            fix="Look at the case as it stands, and decide again",
        )
    before = standing_on(connection, case_id)
    content = json.loads(case.body)
    named = _degree_of(case.outcome, content, verdict, degree_id, before)
    _refuse_other(case_id, before, supersedes)
    last = connection.execute(select(func.coalesce(func.max(DecisionRow.seq), 0))).scalar_one()
    made = Decision(
        seq=last + 1,
        case_id=case_id,
        case_version=version,
        verdict=verdict,
        degree_id=named,
        actor=actor.strip(),
        at=now(connection),
        reason=reason.strip(),
        case_digest=case.digest,
        supersedes=supersedes,
        needs_second=needs_second(content, verdict, named) or changes_registry(body),
        body=canonical_json({**(body or {}), "model": case.model}),
    )
    row = asdict(made) | {"needs_second": int(made.needs_second)}
    connection.execute(insert(DecisionRow), [row])
    keep(connection, content, made, body)
    now_stands = Standing(made)
    _move(connection, case_id, now_stands.state)
    if before is not None:
        also_lock(connection, LEDGER)
        _suspend_what_lost_its_ground(connection, now_stands)
    return made


def approve(
    engine: Engine,
    seq: int,
    verdict: str,
    *,
    actor: str,
    reason: str,
    viewer: Viewer | None = None,
) -> Approval:
    """Keep what a second, different person says of a decision that needs one.

    :param seq: the decision, which must stand. :param verdict: ``approved``, or ``returned`` to the
        university, which opens the case again.
    :raises InputError: no such decision, for this viewer; one that needs nobody, was superseded or has
        its answer; the same person who decided; a role that may not approve.
    """
    _said(actor, reason)
    if verdict not in APPROVALS:
        raise InputError("not an answer to a decision", found=verdict, fix=f"Say {APPROVALS[0]}")
    with writing(engine, lock=DECISIONS) as connection:
        found = decision_of(connection, seq)
        if found is None:
            raise InputError(f"there is no decision {seq}", fix="Check its number")
        made = found.decision
        _newest_case(connection, made.case_id, viewer)
        _refuse_role(viewer, MAY_APPROVE)
        standing = standing_on(connection, made.case_id)
        if standing is None or standing.decision.seq != seq:
            raise InputError(
                f"decision {seq} was superseded since", fix="Look at the case as it stands"
            )
        if not made.needs_second or found.approval is not None:
            said = found.approval
            raise InputError(
                f"decision {seq} was {said.verdict} by {said.actor} at {said.at}"
                if said
                else f"decision {seq} needs no second person",
                fix="Nothing is to be done",
            )
        if made.actor == actor.strip():
            raise InputError(
                "a decision is approved by a second, different person",
                found=actor.strip(),
                fix="Let another approver look at it",
            )
        said = Approval(seq, verdict, actor.strip(), now(connection), reason.strip())
        connection.execute(insert(ApprovalRow), [asdict(said)])
        _move(connection, made.case_id, Standing(made, said).state)
    return said


def _said(actor: str, reason: str) -> None:
    if not actor.strip() or not reason.strip():
        raise InputError(
            "a decision names who decided and why", fix="Give both an actor and a reason"
        )


def _refuse_role(viewer: Viewer | None, allowed: tuple[str, ...]) -> None:
    if viewer is not None and viewer.role not in allowed:
        raise InputError(
            f"a user who is {viewer.role} may not do this",
            found=viewer.user_id,
            fix=f"It is for {' or '.join(allowed)}",
        )


def _newest_case(connection: Connection, case_id: str, viewer: Viewer | None) -> Any:
    asked = (
        select(
            CaseRow.version,
            CaseRow.outcome,
            CaseRow.digest,
            CaseRow.body,
            WorkRow.model,
        )
        .join(WorkRow, WorkRow.case_id == CaseRow.case_id)
        .where(CaseRow.case_id == case_id)
        .order_by(CaseRow.version.desc())
        .limit(1)
    )
    if viewer is not None and viewer.university is not None:
        # another university's case is told as one that is not there
        asked = asked.where(WorkRow.university == viewer.university)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise InputError(
            f"the store has no case {case_id}", fix="Check its name, and that this is its store"
        )
    return row


def _refuse_other(case_id: str, before: Standing | None, supersedes: int | None) -> None:
    held = before.decision if before else None
    if (held.seq if held else None) == supersedes:
        return
    raise InputError(
        f"case {case_id} was decided by {held.actor} at {held.at}: {held.verdict} "
        f"(decision {held.seq})"
        if held
        else f"case {case_id} has no decision that could be superseded",
        found=f"supersedes {supersedes}",
        fix="Name the decision that stands, if yours is to take its place",
    )


def _degree_of(
    outcome: str,
    case: Mapping[str, Any],
    verdict: str,
    degree_id: str | None,
    before: Standing | None,
) -> str | None:
    if verdict == REOPEN:
        if before is None or before.state == "open":
            raise InputError("the case is open already", fix="Decide it")
        return None
    allowed = ANSWERS.get(outcome, ())
    if verdict not in allowed:
        raise InputError(
            f"a case of a record that is {outcome} cannot be answered so",
            found=verdict,
            fix=f"Answer {' or '.join(allowed)}",
        )
    candidates = [one["degree_id"] for one in case["candidates"]]
    if degree_id is None and outcome == "mismatch" and len(candidates) == 1:
        degree_id = candidates[0] if verdict != REFUSE else None
    names_none = verdict == REFUSE or verdict.startswith("new_")
    if names_none and (degree_id is None or verdict == NEW_DEGREE):
        if degree_id is not None and degree_id not in candidates:
            raise InputError("the case is not about this degree", found=degree_id)
        return degree_id
    if names_none:
        raise InputError(f"the answer {verdict} names no degree", found=degree_id)
    if degree_id not in candidates:
        raise InputError(
            "the case is not about this degree",
            found=degree_id,
            fix=f"Name one of its candidates: {', '.join(candidates) or 'it has none'}",
        )
    return degree_id


def _move(connection: Connection, case_id: str, state: str) -> None:
    connection.execute(
        update(WorkRow)
        .where(WorkRow.case_id == case_id)
        .values(state=state, leased_by=None, leased_until=None)
    )


def _suspend_what_lost_its_ground(connection: Connection, after: Standing) -> None:
    """Suspend the codes that rest on earlier decisions of the case and on a degree not confirmed now.

    A confirmation that still waits for its second person confirms nothing yet.
    """
    made = after.decision
    own = connection.execute(
        select(DecisionRow.seq, DecisionRow.degree_id).where(DecisionRow.case_id == made.case_id)
    ).all()
    before = [row.seq for row in own]
    # a degree that a decision added is named by what became of its proposal
    degrees = {row.degree_id for row in own} | applied_degrees(connection, before)
    codes = connection.execute(
        select(CodeRow.code, CodeRow.degree_id).where(
            CodeRow.degree_id.in_(degrees - {None}),
            CodeRow.decision_seq.in_(before),
            CodeRow.state == ACTIVE,
        )
    ).all()
    ground = grounds(connection, [after]).get(made.seq)
    for row in codes:
        if ground is None or ground.degree_id != row.degree_id:
            happen(
                connection,
                row.code,
                SUSPENDED,
                actor=made.actor,
                reason=f"decision {made.supersedes} was superseded by decision {made.seq}",
            )
