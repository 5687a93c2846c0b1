"""A store in which all has happened that can: built once, copied for each test, and tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from migrate.codes import keys as key_files
from migrate.codes.issuing import IssueRequest
from migrate.codes.keys import SigningKey
from migrate.codes.ledger import LedgerEvent, hash_of
from migrate.codes.merkle import Frontier, Growth
from migrate.review.cases import Case, CaseCandidate
from migrate.store import heads, lifecycle, log_keys
from migrate.store.batches import begin
from migrate.store.cases import save_cases
from migrate.store.code_tables import EventRow
from migrate.store.codes import issue
from migrate.store.decisions import decide
from migrate.store.engine import open_store

NAME = "codes.example.ir/ledger"
PEOPLE = 300
_FIELDS = list(LedgerEvent.__dataclass_fields__)


@dataclass(frozen=True)
class Keys:
    """The keys of the log in their order, and one that is nobody's."""

    first: SigningKey
    second: SigningKey
    stranger: SigningKey


def make_keys(folder: Path) -> Keys:
    """Keys in files of their own."""
    made = []
    for name in ("first", "second", "stranger"):
        key_files.create(folder / f"{name}.pem", NAME)
        made.append(key_files.load(folder / f"{name}.pem"))
    return Keys(*made)


def requests(batch: str, numbers: range) -> list[IssueRequest]:
    """One request a person."""
    return [
        IssueRequest(
            f"D{batch}-{number}",
            f"L{number}",
            batch,
            {"first_name": "علی", "national_id": f"{number:010d}"},
            "provisional",
        )
        for number in numbers
    ]


def fill(engine: Engine, keys: Keys) -> None:
    """Let all happen: keys, batches, decisions, states of codes, signed heads.

    The last transaction but the signed head is batch b3's, which has nothing else.
    """
    for batch in ("b1", "b2", "b3"):
        begin(engine, batch, batch[1] * 64)
    log_keys.add_first_key(engine, keys.first, actor="Z. Karimi", reason="the ceremony")
    codes = [
        one.code
        for one in issue(engine, requests("b1", range(PEOPLE)), batch="b1", actor="test").issued
    ]
    heads.sign(engine, keys.first)
    said = {"actor": "Z. Karimi", "reason": "letter 12"}
    lifecycle.suspend(engine, codes[0], **said)
    lifecycle.reinstate(engine, codes[0], **said)
    lifecycle.revoke(engine, codes[1], **said)
    lifecycle.revoke(engine, codes[2], **said)
    lifecycle.replace(engine, codes[3], document_type="diploma", **said)
    lifecycle.replace(engine, codes[2], **said)
    log_keys.rotate(engine, keys.first, keys.second, actor="Z. Karimi", reason="once a year")
    save_cases(engine, [_case(1), _case(2)])
    decided = [
        decide(engine, f"C-{row}", "confirm", version=1, **said).seq  # type: ignore[arg-type]
        for row in (1, 2)
    ]
    asked = [
        IssueRequest(f"DC{row}", f"R{row}", "b2", {"first_name": "مینا"}, "", seq)
        for row, seq in zip((1, 2), decided, strict=True)
    ]
    issue(engine, [*requests("b2", range(PEOPLE)), *asked], batch="b2", actor="test")
    decide(engine, "C-2", "refuse", version=1, supersedes=decided[1], **said)  # type: ignore[arg-type]
    heads.sign(engine, keys.second)


def fill_tail(engine: Engine, keys: Keys) -> None:
    """What may be cut off again: a batch that has nothing else, and a signed head."""
    issue(engine, requests("b3", range(3)), batch="b3", actor="test")
    heads.sign(engine, keys.second)


def _case(row: int) -> Case:
    candidate = CaseCandidate(
        degree_id=f"DC{row}",
        person_id="P1",
        rank=1,
        probability=0.5,
        person_weight=1.0,
        degree_weight=1.0,
        values={},
        levels={},
        weights={},
    )
    return Case(
        case_id=f"C-{row}",
        version=1,
        batch="b2",
        row=row,
        legacy_id=f"R{row}",
        outcome="mismatch",
        university_id="tehran",
        university="دانشگاه تهران",
        legacy={},
        legacy_read={},
        candidates=(candidate,),
        contradicts=(),
        reason="birth_date differs",
        page_ref=None,
    )


