"""Decisions in the store: each on a version of a case, superseded by a later one, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.orm import aliased

from migrate.codes.decisions import ANSWERS, REFUSE, Decision
from migrate.codes.issuing import canonical_json
from migrate.codes.ledger import ACTIVE, SUSPENDED
from migrate.errors import InputError
from migrate.store.code_tables import CodeRow
from migrate.store.engine import now, reading, writing
from migrate.store.lifecycle import happen
from migrate.store.tables import CaseRow, DecisionRow

_COLUMNS = [getattr(DecisionRow, field.name) for field in fields(Decision)]
_CHUNK = 500


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
) -> Decision:
    """Keep a university's answer to a case.

    Where it supersedes a decision that a code was issued on and does not support that degree any
    more, the code is suspended in the same transaction: nobody can lean on it until a person has
    looked.

    :param engine: the store, as ``open_store`` gives it.
    :param verdict: one of ``migrate.codes.decisions.ANSWERS`` for the case's outcome.
    :param version: of the case, as the person saw it.
    :param actor: who decides. :param reason: why, in a few words.
    :param degree_id: the degree that is confirmed or chosen, one of the case's candidates. A
        confirmed mismatch may leave it out: it has but one.
    :param supersedes: the ``seq`` of the standing decision, where there is one.
    :param body: what else was said, as JSON can hold it.
    :raises InputError: no such case; an old version of it; an answer it cannot have; a degree that
        is none of its candidates; a decision that stands already and was not named.
    :raises RunError: when the database fails.
    """
    if not actor.strip() or not reason.strip():
        raise InputError(
            "a decision names who decided and why",
            file=case_id,
            fix="Give both an actor and a reason",
        )
    with writing(engine) as connection:
        case = _newest_case(connection, case_id)
        if case.version != version:
            raise InputError(
                f"case {case_id} has changed since: its version is {case.version} now",
                found=f"version {version}",
                fix="Look at the case as it stands, and decide again",
            )
        named = _degree_of(case, verdict, degree_id)
        standing = _standing(connection, case_id)
        if (standing.seq if standing else None) != supersedes:
            raise InputError(
                f"case {case_id} was decided by {standing.actor} at {standing.at}: "
                f"{standing.verdict} (decision {standing.seq})"
                if standing
                else f"case {case_id} has no decision that could be superseded",
                found=f"supersedes {supersedes}",
                fix="Name the decision that stands, if yours is to take its place",
            )
        last = connection.execute(select(func.coalesce(func.max(DecisionRow.seq), 0))).scalar_one()
        decision = Decision(
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
            body=canonical_json(dict(body or {})),
        )
        connection.execute(
            insert(DecisionRow),
            [{field.name: getattr(decision, field.name) for field in fields(decision)}],
        )
        if standing is not None:
            _suspend_what_lost_its_ground(connection, decision)
    return decision


def standing(engine: Engine, case_id: str) -> Decision | None:
    """The decision on a case that no later one supersedes, or None."""
    with reading(engine) as connection:
        return _standing(connection, case_id)


def history(engine: Engine, case_id: str) -> list[Decision]:
    """All decisions on a case, the first one first."""
    with reading(engine) as connection:
        rows = select(*_COLUMNS).where(DecisionRow.case_id == case_id).order_by(DecisionRow.seq)
        return [Decision(*row) for row in connection.execute(rows)]


def standing_of_batch(engine: Engine, batch: str) -> dict[str, Decision]:
    """The standing decision of each decided case of a batch, by the record's ``legacy_id``."""
    later = aliased(DecisionRow)
    rows = (
        select(CaseRow.legacy_id, *_COLUMNS)
        .join(
            CaseRow,
            (CaseRow.case_id == DecisionRow.case_id)
            & (CaseRow.version == DecisionRow.case_version),
        )
        .outerjoin(later, later.supersedes == DecisionRow.seq)
        .where(CaseRow.batch == batch, later.seq.is_(None))
        .order_by(DecisionRow.seq)
    )
    with reading(engine) as connection:
        return {row.legacy_id: Decision(*row[1:]) for row in connection.execute(rows)}


