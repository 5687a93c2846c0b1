"""Forms that browsers send: a few short fields, read strictly."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_FIELDS = 20
_LONGEST = 500
_KIND = "application/x-www-form-urlencoded"


async def read_form(
    request: Request, *, fields: int = _FIELDS, longest: int = _LONGEST
) -> dict[str, str]:
    """The fields of a form, each at most once; '' for a field that was left empty.

    :param fields: how many there may be. :param longest: characters that each may have.
    :raises HTTPException: 415 for another kind of content, 400 for what cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise HTTPException(415, f"A form is sent as {_KIND}.")
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=fields,
        )
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    held = dict(pairs)
    if len(held) != len(pairs) or any(len(value) > longest for value in held.values()):
        raise HTTPException(400, "A field of the form is there twice, or too long.")
    return held
