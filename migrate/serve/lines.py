"""The service's log: one JSON object a line, in which no address, code, national ID or key stands."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from starlette.types import Scope

_LOG = logging.getLogger("migrate.serve")
# what a line of the log may name: any text may be sent for a method
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """A line for a request that was answered: the route's own text, not the path."""
    # the route's own text: what stands in its place in the path may be a code
    endpoint = getattr(scope.get("endpoint"), "__name__", "-")
    route = getattr(scope.get("route"), "path", endpoint)
    line: dict[str, Any] = {
        "route": route,
        "method": scope["method"] if scope["method"] in METHODS else "other",
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    line |= scope["state"].get("log", {})
    _LOG.info("request", extra={"line": line})


def log_failure(error: Exception) -> None:
    """Where it failed and by what kind of error; its words may quote what was typed."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
    line = {"error": type(error).__name__, "at_lines": places}
    _LOG.error("failure", extra={"line": line})


class JsonLines(logging.Formatter):
    """One JSON object a line: when, what, and the values of the line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        held: dict[str, Any] = {"at": at, "level": record.levelname.lower()}
        held["event"] = record.getMessage() if record.name == "migrate.serve" else record.name
        held |= getattr(record, "line", {})
        if record.name != "migrate.serve":
            held["said"] = record.getMessage()[:500]
        return json.dumps(held, ensure_ascii=False)