def not_standing(
    connection: Connection, asked: Sequence[tuple[int, str, str, str]]
) -> dict[int, str]:
    """Of decisions that codes are asked on, those that support none, with the words why.

    :param asked: (decision, degree_id, batch, legacy_id) each.
    """
    refused: dict[int, str] = {}
    for start in range(0, len(asked), _CHUNK):
        chunk = asked[start : start + _CHUNK]
        found = {row.seq: row for row in _with_case(connection, [seq for seq, *_ in chunk])}
        for seq, degree_id, batch, legacy_id in chunk:
            words = _why_not(found.get(seq), degree_id, batch, legacy_id)
            if words:
                refused[seq] = f"decision {seq} {words}"
    return refused


def _with_case(connection: Connection, seqs: Sequence[int]) -> Iterator[Any]:
    later, newer = aliased(DecisionRow), aliased(CaseRow)
    newest = (
        select(func.max(newer.version))
        .where(newer.case_id == DecisionRow.case_id)
        .scalar_subquery()
    )
    yield from connection.execute(
        select(
            *_COLUMNS,
            CaseRow.batch,
            CaseRow.legacy_id,
            later.seq.label("superseded_by"),
            newest.label("newest"),
        )
        .join(
            CaseRow,
            (CaseRow.case_id == DecisionRow.case_id)
            & (CaseRow.version == DecisionRow.case_version),
        )
        .outerjoin(later, later.supersedes == DecisionRow.seq)
        .where(DecisionRow.seq.in_(seqs))
    )


def _why_not(row: Any, degree_id: str, batch: str, legacy_id: str) -> str:
    if row is None:
        return "is not in the store"
    if row.superseded_by is not None:
        return f"was superseded by decision {row.superseded_by}"
    if row.newest != row.case_version:
        return (
            f"is on version {row.case_version} of its case, which has version {row.newest} by now"
        )
    if (row.batch, row.legacy_id) != (batch, legacy_id):
        return f"is about record {row.legacy_id} of batch {row.batch}"
    supported = Decision(*row[: len(_COLUMNS)]).supports
    if supported != degree_id:
        return f"supports {f'degree {supported}' if supported else 'no code'}"
    return ""


def _newest_case(connection: Connection, case_id: str) -> Any:
    row = connection.execute(
        select(CaseRow.version, CaseRow.outcome, CaseRow.digest, CaseRow.body)
        .where(CaseRow.case_id == case_id)
        .order_by(CaseRow.version.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise InputError(
            f"the store has no case {case_id}", fix="Check its name, and that this is its store"
        )
    return row


def _degree_of(case: Any, verdict: str, degree_id: str | None) -> str | None:
    allowed = ANSWERS.get(case.outcome, ())
    if verdict not in allowed:
        raise InputError(
            f"a case of a record that is {case.outcome} cannot be answered so",
            found=verdict,
            fix=f"Answer {' or '.join(allowed)}",
        )
    candidates = [one["degree_id"] for one in json.loads(case.body)["candidates"]]
    if verdict == REFUSE or verdict.startswith("new_"):
        if degree_id is not None:
            raise InputError(f"the answer {verdict} names no degree", found=degree_id)
        return None
    if degree_id is None and case.outcome == "mismatch" and len(candidates) == 1:
        return str(candidates[0])
    if degree_id not in candidates:
        raise InputError(
            "the case is not about this degree",
            found=degree_id,
            fix=f"Name one of its candidates: {', '.join(candidates) or 'it has none'}",
        )
    return degree_id


def _standing(connection: Connection, case_id: str) -> Decision | None:
    later = aliased(DecisionRow)
    row = connection.execute(
        select(*_COLUMNS)
        .outerjoin(later, later.supersedes == DecisionRow.seq)
        .where(DecisionRow.case_id == case_id, later.seq.is_(None))
    ).one_or_none()
    return None if row is None else Decision(*row)


def _suspend_what_lost_its_ground(connection: Connection, after: Decision) -> None:
    """Suspend the codes that rest on earlier decisions of the case and on a degree not confirmed now."""
    before = select(DecisionRow.seq).where(DecisionRow.case_id == after.case_id)
    degrees = select(DecisionRow.degree_id).where(DecisionRow.case_id == after.case_id)
    codes = connection.execute(
        select(CodeRow.code, CodeRow.degree_id).where(
            CodeRow.degree_id.in_(degrees),
            CodeRow.decision_seq.in_(before),
            CodeRow.state == ACTIVE,
        )
    ).all()
    for row in codes:
        if after.supports != row.degree_id:
            happen(
                connection,
                row.code,
                SUSPENDED,
                actor=after.actor,
                reason=f"decision {after.supersedes} was superseded by decision {after.seq}",
            )
