"""What was typed is read as people mean it, and an answer holds what a verifier needs, no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes.inquiry import (
    LANGUAGES,
    SHOWN,
    answer_to,
    code_digest,
    field_label,
    read_typed,
    sentences,
    value_label,
    words,
)
from migrate.codes.numbers import check_digits, new_code

BODY = "704122334455667789"
CODE = BODY + "12"
PERSIAN = "۷۰۴۱۲۲۳۳۴۴۵۵۶۶۷۷۸۹۱۲"
ARABIC = "٧٠٤١٢٢٣٣٤٤٥٥٦٦٧٧٨٩١٢"


@dataclass(frozen=True)
class Record:
    state: str = "active"
    document_type: str = "diploma"
    facts: Mapping[str, str | None] = field(default_factory=dict)
    superseded_by: str | None = None


FULL = Record(
    facts={
        "national_id": "0012345679",
        "father_name": "رضا",
        "first_name": "مریم",
        "last_name": "احمدی",
        "university": "دانشگاه شیراز",
        "field_of_study": "شیمی",
        "degree": "لیسانس",
        "graduation_year": "1362",
    }
)


def test_the_check_digits_of_the_example_are_right_by_hand() -> None:
    # ISO 7064 MOD 97-10: the whole leaves 1
    assert int(CODE) % 97 == 1
    assert check_digits(BODY) == "12"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        PERSIAN,
        ARABIC,
        "7041-2233-4455-6677-8912",
        "  7041 2233 4455\u200c6677\u00a08912\n",
        "\u202b۷۰۴۱–۲۲۳۳–۴۴۵۵–۶۶۷۷–۸۹۱۲\u202c",
        "７０４１２２３３４４５５６６７７８９１２",
    ],
)
def test_a_code_is_read_in_any_digits_with_spaces_dashes_and_marks(text: str) -> None:
    typed = read_typed(text)
    assert (typed.code, typed.well_formed, typed.reason, typed.digits) == (CODE, True, "", 20)


@pytest.mark.parametrize(
    ("text", "reason", "digits"),
    [
        (None, "empty", 0),
        ("", "empty", 0),
        (" -‌- ", "empty", 0),
        (CODE[:19], "too_short", 19),
        (CODE + "1", "too_long", 21),
        ("کد ۱۲۳", "not_digits", 3),
        (CODE + "x", "not_digits", 20),
        ("1" * 201, "too_long", 0),
    ],
)
def test_what_is_no_code_is_told_why(text: str | None, reason: str, digits: int) -> None:
    typed = read_typed(text)
    assert (typed.code, typed.reason, typed.digits) == (None, reason, digits)
    answer = answer_to(typed, None)
    assert answer.answer == "malformed"
    for language in LANGUAGES:
        title, said = sentences(answer, language)
        assert title
        assert said
        assert "{" not in said


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    typed = read_typed(text)
    assert (typed.code is None) == bool(typed.reason)
    if typed.code is not None:
        assert len(typed.code) == 20
        assert typed.code.isascii()
        assert typed.code.isdigit()


def test_a_code_that_is_not_there_is_unknown_or_mistyped_by_its_digits_alone() -> None:
    assert answer_to(read_typed(CODE), None).answer == "not_found"
    wrong = CODE[:-1] + "3"
    assert answer_to(read_typed(wrong), None).answer == "mistyped"


def test_a_code_that_is_there_is_valid_whatever_its_check_digits() -> None:
    other_scheme = "00000000000000000001"
    assert not read_typed(other_scheme).well_formed
    assert answer_to(read_typed(other_scheme), FULL).answer == "valid"


def test_a_valid_code_shows_seven_facts_and_never_another() -> None:
    answer = answer_to(read_typed(CODE), FULL)
    assert tuple(answer.shown) == SHOWN
    assert answer.shown == {
        "first_name": "مریم",
        "last_name": "احمدی",
        "degree": "bachelor",
        "field_of_study": "شیمی",
        "university": "دانشگاه شیراز",
        "year": "1362",
        "document": "diploma",
    }
    assert "0012345679" not in repr(answer)
    assert "رضا" not in repr(answer)


def test_facts_that_are_missing_are_shown_as_missing() -> None:
    answer = answer_to(read_typed(CODE), Record(document_type=""))
    assert set(answer.shown.values()) == {""}
    assert value_label("year", "", "fa") == "ثبت نشده"


@pytest.mark.parametrize("state", ["suspended", "revoked", "superseded"])
def test_a_code_that_does_not_stand_shows_nothing_of_its_holder(state: str) -> None:
    record = Record(state, facts=FULL.facts, superseded_by=new_code())
    answer = answer_to(read_typed(CODE), record)
    assert answer.answer == state
    assert not answer.shown
    assert (answer.superseded_by is not None) == (state == "superseded")
    assert "مریم" not in repr(answer)


def test_a_degree_that_no_list_knows_is_shown_as_it_is() -> None:
    answer = answer_to(read_typed(CODE), Record(facts={"degree": "طلبگی"}))
    assert answer.shown["degree"] == "طلبگی"
    assert value_label("degree", "طلبگی", "en") == "طلبگی"


def test_values_are_in_the_words_of_the_page() -> None:
    assert value_label("degree", "bachelor", "fa") == "کارشناسی"
    assert value_label("document", "provisional", "fa") == "گواهینامهٔ موقت"
    assert value_label("year", "1362", "fa") == "۱۳۶۲"
    # 1 Farvardin 1362 was 21 March 1983
    assert value_label("year", "1362", "en") == "1362 (1983/84)"
    assert value_label("year", "1378", "en") == "1378 (1999/00)"


def test_everything_has_words_in_both_languages() -> None:
    from migrate.persian.degrees import degrees

    for answer in ("valid", "suspended", "revoked", "superseded", "not_found", "mistyped"):
        for part in ("title", "text"):
            assert set(words()["answers"][answer][part]) == set(LANGUAGES)
    for language in LANGUAGES:
        assert all(field_label(name, language) for name in SHOWN)
    assert set(words()["degrees"]) == {level.id for level in degrees()}


def test_the_digest_of_a_code_is_not_that_of_its_bare_digits() -> None:
    import hashlib

    assert code_digest(CODE) != hashlib.sha256(CODE.encode()).hexdigest()
    assert len(code_digest(CODE)) == 64
    assert code_digest(CODE) != code_digest(CODE[:-1] + "3")
