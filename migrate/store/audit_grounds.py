"""What codes rest on, in an audit: the batches of their events, the decisions they were issued on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from migrate.codes.ledger import KEY_EVENTS, LedgerEvent
from migrate.review.decisions import APPROVED, SUPPORTING_VERDICTS
from migrate.store.audit_findings import DELETED, EDITED, Findings
from migrate.store.grounds import grounds
from migrate.store.review_tables import ApprovalRow
from migrate.store.standing import decision as decision_of
from migrate.store.standing import digests
from migrate.store.tables import BatchRow, DecisionRow

_T = TypeVar("_T")
# bound parameters in one statement
_CHUNK = 500


class GroundAudit:
    """Batches and decisions, looked for as the events and codes that name them come by."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self._batches: dict[str, bool] = {}

    def check_batches(self, connection: Connection, events: Sequence[LedgerEvent]) -> None:
        """Whether the batch of each event is known."""
        # an event of a key is of no batch
        named = [event for event in events if event.event not in KEY_EVENTS]
        unknown = sorted({event.batch for event in named} - self._batches.keys())
        for chunk in chunks(unknown):
            known = set(
                connection.execute(
                    select(BatchRow.batch).where(BatchRow.batch.in_(chunk))
                ).scalars()
            )
            self._batches |= {batch: batch in known for batch in chunk}
            for batch in chunk:
                if batch not in known:
                    seq = next(event.seq for event in named if event.batch == batch)
                    self.found.add(
                        DELETED,
                        "batches",
                        f"batch {batch}",
                        expected=f"the batch of event {seq}",
                        found="no row",
                    )

    def check_decisions(
        self, connection: Connection, rows: Sequence[Any], said: Mapping[str, str]
    ) -> None:
        """Whether the decision that each code rests on is there, as it was, and stands still.

        ``said`` is the digest of the decision as the code's event has it, by code.
        """
        issued_on = [row for row in rows if row.decision_seq is not None]
        later = aliased(DecisionRow)
        for chunk in chunks(issued_on):
            kept = connection.execute(
                select(
                    DecisionRow.seq,
                    DecisionRow.degree_id,
                    DecisionRow.verdict,
                    later.seq.label("later"),
                    DecisionRow.needs_second,
                    ApprovalRow.verdict.label("approval"),
                )
                .outerjoin(ApprovalRow, ApprovalRow.decision_seq == DecisionRow.seq)
                .outerjoin(later, later.supersedes == DecisionRow.seq)
                .where(DecisionRow.seq.in_(_numbers(row.decision_seq for row in chunk)))
            )
            decided = {one.seq: one for one in kept}
            # those that support a code only once the registry has what they say
            waited = [one.seq for one in decided.values() if one.verdict not in SUPPORTING_VERDICTS]
            found = [decision_of(connection, seq) for seq in waited]
            applied = grounds(connection, [one for one in found if one is not None])
            kept_as = digests(connection, decided.keys())
            for row in chunk:
                ground = applied.get(row.decision_seq)
                held = kept_as.get(row.decision_seq)
                changed = held is not None and said.get(row.code, held) != held
                self._check_decision(
                    row,
                    decided.get(row.decision_seq),
                    ground.degree_id if ground else None,
                    changed=changed,
                )

    def _check_decision(
        self, row: Any, decision: Any | None, applied: str | None, *, changed: bool
    ) -> None:
        seq = row.decision_seq
        if decision is None:
            self.found.add(
                DELETED,
                "decisions",
                f"seq {seq}",
                expected=f"the decision that code {row.code} was issued on",
                found="no row",
            )
        elif row.degree_id != (
            decision.degree_id if decision.verdict in SUPPORTING_VERDICTS else applied
        ):
            self.found.add(
                EDITED,
                "decisions",
                f"seq {seq}",
                expected=f"a decision for degree {row.degree_id}, as code {row.code} was issued on",
                found=f"{decision.verdict} {decision.degree_id}",
            )
        elif decision.needs_second and decision.approval != APPROVED:
            self.found.add(
                EDITED,
                "approvals",
                f"decision {seq}",
                expected=f"a second person's approval, before code {row.code} was issued",
                found=decision.approval or "no row",
            )
        elif changed:
            self.found.add(
                EDITED,
                "decisions",
                f"seq {seq}",
                expected=f"the decision, and its approval, that the event of code {row.code} binds",
                found="another: who decided or approved, when or why",
            )
        elif decision.later is not None:
            self.found.warn(
                f"code {row.code} ({row.state}) was issued on decision {seq}, which decision "
                f"{decision.later} has superseded since"
            )


def _numbers(values: Iterable[object]) -> list[int]:
    """What of these may be a row's number: SQLite lets its owner put anything in any column."""
    return sorted({value for value in values if isinstance(value, int)})


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Values in parts that one statement can name."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
