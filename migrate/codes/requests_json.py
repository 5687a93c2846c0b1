"""Requests as JSON: an object a request, in a file of lines or in a message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from migrate.codes.requests import FIELDS, LONGEST, Request, Scan, checked_scan, request_of
from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError

_NAMES = (*FIELDS, "channel", "applied_on", "scans")
# the number of the sender's own list: passed over, since a request gets a tracking number
_PASSED_OVER = LEGACY.key


def request_of_json(value: object, *, channel: str, applied_on: str = "") -> Request:
    """A request from one JSON value as a message brings it. ``channel`` is who sends it, for all.

    :param value: what ``json.loads`` gave: fields of ``requests.FIELDS`` as texts, ``scans`` as a
        list of ``{"sha256", "path"}``. It may not name a channel or a date of application.
    :raises InputError: naming the field, what was found and how to mend it.
    """
    given = json_values(value)
    for name in ("channel", "applied_on"):
        if name in given:
            raise InputError("a message cannot say this of itself", column=name, fix="Take it out")
    return request_of(
        {name: held for name, held in given.items() if name in FIELDS},
        channel=channel,
        applied_on=applied_on,
        scans=given["scans"],
    )


def json_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any] | InputError]]:
    """Each line with its number, from 1: values by name, or what is wrong with it."""
    for row, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield row, json_values(json.loads(line, object_pairs_hook=_once_each))
        except InputError as error:
            yield row, error
        except (ValueError, RecursionError) as error:
            yield (
                row,
                InputError(
                    "this line is no JSON",
                    found=str(error) if isinstance(error, ValueError) else "too deep",
                    fix='Write a request a line: {"first_name": "…", …}',
                ),
            )


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in it")
    return found


def json_values(value: object) -> Mapping[str, Any]:
    """The values of one object by name, ``scans`` as a list of Scan. Raises InputError."""
    if not isinstance(value, dict):
        raise InputError("this line is no object", fix='Write {"first_name": "…", …}')
    scans = []
    for name, held in value.items():
        if name == "scans":
            scans = _json_scans(held)
        elif name not in (*_NAMES, _PASSED_OVER):
            raise InputError(
                "a request has no such field",
                column=str(name.encode("ascii", "backslashreplace")[:LONGEST], "ascii"),
                fix=f"There are {', '.join(_NAMES)}",
            )
        elif held is not None and not isinstance(held, str):
            raise InputError(
                "this must be a text", column=name, found=held, fix='Put it in quotes: "0012345678"'
            )
    return {**value, "scans": scans}


def _json_scans(value: Any) -> list[Scan]:
    ready = isinstance(value, list) and all(
        isinstance(one, dict)
        and one.keys() == {"sha256", "path"}
        and all(isinstance(text, str) for text in one.values())
        for one in value
    )
    if value is not None and not ready:
        raise InputError(
            "this is no list of scans",
            column="scans",
            fix='Write [{"sha256": "…", "path": "scans/17.jpg"}]',
        )
    return [checked_scan(one["sha256"], one["path"]) for one in value or ()]
