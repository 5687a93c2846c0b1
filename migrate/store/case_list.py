"""Lists of cases: filtered, searched, page after page, each viewer's own only."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Select, or_, select, union_all
from sqlalchemy.orm import aliased

from migrate.persian import letters
from migrate.review.roles import Viewer
from migrate.store import case_words
from migrate.store.case_rows import Entry, Wanted, asked, beyond, entry, filters
from migrate.store.case_words import Alternatives
from migrate.store.engine import reading
from migrate.store.queue import UNDECIDED, Place
from migrate.store.review_tables import WORK_STATES, ApprovalRow, WorkRow
from migrate.store.sessions import seconds
from migrate.store.tables import DecisionRow

PAGE = 50
# what the index does not have is looked at case by case: so many are read for one page
MOST_READ = 20_000
_CHUNK = 1_000
_CASE_ID = re.compile(r"C-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}")


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
        if not wanted.search:
            return _scan(connection, viewer, wanted, _Looked(), after, limit)
        exact = asked(connection, viewer, replace(wanted, state="", overdue=False))
        found = connection.execute(exact.where(_exact(wanted.search)).limit(limit)).all()
        if found:
            at = seconds(connection)
            return Page(tuple(entry(row, json.loads(row.body), at) for row in found), None)
        names = case_words.alternatives(wanted.search)
        if not names:
            return Page((), None)
        among = case_words.found(connection, viewer, names, university=wanted.university)
        looked = _Looked(names) if among is None else _Looked(among=among)
        return _scan(connection, viewer, wanted, looked, after, limit)


@dataclass(frozen=True)
class _Looked:
    """How a name is looked for: case by case, or among the names of cases that the index found."""

    names: Alternatives = ()
    among: Select[Any] | None = None


def awaiting(
    engine: Engine, viewer: Viewer, *, after: Place | None = None, limit: int = PAGE
) -> tuple[list[Awaiting], Place | None]:
    """Decisions that wait for a second person, those of the viewer left out; where the next begin."""
    later = aliased(DecisionRow)
    with reading(engine) as connection:
        waiting = (
            asked(connection, viewer, Wanted(state="awaiting"))
            .order_by(WorkRow.due_on, WorkRow.case_id)
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
            waiting = waiting.where(beyond(after))
        rows = connection.execute(waiting.limit(limit + 1)).all()
        at = seconds(connection)
        found = [
            Awaiting(entry(row, json.loads(row.body), at), row.seq, row.verdict, row.actor, row.at)
            for row in rows
        ]
    more = len(found) > limit
    found = found[:limit]
    last = found[-1].entry if more else None
    return found, Place(last.due_on, last.case_id) if last else None


def _chunk(
    connection: Connection,
    viewer: Viewer,
    wanted: Wanted,
    among: Select[Any] | None,
    after: Place | None,
    size: int,
) -> Any:
    """So many cases in the order of the queue; only theirs are the bodies that are read."""
    place = (WorkRow.due_on, WorkRow.case_id)
    first = select(WorkRow.case_id).where(*filters(connection, viewer, wanted))
    first = (first if after is None else first.where(beyond(after))).order_by(*place).limit(size)
    if among is not None:
        # put aside first: the database would rather walk a whole queue in its order
        named = among.cte("named").prefix_with("MATERIALIZED", dialect="postgresql")
        some = first.join(named, named.c.case_id == WorkRow.case_id).subquery()
    else:
        # an index has the queue of each state in its order, and none that of all states
        states = [wanted.state] if wanted.state else UNDECIDED if wanted.overdue else WORK_STATES
        each = [first.where(WorkRow.state == state).subquery() for state in states]
        some = union_all(*(select(one.c.case_id) for one in each)).subquery()
    rows = asked(connection, viewer, wanted).join(some, some.c.case_id == WorkRow.case_id)
    return connection.execute(rows.order_by(*place).limit(size)).all()


def _scan(
    connection: Connection,
    viewer: Viewer,
    wanted: Wanted,
    looked: _Looked,
    after: Place | None,
    limit: int,
) -> Page:
    """Read on until the page is full; what no index has is looked at case by case."""
    at = seconds(connection)
    reads = bool(looked.names or wanted.field)
    size = min(4 * limit, _CHUNK) if reads else limit + 1
    found: list[Entry] = []
    seen = 0
    while True:
        rows = _chunk(connection, viewer, wanted, looked.among, after, size)
        for row in rows:
            body = json.loads(row.body)
            one = entry(row, body, at)
            if _fits(body, looked.names, wanted.field):
                if len(found) == limit:
                    last = found[-1]
                    return Page(tuple(found), Place(last.due_on, last.case_id))
                found.append(one)
        seen += len(rows)
        if len(rows) < size:
            return Page(tuple(found), None)
        after = Place(rows[-1].due_on, rows[-1].case_id)
        if seen >= MOST_READ:
            return Page(tuple(found), after, cut=True)
        # what many have is found soon, what few have in longer steps
        size = min(2 * size, _CHUNK) if reads else size


def _fits(body: dict[str, Any], names: Alternatives, field: str) -> bool:
    if field and field not in body["contradicts"]:
        return False
    return not names or case_words.fits(
        case_words.words_of(body["legacy"], body["legacy_read"]), names
    )


def _exact(search: str) -> Any:
    # no database keeps a text with a NUL, and one refuses to be asked for it
    search = search.replace("\0", "")
    plain = letters.digits(search.strip())
    named = plain.upper().replace("–", "-")
    wanted = [WorkRow.legacy_id == plain, WorkRow.legacy_id == search.strip()]
    if _CASE_ID.fullmatch(named):
        wanted.append(WorkRow.case_id == named)
    return or_(*wanted)
