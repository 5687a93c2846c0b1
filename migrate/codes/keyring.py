"""Which key may sign which head: told by the log itself, in its events of keys.

A key is added at one leaf and retired at another. Its first head must hold the leaf that adds it:

- the first key of all may sign from its own leaf on; nothing in the log vouches for it, so it is
  published apart, and whoever checks the log is told it by another way;
- a key that takes over by rotation may sign only heads after its leaf, since the head that adds it
  is signed by the key before it, which so vouches for it;
- a key that takes over from a lost one may sign from its own leaf on, as the first may, and nothing
  in the log vouches for it either.

A key that is retired may sign only heads without the leaf that retires it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from migrate.codes.checkpoint import Checkpoint
from migrate.codes.issuing import canonical_json
from migrate.codes.keys import ED25519, PublicKey
from migrate.codes.ledger import KEY_ADDED, KEY_RETIRED

FIRST, ROTATION, LOSS = "first", "rotation", "loss"


@dataclass(frozen=True)
class LogKey:
    """A key of the log. ``added`` and ``retired`` are the seq of the events, None while it signs.

    ``how`` is why it was added: first, rotation or loss.
    """

    public: PublicKey
    added: int
    how: str
    retired: int | None = None

    @property
    def first_size(self) -> int:
        """The smallest head it may sign."""
        return self.added + 1 if self.how == ROTATION else self.added

    def may_sign(self, size: int) -> bool:
        """Whether it may sign the head of a tree of ``size`` leaves."""
        return self.first_size <= size and (self.retired is None or size < self.retired)


class KeyEventError(ValueError):
    """An event of a key that cannot stand where it does; ``seq`` is its own."""

    def __init__(self, seq: int, message: str) -> None:
        super().__init__(message)
        self.seq = seq


def payload(key: PublicKey, how: str, reason: str) -> str:
    """The payload of an event of a key: canonical JSON, for everyone to read."""
    return canonical_json({"how": how, "key": key.text(), "reason": reason})


def read_keys(events: Iterable[tuple[int, str, str]]) -> tuple[LogKey, ...]:
    """The keys of a log, in the order they were added; one signs at a time.

    :param events: (seq, event, payload) of all events of keys, in order.
    :raises KeyEventError: for the first that cannot be: a second key beside one that signs, a key
        retired that does not sign, one that comes back, or one of another name.
    """
    keys: list[LogKey] = []
    # indexes of the key that signs, and of one that stands ready to take over from it
    current: int | None = None
    coming: int | None = None
    for seq, event, text in events:
        public, how = _payload(seq, text)
        if event == KEY_ADDED:
            due = FIRST if not keys else LOSS if current is None else ROTATION
            if how != due or coming is not None:
                raise KeyEventError(seq, f"a key is added by {how} where it cannot be")
            if how == LOSS and keys[-1].retired != seq - 1:
                raise KeyEventError(seq, "a key is added by loss long after the loss")
            if any(one.public.raw == public.raw for one in keys):
                raise KeyEventError(seq, "a key is added that the log has had before")
            if keys and public.name != keys[0].public.name:
                raise KeyEventError(seq, f"a key is named {public.name}, not as the log")
            if how == ROTATION:
                coming = len(keys)
            else:
                current = len(keys)
            keys.append(LogKey(public, seq, how))
        elif event == KEY_RETIRED:
            if current is None or keys[current].public != public:
                raise KeyEventError(seq, "a key is retired that does not sign")
            taken_over = coming is not None and keys[coming].added == seq - 1
            if how != (ROTATION if coming is not None else LOSS) or taken_over != (how == ROTATION):
                raise KeyEventError(seq, f"a key is retired by {how} where it cannot be")
            keys[current] = replace(keys[current], retired=seq)
            current, coming = coming, None
        else:
            raise KeyEventError(seq, f"{event} is no event of a key")
    return tuple(keys)


def signer(keys: Iterable[LogKey], size: int) -> LogKey | None:
    """The one key that may sign the head of that size, None where none may."""
    return next((key for key in keys if key.may_sign(size)), None)


def unvouched(keys: Iterable[LogKey]) -> tuple[LogKey, ...]:
    """The keys that nothing in the log vouches for: the first, and those after a loss."""
    return tuple(key for key in keys if key.how != ROTATION)


def misfit(note: Checkpoint, keys: tuple[LogKey, ...]) -> str | None:
    """Why a note is not a signed head of the log that has these keys, None where it is one."""
    if not keys:
        return "the log has no key"
    if note.origin != keys[0].public.name:
        return f"it is of another log, {note.origin}"
    known = [key for key in keys if note.claims(key.public)]
    if not known:
        return "it is signed by no key of this log"
    for key in known:
        if not note.signed_by(key.public):
            return f"its signature by key {key.public.key_id.hex()} does not hold"
    if not any(key.may_sign(note.size) for key in known):
        ids = ", ".join(key.public.key_id.hex() for key in known)
        return f"key {ids} may not sign a head of {note.size} leaves"
    return None


def _payload(seq: int, text: str) -> tuple[PublicKey, str]:
    try:
        values = json.loads(text)
        public, how = PublicKey.parse(values["key"]), values["how"]
    except (ValueError, TypeError, KeyError):
        raise KeyEventError(seq, "the event does not hold a key") from None
    if public.kind != ED25519 or how not in (FIRST, ROTATION, LOSS):
        raise KeyEventError(seq, "the event does not hold a key of a log")
    return public, how
