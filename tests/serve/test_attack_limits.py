"""Whoever tries codes is held: from one address, from a /64, behind forged headers, from everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_room import MISTYPED, UNKNOWN, Room, TestClient, served
from sqlalchemy import Engine, event

from migrate.codes.numbers import new_code
from migrate.serve.desk import Desk
from migrate.serve.gate import Caller, Gate, LimitedError
from migrate.serve.settings import load_limits
from migrate.serve.stores import open_for_serving
from migrate.store import limits

START = 1_800_000_000.0


class Clock:
    """A clock that the attacker need not wait for: seconds since 1970."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The limits' clock, on SQLite, in place of the database's own."""
    held = Clock()
    monkeypatch.setitem(limits._CLOCK, "sqlite", "CAST(attack_clock() AS BIGINT)")
    limits._statement.cache_clear()

    def connect(connection: object, _record: object) -> None:
        create = getattr(connection, "create_function", None)
        if create:
            create("attack_clock", 0, lambda: int(held.now * 1_000_000))

    event.listen(Engine, "connect", connect)
    yield held
    event.remove(Engine, "connect", connect)
    limits._statement.cache_clear()


@pytest.fixture
def desk(lite: Room, clock: Clock) -> Iterator[Desk]:
    stores = open_for_serving(lite.address)
    rules = load_limits()
    found = Desk(stores, rules)
    found._gate = Gate(stores.journal, rules, clock)
    yield found
    stores.close()


def tried(desk: Desk, clock: Clock, minutes: int, addresses: list[str]) -> int:
    """How many codes that are not there an attacker looks at in so many minutes, as fast as he may."""
    done, at = 0, 0
    until = clock.now + 60 * minutes
    while clock.now < until:
        wait = 60.0
        for address in addresses:
            try:
                answer = desk.inquire(new_code(), Caller(address))
            except LimitedError as error:
                wait = min(wait, float(error.retry_after))
            else:
                assert answer.answer == "not_found"
                done, wait = done + 1, 0.0
        at += 1
        clock.now += wait
    return done


def test_one_address_tries_some_seven_hundred_codes_an_hour(desk: Desk, clock: Clock) -> None:
    # a burst of 40 and 60 a minute, and a code that is not there costs 5
    first = tried(desk, clock, 60, ["203.0.113.9"])
    assert 600 <= first <= (40 + 60 * 60) / 5 + 8
    # an honest one beside him is not held
    assert desk.inquire(UNKNOWN, Caller("203.0.113.10")).answer == "not_found"


def test_a_whole_64_of_ipv6_tries_no_more_than_one_address(desk: Desk, clock: Clock) -> None:
    addresses = [f"2001:db8:1:2:{n:x}:{n * 7:x}::{n:x}" for n in range(1, 40)]
    found = tried(desk, clock, 10, addresses)
    assert found <= (40 + 10 * 60) / 5 + 8
    assert desk.inquire(UNKNOWN, Caller("2001:db8:1:3::1")).answer == "not_found"


def test_forms_of_one_address_are_one_address(desk: Desk, clock: Clock) -> None:
    forms = [
        "203.0.113.9",
        "::ffff:203.0.113.9",
        "203.0.113.9:4711",
        "[::ffff:203.0.113.9]:1",
        " 203.0.113.9",
    ]
    assert tried(desk, clock, 10, forms) <= (40 + 10 * 60) / 5 + 8


def test_callers_without_an_address_share_one_bucket(desk: Desk, clock: Clock) -> None:
    assert tried(desk, clock, 10, ["", "unknown", "999.1.1.1", "x" * 400, "-"]) <= 128 + 8


def test_many_addresses_are_held_by_the_limit_of_the_whole_service(
    lite: Room, clock: Clock, tmp_path: Path
) -> None:
    rules = tmp_path / "limits.yaml"
    rules.write_text("rates:\n  overall: {per_minute: 60, burst: 40}\n", encoding="utf-8")
    held = load_limits(str(rules))
    stores = open_for_serving(lite.address)
    found = Desk(stores, held)
    found._gate = Gate(stores.journal, held, clock)
    try:
        # by their own limits they would try more than 600
        done = tried(found, clock, 2, [f"198.51.100.{n}" for n in range(20)])
        assert 100 <= done <= 40 + 2 * 60
    finally:
        stores.close()


