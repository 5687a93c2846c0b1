"""Totals and repeated headings are told from records, and a record is never taken for either."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.intake.readers.totals import REASONS, footer

LABELS = ["ردیف", "نام", "نام خانوادگی", "دانشگاه", "تاریخ تولد"]


@pytest.mark.parametrize(
    "row",
    [
        ["جمع", "", "", "", 25.0],
        ["جمع کل:", "", "", "", "۲۵"],
        ["", "", "جمع صفحه", "", ""],
        ["", "", "", "", "تعداد کل دانش‌آموختگان: ۲۵ نفر"],
        ["سر جمع", 1.0, 2.0, "", "1,250"],
        ["مجموع", "12/5", "", "", ""],
        ["Total", "", 3.0, "", ""],
        ["GRAND TOTAL 12", "", "", "", ""],
        ["میانگین", 17.5, "", "", ""],
    ],
)
def test_a_label_and_numbers_are_a_total(row: list[object]) -> None:
    assert footer(row, LABELS) == "row.total"


@pytest.mark.parametrize(
    "row",
    [
        ["1", "علی", "رضایی", "تهران", "1362"],
        # people, not sums
        ["1", "مجموعی", "", "", ""],
        ["1", "جمعه", "", "", ""],
        ["2", "جمع", "رضایی", "تهران", ""],
        ["جمع", "علی", "", "", ""],
        # a record of which little is known is still one
        [3.0, "", "", "تهران", ""],
        [3.0, "", "", "", ""],
        ["", "", "", "", ""],
        [datetime.date(1983, 9, 25), "", "", "", ""],
    ],
)
def test_what_may_be_a_record_is_left_alone(row: list[object]) -> None:
    assert footer(row, LABELS) is None


def test_a_heading_printed_again_is_known_in_full_or_in_part() -> None:
    assert footer(LABELS, LABELS) == "row.heading"
    assert footer([" ردیف ", "نام", "", "", ""], LABELS) == "row.heading"
    assert footer(["ردیف", "نام", "نام خانوادگی", "تهران", ""], LABELS) is None
    assert footer(["", "نام", "", "", ""], LABELS) is None
    assert footer(["ردیف", "نام", 1.0, "", ""], LABELS) is None
    assert footer([*LABELS, "و باز هم"], LABELS) is None


@given(
    st.lists(st.text(st.characters(categories=["Lo", "Lu", "Ll"]), min_size=1), min_size=2).filter(
        lambda names: len(set(names)) > 1
    ),
    st.lists(st.one_of(st.floats(), st.just("")), max_size=5),
)
def test_two_names_are_enough_for_a_record(names: list[str], rest: list[object]) -> None:
    assert footer([*names, *rest], LABELS) is None or set(names) <= set(LABELS)


def test_each_rule_has_words() -> None:
    assert set(REASONS) == {"row.total", "row.heading"}
