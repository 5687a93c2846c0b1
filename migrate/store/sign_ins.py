"""Tries to sign in: written down before the password is looked at, and slowed down as they fail."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, select, update

from migrate.store.engine import writing
from migrate.store.passwords import hash_password, needs_rehash, verify_password
from migrate.store.review_tables import SignInRow, UserRow
from migrate.store.sessions import seconds
from migrate.store.users import PEOPLE, User, find

# failures that cost nothing but the try; each one more doubles the wait, from 2 seconds on
FREE_OF_USER = 4
# a university's people may share one address
FREE_OF_ADDRESS = 20
LONGEST_WAIT = 15 * 60
# seconds for which a failure counts, of a user and of an address
REMEMBERED = 24 * 3600
REMEMBERED_OF_ADDRESS = 3600
# days after which tries are deleted; auditors read them until then
KEPT_DAYS = 366
_LONGEST = 64


@dataclass(frozen=True)
class Attempt:
    """What became of a try: the user, or the seconds to wait, or neither where it failed."""

    user: User | None = None
    wait: int = 0


def sign_in(engine: Engine, user_id: str, password: str, *, address: str) -> Attempt:
    """Look whether this is the user. An unknown user takes the same way as a wrong password.

    The try is counted before the password is looked at, so that many at once are no way around the
    wait; a try within the wait is written down, and counts for nothing.

    :param engine: the store. :param user_id: as typed. :param address: whose it is, an IPv4 address or
        the /64 of an IPv6 one.
    :raises RunError: when the database fails.
    """
    typed = user_id.strip().casefold()[:_LONGEST]
    with writing(engine, lock=PEOPLE) as connection:
        wait = waiting(connection, typed, address)
        seq = _write(connection, typed, address, "wait" if wait else "tried")
    if wait:
        return Attempt(wait=wait)
    with engine.connect() as connection:
        user = find(connection, typed)
        kept = connection.execute(
            select(UserRow.password_hash).where(
                UserRow.user_id == typed, UserRow.disabled_at.is_(None)
            )
        ).scalar_one_or_none()
    # outside a transaction: it takes a tenth of a second
    right = verify_password(kept, password)
    fresh = hash_password(password) if right and kept and needs_rehash(kept) else None
    with writing(engine, lock=PEOPLE) as connection:
        outcome = "in" if right else "failed"
        connection.execute(update(SignInRow).where(SignInRow.seq == seq).values(outcome=outcome))
        if fresh is not None:
            # unless the password was changed meanwhile
            connection.execute(
                update(UserRow)
                .where(UserRow.user_id == typed, UserRow.password_hash == kept)
                .values(password_hash=fresh)
            )
    return Attempt(user if right else None)


def note_provider(engine: Engine, user_id: str, *, address: str, outcome: str) -> None:
    """Write down a sign-in by an OpenID provider: ``in``, or ``refused`` for whom nobody registered."""
    with writing(engine, lock=PEOPLE) as connection:
        _write(connection, user_id[:_LONGEST], address, outcome)


def purge(engine: Engine, *, keep_days: int = KEPT_DAYS) -> int:
    """Delete tries that are older than they are kept, and give how many."""
    with writing(engine, lock=PEOPLE) as connection:
        before = seconds(connection) - keep_days * 86_400
        return connection.execute(delete(SignInRow).where(SignInRow.at < before)).rowcount


def waiting(connection: Connection, user_id: str, address: str) -> int:
    """Seconds until the next try of this user, or from this address, is looked at; 0 for at once."""
    at = seconds(connection)
    # who was let in has a clean sheet: but an address is not washed by one of its users
    last_in = connection.execute(
        select(func.coalesce(func.max(SignInRow.seq), 0)).where(
            SignInRow.user_id == user_id, SignInRow.outcome == "in"
        )
    ).scalar_one()
    of_user = (
        SignInRow.user_id == user_id,
        SignInRow.at > at - REMEMBERED,
        SignInRow.seq > last_in,
    )
    of_address = (SignInRow.address == address, SignInRow.at > at - REMEMBERED_OF_ADDRESS)
    return max(
        _wait(connection, at, of_user, FREE_OF_USER),
        _wait(connection, at, of_address, FREE_OF_ADDRESS),
    )


def _wait(
    connection: Connection, at: int, whose: tuple[ColumnElement[bool], ...], free: int
) -> int:
    count, last = connection.execute(
        select(func.count(), func.max(SignInRow.at)).where(
            *whose, SignInRow.outcome.in_(("tried", "failed"))
        )
    ).one()
    if count <= free:
        return 0
    delay = min(1 << min(count - free, 20), LONGEST_WAIT)
    return max(0, int(last) + delay - at)


def _write(connection: Connection, user_id: str, address: str, outcome: str) -> int:
    written = connection.execute(
        insert(SignInRow)
        .values(user_id=user_id, address=address[:64], at=seconds(connection), outcome=outcome)
        .returning(SignInRow.seq)
    )
    return int(written.scalar_one())
