"""Requests in the store: received once, each step of theirs kept, none lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from migrate.codes.issuing import canonical_json
from migrate.codes.policy import Ruling, Words, day_in_tehran, ruling
from migrate.codes.request_states import RECEIVED, REFUSED, reason_of, state_words
from migrate.codes.requests import Request
from migrate.codes.tracking import new_tracking_no
from migrate.errors import RunError
from migrate.store.engine import now, reading, writing
from migrate.store.public_tables import RequestEventRow, RequestRow

# what requests are written under, so that none waits for a bulk issue; see ``engine.writing``
REQUESTS = 0x6D69_6772_6174_6511
# bound parameters in one statement: far below what either database takes
CHUNK = 500
_ATTEMPTS = 8


@dataclass(frozen=True)
class Receipt:
    """What somebody gets who sends a request.

    ``rule`` is that of the policy by which it was received or refused, with its ``words`` and what
    to do ``instead``. ``repeated`` is whether the very same request was there before: it has the
    tracking number and the state that it got then.
    """

    tracking_no: str
    state: str
    rule: str
    words: Words
    instead: Words | None
    repeated: bool = False


@dataclass(frozen=True)
class Pending:
    """A request as it was received: ``record`` by field, ``applied_on`` Solar Hijri."""

    tracking_no: str
    channel: str
    applied_on: str
    received_at: str
    record: dict[str, str]


def submit(engine: Engine, request: Request, *, actor: str = "migrate request") -> Receipt:
    """Receive a request, or refuse it by the policy; either way it is kept. See ``submit_all``."""
    return submit_all(engine, [request], actor=actor)[0]


def submit_all(
    engine: Engine, requests: Sequence[Request], *, actor: str = "migrate request"
) -> list[Receipt]:
    """Receive requests in one transaction: all of them or, on any error, none.

    Each is judged for issuing on the day of receipt in Tehran. One that the policy does not allow is
    kept as refused, with the rule and its words. The same request again (same digest) gets the
    tracking number it has, and its receipt the state it is in by what was recorded.

    :param engine: the store, as ``open_store`` gives it.
    :param requests: checked, as ``request_of`` gives them.
    :param actor: who or what sends them.
    :returns: a receipt a request, in their order.
    :raises RunError: when the database fails.
    """
    with writing(engine, lock=REQUESTS) as connection:
        at = now(connection)
        today = day_in_tehran(at)
        digests = [request.digest() for request in requests]
        held = _held(connection, digests)
        rows, events, receipts = [], [], []
        numbers = iter(_free_numbers(connection, len(set(digests) - held.keys())))
        for request, digest in zip(requests, digests, strict=True):
            applied_on = request.applied_on or today
            found = ruling(request.channel, applied_on=applied_on, on=today, act="issuing")
            if digest in held:
                receipts.append(_again(*held[digest], found))
                continue
            tracking_no = next(numbers)
            rows.append(_row(request, tracking_no, applied_on, at, digest))
            state = RECEIVED if found.allowed else REFUSED
            events.append(event(tracking_no, 1, RECEIVED, at, actor))
            if not found.allowed:
                why = reason_of(found.words)
                events.append(
                    event(tracking_no, 2, REFUSED, at, actor, rule=found.rule, reason=why)
                )
            held[digest] = (tracking_no, state)
            receipts.append(_receipt(tracking_no, state, found))
        insert_all(connection, RequestRow, rows)
        insert_all(connection, RequestEventRow, events)
    return receipts


def pending(engine: Engine) -> list[Pending]:
    """The requests that wait to be taken into a batch, the longest waiting first."""
    with reading(engine) as connection:
        return pending_of(connection)


def pending_of(connection: Connection) -> list[Pending]:
    """As :func:`pending`, in the caller's transaction."""
    last = last_events()
    rows = connection.execute(
        select(*_PENDING)
        .join(last, last.c.tracking_no == RequestRow.tracking_no)
        .where(last.c.state == RECEIVED)
    )
    found = [Pending(*row[:-1], json.loads(row.body)["record"]) for row in rows]
    # sorted here: databases differ in how they order text
    return sorted(found, key=lambda one: (one.received_at, one.tracking_no))


