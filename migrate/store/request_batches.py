"""Requests in batches: each is taken into one, and what became of it there is recorded once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, exists, func, select

from migrate.codes.request_states import LINKING, RECEIVED
from migrate.errors import InputError, RunError
from migrate.store.code_tables import CodeRow
from migrate.store.engine import LEDGER, also_lock, now, reading, writing
from migrate.store.public_tables import RequestEventRow, RequestRow
from migrate.store.requests import REQUESTS, Pending, event, insert_all, last_events, pending_of
from migrate.store.tables import BatchRow, CaseRow

SERIES = "requests"
_NAME = re.compile(rf"{SERIES}-([0-9]+)", re.ASCII)


@dataclass(frozen=True)
class Settled:
    """What became of a request in its batch: a state, by which rule, and what an event keeps of it.

    ``reason`` is the case of one with a university, the degree of one that has a code, the reasons
    in words of one that was refused.
    """

    state: str
    rule: str
    reason: str | None


def take(
    engine: Engine,
    prepare: Callable[[str, Sequence[Pending]], None],
    *,
    actor: str,
    is_free: Callable[[str], bool] = lambda name: True,
) -> tuple[str, int] | None:
    """Take all pending requests into the next batch of the running series.

    One transaction, alone: a request comes into one batch, whoever else takes some meanwhile.

    :param engine: the store, as ``open_store`` gives it.
    :param prepare: told the batch's name and its requests before they are taken. Where it fails,
        nothing was taken; after a kill, it may be told the same name again.
    :param actor: who or what takes them.
    :param is_free: whether a name can be given to a new batch on this machine.
    :returns: the batch and how many requests are in it; None where none was pending.
    :raises RunError: when the database fails.
    """
    with writing(engine, lock=REQUESTS) as connection:
        waiting = pending_of(connection)
        if not waiting:
            return None
        number = _last_number(connection) + 1
        while not is_free(_name(number)):
            number += 1
        name = _name(number)
        prepare(name, waiting)
        _append(connection, [one.tracking_no for one in waiting], LINKING, actor, batch=name)
    return name, len(waiting)


def unsettled(engine: Engine) -> dict[str, int]:
    """Batches whose requests were taken and not settled, with how many these are, by name."""
    last = last_events()
    with reading(engine) as connection:
        rows = connection.execute(
            select(last.c.batch, func.count())
            .where(last.c.state == LINKING)
            .group_by(last.c.batch)
            .order_by(last.c.batch)
        )
        return {row[0]: row[1] for row in rows}


def settle(engine: Engine, batch: str, found: Mapping[str, Settled], *, actor: str) -> int:
    """Record what became of a batch's requests, in one transaction; give how many were recorded.

    Those that are settled already are left as they are: this may be repeated.

    :param found: by tracking number. Requests that are not in it stay as they are.
    :raises RunError: when the database fails.
    """
    with writing(engine, lock=REQUESTS) as connection:
        left = [one for one in _linking(connection, batch) if one in found]
        _append(connection, left, None, actor, batch=batch, found=found)
    return len(left)


def release(engine: Engine, batch: str, *, actor: str, reason: str) -> int:
    """Let the requests of a batch that came to nothing wait again; give how many these are.

    For a batch that cannot go on: the registry it was begun with is not to be used, its folder is
    lost. Its name is never used again, and nothing can be issued in it any more.

    :raises InputError: when no request is on its way in it, or it has come to cases or codes.
    :raises RunError: when the database fails.
    """
    with writing(engine, lock=REQUESTS) as connection:
        left = _linking(connection, batch)
        if not left:
            raise InputError(
                "no request is on its way in this batch",
                found=batch,
                fix="`migrate request list` shows where requests are",
            )
        # no code may come in between this look and the end
        also_lock(connection, LEDGER)
        for table, what in ((CaseRow, "cases"), (CodeRow, "codes")):
            if connection.execute(select(exists().where(table.batch == batch))).scalar_one():
                raise InputError(
                    f"batch {batch} has come to {what}: its requests are settled in it",
                    fix="Go on with it: `migrate request run`",
                )
        _append(connection, left, RECEIVED, actor, reason=reason)
    return len(left)


def channels_of_batch(engine: Engine, batch: str) -> dict[str, tuple[str, str]]:
    """Channel and date of application of each record of a batch that is a request, by legacy_id.

    Empty for a batch of a ledger. A batch that takes up quarantined rows of another has those of it.

    :raises RunError: when the batch's requests were released: nothing may be issued in it.
    """
    last = last_events()
    with reading(engine) as connection:
        corrects = connection.execute(
            select(BatchRow.corrects).where(BatchRow.batch == batch)
        ).scalar_one_or_none()
        rows = connection.execute(
            select(
                RequestEventRow.legacy_id,
                RequestRow.channel,
                RequestRow.applied_on,
                last.c.batch,
            )
            .join(RequestRow, RequestRow.tracking_no == RequestEventRow.tracking_no)
            .join(last, last.c.tracking_no == RequestEventRow.tracking_no)
            .where(
                RequestEventRow.state == LINKING,
                RequestEventRow.batch == (corrects or batch),
            )
        ).all()
    if any(row.batch != (corrects or batch) for row in rows):
        raise RunError(
            f"the requests of batch {corrects or batch} were released from it: nothing is issued",
            fix="`migrate request run` takes them into another batch",
        )
    return {str(row.legacy_id): (row.channel, row.applied_on) for row in rows}


def _name(number: int) -> str:
    return f"{SERIES}-{number:04d}"


def _last_number(connection: Connection) -> int:
    names: set[Any] = set()
    for column in (RequestEventRow.batch, BatchRow.batch):
        known = select(column).where(column.like(f"{SERIES}-%")).distinct()
        names |= set(connection.execute(known).scalars())
    numbers = [int(found[1]) for name in names if (found := _NAME.fullmatch(name))]
    return max(numbers, default=0)


def _linking(connection: Connection, batch: str) -> list[str]:
    last = last_events()
    return list(
        connection.execute(
            select(last.c.tracking_no)
            .where(last.c.state == LINKING, last.c.batch == batch)
            .order_by(last.c.tracking_no)
        ).scalars()
    )


def _append(
    connection: Connection,
    numbers: Sequence[str],
    state: str | None,
    actor: str,
    *,
    batch: str | None = None,
    reason: str | None = None,
    found: Mapping[str, Settled] | None = None,
) -> None:
    last = last_events()
    steps = {
        row.tracking_no: row.n
        for row in connection.execute(
            select(last.c.tracking_no, last.c.n).where(last.c.state.in_((RECEIVED, LINKING)))
        )
    }
    at = now(connection)
    rows = []
    for number in numbers:
        one = found[number] if found else Settled(state or "", "", reason)
        rows.append(
            event(
                number,
                steps[number] + 1,
                one.state,
                at,
                actor,
                batch=batch,
                rule=one.rule or None,
                reason=one.reason,
            )
        )
    insert_all(connection, RequestEventRow, rows)
