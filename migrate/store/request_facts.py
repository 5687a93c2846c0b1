"""What decisions and codes have made of requests since it was recorded how they left their batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, select, tuple_

from migrate.codes.ledger import ACTIVE, HOLDING
from migrate.codes.request_states import (
    ALREADY_CODED,
    CODE_REVOKED,
    CODE_SUSPENDED,
    DECIDED,
    ISSUED,
    LINKED,
    LINKING,
    QUARANTINED,
    REFUSED,
    UNIVERSITY_REFUSED,
    WITH_UNIVERSITY,
)
from migrate.review.decisions import REFUSE
from migrate.review.decisions import Standing as Decided
from migrate.store.code_tables import CodeRow, EventRow
from migrate.store.engine import reading
from migrate.store.requests import chunks
from migrate.store.standing import standing_on
from migrate.store.tables import BatchRow

_CODE = (
    CodeRow.code,
    CodeRow.batch,
    CodeRow.legacy_id,
    CodeRow.degree_id,
    CodeRow.state,
    CodeRow.event_seq,
    EventRow.at,
)


@dataclass(frozen=True)
class Coded:
    """Records of a batch that a code was issued on, and degrees that one was issued for."""

    records: frozenset[str]
    degrees: frozenset[str]


def coded_of(engine: Engine, batch: str, degree_ids: Sequence[str]) -> Coded:
    """Which records of a batch, and which of some degrees, have a code, whatever its state."""
    with reading(engine) as connection:
        own = connection.execute(select(CodeRow.legacy_id).where(CodeRow.batch == batch))
        records = frozenset(own.scalars())
        degrees = {row.degree_id for row in _codes_of_degrees(connection, degree_ids)}
    return Coded(records, frozenset(degrees))


@dataclass(frozen=True)
class Standing:
    """The state of a request now, since when and by which rule, and the codes in force of its degree."""

    state: str
    since: str
    rule: str | None
    case_id: str | None = None
    codes: tuple[str, ...] = ()


@dataclass
class Facts:
    """Decisions and codes of now, for the requests whose last events were given."""

    own: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    of_degree: dict[str, list[Any]] = field(default_factory=dict)
    decisions: dict[str, Decided] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, events: Sequence[Any]) -> Facts:
        """Look up all that the last events of some requests call for, a few statements for all."""
        facts = cls()
        settled = [event for event in events if event.batch]
        cases = [event.reason for event in settled if event.state == WITH_UNIVERSITY]
        for case_id in cases:
            held = standing_on(connection, case_id)
            if held is not None:
                facts.decisions[case_id] = held
        again = _corrected_in(connection, {event.batch for event in settled})
        for row in _own_codes(connection, settled, again):
            batch = next((one for one, others in again.items() if row.batch in others), row.batch)
            facts.own.setdefault((batch, row.legacy_id), []).append(row)
        degrees = {event.reason for event in settled if event.state == ISSUED and event.reason}
        degrees |= {held.supports for held in facts.decisions.values() if held.supports}
        degrees |= {row.degree_id for rows in facts.own.values() for row in rows}
        for row in _codes_of_degrees(connection, sorted(degrees)):
            facts.of_degree.setdefault(row.degree_id, []).append(row)
        return facts

    def standing(self, event: Any) -> Standing:
        """How the request of a last event stands now; one of the events that were given."""
        case_id = event.reason if event.state == WITH_UNIVERSITY else None
        decision = self.decisions.get(case_id) if case_id else None
        own = self.own.get((event.batch, event.tracking_no), []) if event.batch else []
        degrees = {row.degree_id for row in own}
        if event.state == ISSUED and event.reason:
            degrees.add(event.reason)
        if decision is not None and decision.supports:
            degrees.add(decision.supports)
        codes = [row for one in sorted(degrees) for row in self.of_degree.get(one, ())]
        if codes:
            return _by_codes(codes, {row.code for row in own}, case_id)
        # one that waits for a second person, or was opened again, is no answer yet
        if decision is None or decision.state != "decided":
            return Standing(event.state, event.at, event.rule, case_id)
        if decision.decision.verdict == REFUSE:
            return Standing(REFUSED, decision.decision.at, UNIVERSITY_REFUSED, case_id)
        return Standing(event.state, event.at, DECIDED, case_id)


def _by_codes(codes: Sequence[Any], own: set[str], case_id: str | None) -> Standing:
    held = [row for row in codes if row.state in HOLDING]
    if not held:
        last = max(codes, key=lambda row: row.event_seq)
        return Standing(REFUSED, last.at, CODE_REVOKED, case_id)
    # one that this request led to comes before one that its degree had
    best = max(held, key=lambda row: (row.code in own, row.event_seq))
    rule = LINKED if best.code in own else ALREADY_CODED
    if best.state != ACTIVE:
        rule = CODE_SUSPENDED
    return Standing(ISSUED, best.at, rule, case_id, tuple(row.code for row in held))


def _corrected_in(connection: Connection, batches: set[str]) -> dict[str, set[str]]:
    """The batches that took up quarantined rows of each batch, corrected."""
    found: dict[str, set[str]] = {}
    for chunk in chunks(sorted(batches)):
        rows = select(BatchRow.batch, BatchRow.corrects).where(BatchRow.corrects.in_(chunk))
        for row in connection.execute(rows):
            found.setdefault(str(row.corrects), set()).add(row.batch)
    return found


def _own_codes(
    connection: Connection, events: Sequence[Any], again: dict[str, set[str]]
) -> Iterable[Any]:
    key = tuple_(CodeRow.batch, CodeRow.legacy_id)
    wanted = [
        (batch, event.tracking_no)
        for event in events
        if event.state in (LINKING, WITH_UNIVERSITY, ISSUED) or event.rule == QUARANTINED
        for batch in (event.batch, *sorted(again.get(event.batch, ())))
    ]
    for chunk in chunks(wanted):
        yield from connection.execute(
            select(*_CODE).join(EventRow, EventRow.seq == CodeRow.state_seq).where(key.in_(chunk))
        )


def _codes_of_degrees(connection: Connection, degrees: Sequence[str]) -> Iterable[Any]:
    for chunk in chunks(degrees):
        yield from connection.execute(
            select(*_CODE)
            .join(EventRow, EventRow.seq == CodeRow.state_seq)
            .where(CodeRow.degree_id.in_(chunk))
        )
