"""A log in memory with all that a bundle can hold: keys in succession, heads, one code's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from migrate.codes import bundle, checkpoint, keyring, merkle
from migrate.codes.checkpoint import Checkpoint
from migrate.codes.issuing import canonical_json, sha256_text
from migrate.codes.keys import PublicKey, SigningKey
from migrate.codes.ledger import LedgerEvent, hash_of, leaf_of

NAME = "codes.example.ir/ledger"
AT = "2026-11-28T09:00:00Z"
CODE, OTHER = "48213390567712045863", "10000000000000000024"
FACTS = canonical_json({"first_name": "علی", "national_id": "0012345679"})


def key_of(number: int) -> SigningKey:
    """A key made of a number: the same every time."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return SigningKey(PublicKey(NAME, private.public_key().public_bytes_raw()), private)


FIRST, SECOND, THIRD, STRANGER = (key_of(number) for number in (1, 2, 3, 4))


@dataclass
class MadeLog:
    """Events, and the heads that were signed of them."""

    events: list[LedgerEvent] = field(default_factory=list)
    heads: list[Checkpoint] = field(default_factory=list)

    def add(self, event: str, code: str = CODE, payload: str = "{}") -> None:
        """Append an event."""
        seq = len(self.events) + 1
        key = event.startswith("key_")
        self.events.append(
            LedgerEvent(
                seq=seq,
                event=event,
                code="" if key else code,
                degree_id="" if key else f"D-{code[:3]}",
                legacy_id="" if key else "L1",
                batch="" if key else "دفتر ۱",
                actor="ز. کریمی",
                at=AT,
                payload=payload,
                salt=f"{seq:032x}",
            )
        )

    def issue(self, code: str) -> None:
        """Append an event that issues a code on FACTS."""
        said = {"facts_sha256": sha256_text(FACTS), "scheme": 1}
        self.add("issued", code, canonical_json(said))

    def key(self, event: str, key: SigningKey, how: str) -> None:
        """Append an event of a key."""
        self.add(event, payload=keyring.payload(key.public, how, "نوبت سالانه"))

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves."""
        size = len(self.events) if size is None else size
        return merkle.range_hash(0, size, self.node)

    def node(self, start: int, stop: int) -> bytes:
        """What proofs are made of."""
        hashes = [hash_of(event) for event in self.events[start:stop]]
        while len(hashes) > 1:
            pairs = zip(hashes[::2], hashes[1::2], strict=True)
            hashes = [merkle.node_hash(*pair) for pair in pairs]
        return hashes[0]

    def sign(self, key: SigningKey) -> Checkpoint:
        """Sign the log as it stands."""
        size = len(self.events)
        self.heads.append(checkpoint.head(NAME, size, self.root(), AT).signed(key))
        return self.heads[-1]

    def keys(self) -> tuple[keyring.LogKey, ...]:
        """The keys by the events."""
        events = [
            (one.seq, one.event, one.payload) for one in self.events if one.event.startswith("key_")
        ]
        return keyring.read_keys(events)

    def top(self, kind: str, earlier: Sequence[Checkpoint] | None = None) -> str:
        """A bundle's first line."""
        *before, newest = self.heads
        proofs = [
            (one.note(), merkle.consistency_path(one.size, newest.size, self.node))
            for one in (before if earlier is None else earlier)
        ]
        return bundle.head_line(kind, self.keys(), newest.note(), proofs)

    def log_bundle(self) -> str:
        """The bundle of the whole log."""
        leaves = [bundle.leaf_line(leaf_of(one)) for one in self.events[: self.heads[-1].size]]
        return self.top(bundle.LOG) + "".join(leaves)

    def code_bundle(self, code: str = CODE, *, disclosed: bool = True) -> str:
        """The bundle of one code."""
        size = self.heads[-1].size
        lines = [
            bundle.proved_line(
                one,
                merkle.inclusion_path(one.seq - 1, size, self.node),
                disclosed=disclosed,
                facts=FACTS,
            )
            for one in self.events[:size]
            if one.code in ("", code)
        ]
        return self.top(bundle.CODE) + "".join(lines)


def whole_log() -> MadeLog:
    """A log in which a key was rotated and the next one lost."""
    log = MadeLog()
    log.key("key_added", FIRST, "first")
    log.sign(FIRST)
    for code in (OTHER, CODE, "10000000000000000121"):
        log.issue(code)
    log.add("suspended", CODE, canonical_json({"reason": "نامه ۱۲"}))
    log.sign(FIRST)
    log.key("key_added", SECOND, "rotation")
    log.sign(FIRST)
    log.key("key_retired", FIRST, "rotation")
    log.sign(SECOND)
    log.add("reinstated", CODE, canonical_json({"reason": "نامه ۱۳"}))
    log.key("key_retired", SECOND, "loss")
    log.key("key_added", THIRD, "loss")
    log.sign(THIRD)
    log.add("revoked", OTHER, canonical_json({"reason": "نامه ۱۴"}))
    log.sign(THIRD)
    return log