def last_events() -> Any:
    """The last event of each request, as a subquery with the columns of ``request_events``."""
    newest = (
        select(RequestEventRow.tracking_no, func.max(RequestEventRow.n).label("n"))
        .group_by(RequestEventRow.tracking_no)
        .subquery()
    )
    return (
        select(RequestEventRow)
        .join(
            newest,
            (newest.c.tracking_no == RequestEventRow.tracking_no)
            & (newest.c.n == RequestEventRow.n),
        )
        .subquery()
    )


def event(
    tracking_no: str,
    n: int,
    state: str,
    at: str,
    actor: str,
    *,
    batch: str | None = None,
    rule: str | None = None,
    reason: str | None = None,
) -> dict[str, object]:
    """An event's row; a request that is in a batch is the record of its tracking number there."""
    return {
        "tracking_no": tracking_no,
        "n": n,
        "state": state,
        "at": at,
        "actor": actor,
        "batch": batch,
        "legacy_id": tracking_no if batch else None,
        "rule": rule,
        "reason": reason,
    }


def insert_all(connection: Connection, table: Any, rows: Sequence[dict[str, object]]) -> None:
    """Insert rows, some at a time."""
    for chunk in chunks(rows):
        connection.execute(insert(table), chunk)


def chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    """Values in runs that fit into one statement."""
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])


_PENDING = (
    RequestRow.tracking_no,
    RequestRow.channel,
    RequestRow.applied_on,
    RequestRow.received_at,
    RequestRow.body,
)


def _held(connection: Connection, digests: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Tracking number and last state of each request that is there, by its digest."""
    numbers: dict[str, str] = {}
    for chunk in chunks(list(dict.fromkeys(digests))):
        known = select(RequestRow.tracking_no, RequestRow.digest).where(
            RequestRow.digest.in_(chunk)
        )
        numbers |= {row.tracking_no: row.digest for row in connection.execute(known)}
    found: dict[str, tuple[str, str]] = {}
    for chunk in chunks(list(numbers)):
        # few of all events: not by way of the last event of each request
        steps = (
            select(RequestEventRow.tracking_no, RequestEventRow.state)
            .where(RequestEventRow.tracking_no.in_(chunk))
            .order_by(RequestEventRow.tracking_no, RequestEventRow.n)
        )
        for row in connection.execute(steps):
            found[numbers[row.tracking_no]] = (row.tracking_no, row.state)
    return found


def _free_numbers(connection: Connection, count: int) -> list[str]:
    free: dict[str, None] = {}
    for _ in range(_ATTEMPTS):
        drawn = [new_tracking_no() for _ in range(count - len(free))]
        taken: set[str] = set()
        for chunk in chunks(drawn):
            known = select(RequestRow.tracking_no).where(RequestRow.tracking_no.in_(chunk))
            taken |= set(connection.execute(known).scalars())
        free |= {number: None for number in drawn if number not in taken}
        if len(free) == count:
            return list(free)
    raise RunError(
        "new tracking numbers keep falling on old ones: the random source is broken",
        fix="Receive nothing on this machine until its random source is mended",
    )


def _row(
    request: Request, tracking_no: str, applied_on: str, at: str, digest: str
) -> dict[str, object]:
    return {
        "tracking_no": tracking_no,
        "channel": request.channel,
        "applied_on": applied_on,
        "received_at": at,
        "digest": digest,
        "body": request.body(),
        "scans": canonical_json([vars(scan) for scan in request.scans]),
    }


def _receipt(tracking_no: str, state: str, found: Ruling) -> Receipt:
    return Receipt(tracking_no, state, found.rule, found.words, found.instead)


def _again(tracking_no: str, state: str, found: Ruling) -> Receipt:
    if state == REFUSED and not found.allowed:
        return Receipt(tracking_no, state, found.rule, found.words, found.instead, repeated=True)
    return Receipt(tracking_no, state, found.rule, state_words(state), None, repeated=True)
