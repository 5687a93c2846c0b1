"""A store of the chain of hashes becomes one of the Merkle log, and nothing of it is lost."""

from __future__ import annotations

import hashlib
import json

import pytest
from old_store import at_revision
from sqlalchemy import Engine, text
from whole_log import whole

from migrate.codes.issuing import IssueRequest, canonical_json
from migrate.errors import InputError
from migrate.store.codes import active_codes, issue, ledger
from migrate.store.engine import open_store, reading, writing
from migrate.store.lookup import find

COUNT = 700  # two nodes of the log, and some
FACTS = {"last_name": "محمدی"}


def old_store(address: str, *, broken_at: int | None = None) -> list[dict[str, object]]:
    """A store of revision 0002 with ``COUNT`` codes and their chain, and what it holds."""
    engine = at_revision(address, "0002")
    previous, codes = "0" * 64, []
    with writing(engine) as connection:
        for seq in range(1, COUNT + 1):
            event = {
                "seq": seq,
                "event": "issued",
                "code": f"{seq + 10**19}",
                "degree_id": f"D{seq}",
                "legacy_id": f"L{seq}",
                "batch": "old",
                "actor": "migrate issue",
                "at": "2026-11-24T08:00:00Z",
                "payload": canonical_json({"facts_sha256": "ab", "scheme": 1}),
                "previous": previous,
            }
            previous = hashlib.sha256(canonical_json(event).encode()).hexdigest()
            if seq == broken_at:
                event["degree_id"] = "D9999"
            connection.execute(
                text(
                    "INSERT INTO code_events VALUES (:seq, :event, :code, :degree_id, :legacy_id,"
                    " :batch, :actor, :at, :payload, :previous, :hash)"
                ),
                {**event, "hash": previous},
            )
            code = {
                "code": event["code"],
                "scheme": 1,
                "degree_id": f"D{seq}",
                "legacy_id": f"L{seq}",
                "batch": "old",
                "issued_at": event["at"],
                "state": "active",
                "facts": canonical_json(FACTS),
                "event_seq": seq,
            }
            connection.execute(
                text(
                    "INSERT INTO codes VALUES (:code, :scheme, :degree_id, :legacy_id, :batch,"
                    " :issued_at, :state, :facts, :event_seq)"
                ),
                code,
            )
            codes.append({**code, "chain": previous})
    engine.dispose()
    return codes


def test_codes_and_events_are_carried_over_and_go_on(address: str) -> None:
    old = old_store(address)
    engine: Engine = open_store(address)
    assert whole(engine) == COUNT
    events = ledger(engine)
    # the old hash is kept, so that a copy of it on paper can still be held against this
    assert [json.loads(event.payload)["chain"] for event in events] == [one["chain"] for one in old]
    assert {event.event for event in events} == {"issued"}
    assert len({event.salt for event in events}) == COUNT
    with reading(engine) as connection:
        for one in old:
            found = find(connection, str(one["code"]))
            assert found is not None
            assert (found.degree_id, found.batch, found.issued_at, found.state) == (
                one["degree_id"],
                one["batch"],
                one["issued_at"],
                "active",
            )
            assert (found.document_type, found.facts, found.event_seq) == (
                "",
                FACTS,
                one["event_seq"],
            )
    # degrees keep their codes, and the log goes on
    requests = [IssueRequest(f"D{n}", f"L{n}", "new", FACTS) for n in (1, COUNT, COUNT + 1)]
    result = issue(engine, requests, batch="new", actor="test")
    assert [code.degree_id for code in result.issued] == [f"D{COUNT + 1}"]
    assert len(active_codes(engine)) == COUNT + 1
    assert whole(engine) == COUNT + 1
    engine.dispose()


def test_an_empty_store_is_brought_forward(address: str) -> None:
    at_revision(address, "0002").dispose()
    engine = open_store(address)
    assert whole(engine) == 0
    issue(engine, [IssueRequest("D1", "L1", "b", FACTS)], batch="b", actor="test")
    assert whole(engine) == 1
    engine.dispose()


@pytest.mark.parametrize("broken_at", [1, 350, COUNT])
def test_a_chain_that_is_broken_is_not_carried_over(address: str, broken_at: int) -> None:
    old_store(address, broken_at=broken_at)
    with pytest.raises(InputError, match=f"event {broken_at}"):
        open_store(address)
    # and the old store is as it was
    engine = at_revision(address, "0002")
    with reading(engine) as connection:
        count = connection.execute(text("SELECT count(*) FROM code_events")).scalar_one()
        columns = connection.execute(text("SELECT * FROM code_events LIMIT 1")).keys()
    assert count == COUNT
    assert "previous" in columns
    engine.dispose()
