"""The routes of the pages: forms and answers, in Persian and in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from migrate.codes.claims import CLAIMS
from migrate.codes.inquiry import LANGUAGES, Answer, Language
from migrate.persian import letters
from migrate.serve import views
from migrate.serve.caller import caller_of, note
from migrate.serve.forms import read_form
from migrate.serve.pace import Pace
from migrate.serve.pages import (
    language_of,
    moment,
    month_label,
    number,
    path_of,
    render,
    static_files,
    words,
)
from migrate.serve.sheet import FILE_NAME
from migrate.store.inquiries import Count


async def inquiry_form(request: Request) -> Response:
    language = language_of(request.url.path)
    return render("inquiry", "inquiry", language, answer=None, typed="", at="")


async def inquire(request: Request) -> Response:
    fields = await read_form(request)
    return await _answer(request, fields.get("code", ""), repost=True)


async def inquire_by_path(request: Request) -> Response:
    return await _answer(request, request.path_params["code"], repost=False)


async def _answer(request: Request, typed: str, *, repost: bool) -> Response:
    language = language_of(request.url.path)
    caller = caller_of(request)
    answer = await _pace(request).ask(lambda desk: desk.inquire(typed, caller))
    note(request, answer.answer, answer.code)
    wrong = answer.answer in ("malformed", "mistyped")
    other: Language = "en" if language == "fa" else "fa"
    prefix = "/en" if other == "en" else ""
    return render(
        "inquiry",
        "inquiry",
        language,
        repost=answer.code if repost else "",
        other="" if repost or not answer.code else f"{prefix}/c/{answer.code}",
        answer=views.shown(answer, language),
        # what was typed wrong is there to be mended
        typed=typed if wrong else "",
        at=moment(language),
    )


async def match_form(request: Request) -> Response:
    return _match_page(request, {}, "", answer=None, nothing=False)


async def match(request: Request) -> Response:
    fields = await read_form(request)
    typed = fields.get("code", "")
    claims = {name: fields.get(name, "") for name in CLAIMS}
    if all(letters.is_blank(claim) for claim in claims.values()):
        return _match_page(request, claims, typed, answer=None, nothing=True)
    caller = caller_of(request)
    matched = await _pace(request).ask(lambda desk: desk.match(typed, claims, caller))
    note(request, matched.answer.answer, matched.answer.code)
    return _match_page(
        request, claims, typed, answer=matched.answer, nothing=False, verdicts=matched.fields
    )


def _match_page(
    request: Request,
    claims: Mapping[str, str],
    typed: str,
    *,
    answer: Answer | None,
    nothing: bool,
    verdicts: Mapping[str, str] | None = None,
) -> Response:
    language = language_of(request.url.path)
    shown = views.shown(answer, language) if answer else None
    if shown and shown.kind == "valid":
        # what is below is no data of the degree
        shown = replace(shown, text=words(language)["match"]["valid"])
    return render(
        "match",
        "match",
        language,
        status=422 if nothing else 200,
        answer=shown,
        verdicts=views.verdict_rows(verdicts or {}, language),
        claims=views.claim_fields(claims, language),
        choices=views.choices(language),
        typed=typed,
        nothing=nothing,
        at=moment(language),
    )


async def holder_form(request: Request) -> Response:
    return _holder_page(request, None, "")


async def hold(request: Request) -> Response:
    typed, national_id = await _pair(request)
    caller = caller_of(request)
    held = await _pace(request).ask(lambda desk: desk.hold(typed, national_id, caller))
    note(request, held.answer.answer, held.answer.code)
    return _holder_page(request, held.answer, typed, count=held.count)


async def sheet(request: Request) -> Response:
    """The certificate sheet as a file, or the holder's page that says why there is none."""
    typed, national_id = await _pair(request)
    url = request.app.state.sheet_url
    if not url:
        note(request, "none_here")
        return _holder_page(request, None, typed, why="none_here", status=404)
    caller = caller_of(request)
    made = await _pace(request).ask_drawn(lambda desk: desk.sheet(typed, national_id, url, caller))
    note(request, made.why or ("sheet" if made.pdf else made.answer.answer), made.answer.code)
    if made.pdf:
        headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
        return Response(made.pdf, headers=headers, media_type="application/pdf")
    return _holder_page(request, made.answer, typed, why=made.why)


async def _pair(request: Request) -> tuple[str, str]:
    """The code and the national ID that stand in the form of a holder."""
    fields = await read_form(request)
    return fields.get("code", ""), fields.get("national_id", "")


def _holder_page(
    request: Request,
    answer: Answer | None,
    typed: str,
    *,
    count: Count | None = None,
    why: str = "",
    status: int = 200,
) -> Response:
    """The holder's page: its form, and above it a count, that a pair is wrong, or why no sheet."""
    language = language_of(request.url.path)
    said = words(language)
    shown = views.shown(answer, language) if answer else None
    if shown and shown.kind == "not_found":
        titles = said["holder"]
        shown = replace(shown, title=titles["not_found"], text=titles["not_found_text"])
    if why:
        shown = views.no_sheet(shown, said["sheet"], why)
    return render(
        "holder",
        "holder",
        language,
        status=status,
        answer=shown,
        count=count,
        total=number(count.total, language) if count else "",
        months=[
            (month_label(month, language), number(times, language))
            for month, times in (count.months if count else ())
        ],
        sheets=bool(request.app.state.sheet_url),
        # of two codes the newer one is of use
        typed=(answer and answer.superseded_by) or typed,
        at=moment(language),
    )


async def request_form(request: Request) -> Response:
    language = language_of(request.url.path)
    return render("request", "request", language, asked=False, typed="")


async def follow(request: Request) -> Response:
    language = language_of(request.url.path)
    typed = (await read_form(request)).get("tracking", "")
    caller = caller_of(request)
    status = await _pace(request).ask(lambda desk: desk.follow(typed, caller))
    note(request, status.state if status else "not_found")
    return render(
        "request",
        "request",
        language,
        asked=True,
        found=views.progress(status, language) if status else None,
        typed="" if status else typed,
    )


async def static(request: Request) -> Response:
    found = static_files().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found[0], headers=headers, media_type=found[1])


async def robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /c/\nDisallow: /en/c/\nDisallow: /api/\n")


def _pace(request: Request) -> Pace:
    pace: Pace = request.app.state.pace
    return pace


def page_routes() -> list[Route]:
    """All routes of pages, each in both languages."""
    found = [
        Route("/static/{name}", static, methods=["GET"]),
        Route("/robots.txt", robots, methods=["GET"]),
    ]
    for language in LANGUAGES:
        prefix = "/en" if language == "en" else ""
        found += [
            Route(path_of("inquiry", language), inquiry_form, methods=["GET"]),
            Route(path_of("inquiry", language), inquire, methods=["POST"]),
            Route(f"{prefix}/c/{{code}}", inquire_by_path, methods=["GET"]),
            Route(path_of("match", language), match_form, methods=["GET"]),
            Route(path_of("match", language), match, methods=["POST"]),
            Route(path_of("holder", language), holder_form, methods=["GET"]),
            Route(path_of("holder", language), hold, methods=["POST"]),
            # a page that is loaded again, or a telephone that fetches a file twice, asks with GET
            Route(f"{path_of('holder', language)}/sheet", holder_form, methods=["GET"]),
            Route(f"{path_of('holder', language)}/sheet", sheet, methods=["POST"]),
            Route(path_of("request", language), request_form, methods=["GET"]),
            Route(path_of("request", language), follow, methods=["POST"]),
        ]
    return found
