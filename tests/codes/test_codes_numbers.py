"""Codes: right by an independent oracle, wrong when one digit is, and never a number."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes.numbers import (
    check_digits,
    format_code,
    is_well_formed,
    new_code,
    normalise_code,
)

FIRST = 10**17
drawn = st.integers(0, 9 * FIRST - 1)


def code_of(draw: int) -> str:
    return new_code(lambda _below: draw)


@given(drawn)
def test_a_code_is_20_digits_that_leave_1_by_97(draw: int) -> None:
    code = code_of(draw)
    assert re.fullmatch(r"[1-9][0-9]{19}", code)
    assert int(code) % 97 == 1
    assert code[:18] == str(FIRST + draw)
    assert is_well_formed(code)


@pytest.mark.parametrize(
    ("body", "check"),
    [
        # GB82 WEST 1234 5698 7654 32, the example of ISO 13616: an IBAN's check is this one
        ("3214282912345698765432" + "1611", "82"),
        # by hand: 0 leaves 0, 98 - 0; 97 leaves 0 too; 1 leaves 100 - 97 = 3
        ("0", "98"),
        ("97", "98"),
        ("1", "95"),
        # 96 * 100 = 98 * 97 + 94
        ("96", "04"),
    ],
)
def test_check_digits_are_those_of_iso_7064(body: str, check: str) -> None:
    assert check_digits(body) == check


@given(drawn)
def test_every_wrong_digit_is_found(draw: int) -> None:
    code = code_of(draw)
    for place, digit in enumerate(code):
        for other in set("0123456789") - {digit}:
            assert not is_well_formed(code[:place] + other + code[place + 1 :])


@given(drawn)
def test_every_swap_of_two_digits_is_found(draw: int) -> None:
    code = code_of(draw)
    for left, right in combinations(range(20), 2):
        if code[left] != code[right]:
            swapped = list(code)
            swapped[left], swapped[right] = code[right], code[left]
            assert not is_well_formed("".join(swapped))


def test_the_random_source_decides_all_18_digits_and_the_first_is_never_zero() -> None:
    asked: list[int] = []

    def least(below: int) -> int:
        asked.append(below)
        return 0

    assert new_code(least).startswith("100000000000000000")
    assert new_code(lambda below: below - 1).startswith("999999999999999999")
    assert asked == [9 * FIRST]


def test_codes_by_default_are_not_alike() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    # a digit that were always the same in one place would show in a thousand codes
    assert all(len({code[place] for code in codes}) > 1 for place in range(20))


@pytest.mark.parametrize(
    "text",
    ["", "1", "9" * 21, "0" + "1" * 19, "a" * 20, "۱" * 20, " " * 20, "1234567890123456789\n"],
)
def test_what_is_no_code_is_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)


def test_check_digits_outside_02_to_98_are_refused_though_they_leave_1() -> None:
    body = next(str(n) for n in range(FIRST, FIRST + 97) if check_digits(str(n)) == "97")
    assert int(body + "00") % 97 == 1
    assert is_well_formed(body + "97")
    assert not is_well_formed(body + "00")


@given(drawn, st.sampled_from(["0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"]))
def test_a_code_is_read_in_any_digits_spaces_and_dashes(draw: int, digits: str) -> None:
    code = code_of(draw)
    typed = format_code(code).translate(str.maketrans("0123456789", digits))
    for between in (" ", "-", " - ", "\u200c", "\u2013", "", "\u00a0", "."):
        assert normalise_code(f"\u202a {typed.replace(' ', between)}\u202c") == code


@pytest.mark.parametrize("text", [None, "", "1234", "1" * 19, "1" * 21, "1" * 20 + "x", "12.0"])
def test_what_holds_not_just_20_digits_is_not_read(text: str | None) -> None:
    assert normalise_code(text) is None


def test_a_code_of_another_scheme_is_read_though_its_check_fails() -> None:
    assert normalise_code("0" * 19 + "5") == "0" * 19 + "5"


def test_format_groups_by_four() -> None:
    assert format_code("12345678901234567890") == "1234 5678 9012 3456 7890"
    with pytest.raises(ValueError, match="20 digits"):
        format_code("1234")
