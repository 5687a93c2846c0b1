"""Who is at the desk: cookies, tokens of forms, origins, and what each page asks of them."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migrate.errors import InputError
from migrate.review.roles import Viewer
from migrate.serve.desk import UnavailableError
from migrate.serve.forms import read_form
from migrate.serve.pace import BusyError
from migrate.serve.review.drawn import problem_page
from migrate.serve.review.room import room_of
from migrate.store.sessions import ABSOLUTE, Session, find_session

_LOG = logging.getLogger("migrate.serve")
# a case's form has a field for each value that may be corrected
FIELDS = 60
LONGEST = 4_000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_OWN = re.compile(r"/review(?:[/?][\x21-\x7e]*)?", re.ASCII)

Handler = Callable[[Request, "Visit"], Awaitable[Response]]


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is signed in; ``form`` is empty but for a POST."""

    session: Session
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def viewer(self) -> Viewer:
        """As the store asks for one."""
        return self.session.user.viewer


def page(
    handler: Handler, *, roles: tuple[str, ...] = ()
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for those who are signed in, with one of ``roles`` where any are named.

    A POST must come from one of our own pages: by its Origin, and by the session's token in it.
    """

    async def endpoint(request: Request) -> Response:
        form: Mapping[str, str] = {}
        if request.method == "POST":
            refuse_other_origin(request)
            form = await read_form(request, fields=FIELDS, longest=LONGEST)
        session = await session_of(request)
        if session is None:
            return await _to_sign_in(request, form)
        if request.method == "POST" and not _same(form.get("csrf", ""), session.csrf):
            raise HTTPException(403)
        if roles and session.user.role not in roles:
            raise HTTPException(403)
        request.scope["state"]["log"] = {"role": session.user.role}
        return await handler(request, Visit(session, form))

    return told(endpoint, handler.__name__)


def told(
    endpoint: Callable[[Request], Awaitable[Response]], name: str
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose errors are pages of the desk, in Persian."""

    async def safe(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HTTPException as error:
            return problem_page(error.status_code, dict(error.headers or {}))
        except InputError:
            return problem_page(404)
        except (UnavailableError, BusyError) as error:
            _LOG.error("review", extra={"line": {"error": type(error.__cause__ or error).__name__}})
            return problem_page(503, {"Retry-After": "5"})

    safe.__name__ = name
    return safe


async def session_of(request: Request) -> Session | None:
    """The session whose token the browser sent, or None."""
    token = request.cookies.get(cookie_name(request), "")
    if not _TOKEN.fullmatch(token):
        return None
    return await room_of(request).ask(find_session, token)


def refuse_other_origin(request: Request) -> None:
    """Refuse a POST that another site's page sent, or that tells nothing of where it comes from.

    :raises HTTPException: 403.
    """
    origin = request.headers.get("origin", "")
    site = request.headers.get("sec-fetch-site")
    own = room_of(request).public_url or f"{request.url.scheme}://{request.headers['host']}"
    if origin.lower() != own.lower() or site not in (None, "same-origin"):
        raise HTTPException(403)


def cookie_name(request: Request, what: str = "session") -> str:
    """What a cookie is called; by TLS with the prefix that no other host can set."""
    return f"{'__Host-' if _secure(request) else ''}review-{what}"


def set_cookie(
    request: Request, response: Response, what: str, value: str, *, lax: bool = False
) -> None:
    """Give a browser a cookie that no script reads and no other site's page sends."""
    response.set_cookie(
        cookie_name(request, what),
        value,
        max_age=ABSOLUTE if what == "session" else 900,
        path="/",
        secure=_secure(request),
        httponly=True,
        # a provider's answer comes from another site
        samesite="lax" if lax else "strict",
    )


def drop_cookie(request: Request, response: Response, what: str) -> None:
    """Let a browser forget a cookie."""
    response.delete_cookie(
        cookie_name(request, what), path="/", secure=_secure(request), httponly=True
    )


def form_token(request: Request) -> str:
    """The token of forms for who is not signed in yet: what the cookie holds, or a new one."""
    held = request.cookies.get(cookie_name(request, "form"), "")
    return held if _TOKEN.fullmatch(held) else secrets.token_urlsafe(32)


def refuse_other_form(request: Request, form: Mapping[str, str]) -> None:
    """Refuse a sign-in whose token is not the cookie's. Raises HTTPException 403."""
    held = request.cookies.get(cookie_name(request, "form"), "")
    if not _TOKEN.fullmatch(held) or not _same(form.get("csrf", ""), held):
        raise HTTPException(403)


def own_path(path: str) -> str:
    """A path of the desk to go on to; its first page for anything else."""
    return path if _OWN.fullmatch(path) and "\\" not in path else "/review"


async def _to_sign_in(request: Request, form: Mapping[str, str]) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method == "POST":
        # what was typed is not lost because a session ran out
        from migrate.serve.review.sign_in import sign_in_page

        return await sign_in_page(request, onward=path, kept=form, expired=True, status=401)
    return RedirectResponse(f"/review/sign-in?next={quote(own_path(path), safe='')}", 303)


def _secure(request: Request) -> bool:
    return room_of(request).secure or request.url.scheme == "https"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
