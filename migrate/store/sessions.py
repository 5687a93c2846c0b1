"""Sessions at the review desk: a token that only the browser has, its digest here, two expiries."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from migrate.store.engine import reading, writing
from migrate.store.review_tables import SessionRow
from migrate.store.users import PEOPLE, User, find

# seconds: a working day with its breaks, and a desk that was left
ABSOLUTE = 10 * 3600
IDLE = 45 * 60
# so often is it written down that a session is in use
_SEEN = 60
_TOKEN_BYTES = 32
_DOMAIN = b"diploma-migrate review session v1\0"


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in. ``csrf`` must come with every form; times are seconds since 1970."""

    digest: str
    user: User
    csrf: str
    begun_at: int
    expires_at: int


def begin(engine: Engine, user_id: str, *, instead_of: str | None = None) -> str:
    """Begin a session and give its token: 256 random bits, the only time they are to be had.

    :param instead_of: the token that the browser had before, which opens nothing any more.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with writing(engine, lock=PEOPLE) as connection:
        at = seconds(connection)
        if instead_of:
            connection.execute(
                delete(SessionRow).where(SessionRow.token_digest == token_digest(instead_of))
            )
        connection.execute(delete(SessionRow).where(_expired(at)))
        connection.execute(
            insert(SessionRow).values(
                token_digest=token_digest(token),
                user_id=user_id,
                csrf=secrets.token_urlsafe(_TOKEN_BYTES),
                begun_at=at,
                seen_at=at,
                expires_at=at + ABSOLUTE,
            )
        )
    return token


def find_session(engine: Engine, token: str) -> Session | None:
    """The session of a token, or None: unknown, ended, expired, or of a user who was disabled."""
    digest = token_digest(token)
    with reading(engine) as connection:
        at = seconds(connection)
        row = connection.execute(
            select(
                SessionRow.user_id,
                SessionRow.csrf,
                SessionRow.begun_at,
                SessionRow.seen_at,
                SessionRow.expires_at,
            ).where(SessionRow.token_digest == digest, ~_expired(at))
        ).one_or_none()
        user = None if row is None else find(connection, row.user_id)
    if row is None or user is None or user.disabled_at is not None:
        return None
    if at - row.seen_at >= _SEEN:
        # one row of one's own; a database that is busy for long ends nobody's session at once
        with suppress(DBAPIError), engine.begin() as connection:
            connection.execute(
                update(SessionRow).where(SessionRow.token_digest == digest).values(seen_at=at)
            )
    return Session(digest, user, row.csrf, row.begun_at, row.expires_at)


def end(engine: Engine, token: str) -> None:
    """End a session; one that is not there is no error."""
    with engine.begin() as connection:
        connection.execute(delete(SessionRow).where(SessionRow.token_digest == token_digest(token)))


def end_all(engine: Engine, user_id: str) -> int:
    """End all sessions of a user, and give how many there were."""
    with engine.begin() as connection:
        held = delete(SessionRow).where(SessionRow.user_id == user_id)
        return connection.execute(held).rowcount


def token_digest(token: str) -> str:
    """SHA-256 of a token with a domain before it, as 64 hexadecimal digits."""
    return hashlib.sha256(_DOMAIN + token.encode("utf-8", "surrogatepass")).hexdigest()


def seconds(connection: Connection) -> int:
    """Seconds since 1970 by the database's clock, one for all machines."""
    if connection.dialect.name == "postgresql":
        clock = cast(func.floor(func.extract("epoch", func.clock_timestamp())), BigInteger)
    else:
        clock = cast(func.strftime("%s", "now"), BigInteger)
    return int(connection.execute(select(clock)).scalar_one())


def _expired(at: int) -> ColumnElement[bool]:
    return or_(SessionRow.expires_at <= at, SessionRow.seen_at <= at - IDLE)
