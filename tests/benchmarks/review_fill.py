"""Fill a store on PostgreSQL with cases in the queues of 150 universities, some of them decided.

The bodies are those of a real sample batch, each given a record, a name and a university of its own;
rows go in by COPY with triggers and foreign keys off. What is made up: the people, the days, and that
every fifth case was decided and some wait for a second person.

    python tests/benchmarks/review_fill.py ADDRESS CASES SAMPLE_STORE
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from migrate.codes.issuing import canonical_json, sha256_text
from migrate.persian.institutions import Institution, universities
from migrate.review import answers, words
from migrate.review.cases import case_id
from migrate.review.deadlines import due_on
from migrate.review.second import needs_second
from migrate.store.case_words import words_of
from migrate.store.cases import read_case
from migrate.store.engine import open_store

UNIVERSITIES = 150
BATCHES = 20
# of a hundred: decided, and waiting for a second person
DECIDED, AWAITING = 20, 3
_DAYS = 200
_SEED = 1405
_TABLES: dict[str, tuple[str, ...]] = {
    "cases": (
        *("case_id", "version", "batch", "legacy_id", "row", "outcome"),
        *("university_id", "university", "digest", "body"),
    ),
    "case_work": (
        *("case_id", "version", "batch", "legacy_id", "row", "university", "outcome", "state"),
        *("opened_on", "due_on", "model"),
    ),
    "case_words": ("university", "word", "case_id"),
    "decisions": (
        *("seq", "case_id", "case_version", "verdict", "degree_id", "actor", "at", "reason"),
        *("case_digest", "needs_second", "body"),
    ),
    "approvals": ("decision_seq", "verdict", "actor", "at", "reason"),
}


def bodies(sample: Path) -> list[dict[str, Any]]:
    """The cases of a batch that was run, out of its store on SQLite."""
    with sqlite3.connect(sample) as store:
        return [json.loads(row[0]) for row in store.execute("SELECT body FROM cases ORDER BY row")]


def rows(count: int, found: list[dict[str, Any]], today: date) -> Iterator[tuple[str, list[Any]]]:
    """Rows of a store, each with the table it goes to."""
    draw = random.Random(_SEED)
    known = universities()[:UNIVERSITIES]
    # a few universities have most of the paper, as in life
    shares = [1 / (place + 3) for place in range(len(known))]
    seq = 0
    for number in range(count):
        body = dict(draw.choice(found))
        (of,) = draw.choices(known, shares)
        body |= _made_up(body, number, of, draw.choice(found), draw.choice(found))
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        name, digest, outcome = body["case_id"], sha256_text(text), body["outcome"]
        opened = (today - timedelta(days=draw.randrange(_DAYS))).isoformat()
        at = draw.randrange(100)
        state = "decided" if at < DECIDED else "awaiting" if at < DECIDED + AWAITING else "open"
        if state != "open":
            made = _decision(draw, name, digest, text, opened)
            state = "awaiting" if state == "awaiting" and made["needs_second"] else "decided"
            seq += 1
            yield "decisions", [seq, *(made[key] for key in _TABLES["decisions"][1:])]
            if made["needs_second"] and state == "decided":
                yield "approvals", [seq, "approved", "approver", made["at"], "file seen"]
        head = [name, 1, body["batch"], body["legacy_id"], body["row"]]
        yield "cases", [*head, outcome, of.id, of.name, digest, text]
        yield "case_work", [*head, of.id, outcome, state, opened, due_on(opened), ""]
        for word in words_of(body["legacy"], body["legacy_read"]):
            yield "case_words", [of.id, word, name]


def _made_up(
    body: dict[str, Any], number: int, of: Institution, first: dict[str, Any], last: dict[str, Any]
) -> dict[str, Any]:
    batch, legacy_id = f"filled-{number % BATCHES}", f"F{number:08d}"
    sides = {}
    for side in ("legacy", "legacy_read"):
        who = {key: first[side][key] for key in ("first_name",) if key in first[side]}
        who |= {key: last[side][key] for key in ("last_name",) if key in last[side]}
        sides[side] = {**body[side], **who, "university": of.name}
    return {
        **sides,
        "batch": batch,
        "row": number,
        "legacy_id": legacy_id,
        "case_id": case_id(batch, number, legacy_id),
        "university_id": of.id,
        "university": of.name,
    }


def _decision(
    draw: random.Random, name: str, digest: str, text: str, opened: str
) -> dict[str, Any]:
    case = read_case(name, digest, text)
    choices = words.decisions(case.outcome, len(case.candidates))
    (choice,) = draw.choices(choices, [8] + [1] * (len(choices) - 1))
    verdict, degree_id = answers.verdict_of(choice.id, choice.candidate, case)
    reason = draw.choice(words.reasons(case.outcome)).id
    day = date.fromisoformat(opened) + timedelta(days=draw.randrange(60))
    return {
        "case_id": name,
        "case_version": 1,
        "verdict": verdict,
        "degree_id": degree_id,
        "actor": f"clerk-{draw.randrange(300)}",
        "at": f"{day.isoformat()}T08:00:00Z",
        "reason": reason,
        "case_digest": digest,
        "needs_second": int(needs_second(json.loads(text), verdict, degree_id)),
        "body": canonical_json({"answer": choice.id, "reason": reason, "via": "desk"}),
    }


def fill(address: str, count: int, sample: Path) -> dict[str, Any]:
    """Fill an empty store at ``address``; give how long that took."""
    open_store(address).dispose()
    began = time.perf_counter()
    plain = sa.make_url(address)
    with ExitStack() as open_ones:
        entered = {}
        for table, columns in _TABLES.items():
            # a connection copies into one table at a time, so each has its own
            own = open_ones.enter_context(
                psycopg.connect(
                    host=plain.query["host"], user=plain.username, dbname=plain.database
                )
            )
            own.execute("SET session_replication_role = replica")
            statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            entered[table] = open_ones.enter_context(own.cursor().copy(statement))
        for table, row in rows(count, bodies(sample), date.today()):
            entered[table].write_row(row)
    seconds = time.perf_counter() - began
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
    return {"cases": count, "seconds": round(seconds, 1)}


if __name__ == "__main__":
    print(fill(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
