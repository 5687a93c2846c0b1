"""Users: who is registered, what a password must be, and that nobody becomes another."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from migrate.errors import InputError
from migrate.store import passwords, sessions, users
from migrate.store.engine import reading

PASSWORD = "چهار واژه بی‌ربط ۱۷"
GIVEN = {"name": "زهرا کریمی", "role": "clerk", "university": "shiraz", "by": "admin"}


def add(engine: Engine, user_id: str = "z.karimi", **changes: Any) -> users.User:
    return users.add(engine, user_id, **({**GIVEN, "password": PASSWORD} | changes))


def test_no_user_is_there_before_one_is_registered(engine: Engine) -> None:
    assert users.registered(engine) == []


def test_a_user_is_kept_with_a_hash_of_argon2id_and_never_with_the_password(engine: Engine) -> None:
    made = add(engine)
    assert made.viewer == users.Viewer("z.karimi", "clerk", "shiraz")
    assert users.registered(engine) == [made]
    with reading(engine) as connection:
        kept = connection.execute(text("SELECT password_hash FROM users")).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in kept
    assert passwords.verify_password(kept, PASSWORD)
    assert not passwords.verify_password(kept, PASSWORD + " ")
    assert not passwords.verify_password(None, PASSWORD)


def test_a_password_is_the_same_however_a_keyboard_composes_it(engine: Engine) -> None:
    kept = passwords.hash_password("آب و خاک و باد و نان")
    assert passwords.verify_password(kept, "آب و خاک و باد و نان")


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "a" * 14,
        "a" * 129,
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "zkarimi z.karimi z.karimi",
        "qwertyuiopasdfgh12",
        "12345678901234567890",
        "passwordpassword1",
        "زهرا کریمی زهرا کریمی ۱",
        "with\x00control characters",
    ],
)
def test_a_password_that_is_guessed_first_is_refused_and_never_quoted(weak: str) -> None:
    with pytest.raises(InputError) as error:
        passwords.check_password(weak, user_id="z.karimi", name="زهرا کریمی")
    assert weak not in str(error.value)


def test_a_long_password_of_any_letters_will_do(engine: Engine) -> None:
    for strong in (PASSWORD, "x" + "ab cd ef gh ij kl", "۱۲۳۴ دریا کوه باران"):
        passwords.check_password(strong, user_id="z.karimi", name="زهرا کریمی")
    with pytest.raises(InputError, match="15 to 128"):
        add(engine, password="short")
    assert users.registered(engine) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "admin"},
        {"role": "clerk", "university": None},
        {"role": "ministry"},
        {"role": "auditor", "university": "shiraz"},
        {"university": "../shiraz"},
        {"name": " "},
        {"by": ""},
        {"password": None},
        {"issuer": "https://id.example"},
        {"subject": "17"},
        {"issuer": "javascript:1", "subject": "17"},
    ],
)
def test_a_user_is_registered_whole_or_not_at_all(engine: Engine, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        add(engine, **changes)
    assert users.registered(engine) == []


@pytest.mark.parametrize(
    "user_id", ["Z.Karimi", "z karimi", "زهرا", "a", ".zk", "zk\u0131", "z" * 65]
)
def test_a_user_has_a_name_that_looks_like_no_other(engine: Engine, user_id: str) -> None:
    with pytest.raises(InputError):
        add(engine, user_id)


def test_a_name_or_a_subject_is_never_given_twice(engine: Engine) -> None:
    of_provider = {"password": None, "issuer": "https://id.example", "subject": "17"}
    add(engine, **of_provider)
    with pytest.raises(InputError, match="already"):
        add(engine)
    with pytest.raises(InputError, match="another user"):
        add(engine, "m.other", **of_provider)
    users.disable(engine, "z.karimi", by="admin")
    with pytest.raises(InputError, match="already"):
        add(engine)


def test_disabling_and_a_new_password_end_all_sessions(engine: Engine) -> None:
    add(engine)
    add(engine, "m.other")
    tokens = [sessions.begin(engine, "z.karimi") for _ in range(2)]
    other = sessions.begin(engine, "m.other")
    users.set_password(engine, "z.karimi", "another long enough one")
    assert [sessions.find_session(engine, token) for token in tokens] == [None, None]
    token = sessions.begin(engine, "z.karimi")
    assert users.disable(engine, "z.karimi", by="admin").disabled_by == "admin"
    assert sessions.find_session(engine, token) is None
    assert sessions.find_session(engine, other) is not None
    with pytest.raises(InputError, match="was disabled"):
        users.disable(engine, "z.karimi", by="admin")
    with pytest.raises(InputError, match="was disabled"):
        users.set_password(engine, "z.karimi", "another long enough one")
    with pytest.raises(InputError, match="no such user"):
        users.set_password(engine, "nobody", "another long enough one")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET role = 'approver'",
        "UPDATE users SET university = 'sharif'",
        "UPDATE users SET user_id = 'other'",
        "UPDATE users SET subject = '18', issuer = 'https://id.example'",
        "DELETE FROM users",
    ],
)
def test_the_database_itself_lets_nobody_become_another(engine: Engine, statement: str) -> None:
    add(engine)
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text(statement))
