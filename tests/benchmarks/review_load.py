"""Opening, listing, searching and deciding cases measured on a store of many cases in PostgreSQL.

    python tests/benchmarks/review_load.py --folder /somewhere/pg --cases 1000000 --sample STORE

STORE is the SQLite store of a batch that was run on a sample; without it one is made and run. The
store on PostgreSQL is filled once (see review_fill) and kept in the folder. Cases are drawn from all
of it, none twice. Each question is asked by one clerk alone, then by eight at once; the pages
come from the real `migrate serve --desk` where this version has it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import review_fill
import sqlalchemy as sa
from codes_server import SETTINGS, machine, server
from review_page import markdown
from sqlalchemy import Engine

from migrate.review.roles import CLERK, MINISTRY, Viewer
from migrate.store import case_list, desk_cases, queue, sessions, users
from migrate.store.decisions import decide
from migrate.store.engine import open_store
from migrate.store.late_cases import late_cases
from migrate.store.review_status import counts

COMMAND = str(Path(sys.executable).with_name("migrate"))
CLERKS = 8
_SEED = 6
Question = Callable[[int], object]


class Drawn(NamedTuple):
    """An open case: its name, whose it is, its outcome, its record's identifier and holder."""

    name: str
    university: str
    outcome: str
    record: str
    person: str


def drawn(engine: Engine, most: int) -> list[Drawn]:
    """Open cases from all over the table."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT work.case_id, work.university, work.outcome, work.legacy_id, one.body"
                " FROM case_work AS work TABLESAMPLE BERNOULLI (:percent) REPEATABLE (7)"
                " JOIN cases AS one ON one.case_id = work.case_id AND one.version = work.version"
                " WHERE work.state = 'open'"
            ),
            {"percent": min(100.0, most * 3 * 100 / max(1, _held(engine)))},
        )
        found = [Drawn(*row[:4], _person(json.loads(row[4])["legacy"])) for row in rows]
    found = [one for one in found if one.person]
    random.Random(_SEED).shuffle(found)
    return found[:most]


def _person(read: dict[str, str]) -> str:
    return f"{read.get('first_name', '')} {read.get('last_name', '')}".strip()


def measured(ask: Question, times: int, clerks: int) -> dict[str, float]:
    """Milliseconds of a question asked so many times, by so many at once, each after the other."""
    took: list[float] = []
    failed: list[BaseException] = []
    turn = iter(range(times))
    hold = threading.Lock()

    def work() -> None:
        while True:
            with hold:
                number = next(turn, None)
            if number is None or failed:
                return
            began = time.perf_counter()
            try:
                ask(number)
            except BaseException as error:
                failed.append(error)
                return
            took.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=work) for _ in range(clerks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    p50, p95, p99 = np.percentile(took, [50, 95, 99])
    return {
        "times": len(took),
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "p99": round(float(p99), 1),
        "max": round(max(took), 1),
    }


def questions(engine: Engine, cases: list[Drawn]) -> dict[str, Question]:
    """What a clerk asks of the store, each by the number of the turn."""

    def clerk(number: int) -> Viewer:
        return Viewer(f"clerk-{number % 300}", CLERK, of(number).university)

    def of(number: int) -> Drawn:
        return cases[number % len(cases)]

    def opened(number: int) -> None:
        assert desk_cases.open_case(engine, clerk(number), of(number).name) is not None

    def following(number: int) -> None:
        viewer = clerk(number)
        taken = queue.take_next(engine, viewer, after=of(number).name)
        assert taken is None or desk_cases.open_case(engine, viewer, taken) is not None

    def listed(number: int) -> None:
        case_list.list_cases(engine, clerk(number), case_list.Wanted())

    def filtered(number: int) -> None:
        wanted = case_list.Wanted(outcome=of(number).outcome, overdue=True)
        case_list.list_cases(engine, clerk(number), wanted)

    def by_record(number: int) -> None:
        wanted = case_list.Wanted(search=of(number).record)
        assert case_list.list_cases(engine, clerk(number), wanted).entries

    def by_name(number: int) -> None:
        case_list.list_cases(engine, clerk(number), case_list.Wanted(search="محمدی"))

    def by_words(number: int) -> None:
        search = "محمدی علی" if number % 2 else "رضا محمد"
        case_list.list_cases(engine, clerk(number), case_list.Wanted(search=search))

    def by_letter(number: int) -> None:
        search = "ابتحرسعفمن"[number % 10]
        case_list.list_cases(engine, clerk(number), case_list.Wanted(search=search))

    def by_own_name(number: int) -> None:
        wanted = case_list.Wanted(search=of(number).person)
        assert case_list.list_cases(engine, clerk(number), wanted).entries, wanted

    def counted(number: int) -> None:
        assert queue.progress(engine, clerk(number))

    def decided(number: int) -> None:
        decide(
            engine,
            of(number).name,
            "refuse",
            version=1,
            actor=clerk(number).user_id,
            reason="not_found",
            body={"answer": "refuse", "reason": "not_found", "via": "desk"},
            viewer=clerk(number),
        )

    return {
        "open a case": opened,
        "take the next and open it": following,
        "list a page": listed,
        "list a page, filtered": filtered,
        "search by the record's identifier": by_record,
        "search by a common surname": by_name,
        "search by a whole name": by_own_name,
        "search by two common words": by_words,
        "search by one letter": by_letter,
        "count one university": counted,
        "decide": decided,
    }


def whole(engine: Engine) -> dict[str, Question]:
    """What the ministry asks of all universities at once."""
    everybody = Viewer("ministry", MINISTRY, None)
    return {
        "count all universities": lambda _: queue.progress(engine, everybody),
        "`migrate review status`": lambda _: counts(engine),
        "`migrate review overdue`": lambda _: late_cases(engine),
    }


@contextmanager
def desk(address: str, folder: Path) -> Iterator[int]:
    """The real service with its desk; the port."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    arguments = ["--store", address, "--port", str(port), "--desk", "--grid", "0"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "serve", *arguments], stdout=log, stderr=log)
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=2).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > until:
                        raise SystemExit((folder / "serve.log").read_text()) from None
                    time.sleep(0.2)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def has_desk() -> bool:
    """Whether this version's service has the desk."""
    done = subprocess.run([COMMAND, "serve", "--help"], capture_output=True, text=True, check=True)
    return "--desk" in done.stdout


