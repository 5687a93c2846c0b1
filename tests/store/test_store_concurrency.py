"""Many issuers over the same degrees, killed at any moment: one active code each, and nothing lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from whole_log import whole

from migrate.codes.issuing import IssueRequest
from migrate.store.audit import verify
from migrate.store.batches import begin
from migrate.store.codes import active_codes, issue, ledger
from migrate.store.engine import open_store, reading

CALL = 40  # degrees in one call, so one transaction
# fork, so that a killed issuer is back at once
FORK = multiprocessing.get_context("fork")


def facts(number: int) -> dict[str, str | None]:
    return {"last_name": f"N{number}"}


class Kills:
    """How many issuers were killed of how many: they must not be done before the last one is."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        # without a lock, which a killed process would keep
        self.done = FORK.RawValue("i", 0)

    def wait(self, part: float) -> None:
        """Wait while the killing is more than three behind this part of the work."""
        while self.done.value < min(self.wanted, self.wanted * part - 3):
            time.sleep(0.002)

    def wait_for_all(self) -> None:
        while self.done.value < self.wanted:
            time.sleep(0.002)


def issuer(address: str, number: int, degrees: int, told: Path, kills: Kills) -> None:
    """Issue every degree, in an order of its own; write each code down once the call has returned."""
    engine = open_store(address)
    batch = f"b{number}"
    order = list(range(degrees))
    random.Random(number).shuffle(order)
    for start in range(0, degrees, CALL):
        kills.wait(start / degrees)
        asked = [
            IssueRequest(f"D{n}", f"L{number}-{n}", batch, facts(n))
            for n in order[start : start + CALL]
        ]
        result = issue(engine, asked, batch=batch, actor=f"issuer {number}")
        with told.open("a") as lines:
            for code in (*result.issued, *result.repeated, *result.elsewhere):
                lines.write(f"{code.degree_id} {code.code}\n")
    kills.wait_for_all()
    engine.dispose()
    # no clean-up of what the fork took over from its parent
    os._exit(0)


@pytest.fixture(params=[("postgresql", 8, 800, 14), ("sqlite", 2, 400, 6)], ids=lambda one: one[0])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, int, int, int]]:
    """The address of a store; how many issuers, degrees and kills."""
    database, issuers, degrees, kills = request.param
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite'}", issuers, degrees, kills
    else:
        yield str(request.getfixturevalue("postgres")), issuers, degrees, kills


def test_issuers_that_are_killed_at_random_leave_one_code_a_degree_and_a_whole_log(
    scene: tuple[str, int, int, int], tmp_path: Path
) -> None:
    address, issuers, degrees, wanted = scene
    kills = Kills(wanted)
    engine = open_store(address)
    for number in range(issuers):
        begin(engine, f"b{number}", f"{number:064d}")
    engine.dispose()
    told = [tmp_path / f"told-{number}.txt" for number in range(issuers)]

    def start(number: int) -> BaseProcess:
        process = FORK.Process(target=issuer, args=(address, number, degrees, told[number], kills))
        process.start()
        return process

    running = {number: start(number) for number in range(issuers)}
    moments = random.Random(1405)
    while running:
        time.sleep(moments.uniform(0.01, 0.12))
        if kills.done.value < wanted:
            number = moments.choice(sorted(running))
            process = running[number]
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                kills.done.value += process.exitcode == -signal.SIGKILL
                # it comes back, and begins again from its first degree
                running[number] = start(number)
                continue
        for number, process in list(running.items()):
            if not process.is_alive():
                process.join()
                assert process.exitcode == 0
                del running[number]
    assert kills.done.value == wanted
    engine = open_store(address)
    check(engine, degrees, told)
    engine.dispose()


def check(engine: Engine, degrees: int, told: list[Path]) -> None:
    codes = active_codes(engine)
    assert set(codes) == {f"D{n}" for n in range(degrees)}
    with reading(engine) as connection:
        count = connection.execute(text("SELECT count(*) FROM codes")).scalar_one()
    assert count == degrees
    # whatever an issuer was told is so
    lines = [line.split() for path in told for line in path.read_text().splitlines()]
    assert len(lines) >= degrees * len(told)
    assert {codes[degree].code == code for degree, code in lines} == {True}
    # each code has one event, and the log holds
    events = ledger(engine)
    assert sorted(event.code for event in events) == sorted(code.code for code in codes.values())
    assert whole(engine) == degrees
    report = verify(engine)
    assert report.findings == ()
    # more than one of them issued, or nothing was raced
    assert len({event.actor for event in events}) > 1
