"""Bundles of the ledger to hand out: JSON Lines that can be checked without the database.

The first line is the bundle's head: the format, the log's name and keys, the newest signed head and
earlier ones, each with the proof that the newest continues it (RFC 9162, 2.1.4). What follows is, by
``kind``:

- ``log``: every leaf of the log, a line each, as it was hashed. No personal data: digests only;
- ``code``: leaves of one code and of the log's keys, each with its inclusion proof (2.1.3) and, where
  it is disclosed, the values and the salt that its digests come from.

Each line is canonical JSON (RFC 8785) and ends in a newline, so a bundle has one text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from migrate.codes.issuing import canonical_json
from migrate.codes.keyring import LogKey
from migrate.codes.ledger import ISSUED, KEY_EVENTS, LedgerEvent, leaf_of

FORMAT = "migrate-ledger-bundle/1"
LOG, CODE = "log", "code"


def head_line(
    kind: str,
    keys: Sequence[LogKey],
    newest: str,
    earlier: Sequence[tuple[str, Sequence[bytes]]],
) -> str:
    """The first line.

    :param kind: LOG or CODE. :param keys: all keys of the log within the newest head.
    :param newest: the note of the newest signed head.
    :param earlier: notes of earlier ones, the smallest first, with their consistency proofs.
    """
    return _line(
        {
            "format": FORMAT,
            "head": newest,
            "heads": [
                {"consistency": [step.hex() for step in proof], "note": note}
                for note, proof in earlier
            ],
            "keys": [key.public.text() for key in keys],
            "kind": kind,
            "origin": keys[0].public.name,
        }
    )


def leaf_line(leaf: str) -> str:
    """A line of a bundle of the whole log: the leaf as it is hashed."""
    return f"{leaf}\n"


def proved_line(
    event: LedgerEvent,
    proof: Sequence[bytes],
    *,
    disclosed: bool = False,
    facts: str | None = None,
) -> str:
    """A line of a bundle of one code.

    :param proof: the inclusion proof of the event's leaf in the newest head's tree.
    :param disclosed: whether the values behind its digests are told, with the salt. They are told
        all or none: with the salt, those left out could be found by trying.
    :param facts: the canonical JSON that an ``issued`` event's ``facts_sha256`` is of.
    """
    leaf = json.loads(leaf_of(event))
    line: dict[str, Any] = {"leaf": leaf, "proof": [step.hex() for step in proof]}
    if disclosed and event.event not in KEY_EVENTS:
        digests: Mapping[str, str] = leaf["digests"]
        line["disclosed"] = {name: getattr(event, name) for name in digests}
        line["salt"] = event.salt
        if facts is not None and event.event == ISSUED:
            line["facts"] = facts
    return _line(line)


def _line(value: Mapping[str, Any]) -> str:
    return canonical_json(dict(value)) + "\n"
