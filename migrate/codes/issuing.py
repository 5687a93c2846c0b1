"""What a code is issued on, and what came of asking for it: plain values, no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.codes.documents import UNKNOWN

# the outcomes that may be given a code without a university's word
SUPPORTING = ("linked",)


# the channel of the ministry's own batches of paper-era ledgers
ARCHIVE = "archive"
# facts that an inquiry shows and that do not tell one degree from another: a registry mends them
SHOWN_ONLY = ("graduation_year",)


@dataclass(frozen=True)
class IssueRequest:
    """A degree that a record of a batch supports a code for.

    ``degree_facts`` is what the registry says of the degree and its holder, canonical values by
    field name, None where it says nothing. A code stands for these facts, and proves the document
    that the record is (``document_type``, see ``migrate.codes.documents``). ``decision_seq`` is the
    decision that it rests on, None where the outcome alone supports it. ``channel`` and
    ``applied_on`` (Solar Hijri, 1402-05-01) say how and when it was asked for.
    """

    degree_id: str
    legacy_id: str
    batch: str
    degree_facts: Mapping[str, str | None] = field(hash=False)
    document_type: str = UNKNOWN
    decision_seq: int | None = None
    channel: str = ARCHIVE
    applied_on: str | None = None


@dataclass(frozen=True)
class IssuedCode:
    """A code in force. ``issued_at`` is ISO 8601 in UTC to the second: 2026-11-24T08:00:00Z."""

    code: str
    scheme: int
    degree_id: str
    legacy_id: str
    batch: str
    issued_at: str
    document_type: str = UNKNOWN


@dataclass(frozen=True)
class Refusal:
    """A request that no code may be issued on. ``rule`` is one word, ``words`` say why and what to do.

    ``rule`` is ``suspended`` or ``revoked`` (what became of the degree's code), ``decision`` (it no
    longer stands, or says something else), ``case`` (one was opened of the record), or the name of a
    rule of the issuing policy.
    """

    request: IssueRequest
    rule: str
    words: str


@dataclass(frozen=True)
class IssueResult:
    """What became of each degree asked for, each tuple in the order of the requests.

    ``issued`` are new; ``repeated`` this batch had issued before; ``elsewhere`` another batch
    had, for the degree or for the very same record. ``refused`` got none, and say why. Of the codes
    that a degree had already, ``outranked`` prove a lesser document than the record asked for now:
    `migrate code replace` gives the degree one for the diploma.
    """

    issued: tuple[IssuedCode, ...]
    repeated: tuple[IssuedCode, ...]
    elsewhere: tuple[IssuedCode, ...]
    refused: tuple[Refusal, ...] = ()
    outranked: tuple[IssuedCode, ...] = ()


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

    What is ``SHOWN_ONLY`` takes no part. *Missing* is not *different*: a field that one side does
    not have, or has blank, is not compared. But two that have no field to compare, while either
    holds any, differ in them all: nothing then says that they are facts of one degree.

    :param held: the facts an active code was issued on.
    :param asked: the facts of the same degree_id as another request has them.
    """
    names = [
        name
        for name in sorted((held.keys() | asked.keys()) - set(SHOWN_ONLY))
        if held.get(name) or asked.get(name)
    ]
    both = [name for name in names if held.get(name) and asked.get(name)]
    return tuple(
        (name, held.get(name), asked.get(name))
        for name in both or names
        if held.get(name) != asked.get(name)
    )
