"""Leaves of the ledger: canonical, the same for ever, and nobody's data in them."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import fields, replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes.ledger import (
    CODE_EVENTS,
    EVENTS,
    KEY_EVENTS,
    STATES,
    TRANSITIONS,
    LedgerEvent,
    digest,
    hash_of,
    leaf_of,
)

EVENT = LedgerEvent(
    seq=7,
    event="issued",
    code="12345678901234567836",
    degree_id="D-1362-7",
    legacy_id="دفتر ۳/۱۲",
    batch="دفتر ۱",
    actor="مریم حسینی",
    at="2026-11-24T08:00:00Z",
    payload='{"facts_sha256":"ab","scheme":1}',
    salt="00112233445566778899aabbccddeeff",
)


def test_a_leaf_is_this_text_for_ever() -> None:
    # a leaf that changes with the program would break every proof that was ever given
    assert hashlib.sha256(leaf_of(EVENT).encode()).hexdigest() == (
        "6047e2f1d73771a52b38a6db91dabb5f61b34cc2e017579a7c10ddb79bc6446e"
    )
    assert hash_of(EVENT) == hashlib.sha256(b"\0" + leaf_of(EVENT).encode()).digest()


def test_a_digest_is_an_hmac_by_the_salt_over_name_and_value() -> None:
    held = json.loads(leaf_of(EVENT))
    for name in ("actor", "code", "degree_id", "legacy_id", "payload"):
        message = name.encode() + b"\0" + getattr(EVENT, name).encode()
        key = bytes.fromhex(EVENT.salt)
        assert held["digests"][name] == hmac.new(key, message, hashlib.sha256).hexdigest()
        assert digest(EVENT.salt, name, getattr(EVENT, name)) == held["digests"][name]


@pytest.mark.parametrize("event", EVENTS)
def test_a_leaf_is_canonical_json_by_the_standards_own_program(event: str) -> None:
    leaf = leaf_of(replace(EVENT, event=event))
    assert rfc8785.dumps(json.loads(leaf)) == leaf.encode()


@given(
    st.builds(
        LedgerEvent,
        seq=st.integers(1, 2**53 - 1),
        event=st.sampled_from(EVENTS),
        code=st.text(),
        degree_id=st.text(),
        legacy_id=st.text(),
        batch=st.text(),
        actor=st.text(),
        at=st.text(),
        payload=st.dictionaries(
            st.text(alphabet=st.characters(max_codepoint=0xD7FF)), st.text()
        ).map(lambda value: rfc8785.dumps(value).decode()),
        salt=st.binary(min_size=16, max_size=16).map(bytes.hex),
    )
)
def test_any_leaf_is_canonical_json(event: LedgerEvent) -> None:
    leaf = leaf_of(event)
    assert rfc8785.dumps(json.loads(leaf)) == leaf.encode()


@pytest.mark.parametrize("event", CODE_EVENTS)
def test_what_is_private_stands_in_no_leaf(event: str) -> None:
    leaf = leaf_of(replace(EVENT, event=event))
    for name in ("code", "degree_id", "legacy_id", "actor", "salt", "payload"):
        assert getattr(EVENT, name) not in leaf
    assert "facts_sha256" not in leaf


@pytest.mark.parametrize("event", KEY_EVENTS)
def test_an_event_of_a_key_is_for_everyone_but_for_who_did_it(event: str) -> None:
    leaf = leaf_of(replace(EVENT, event=event))
    assert json.loads(leaf)["payload"] == {"facts_sha256": "ab", "scheme": 1}
    assert EVENT.actor not in leaf


@pytest.mark.parametrize("name", [field.name for field in fields(LedgerEvent)])
def test_a_change_of_any_field_changes_the_leaf(name: str) -> None:
    value = getattr(EVENT, name)
    other = value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")
    if name == "event":
        other = "revoked"
    assert hash_of(replace(EVENT, **{name: other})) != hash_of(EVENT)


def test_the_same_values_under_another_salt_share_no_digest() -> None:
    one = json.loads(leaf_of(EVENT))["digests"]
    two = json.loads(leaf_of(replace(EVENT, salt="ff" * 16)))["digests"]
    assert not set(one.values()) & set(two.values())


def test_every_event_of_a_code_leads_from_known_states_to_a_known_one() -> None:
    assert set(TRANSITIONS) == set(CODE_EVENTS)
    for state, before in TRANSITIONS.values():
        assert state in STATES
        assert set(before) <= {None, *STATES}
    # nothing leads out of an end
    assert not any({"revoked", "superseded"} & set(before) for _, before in TRANSITIONS.values())
