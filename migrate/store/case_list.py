"""Lists of cases: filtered, searched, page after page, each viewer's own only."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Connection, Engine, Select, cast, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from migrate.persian import letters
from migrate.review.roles import Viewer
from migrate.store.engine import now, reading
from migrate.store.queue import Place, own
from migrate.store.review_tables import ApprovalRow, WorkRow
from migrate.store.sessions import seconds
from migrate.store.tables import CaseRow, DecisionRow

PAGE = 50
# names are compared as people read them, which no database can: so many cases are read for one page
MOST_READ = 20_000
_CHUNK = 1_000
_DAY = len("2026-11-28")
_CASE_ID = re.compile(r"C-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}")


@dataclass(frozen=True)
class Wanted:
    """What a list is to hold; '' and False ask for nothing.

    ``field`` is one that contradicts. ``search`` is the name of a case, the identifier of its record,
    or words of its holder's name in any spelling. ``university`` is for those who see all.
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


@dataclass(frozen=True)
class Page:
    """A page of a list, and the place that the next one begins after; None at the end.

    ``cut`` says that so many cases were read that the rest is left to the next page.
    """

    entries: tuple[Entry, ...]
    next: Place | None
    cut: bool = False


@dataclass(frozen=True)
class Awaiting:
    """A decision that waits for a second person."""

    entry: Entry
    decision_seq: int
    verdict: str
    actor: str
    at: str


def list_cases(
    engine: Engine,
    viewer: Viewer,
    wanted: Wanted,
    *,
    after: Place | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of the viewer's cases in the order of the queue."""
    with reading(engine) as connection:
        asked = _asked(connection, viewer, wanted)
        if wanted.search:
            exact = _exact(wanted.search)
            found = connection.execute(asked.where(exact).limit(limit)).all()
            if found:
                at = seconds(connection)
                return Page(tuple(_entry(row, at) for row in found), None)
        return _scan(connection, asked, wanted, after, limit)


def awaiting(
    engine: Engine, viewer: Viewer, *, after: Place | None = None, limit: int = PAGE
) -> tuple[list[Awaiting], Place | None]:
    """Decisions that wait for a second person, those of the viewer left out; where the next begin."""
    later = aliased(DecisionRow)
    with reading(engine) as connection:
        asked = (
            _asked(connection, viewer, Wanted(state="awaiting"))
            .add_columns(DecisionRow.seq, DecisionRow.verdict, DecisionRow.actor, DecisionRow.at)
            .join(DecisionRow, DecisionRow.case_id == WorkRow.case_id)
            .outerjoin(later, later.supersedes == DecisionRow.seq)
            .outerjoin(ApprovalRow, ApprovalRow.decision_seq == DecisionRow.seq)
            .where(
                later.seq.is_(None),
                DecisionRow.needs_second == 1,
                ApprovalRow.decision_seq.is_(None),
                DecisionRow.actor != viewer.user_id,
            )
        )
        if after is not None:
            asked = asked.where(_beyond(after))
        rows = connection.execute(asked.limit(limit + 1)).all()
        at = seconds(connection)
        found = [Awaiting(_entry(row, at), row.seq, row.verdict, row.actor, row.at) for row in rows]
    more = len(found) > limit
    found = found[:limit]
    last = found[-1].entry if more else None
    return found, Place(last.due_on, last.case_id) if last else None


def _asked(connection: Connection, viewer: Viewer, wanted: Wanted) -> Select[Any]:
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
    asked = (
        select(*columns)
        .join(CaseRow, (CaseRow.case_id == WorkRow.case_id) & (CaseRow.version == WorkRow.version))
        .where(own(viewer))
        .order_by(WorkRow.due_on, WorkRow.case_id)
    )
    if wanted.university:
        asked = asked.where(WorkRow.university == wanted.university)
    if wanted.outcome:
        asked = asked.where(WorkRow.outcome == wanted.outcome)
    if wanted.state:
        asked = asked.where(WorkRow.state == wanted.state)
    if wanted.batch:
        asked = asked.where(WorkRow.batch == wanted.batch)
    if wanted.overdue:
        today = now(connection)[:_DAY]
        asked = asked.where(WorkRow.state == "open", WorkRow.due_on < today)
    return asked


def _scan(
    connection: Connection, asked: Select[Any], wanted: Wanted, after: Place | None, limit: int
) -> Page:
    """Read on until the page is full; what the database cannot tell is looked at row by row."""
    at = seconds(connection)
    words = [letters.key(word) for word in wanted.search.split()]
    reads = bool(words or wanted.field)
    found: list[Entry] = []
    seen = 0
    while True:
        chunk = asked if after is None else asked.where(_beyond(after))
        size = _CHUNK if reads else limit + 1
        rows = connection.execute(chunk.limit(size)).all()
        for row in rows:
            entry = _entry(row, at)
            if _fits(entry, words, wanted.field):
                if len(found) == limit:
                    last = found[-1]
                    return Page(tuple(found), Place(last.due_on, last.case_id))
                found.append(entry)
        seen += len(rows)
        if len(rows) < size:
            return Page(tuple(found), None)
        after = Place(rows[-1].due_on, rows[-1].case_id)
        if seen >= MOST_READ:
            return Page(tuple(found), after, cut=True)


def _fits(entry: Entry, words: Sequence[str], field: str) -> bool:
    if field and field not in entry.contradicts:
        return False
    name = letters.key(entry.name)
    return all(word in name for word in words)


def _exact(search: str) -> Any:
    plain = letters.digits(search.strip())
    named = plain.upper().replace("–", "-")
    wanted = [WorkRow.legacy_id == plain, WorkRow.legacy_id == search.strip()]
    if _CASE_ID.fullmatch(named):
        wanted.append(WorkRow.case_id == named)
    return or_(*wanted)


def _beyond(place: Place) -> Any:
    return tuple_(WorkRow.due_on, WorkRow.case_id) > (place.due_on, place.case_id)


def _in_body(connection: Connection, *path: str) -> Any:
    if connection.dialect.name == "postgresql":
        return func.json_extract_path_text(cast(CaseRow.body, JSON), *path)
    return func.json_extract(CaseRow.body, f"$.{'.'.join(path)}")


def _entry(row: Any, at: int) -> Entry:
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
