"""Errors in one clear shape: RFC 9457 problem details for programs, a plain page for people."""

from __future__ import annotations

from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from migrate.errors import InputError
from migrate.serve.desk import UnavailableError
from migrate.serve.gate import LimitedError
from migrate.serve.pace import BusyError
from migrate.serve.pages import error_page, is_page

MEDIA_TYPE = "application/problem+json"
# seconds until a client may hope that the database is back
RETRY = 5
# errors of one body that are told; more tell nothing more
_TOLD = 20

TITLES = {
    400: "The request cannot be read",
    401: "A key is needed, and this is none",
    404: "There is nothing here",
    405: "This method is not allowed here",
    408: "The request did not arrive in time",
    411: "The length of the body is needed",
    413: "The request is too large",
    415: "The kind of content is not one that is read here",
    421: "This service does not answer under that name",
    422: "The request does not make sense",
    429: "Too many questions",
    431: "The headers are too large",
    500: "The service failed",
    503: "The service is not available now",
}


class FieldError(BaseModel):
    """Where a body is wrong, and why; never what stood there."""

    model_config = ConfigDict(frozen=True)

    where: str = Field(description="Path in the body, or the row of a file.")
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": TITLES[429],
                    "status": 429,
                    "detail": "The limit of this address is reached. Ask again in 7 seconds.",
                    "errors": [],
                }
            ]
        }
    )

    type: str = Field(default="about:blank", description="Always about:blank.")
    title: str = Field(description="What the status means; the same for all errors of a status.")
    status: int = Field(description="The HTTP status again.")
    detail: str = Field(description="What is wrong here, and what to do.")
    errors: list[FieldError] = Field(default_factory=list)


def problem(
    status: int,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A response with problem details."""
    held = Problem(
        title=TITLES.get(status, "The request failed"),
        status=status,
        detail=detail,
        errors=errors or [],
    )
    return JSONResponse(held.model_dump(), status, headers, media_type=MEDIA_TYPE)


def respond(
    request: Request,
    status: int,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
    retry_after: int = 0,
) -> Response:
    """An error for whoever asked: a page for a person on a page, problem details for all others."""
    headers = dict(headers or {})
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    if is_page(request.url.path):
        return error_page(request.url.path, status, headers, retry_after)
    return problem(status, detail, errors=errors, headers=headers)


async def on_http(request: Request, error: Exception) -> Response:
    """What the framework refuses: no such path, another method, a body that is too large."""
    assert isinstance(error, HTTPException)
    detail = error.detail
    if detail in ("Not Found", "Method Not Allowed", "Content Too Large") or not detail:
        detail = f"{TITLES.get(error.status_code, 'The request failed')}."
    headers = dict(error.headers or {})
    if error.status_code == 405 and request.method == "OPTIONS":
        return Response(status_code=204, headers=headers)
    return respond(request, error.status_code, detail, headers=headers)


async def on_invalid(request: Request, error: Exception) -> Response:
    """A body that is not what the document says; what was sent is not said again."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    broken = any(one["type"] == "json_invalid" for one in found)
    told = list(dict.fromkeys(_told(one) for one in found[:_TOLD]))
    detail = (
        "The body is not JSON."
        if broken
        else "The body is not what /api/v1/openapi.json describes: see `errors`."
    )
    return respond(request, 400 if broken else 422, detail, errors=told)


def _told(error: dict[str, Any]) -> FieldError:
    """Where and why; the name of a field that is not ours was made up by whoever sent it."""
    where, why = error["loc"], str(error["msg"])
    if error["type"] == "extra_forbidden":
        where, why = where[:-1], "Unknown field"
    return FieldError(where=".".join(map(str, where))[:100], message=why[:200])


async def on_limit(request: Request, error: Exception) -> Response:
    """Too many questions."""
    assert isinstance(error, LimitedError)
    whose = {
        "address": "The limit of this address is",
        "key": "The limit of this key is",
        "code": "The limit of questions about this code is",
    }.get(error.scope, "The service's own limit is")
    seconds = "second" if error.retry_after == 1 else "seconds"
    detail = f"{whose} reached. Ask again in {error.retry_after} {seconds}."
    return respond(request, 429, detail, retry_after=error.retry_after)


async def on_unavailable(request: Request, _error: Exception) -> Response:
    """The database does not answer; nothing is answered past the limits."""
    return respond(request, 503, "The database does not answer.", retry_after=RETRY)


async def on_busy(request: Request, _error: Exception) -> Response:
    """Too many wait for what takes long."""
    detail = "Others wait for the same already."
    return respond(request, 503, detail, retry_after=RETRY)


async def on_input(request: Request, error: Exception) -> Response:
    """A value that a lower room refuses, in its own words but for the value."""
    assert isinstance(error, InputError)
    where = ".".join(filter(None, (f"row {error.row}" if error.row else "", error.column or "")))
    detail = f"{error.message}. {error.fix}" if error.fix else error.message
    told = [FieldError(where=where, message=error.message)] if where else []
    return respond(request, 422, detail, errors=told)


async def on_gone(request: Request, _error: Exception) -> Response:
    """Whoever asked went away in the middle of a body: nobody reads this, and nothing failed."""
    return respond(request, 400, "The body did not come whole.", headers={"Connection": "close"})


async def on_failure(request: Request, _error: Exception) -> Response:
    """Anything else: no word of it goes out."""
    return respond(request, 500, "The service failed. It was written down.", retry_after=RETRY)


HANDLERS: dict[int | type[Exception], Any] = {
    HTTPException: on_http,
    RequestValidationError: on_invalid,
    LimitedError: on_limit,
    UnavailableError: on_unavailable,
    BusyError: on_busy,
    InputError: on_input,
    ClientDisconnect: on_gone,
    Exception: on_failure,
}
