"""Who asks, from a request: the address that the guard found, and a key if one came along."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from migrate.codes.inquiry import code_digest
from migrate.serve.gate import Caller
from migrate.serve.pace import Pace

_LONGEST_KEY = 200
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="codes"'}


def caller_of(request: Request) -> Caller:
    """Whoever asks, by address alone."""
    return Caller(request.client.host if request.client else "")


async def caller_with_key(request: Request, *, needed: bool) -> Caller:
    """Whoever asks, with the verifier whose key stands in ``Authorization: Bearer``.

    :param needed: whether there must be a key. A key that opens nothing is refused in any case.
    :raises HTTPException: 401.
    """
    caller = caller_of(request)
    given = request.headers.getlist("authorization")
    if not given:
        if needed:
            raise HTTPException(
                401, "This needs the key of a registered verifier.", headers=_CHALLENGE
            )
        return caller
    scheme, _, key = given[0].partition(" ")
    key = key.strip()
    if len(given) != 1 or scheme.lower() != "bearer" or not key or len(key) > _LONGEST_KEY:
        raise HTTPException(
            401, "The key is sent as `Authorization: Bearer KEY`, once.", headers=_CHALLENGE
        )
    pace: Pace = request.app.state.pace
    found = await pace.ask(lambda desk: desk.verifier(key, caller))
    if found is None:
        raise HTTPException(401, "This key opens nothing.", headers=_CHALLENGE)
    return found


def note(request: Request, answer: str, code: str = "", caller: Caller | None = None) -> None:
    """Add to the request's line in the log: the answer, the verifier, a short digest of the code.

    32 bits of the digest tell two codes of one day apart, and fit some 200 million codes each, so
    that nobody who has the log can find out which one it was.
    """
    line: dict[str, str] = {"answer": answer}
    if code:
        line["code"] = code_digest(code)[:8]
    if caller and caller.verifier_id:
        line["verifier"] = caller.verifier_id
    request.scope["state"]["log"] = line
