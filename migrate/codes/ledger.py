"""The ledger's events, and the leaves they are in its Merkle log.

A leaf is public, so what is personal, or would let somebody try codes, stands in it only as a
salted digest. Salts stay in the store: with the salt of an event a leaf can be opened, field by
field, to whoever should see it, and without it a digest says nothing.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass

from migrate.codes.issuing import canonical_json
from migrate.codes.merkle import leaf_hash

ISSUED = "issued"
SUSPENDED = "suspended"
REINSTATED = "reinstated"
REVOKED = "revoked"
SUPERSEDED = "superseded"
KEY_ADDED = "key_added"
KEY_RETIRED = "key_retired"
CODE_EVENTS = (ISSUED, SUSPENDED, REINSTATED, REVOKED, SUPERSEDED)
KEY_EVENTS = (KEY_ADDED, KEY_RETIRED)
EVENTS = (*CODE_EVENTS, *KEY_EVENTS)

ACTIVE = "active"
# what a code can be; only one that is active stands for its degree
STATES = (ACTIVE, "suspended", "revoked", "superseded")
# a degree whose code is in one of these cannot get another beside it
HOLDING = (ACTIVE, "suspended")
# the state that an event leaves its code in, and those that it may find it in (None: no code yet)
TRANSITIONS: dict[str, tuple[str, tuple[str | None, ...]]] = {
    ISSUED: (ACTIVE, (None,)),
    SUSPENDED: ("suspended", (ACTIVE,)),
    REINSTATED: (ACTIVE, ("suspended",)),
    REVOKED: ("revoked", HOLDING),
    SUPERSEDED: ("superseded", HOLDING),
}

VERSION = 1
# what of an event is told in a leaf by digest only
_PRIVATE = ("actor", "code", "degree_id", "legacy_id", "payload")
_PRIVATE_OF_KEYS = ("actor",)


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One thing that happened to one code, or to a key that signs the log.

    ``seq`` runs from 1 without gaps: the leaf's index is one less. ``at`` is ISO 8601 in UTC;
    ``payload`` is canonical JSON; ``salt`` is 16 bytes in hexadecimal digits. An event of a key has
    no ``code``, ``degree_id``, ``legacy_id`` and ``batch``: they are blank.
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
    salt: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is to be appended: its place, time and salt come with that."""

    event: str
    code: str
    degree_id: str
    legacy_id: str
    batch: str
    actor: str
    payload: str


def digest(salt: str, name: str, value: str) -> str:
    """The salted digest of a field: HMAC-SHA256 (RFC 2104) keyed by the event's salt, in hex.

    The message is the field's name, a zero byte and the value, in UTF-8.
    """
    message = f"{name}\0{value}".encode()
    return hmac.digest(bytes.fromhex(salt), message, "sha256").hex()


def leaf_of(event: LedgerEvent) -> str:
    """The event's leaf: canonical JSON (RFC 8785), the same for ever.

    ``{"at":…,"batch":…,"digests":{…},"event":…,"seq":…,"v":1}`` with :func:`digest` of what is
    private: actor, code, degree, record and payload. An event of a key is for everyone: its payload
    is in the leaf as it is.
    """
    public = event.event in KEY_EVENTS
    leaf: dict[str, object] = {
        "at": event.at,
        "batch": event.batch,
        "digests": {
            name: digest(event.salt, name, getattr(event, name))
            for name in (_PRIVATE_OF_KEYS if public else _PRIVATE)
        },
        "event": event.event,
        "seq": event.seq,
        "v": VERSION,
    }
    if public:
        leaf["payload"] = json.loads(event.payload)
    return canonical_json(leaf)


def hash_of(event: LedgerEvent) -> bytes:
    """The hash of the event's leaf in the Merkle log, 32 bytes."""
    return leaf_hash(leaf_of(event).encode())
