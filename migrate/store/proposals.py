"""Proposals to the registry in the store: kept with their decision, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.orm import aliased

from migrate.codes.issuing import canonical_json
from migrate.review.decisions import Decision, Standing
from migrate.review.proposals import CHANGE, Proposal, proposals_of
from migrate.store.engine import now, reading
from migrate.store.grounds import APPLIED
from migrate.store.review_tables import ProposalEventRow, ProposalRow, WorkRow
from migrate.store.standing import decision_columns, read_decision
from migrate.store.tables import CaseRow, DecisionRow

# applying: about to be committed in the registry, and maybe done there
EXPORTED, APPLYING, REFUSED = "exported", "applying", "refused"
_CHUNK = 500


@dataclass(frozen=True)
class ProposalEvent:
    """One thing that became of a proposal: ``reason`` is JSON, but words where it was refused."""

    n: int
    state: str
    actor: str
    at: str
    reason: str


@dataclass(frozen=True)
class Proposed:
    """A proposal as the store keeps it, with the decision and the case that it comes of.

    ``stands`` is whether the decision counts, on the case as it is now: only then may the registry be
    changed by it. ``university`` is ``migrate.review.addressee``'s key.
    """

    seq: int
    proposal: Proposal
    decision: Standing
    stands: bool
    batch: str
    legacy_id: str
    university: str
    events: tuple[ProposalEvent, ...] = ()

    @property
    def state(self) -> str:
        """The last of its events, '' without any."""
        return self.events[-1].state if self.events else ""

    @property
    def is_applied(self) -> bool:
        """Whether the registry has it."""
        return any(event.state == APPLIED for event in self.events)


def keep(
    connection: Connection, case: Mapping[str, Any], made: Decision, body: Mapping[str, Any] | None
) -> list[Proposal]:
    """Keep what a decision proposes, in the decision's own transaction, which holds ``DECISIONS``.

    :param case: the case's body, as decided. Raises as ``review.proposals.proposals_of``.
    """
    found = proposals_of(case, made, body)
    if found:
        last = connection.execute(select(func.coalesce(func.max(ProposalRow.seq), 0))).scalar_one()
        rows = [
            {
                "seq": seq,
                "decision_seq": made.seq,
                "kind": one.kind,
                "degree_id": one.degree_id,
                "person_id": one.person_id,
                "field": one.field,
                "old": None if one.old is None else canonical_json(one.old),
                "new": canonical_json(one.new if one.kind == CHANGE else dict(one.row or {})),
            }
            for seq, one in enumerate(found, last + 1)
        ]
        connection.execute(insert(ProposalRow), rows)
    return found


def proposals(
    engine: Engine,
    *,
    seqs: Sequence[int] | None = None,
    batch: str | None = None,
    university: str | None = None,
) -> list[Proposed]:
    """Proposals in the order in which they were made, those of fallen decisions too.

    :param seqs: only these. :param batch: of its cases only.
    :param university: of its cases only, by ``migrate.review.addressee``'s key.
    """
    with reading(engine) as connection:
        return read(connection, seqs=seqs, batch=batch, university=university)


def read(
    connection: Connection,
    *,
    seqs: Sequence[int] | None = None,
    batch: str | None = None,
    university: str | None = None,
) -> list[Proposed]:
    """As :func:`proposals`, within a transaction."""
    later, newer = aliased(DecisionRow), aliased(CaseRow)
    newest = (
        select(func.max(newer.version))
        .where(newer.case_id == DecisionRow.case_id)
        .scalar_subquery()
    )
    asked = (
        decision_columns(
            ProposalRow.seq.label("proposal_seq"),
            ProposalRow.kind,
            ProposalRow.degree_id.label("proposal_degree"),
            ProposalRow.person_id,
            ProposalRow.field,
            ProposalRow.old,
            ProposalRow.new,
            WorkRow.batch,
            WorkRow.legacy_id,
            WorkRow.university,
            later.seq.label("superseded_by"),
            newest.label("newest"),
        )
        .join(ProposalRow, ProposalRow.decision_seq == DecisionRow.seq)
        .join(WorkRow, WorkRow.case_id == DecisionRow.case_id)
        .outerjoin(later, later.supersedes == DecisionRow.seq)
        .order_by(ProposalRow.seq)
    )
    if batch is not None:
        asked = asked.where(WorkRow.batch == batch)
    if university is not None:
        asked = asked.where(WorkRow.university == university)
    rows: list[Any] = []
    for chunk in [None] if seqs is None else _chunks(seqs):
        part = asked if chunk is None else asked.where(ProposalRow.seq.in_(chunk))
        rows += connection.execute(part).all()
    events = _events(connection, [row.proposal_seq for row in rows])
    return [_proposed(row, events.get(row.proposal_seq, ())) for row in rows]


def record(connection: Connection, state: str, reasons: Mapping[int, str], *, actor: str) -> None:
    """Write down what became of proposals, in a transaction that holds ``DECISIONS``.

    :param reasons: what is said of each, by its number.
    """
    last: dict[int, int] = {}
    for chunk in _chunks(list(reasons)):
        rows = connection.execute(
            select(ProposalEventRow.proposal_seq, func.max(ProposalEventRow.n))
            .where(ProposalEventRow.proposal_seq.in_(chunk))
            .group_by(ProposalEventRow.proposal_seq)
        )
        last |= {row[0]: row[1] for row in rows}
    at = now(connection)
    entries = [
        {
            "proposal_seq": seq,
            "n": last.get(seq, 0) + 1,
            "state": state,
            "actor": actor,
            "at": at,
            "reason": reason,
        }
        for seq, reason in sorted(reasons.items())
    ]
    if entries:
        connection.execute(insert(ProposalEventRow), entries)


def _proposed(row: Any, events: Sequence[ProposalEvent]) -> Proposed:
    decision = read_decision(row)
    new = json.loads(row.new)
    is_change = row.kind == CHANGE
    return Proposed(
        seq=row.proposal_seq,
        proposal=Proposal(
            kind=row.kind,
            degree_id=row.proposal_degree,
            person_id=row.person_id,
            field=row.field,
            old=None if row.old is None else json.loads(row.old),
            new=new if is_change else None,
            row=None if is_change else new,
        ),
        decision=decision,
        stands=(
            row.superseded_by is None
            and row.newest == decision.decision.case_version
            and decision.state == "decided"
        ),
        batch=row.batch,
        legacy_id=row.legacy_id,
        university=row.university,
        events=tuple(events),
    )


def _events(connection: Connection, seqs: Sequence[int]) -> dict[int, list[ProposalEvent]]:
    found: dict[int, list[ProposalEvent]] = {}
    for chunk in _chunks(seqs):
        rows = connection.execute(
            select(*ProposalEventRow.__table__.columns)
            .where(ProposalEventRow.proposal_seq.in_(chunk))
            .order_by(ProposalEventRow.proposal_seq, ProposalEventRow.n)
        )
        for row in rows:
            event = ProposalEvent(row.n, row.state, row.actor, row.at, row.reason)
            found.setdefault(row.proposal_seq, []).append(event)
    return found


def _chunks(seqs: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(seqs), _CHUNK):
        yield seqs[start : start + _CHUNK]
