"""Identifiers: what the check digit catches and what it cannot; what is restored; what is kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrate.persian.identifiers import (
    NationalId,
    format_certificate_no,
    format_diploma_no,
    format_national_id,
    is_valid_certificate_no,
    is_valid_diploma_no,
    is_valid_national_id,
    national_id_check_digit,
    normalise_certificate_no,
    normalise_diploma_no,
    normalise_national_id,
)
from migrate.persian.letters import to_persian_digits

numerals = st.text(alphabet="0123456789", min_size=9, max_size=9)


def _remainder(first_nine: str) -> int:
    return sum(int(d) * w for d, w in zip(first_nine, range(10, 1, -1), strict=True)) % 11


@st.composite
def national_ids(draw: st.DrawFn) -> str:
    nine = draw(numerals)
    whole = nine + national_id_check_digit(nine)
    assume(is_valid_national_id(whole))
    return whole


@pytest.mark.parametrize(
    "number",
    # sums by hand: 1·10+2·9+3·8+4·7+5·6+6·5+7·4+8·3+9·2 = 210, 210 mod 11 = 1, so 1;
    # 7·10+7·9+3·8+1·7+6·6+8·5+9·4+5·3+1·2 = 293, 293 mod 11 = 7, so 4;
    # 0·10+0·9+8·8+4·7+5·6+7·5+5·4+9·3+4·2 = 212, 212 mod 11 = 3, so 8
    ["1234567891", "7731689514", "0084575948"],
)
def test_numbers_worked_by_hand_are_valid(number: str) -> None:
    assert is_valid_national_id(number)


@pytest.mark.parametrize(
    "number",
    [
        *("1234567890", "0000000000", "1111111111", "123456789", "12345678911", ""),
        *("۱۲۳۴۵۶۷۸۹۱", " 1234567891", "123456789a"),
        # 1·10+2·9+3·8 = 52, 52 mod 11 = 8, so 3 holds; but nobody's own number is zero
        "1230000003",
    ],
)
def test_numbers_that_nobody_has_are_not(number: str) -> None:
    assert not is_valid_national_id(number)


@given(national_ids(), st.integers(0, 9), st.integers(1, 9))
def test_a_wrong_digit_is_caught_unless_remainders_1_and_10_meet(
    number: str, place: int, shift: int
) -> None:
    wrong = str((int(number[place]) + shift) % 10)
    changed = number[:place] + wrong + number[place + 1 :]
    passes = is_valid_national_id(changed)
    if place == 9 or {_remainder(number[:9]), _remainder(changed[:9])} != {1, 10}:
        assert not passes


@given(national_ids(), st.integers(0, 7))
def test_neighbours_that_changed_places_are_caught_with_the_same_exception(
    number: str, place: int
) -> None:
    a, b = number[place], number[place + 1]
    assume(a != b)
    changed = number[:place] + b + a + number[place + 2 :]
    if {_remainder(number[:9]), _remainder(changed[:9])} != {1, 10}:
        assert not is_valid_national_id(changed)


def test_the_exception_is_real() -> None:
    # remainders 1 and 10 share the check digit 1: these differ in one digit and both hold
    assert _remainder("123456789") == 1
    other = next(
        changed
        for place, digit in itertools.product(range(9), "0123456789")
        if _remainder(changed := "123456789"[:place] + digit + "123456789"[place + 1 :]) == 10
    )
    assert is_valid_national_id("1234567891")
    assert is_valid_national_id(other + "1")


def test_one_number_in_ten_holds_by_chance() -> None:
    # why 'restored' is weaker evidence than 'valid': over all last digits one in ten holds
    for nine in ("123456789", "004212345", "999999998"):
        assert sum(is_valid_national_id(nine + str(last)) for last in range(10)) == 1


@given(national_ids())
def test_every_writing_of_a_national_id_is_one_value(number: str) -> None:
    one = NationalId(number, "valid")
    for written in (
        number,
        to_persian_digits(number),
        f" {number[:3]}-{number[3:9]}-{number[9]} ",
        f"{number[:3]} {number[3:9]} {number[9]}",
        f"'{number}",
        f"\u200f{number}\u200e",
        format_national_id(number),
    ):
        assert normalise_national_id(written) == one
    assert normalise_national_id(normalise_national_id(number).digits) == one  # type: ignore[union-attr]


@given(st.sampled_from(["0", "00"]), st.integers(1_000_000, 99_999_999))
def test_zeros_lost_to_a_spreadsheet_are_restored_and_marked(zeros: str, rest: int) -> None:
    nine = (zeros + str(rest)).ljust(9, "1")[:9]
    number = nine + national_id_check_digit(nine)
    assume(is_valid_national_id(number))
    lost = str(int(number))
    for written in (lost, f"{lost}.0", f"{lost}.", to_persian_digits(lost)):
        assert normalise_national_id(written) == NationalId(number, "restored")


@given(st.text(alphabet="0123456789", min_size=8, max_size=9))
def test_zeros_are_not_restored_where_the_check_digit_does_not_hold(lost: str) -> None:
    assume(lost.strip("0") and not is_valid_national_id(lost.zfill(10)))
    assert normalise_national_id(lost) == NationalId(lost, "invalid")


@given(st.text(alphabet="123456789", min_size=1, max_size=7))
def test_fewer_than_eight_digits_are_never_restored(lost: str) -> None:
    assert normalise_national_id(lost) == NationalId(lost, "invalid")


def test_a_number_in_scientific_form_is_read_where_no_digit_was_lost() -> None:
    assert normalise_national_id("1.234567891E+9") == NationalId("1234567891", "valid")
    rounded = normalise_national_id("1.23457E+9")
    assert rounded is not None
    assert rounded.state == "invalid"


@pytest.mark.parametrize("cell", [None, "", "-", "ندارد", "0", "0000000000", "۰۰۰", "NULL"])
def test_no_identifier_is_none(cell: str | None) -> None:
    assert normalise_national_id(cell) is None
    assert normalise_certificate_no(cell) is None
    assert normalise_diploma_no(cell) is None


@given(st.text(max_size=15))
def test_a_national_id_has_ten_digits_unless_it_is_invalid(text: str) -> None:
    found = normalise_national_id(text)
    if found and found.state != "invalid":
        assert is_valid_national_id(found.digits)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("۱۲۳", "123"),
        ("٠٠١٢٣", "123"),
        ("123.0", "123"),
        ("شماره ۷۷", "77"),
        ("ش.ش: 77", "77"),
        ("1,234", "1234"),
        ("345 سری ب 12", "345"),
        ("سری الف/12 شماره 345", "345"),
        ("345 سریال 678901", "345"),
        ("345/الف", "345"),
        ("345/12", None),
        ("123456789012", None),
        ("الف", None),
    ],
)
def test_certificate_numbers_are_their_number_alone(written: str, number: str | None) -> None:
    assert normalise_certificate_no(written) == number


@given(st.integers(1, 10**10 - 1), st.integers(0, 3))
def test_every_writing_of_a_certificate_number_is_one_value(number: int, zeros: int) -> None:
    plain = str(number)
    for written in (plain, to_persian_digits(plain), f"شماره {plain}", f" {plain} "):
        assert normalise_certificate_no(written) == plain
    if len(plain) + zeros <= 10:
        assert normalise_certificate_no("0" * zeros + plain) == plain
    assert is_valid_certificate_no(plain)
    assert normalise_certificate_no(format_certificate_no(plain)) == plain


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("شماره: ۱۲۳/الف-۴۵", "123الف45"),
        ("123-الف-45", "123الف45"),
        ("١٢٣ الف ٤٥", "123الف45"),
        ("No. 12-34", "1234"),
        ("شماره دانشنامه 77", "77"),
        ("دانشنامه شماره۷۷", "77"),
        ("ش 45", "45"),
        ("د/123", "د123"),
        ("00123", "00123"),
        ("123.0", "123"),
        ("شمارنده 5", "شمارنده5"),
        ("شماره", None),
    ],
)
def test_diploma_numbers_are_letters_and_digits(written: str, number: str | None) -> None:
    assert normalise_diploma_no(written) == number


@given(st.text(alphabet="0123456789ابپجدکی", min_size=1, max_size=12))
def test_a_normalised_diploma_number_is_canonical_in_every_writing(plain: str) -> None:
    number = normalise_diploma_no(plain)
    assume(number is not None)
    assert number is not None
    assert normalise_diploma_no(number) == number
    assert normalise_diploma_no(format_diploma_no(number)) == number
    assert normalise_diploma_no("/".join(number)) == number
    assert normalise_diploma_no(to_persian_digits(number)) == number
    assert is_valid_diploma_no(number) == any(c in "0123456789" for c in number)


def test_formats_are_for_people() -> None:
    assert format_national_id("0084575948") == "008-457594-8"
    assert format_national_id("845") == "845"
    assert format_diploma_no("123الف45") == "123-الف-45"


def test_a_check_digit_is_asked_of_nine_digits_only() -> None:
    with pytest.raises(ValueError, match="nine digits"):
        national_id_check_digit("12345678")
    with pytest.raises(ValueError, match="nine digits"):
        national_id_check_digit("۱۲۳۴۵۶۷۸۹")
