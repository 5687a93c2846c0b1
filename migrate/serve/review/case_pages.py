"""The screens of a case: what is to be decided, what was decided, and its scans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from migrate.review import words as review_words
from migrate.review.roles import MAY_DECIDE, MAY_REOPEN
from migrate.serve.review import shown
from migrate.serve.review.access import Visit
from migrate.serve.review.drawn import clock, draw, words
from migrate.serve.review.room import Room, room_of
from migrate.serve.review.scans import has_scan, read_scan
from migrate.store import desk_answers, queue
from migrate.store.desk_cases import (
    DeskCase,
    case_history,
    may_approve,
    open_case,
    open_decision,
)
from migrate.store.users import known_names

RIGHT = "right_"


async def case_page(request: Request, visit: Visit) -> Response:
    case_id = request.path_params["case_id"]
    room = room_of(request)
    if visit.viewer.role in MAY_DECIDE:
        await room.ask(queue.take, visit.viewer, case_id)
    held = await case_of(room, visit, case_id)
    flash = await flash_of(request, visit)
    typed = None
    taken_back = request.query_params.get("from", "")
    if number_of(taken_back):
        found = await room.ask(open_decision, visit.viewer, int(taken_back))
        # what was taken back is there to be mended
        if found is not None and found[1].decision.case_id == case_id:
            typed = shown.typed_again(found[1], held.case)
    return await draw_case(request, visit, held, flash=flash, typed=typed)


async def case_again(
    request: Request, visit: Visit, case_id: str, typed: Mapping[str, str]
) -> Response:
    """The page after a new sign-in, with what was typed before; nothing of it was sent."""
    room = room_of(request)
    if visit.viewer.role in MAY_DECIDE:
        await room.ask(queue.take, visit.viewer, case_id)
    held = await case_of(room, visit, case_id)
    return await draw_case(request, visit, held, typed=typed, notice=words()["notices"]["again"])


def filters(values: Mapping[str, str]) -> dict[str, str]:
    """Which part of the queue somebody works through, from an address or a form."""
    return {
        name: values.get(name, "")[:100] for name in ("outcome", "batch") if values.get(name, "")
    }


async def flash_of(request: Request, visit: Visit) -> dict[str, Any] | None:
    """What the last step came to, and whether it can be taken back."""
    said, done = request.query_params.get("said", ""), request.query_params.get("done", "")
    texts = words()["case"]
    if said in ("undone", "reopened", "approved"):
        text = words()["approval"]["saved"] if said == "approved" else texts[said]
        return {"text": text, "undo": "", "queue": {}}
    if said not in ("saved", "second") or not done:
        return None
    may = await room_of(request).ask(desk_answers.may_undo, visit.viewer, done)
    if not may:
        return None
    text = texts["saved_second" if said == "second" else "saved"].format(case=f"\u2066{done}\u2069")
    return {"text": text, "undo": done, "queue": filters(request.query_params)}


async def case_of(room: Room, visit: Visit, case_id: str) -> DeskCase:
    """A case of the viewer's own. Raises HTTPException 404 for any other."""
    held = await room.ask(open_case, visit.viewer, case_id)
    if held is None:
        raise HTTPException(404)
    return held


def answers(held: DeskCase, visit: Visit) -> bool:
    """Whether the viewer is at the case and may answer it now."""
    mine = held.lease is not None and held.lease.by == visit.viewer.user_id
    return held.state == "open" and mine and visit.viewer.role in MAY_DECIDE


