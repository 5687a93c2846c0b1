"""The ledger's events: each holds the hash of the one before, so no past one can quietly change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrate.codes.issuing import canonical_json, sha256_text

# what the first event names as the one before it
GENESIS = "0" * 64


@dataclass(frozen=True)
class LedgerEvent:
    """One thing that happened to one code.

    ``seq`` runs from 1 without gaps; ``at`` is ISO 8601 in UTC; ``payload`` is canonical JSON;
    ``previous`` and ``hash`` are SHA-256 in hexadecimal digits.
    """

    seq: int
    event: str
    code: str
    degree_id: str
    legacy_id: str
    batch: str
    actor: str
    at: str
    payload: str
    previous: str
    hash: str = ""


def sealed(event: LedgerEvent) -> LedgerEvent:
    """The event with its hash: SHA-256 of the canonical JSON of all its other fields."""
    values = {name: value for name, value in vars(event).items() if name != "hash"}
    return LedgerEvent(**values, hash=sha256_text(canonical_json(values)))


def first_broken(events: Iterable[LedgerEvent]) -> int | None:
    """The ``seq`` a whole chain should have had where the given one first does not fit, or None.

    Events are taken in the order given, from the first of all. An event does not fit when its seq
    is not the next, when it does not name the hash of the one before, or when its own hash is not
    that of its fields. A chain cut off at its end fits: only a copy of its last hash tells that.
    """
    expected, previous = 1, GENESIS
    for event in events:
        if event.seq != expected or event.previous != previous or event != sealed(event):
            return expected
        expected, previous = expected + 1, event.hash
    return None
