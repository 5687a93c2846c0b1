"""Registered verifiers: employers and embassies that look codes up with a key of their own."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select, update

from migrate.errors import InputError
from migrate.store.engine import now, reading, writing
from migrate.store.public_tables import VerifierRow

# a name of its own, so that scanners of published source and mail know a lost key when they see it
KEY_PREFIX = "migrate-key-"
_KEY_BYTES = 32
_KEY_DOMAIN = b"diploma-migrate verifier key v1\0"
PER_MINUTE = 600
MOST_PER_MINUTE = 100_000


@dataclass(frozen=True)
class Verifier:
    """A verifier as the store has it, without its key. Times are ISO 8601 in UTC."""

    verifier_id: str
    name: str
    per_minute: int
    created_at: str
    created_by: str
    revoked_at: str | None
    revoked_by: str | None


def add(
    engine: Engine, name: str, *, per_minute: int = PER_MINUTE, by: str
) -> tuple[Verifier, str]:
    """Register a verifier, and give it with its key: the only time that the key is to be had.

    The key has 256 random bits, so its plain SHA-256 is kept: there is nothing to try.

    :param engine: the store, as ``open_store`` gives it.
    :param per_minute: codes a minute that the key may look up, and rows of one file.
    :param by: who registers it.
    :raises InputError: for a blank name or actor, or a limit that is not 1 to 100,000.
    """
    name, by = " ".join(name.split()), " ".join(by.split())
    if not name or len(name) > 200:
        raise InputError("a verifier has a name of 1 to 200 characters", found=name)
    if not by:
        raise InputError("say who registers it", fix="Give --by")
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise InputError(f"codes a minute are 1 to {MOST_PER_MINUTE:,}", found=per_minute)
    key = KEY_PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    verifier_id = f"v-{secrets.token_hex(6)}"
    with writing(engine) as connection:
        at = now(connection)
        connection.execute(
            insert(VerifierRow).values(
                verifier_id=verifier_id,
                name=name,
                key_digest=key_digest(key),
                per_minute=per_minute,
                created_at=at,
                created_by=by,
            )
        )
    return Verifier(verifier_id, name, per_minute, at, by, None, None), key


def revoke(engine: Engine, verifier_id: str, *, by: str) -> Verifier:
    """Let a key open nothing any more, at once and for ever.

    :raises InputError: where there is no such verifier, or it is revoked already.
    """
    by = " ".join(by.split())
    if not by:
        raise InputError("say who revokes it", fix="Give --by")
    with writing(engine) as connection:
        at = now(connection)
        done = connection.execute(
            update(VerifierRow)
            .where(VerifierRow.verifier_id == verifier_id, VerifierRow.revoked_at.is_(None))
            .values(revoked_at=at, revoked_by=by)
        ).rowcount
        held = connection.execute(
            select(*_SHOWN).where(VerifierRow.verifier_id == verifier_id)
        ).one_or_none()
    if held is None:
        raise InputError(
            "there is no such verifier", found=verifier_id, fix="`migrate verifier list` names all"
        )
    verifier = Verifier(*held)
    if not done:
        raise InputError(f"the verifier was revoked at {verifier.revoked_at}", found=verifier_id)
    return verifier


def registered(engine: Engine) -> list[Verifier]:
    """All verifiers, those that were revoked too, in the order of registration."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(*_SHOWN).order_by(VerifierRow.created_at, VerifierRow.verifier_id)
        )
        return [Verifier(*row) for row in rows]


def find(connection: Connection, key: str) -> Verifier | None:
    """The verifier whose key this is; None for any other text, and for a key that was revoked.

    :param connection: a transaction that reads.
    """
    row = connection.execute(
        select(*_SHOWN).where(VerifierRow.key_digest == key_digest(key))
    ).one_or_none()
    verifier = Verifier(*row) if row else None
    return None if verifier is None or verifier.revoked_at else verifier


def key_digest(key: str) -> str:
    """SHA-256 of a key with a domain before it, as 64 hexadecimal digits."""
    return hashlib.sha256(_KEY_DOMAIN + key.encode("utf-8", "surrogatepass")).hexdigest()


_SHOWN = (
    VerifierRow.verifier_id,
    VerifierRow.name,
    VerifierRow.per_minute,
    VerifierRow.created_at,
    VerifierRow.created_by,
    VerifierRow.revoked_at,
    VerifierRow.revoked_by,
)
