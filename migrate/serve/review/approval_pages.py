"""Decisions that wait for a second, different person: listed, looked at, approved or returned."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migrate.errors import InputError
from migrate.review.comparison import clean
from migrate.review.decisions import APPROVED, RETURNED, Standing
from migrate.review.roles import Viewer
from migrate.serve.review import shown
from migrate.serve.review.access import Visit
from migrate.serve.review.case_answers import MOST_COMMENT
from migrate.serve.review.case_pages import flash_of, scans_of
from migrate.serve.review.drawn import draw, university_name, words
from migrate.serve.review.list_pages import further, place_of
from migrate.serve.review.room import room_of
from migrate.store import case_list
from migrate.store.decisions import approve
from migrate.store.desk_cases import DeskCase, may_approve, open_decision
from migrate.store.users import known_names


async def approvals(request: Request, visit: Visit) -> Response:
    room, query = room_of(request), request.query_params
    found, after = await room.ask(
        case_list.awaiting, visit.viewer, after=place_of(query.get("after", ""))
    )
    people = await room.ask(known_names, [one.actor for one in found])
    rows = [
        {
            "seq": one.decision_seq,
            "case_id": one.entry.case_id,
            "name": clean(one.entry.name),
            "verdict": words()["verdicts"][one.verdict],
            "who": people.get(one.actor, one.actor),
            "at": one.at,
            "university": university_name(one.entry.university),
        }
        for one in found
    ]
    return draw(
        "approvals",
        "approvals",
        visit=visit,
        rows=rows,
        further=further("/review/approvals", after, {}),
        flash=await flash_of(request, visit),
        show_university=visit.viewer.university is None,
    )


async def approval(request: Request, visit: Visit) -> Response:
    return await _draw(request, visit)


async def give_approval(request: Request, visit: Visit) -> Response:
    form, seq = visit.form, request.path_params["seq"]
    room, said = room_of(request), words()
    reasons = said["approval"]["reasons"]
    reason, verdict = form.get("reason", ""), form.get("verdict", "")
    comment = " ".join(form.get("comment", "").split())
    if await room.ask(open_decision, visit.viewer, seq) is None:
        raise HTTPException(404)
    wrong = ""
    if verdict not in (APPROVED, RETURNED):
        wrong = said["notices"]["answer"]
    elif reason not in reasons:
        wrong = said["notices"]["reason"]
    elif reason == "other" and not comment:
        wrong = said["notices"]["comment"]
    elif len(comment) > MOST_COMMENT:
        wrong = said["notices"]["long"]
    if wrong:
        return await _draw(request, visit, notice=wrong, status=422)
    text = f"{reasons[reason]}: {comment}" if comment else reasons[reason]
    try:
        following = await room.ask(_approve, visit.viewer, seq, verdict, text)
    except InputError:
        return await _draw(request, visit, notice=said["approval"]["done"], status=409)
    where = f"/review/approvals/{following}" if following else "/review/approvals"
    return RedirectResponse(f"{where}?said=approved", 303)


def _approve(engine: Engine, viewer: Viewer, seq: int, verdict: str, reason: str) -> int | None:
    """Keep the second person's word, and give the next decision that waits for one."""
    approve(engine, seq, verdict, actor=viewer.user_id, reason=reason, viewer=viewer)
    waiting, _ = case_list.awaiting(engine, viewer, limit=1)
    return waiting[0].decision_seq if waiting else None


async def _draw(request: Request, visit: Visit, *, notice: str = "", status: int = 200) -> Response:
    room = room_of(request)
    found: tuple[DeskCase, Standing] | None = await room.ask(
        open_decision, visit.viewer, request.path_params["seq"]
    )
    if found is None:
        raise HTTPException(404)
    held, made = found
    people = await room.ask(known_names, shown.people_of([made]))
    stands = held.standing is not None and held.standing.decision.seq == made.decision.seq
    may = stands and may_approve(visit.viewer, made)
    own = made.decision.actor == visit.viewer.user_id
    values: dict[str, Any] = shown.case_values(held)
    return draw(
        "approval",
        "approval",
        status=status,
        title=f"{words()['approval']['title']} {held.case.case_id}",
        visit=visit,
        case=values,
        decision=shown.decision_values(made, held.case, people),
        may_approve=may,
        why_not=words()["approval"]["own" if own and made.state == "awaiting" else "done"],
        scans=scans_of(room, held),
        typed=visit.form,
        flash=await flash_of(request, visit),
        notice=notice,
    )
