"""The JSON API: the same questions and answers as the pages, for programs."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from migrate.codes.inquiry import Answer
from migrate.codes.tracking import LENGTH
from migrate.persian import letters
from migrate.serve.bulk import MOST_ROWS, read_codes, write_answers
from migrate.serve.caller import caller_of, caller_with_key, note
from migrate.serve.guard import FILE_BYTES
from migrate.serve.models import (
    BulkOut,
    Health,
    InquiryIn,
    InquiryOut,
    MatchIn,
    MatchOut,
    ReceiptOut,
    RequestIn,
    StatusOut,
    inquiry_out,
    title_of,
)
from migrate.serve.openapi import KEY, problems
from migrate.serve.pace import Pace

_CSV = "text/csv"
# files that a process reads at once: each may take its memory and a thread
_FILES = asyncio.Semaphore(2)
router = APIRouter(prefix="/api/v1")


@router.post(
    "/inquiry",
    response_model=InquiryOut,
    tags=["inquiry"],
    summary="Look a code up",
    openapi_extra={"security": [{}, {KEY: []}]},
    responses=problems(400, 401, 413, 422, 429, 503),
)
async def inquiry(body: InquiryIn, request: Request) -> Any:
    """One code, one of seven answers. Every answer has the status 200, not found too.

    The code is sent in the body, so that it stands in no address and no log of addresses.
    """
    caller = await caller_with_key(request, needed=False)
    answer = await _pace(request).ask(lambda desk: desk.inquire(body.code, caller))
    note(request, answer.answer, answer.code, caller)
    return JSONResponse(inquiry_out(answer))


@router.post(
    "/match",
    response_model=MatchOut,
    tags=["inquiry"],
    summary="Compare claims with a code",
    openapi_extra={"security": [{}, {KEY: []}]},
    responses=problems(400, 401, 413, 422, 429, 503),
)
async def match(body: MatchIn, request: Request) -> Any:
    """Yes, no, or cannot be compared, claim by claim. No fact of the degree is in the answer."""
    claims = body.claims.model_dump()
    if all(letters.is_blank(claim) for claim in claims.values()):
        raise HTTPException(422, "At least one claim is needed.")
    caller = await caller_with_key(request, needed=False)
    found = await _pace(request).ask(lambda desk: desk.match(body.code, claims, caller))
    note(request, found.answer.answer, found.answer.code, caller)
    return JSONResponse(
        {
            "answer": found.answer.answer,
            "code": found.answer.code,
            "fields": dict(found.fields),
            "superseded_by": found.answer.superseded_by,
            "reason": found.answer.reason,
            "title": title_of(found.answer),
        }
    )


@router.post(
    "/bulk",
    response_model=BulkOut,
    tags=["inquiry"],
    summary="Look up the codes of a file",
    openapi_extra={
        "security": [{KEY: []}],
        "requestBody": {
            "required": True,
            "description": f"CSV in UTF-8 with at most {MOST_ROWS:,} codes and {FILE_BYTES:,} bytes: "
            "one code a row, or a column with the heading `code`.",
            "content": {
                _CSV: {
                    "schema": {"type": "string"},
                    "example": "code\n70412233445566778912\n۷۰۴۱-۲۲۳۳-۴۴۵۵-۶۶۷۷-۸۹۱۲\n",
                }
            },
        },
    },
    responses={
        200: {
            "description": "A row for a row, in the order of the file. "
            "CSV where `Accept` asks for text/csv.",
            "content": {_CSV: {"schema": {"type": "string"}}},
        },
        **problems(400, 401, 413, 415, 422, 429, 503),
    },
)
async def bulk(request: Request) -> Any:
    """For registered verifiers. Each row has an answer of its own; a bad row stops no other.

    A file has at most as many codes as the key may look up in a minute.
    """
    # the key first: a body of this size is read for nobody else
    caller = await caller_with_key(request, needed=True)
    assert caller.verifier is not None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _CSV:
        raise HTTPException(415, f"A file of codes is sent as {_CSV}.")
    if _FILES.locked():
        raise HTTPException(503, "Other files are being read.", headers={"Retry-After": "2"})
    async with _FILES:
        body = await request.body()
        pace = _pace(request)
        rows = await asyncio.to_thread(read_codes, body)
        if len(rows) > caller.verifier.per_minute:
            raise HTTPException(
                422,
                f"This key may look up {caller.verifier.per_minute:,} codes a minute, and the file "
                f"has {len(rows):,}. Send it in parts.",
            )
        texts = [text for _, text in rows]
        answers = await pace.ask_slowly(lambda desk: desk.bulk(texts, caller))
        note(request, f"{len(answers)} rows", caller=caller)
        numbered = [(number, answer) for (number, _), answer in zip(rows, answers, strict=True)]
        return await asyncio.to_thread(_bulk_response, numbered, _wants_csv(request))


def _bulk_response(rows: list[tuple[int, Answer]], as_csv: bool) -> Response:
    if as_csv:
        headers = {"Content-Disposition": 'attachment; filename="answers.csv"'}
        return Response(write_answers(rows), media_type=_CSV, headers=headers)
    counts = Counter(answer.answer for _, answer in rows)
    held = [{"row": number, **inquiry_out(answer)} for number, answer in rows]
    return JSONResponse({"rows": held, "counts": dict(counts)})


def _wants_csv(request: Request) -> bool:
    accepted = request.headers.get("accept", "").lower()
    return _CSV in accepted and "application/json" not in accepted


@router.post(
    "/requests",
    response_model=ReceiptOut,
    status_code=201,
    tags=["requests"],
    summary="Apply for a code",
    responses=problems(400, 413, 422, 429, 503),
)
async def apply(body: RequestIn, request: Request) -> Any:  # type: ignore[valid-type]
    """A graduate's request for a code of an old diploma. Keep the tracking number.

    A request that the policy does not allow is kept too: its state is refused, its words say by
    which rule and what to do instead.
    """
    caller = caller_of(request)
    given = body.model_dump(exclude_none=True)  # type: ignore[attr-defined]
    receipt = await _pace(request).ask_slowly(lambda desk: desk.apply(given, caller))
    note(request, receipt.state)
    return JSONResponse(asdict(receipt), 201)


@router.get(
    "/requests/{tracking_no}",
    response_model=StatusOut,
    tags=["requests"],
    summary="Follow a request",
    responses=problems(400, 404, 422, 429, 503),
)
async def follow(
    tracking_no: Annotated[
        str,
        Path(
            max_length=40,
            description=f"{LENGTH} letters and digits, with dashes or without.",
            examples=["7K3M-9QWX-4T2B-HN5C"],
        ),
    ],
    request: Request,
) -> Any:
    """How far a request has come. Nothing of its data, and no code, is in the answer."""
    caller = caller_of(request)
    found = await _pace(request).ask(lambda desk: desk.follow(tracking_no, caller))
    if found is None:
        raise HTTPException(404, "There is no request of this number.")
    note(request, found.state)
    return JSONResponse(asdict(found))


health_router = APIRouter()


@health_router.get(
    "/healthz",
    response_model=Health,
    tags=["service"],
    summary="Whether the service can answer",
    responses={503: {"model": Health, "description": "The database does not answer."}},
)
async def health(request: Request) -> Any:
    """For whoever watches the service: no limit, and asked of the database once a second at most."""
    well = await request.app.state.health()
    held = {"status": "ok" if well else "unavailable", "database": well}
    return JSONResponse(held, 200 if well else 503)


def _pace(request: Request) -> Pace:
    pace: Pace = request.app.state.pace
    return pace
