"""The time of an answer does not tell a code that is not there from one that tells nothing."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from serve_room import NATIONAL_ID, OTHER_ID, WIDE, Room, TestClient, served

from migrate.codes.numbers import new_code
from migrate.serve.desk import Desk
from migrate.serve.gate import Caller

ROUNDS = 120


def timed(ask: Callable[[], Any]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def advantage(one: list[float], other: list[float]) -> float:
    """How much better than a coin the best guess by one time is: |AUC - 1/2|, from 0 to 1/2."""
    below = sum((a < b) + (a == b) / 2 for a in one for b in other)
    return abs(below / (len(one) * len(other)) - 0.5)


def compare(ways: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Times of each way, asked in turn and in a random order, so that drift falls on all alike."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    draw = random.Random(1403)
    for _ in range(ROUNDS):
        draw.shuffle(order)
        for name in order:
            found[name].append(timed(ways[name]))
    return found


def hold(client: TestClient, code: str, national_id: str) -> Callable[[], Any]:
    return lambda: client.post("/holder", data={"code": code, "national_id": national_id})


def test_a_wrong_pair_takes_as_long_as_no_code_at_all(lite: Room) -> None:
    with served(lite.address, limits=WIDE, grid=10) as client:
        found = compare(
            {
                "unknown": hold(client, new_code(), NATIONAL_ID),
                "wrong": hold(client, lite.valid, OTHER_ID),
                "bare": hold(client, lite.bare, NATIONAL_ID),
            }
        )
    # 120 times each: by chance alone it is above 0.13 once in some 3000 runs
    assert advantage(found["unknown"], found["wrong"]) < 0.2
    assert advantage(found["unknown"], found["bare"]) < 0.2
    # and the grid holds: no answer comes before its step
    assert min(min(times) for times in found.values()) >= 0.009


def test_the_desk_does_the_same_work_for_both(room: Room) -> None:
    """The same statements in the same order: what no clock is needed for."""
    from sqlalchemy import event

    with served(room.address, limits=WIDE) as client:
        desk: Desk = client.app.app.state.pace.desk  # type: ignore[attr-defined]
        asked: list[str] = []
        for engine in (desk._stores.codes, desk._stores.journal):
            event.listen(engine, "before_cursor_execute", lambda *args: asked.append(str(args[2])))
        # the log is written by a thread of its own: it has no part in the time
        desk._journal.close()

        def statements(ask: Callable[[], Any]) -> list[str]:
            asked.clear()
            ask()
            return [one for one in asked if "INSERT INTO inquiries" not in one]

        caller = Caller("203.0.113.7")
        statements(lambda: desk.hold(room.bare, NATIONAL_ID, caller))
        unknown = statements(lambda: desk.hold(new_code(), NATIONAL_ID, caller))
        wrong = statements(lambda: desk.hold(room.valid, OTHER_ID, caller))
        bare = statements(lambda: desk.hold(room.bare, NATIONAL_ID, caller))
        assert len(unknown) >= 4
        assert unknown == wrong == bare
        claims = {"national_id": OTHER_ID}
        for kind in (
            lambda code: desk.inquire(code, caller),
            lambda code: desk.match(code, claims, caller),
        ):
            first = statements(lambda: kind(new_code()))  # noqa: B023
            second = statements(lambda: kind(new_code()))  # noqa: B023
            assert first == second


def test_the_measure_finds_a_difference_that_is_there() -> None:
    fast = [0.001 + 0.0001 * n for n in range(50)]
    slow = [0.004 + 0.0001 * n for n in range(50)]
    assert advantage(fast, slow) > 0.4
    assert advantage(fast, list(fast)) == 0
    assert statistics.fmean(fast) < statistics.fmean(slow)
