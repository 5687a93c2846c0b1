"""Named users of the review desk: registered by a command, disabled, never deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from migrate.errors import InputError
from migrate.review.roles import OF_UNIVERSITY, ROLES, Viewer
from migrate.store.engine import now, reading, writing
from migrate.store.passwords import check_password, hash_password
from migrate.store.review_tables import SessionRow, UserRow

# accounts have a lock of their own: who signs in waits neither for an issuer nor for who decides
PEOPLE = 0x6D69_6772_6174_6503
_USER_ID = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]", re.ASCII)
_UNIVERSITY = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.ASCII)
_LONGEST = 200


@dataclass(frozen=True)
class User:
    """A user without the password's hash. Times are ISO 8601 in UTC.

    ``has_password`` is False for one who signs in by an OpenID provider only, who is known there by
    ``issuer`` and ``subject``.
    """

    user_id: str
    name: str
    role: str
    university: str | None
    has_password: bool
    issuer: str | None
    subject: str | None
    created_at: str
    created_by: str
    disabled_at: str | None
    disabled_by: str | None

    @property
    def viewer(self) -> Viewer:
        """As every read and write of the review asks for."""
        return Viewer(self.user_id, self.role, self.university)


def add(
    engine: Engine,
    user_id: str,
    *,
    name: str,
    role: str,
    university: str | None = None,
    by: str,
    password: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> User:
    """Register a user. Who it is, the role and the university can never be changed afterwards.

    :param engine: the store, as ``open_store`` gives it.
    :param user_id: 3 to 64 of a-z, 0-9, dot, dash and underscore: it stands on every decision.
    :param role: one of ``roles.ROLES``. :param university: the key of its packets' folder, for a clerk
        or an approver; None for the others.
    :param by: who registers it.
    :param password: None for a user of an OpenID provider; at least one of the two is needed.
    :param issuer, subject: how the provider names the user (``iss`` and ``sub``), both or none.
    :raises InputError: for anything that is not so, a user that is there already, or a weak password.
    """
    user_id, name, by = user_id.strip(), " ".join(name.split()), " ".join(by.split())
    if not _USER_ID.fullmatch(user_id):
        raise InputError(
            "a user is named by 3 to 64 small letters, digits, dots, dashes or underscores",
            found=user_id,
            fix="Write it as z.karimi",
        )
    if not name or len(name) > _LONGEST:
        raise InputError(f"a user has a name of 1 to {_LONGEST} characters", fix="Give --name")
    if not by:
        raise InputError("say who registers the user", fix="Give --by")
    _check_place(role, university)
    if (issuer is None) != (subject is None):
        raise InputError(
            "a provider's user is known by issuer and subject together",
            fix="Give both --oidc-issuer and --oidc-subject",
        )
    if issuer is not None and not issuer.startswith(("https://", "http://")):
        raise InputError("an issuer is an address", found=issuer, fix="Write it as https://…")
    if password is None and issuer is None:
        raise InputError(
            "a user has a password or a provider", fix="Give one of the two: there are no defaults"
        )
    if password is not None:
        check_password(password, user_id=user_id, name=name)
    row: dict[str, Any] = {
        "user_id": user_id,
        "name": name,
        "role": role,
        "university": university,
        "password_hash": None if password is None else hash_password(password),
        "issuer": issuer,
        "subject": subject,
        "created_by": by,
        "disabled_at": None,
        "disabled_by": None,
    }
    with writing(engine, lock=PEOPLE) as connection:
        if find(connection, user_id) is not None:
            raise InputError(
                f"there is a user {user_id} already",
                fix="A user is never given to another person: take another name",
            )
        if issuer and subject and find_by_subject(connection, issuer, subject) is not None:
            raise InputError("another user is known by this issuer and subject", found=subject)
        connection.execute(insert(UserRow), [row | {"created_at": now(connection)}])
        found = find(connection, user_id)
    assert found is not None
    return found


def disable(engine: Engine, user_id: str, *, by: str) -> User:
    """Let a user sign in no more, and end all sessions, at once and for ever.

    :raises InputError: where there is no such user, or it is disabled already.
    """
    by = " ".join(by.split())
    if not by:
        raise InputError("say who disables the user", fix="Give --by")
    with writing(engine, lock=PEOPLE) as connection:
        held = _known(connection, user_id)
        if held.disabled_at is not None:
            raise InputError(f"the user was disabled at {held.disabled_at}", found=user_id)
        connection.execute(
            update(UserRow)
            .where(UserRow.user_id == user_id)
            .values(disabled_at=now(connection), disabled_by=by)
        )
        connection.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
        return _known(connection, user_id)


def set_password(engine: Engine, user_id: str, password: str) -> User:
    """Give a user another password, and end all sessions.

    :raises InputError: where there is no such user, it is disabled, or the password is weak.
    """
    with reading(engine) as connection:
        held = _known(connection, user_id)
    check_password(password, user_id=user_id, name=held.name)
    kept = hash_password(password)
    with writing(engine, lock=PEOPLE) as connection:
        held = _known(connection, user_id)
        if held.disabled_at is not None:
            raise InputError(f"the user was disabled at {held.disabled_at}", found=user_id)
        connection.execute(
            update(UserRow).where(UserRow.user_id == user_id).values(password_hash=kept)
        )
        connection.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
        return _known(connection, user_id)


def registered(engine: Engine) -> list[User]:
    """All users, those that were disabled too, by name of the user."""
    with reading(engine) as connection:
        return [_read(row) for row in connection.execute(_ASKED.order_by(UserRow.user_id))]


def find(connection: Connection, user_id: str) -> User | None:
    """The user of a name, or None."""
    row = connection.execute(_ASKED.where(UserRow.user_id == user_id)).one_or_none()
    return None if row is None else _read(row)


def find_by_subject(connection: Connection, issuer: str, subject: str) -> User | None:
    """The user whom a provider knows by a subject, or None; both are compared letter by letter."""
    row = connection.execute(
        _ASKED.where(UserRow.issuer == issuer, UserRow.subject == subject)
    ).one_or_none()
    return None if row is None else _read(row)


def names(connection: Connection, user_ids: list[str]) -> dict[str, str]:
    """What people who decided are called, by the name that stands on the decision."""
    rows = connection.execute(
        select(UserRow.user_id, UserRow.name).where(UserRow.user_id.in_(sorted(set(user_ids))))
    )
    return {row.user_id: row.name for row in rows}


def known_names(engine: Engine, user_ids: list[str]) -> dict[str, str]:
    """As :func:`names`, in a transaction of its own."""
    with reading(engine) as connection:
        return names(connection, user_ids) if any(user_ids) else {}


def _check_place(role: str, university: str | None) -> None:
    if role not in ROLES:
        raise InputError("there is no such role", found=role, fix=f"Take {' or '.join(ROLES)}")
    if role in OF_UNIVERSITY and not (university and _UNIVERSITY.fullmatch(university)):
        raise InputError(
            f"a user who is {role} belongs to a university",
            found=university,
            fix="Give --university, the name of the folder of its packets",
        )
    if role not in OF_UNIVERSITY and university is not None:
        raise InputError(f"a user who is {role} belongs to no university", found=university)


def _known(connection: Connection, user_id: str) -> User:
    found = find(connection, user_id)
    if found is None:
        raise InputError(
            "there is no such user", found=user_id, fix="`migrate user list` names all"
        )
    return found


_ASKED = select(
    UserRow.user_id,
    UserRow.name,
    UserRow.role,
    UserRow.university,
    UserRow.password_hash.is_not(None).label("has_password"),
    UserRow.issuer,
    UserRow.subject,
    UserRow.created_at,
    UserRow.created_by,
    UserRow.disabled_at,
    UserRow.disabled_by,
)


def _read(row: Any) -> User:
    values = dict(row._mapping)
    return User(**{**values, "has_password": bool(values["has_password"])})
