"""How a request stands: what was recorded of it, and what decisions and codes made of it since."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from migrate.codes.policy import Words
from migrate.codes.request_states import (
    QUARANTINED,
    reasons,
    rule_words,
    state_words,
    together,
)
from migrate.codes.tracking import normalise_tracking_no
from migrate.store.engine import reading
from migrate.store.public_tables import RequestEventRow, RequestRow
from migrate.store.request_facts import Facts
from migrate.store.requests import last_events


@dataclass(frozen=True)
class Step:
    """A state that a request came to, and when: ISO 8601 in UTC."""

    state: str
    at: str
    words: Words


@dataclass(frozen=True)
class Status:
    """How a request stands, for whoever holds its tracking number.

    Nothing of the request's data is in it, nothing of anybody else's, and no code: a tracking number
    is passed on and read aloud, and nobody's identity was checked who types it. ``case_id`` is what a
    university knows the request by, where it is or was with one.
    """

    tracking_no: str
    state: str
    since: str
    rule: str | None
    words: Words
    instead: Words | None
    case_id: str | None
    history: tuple[Step, ...]


@dataclass(frozen=True)
class Listed:
    """A request in a list for the data team. ``codes`` are those of its degree that are in force."""

    tracking_no: str
    state: str
    since: str
    rule: str | None
    channel: str
    applied_on: str
    batch: str | None
    case_id: str | None
    codes: tuple[str, ...]


def status(engine: Engine, tracking_no: str | None) -> Status | None:
    """How a request stands, or None where there is none of that number.

    What was recorded at the end of its batch is held against the decisions and the codes of now: a
    university's later answer, a code issued on it or revoked since, count at once.

    :param engine: the store, as ``open_store`` gives it.
    :param tracking_no: as a person typed it.
    :raises RunError: when the database fails.
    """
    number = normalise_tracking_no(tracking_no)
    if number is None:
        return None
    with reading(engine) as connection:
        events = connection.execute(
            select(*RequestEventRow.__table__.columns)
            .where(RequestEventRow.tracking_no == number)
            .order_by(RequestEventRow.n)
        ).all()
        if not events:
            return None
        stands = Facts.of(connection, events[-1:]).standing(events[-1])
    steps = [Step(row.state, row.at, state_words(row.state)) for row in events]
    if stands.state != steps[-1].state:
        steps.append(Step(stands.state, stands.since, state_words(stands.state)))
    said, instead = rule_words(stands.rule)
    # of a university's own words none is shown: they may speak of others
    details = reasons(events[-1].reason) if stands.rule == QUARANTINED else None
    return Status(
        tracking_no=number,
        state=stands.state,
        since=stands.since,
        rule=stands.rule,
        words=together(state_words(stands.state), said, details),
        instead=instead,
        case_id=stands.case_id,
        history=tuple(steps),
    )


def listed(engine: Engine, state: str | None = None) -> list[Listed]:
    """All requests, or those in a state, in the order they were received."""
    last = last_events()
    with reading(engine) as connection:
        rows = connection.execute(
            select(last, RequestRow.channel, RequestRow.applied_on)
            .join(last, last.c.tracking_no == RequestRow.tracking_no)
            .order_by(RequestRow.received_at, RequestRow.tracking_no)
        ).all()
        facts = Facts.of(connection, rows)
    found = []
    for row in rows:
        stands = facts.standing(row)
        if state in (None, stands.state):
            found.append(
                Listed(
                    tracking_no=row.tracking_no,
                    state=stands.state,
                    since=stands.since,
                    rule=stands.rule,
                    channel=row.channel,
                    applied_on=row.applied_on,
                    batch=row.batch,
                    case_id=stands.case_id,
                    codes=stands.codes,
                )
            )
    return found