def pages(engine: Engine, cases: list[Drawn], port: int) -> dict[str, Question]:
    """The pages of the desk over HTTP, each clerk with a session; the sign-in is not measured."""
    tokens = _sessions(engine, sorted({case.university for case in cases}))
    wires = threading.local()

    def get(path: str, university: str) -> bytes:
        if not hasattr(wires, "open"):
            wires.open = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        cookie = {"Cookie": f"review-session={tokens[university]}"}
        wires.open.request("GET", path, headers=cookie)
        answer = wires.open.getresponse()
        body: bytes = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        return body

    def case_page(number: int) -> None:
        one = cases[number % len(cases)]
        assert one.name.encode() in get(f"/review/case/{one.name}", one.university)

    return {
        "page of a case": case_page,
        "page of the list": lambda n: get("/review/cases", cases[n % len(cases)].university),
        "page of a search by name": lambda n: get(
            f"/review/cases?search={quote('محمدی')}", cases[n % len(cases)].university
        ),
        "home page": lambda n: get("/review", cases[n % len(cases)].university),
    }


def _sessions(engine: Engine, universities: list[str]) -> dict[str, str]:
    found = {}
    with engine.connect() as connection:
        held = set(connection.execute(sa.text("SELECT user_id FROM users")).scalars())
    for key in universities:
        name = f"bench-{key}"
        if name not in held:
            users.add(
                engine,
                name,
                name=name,
                role=CLERK,
                university=key,
                by="benchmark",
                issuer="https://id.example",
                subject=name,
            )
        found[key] = sessions.begin(engine, name)
    return found


def measure(options: argparse.Namespace) -> dict[str, Any]:
    with server(options.folder) as address, tempfile.TemporaryDirectory() as temporary:
        sample = options.sample or _sample(Path(temporary))
        engine = open_store(address)
        filled: dict[str, Any] = {"cases": _held(engine), "seconds": None}
        if not filled["cases"]:
            filled = review_fill.fill(address, options.cases, sample)
            print(filled, flush=True)
        cases = drawn(engine, 36 * (options.times + 20))
        runs: list[dict[str, Any]] = []

        def add(what: str, ask: Question, times: int, clerks: int, warm: int) -> None:
            if options.only not in what:
                return
            # no case twice: one can be decided once only, and the second time it is warm
            offset = len(runs) * (options.times + 20)
            if warm:
                measured(lambda number: ask(number + offset + times), warm, clerks)
            found = measured(lambda number: ask(number + offset), times, clerks)
            runs.append({"what": what, "clerks": clerks, **found})
            print(runs[-1], flush=True)

        for clerks in (1, CLERKS):
            for what, ask in questions(engine, cases).items():
                add(what, ask, options.times, clerks, 5)
        for what, ask in whole(engine).items():
            add(what, ask, 3, 1, 0)
        if has_desk():
            with desk(address, Path(temporary)) as port:
                for clerks in (1, CLERKS):
                    for what, ask in pages(engine, cases, port).items():
                        add(what, ask, options.times, clerks, 20)
        with engine.connect() as connection:
            size = {
                table: connection.execute(
                    sa.text("SELECT pg_total_relation_size(CAST(:name AS regclass))"),
                    {"name": table},
                ).scalar_one()
                for table in ("cases", "case_work", "case_words", "decisions")
            }
        engine.dispose()
    return {
        "at": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "settings": SETTINGS,
        "filled": filled | {"bytes": size, "universities": review_fill.UNIVERSITIES},
        "versions": {"SQLAlchemy": version("sqlalchemy"), "psycopg": version("psycopg")},
        "runs": runs,
    }


def _held(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM case_work")).scalar_one())


def _sample(folder: Path) -> Path:
    """A batch on a sample, run here, for its cases."""
    run = [
        *("run", "--source", str(folder / "s/legacy.csv"), "--batch", "b", "--no-issue"),
        *("--registry", f"sqlite:///{folder / 's/registry.sqlite'}#degrees"),
        *("--reports", str(folder / "r")),
    ]
    for arguments in (["sample", str(folder / "s")], run):
        subprocess.run([COMMAND, *arguments], check=True, capture_output=True)
    return folder / "r/store.sqlite"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where PostgreSQL keeps all")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--sample", type=Path, help="the SQLite store of a batch")
    parser.add_argument("--times", type=int, default=500, help="how often each question is asked")
    parser.add_argument("--only", default="", help="only questions whose names hold this")
    parser.add_argument("--results", type=Path, help="where the results go as JSON")
    given = parser.parse_args()
    told = measure(given)
    if given.results:
        given.results.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    print(markdown(told))
