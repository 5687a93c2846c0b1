"""The chain of events: any change to a past one is found, and where."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace

import pytest

from migrate.codes.ledger import GENESIS, LedgerEvent, first_broken, sealed


def chain(length: int) -> list[LedgerEvent]:
    events: list[LedgerEvent] = []
    for seq in range(1, length + 1):
        events.append(
            sealed(
                LedgerEvent(
                    seq=seq,
                    event="issued",
                    code=f"{seq:020d}",
                    degree_id=f"D{seq}",
                    legacy_id=f"L{seq}",
                    batch="دفتر ۱",
                    actor="test",
                    at="2026-11-24T08:00:00Z",
                    payload='{"scheme":1}',
                    previous=events[-1].hash if events else GENESIS,
                )
            )
        )
    return events


def test_a_whole_chain_fits() -> None:
    assert first_broken([]) is None
    assert first_broken(chain(5)) is None


def test_the_hash_is_what_any_program_can_work_out() -> None:
    event = chain(1)[0]
    values = {
        field.name: getattr(event, field.name) for field in fields(event) if field.name != "hash"
    }
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert event.hash == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", [field.name for field in fields(LedgerEvent)])
def test_a_changed_field_is_found_where_it_is(name: str) -> None:
    events = chain(5)
    value = getattr(events[2], name)
    events[2] = replace(events[2], **{name: value + 1 if isinstance(value, int) else value + "0"})
    assert first_broken(events) == 3


def test_a_changed_event_that_was_sealed_again_is_found_at_the_next() -> None:
    events = chain(5)
    events[2] = sealed(replace(events[2], degree_id="D9"))
    assert first_broken(events) == 4


def test_a_deleted_a_moved_and_a_doubled_event_are_found() -> None:
    events = chain(5)
    assert first_broken(events[1:]) == 1
    assert first_broken(events[:2] + events[3:]) == 3
    assert first_broken([events[0], events[2], events[1], *events[3:]]) == 2
    assert first_broken([*events[:2], events[1], *events[2:]]) == 3
