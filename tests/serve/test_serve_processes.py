"""The command as it is run: real processes that share limits, refuse broken wire, and end well."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import uvicorn
from serve_room import NATIONAL_ID, UNKNOWN, furnish, running
from sqlalchemy import create_engine, text

from migrate.serve.commands.serve import shared_socket


def test_two_workers_share_one_limit_to_the_last_question(postgres: str, tmp_path: Path) -> None:
    room = furnish(postgres)
    limits = tmp_path / "limits.yaml"
    limits.write_text("rates: {address: {per_minute: 0.1, burst: 40}}", encoding="utf-8")
    log = tmp_path / "log"
    options = ("--workers", "2", "--limits", str(limits), "--trusted-proxy", "127.0.0.1")
    with running(room, log, *options) as url:

        def ask(_: int) -> int:
            # a connection each, so that both workers are asked
            answer = httpx.post(
                f"{url}/api/v1/inquiry",
                json={"code": room.valid},
                headers={"X-Forwarded-For": "203.0.113.7"},
                timeout=30,
            )
            return answer.status_code

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, range(80)))
        assert answers.count(200) == 40
        assert answers.count(429) == 40
        # the holder sees the look-ups of both, once they are written
        time.sleep(0.3)
        page = httpx.post(
            f"{url}/en/holder", data={"code": room.valid, "national_id": NATIONAL_ID}, timeout=30
        )
        assert "Look-ups in all: <b>40</b>" in page.text
        httpx.get(f"{url}/c/{UNKNOWN}", headers={"X-Forwarded-For": "203.0.113.8"}, timeout=30)
    said = log.read_text()
    for secret in (room.valid, UNKNOWN, NATIONAL_ID, "203.0.113"):
        assert secret not in said
    lines = [json.loads(line) for line in said.splitlines()]
    assert sum(line.get("route") == "/api/v1/inquiry" for line in lines) == 80
    # what was asked last was written down before the end
    engine = create_engine(postgres)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT answer, count(*) FROM inquiries GROUP BY answer ORDER BY answer")
        ).all()
    engine.dispose()
    assert [tuple(row) for row in found] == [("not_found", 1), ("valid", 41)]


def test_an_answer_of_one_of_several_workers_does_not_wait_for_its_head_to_be_acknowledged() -> (
    None
):
    # accepted as a worker accepts: what is small must not be held back
    shared = shared_socket(uvicorn.Config("none:none", port=0, log_config=None))
    with shared:
        shared.listen()
        with socket.create_connection(shared.getsockname()), shared.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def wire(url: str, sent: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(sent)
        connection.settimeout(20)
        said = b""
        while True:
            try:
                part = connection.recv(65_536)
            except (TimeoutError, ConnectionResetError):
                break
            if not part:
                break
            said += part
        return said


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"x" * 20_000 + b"\r\n\r\n", b"4"),
        (
            b"POST /api/v1/inquiry HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + b"1000\r\n"
            + b"x" * 4096
            + b"\r\n"
            + (b"4000\r\n" + b"x" * 16_384 + b"\r\n") * 5
            + b"0\r\n\r\n",
            b"413",
        ),
        (
            b"POST /api/v1/inquiry HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999\r\n\r\n",
            b"413",
        ),
        (
            b"POST /api/v1/inquiry HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
            b"400",
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", b"200"),
    ],
)
def test_broken_wire_is_refused_by_the_real_server(
    served_lite: str, sent: bytes, status: bytes
) -> None:
    if status == b"200":
        sent = sent.replace(b"Connection: Upgrade", b"Connection: Upgrade, close")
    said = wire(served_lite, sent)
    assert said.startswith(b"HTTP/1.1 " + status), said[:200]
    assert b"Traceback" not in said
    assert b"server:" not in said.lower()


@pytest.fixture(scope="module")
def served_lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("wire")
    room = furnish(f"sqlite:///{folder / 'store.sqlite'}")
    with running(room, folder / "log") as url:
        yield url


def test_a_service_that_cannot_begin_says_so_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "migrate.cli", "serve"]
    done = subprocess.run(
        [*command, "--store", f"sqlite:///{tmp_path / 'none.sqlite'}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
