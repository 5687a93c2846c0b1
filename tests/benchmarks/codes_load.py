"""Look-ups and issuing measured on a store of millions of codes in PostgreSQL, through the real service.

    python tests/benchmarks/codes_load.py --folder /somewhere/pg --codes 10000000

The store is filled once (see codes_fill) and kept in the folder. Then `migrate serve` runs with one
and two processes while requests leave on a clock (see codes_open_loop): 80% valid codes, 15% that
are well formed and unknown, 5% mistyped, each from an address out of 100,000 behind a trusted proxy.
All limits are on; that of the whole service alone is raised, which would refuse at 1,000 a second.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import codes_fill
import psutil
import sqlalchemy as sa
from codes_page import markdown
from codes_server import SETTINGS, machine, server

from migrate.codes.numbers import check_digits, new_code
from migrate.store.engine import open_store

HERE = Path(__file__).parent
COMMAND = str(Path(sys.executable).with_name("migrate"))
VALID, UNKNOWN, MISTYPED = 80, 15, 5
_SAMPLE = 200_000
_ADDRESSES = 100_000
_SEED = 20
_LIMITS = "rates:\n  overall: {per_minute: 600000, burst: 20000}\n"


def sample(address: str) -> list[str]:
    """Codes from random pages of the whole table, so that few are near each other."""
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        held = connection.execute(sa.text("SELECT reltuples FROM pg_class WHERE relname='codes'"))
        percent = min(100.0, 130 * _SAMPLE / max(1.0, held.scalar_one()))
        rows = connection.execute(
            sa.text("SELECT code FROM codes TABLESAMPLE SYSTEM (:percent) REPEATABLE (7)"),
            {"percent": percent},
        )
        found = list(rows.scalars())
    engine.dispose()
    random.Random(_SEED).shuffle(found)
    return found[:_SAMPLE]


def plan(
    codes: Sequence[str], way: str, rate: float, seconds: float, warm: float, port: int
) -> str:
    """What the generator is told, as JSON."""
    draw = random.Random(_SEED)
    requests = []
    for _ in range(max(20_000, int(rate * (seconds + warm)))):
        kind = draw.choices(("valid", "unknown", "mistyped"), (VALID, UNKNOWN, MISTYPED))[0]
        code = new_code(draw.randrange) if kind == "unknown" else draw.choice(codes)
        if kind == "mistyped":
            at = draw.randrange(1, 18)
            code = code[:at] + str((int(code[at]) + draw.randrange(1, 10)) % 10) + code[at + 1 :]
            assert code[18:] != check_digits(code[:18])
        if way == "page":
            requests.append((kind, "GET", f"/c/{code}", ""))
        else:
            requests.append((kind, "POST", "/api/v1/inquiry", json.dumps({"code": code})))
    addresses = {f"{draw.randrange(11, 100)}.{draw.randrange(256)}.{draw.randrange(256)}."
                 f"{draw.randrange(1, 255)}" for _ in range(_ADDRESSES)}  # fmt: skip
    return json.dumps(
        {
            "host": "127.0.0.1",
            "port": port,
            "rate": rate,
            "seconds": seconds,
            "warm": warm,
            "seed": _SEED,
            "requests": requests,
            "addresses": sorted(addresses),
        }
    )


@contextmanager
def serving(address: str, folder: Path, *, workers: int, grid: int) -> Iterator[tuple[int, int]]:
    """The real service; its port and the id of its process."""
    limits = folder / "limits.yaml"
    limits.write_text(_LIMITS, encoding="utf-8")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    arguments = ["--store", address, "--port", str(port), "--workers", str(workers)]
    arguments += ["--grid", str(grid), "--limits", str(limits), "--trusted-proxy", "127.0.0.1"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "serve", *arguments], stdout=log, stderr=log)
        try:
            _wait(port, process)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
                wire.sendall(request)
                if b" 200 " in wire.recv(200):
                    # the other processes start a moment later
                    time.sleep(3)
                    return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit("the service did not start: see serve.log")
        time.sleep(0.2)


def load(text: str, service: int, postgres: int) -> dict[str, Any]:
    """Run the generator, and tell what each side took of the processors meanwhile."""
    trees = {"service": _tree(service), "postgres": _tree(postgres)}
    before = {name: _seconds(found) for name, found in trees.items()}
    busy, began = _busy(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(HERE / "codes_open_loop.py")],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    wall = time.perf_counter() - began
    told: dict[str, Any] = json.loads(done.stdout)
    trees = {"service": _tree(service), "postgres": _tree(postgres)}
    shares = {n: round((_seconds(found) - before[n]) / wall, 2) for n, found in trees.items()}
    # what others took meanwhile, starting the generator included: a run is of use where it is small
    every = (_busy() - busy) / wall
    shares["others"] = round(every - sum(shares.values()) - told["own_processor_share"], 2)
    return told | {"processor_shares": shares}


def _busy() -> float:
    """Seconds that all cores together have worked."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _tree(process: int) -> list[psutil.Process]:
    root = psutil.Process(process)
    return [root, *root.children(recursive=True)]


