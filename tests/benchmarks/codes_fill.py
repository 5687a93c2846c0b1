"""Fill a store on PostgreSQL with codes, whole: rows, events, leaves, tree and head, all consistent.

Events and leaves are made by the project's own functions, in two processes; rows go in by COPY with
triggers and foreign keys off, and then every constraint is put back and checked by the database.
`migrate audit verify` passes on the result. What is made up: the facts, and that all was one issue.

    python tests/benchmarks/codes_fill.py ADDRESS CODES
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import psycopg
import sqlalchemy as sa

from migrate.codes.issuing import canonical_json, sha256_text
from migrate.codes.ledger import ISSUED, LedgerEvent, hash_of
from migrate.codes.merkle import Frontier, Growth
from migrate.codes.numbers import new_code
from migrate.store.batches import begin
from migrate.store.engine import open_store

AT = "2026-11-01T00:00:00Z"
BATCH = "filled"
_CHUNK = 20_000
_SEED = 1405
_FIRST = ("علی", "محمد", "فاطمه", "زهرا", "حسین", "مریم", "لیلا", "امیرحسین", "محمدرضا", "سیدمهدی")
_LAST = (
    "محمدی",
    "حسینی",
    "رضایی",
    "کریمی",
    "موسوی",
    "احمدی",
    "حسین زاده",
    "نوری",
    "قمشه ای",
    "شریفی",
)
_UNIVERSITIES = (
    "دانشگاه تهران",
    "دانشگاه صنعتی شریف",
    "دانشگاه شهید بهشتی",
    "دانشگاه فردوسی مشهد",
    "دانشگاه شیراز",
    "دانشگاه آزاد اسلامی واحد علوم و تحقیقات تهران",
)
_FIELDS = ("مهندسی برق", "حقوق", "پزشکی", "زبان و ادبیات فارسی", "حسابداری", "ریاضی محض")
_DEGREES = ("کاردانی", "کارشناسی", "کارشناسی ارشد", "دکترای تخصصی")
_CODES = (
    "code",
    "scheme",
    "degree_id",
    "legacy_id",
    "batch",
    "issued_at",
    "document_type",
    "facts",
    "event_seq",
    "state",
    "state_seq",
)
_EVENTS = (*(field.name for field in fields(LedgerEvent)), "leaf_hash")


def facts_of(number: int) -> dict[str, str | None]:
    """Made-up facts of a degree, of the size that real ones have."""
    draw = random.Random(number)
    return {
        "national_id": f"{draw.randrange(10**10):010d}",
        "first_name": draw.choice(_FIRST),
        "last_name": f"{draw.choice(_LAST)} {draw.choice(_LAST)}",
        "university": draw.choice(_UNIVERSITIES),
        "field_of_study": draw.choice(_FIELDS),
        "degree": draw.choice(_DEGREES),
        "graduation_year": str(draw.randrange(1340, 1390)),
    }


def chunk(bounds: tuple[int, int]) -> tuple[bytes, bytes, list[bytes]]:
    """Rows of `codes` and of `code_events` as COPY text, and the leaves' hashes, of seqs in bounds."""
    first, last = bounds
    draw = random.Random(_SEED * 1_000_003 + first)
    codes, events, leaves = [], [], []
    for seq in range(first, last + 1):
        code = new_code(draw.randrange)
        facts = canonical_json(facts_of(seq))
        document = draw.choice(("", "provisional", "diploma"))
        said = {
            "channel": "archive",
            "document_type": document,
            "facts_sha256": sha256_text(facts),
            "scheme": 1,
        }
        event = LedgerEvent(
            seq,
            ISSUED,
            code,
            f"D{seq:09d}",
            f"L{seq:09d}",
            BATCH,
            "benchmark",
            AT,
            canonical_json(said),
            draw.randbytes(16).hex(),
        )
        leaf = hash_of(event)
        leaves.append(leaf)
        row = (
            code,
            1,
            event.degree_id,
            event.legacy_id,
            BATCH,
            AT,
            document,
            facts,
            seq,
            "active",
            seq,
        )
        codes.append(_line(row))
        events.append(_line((*(getattr(event, name) for name in _EVENTS[:-1]), leaf.hex())))
    return "".join(codes).encode(), "".join(events).encode(), leaves


