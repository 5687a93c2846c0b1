"""What people do to a case: answer, skip, take back, open again, and what is said where they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migrate.errors import InputError
from migrate.review import words as review_words
from migrate.review.answers import MEANINGS
from migrate.review.returned_right import corrections, read_value
from migrate.serve.review.access import Visit
from migrate.serve.review.case_pages import (
    RIGHT,
    answers,
    case_of,
    draw_case,
    draw_history,
    filters,
    number_of,
)
from migrate.serve.review.drawn import words
from migrate.serve.review.room import room_of
from migrate.store import desk_answers, queue
from migrate.store.desk_answers import ConflictError, Given
from migrate.store.desk_cases import DeskCase, see_score
from migrate.store.users import known_names

MOST_COMMENT = 2_000


async def answer(request: Request, visit: Visit) -> Response:
    case_id, form = request.path_params["case_id"], visit.form
    room = room_of(request)
    # a lease that ran out while somebody thought is theirs again, unless another has taken it
    await room.ask(queue.take, visit.viewer, case_id)
    held = await case_of(room, visit, case_id)
    if form.get("do") == "score":
        if answers(held, visit):
            # kept before it is shown: who leaves the page and comes back has seen it
            await room.ask(see_score, visit.viewer, case_id)
            held = replace(held, score_seen=True)
        return await draw_case(request, visit, held, typed=form)
    try:
        given = _given(form, held)
        made = await room.ask(desk_answers.answer, visit.viewer, given)
    except ConflictError as error:
        await room.ask(queue.take, visit.viewer, case_id)
        held = await case_of(room, visit, case_id)
        said = _conflict(error, await room.ask(known_names, [error.by]))
        # what was seen is not what stands: the next answer is to what is shown now
        return await draw_case(request, visit, held, typed=form, notice=said, status=409)
    except InputError as error:
        return await draw_case(request, visit, held, typed=form, notice=_refused(error), status=422)
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
    held = await case_of(room, visit, case_id)
    before = held.standing
    try:
        await room.ask(desk_answers.undo, visit.viewer, case_id)
    except ConflictError as error:
        said = words()["notices"]["late" if error.kind == "late" else "acted"]
        held = await case_of(room, visit, case_id)
        return await draw_case(request, visit, held, notice=said, status=409)
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
        return await draw_history(
            request, visit, notice=said, typed=form.get("reason", ""), status=409
        )
    except InputError:
        said = words()["notices"]["other"]
        return await draw_history(
            request, visit, notice=said, typed=form.get("reason", ""), status=422
        )
    return RedirectResponse(f"/review/case/{case_id}?said=reopened", 303)


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


def _given(form: Mapping[str, str], held: DeskCase) -> Given:
    """An answer from the form. Raises InputError, its column what is to be mended."""
    case = held.case
    name, _, nth = form.get("answer", "").partition(":")
    if name not in MEANINGS:
        raise InputError("no answer was chosen", column="answer")
    comment = " ".join(form.get("comment", "").split())
    if len(comment) > MOST_COMMENT:
        raise InputError("the comment is too long", column="long")
    right: dict[str, str] = {}
    for field, value in form.items():
        name_of = field.removeprefix(RIGHT)
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
        version=number_of(form.get("version", "")) or 0,
        supersedes=number_of(seen),
        name=name,
        number=number_of(nth),
        reason=form.get("reason", ""),
        comment=comment,
        record=corrected.record,
        registry=corrected.registry,
        score_shown=held.score_seen,
    )


def _conflict(error: ConflictError, people: Mapping[str, str]) -> str:
    said = words()["notices"]
    template = str(said.get(error.kind, said["decided"]))
    return template.format(who=people.get(error.by, error.by) or said["someone"])


def _refused(error: InputError) -> str:
    said = words()["notices"]
    template = str(said.get(error.column or "", said["other"]))
    field = review_words.field_label(str(error.found)) if error.column == "value" else ""
    return template.format(field=field)