def test_mistyped_codes_cost_as_much_as_unknown_ones(desk: Desk, clock: Clock) -> None:
    def until_refused(code: str, address: str) -> int:
        for done in range(100):
            try:
                desk.inquire(code, Caller(address))
            except LimitedError:
                return done
        return 100

    assert until_refused(MISTYPED, "192.0.2.1") == until_refused(UNKNOWN, "192.0.2.2") < 20


def test_one_code_cannot_be_asked_about_its_holder_from_everywhere(
    desk: Desk, clock: Clock, lite: Room
) -> None:
    # a national ID has 10 digits, one of them a check: it must not be tried out in match mode
    done, refused = 0, set()
    for number in range(500):
        try:
            desk.match(
                lite.valid, {"national_id": f"{number:010d}"}, Caller(f"198.51.100.{number % 250}")
            )
            done += 1
        except LimitedError as error:
            refused.add(error.scope)
        clock.now += 7.2
    # an hour of it from 250 addresses: a burst of 10 and one in two minutes
    assert done <= 10 + 30 + 1
    assert "code" in refused
    done = 0
    for number in range(250):
        try:
            desk.hold(lite.revoked, f"{number:010d}", Caller(f"198.51.100.{number}"))
            done += 1
        except LimitedError:
            pass
    assert done <= 11


def asked(client: TestClient, times: int, **headers: str) -> list[int]:
    return [
        client.post("/api/v1/inquiry", json={"code": UNKNOWN}, headers=headers).status_code
        for _ in range(times)
    ]


FORGED = (
    "X-Forwarded-For",
    "X-Real-IP",
    "Forwarded",
    "Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "Via",
)


@pytest.mark.parametrize("name", FORGED)
def test_headers_of_somebody_untrusted_evade_no_limit(lite: Room, name: str) -> None:
    with served(lite.address) as client:
        statuses = [
            client.post(
                "/api/v1/inquiry",
                json={"code": UNKNOWN},
                headers={name: f"for=10.1.{n}.1" if name == "Forwarded" else f"10.1.{n}.1"},
            ).status_code
            for n in range(40)
        ]
    assert 429 in statuses
    assert statuses.count(200) <= 9


def test_behind_a_trusted_proxy_only_the_last_hop_is_believed(lite: Room) -> None:
    # the test client's peer has no address, so the app is told one that is
    proxied = {"trusted_proxies": ("10.9.0.0/16",)}
    with served(lite.address, **proxied) as client:
        client._transport.client = ("10.9.0.1", 1)  # type: ignore[attr-defined]
        forged = []
        for n in range(40):
            # whoever asks writes the first part, the proxy the last
            chain = f"10.1.{n}.1, 10.2.{n}.2, 203.0.113.5"
            forged += asked(client, 1, **{"X-Forwarded-For": chain})
        assert forged.count(200) <= 9
        honest = asked(client, 1, **{"X-Forwarded-For": "203.0.113.6"})
        assert honest == [200]
        # many headers, long chains, nonsense and nothing are one client each, the proxy's own
        odd = [f"{'1.1.1.1,' * 900}203.0.113.7", "nonsense", ",,,,", "", "::1%eth0", "203.0.113.5"]
        for value in odd:
            assert asked(client, 1, **{"X-Forwarded-For": value})[0] in (200, 429, 431)


def test_a_limit_says_when_to_ask_again_and_holds_until_then(lite: Room) -> None:
    with served(lite.address) as client:
        for _ in range(60):
            answer = client.get(f"/c/{UNKNOWN}")
            if answer.status_code == 429:
                break
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["cache-control"] == "no-store"
        # neither another way of asking nor a code that is there is let through
        for again in (
            client.get(f"/c/{lite.valid}"),
            client.post("/", data={"code": lite.valid}),
            client.post("/api/v1/inquiry", json={"code": lite.valid}),
            client.post("/api/v1/match", json={"code": lite.valid, "claims": {"year": "1362"}}),
            client.post("/holder", data={"code": lite.valid, "national_id": "0012345679"}),
        ):
            assert again.status_code == 429
            assert lite.valid not in again.text


def test_keys_cannot_be_tried_without_end(lite: Room) -> None:
    with served(lite.address) as client:
        statuses = [
            client.post(
                "/api/v1/inquiry",
                json={"code": lite.valid},
                headers={"Authorization": f"Bearer guess-{n}"},
            ).status_code
            for n in range(60)
        ]
    assert statuses.count(401) <= 40 // 11 + 2
    assert statuses[-1] == 429
