"""Sessions and sign-ins: tokens that only a browser has, expiry, and waits that grow."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from desk_store import change
from sqlalchemy import Engine, text

from migrate.store import passwords, sessions, sign_ins, users
from migrate.store.engine import reading

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def quick() -> object:
    """What Argon2 costs is not the point here."""
    with patch.object(passwords, "_HASHER", PasswordHasher(1, 64, 1)):
        passwords._nobodys.cache_clear()
        yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def desk(engine: Engine) -> Engine:
    users.add(
        engine, "z.karimi", name="Z", role="clerk", university="shiraz", by="x", password=PASSWORD
    )
    return engine


def attempt(desk: Engine, password: str, user: str = "z.karimi", address: str = "a:1"):
    return sign_ins.sign_in(desk, user, password, address=address)


def outcomes(desk: Engine) -> list[str]:
    with reading(desk) as connection:
        return list(connection.execute(text("SELECT outcome FROM sign_ins ORDER BY seq")).scalars())


def test_a_session_is_kept_by_the_digest_of_its_token(desk: Engine) -> None:
    token = sessions.begin(desk, "z.karimi")
    held = sessions.find_session(desk, token)
    assert held is not None
    assert held.user.user_id == "z.karimi"
    assert len(token) == 43
    with reading(desk) as connection:
        row = connection.execute(text("SELECT * FROM sessions")).one()
    assert token not in map(str, row)
    assert held.csrf not in token
    # what is kept opens nothing
    assert sessions.find_session(desk, row.token_digest) is None
    assert sessions.find_session(desk, token[:-1]) is None
    assert sessions.find_session(desk, "") is None


def test_a_session_ends_by_itself_when_idle_and_after_a_working_day(desk: Engine) -> None:
    token = sessions.begin(desk, "z.karimi")
    change(desk, "UPDATE sessions SET seen_at = seen_at - :n", n=sessions.IDLE - 5)
    assert sessions.find_session(desk, token) is not None
    # to be seen put it off
    change(desk, "UPDATE sessions SET seen_at = seen_at - :n", n=sessions.IDLE - 5)
    assert sessions.find_session(desk, token) is not None
    change(desk, "UPDATE sessions SET seen_at = seen_at - :n", n=sessions.IDLE)
    assert sessions.find_session(desk, token) is None
    token = sessions.begin(desk, "z.karimi")
    change(desk, "UPDATE sessions SET expires_at = expires_at - :n", n=sessions.ABSOLUTE)
    assert sessions.find_session(desk, token) is None
    # what is over is cleared away by the next one
    sessions.begin(desk, "z.karimi")
    with reading(desk) as connection:
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 1


def test_signing_in_again_ends_the_session_before(desk: Engine) -> None:
    first = sessions.begin(desk, "z.karimi")
    second = sessions.begin(desk, "z.karimi", instead_of=first)
    assert sessions.find_session(desk, first) is None
    assert sessions.find_session(desk, second) is not None
    sessions.end(desk, second)
    assert sessions.find_session(desk, second) is None


def test_the_right_password_alone_lets_in_and_each_try_is_written_down(desk: Engine) -> None:
    assert attempt(desk, PASSWORD).user is not None
    assert attempt(desk, PASSWORD, " Z.Karimi ").user is not None
    assert attempt(desk, PASSWORD + "!") == sign_ins.Attempt()
    assert attempt(desk, PASSWORD, "nobody") == sign_ins.Attempt()
    users.disable(desk, "z.karimi", by="x")
    assert attempt(desk, PASSWORD) == sign_ins.Attempt()
    assert outcomes(desk) == ["in", "in", "failed", "failed", "failed"]


@pytest.mark.parametrize("user", ["z.karimi", "nobody"])
def test_waits_grow_by_user_whether_there_is_one_or_not(desk: Engine, user: str) -> None:
    for n in range(sign_ins.FREE_OF_USER + 1):
        assert attempt(desk, "wrong", user, f"a:{n}") == sign_ins.Attempt(), n
    waits = []
    for n in range(12):
        held = attempt(desk, PASSWORD, user, f"b:{n}")
        assert held.user is None
        waits.append(held.wait)
        # the wait passes, and the next try fails
        change(desk, "UPDATE sign_ins SET at = at - :n", n=held.wait)
        assert attempt(desk, "wrong", user, f"c:{n}") == sign_ins.Attempt()
    assert waits[0] in (1, 2)
    assert waits == sorted(waits)
    assert sign_ins.LONGEST_WAIT - 2 <= waits[-1] <= sign_ins.LONGEST_WAIT
    # what is tried within the wait makes it no longer
    for _ in range(5):
        attempt(desk, PASSWORD, user, "d")
    assert attempt(desk, PASSWORD, user, "d").wait <= sign_ins.LONGEST_WAIT


def test_waits_grow_by_address_over_many_users(desk: Engine) -> None:
    for n in range(sign_ins.FREE_OF_ADDRESS + 1):
        assert attempt(desk, "wrong", f"user.{n}").wait == 0
    assert attempt(desk, PASSWORD).wait > 0
    assert attempt(desk, PASSWORD, address="a:2").user is not None
    # who is let in washes the user, and not the address
    assert attempt(desk, PASSWORD).wait > 0
    change(desk, "UPDATE sign_ins SET at = at - :n", n=sign_ins.REMEMBERED_OF_ADDRESS)
    assert attempt(desk, PASSWORD).user is not None


def test_who_is_let_in_has_a_clean_sheet(desk: Engine) -> None:
    for _ in range(3):
        for n in range(sign_ins.FREE_OF_USER):
            assert attempt(desk, "wrong", address=f"x:{n}") == sign_ins.Attempt()
        assert attempt(desk, PASSWORD).user is not None


def test_another_user_who_is_let_in_washes_nobody_else(desk: Engine) -> None:
    for n in range(sign_ins.FREE_OF_USER + 1):
        attempt(desk, "wrong", "m.other", f"x:{n}")
    assert attempt(desk, PASSWORD, address="y").user is not None
    assert attempt(desk, PASSWORD, "m.other", "z").wait > 0


def test_many_tries_at_once_are_no_way_around_the_wait(desk: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: attempt(desk, f"wrong {n}", address=f"{n}"), range(24)))
    # those that were looked at: the free ones, and one for each second that went by
    assert sum(one.wait == 0 for one in found) <= sign_ins.FREE_OF_USER + 4


def test_a_hash_of_older_parameters_is_made_anew_on_the_way_in(desk: Engine) -> None:
    def kept() -> str:
        with reading(desk) as connection:
            return str(connection.execute(text("SELECT password_hash FROM users")).scalar_one())

    before = kept()
    with patch.object(passwords, "_HASHER", PasswordHasher(2, 64, 1)):
        assert attempt(desk, "wrong").user is None
        assert kept() == before
        assert attempt(desk, PASSWORD).user is not None
    assert "t=2" in kept()
    assert attempt(desk, PASSWORD).user is not None


def test_an_unknown_user_takes_as_long_as_a_wrong_password(desk: Engine) -> None:
    def took(user: str) -> float:
        change(desk, "DELETE FROM sign_ins")
        began = time.perf_counter()
        attempt(desk, "wrong", user)
        return time.perf_counter() - began

    with patch.object(passwords, "_HASHER", PasswordHasher(2, 16_384, 1)):
        passwords._nobodys.cache_clear()
        users.set_password(desk, "z.karimi", PASSWORD)
        took("nobody")
        # in turn, so that what else the machine does falls on both
        pairs = [(took("z.karimi"), took("nobody")) for _ in range(15)]
        known, unknown = (min(times) for times in zip(*pairs, strict=True))
    assert 0.6 < unknown / known < 1.6


def test_old_tries_are_deleted(desk: Engine) -> None:
    attempt(desk, PASSWORD)
    change(desk, "UPDATE sign_ins SET at = at - 86400 * 400")
    attempt(desk, PASSWORD)
    assert sign_ins.purge(desk) == 1
    assert outcomes(desk) == ["in"]
