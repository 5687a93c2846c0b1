"""The queue of a university's cases: whose turn it is, who is at which, how far it has come.

Every question is put by a viewer, and what another university has is left out by the query itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    case,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)

from migrate.errors import InputError
from migrate.review.roles import MAY_DECIDE, Viewer
from migrate.store.engine import now, reading
from migrate.store.review_tables import WorkRow
from migrate.store.sessions import seconds

# seconds for which a case is one clerk's
LEASE = 15 * 60
# a case that is late is one that nobody decided, or that waits for a second person: as reports have it
UNDECIDED = ("open", "awaiting")
_DAY = len("2026-11-28")


@dataclass(frozen=True)
class Place:
    """A place in the queue: cases are in the order of their due day, then of their name."""

    due_on: str
    case_id: str


@dataclass(frozen=True)
class Lease:
    """Who is at a case, until when by the database's clock in seconds since 1970."""

    by: str
    until: int


@dataclass(frozen=True)
class Progress:
    """How many cases of one university and outcome are in one state, and how many of them overdue."""

    university: str
    outcome: str
    state: str
    count: int
    overdue: int


def own(viewer: Viewer) -> ColumnElement[bool]:
    """The condition that a case is one this viewer may see; every statement here has it."""
    if viewer.university is None:
        return true()
    return WorkRow.university == viewer.university


def take_next(
    engine: Engine,
    viewer: Viewer,
    *,
    after: str | None = None,
    outcome: str = "",
    batch: str = "",
) -> str | None:
    """The next open case that nobody is at, taken by the viewer for 15 minutes; None where none is left.

    Two viewers never get the same one. The queue begins again at its end, so that a skipped case
    comes back once all others were seen.

    :param after: the case that was left; None to go on with the one that the viewer is at.
    :param outcome, batch: only such cases, '' for all.
    :raises InputError: for a role that decides nothing.
    """
    _refuse_role(viewer)
    wanted = [own(viewer), WorkRow.state == "open"]
    if outcome:
        wanted.append(WorkRow.outcome == outcome)
    if batch:
        wanted.append(WorkRow.batch == batch)
    with engine.begin() as connection:
        at = seconds(connection)
        if after is None:
            mine = _first(connection, [*wanted, WorkRow.leased_by == viewer.user_id], at, viewer)
            if mine is not None:
                return mine
        free = or_(WorkRow.leased_until.is_(None), WorkRow.leased_until <= at)
        place = None if after is None else _place(connection, viewer, after)
        if place is not None:
            beyond = tuple_(WorkRow.due_on, WorkRow.case_id) > (place.due_on, place.case_id)
            found = _first(connection, [*wanted, free, beyond], at, viewer)
            if found is not None:
                return found
        # from the start again: what was just left only where nothing else is
        others = [] if after is None else [WorkRow.case_id != after]
        return _first(connection, [*wanted, free, *others], at, viewer)


def take(engine: Engine, viewer: Viewer, case_id: str) -> bool:
    """Take an open case, or renew one's own: whether the viewer is at it now.

    False where another is at it, it is not open, or there is no such case for this viewer.
    :raises InputError: for a role that decides nothing.
    """
    _refuse_role(viewer)
    with engine.begin() as connection:
        at = seconds(connection)
        free = or_(
            WorkRow.leased_until.is_(None),
            WorkRow.leased_until <= at,
            WorkRow.leased_by == viewer.user_id,
        )
        taken = connection.execute(
            update(WorkRow)
            .where(own(viewer), WorkRow.case_id == case_id, WorkRow.state == "open", free)
            .values(leased_by=viewer.user_id, leased_until=at + LEASE)
        )
        return taken.rowcount == 1


def release(engine: Engine, viewer: Viewer, case_id: str) -> bool:
    """Leave a case to others; whether it was the viewer's."""
    with engine.begin() as connection:
        left = connection.execute(
            update(WorkRow)
            .where(own(viewer), WorkRow.case_id == case_id, WorkRow.leased_by == viewer.user_id)
            .values(leased_by=None, leased_until=None)
        )
        return left.rowcount == 1


def lease_on(
    connection: Connection, viewer: Viewer, case_id: str, *, lock: bool = False
) -> Lease | None:
    """Who is at a case now, or None; with ``lock`` nobody can take it before the transaction ends."""
    asked = select(WorkRow.leased_by, WorkRow.leased_until).where(
        own(viewer), WorkRow.case_id == case_id
    )
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None or row.leased_by is None or row.leased_until <= seconds(connection):
        return None
    return Lease(row.leased_by, row.leased_until)


def progress(engine: Engine, viewer: Viewer, *, university: str = "") -> list[Progress]:
    """How far the viewer's university has come, or all that the viewer sees, or one of them."""
    with reading(engine) as connection:
        late = case((WorkRow.due_on < now(connection)[:_DAY], 1), else_=0)
        asked = (
            select(
                WorkRow.university,
                WorkRow.outcome,
                WorkRow.state,
                func.count().label("count"),
                func.sum(late).label("late"),
            )
            .where(own(viewer))
            .group_by(WorkRow.university, WorkRow.outcome, WorkRow.state)
        )
        if university:
            asked = asked.where(WorkRow.university == university)
        rows = [
            Progress(
                row.university,
                row.outcome,
                row.state,
                int(row[3]),
                int(row.late) if row.state in UNDECIDED else 0,
            )
            for row in connection.execute(asked)
        ]
    return sorted(rows, key=lambda row: (row.university, row.outcome, row.state))


def batches(engine: Engine, viewer: Viewer) -> list[str]:
    """The batches that have cases for this viewer, by name."""
    with reading(engine) as connection:
        # from each to the next one by an index: a university has many cases, and few batches
        first = (
            select(func.min(WorkRow.batch).label("batch")).where(own(viewer)).cte(recursive=True)
        )
        beyond = select(func.min(WorkRow.batch)).where(own(viewer), WorkRow.batch > first.c.batch)
        steps = first.union_all(select(beyond.scalar_subquery()).where(first.c.batch.is_not(None)))
        found = connection.execute(select(steps.c.batch)).scalars()
        return sorted(one for one in found if one is not None)


def _refuse_role(viewer: Viewer) -> None:
    if viewer.role not in MAY_DECIDE:
        raise InputError(
            f"a user who is {viewer.role} may not do this",
            found=viewer.user_id,
            fix=f"It is for {' or '.join(MAY_DECIDE)}",
        )


def _place(connection: Connection, viewer: Viewer, case_id: str) -> Place | None:
    row = connection.execute(
        select(WorkRow.due_on, WorkRow.case_id).where(own(viewer), WorkRow.case_id == case_id)
    ).one_or_none()
    return None if row is None else Place(row.due_on, row.case_id)


def _first(connection: Connection, wanted: list[Any], at: int, viewer: Viewer) -> str | None:
    """Take the first case there is. Those that another transaction takes are passed over."""
    first = (
        select(WorkRow.case_id)
        .where(and_(*wanted))
        .order_by(WorkRow.due_on, WorkRow.case_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return connection.execute(
        update(WorkRow)
        .where(WorkRow.case_id == first)
        .values(leased_by=viewer.user_id, leased_until=at + LEASE)
        .returning(WorkRow.case_id)
    ).scalar_one_or_none()
