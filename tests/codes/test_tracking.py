"""Tracking numbers: not guessed, and a slip in one is told from an unknown one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes.tracking import (
    ALPHABET,
    LENGTH,
    check_character,
    format_tracking_no,
    new_tracking_no,
    normalise_tracking_no,
)

bodies = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


def whole(body: str) -> str:
    return body + check_character(body)


def test_the_alphabet_has_no_two_characters_that_look_alike() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert not set("01OIL") & set(ALPHABET)


def test_new_numbers_differ_use_all_characters_and_are_read_back() -> None:
    numbers = [new_tracking_no() for _ in range(2000)]
    assert len(set(numbers)) == 2000
    for place in range(LENGTH):
        assert {number[place] for number in numbers} == set(ALPHABET)
    for number in numbers:
        assert normalise_tracking_no(format_tracking_no(number)) == number


@given(bodies, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_found(body: str, place: int, wrong: str) -> None:
    number = whole(body)
    changed = number[:place] + wrong + number[place + 1 :]
    assert (normalise_tracking_no(changed) is None) == (changed != number)


@given(bodies)
def test_every_swap_of_two_is_found(body: str) -> None:
    number = whole(body)
    for one, other in itertools.combinations(range(LENGTH), 2):
        characters = list(number)
        characters[one], characters[other] = characters[other], characters[one]
        swapped = "".join(characters)
        assert (normalise_tracking_no(swapped) is None) == (swapped != number)


@given(
    bodies, st.sampled_from(["۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"]), st.sampled_from([" ", "-", "–", "‌", ""])
)
def test_any_digits_case_and_grouping_are_read(body: str, digits: str, between: str) -> None:
    number = whole(body)
    typed = number.lower().translate({ord(str(n)): digits[n] for n in range(10)})
    assert normalise_tracking_no(f"\u200f {between.join(typed)} ") == number


@pytest.mark.parametrize(
    "text", [None, "", "2" * 15, "2" * 17, "0" * 16, "ط" * 16, "O" * 16, "۲" * 99]
)
def test_what_is_no_tracking_number_gives_none(text: str | None) -> None:
    assert normalise_tracking_no(text) is None


def test_only_a_right_number_is_formatted() -> None:
    with pytest.raises(ValueError, match="not a tracking number"):
        format_tracking_no("2222222222222223")
    with pytest.raises(ValueError, match="not 15 characters"):
        check_character("2" * 14)
