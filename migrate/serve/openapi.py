"""The OpenAPI document: every error with its shape and an example."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from migrate import __version__
from migrate.serve.models import MATCH_EXAMPLE, NOT_FOUND_EXAMPLE, VALID_EXAMPLE
from migrate.serve.problems import MEDIA_TYPE, TITLES, Problem

# the name of the security scheme
KEY = "verifierKey"
_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "The key of a registered verifier, as it was shown once.",
}
_DETAILS = {
    400: "The request cannot be read: the body is not JSON, say.",
    401: "This key opens nothing.",
    404: "There is no request of this number.",
    413: "The request is too large.",
    415: "A file of codes is sent as text/csv.",
    422: "The body is not what /api/v1/openapi.json describes: see `errors`.",
    429: "The limit of this address is reached. Ask again in 7 seconds.",
    503: "The database does not answer.",
}
_EXAMPLES = {
    "/api/v1/inquiry": {"valid": VALID_EXAMPLE, "not_found": NOT_FOUND_EXAMPLE},
    "/api/v1/match": {"valid": MATCH_EXAMPLE},
}
_HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
    503: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}
_ABOUT = """Look up the validity codes of degrees, and follow requests for them.

Every answer to a code has the status 200; a status above 399 is an error in the shape of RFC 9457
(`application/problem+json`). Limits are by address, or by key where one is sent; 429 says in
`Retry-After` when to ask again. No answer may be cached. What no operation looks at may also be refused
with 408 (the body came too slowly), 421 (another host) and 431 (headers too large)."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for the errors that it may give."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        example = {
            "type": "about:blank",
            "title": TITLES[status],
            "status": status,
            "detail": _DETAILS[status],
            "errors": [{"where": "body.code", "message": "Field required"}]
            if status == 422
            else [],
        }
        found[status] = {
            "description": TITLES[status],
            "headers": _HEADERS.get(status, {}),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": example,
                }
            },
        }
    return found


def describe(app: FastAPI, server: str) -> dict[str, Any]:
    """The document of an application, made once.

    :param server: where the world reaches it; '' for where the document came from.
    """
    if app.openapi_schema is None:
        found = get_openapi(
            title="Degree validity inquiry",
            version=__version__,
            summary="Validity codes of Iranian degrees",
            description=_ABOUT,
            routes=app.routes,
            servers=[{"url": server or "/"}],
        )
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        held = found.setdefault("components", {}).setdefault("schemas", {})
        held |= schema.pop("$defs", {})
        held["Problem"] = schema
        # the framework's own shape of an error is not used here
        for name in ("HTTPValidationError", "ValidationError"):
            held.pop(name, None)
        # set here, as the framework leaves out of its own what is null
        for path, examples in _EXAMPLES.items():
            held = found["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
            held["examples"] = {name: {"value": value} for name, value in examples.items()}
        found["components"]["securitySchemes"] = {KEY: _SCHEME}
        app.openapi_schema = found
    return app.openapi_schema
