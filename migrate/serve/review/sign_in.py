"""Signing in and out: by a password, or by an OpenID provider."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migrate.serve.addresses import bucket_of
from migrate.serve.forms import read_form
from migrate.serve.review.access import (
    FIELDS,
    Visit,
    cookie_name,
    drop_cookie,
    form_token,
    own_path,
    refuse_other_form,
    refuse_other_origin,
    session_of,
    set_cookie,
)
from migrate.serve.review.drawn import draw, number, words
from migrate.serve.review.oidc import Asked, OidcError
from migrate.serve.review.room import room_of
from migrate.store import sessions
from migrate.store.engine import reading
from migrate.store.sign_ins import note_provider
from migrate.store.users import User, find_by_subject

_MOST_KEPT = 20_000


async def sign_in_form(request: Request) -> Response:
    onward = own_path(request.query_params.get("next", "/review"))
    if await session_of(request) is not None:
        return RedirectResponse(onward, 303)
    return await sign_in_page(request, onward=onward)


async def sign_in(request: Request) -> Response:
    refuse_other_origin(request)
    form = await read_form(request, fields=FIELDS, longest=_MOST_KEPT)
    refuse_other_form(request, form)
    onward, kept = own_path(form.get("next", "")), _kept(form.get("kept", ""))
    typed = form.get("user", "")[:200]
    room = room_of(request)
    attempt = await room.sign_in(typed, form.get("password", "")[:1_000], _address(request))
    if attempt.user is None:
        said = words()["sign_in"]
        text = said["wrong"]
        if attempt.wait:
            text = said["wait"].format(minutes=number(-(-attempt.wait // 60)))
        return await sign_in_page(
            request,
            onward=onward,
            kept=kept,
            typed=typed,
            failed=text,
            status=429 if attempt.wait else 403,
        )
    token = await room.ask(sessions.begin, attempt.user.user_id, instead_of=_token(request))
    if kept:
        response = await _go_on_typing(request, token, onward, kept)
    else:
        response = RedirectResponse(onward, 303)
    set_cookie(request, response, "session", token)
    drop_cookie(request, response, "form")
    return response


async def sign_out(request: Request, _visit: Visit) -> Response:
    token = _token(request)
    if token:
        await room_of(request).ask(sessions.end, token)
    response = RedirectResponse("/review/sign-in", 303)
    drop_cookie(request, response, "session")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def to_provider(request: Request) -> Response:
    room = room_of(request)
    if room.provider is None:
        return await sign_in_page(request, onward="/review")
    try:
        where, asked = await room.slowly(room.provider.begin)
    except OidcError as error:
        return await _provider_failed(request, error)
    response = RedirectResponse(where, 303)
    set_cookie(request, response, "oidc", asked.text(), lax=True)
    return response


async def from_provider(request: Request) -> Response:
    room = room_of(request)
    asked = Asked.read(request.cookies.get(cookie_name(request, "oidc"), ""))
    query = request.query_params
    provider = room.provider
    try:
        if provider is None or asked is None:
            raise OidcError("nobody asked for this answer")
        if "code" not in query or "error" in query:
            raise OidcError("the provider lets nobody in")
        held = asked
        subject = await room.slowly(
            lambda: provider.finish(
                held, state=query.get("state", ""), code=query["code"], issuer=query.get("iss", "")
            )
        )
    except OidcError as error:
        return await _provider_failed(request, error)
    user = await room.ask(_of_provider, provider.issuer, subject, _address(request))
    if user is None:
        said = words()["sign_in"]["unknown"]
        response = await sign_in_page(request, onward="/review", failed=said, status=403)
        drop_cookie(request, response, "oidc")
        return response
    token = await room.ask(sessions.begin, user.user_id, instead_of=_token(request))
    # a page, and no redirect: a browser sends a strict cookie only where our own page leads
    response = draw("onward", "sign_in", onward="/review")
    set_cookie(request, response, "session", token)
    drop_cookie(request, response, "oidc")
    return response


async def sign_in_page(
    request: Request,
    *,
    onward: str,
    kept: Mapping[str, str] | None = None,
    typed: str = "",
    failed: str = "",
    expired: bool = False,
    status: int = 200,
) -> Response:
    """The page of sign-in. ``kept`` is what was typed on a page whose session ran out meanwhile."""
    token = form_token(request)
    held = {name: value for name, value in (kept or {}).items() if name != "csrf"}
    text = json.dumps(held, ensure_ascii=False) if held else ""
    response = draw(
        "sign-in",
        "sign_in",
        status=status,
        csrf=token,
        onward=own_path(onward),
        kept=text if len(text) <= _MOST_KEPT else "",
        typed=typed,
        failed=failed,
        expired=expired,
        provider=room_of(request).provider is not None,
    )
    set_cookie(request, response, "form", token)
    return response


async def _go_on_typing(
    request: Request, token: str, onward: str, kept: Mapping[str, str]
) -> Response:
    """The page that the session ran out on, with what was typed there; nothing of it was sent."""
    from migrate.serve.review.case_pages import case_again

    session = await room_of(request).ask(sessions.find_session, token)
    parts = onward.partition("?")[0].split("/")
    if session is None or len(parts) != 4 or parts[2] != "case":
        return RedirectResponse("/review", 303)
    return await case_again(request, Visit(session), parts[3], kept)


def _of_provider(engine: Engine, issuer: str, subject: str, address: str) -> User | None:
    with reading(engine) as connection:
        user = find_by_subject(connection, issuer, subject)
    known = user is not None and user.disabled_at is None
    note_provider(
        engine,
        user.user_id if user else "",
        address=address,
        outcome="in" if known else "refused",
    )
    return user if known else None


async def _provider_failed(request: Request, error: OidcError) -> Response:
    request.scope["state"]["log"] = {"oidc": str(error)}
    said = words()["sign_in"]["provider_failed"]
    response = await sign_in_page(request, onward="/review", failed=said, status=403)
    drop_cookie(request, response, "oidc")
    return response


def _kept(text: str) -> dict[str, str]:
    try:
        held = json.loads(text) if text else {}
    except ValueError:
        return {}
    if not isinstance(held, dict):
        return {}
    return {str(name): value for name, value in held.items() if isinstance(value, str)}


def _token(request: Request) -> str | None:
    return request.cookies.get(cookie_name(request)) or None


def _address(request: Request) -> str:
    return bucket_of(request.client.host if request.client else "")
