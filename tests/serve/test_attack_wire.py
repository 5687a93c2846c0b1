"""Attacks on the real server, byte by byte over its socket: it stays up, and its log says nothing."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from attack_room import open_limits, private, tells_nothing
from serve_room import UNKNOWN, Room, furnish

JSON = b"Content-Type: application/json"
COMMAND = str(Path(sys.executable).with_name("migrate"))


@dataclass(frozen=True)
class Live:
    """A served store: the port, its codes, and all that the process wrote."""

    port: int
    room: Room
    log: Path
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    room = furnish(f"sqlite:///{folder / 'store.sqlite'}")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    log = folder / "log"
    more = ("--limits", open_limits(folder), "--grid", "0")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [COMMAND, "serve", "--store", room.address, "--port", str(port), *more],
            stdout=stream,
            stderr=stream,
        )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
        yield Live(port, room, log, process)
    finally:
        process.terminate()
        process.wait(20)


def send(live: Live, *parts: bytes, wait: float = 0.5) -> bytes:
    """All that the server answers to bytes, until it closes or falls silent for so many seconds.

    The connection stays open meanwhile: a server may leave whoever has closed his side.
    """
    got = b""
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as wire:
        with contextlib.suppress(OSError):
            for part in parts:
                wire.sendall(part)
        wire.settimeout(wait)
        with contextlib.suppress(OSError):
            while found := wire.recv(65_536):
                got += found
    return got


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def ask(
    live: Live, body: bytes, *headers: bytes, path: bytes = b"/api/v1/inquiry", wait: float = 0.5
) -> bytes:
    head = [b"POST " + path + b" HTTP/1.1", b"Host: codes.example", *headers]
    return send(live, b"\r\n".join(head) + b"\r\n\r\n" + body, wait=wait)


def answers_still(live: Live) -> None:
    """Assert that the server still answers, and rightly."""
    body = json.dumps({"code": live.room.valid}).encode()
    length = b"Content-Length: %d" % len(body)
    found = ask(live, body, JSON, length, b"Connection: close", wait=10)
    assert statuses(found) == [200]
    assert b'"answer":"valid"' in found
    assert live.process.poll() is None


GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
CASES: dict[str, tuple[bytes, ...]] = {
    "nothing": (b"",),
    "no request at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,),
    "half a line": (b"GET / HT",),
    "http/0.9": (b"GET /\r\n\r\n",),
    "http/1.0": (b"GET / HTTP/1.0\r\n\r\n",),
    "http/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",),
    "another version": (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",),
    "no host": (b"GET / HTTP/1.1\r\n\r\n",),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",),
    "odd host": (b"GET / HTTP/1.1\r\nHost: a b<script>\r\n\r\n",),
    "absolute address": (b"GET http://evil.example/c/1 HTTP/1.1\r\nHost: a\r\n\r\n",),
    "a proxy's method": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",),
    "star": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",),
    "zero byte in the path": (b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",),
    "bytes in the path": (b"GET /c/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",),
    "a long path": (b"GET /" + b"a" * 8_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",),
    "an endless path": (b"GET /" + b"a" * 100_000,),
    "an endless header": (GET + b"X: " + b"a" * 200_000,),
    "many headers": (GET + b"".join(b"X-%d: 1\r\n" % n for n in range(900)) + b"\r\n",),
    "endless headers": (GET + b"X: y\r\n" * 60_000,),
    "folded header": (GET + b"X: a\r\n b\r\n\r\n",),
    "header without a name": (GET + b": a\r\n\r\n",),
    "header with a space": (GET + b"X : a\r\n\r\n",),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: a\n\n",),
    "bare carriage returns": (b"GET / HTTP/1.1\rHost: a\r\r",),
    "header injection": (b"GET /c/1%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: a\r\n\r\n",),
    "upgrade": (GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",),
    "h2c": (
        GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n",
    ),
    "pipelined": ((GET + b"\r\n") * 20,),
    "range": (GET + b"Range: bytes=0-,0-,0-,0-\r\n\r\n",),
    "expect": (
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9999999999\r\n\r\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_request_is_refused_and_brings_nothing_down(live: Live, name: str) -> None:
    found = send(live, *CASES[name])
    assert not [status for status in statuses(found) if status >= 500], found[:300]
    tells_nothing(found.decode("utf-8", "replace"), *private(live.room))
    head = found.partition(b"\r\n\r\n")[0].lower()
    assert b"x-evil" not in head
    assert b"\r\nserver:" not in head
    answers_still(live)


def test_lengths_that_lie_are_refused(live: Live) -> None:
    body = json.dumps({"code": live.room.valid}).encode()
    plain = b"Content-Length: %d" % len(body)
    lies: dict[str, tuple[bytes, tuple[bytes, ...]]] = {
        "longer than told": (body + b"GARBAGE", (JSON, plain)),
        "shorter than told": (body, (JSON, b"Content-Length: 4000")),
        "negative": (body, (JSON, b"Content-Length: -1")),
        "no number": (body, (JSON, b"Content-Length: 0x20")),
        "signed": (body, (JSON, b"Content-Length: +%d" % len(body))),
        "huge": (body, (JSON, b"Content-Length: 99999999999999999999")),
        "two that differ": (body, (JSON, plain, b"Content-Length: 3")),
        "a list": (body, (JSON, b"Content-Length: %d, 3" % len(body))),
        "chunked and a length": (
            b"5\r\nhello\r\n0\r\n\r\n",
            (JSON, plain, b"Transfer-Encoding: chunked"),
        ),
        "chunk sizes that lie": (b"3\r\nhello\r\n0\r\n\r\n", (JSON, b"Transfer-Encoding: chunked")),
        "a chunk that is none": (b"zz\r\n" + body, (JSON, b"Transfer-Encoding: chunked")),
        "a negative chunk": (b"-5\r\n" + body, (JSON, b"Transfer-Encoding: chunked")),
        "a huge chunk": (b"ffffffffffffffff\r\n" + body, (JSON, b"Transfer-Encoding: chunked")),
        "an endless extension": (
            b"5;" + b"a" * 100_000,
            (JSON, b"Transfer-Encoding: chunked"),
        ),
        "another coding": (body, (JSON, b"Transfer-Encoding: gzip, chunked")),
        "coding twice": (
            b"0\r\n\r\n",
            (JSON, b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
        ),
        "coding with a tab": (b"0\r\n\r\n", (JSON, b"Transfer-Encoding:\tchunked")),
        "trailers": (
            b"0\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n",
            (JSON, b"Transfer-Encoding: chunked"),
        ),
        "compressed": (body, (JSON, plain, b"Content-Encoding: gzip")),
    }
    for name, (sent, headers) in lies.items():
        found = ask(live, sent, *headers)
        told = statuses(found)
        assert not [status for status in told if status >= 500], (name, found[:300])
        if name == "longer than told":
            # what follows the body is another request, and none
            assert told[0] == 200
            assert set(told[1:]) <= {400}
        elif name == "compressed":
            assert told in ([200], [415])
        else:
            assert 200 not in told, (name, found[:300])
    answers_still(live)


def test_a_smuggled_request_is_not_answered(live: Live) -> None:
    inner = b"GET /c/%s HTTP/1.1\r\nHost: a\r\n\r\n" % UNKNOWN.encode()
    found = ask(
        live,
        b"0\r\n\r\n" + inner,
        JSON,
        b"Content-Length: %d" % (len(inner) + 5),
        b"Transfer-Encoding: chunked",
    )
    assert 200 not in statuses(found)
    found = ask(live, b"0\r\n\r\n" + inner, JSON, b"Transfer-Encoding: xchunked")
    assert 200 not in statuses(found)
    answers_still(live)


@pytest.mark.parametrize("path", [b"/api/v1/inquiry", b"/", b"/match", b"/api/v1/requests"])
def test_bodies_without_end_are_cut_off(live: Live, path: bytes) -> None:
    kind = JSON if path.startswith(b"/api") else b"Content-Type: application/x-www-form-urlencoded"
    told = ask(live, b"a" * 70_000, kind, b"Content-Length: 70000", path=path)
    assert statuses(told) == [413]
    # no length is told, and the body goes on and on
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as wire:
        head = b"POST %s HTTP/1.1\r\nHost: a\r\n%s\r\nTransfer-Encoding: chunked\r\n\r\n" % (
            path,
            kind,
        )
        wire.sendall(head)
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                wire.sendall(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
                sent += 65_536
        except OSError:
            pass
        assert sent < 16 * 1024 * 1024, "the server read on after its limit"
    answers_still(live)


def test_a_file_is_not_read_for_whoever_has_no_key(live: Live) -> None:
    head = [b"Content-Type: text/csv", b"Content-Length: 900000"]
    assert statuses(ask(live, b"1\n" * 1_000, *head, path=b"/api/v1/bulk")) == [401]
    wrong = [*head, b"Authorization: Bearer " + b"k" * 300]
    assert statuses(ask(live, b"1\n" * 1_000, *wrong, path=b"/api/v1/bulk")) == [401]
    twice = [*head, b"Authorization: Bearer a", b"Authorization: Bearer b"]
    assert statuses(ask(live, b"1\n" * 1_000, *twice, path=b"/api/v1/bulk")) == [401]
    answers_still(live)


def test_slow_clients_hold_nobody_up(live: Live) -> None:
    held = []
    try:
        for number in range(150):
            wire = socket.create_connection(("127.0.0.1", live.port), timeout=5)
            # half of them never end their headers, half never send their body
            wire.sendall(
                b"GET / HTTP/1.1\r\nHost: a\r\nX: "
                if number % 2
                else b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nco"
            )
            held.append(wire)
        began = time.monotonic()
        answers_still(live)
        assert time.monotonic() - began < 3
    finally:
        for wire in held:
            wire.close()
    answers_still(live)


def test_a_flood_of_at_once_is_answered_or_refused_and_over_with_it(live: Live) -> None:
    found: list[int] = []

    def one() -> None:
        body = json.dumps({"code": live.room.valid}).encode()
        length = b"Content-Length: %d" % len(body)
        found.extend(statuses(ask(live, body, JSON, length, b"Connection: close", wait=20)))

    threads = [threading.Thread(target=one) for _ in range(120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) <= {200, 429, 503}
    assert found.count(200) > 20
    answers_still(live)


def test_the_whole_log_names_nobody_and_nothing(live: Live) -> None:
    """Run last: all that the tests above sent has left its lines."""
    secret = "mk_" + "s3cr3t" * 5
    ask(live, b"", b"Authorization: Bearer " + secret.encode(), path=b"/api/v1/inquiry")
    valid, revoked = live.room.valid.encode(), live.room.revoked.encode()
    told = (
        b"GET /c/%s HTTP/1.1" % valid,
        b"Host: codes.example",
        b"Referer: /c/%s" % revoked,
        b"X-Forwarded-For: 203.0.113.99",
        b"Cookie: id=0012345679",
        b"Connection: close",
    )
    assert statuses(send(live, b"\r\n".join(told) + b"\r\n\r\n", wait=10)) == [200]
    time.sleep(0.3)
    raw = live.log.read_bytes()
    text = raw.decode("utf-8")
    assert '"status": 200' in text
    tells_nothing(
        text, *private(live.room), UNKNOWN, secret, "203.0.113.99", '127.0.0.1"', "codes.example"
    )
    for line in text.splitlines():
        if line.startswith("{"):
            held = json.loads(line)
            assert held["level"] != "error", line
