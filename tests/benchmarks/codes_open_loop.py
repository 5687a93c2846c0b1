"""An open-loop load generator over HTTP/1.1: requests leave on a clock, whatever answers take.

Each request has the time at which it is due, and its latency is counted from that time: a service
that stalls is charged for every request that it made wait, also for those that were not sent yet
(no coordinated omission). One thread, asyncio on plain sockets with keep-alive.

    python tests/benchmarks/codes_open_loop.py < plan.json

The plan: ``host, port, rate`` (a second), ``seconds, warm`` (seconds not counted), ``seed``,
``requests``: a list of [kind, method, path, body], drawn from at random; each goes out with an
X-Forwarded-For out of ``addresses``.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter, deque
from typing import Any

# more that wait at once than any sane service lets
_MOST_CONNECTIONS = 1_000
_SHOWN = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
# seconds that answers may come late after the last request
_DRAIN = 10.0


class Wire(asyncio.Protocol):
    """One connection, on which one request at a time is under way."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.due = 0.0
        self.kind: str | None = None
        self.held = b""
        self.missing = 0
        self.status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, due: float, kind: str, request: bytes) -> None:
        self.due, self.kind, self.held, self.missing = due, kind, b"", -1
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.missing < 0:
            self.held += data
            end = self.held.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.held[:end].lower()
            self.status = int(head[9:12])
            at = head.find(b"content-length:")
            length = int(head[at + 15 : head.find(b"\r\n", at)]) if at >= 0 else 0
            self.missing = length - (len(self.held) - end - 4)
            self.closes = b"connection: close" in head
        else:
            self.missing -= len(data)
        if self.missing <= 0 and self.kind is not None:
            kind, self.kind = self.kind, None
            self.load.answered(self, kind, self.status, time.perf_counter() - self.due)

    def connection_lost(self, error: Exception | None) -> None:
        if self.kind is not None:
            kind, self.kind = self.kind, None
            self.load.failed(kind, "closed")
        self.load.lost(self)


class Load:
    """A run: what is due, what waits, and what came of it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.idle: list[Wire] = []
        self.open = 0
        self.waiting: deque[tuple[float, str, bytes]] = deque()
        self.latencies: dict[str, list[float]] = {}
        self.statuses: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.late: list[float] = []
        self.under_way = 0
        self.counted_from = 0.0
        self.tasks: set[asyncio.Task[None]] = set()

    def answered(self, wire: Wire, kind: str, status: int, latency: float) -> None:
        self.under_way -= 1
        if wire.due >= self.counted_from:
            self.statuses[f"{kind} {status}"] += 1
            if status not in (429, 503):
                self.latencies.setdefault(kind, []).append(latency)
        if wire.closes:
            wire.transport.close()
        elif self.waiting:
            wire.ask(*self.waiting.popleft())
        else:
            self.idle.append(wire)

    def failed(self, kind: str, how: str) -> None:
        self.under_way -= 1
        self.errors[f"{kind} {how}"] += 1

    def lost(self, wire: Wire) -> None:
        self.open -= 1
        if wire in self.idle:
            self.idle.remove(wire)

    def send(self, due: float, kind: str, request: bytes) -> None:
        self.under_way += 1
        while self.idle:
            wire = self.idle.pop()
            if not wire.transport.is_closing():
                wire.ask(due, kind, request)
                return
        if self.open >= _MOST_CONNECTIONS:
            self.waiting.append((due, kind, request))
            return
        self.open += 1
        task = asyncio.get_running_loop().create_task(self._connect(due, kind, request))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _connect(self, due: float, kind: str, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, wire = await loop.create_connection(
                lambda: Wire(self), self.plan["host"], self.plan["port"]
            )
        except OSError as error:
            self.open -= 1
            self.failed(kind, type(error).__name__)
            return
        wire.ask(due, kind, request)

    async def run(self) -> dict[str, Any]:
        plan = self.plan
        draw = random.Random(plan["seed"])
        total = int(plan["rate"] * (plan["seconds"] + plan["warm"]))
        # whatever can be made before is not made in between
        requests = [
            (kind, _request(plan, method, path, body, draw.choice(plan["addresses"])))
            for kind, method, path, body in draw.choices(plan["requests"], k=total)
        ]
        began, processor = time.perf_counter(), time.process_time()
        self.counted_from = began + plan["warm"]
        for number, (kind, request) in enumerate(requests):
            due = began + number / plan["rate"]
            left = due - time.perf_counter()
            if left > 0:
                await asyncio.sleep(left)
            elif number % 50 == 0:
                # behind: let answers be read all the same
                await asyncio.sleep(0)
            if due >= self.counted_from:
                self.late.append(time.perf_counter() - due)
            self.send(due, kind, request)
        sent = time.perf_counter() - began
        until = time.perf_counter() + _DRAIN
        while self.under_way and time.perf_counter() < until:
            await asyncio.sleep(0.01)
        share = (time.process_time() - processor) / (time.perf_counter() - began)
        return self._told(total, sent, share)

    def _told(self, total: int, sent: float, share: float) -> dict[str, Any]:
        every = [latency for held in self.latencies.values() for latency in held]
        refused = sum(n for name, n in self.statuses.items() if name.endswith((" 429", " 503")))
        return {
            "rate": self.plan["rate"],
            "rate_sent": round(total / sent, 1),
            "answered": len(every),
            "refused": refused,
            "errors": dict(self.errors)
            | ({"unanswered": self.under_way} if self.under_way else {}),
            "statuses": dict(sorted(self.statuses.items())),
            "ms": {name: round(_quantile(every, at) * 1000, 1) for name, at in _SHOWN},
            "p50_ms_by_kind": {
                kind: round(_quantile(held, 0.5) * 1000, 1)
                for kind, held in sorted(self.latencies.items())
            },
            "sent_late_ms_p99": round(_quantile(self.late, 0.99) * 1000, 1),
            "connections": self.open,
            "own_processor_share": round(share, 2),
        }


def _request(plan: dict[str, Any], method: str, path: str, body: str, address: str) -> bytes:
    head = [f"{method} {path} HTTP/1.1", f"Host: {plan['host']}", f"X-Forwarded-For: {address}"]
    if body:
        head += [f"Content-Length: {len(body.encode())}", "Content-Type: application/json"]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def _quantile(values: list[float], at: float) -> float:
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(at * len(ordered)))]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Load(json.load(sys.stdin)).run())))
