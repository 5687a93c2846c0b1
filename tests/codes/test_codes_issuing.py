"""Facts: what contradicts, what is only missing, and one text for one value."""

from __future__ import annotations

import hashlib

import pytest

from migrate.codes.issuing import canonical_json, differing, sha256_text

ALI = {"national_id": "0012345679", "first_name": "علی", "last_name": "محمدی", "field": None}


def test_the_same_facts_do_not_differ() -> None:
    assert differing(ALI, dict(reversed(ALI.items()))) == ()


def test_a_contradicted_fact_is_named_with_both_values() -> None:
    other = ALI | {"last_name": "رضایی", "first_name": "زهرا"}
    assert differing(ALI, other) == (
        ("first_name", "علی", "زهرا"),
        ("last_name", "محمدی", "رضایی"),
    )


@pytest.mark.parametrize("blank", [None, ""])
def test_missing_is_not_different(blank: str | None) -> None:
    assert differing(ALI, ALI | {"national_id": blank}) == ()
    assert differing(ALI | {"national_id": blank}, ALI) == ()
    assert differing(ALI, {"last_name": "محمدی"}) == ()


def test_facts_with_nothing_in_common_are_not_taken_for_the_same() -> None:
    assert differing({"a": "1", "b": None}, {"a": None, "b": "2"}) == (
        ("a", "1", None),
        ("b", None, "2"),
    )
    assert differing({}, {"a": "1"}) == (("a", None, "1"),)
    assert differing({}, {"a": None}) == ()


def test_canonical_json_has_sorted_keys_no_spaces_and_plain_persian() -> None:
    assert canonical_json({"ب": None, "a": [1, "x"], "آ": "ی"}) == '{"a":[1,"x"],"آ":"ی","ب":null}'
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


def test_the_hash_is_that_of_the_bytes_in_utf_8() -> None:
    # printf abc | sha256sum, the example of FIPS 180-2
    assert sha256_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_text("ی") == hashlib.sha256(b"\xdb\x8c").hexdigest()
