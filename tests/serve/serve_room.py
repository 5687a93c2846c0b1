"""A store with a code in each state, and the service over it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

with warnings.catch_warnings():
    # it would rather have a successor of httpx that is not out yet
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from migrate.codes.issuing import IssueRequest
from migrate.codes.keys import create, load
from migrate.codes.numbers import check_digits
from migrate.serve.app import make_app
from migrate.serve.settings import Settings, checked
from migrate.store import codes, lifecycle, log_keys
from migrate.store.engine import open_store

NATIONAL_ID = "0012345679"
OTHER_ID = "0499370899"
FACTS = {
    "national_id": NATIONAL_ID,
    "first_name": "مریم",
    "last_name": "احمدی‌نژاد",
    "university": "دانشگاه شیراز",
    "field_of_study": "شیمی",
    "degree": "کارشناسی",
    "graduation_year": "1362",
}
# limits that nothing but a test of limits reaches
WIDE = str(Path(__file__).with_name("wide_limits.yaml"))
# what no answer may ever hold
SECRETS = ("degree-", "legacy-", "batch-1", NATIONAL_ID)
UNKNOWN = "123456789012345678" + check_digits("123456789012345678")
MISTYPED = UNKNOWN[:5] + str((int(UNKNOWN[5]) + 1) % 10) + UNKNOWN[6:]


@dataclass(frozen=True)
class Room:
    """The address of a store, and its code in each state."""

    address: str
    valid: str
    suspended: str
    revoked: str
    superseded: str
    successor: str
    bare: str


def furnish(address: str) -> Room:
    engine = open_store(address)
    try:
        wanted = [
            IssueRequest(f"degree-{n}", f"legacy-{n}", "batch-1", FACTS, document_type="diploma")
            for n in range(4)
        ]
        bare = dict.fromkeys(FACTS) | {"last_name": "<b>رضایی</b>", "degree": "طلبگی"}
        wanted.append(IssueRequest("degree-bare", "legacy-bare", "batch-1", bare))
        issued = codes.issue(engine, wanted, batch="batch-1", actor="test").issued
        valid, suspended, revoked, superseded, plain = (one.code for one in issued)
        lifecycle.suspend(engine, suspended, actor="test", reason="a reason nobody sees")
        lifecycle.revoke(engine, revoked, actor="test", reason="a reason nobody sees")
        new = lifecycle.replace(engine, superseded, actor="test", reason="a reason nobody sees")
        return Room(address, valid, suspended, revoked, superseded, new.code, plain)
    finally:
        engine.dispose()


def sign(room: Room, folder: Path) -> None:
    """Give the ledger of a room its first key, which signs its head."""
    create(folder / "log.key", "codes.example/log")
    engine = open_store(room.address)
    log_keys.add_first_key(engine, load(folder / "log.key"), actor="test", reason="the first")
    engine.dispose()


@contextmanager
def served(address: str, **settings: object) -> Iterator[TestClient]:
    """A client of the service over a store; answers are given at once unless a grid is named."""
    held = {"grid": 0, **settings}
    app = make_app(checked(Settings(store=address, **held)))  # type: ignore[arg-type]
    with TestClient(app, base_url="http://testserver", raise_server_exceptions=True) as client:
        yield client


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


@contextmanager
def running(room: Room, log: Path, *options: str) -> Iterator[str]:
    """The address of a service that answers; its standard error goes to a file."""
    port = free_port()
    command = [sys.executable, "-m", "migrate.cli", "serve", "--store", room.address]
    with log.open("w") as said:
        process = subprocess.Popen(
            [*command, "--port", str(port), *options],
            stderr=said,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert process.poll() is None, log.read_text()
                    assert time.monotonic() < until, log.read_text()
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