def _seconds(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for one in processes:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def issuing(address: str, count: int, folder: Path) -> list[dict[str, Any]]:
    """Bulk issuing into the filled store, and into an empty one on SQLite, in processes of their own."""
    found = []
    stamp = f"bench-{int(time.time())}"
    for where in (address, f"sqlite:///{folder / 'issuing.sqlite'}"):
        done = subprocess.run(
            [sys.executable, str(HERE / "codes_issuing.py"), where, stamp, str(count)],
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
        print(found[-1], flush=True)
    return found


def measure(options: argparse.Namespace) -> dict[str, Any]:
    with server(options.folder) as address, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        filled = _filled(address, options.codes)
        print(filled, flush=True)
        postmaster = int((options.folder / "postmaster.pid").read_text().split()[0])
        codes = sample(address)
        runs = []
        for workers in options.workers:
            for grid, way, rates in (
                (20, "api", options.rates),
                (20, "page", options.page_rates),
                (0, "api", options.plain_rates),
            ):
                for rate in rates:
                    with serving(address, folder, workers=workers, grid=grid) as (port, service):
                        text = plan(codes, way, rate, options.seconds, options.warm, port)
                        told = load(text, service, postmaster)
                    told = {"workers": workers, "grid": grid, "way": way} | told
                    runs.append(told)
                    print(json.dumps(told), flush=True)
        issued = issuing(address, options.issue, folder) if options.issue else []
        return {
            "at": time.strftime("%Y-%m-%d"),
            "machine": machine(),
            "versions": {
                name: version(name) for name in ("fastapi", "uvicorn", "sqlalchemy", "psycopg")
            } | {"postgresql": _version(address)},
            "settings": SETTINGS,
            "filled": filled,
            "seconds": options.seconds,
            "mix": {"valid": VALID, "unknown": UNKNOWN, "mistyped": MISTYPED},
            "runs": runs,
            "issuing": issued,
        }  # fmt: skip


def _filled(address: str, count: int) -> dict[str, Any]:
    """Fill the store unless it holds so many codes already."""
    # brought up to the newest schema, which a service demands
    engine = open_store(address)
    with engine.connect() as connection:
        there = connection.execute(sa.text("SELECT to_regclass('tree_heads') IS NOT NULL"))
        held = 0
        if there.scalar_one():
            held = connection.execute(
                sa.text("SELECT coalesce(max(size), 0) FROM tree_heads")
            ).scalar_one()
    engine.dispose()
    took = {} if held >= count else codes_fill.fill(address, count)
    return {"codes": max(held, count), "took": took, "bytes": codes_fill.sizes(address)}


def _version(address: str) -> str:
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        found = str(connection.execute(sa.text("SHOW server_version")).scalar_one())
    engine.dispose()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "codes-pg")
    parser.add_argument("--codes", type=int, default=10_000_000)
    parser.add_argument("--issue", type=int, default=100_000)
    parser.add_argument("--rates", type=int, nargs="*", default=[100, 250, 500, 1000])
    parser.add_argument("--page-rates", type=int, nargs="*", default=[250, 500])
    parser.add_argument("--plain-rates", type=int, nargs="*", default=[500])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--warm", type=float, default=5)
    parser.add_argument("--json", type=Path, help="Where to write the results.")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    found = measure(options)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(markdown(found))


if __name__ == "__main__":
    main()
