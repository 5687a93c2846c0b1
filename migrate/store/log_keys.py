"""The keys that sign the ledger, as it tells of them itself: entered, rotated, declared lost."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from migrate.codes.checkpoint import Checkpoint
from migrate.codes.keyring import FIRST, LOSS, ROTATION, LogKey, payload
from migrate.codes.keys import PublicKey, SigningKey
from migrate.codes.ledger import KEY_ADDED, KEY_RETIRED, Draft
from migrate.errors import InputError
from migrate.store import ledger
from migrate.store.engine import writing
from migrate.store.heads import (
    SignedHead,
    check_held,
    current_key,
    keys,
    require_current,
    sign_within,
)


def add_first_key(engine: Engine, key: SigningKey, *, actor: str, reason: str) -> SignedHead:
    """Enter the log's first key, and sign the head that holds it. Its name is the log's from then on.

    :raises InputError: when the log has a key. RunError: as ``heads.sign`` does.
    """
    with writing(engine) as connection:
        known = keys(connection)
        if known:
            raise InputError(
                f"the log has a key already: {known[-1].public.text()}",
                fix="Let the new one take over with `migrate audit key rotate`",
            )
        _append(connection, [(KEY_ADDED, key.public, FIRST)], actor, reason)
        return sign_within(connection, key)


def rotate(
    engine: Engine,
    old: SigningKey,
    new: SigningKey,
    *,
    actor: str,
    reason: str,
    held: Sequence[Checkpoint] = (),
) -> SignedHead:
    """Let a new key take over. The old one signs the head that adds it, and so vouches for it.

    Both events and both heads are one transaction. Raises as ``heads.sign`` does; InputError also for
    a key the log has had before, or one named otherwise than the log.
    """
    with writing(engine) as connection:
        known = keys(connection)
        require_current(known, old.public)
        _check_new(known, new.public)
        check_held(connection, known, held)
        _append(connection, [(KEY_ADDED, new.public, ROTATION)], actor, reason)
        sign_within(connection, old)
        _append(connection, [(KEY_RETIRED, old.public, ROTATION)], actor, reason)
        return sign_within(connection, new)


def declare_loss(
    engine: Engine,
    new: SigningKey,
    *,
    actor: str,
    reason: str,
    held: Sequence[Checkpoint] = (),
) -> SignedHead:
    """Retire the key that signs, lost or stolen, and let a new one begin that nobody vouches for.

    Whoever checks the log must be told the new key by another way than the log. Raises as
    :func:`rotate` does.
    """
    with writing(engine) as connection:
        known = keys(connection)
        current = current_key(known)
        if current is None:
            raise InputError(
                "the log has no key that could be lost",
                fix="Enter one with `migrate audit key add`",
            )
        _check_new(known, new.public)
        check_held(connection, known, held)
        events = [(KEY_RETIRED, current.public, LOSS), (KEY_ADDED, new.public, LOSS)]
        _append(connection, events, actor, reason)
        return sign_within(connection, new)


def _append(
    connection: Connection,
    events: Sequence[tuple[str, PublicKey, str]],
    actor: str,
    reason: str,
) -> None:
    if not actor.strip() or not reason.strip():
        raise InputError(
            "what happens to a key names who does it and why",
            fix="Give both --by and --reason",
        )
    drafts = [
        Draft(event, "", "", "", "", actor.strip(), payload(public, how, reason.strip()))
        for event, public, how in events
    ]
    with ledger.appending(connection) as log:
        log.add(drafts)


def _check_new(known: Sequence[LogKey], public: PublicKey) -> None:
    if any(key.public.raw == public.raw for key in known):
        raise InputError(
            "the log has had this key before", fix="Make a new one with `migrate audit key new`"
        )
    if public.name != known[0].public.name:
        raise InputError(
            "the key is named otherwise than the log",
            found=public.name,
            fix=f"Make one with --name {known[0].public.name}",
        )
