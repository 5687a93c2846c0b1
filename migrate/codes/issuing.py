"""What a code is issued on, and what came of asking for it: plain values, no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# the outcomes that may be given a code without a university's word
SUPPORTING = ("linked",)


@dataclass(frozen=True)
class IssueRequest:
    """A degree that a record of a batch supports a code for.

    ``degree_facts`` is what the registry says of the degree and its holder, canonical values by
    field name, None where it says nothing. A code stands for these facts.
    """

    degree_id: str
    legacy_id: str
    batch: str
    degree_facts: Mapping[str, str | None] = field(hash=False)


@dataclass(frozen=True)
class IssuedCode:
    """A code in force. ``issued_at`` is ISO 8601 in UTC to the second: 2026-11-24T08:00:00Z."""

    code: str
    scheme: int
    degree_id: str
    legacy_id: str
    batch: str
    issued_at: str


@dataclass(frozen=True)
class IssueResult:
    """The code of each degree asked for, each tuple in the order of the requests.

    ``issued`` are new; ``repeated`` this batch had issued before; ``elsewhere`` another batch
    had, for the degree or for the very same record.
    """

    issued: tuple[IssuedCode, ...]
    repeated: tuple[IssuedCode, ...]
    elsewhere: tuple[IssuedCode, ...]


def canonical_json(value: Any) -> str:
    """One text for one value: keys sorted, no spaces, no escapes but those JSON needs.

    As RFC 8785 has it for strings, integers, booleans, None, lists and mappings whose keys are
    within Unicode's basic plane; nothing here holds other keys, or floats that must be hashed
    the same way by other programs.

    :raises ValueError: for NaN and infinities. TypeError: for what JSON cannot hold.
    """
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def sha256_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def differing(
    held: Mapping[str, str | None], asked: Mapping[str, str | None]
) -> tuple[tuple[str, str | None, str | None], ...]:
    """The facts that contradict: (field, value held, value asked), in the order of field names.

    *Missing* is not *different*: a field that one side does not have, or has blank, is not
    compared. But two that have no field to compare, while either holds any, differ in them all:
    nothing then says that they are facts of one degree.

    :param held: the facts an active code was issued on.
    :param asked: the facts of the same degree_id as another request has them.
    """
    names = [
        name for name in sorted(held.keys() | asked.keys()) if held.get(name) or asked.get(name)
    ]
    both = [name for name in names if held.get(name) and asked.get(name)]
    return tuple(
        (name, held.get(name), asked.get(name))
        for name in both or names
        if held.get(name) != asked.get(name)
    )
