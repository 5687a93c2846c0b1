"""Requests come into one batch each, whoever takes them and whatever is killed when."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from migrate.codes.issuing import IssueRequest
from migrate.codes.requests import request_of
from migrate.errors import InputError, RunError
from migrate.store.batches import Corrects, begin
from migrate.store.codes import issue
from migrate.store.engine import open_store
from migrate.store.request_batches import (
    Settled,
    channels_of_batch,
    release,
    settle,
    take,
    unsettled,
)
from migrate.store.request_status import listed, status
from migrate.store.requests import Pending, pending, submit_all

FACTS = {"national_id": "0064247201", "first_name": "مریم"}


def received(engine: Engine, numbers: range, channel: str = "graduate") -> list[str]:
    record = {"first_name": "مریم", "last_name": "کاظمی", "university": "دانشگاه تهران"}
    asked = [
        request_of(
            {**record, "diploma_no": str(n)},
            channel=channel,
            applied_on="" if channel == "graduate" else "1402-04-31",
        )
        for n in numbers
    ]
    return [receipt.tracking_no for receipt in submit_all(engine, asked)]


def nothing(_name: str, _requests: Sequence[Pending]) -> None:
    """A batch needs no file here."""


def states(engine: Engine) -> dict[str, tuple[str, str | None]]:
    return {one.tracking_no: (one.state, one.batch) for one in listed(engine)}


def test_all_pending_requests_come_into_the_next_batch(engine: Engine) -> None:
    assert take(engine, nothing, actor="test") is None
    first = received(engine, range(1, 4))
    told: list[tuple[str, list[str]]] = []

    def prepare(name: str, requests: Sequence[Pending]) -> None:
        told.append((name, [one.tracking_no for one in requests]))

    assert take(engine, prepare, actor="test") == ("requests-0001", 3)
    assert told == [("requests-0001", sorted(first))]
    assert take(engine, prepare, actor="test") is None
    second = received(engine, range(4, 6))
    assert take(engine, prepare, actor="test") == ("requests-0002", 2)
    assert unsettled(engine) == {"requests-0001": 3, "requests-0002": 2}
    assert states(engine) == {
        **dict.fromkeys(first, ("linking", "requests-0001")),
        **dict.fromkeys(second, ("linking", "requests-0002")),
    }


def test_a_name_of_another_batch_is_passed_over(engine: Engine) -> None:
    begin(engine, "requests-0041", "a" * 64)
    begin(engine, "requests-x", "b" * 64)
    received(engine, range(1, 2))
    found = take(engine, nothing, actor="test", is_free=lambda name: name != "requests-0042")
    assert found == ("requests-0043", 1)


def test_a_kill_before_the_end_of_taking_leaves_all_pending(engine: Engine) -> None:
    numbers = received(engine, range(1, 4))
    names = []

    def killed(name: str, _requests: Sequence[Pending]) -> None:
        names.append(name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(engine, killed, actor="test")
    assert sorted(one.tracking_no for one in pending(engine)) == sorted(numbers)
    assert unsettled(engine) == {}
    # the same name again: what was written for it is written over
    assert take(engine, nothing, actor="test") == (names[0], 3)


def test_no_request_comes_into_two_batches_when_many_take_at_once(
    engine: Engine, address: str
) -> None:
    received(engine, range(1, 60))

    def work(_: int) -> list[tuple[str, int]]:
        own = open_store(address)
        try:
            found = []
            for number in range(3):
                received(own, range(100 * number, 100 * number + 5))
                taken = take(own, nothing, actor="test")
                found += [taken] if taken else []
            return found
        finally:
            own.dispose()

    with ThreadPoolExecutor(4) as pool:
        taken = [one for found in pool.map(work, range(4)) for one in found]
    names = [name for name, _ in taken]
    assert len(set(names)) == len(names)
    assert sum(count for _, count in taken) == 59 + 1 + 5 + 5 == len(states(engine))
    assert unsettled(engine) == dict(taken)
    assert pending(engine) == []


def test_a_batch_is_settled_once(engine: Engine) -> None:
    numbers = received(engine, range(1, 4))
    take(engine, nothing, actor="test")
    found = {
        numbers[0]: Settled("issued", "already-coded", "D1"),
        numbers[1]: Settled("with_university", "mismatch", "C-1"),
    }
    assert settle(engine, "requests-0001", found, actor="test") == 2
    assert unsettled(engine) == {"requests-0001": 1}
    other = dict.fromkeys(numbers, Settled("refused", "quarantined", "no | نه"))
    assert settle(engine, "requests-0002", other, actor="test") == 0
    assert settle(engine, "requests-0001", other, actor="test") == 1
    assert settle(engine, "requests-0001", other, actor="test") == 0
    assert [states(engine)[number][0] for number in numbers] == [
        "issued",
        "with_university",
        "refused",
    ]
    told = status(engine, numbers[1])
    assert told is not None
    assert [step.state for step in told.history] == ["received", "linking", "with_university"]


def test_the_issuing_stage_is_told_channels_and_dates(engine: Engine) -> None:
    numbers = received(engine, range(1, 2)) + received(engine, range(2, 3), "university")
    take(engine, nothing, actor="test")
    found = channels_of_batch(engine, "requests-0001")
    assert found.keys() == set(numbers)
    assert found[numbers[1]] == ("university", "1402-04-31")
    assert found[numbers[0]][0] == "graduate"
    settle(engine, "requests-0001", {numbers[0]: Settled("issued", "linked", "D")}, actor="test")
    assert channels_of_batch(engine, "requests-0001") == found
    assert channels_of_batch(engine, "ledger-1362") == {}
    # rows of it that were corrected are still requests
    begin(engine, "requests-0001", "a" * 64)
    begin(engine, "c1", "a" * 64, corrects=Corrects("requests-0001", "b" * 64))
    assert channels_of_batch(engine, "c1") == found


def test_a_batch_that_came_to_nothing_gives_its_requests_back(engine: Engine) -> None:
    numbers = received(engine, range(1, 3))
    take(engine, nothing, actor="test")
    with pytest.raises(InputError, match="no request is on its way"):
        release(engine, "requests-0007", actor="test", reason="wrong registry")
    assert release(engine, "requests-0001", actor="test", reason="wrong registry") == 2
    assert sorted(one.tracking_no for one in pending(engine)) == sorted(numbers)
    with pytest.raises(RunError, match="were released"):
        channels_of_batch(engine, "requests-0001")
    # never the old name again
    assert take(engine, nothing, actor="test") == ("requests-0002", 2)
    with pytest.raises(RunError, match="were released"):
        channels_of_batch(engine, "requests-0001")
    assert channels_of_batch(engine, "requests-0002").keys() == set(numbers)
    told = status(engine, numbers[0])
    assert told is not None
    assert [step.state for step in told.history] == ["received", "linking", "received", "linking"]


def test_a_batch_with_a_code_keeps_its_requests(engine: Engine) -> None:
    numbers = received(engine, range(1, 3))
    take(engine, nothing, actor="test")
    asked = IssueRequest("D1", numbers[0], "requests-0001", FACTS)
    issue(engine, [asked], batch="requests-0001", actor="test")
    with pytest.raises(InputError, match="has come to codes"):
        release(engine, "requests-0001", actor="test", reason="wrong registry")
    assert unsettled(engine) == {"requests-0001": 2}
