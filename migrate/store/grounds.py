"""What decisions support a code for: a degree that stands in the registry as they say it should."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from migrate.review.decisions import Standing
from migrate.review.proposals import supported
from migrate.store.review_tables import ProposalEventRow, ProposalRow

APPLIED = "applied"
_CHUNK = 500


@dataclass(frozen=True)
class Ground:
    """A degree that a decision supports a code for.

    ``row`` holds the canonical values of the degree as the registry had it once the decision's
    proposals were applied, None where it proposed nothing: the batch's own snapshot holds then.
    """

    degree_id: str
    row: Mapping[str, str | None] | None = field(default=None, hash=False)


def grounds(connection: Connection, found: Sequence[Standing]) -> dict[int, Ground]:
    """The degree of each decision that supports one, by the decision's number."""
    supporting: dict[int, Ground] = {}
    by_seq = {one.decision.seq: one for one in found if one.state == "decided"}
    proposed = _proposed(connection, list(by_seq))
    for seq, one in by_seq.items():
        own = proposed.get(seq, ())
        applied = [json.loads(event) for event in own if event is not None]
        body = json.loads(one.decision.body)
        degree_id = supported(one, body, len(own), [event["degree_id"] for event in applied])
        if degree_id is not None:
            # the last one that was written holds all of them
            row = applied[-1]["row"] if applied else None
            supporting[seq] = Ground(degree_id, row)
    return supporting


def applied_degrees(connection: Connection, decisions: Sequence[int]) -> set[str]:
    """The degrees that the registry has by proposals of some decisions, whatever became of these."""
    events = (event for own in _proposed(connection, decisions).values() for event in own)
    return {json.loads(event)["degree_id"] for event in events if event is not None}


def _proposed(connection: Connection, seqs: Sequence[int]) -> dict[int, list[str | None]]:
    """Of each decision that proposed something, what was said of each when it was applied, if it was."""
    found: dict[int, list[str | None]] = {}
    for chunk in _chunks(seqs):
        event = aliased(ProposalEventRow)
        last = (
            select(func.max(event.n))
            .where(event.proposal_seq == ProposalRow.seq, event.state == APPLIED)
            .scalar_subquery()
        )
        rows = connection.execute(
            select(ProposalRow.decision_seq, ProposalEventRow.reason)
            .outerjoin(
                ProposalEventRow,
                (ProposalEventRow.proposal_seq == ProposalRow.seq) & (ProposalEventRow.n == last),
            )
            .where(ProposalRow.decision_seq.in_(chunk))
            .order_by(ProposalRow.seq)
        )
        for row in rows:
            found.setdefault(row.decision_seq, []).append(row.reason)
    return found


def _chunks(seqs: Sequence[int]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(seqs), _CHUNK):
        yield seqs[start : start + _CHUNK]