class Shelf:
    """Stores that were built once, and copies of them.

    :param copied: makes a database of a name, as a copy of the one at an address or empty, and gives
        its address.
    """

    def __init__(self, copied: Callable[[str, str | None], str]) -> None:
        self._copied = copied
        self._count = 0
        self._built: dict[str, str] = {}

    def build(self, name: str, fill_it: Callable[[Engine], None], on: str | None = None) -> None:
        """Build a store under a name, on a copy of another one or from nothing."""
        address = self._copied(name.replace(" ", "_"), self._built[on] if on else None)
        engine = open_store(address)
        fill_it(engine)
        engine.dispose()
        self._built[name] = address

    def copy(self, name: str) -> str:
        """The address of a fresh copy."""
        self._count += 1
        return self._copied(f"copy_{self._count}", self._built[name])


def unguarded(address: str) -> Engine:
    """The database as its owner has it: no trigger and no foreign key holds."""
    engine = sa.create_engine(address)
    if engine.dialect.name == "sqlite":
        # else a change of the schema would not be undone with the rest
        sa.event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
        sa.event.listen(engine, "begin", lambda made: made.exec_driver_sql("BEGIN"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            for table in sa.inspect(connection).get_table_names():
                connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        else:
            listed = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in list(run(connection, listed).scalars()):
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
    return engine


@contextmanager
def tampering(address: str) -> Iterator[Connection]:
    """A transaction of the database's owner, which is committed."""
    engine = unguarded(address)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def run(connection: Connection, statement: str, **values: Any) -> Any:
    """A statement as somebody types it."""
    return connection.execute(sa.text(statement), values)


def event(connection: Connection, seq: int) -> LedgerEvent:
    """An event as it stands."""
    row = run(
        connection, f"SELECT {', '.join(_FIELDS)} FROM code_events WHERE seq = :s", s=seq
    ).one()
    return LedgerEvent(*row)


def reseal(connection: Connection, *, nodes: bool = True, tree_heads: bool = True) -> None:
    """Work out anew all that can be without a key: leaf hashes, nodes, tree heads."""
    frontier, growth = Frontier(), Growth(Frontier())
    sizes = set(run(connection, "SELECT size FROM tree_heads").scalars())
    rows = run(connection, f"SELECT {', '.join(_FIELDS)} FROM code_events ORDER BY seq").all()
    for row in rows:
        leaf = hash_of(LedgerEvent(*row))
        frontier = frontier.append(leaf)
        growth.append(leaf)
        run(
            connection,
            "UPDATE code_events SET leaf_hash = :h WHERE seq = :s AND leaf_hash <> :h",
            h=leaf.hex(),
            s=row.seq,
        )
        if tree_heads and frontier.size in sizes:
            run(
                connection,
                "UPDATE tree_heads SET root = :r, frontier = :f WHERE size = :s",
                r=frontier.root().hex(),
                f=frontier.text(),
                s=frontier.size,
            )
    for level, position, hash_ in growth.nodes if nodes else ():
        run(
            connection,
            "UPDATE log_nodes SET hash = :h WHERE level = :l AND position = :p",
            h=hash_.hex(),
            l=level,
            p=position,
        )


def append_sealed(connection: Connection, **values: Any) -> int:
    """Append an event as the program would, nodes and head with it, whatever it says."""
    last = run(connection, "SELECT max(seq) FROM code_events").scalar_one()
    made = LedgerEvent(**{"seq": last + 1, "salt": "0" * 32, **values})
    row = {name: getattr(made, name) for name in _FIELDS} | {"leaf_hash": hash_of(made).hex()}
    connection.execute(sa.insert(EventRow), [row])
    run(
        connection,
        "INSERT INTO tree_heads SELECT :new, root, frontier, at FROM tree_heads WHERE size = :old",
        new=last + 1,
        old=last,
    )
    reseal(connection)
    return last + 1


def payload(connection: Connection, seq: int) -> Any:
    """An event's payload."""
    return json.loads(event(connection, seq).payload)
