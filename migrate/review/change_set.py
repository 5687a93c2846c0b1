"""A reviewed change set as a file: a line a value, with who decided, who approved, and why."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from migrate.errors import InputError

FORMAT = 1
# a spreadsheet would run a cell that begins so
_RUN = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Line:
    """One value of a proposal. A new degree has a line for each of its values, ``old`` empty.

    ``degree_id`` of a new degree is a degree by which its person is known, '' where the person is new.
    """

    proposal: int
    kind: str
    degree_id: str
    person_id: str
    field: str
    old: str
    new: str
    university: str
    case_id: str
    batch: str
    legacy_id: str
    decision: int
    verdict: str
    decided_by: str
    decided_at: str
    approved_by: str
    approved_at: str
    reason: str


COLUMNS = tuple(field.name for field in fields(Line))


def content_of(lines: Sequence[Line], *, as_json: bool) -> bytes:
    """The file's bytes: the same lines give the same bytes. UTF-8; CSV begins with a byte order mark."""
    if as_json:
        held = {"format": FORMAT, "kind": "registry change set", "lines": [*map(asdict, lines)]}
        return (json.dumps(held, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([_guarded(str(value)) for value in asdict(line).values()])
    return text.getvalue().encode("utf-8-sig")


def read_proposals(path: Path) -> tuple[str, tuple[int, ...]]:
    """The SHA-256 of a change set, and the numbers of its proposals in order.

    :raises InputError: it cannot be read, or is no change set.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            "this change set cannot be read", file=path, found=error.strerror
        ) from error
    try:
        numbers = _numbers(content, path.suffix.lower() == ".json")
    except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(
            "this is no change set", file=path, fix="Take one that `migrate registry export` wrote"
        ) from error
    return hashlib.sha256(content).hexdigest(), tuple(dict.fromkeys(numbers))


def is_json(path: Path) -> bool:
    """Whether a change set of this name is JSON, and not CSV.

    :raises InputError: for a name that ends in neither.
    """
    if path.suffix.lower() not in (".json", ".csv"):
        raise InputError("a change set is a .csv or .json file", file=path)
    return path.suffix.lower() == ".json"


def _numbers(content: bytes, as_json: bool) -> Iterable[int]:
    if as_json:
        return [int(line["proposal"]) for line in json.loads(content)["lines"]]
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [int(row["proposal"]) for row in rows]


def _guarded(text: str) -> str:
    return "'" + text if text.startswith(_RUN) else text
