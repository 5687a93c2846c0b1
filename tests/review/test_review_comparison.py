"""A case in words and lines: what people see of each field, and what is said of the whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrate.review.cases import Case
from migrate.review.comparison import (
    MOST_CHARACTERS,
    Line,
    clean,
    explanation,
    lines,
    shown,
    side_label,
)


def line(case: Case, field: str) -> Line:
    (found,) = [one for one in lines(case) if one.field == field]
    return found


def marked(side: object) -> list[str]:
    return [span.text for span in side.spans if span.differs]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "value", "seen"),
    [
        ("birth_date", "1362-07-03", "۱۳۶۲/۰۷/۰۳"),
        ("birth_date", "1362", "۱۳۶۲"),
        ("birth_date", "1355-10-11/1356-10-10", "۱۳۵۵/۱۰/۱۱ تا ۱۳۵۶/۱۰/۱۰"),
        ("birth_date", "۳۲ مهر 1362", "۳۲ مهر ۱۳۶۲"),
        ("sex", "f", "زن"),
        ("document_type", "provisional", "گواهینامهٔ موقت"),
        ("birth_cert_no", "0012", "۰۰۱۲"),
        ("first_name", "نامشخص", ""),
        ("first_name", "علی\u202e\x00\n رضا", "علی رضا"),
    ],
)
def test_values_are_shown_as_people_read_them(field: str, value: str, seen: str) -> None:
    assert shown(field, value) == seen


def test_a_half_space_is_part_of_a_name() -> None:
    assert clean("حسین‌زاده") == "حسین‌زاده"


def test_a_value_without_end_is_cut_with_a_sign() -> None:
    text = clean("م" * 10_000_000)
    assert len(text) == MOST_CHARACTERS
    assert text.endswith("…")


def test_a_mismatch_marks_the_letters_that_differ_on_both_sides(cases: list[Case]) -> None:
    birth = line(cases[0], "birth_date")
    assert marked(birth.document) == ["۶"]
    assert marked(birth.sides[0]) == ["۸"]
    assert birth.document.contradicts
    assert birth.sides[0].contradicts


def test_spelling_alone_is_not_marked(cases: list[Case]) -> None:
    for field in ("first_name", "last_name", "university", "degree", "graduation_date"):
        one = line(cases[0], field)
        assert not marked(one.document)
        assert not marked(one.sides[0])
        assert not one.document.contradicts


def test_what_the_paper_says_stands_by_what_it_was_taken_for(cases: list[Case]) -> None:
    assert line(cases[0], "birth_date").document.note == "در سند: \u200e۳/۷/۳۶\u200e"
    assert line(cases[0], "university").document.note == "در سند: پهلوی"
    # the same date and the same letters in other writing need no note
    assert line(cases[0], "graduation_date").document.note == ""
    assert line(cases[0], "last_name").document.note == ""


def test_a_value_that_was_not_understood_is_shown_and_said_so(cases: list[Case]) -> None:
    case = replace(
        cases[0],
        legacy={**cases[0].legacy, "birth_date": "۳۲ مهر ۳۶"},
        legacy_read={k: v for k, v in cases[0].legacy_read.items() if k != "birth_date"},
    )
    found = line(case, "birth_date").document
    assert found.text == "۳۲ مهر ۳۶"
    assert found.note == "خوانده نشد"


def test_missing_is_empty_on_its_side_and_nothing_is_marked(cases: list[Case]) -> None:
    found = line(cases[0], "national_id")
    assert found.document.text == ""
    assert found.sides[0].text == "۲۲۹۱۲۳۴۵۶۷"
    assert not marked(found.sides[0])
    assert not found.sides[0].contradicts


def test_fields_that_nobody_has_are_left_out(cases: list[Case]) -> None:
    assert "diploma_date" not in {one.field for one in lines(cases[0])}


def test_identifiers_run_left_to_right_unless_they_hold_persian(cases: list[Case]) -> None:
    assert line(cases[0], "diploma_no").document.ltr
    case = replace(cases[0], legacy_read={**cases[0].legacy_read, "diploma_no": "الف12"})
    assert not line(case, "diploma_no").document.ltr
    assert not line(case, "first_name").document.ltr


def test_a_mismatch_says_what_contradicts_and_how_heavily(cases: list[Case]) -> None:
    assert explanation(cases[0])[1:] == (
        "نام پدر: در سند «حسن»، در پایگاه «حسین» — ناهم‌خوانی سنگین",
        "تاریخ تولد: در سند «\u200e۱۳۳۶/۰۷/۰۳\u200e»، در پایگاه «\u200e۱۳۳۸/۰۷/۰۳\u200e» "
        "— ناهم‌خوانی سنگین",
    )


def test_a_contested_degree_names_the_other_document_not_the_registry(cases: list[Case]) -> None:
    said = explanation(cases[4])[1:]
    assert len(said) == 2
    assert "L6" in said[0]
    assert said[1] == "دو سند در این موارد با هم نمی‌خوانند: شمارهٔ شناسنامه"
    assert not any(one.document.contradicts for one in lines(cases[4]))


def test_thin_evidence_is_called_so(cases: list[Case]) -> None:
    levels = {"first_name": "sound", "last_name": "exact", "sex": "missing"}
    candidate = replace(cases[0].candidates[0], levels=levels)
    said = explanation(replace(cases[0], contradicts=(), candidates=(candidate,)))
    assert said[1:] == (
        "چیزی آشکارا ناهم‌خوان نیست، ولی آنچه در سند آمده برای اطمینان کافی نیست.",
        "نزدیک، ولی نه یکسان: نام",
    )


def test_an_ambiguous_case_says_in_what_the_candidates_differ(cases: list[Case]) -> None:
    assert explanation(cases[1])[1:] == ("نامزدها در این موارد با هم فرق دارند: نام",)
    assert [side_label(cases[1], nth) for nth in (1, 2)] == ["نامزد ۱", "نامزد ۲"]
    # the document is what both are held against: marks stand on the candidates
    name = line(cases[1], "first_name")
    assert not marked(name.document)
    assert [text.strip() for text in marked(name.sides[1])] == ["رضا"]


def test_nobody_near_is_said(cases: list[Case]) -> None:
    assert explanation(cases[3])[1:] == ("هیچ شخص نزدیکی هم پیدا نشد.",)


def test_what_has_no_persian_letter_keeps_its_order_in_a_persian_sentence(
    cases: list[Case],
) -> None:
    case = replace(
        cases[0],
        legacy={**cases[0].legacy, "birth_date": "3-7-36"},
        legacy_read={**cases[0].legacy_read, "father_name": "Hassan"},
    )
    assert "«\u200eHassan\u200e»" in explanation(case)[1]
    assert line(case, "birth_date").document.note == "در سند: \u200e۳-۷-۳۶\u200e"
    assert line(case, "university").document.note == "در سند: پهلوی"