async def draw_case(
    request: Request,
    visit: Visit,
    held: DeskCase,
    *,
    typed: Mapping[str, str] | None = None,
    flash: dict[str, Any] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    """The screen of a case. ``typed`` is what its form holds, ``notice`` why nothing was kept."""
    room, viewer = room_of(request), visit.viewer
    typed = dict(typed or {})
    mine = held.lease is not None and held.lease.by == viewer.user_id
    may_decide = viewer.role in MAY_DECIDE
    said = words()["case"]
    form = shown.answer_values(held.case) if answers(held, visit) else None
    at_it, why_not = "", said["read_only"]
    if mine and held.lease:
        at_it = said["yours"].format(until=clock(held.lease.until))
    elif held.lease:
        who = held.people.get(held.lease.by, held.lease.by)
        at_it = said["theirs"].format(until=clock(held.lease.until), who=who)
        why_not = ""
    if held.state != "open":
        why_not = said["decided" if held.state == "decided" else "awaiting"]
    standing = held.standing
    decided = held.state != "open" and standing is not None
    may_undo = decided and await room.ask(desk_answers.may_undo, viewer, held.case.case_id)
    approves = decided and standing is not None and may_approve(viewer, standing)
    return draw(
        "case",
        "case",
        status=status,
        title=f"{said['title']} {held.case.case_id}",
        visit=visit,
        case=shown.case_values(held),
        form=form,
        at_it=at_it,
        why_not=why_not,
        earlier=form is not None and standing is not None,
        supersedes=held.supersedes,
        scores=shown.scores(held.case) if form and held.score_seen else None,
        scans=scans_of(room, held),
        typed=typed,
        kept_values=[
            (review_words.field_label(name.removeprefix(RIGHT)), value)
            for name, value in typed.items()
            if name.startswith(RIGHT) and value.strip()
        ],
        rights_open=any(name.startswith(RIGHT) and value.strip() for name, value in typed.items()),
        decision=shown.decision_values(standing, held.case, held.people)
        if decided and standing
        else None,
        may_undo=may_undo,
        approval_href=f"/review/approvals/{standing.decision.seq}" if approves and standing else "",
        may_decide=may_decide,
        queue=filters(typed) or filters(request.query_params),
        flash=flash,
        notice=notice,
    )


def scans_of(room: Room, held: DeskCase) -> list[tuple[str, bool]]:
    """The scans that can be opened, and whether each is likely a picture rather than a document."""
    return [
        (one.sha256, not one.path.lower().endswith(".pdf"))
        for one in held.scans
        if has_scan(room.scans, one)
    ]


async def scan(request: Request, visit: Visit) -> Response:
    room, digest = room_of(request), request.path_params["sha256"]
    held = await case_of(room, visit, request.path_params["case_id"])
    named = next((one for one in held.scans if one.sha256 == digest), None)
    folder = room.scans
    if named is None or folder is None:
        raise HTTPException(404)
    found = await room.ask(lambda _engine: read_scan(folder, named))
    if found is None:
        raise HTTPException(404)
    headers = {
        # what somebody sent may be anything: it is shown, and does nothing
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Content-Disposition": f'inline; filename="{digest[:12]}"',
        "Cache-Control": "private, no-store",
    }
    return Response(found[0], headers=headers, media_type=found[1])


async def history(request: Request, visit: Visit) -> Response:
    return await draw_history(request, visit)


async def draw_history(
    request: Request, visit: Visit, *, notice: str = "", typed: str = "", status: int = 200
) -> Response:
    """The screen of a case's history. ``typed`` is the reason that was given to open it again."""
    room = room_of(request)
    found = await room.ask(case_history, visit.viewer, request.path_params["case_id"])
    if found is None:
        raise HTTPException(404)
    held, made = found
    people = await room.ask(known_names, shown.people_of(made))
    later = {one.decision.supersedes: one.decision.seq for one in made}
    stands = held.standing
    reopens = visit.viewer.role in MAY_REOPEN and stands is not None and stands.state != "open"
    return draw(
        "history",
        "history",
        status=status,
        visit=visit,
        case=shown.case_values(held),
        decisions=[
            {
                **shown.decision_values(one, held.case, people),
                "by": later.get(one.decision.seq),
            }
            for one in reversed(made)
        ],
        reopens=stands.decision.seq if reopens and stands else None,
        notice=notice,
        typed=typed,
    )


def number_of(text: str) -> int | None:
    """A number of a form or an address; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
