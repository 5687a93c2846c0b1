"""Spans give the values back, and mark what a Persian reader would call different."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.review.differences import Span, differences

PERSIAN = st.text(alphabet="ابپتحسنیيکكمر آئء\u200c\u0640\u064eهة۱1١/-(", max_size=24)


def marked(spans: tuple[Span, ...]) -> list[str]:
    return [span.text for span in spans if span.differs]


@given(PERSIAN, PERSIAN)
def test_spans_give_both_values_back_and_alternate(left: str, right: str) -> None:
    for spans, value in zip(differences(left, right), (left, right), strict=True):
        assert "".join(span.text for span in spans) == value
        assert all(span.text for span in spans)
        assert all(one.differs != other.differs for one, other in pairwise(spans))


@given(PERSIAN)
def test_a_value_does_not_differ_from_itself(value: str) -> None:
    left, right = differences(value, value)
    assert not marked(left)
    assert not marked(right)


@given(PERSIAN, PERSIAN)
def test_the_order_of_the_sides_does_not_matter_to_whether_something_differs(
    left: str, right: str
) -> None:
    one, other = differences(left, right)
    back_other, back_one = differences(right, left)
    assert bool(marked(one) or marked(other)) == bool(marked(back_one) or marked(back_other))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("كريمي", "کریمی"),
        ("محمدرضا", "محمد رضا"),
        ("حسین‌زاده", "حسین زاده"),
        ("رضـــا", "رضا"),
        ("آذر", "اذر"),
        ("رؤیا", "رویا"),
        ("فاطمة", "فاطمه"),
        ("١٣٦٢/٧/٣", "۱۳۶۲/۷/۳"),
        ("۱۳۶۲/۰۷/۰۳", "1362-07-03"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_keyboards_spaces_and_digits_make_no_difference(left: str, right: str) -> None:
    one, other = differences(left, right)
    assert not marked(one)
    assert not marked(other)


@pytest.mark.parametrize(
    ("left", "right", "of_left", "of_right"),
    [
        ("حسن", "حسین", [], ["ی"]),
        ("۱۳۶۲/۰۷/۰۳", "۱۳۶۳/۰۷/۰۳", ["۲"], ["۳"]),
        ("صابری", "سابری", ["ص"], ["س"]),
        ("محمد رضا", "محمد علی", ["رضا"], ["علی"]),
        ("کریمی", "كريمي اصل", [], ["اصل"]),
        # nothing of one stands in the other: single marks would be noise
        ("احمدی", "رضوی", ["احمدی"], ["رضوی"]),
        ("حسن", "", ["حسن"], []),
        # one letter in common does not make a word half the same
        ("دانشگاه تهران", "دانشگاه شهید بهشتی", ["تهران"], ["شهید بهشتی"]),
        # dates are held day under day, however the digits might be shifted
        ("۱۳۶۰/۰۷/۱۳", "۱۳۶۴/۰۶/۳۱", ["۰", "۷", "۱۳"], ["۴", "۶", "۳۱"]),
        ("۱۳۶۰/۷/۱۳", "۱۳۶۰/۰۷/۱", ["۱۳"], ["۱"]),
    ],
)
def test_the_letters_that_differ_are_marked_and_no_others(
    left: str, right: str, of_left: list[str], of_right: list[str]
) -> None:
    one, other = differences(left, right)
    assert [text.strip() for text in marked(one)] == of_left
    assert [text.strip() for text in marked(other)] == of_right


def test_a_diacritic_goes_with_its_letter() -> None:
    _, right = differences("حسن", "حسّان")
    assert marked(right) == ["ا"]


def test_a_space_between_two_different_words_is_marked_with_them() -> None:
    left, _ = differences("علی اکبر بن", "محمد تقی فر")
    assert marked(left) == ["علی اکبر بن"]
