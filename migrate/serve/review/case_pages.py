"""The pages of a case: opened, answered, skipped, taken back, opened again, and its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migrate.errors import InputError
from migrate.review import words as review_words
from migrate.review.answers import MEANINGS
from migrate.review.cases import Case
from migrate.review.returned_right import corrections, read_value
from migrate.review.roles import MAY_DECIDE, MAY_REOPEN
from migrate.serve.review import shown
from migrate.serve.review.access import Visit
from migrate.serve.review.drawn import clock, draw, words
from migrate.serve.review.room import Room, room_of
from migrate.serve.review.scans import has_scan, read_scan
from migrate.store import desk_answers, queue
from migrate.store.desk_answers import ConflictError, Given
from migrate.store.desk_cases import (
    DeskCase,
    case_history,
    may_approve,
    open_case,
    open_decision,
)
from migrate.store.users import known_names

_MOST_COMMENT = 2_000
_RIGHT = "right_"


async def case_page(request: Request, visit: Visit) -> Response:
    case_id = request.path_params["case_id"]
    room = room_of(request)
    if visit.viewer.role in MAY_DECIDE:
        await room.ask(queue.take, visit.viewer, case_id)
    held = await _held(room, visit, case_id)
    flash = await flash_of(request, visit)
    typed = None
    taken_back = request.query_params.get("from", "")
    if _number(taken_back):
        found = await room.ask(open_decision, visit.viewer, int(taken_back))
        # what was taken back is there to be mended
        if found is not None and found[1].decision.case_id == case_id:
            typed = shown.typed_again(found[1], held.case)
    return await _draw(request, visit, held, flash=flash, typed=typed)


async def case_again(
    request: Request, visit: Visit, case_id: str, typed: Mapping[str, str]
) -> Response:
    """The page after a new sign-in, with what was typed before; nothing of it was sent."""
    room = room_of(request)
    if visit.viewer.role in MAY_DECIDE:
        await room.ask(queue.take, visit.viewer, case_id)
    held = await _held(room, visit, case_id)
    return await _draw(request, visit, held, typed=typed, notice=words()["notices"]["again"])


async def answer(request: Request, visit: Visit) -> Response:
    case_id, form = request.path_params["case_id"], visit.form
    room = room_of(request)
    # a lease that ran out while somebody thought is theirs again, unless another has taken it
    await room.ask(queue.take, visit.viewer, case_id)
    held = await _held(room, visit, case_id)
    if form.get("do") == "score":
        return await _draw(request, visit, held, typed={**form, "score_shown": "1"})
    try:
        given = _given(form, held.case)
        made = await room.ask(desk_answers.answer, visit.viewer, given)
    except ConflictError as error:
        await room.ask(queue.take, visit.viewer, case_id)
        held = await _held(room, visit, case_id)
        said = _conflict(error, await room.ask(known_names, [error.by]))
        # what was seen is not what stands: the next answer is to what is shown now
        return await _draw(request, visit, held, typed=form, notice=said, status=409)
    except InputError as error:
        return await _draw(request, visit, held, typed=form, notice=_refused(error), status=422)
    waits = "second" if made.needs_second else "saved"
    return await _next(request, visit, after=case_id, done=case_id, said=waits)


async def go_on(request: Request, visit: Visit) -> Response:
    """Leave a case, or keep it, and take the next one."""
    after = visit.form.get("after") or None
    if after and not visit.form.get("keep"):
        await room_of(request).ask(queue.release, visit.viewer, after)
    return await _next(request, visit, after=after)


async def release(request: Request, visit: Visit) -> Response:
    await room_of(request).ask(queue.release, visit.viewer, request.path_params["case_id"])
    return RedirectResponse("/review", 303)


async def undo(request: Request, visit: Visit) -> Response:
    case_id = request.path_params["case_id"]
    room = room_of(request)
    held = await _held(room, visit, case_id)
    before = held.standing
    try:
        await room.ask(desk_answers.undo, visit.viewer, case_id)
    except ConflictError as error:
        said = words()["notices"]["late" if error.kind == "late" else "acted"]
        held = await _held(room, visit, case_id)
        return await _draw(request, visit, held, notice=said, status=409)
    query = {"said": "undone", "from": str(before.decision.seq) if before else ""}
    return RedirectResponse(f"/review/case/{case_id}?{urlencode(query | filters(visit.form))}", 303)


async def reopen(request: Request, visit: Visit) -> Response:
    case_id, form = request.path_params["case_id"], visit.form
    seen = form.get("supersedes", "")
    try:
        if not seen.isascii() or not seen.isdecimal():
            raise InputError("no decision was named")
        await room_of(request).ask(
            desk_answers.reopen,
            visit.viewer,
            case_id,
            supersedes=int(seen),
            reason=form.get("reason", "")[:500],
        )
    except ConflictError as error:
        people = await room_of(request).ask(known_names, [error.by])
        said = _conflict(error, people)
        return await _history(request, visit, notice=said, typed=form.get("reason", ""), status=409)
    except InputError:
        said = words()["notices"]["other"]
        return await _history(request, visit, notice=said, typed=form.get("reason", ""), status=422)
    return RedirectResponse(f"/review/case/{case_id}?said=reopened", 303)


async def history(request: Request, visit: Visit) -> Response:
    return await _history(request, visit)


async def scan(request: Request, visit: Visit) -> Response:
    room, digest = room_of(request), request.path_params["sha256"]
    held = await _held(room, visit, request.path_params["case_id"])
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


async def _next(
    request: Request, visit: Visit, *, after: str | None, done: str = "", said: str = ""
) -> Response:
    wanted = filters(visit.form)
    found = await room_of(request).ask(
        queue.take_next,
        visit.viewer,
        after=after,
        outcome=wanted.get("outcome", ""),
        batch=wanted.get("batch", ""),
    )
    query = {"done": done, "said": said} if done else {}
    if found is None:
        return RedirectResponse(f"/review?{urlencode({**query, 'left': 'none'})}", 303)
    query |= wanted
    return RedirectResponse(f"/review/case/{found}{'?' if query else ''}{urlencode(query)}", 303)


async def _held(room: Room, visit: Visit, case_id: str) -> DeskCase:
    held = await room.ask(open_case, visit.viewer, case_id)
    if held is None:
        raise HTTPException(404)
    return held


async def _draw(
    request: Request,
    visit: Visit,
    held: DeskCase,
    *,
    typed: Mapping[str, str] | None = None,
    flash: dict[str, Any] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    room, viewer = room_of(request), visit.viewer
    typed = dict(typed or {})
    mine = held.lease is not None and held.lease.by == viewer.user_id
    may_decide = viewer.role in MAY_DECIDE
    said = words()["case"]
    form = shown.answer_values(held.case) if held.state == "open" and may_decide and mine else None
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
        scores=shown.scores(held.case) if form and typed.get("score_shown") else None,
        scans=scans_of(room, held),
        typed=typed,
        kept_values=[
            (review_words.field_label(name.removeprefix(_RIGHT)), value)
            for name, value in typed.items()
            if name.startswith(_RIGHT) and value.strip()
        ],
        rights_open=any(name.startswith(_RIGHT) and value.strip() for name, value in typed.items()),
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


async def _history(
    request: Request, visit: Visit, *, notice: str = "", typed: str = "", status: int = 200
) -> Response:
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


def scans_of(room: Room, held: DeskCase) -> list[tuple[str, bool]]:
    """The scans that can be opened, and whether each is likely a picture rather than a document."""
    return [
        (one.sha256, not one.path.lower().endswith(".pdf"))
        for one in held.scans
        if has_scan(room.scans, one)
    ]


def _given(form: Mapping[str, str], case: Case) -> Given:
    """An answer from the form. Raises InputError, its column what is to be mended."""
    name, _, nth = form.get("answer", "").partition(":")
    if name not in MEANINGS:
        raise InputError("no answer was chosen", column="answer")
    comment = " ".join(form.get("comment", "").split())
    if len(comment) > _MOST_COMMENT:
        raise InputError("the comment is too long", column="long")
    right: dict[str, str] = {}
    for field, value in form.items():
        name_of = field.removeprefix(_RIGHT)
        if field == name_of or not value.strip() or name_of not in review_words.section("fields"):
            continue
        read = read_value(name_of, value)
        if read is None:
            raise InputError("the value is not understood", column="value", found=name_of)
        right[name_of] = read
    corrected = corrections(case, name, right)
    if right and (corrected.is_empty or not MEANINGS[name].corrects):
        raise InputError("nothing is corrected by it", column="corrections")
    seen = form.get("supersedes", "")
    return Given(
        case_id=case.case_id,
        version=_number(form.get("version", "")) or 0,
        supersedes=_number(seen),
        name=name,
        number=_number(nth),
        reason=form.get("reason", ""),
        comment=comment,
        record=corrected.record,
        registry=corrected.registry,
        score_shown=form.get("score_shown") == "1",
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _conflict(error: ConflictError, people: Mapping[str, str]) -> str:
    said = words()["notices"]
    template = str(said.get(error.kind, said["decided"]))
    return template.format(who=people.get(error.by, error.by) or said["someone"])


def _refused(error: InputError) -> str:
    said = words()["notices"]
    template = str(said.get(error.column or "", said["other"]))
    field = review_words.field_label(str(error.found)) if error.column == "value" else ""
    return template.format(field=field)
