"""Enumeration is held by limits of address, code and service, and by nothing when all is well."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from serve_room import MISTYPED, NATIONAL_ID, OTHER_ID, UNKNOWN, Room, TestClient, served
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from migrate.serve.gate import Caller, Gate, LimitedError
from migrate.serve.overall import Overall
from migrate.serve.settings import Limits, load_limits
from migrate.store.engine import open_store
from migrate.store.limits import Rate


def limits(tmp_path: Path, text: str) -> str:
    path = tmp_path / "limits.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def tries(client: TestClient, code: str, most: int = 200, **headers: str) -> int:
    """How many questions are answered until one is refused."""
    for n in range(most):
        response = client.post("/api/v1/inquiry", json={"code": code}, headers=headers)
        if response.status_code == 429:
            assert int(response.headers["retry-after"]) >= 1
            assert response.headers["content-type"] == "application/problem+json"
            return n
        assert response.status_code == 200
    return most


def test_codes_that_are_not_there_are_dearer_than_those_that_are(
    room: Room, tmp_path: Path
) -> None:
    slow = limits(tmp_path, "rates: {address: {per_minute: 0.1, burst: 40}}")
    with served(room.address, limits=slow) as client:
        # a question costs 1, one about nothing 5
        assert tries(client, UNKNOWN) == 8


def test_a_found_code_costs_one(lite: Room, tmp_path: Path) -> None:
    slow = limits(tmp_path, "rates: {address: {per_minute: 0.1, burst: 12}}")
    with served(lite.address, limits=slow) as client:
        assert tries(client, lite.valid) == 12


def test_a_mistyped_code_costs_what_an_unknown_one_does(lite: Room, tmp_path: Path) -> None:
    slow = limits(tmp_path, "rates: {address: {per_minute: 0.1, burst: 40}}")
    with served(lite.address, limits=slow) as client:
        assert tries(client, MISTYPED) == 8


def test_pages_and_api_share_one_limit_and_the_page_says_so(lite: Room, tmp_path: Path) -> None:
    slow = limits(tmp_path, "rates: {address: {per_minute: 0.1, burst: 10}}")
    with served(lite.address, limits=slow) as client:
        assert tries(client, lite.valid, most=10) == 10
        page = client.post("/", data={"code": lite.valid})
        assert page.status_code == 429
        assert "پرسش‌های زیادی" in page.text
        assert int(page.headers["retry-after"]) > 1
        assert client.get(f"/en/c/{lite.valid}").status_code == 429
        # forms cost nothing
        assert client.get("/").status_code == 200


def test_match_and_holder_are_held_by_code_whoever_asks(room: Room) -> None:
    with served(room.address) as client:
        answered = 0
        for n in range(30):
            claims = {"national_id": f"{n:010}"}
            body = {"code": room.valid, "claims": claims}
            response = client.post("/api/v1/match", json=body)
            if response.status_code == 429:
                break
            answered += 1
        # ten of a code, whatever the address may still ask
        assert answered == 10
        assert "this code" in response.json()["detail"]
        page = client.post("/holder", data={"code": room.valid, "national_id": NATIONAL_ID})
        assert page.status_code == 429
        # the code itself may be looked up all the same
        assert client.post("/api/v1/inquiry", json={"code": room.valid}).status_code == 200


def test_a_holder_s_pair_cannot_be_guessed(lite: Room) -> None:
    with served(lite.address) as client:
        for _ in range(10):
            page = client.post("/holder", data={"code": lite.valid, "national_id": OTHER_ID})
        assert page.status_code == 429


def test_the_whole_service_has_a_limit_too(lite: Room, tmp_path: Path) -> None:
    slow = limits(tmp_path, "rates: {overall: {per_minute: 0.1, burst: 20}}")
    with served(lite.address, limits=slow) as client:
        assert tries(client, lite.valid) == 20
        said = client.post("/api/v1/inquiry", json={"code": lite.valid}).json()["detail"]
        assert "service's own" in said


def test_a_key_is_not_held_by_its_address_and_wrong_keys_are(lite: Room, tmp_path: Path) -> None:
    from migrate.store import verifiers

    engine = open_store(lite.address)
    _, key = verifiers.add(engine, "سفارت", per_minute=500, by="test")
    engine.dispose()
    slow = limits(tmp_path, "rates: {address: {per_minute: 0.1, burst: 40}}")
    with served(lite.address, limits=slow) as client:
        right = {"Authorization": f"Bearer {key}"}
        assert tries(client, lite.valid, most=100, **right) == 100
        assert tries(client, lite.valid) == 40
        # the address is at its limit, the key is not
        assert tries(client, lite.valid, most=5, **right) == 5
        wrong = {"Authorization": f"Bearer {key}x"}
        said = [
            client.post("/api/v1/inquiry", json={"code": lite.valid}, headers=wrong).status_code
            for _ in range(8)
        ]
        assert said == [401] * 4 + [429] * 4


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_two_processes_spend_one_allowance_and_lose_what_they_do_not_use(lite: Room) -> None:
    engine = open_store(lite.address)
    rate, clock = Rate(0.01, 100), Clock()
    one, other = Overall(engine, rate, clock), Overall(engine, rate, clock)
    spent = 0
    while True:
        if one.take(1).allowed or other.take(1).allowed:
            spent += 1
        else:
            break
    assert spent == 100
    third = Overall(engine, Rate(0.01, 1_000), clock)
    assert third.take(1).allowed
    clock.now += 2
    one.give_back(5)
    assert not one.take(5).allowed, "what was held for longer than a second is gone"
    engine.dispose()


def gate(engine: Any, clock: Clock, **rates: Rate) -> Gate:
    shipped = load_limits()
    return Gate(engine, Limits({**shipped.rates, **rates}, shipped.costs), clock)


def test_who_was_told_to_wait_is_not_looked_up_again(lite: Room) -> None:
    engine, clock = open_store(lite.address), Clock()
    held = gate(engine, clock, address=Rate(60, 1))
    asked = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    held.admit(Caller("203.0.113.7"), "inquiry")
    with pytest.raises(LimitedError):
        held.admit(Caller("203.0.113.7"), "inquiry")
    before = len(asked)
    for _ in range(50):
        with pytest.raises(LimitedError) as refused:
            held.admit(Caller("203.0.113.7"), "inquiry")
        assert refused.value.retry_after == 1
    assert len(asked) == before
    # another address is not held up, and a wait comes to an end
    held.admit(Caller("203.0.113.8"), "inquiry")
    clock.now += 1.1
    with contextlib.suppress(LimitedError):
        held.admit(Caller("203.0.113.7"), "inquiry")
    assert len(asked) > before
    engine.dispose()


def test_a_refused_question_costs_the_service_nothing(lite: Room) -> None:
    engine, clock = open_store(lite.address), Clock()
    held = gate(engine, clock, address=Rate(0.01, 1), overall=Rate(0.01, 10))
    for n in range(9):
        held.admit(Caller(f"203.0.113.{n}"), "inquiry")
        for _ in range(5):
            with pytest.raises(LimitedError):
                held.admit(Caller(f"203.0.113.{n}"), "inquiry")
    held.admit(Caller("203.0.113.99"), "inquiry")
    with pytest.raises(LimitedError) as refused:
        held.admit(Caller("203.0.113.100"), "inquiry")
    assert refused.value.scope == "overall"
    engine.dispose()


def test_without_its_limits_the_service_answers_nothing(quick: TestClient, shared: Room) -> None:
    desk = quick.app.app.state.pace.desk  # type: ignore[attr-defined]

    def fail(*_: object) -> None:
        raise OperationalError("limits", None, Exception("gone"))

    assert quick.post("/api/v1/inquiry", json={"code": shared.valid}).status_code == 200
    event.listen(desk._stores.journal, "before_cursor_execute", fail)
    for ask in (
        lambda: quick.post("/api/v1/inquiry", json={"code": shared.valid}),
        lambda: quick.get(f"/c/{shared.valid}"),
        lambda: quick.post("/", data={"code": shared.valid}),
        lambda: quick.post("/holder", data={"code": shared.valid, "national_id": NATIONAL_ID}),
        lambda: quick.post("/api/v1/match", json={"code": shared.valid, "claims": {"year": "1"}}),
        lambda: quick.get("/api/v1/requests/2222222222222222"),
    ):
        response = ask()
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        assert "مریم" not in response.text
    assert quick.get("/healthz").status_code == 503
    event.remove(desk._stores.journal, "before_cursor_execute", fail)
    assert quick.post("/api/v1/inquiry", json={"code": shared.valid}).status_code == 200


def test_a_log_that_cannot_be_written_stops_the_service_before_it_is_lost(lite: Room) -> None:
    from migrate.serve import journal
    from migrate.serve.journal import Journal, JournalError
    from migrate.store.engine import reading
    from migrate.store.inquiries import Entry, count

    engine = open_store(lite.address)
    broken = True

    def fail(*_: object) -> None:
        if broken:
            raise OperationalError("inquiries", None, Exception("gone"))

    event.listen(engine, "before_cursor_execute", fail)
    held = Journal(engine)
    held.add([Entry("a" * 64, "inquiry", "valid")])
    with pytest.raises(OperationalError):
        held.flush()
    held.add([Entry("a" * 64, "inquiry", "valid")] * (journal._MOST - 1))
    with pytest.raises(JournalError):
        held.add([Entry("a" * 64, "inquiry", "valid")])
    broken = False
    held.close()
    with reading(engine) as connection:
        assert count(connection, "a" * 64).total == journal._MOST
    engine.dispose()