def _line(values: tuple[object, ...]) -> str:
    # a made-up fact holds no tab and no line end, so a backslash is all that must be doubled
    return "\t".join(map(str, values)).replace("\\", "\\\\") + "\n"


def fill(address: str, count: int, processes: int = 2) -> dict[str, float]:
    """Fill an empty store. Returns seconds by step: rows, indexes and analysis."""
    engine = open_store(address)
    begin(engine, BATCH, sha256_text(BATCH))
    url = engine.url.set(drivername="postgresql")
    engine.dispose()
    took: dict[str, float] = {}
    begun = time.perf_counter()
    conninfo = url.render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as home:
        home.execute("SET maintenance_work_mem = '1GB'")
        home.execute("SET max_parallel_maintenance_workers = 2")
        put_back = _without_constraints(home)
        growth = Growth(Frontier())
        bounds = [(at, min(at + _CHUNK - 1, count)) for at in range(1, count + 1, _CHUNK)]
        with (
            _copying(conninfo, "codes", _CODES) as codes,
            _copying(conninfo, "code_events", _EVENTS) as events,
            multiprocessing.get_context("spawn").Pool(processes) as pool,
        ):
            for at, (some, their, leaves) in enumerate(pool.imap(chunk, bounds)):
                codes.write(some)
                events.write(their)
                for leaf in leaves:
                    growth.append(leaf)
                if at % 50 == 0:
                    print(f"{growth.size:,} in {time.perf_counter() - begun:.0f} s", flush=True)
        took["rows"] = time.perf_counter() - begun
        _tree(home, growth)
        begun = time.perf_counter()
        for statement in put_back:
            print(statement[:110], f"at {time.perf_counter() - begun:.0f} s", flush=True)
            home.execute(statement)
        took["constraints"] = time.perf_counter() - begun
        begun = time.perf_counter()
        for table in ("codes", "code_events"):
            home.execute(f"VACUUM (ANALYZE) {table}")
        home.execute("CHECKPOINT")
        took["vacuum"] = time.perf_counter() - begun
    return {name: round(seconds, 1) for name, seconds in took.items()}


def _tree(home: psycopg.Connection[Any], growth: Growth) -> None:
    frontier = growth.frontier()
    home.execute("SET session_replication_role = replica")
    with home.cursor() as cursor:
        with cursor.copy("COPY log_nodes (level, position, hash) FROM STDIN") as copy:
            for level, position, held in growth.nodes:
                copy.write_row((level, position, held.hex()))
        cursor.execute(
            "INSERT INTO tree_heads (size, root, frontier, at) VALUES (%s, %s, %s, %s)",
            (frontier.size, frontier.root().hex(), frontier.text(), AT),
        )
    home.execute("SET session_replication_role = DEFAULT")


def _without_constraints(home: psycopg.Connection[Any]) -> list[str]:
    """Take constraints and indexes off the two large tables; the statements that put them back."""
    put_back = []
    constraints = home.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype"
        " FROM pg_constraint WHERE contype IN ('p', 'u', 'f')"
        " AND (conrelid IN ('codes'::regclass, 'code_events'::regclass)"
        "   OR confrelid IN ('codes'::regclass, 'code_events'::regclass))"
        " ORDER BY contype = 'f', contype"
    ).fetchall()
    indexes = home.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid IN ('codes'::regclass, 'code_events'::regclass)"
        " AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)"
    ).fetchall()
    for table, name, _, _ in reversed(constraints):
        home.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        home.execute(f"DROP INDEX {name}")
    put_back += [
        f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {text}'
        for table, name, text, kind in constraints
        if kind != "f"
    ]
    put_back += [text for _, text in indexes]
    put_back += [
        f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {text}'
        for table, name, text, kind in constraints
        if kind == "f"
    ]
    return put_back


@contextmanager
def _copying(conninfo: str, table: str, columns: Sequence[str]) -> Iterator[Any]:
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            yield copy


def sizes(address: str) -> dict[str, int]:
    """Bytes of the two large tables with their indexes, and of the whole database."""
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        found = connection.execute(
            sa.text(
                "SELECT pg_total_relation_size('codes'), pg_total_relation_size('code_events'),"
                " pg_database_size(current_database())"
            )
        ).one()
    engine.dispose()
    return dict(zip(("codes", "code_events", "database"), map(int, found), strict=True))


if __name__ == "__main__":
    print(fill(sys.argv[1], int(sys.argv[2])), sizes(sys.argv[1]))
