"""The first page with its progress, and lists of cases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from migrate.review import words as review_words
from migrate.review.comparison import FIELDS, clean
from migrate.review.deadlines import lateness
from migrate.review.roles import MAY_APPROVE, MAY_DECIDE
from migrate.serve.review.access import Visit
from migrate.serve.review.case_pages import flash_of
from migrate.serve.review.drawn import draw, files, today, university_name, words
from migrate.serve.review.room import room_of
from migrate.store import case_list, queue
from migrate.store.case_rows import Wanted
from migrate.store.queue import UNDECIDED, Place, Progress
from migrate.store.users import known_names

_PLACE = re.compile(r"(\d{4}-\d\d-\d\d)~([\x21-\x7e]{1,100})", re.ASCII)
OUTCOMES = ("mismatch", "ambiguous", "degree_missing", "person_missing")


@dataclass(frozen=True)
class Count:
    """How many cases of a university, of an outcome or of all are in each state."""

    key: str
    outcome: str
    label: str
    open: int
    overdue: int
    awaiting: int
    decided: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.open + self.awaiting + self.decided


async def home(request: Request, visit: Visit) -> Response:
    viewer = visit.viewer
    asked = viewer.university or request.query_params.get("university", "")[:100]
    rows = await room_of(request).ask(queue.progress, viewer, university=asked)
    one = bool(asked)
    universities = None
    if not one:
        keys = sorted({row.university for row in rows})
        universities = [
            _count([row for row in rows if row.university == key], key, "", university_name(key))
            for key in keys
        ]
        universities.sort(key=lambda row: (-row.overdue, -row.open, row.label))
    outcomes = [
        _count([row for row in rows if row.outcome == name], asked, name, label)
        for name, label in _outcomes()
    ]
    said = words()
    return draw(
        "home",
        "home",
        title=said["home"]["title"] if one else said["universities"]["title"],
        heading=university_name(asked) if one else said["universities"]["title"],
        visit=visit,
        flash=await flash_of(request, visit),
        nothing_left=request.query_params.get("left") == "none",
        total=_count(rows, asked, "", "") if one else None,
        rows=[row for row in outcomes if row.total],
        university=asked if not viewer.university else "",
        universities=universities,
        may_decide=viewer.role in MAY_DECIDE,
        waiting_shown=viewer.role in MAY_APPROVE,
    )


async def cases(request: Request, visit: Visit) -> Response:
    room, query = room_of(request), request.query_params
    # all states where one asks for them, or searches for one case and does not know its state
    state = query.get("state", "" if query.get("search", "").strip() else "open")
    wanted = Wanted(
        outcome=query.get("outcome", "") if query.get("outcome", "") in OUTCOMES else "",
        state="" if state not in words()["states"] else state,
        overdue=query.get("overdue") == "1",
        batch=query.get("batch", "")[:200],
        field=query.get("field", "") if query.get("field", "") in FIELDS else "",
        search=query.get("search", "").strip()[:100],
        university=query.get("university", "")[:100],
    )
    found = await room.ask(
        case_list.list_cases, visit.viewer, wanted, after=place_of(query.get("after", ""))
    )
    people = await room.ask(known_names, [one.leased_by or "" for one in found.entries])
    now = today()
    rows = [
        {
            "case_id": one.case_id,
            "name": clean(one.name),
            "outcome": review_words.outcome_label(one.outcome),
            "contradicts": "، ".join(map(review_words.field_label, one.contradicts)),
            "due_on": one.due_on,
            "lateness": lateness(one.due_on, now) if one.state in UNDECIDED else "in_time",
            "state": words()["states"][one.state],
            "at_it": people.get(one.leased_by or "", one.leased_by or ""),
            "university": university_name(one.university),
        }
        for one in found.entries
    ]
    kept = {name: value for name, value in query.items() if name != "after" and value}
    return draw(
        "cases",
        "cases",
        visit=visit,
        wanted=wanted,
        rows=rows,
        cut=found.cut,
        further=further("/review/cases", found.next, kept),
        everywhere=f"/review/cases?{urlencode(kept | {'state': 'all'})}" if wanted.state else "",
        outcomes=_outcomes(),
        batches=await room.ask(queue.batches, visit.viewer),
        fields=[(name, review_words.field_label(name)) for name in FIELDS],
        show_university=visit.viewer.university is None,
    )


async def help_page(_request: Request, visit: Visit) -> Response:
    return draw("help", "help", visit=visit)


async def static(request: Request) -> Response:
    found = files().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found[0], headers=headers, media_type=found[1])


def place_of(text: str) -> Place | None:
    """A place in the queue from an address; None for anything else."""
    found = _PLACE.fullmatch(text)
    return Place(found[1], found[2]) if found else None


def further(path: str, place: Place | None, kept: dict[str, str]) -> str:
    """The address of the next page, '' where there is none."""
    if place is None:
        return ""
    return f"{path}?{urlencode({**kept, 'after': f'{place.due_on}~{place.case_id}'})}"


def _outcomes() -> list[tuple[str, str]]:
    return [(name, review_words.outcome_label(name)) for name in OUTCOMES]


def _count(rows: Iterable[Progress], key: str, outcome: str, label: str) -> Count:
    held = dict.fromkeys(("open", "awaiting", "decided"), 0)
    overdue = 0
    for row in rows:
        held[row.state] += row.count
        overdue += row.overdue
    return Count(key, outcome, label, held["open"], overdue, held["awaiting"], held["decided"])
