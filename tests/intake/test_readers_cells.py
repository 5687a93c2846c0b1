"""Values that are not text become the text a person would have typed."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.intake.readers.cells import is_rounded, text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (" a ", " a "),
        (1362.0, "1362"),
        (-3.0, "-3"),
        (12.5, "12.5"),
        (9007199254740991.0, "9007199254740991"),
        (1.2345678901234567e19, "1.2345678901234567e+19"),
        (9007199254740994.0, "9.007199254740994e+15"),
        (float("nan"), None),
        (float("inf"), "inf"),
        (12345678901234567890, "12345678901234567890"),
        (True, "TRUE"),
        (Decimal("12345678901234567890"), "12345678901234567890"),
        (Decimal("1362.00"), "1362"),
        (Decimal("17.50"), "17.50"),
        (Decimal("NaN"), None),
        (datetime.date(1983, 9, 25), "1983-09-25"),
        (datetime.datetime(1983, 9, 25), "1983-09-25"),
        (datetime.datetime(1983, 9, 25, 12, 5), "1983-09-25 12:05:00"),
        (datetime.time(12, 30), "12:30:00"),
        (datetime.timedelta(days=1, hours=2), "1 day, 2:00:00"),
        (
            uuid.UUID("12345678123456781234567812345678"),
            "12345678-1234-5678-1234-567812345678",
        ),
    ],
)
def test_each_type(value: object, expected: str | None) -> None:
    assert text(value) == expected


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"x", (1,)])
def test_what_is_no_plain_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        text(value)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_whole_number_in_a_spreadsheet_loses_nothing(number: int) -> None:
    assert text(float(number)) == str(number)
    assert not is_rounded(float(number))


@given(st.floats(allow_nan=False))
def test_no_digit_is_made_up(number: float) -> None:
    written = text(number)
    assert written is not None
    assert float(written) == number
    if is_rounded(number):
        assert "e" in written
