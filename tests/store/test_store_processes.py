"""Several processes, and processes that are killed: one code a degree, and nothing half."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import Engine
from whole_log import whole

from migrate.codes.issuing import IssueRequest
from migrate.store.codes import active_codes, codes_of_batch, issue, ledger
from migrate.store.engine import open_store

ISSUE = """
import os, signal, sys
from migrate.codes.issuing import IssueRequest
from migrate.store import codes
from migrate.store.engine import open_store

address, batch, first, stop, kill_at = sys.argv[1:6]
engine = open_store(address)
requests = [
    IssueRequest(f"D{n}", f"L{n}", batch, {"last_name": f"N{n}"})
    for n in range(int(first), int(stop))
]
steps = []

def step(name):
    steps.append(name)
    if name == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

if kill_at != "never":
    from sqlalchemy import event
    from migrate.store import issued, ledger

    def told(module):
        insert = module.insert_rows

        def insert_rows(connection, table, rows):
            insert(connection, table, rows)
            step("after " + table.__tablename__)

        module.insert_rows = insert_rows

    told(issued)
    told(ledger)

    @event.listens_for(engine, "commit")
    def commit(connection):
        if steps:
            step("before commit")

print("ready", flush=True)
sys.stdin.readline()
result = codes.issue(engine, requests, batch=batch, actor="p", progress=lambda *a: step("progress"))
if kill_at != "never":
    step("after commit")
print(len(result.issued), len(result.repeated), len(result.elsewhere), flush=True)
"""


def start(
    address: str, batch: str, degrees: range, kill_at: str = "never"
) -> subprocess.Popen[str]:
    bounds = (str(degrees.start), str(degrees.stop))
    process = subprocess.Popen(
        [sys.executable, "-c", ISSUE, address, batch, *bounds, kill_at],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def check(engine: Engine, count: int) -> None:
    """One active code a degree, an event each, and a chain that holds."""
    codes = active_codes(engine)
    assert set(codes) == {f"D{n}" for n in range(count)}
    events = ledger(engine)
    assert whole(engine) == len(events)
    assert sorted(event.code for event in events) == sorted(code.code for code in codes.values())


@pytest.mark.parametrize("batches", [("b1", "b1", "b1"), ("b1", "b2", "b3")])
def test_processes_that_issue_the_same_at_once_give_one_code_a_degree(
    address: str, batches: tuple[str, ...]
) -> None:
    engine = open_store(address)
    processes = [start(address, batch, range(3000)) for batch in batches]
    for process in processes:
        go(process)
    counts = []
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
        counts.append([int(count) for count in output.split()])
    assert sum(issued for issued, _, _ in counts) == 3000
    assert all(sum(count) == 3000 for count in counts)
    # only one batch: a code of another process is this batch's own
    assert all(elsewhere == 0 for _, _, elsewhere in counts) == (len(set(batches)) == 1)
    check(engine, 3000)
    engine.dispose()


@pytest.mark.parametrize(
    ("kill_at", "kept"),
    [
        ("after code_events", False),
        ("after codes", False),
        ("after log_nodes", False),
        ("after tree_heads", False),
        ("progress", False),
        ("before commit", False),
        ("after commit", True),
    ],
)
def test_a_kill_between_two_steps_leaves_all_or_nothing(
    address: str, kill_at: str, kept: bool
) -> None:
    engine = open_store(address)
    process = start(address, "b1", range(1200), kill_at)
    go(process)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    before = active_codes(engine)
    check(engine, 1200 if kept else 0)
    requests = [IssueRequest(f"D{n}", f"L{n}", "b1", {"last_name": f"N{n}"}) for n in range(1200)]
    result = issue(engine, requests, batch="b1", actor="again")
    assert result.repeated == tuple(before.values())
    assert len(result.issued) == (0 if kept else 1200)
    check(engine, 1200)
    engine.dispose()


def test_kills_at_any_moment_beside_a_process_that_goes_on(address: str) -> None:
    engine = open_store(address)
    moments = random.Random(1403)
    for count in (4000, 8000, 12000):
        # half of them are there already
        degrees = range(max(0, count - 8000), count)
        victim, other = (start(address, "b1", degrees) for _ in range(2))
        go(victim)
        time.sleep(moments.uniform(0.01, 0.25))
        go(other)
        victim.kill()
        victim.communicate(timeout=60)
        output, errors = other.communicate(timeout=60)
        assert (other.returncode, errors) == (0, ""), output
        check(engine, count)
    assert len(codes_of_batch(engine, "b1")) == 12000
    engine.dispose()
