"""Decisions read back: the one that stands on a case, all there were, and what supports a code."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select
from sqlalchemy.orm import aliased

from migrate.codes.issuing import differing
from migrate.codes.ledger import HOLDING
from migrate.review.decisions import Approval, Decision, Standing
from migrate.store.code_tables import CodeRow
from migrate.store.engine import reading
from migrate.store.grounds import Ground, grounds
from migrate.store.review_tables import ApprovalRow
from migrate.store.tables import CaseRow, DecisionRow

_DECISION = [getattr(DecisionRow, field.name) for field in fields(Decision)]
_APPROVAL = [
    getattr(ApprovalRow, field.name).label(f"approval_{field.name}") for field in fields(Approval)
]
_CHUNK = 500


def standing(engine: Engine, case_id: str) -> Standing | None:
    """The decision on a case that no later one supersedes, or None."""
    with reading(engine) as connection:
        return standing_on(connection, case_id)


def history(engine: Engine, case_id: str) -> list[Standing]:
    """All decisions on a case with what a second person said of each, the first one first."""
    with reading(engine) as connection:
        rows = decision_columns().where(DecisionRow.case_id == case_id).order_by(DecisionRow.seq)
        return [read_decision(row) for row in connection.execute(rows)]


def standing_of_batch(engine: Engine, batch: str) -> dict[str, Standing]:
    """The standing decision of each decided case of a batch, by the record's ``legacy_id``."""
    later = aliased(DecisionRow)
    rows = (
        decision_columns(CaseRow.legacy_id)
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
        return {row.legacy_id: read_decision(row) for row in connection.execute(rows)}


def grounds_of_batch(engine: Engine, batch: str) -> dict[str, tuple[int, Ground]]:
    """The standing decision, by its number, of each record that it supports a code of, and the degree.

    By ``legacy_id``. A degree that has a code keeps the facts that it was issued on: no correction
    changes those.
    """
    found = standing_of_batch(engine, batch)
    with reading(engine) as connection:
        supported = _but_coded(connection, grounds(connection, list(found.values())))
    return {
        legacy_id: (one.decision.seq, supported[one.decision.seq])
        for legacy_id, one in found.items()
        if one.decision.seq in supported
    }


def _but_coded(connection: Connection, supported: dict[int, Ground]) -> dict[int, Ground]:
    """Grounds, without the corrected values of degrees that have a code on others."""
    corrected = {one.degree_id: seq for seq, one in supported.items() if one.row is not None}
    degrees = list(corrected)
    for start in range(0, len(degrees), _CHUNK):
        rows = connection.execute(
            select(CodeRow.degree_id, CodeRow.facts).where(
                CodeRow.degree_id.in_(degrees[start : start + _CHUNK]),
                CodeRow.state.in_(HOLDING),
            )
        )
        for row in rows:
            seq = corrected[row.degree_id]
            if differing(json.loads(row.facts), supported[seq].row or {}):
                supported[seq] = Ground(row.degree_id)
    return supported


def standing_on(connection: Connection, case_id: str) -> Standing | None:
    """As :func:`standing`, within a transaction."""
    later = aliased(DecisionRow)
    row = connection.execute(
        decision_columns()
        .outerjoin(later, later.supersedes == DecisionRow.seq)
        .where(DecisionRow.case_id == case_id, later.seq.is_(None))
    ).one_or_none()
    return None if row is None else read_decision(row)


def decision(connection: Connection, seq: int) -> Standing | None:
    """A decision by its number, and what a second person said of it; None where there is none."""
    row = connection.execute(decision_columns().where(DecisionRow.seq == seq)).one_or_none()
    return None if row is None else read_decision(row)


def digests(connection: Connection, seqs: Collection[int]) -> dict[int, str]:
    """The digest of each decision, with what a second person said of it, by its number."""
    found: dict[int, str] = {}
    wanted = sorted(seqs)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        rows = connection.execute(decision_columns().where(DecisionRow.seq.in_(chunk)))
        found |= {row.seq: read_decision(row).digest() for row in rows}
    return found


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
        supported = grounds(connection, [read_decision(row) for row in found.values()])
        for seq, degree_id, batch, legacy_id in chunk:
            ground = supported.get(seq)
            held = None if ground is None else ground.degree_id
            words = _why_not(found.get(seq), degree_id, batch, legacy_id, held)
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
        decision_columns(
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


def _why_not(row: Any, degree_id: str, batch: str, legacy_id: str, supported: str | None) -> str:
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
    found = read_decision(row)
    if found.state == "awaiting":
        return "waits for a second person"
    if supported != degree_id:
        return f"supports {f'degree {supported}' if supported else 'no code'}"
    return ""


def decision_columns(*more: Any) -> Select[Any]:
    """A query of decisions with what a second person said of each, and of more columns."""
    return select(*_DECISION, *_APPROVAL, *more).outerjoin(
        ApprovalRow, ApprovalRow.decision_seq == DecisionRow.seq
    )


def read_decision(row: Any) -> Standing:
    """The decision of a row that :func:`decision_columns` asked for."""
    values = row._mapping
    made = {field.name: values[field.name] for field in fields(Decision)}
    made["needs_second"] = bool(made["needs_second"])
    said = {field.name: values[f"approval_{field.name}"] for field in fields(Approval)}
    approval = None if said["decision_seq"] is None else Approval(**said)
    return Standing(Decision(**made), approval)
