"""Rows of lists of cases: which are wanted, and what is read of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Connection, Select, cast, func, select, tuple_

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
    """A query of the viewer's cases in no order, each with what :func:`entry` is made of."""
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
        _in_body(connection, "legacy_read", "first_name").label("first_read"),
        _in_body(connection, "legacy_read", "last_name").label("last_read"),
        _in_body(connection, "legacy", "first_name").label("first_raw"),
        _in_body(connection, "legacy", "last_name").label("last_raw"),
        _in_body(connection, "contradicts").label("contradicts"),
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


def _in_body(connection: Connection, *path: str) -> Any:
    if connection.dialect.name == "postgresql":
        return func.json_extract_path_text(cast(CaseRow.body, JSON), *path)
    return func.json_extract(CaseRow.body, f"$.{'.'.join(path)}")


def entry(row: Any, at: int) -> Entry:
    """A row of :func:`asked` as an entry, at a moment in seconds since 1970."""
    first, last = row.first_read or row.first_raw or "", row.last_read or row.last_raw or ""
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
        tuple(json.loads(row.contradicts or "[]")),
        row.leased_by if row.leased_until and row.leased_until > at else None,
    )
