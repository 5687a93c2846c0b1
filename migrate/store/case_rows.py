"""Rows of lists of cases: which are wanted, and what is read of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select, tuple_

from migrate.review.roles import Viewer
from migrate.store.engine import now
from migrate.store.queue import UNDECIDED, Place, own
from migrate.store.review_tables import WorkRow
from migrate.store.tables import CaseRow

_DAY = len("2026-11-28")


@dataclass(frozen=True)
class Wanted:
    """What a list is to hold; '' and False ask for nothing.

    ``overdue`` is of cases that are not decided. ``field`` is one that contradicts. ``search`` is the
    name of a case or the identifier of its record, which are found whatever their state, or words of
    its holder's name, or their beginnings, in any order and spelling. ``university`` is for those who
    see all.
    """

    outcome: str = ""
    state: str = ""
    overdue: bool = False
    batch: str = ""
    field: str = ""
    search: str = ""
    university: str = ""


@dataclass(frozen=True)
class Entry:
    """A case in a list. ``leased_by`` is who is at it now; ``contradicts`` names fields."""

    case_id: str
    legacy_id: str
    batch: str
    university: str
    outcome: str
    state: str
    opened_on: str
    due_on: str
    name: str
    contradicts: tuple[str, ...]
    leased_by: str | None


def asked(connection: Connection, viewer: Viewer, wanted: Wanted) -> Select[Any]:
    """A query of the viewer's cases in no order, each with what :func:`entry` takes."""
    columns: list[Any] = [
        WorkRow.case_id,
        WorkRow.legacy_id,
        WorkRow.batch,
        WorkRow.university,
        WorkRow.outcome,
        WorkRow.state,
        WorkRow.opened_on,
        WorkRow.due_on,
        WorkRow.leased_by,
        WorkRow.leased_until,
        # read once here, where a database would read it anew for each value of it
        CaseRow.body,
    ]
    newest = (CaseRow.case_id == WorkRow.case_id) & (CaseRow.version == WorkRow.version)
    return select(*columns).join(CaseRow, newest).where(*filters(connection, viewer, wanted))


def filters(connection: Connection, viewer: Viewer, wanted: Wanted) -> list[Any]:
    """The conditions that a case is the viewer's and wanted; ``field`` and ``search`` are not among."""
    of = [
        (WorkRow.university, wanted.university),
        (WorkRow.outcome, wanted.outcome),
        (WorkRow.state, wanted.state),
        (WorkRow.batch, wanted.batch),
    ]
    found: list[Any] = [own(viewer), *(column == value for column, value in of if value)]
    if wanted.overdue:
        today = now(connection)[:_DAY]
        found += [WorkRow.state.in_(UNDECIDED), WorkRow.due_on < today]
    return found


def beyond(place: Place) -> Any:
    """The condition that a case comes after a place of the queue."""
    return tuple_(WorkRow.due_on, WorkRow.case_id) > (place.due_on, place.case_id)


def entry(row: Any, body: Mapping[str, Any], at: int) -> Entry:
    """A row of :func:`asked` and its body as an entry, at a moment in seconds since 1970."""
    raw, read = body.get("legacy") or {}, body.get("legacy_read") or {}
    first, last = (read.get(name) or raw.get(name) or "" for name in ("first_name", "last_name"))
    return Entry(
        row.case_id,
        row.legacy_id,
        row.batch,
        row.university,
        row.outcome,
        row.state,
        row.opened_on,
        row.due_on,
        f"{first} {last}".strip(),
        tuple(body.get("contradicts") or ()),
        row.leased_by if row.leased_until and row.leased_until > at else None,
    )
