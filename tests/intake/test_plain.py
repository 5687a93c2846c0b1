"""What is read a column at a time is what one value after another would give."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.intake.plain import ascii_digits, national_ids, solar_days
from migrate.intake.readings import READINGS
from migrate.persian import letters
from migrate.persian.identifiers import national_id_check_digit
from migrate.persian.letters import is_blank

KINDS = sorted(kind for kind, reading in READINGS.items() if reading.plain)
digits = st.text("0123456789", min_size=1, max_size=11)
national_id = st.text("0123456789", min_size=9, max_size=9).map(
    lambda nine: nine + national_id_check_digit(nine)
)
space = st.sampled_from(["", "", " ", "  ", "   "])
number = st.integers(0, 99) | st.integers(1200, 1500) | st.sampled_from(["01", "07"])
text = (
    st.none()
    | digits
    | national_id
    | st.builds("{}{}{}".format, digits, st.sampled_from("/-., "), digits)
    | st.builds("شماره{}{}".format, st.sampled_from(["", " ", ":", " : "]), digits)
    | st.builds("{0}{3}{1}{3}{2}".format, number, number, number, st.sampled_from("/-. "))
    | st.builds("{0}{1}{2}".format, number, st.sampled_from("/-. "), number)
    | st.builds(
        "{}{:02}{:02}{}".format, st.integers(0, 1500), st.integers(0, 13), st.integers(0, 32), space
    )
    | st.lists(
        st.sampled_from(["ص", "صفحه", "12", "ندارد", "a.", "(3)", "/", "ا"]), max_size=4
    ).map(" ".join)
    | st.text("0019۰۱AaEeNUL/-.+#! \u200c\u200fالفب", max_size=10)
    | st.sampled_from(["NULL", "NaN", "N/A", "#DIV/0!", "1E5", "12.0", "0", "000", "-", "1-"])
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300, deadline=None)
@given(cells=st.lists(text, min_size=1, max_size=8))
def test_a_plain_value_is_read_as_any_other(kind: Any, cells: list[str | None]) -> None:
    reading = READINGS[kind]
    assert reading.plain
    # a slice, whose values do not begin at the beginning of its buffers
    column = ascii_digits(pa.array(["x0", *cells], pa.string()).slice(1))
    matched, given = reading.plain(column)
    for n, taken in enumerate(pc.fill_null(matched, False).to_pylist()):
        if taken:
            cell = cells[n]
            assert cell is not None
            assert not is_blank(cell)
            found = {suffix: column[n].as_py() for suffix, column in given.items()}
            assert found == dict(reading.read(cell))


def test_sound_national_ids_are_told_from_others() -> None:
    # 0012345679: 1·8 + 2·7 + 3·6 + 4·5 + 5·4 + 6·3 + 7·2 = 112 = 10·11 + 2, and 11 − 2 = 9
    cells = ["0012345679", "0012345678", None, "1111111111", "0000000000", "12345678", "۰012345679"]
    matched, _ = national_ids(ascii_digits(pa.array(cells)))
    assert matched.to_pylist() == [True, False, False, False, False, False, True]


def test_days_in_either_order_are_taken_and_no_other_date() -> None:
    cells = ["1362/7/3", "1362-07-03", "03.07.1362", "۱۳۶۲/۰۷/۳", " 3/7/1362 ", "13620703"]
    assumed = ["62/07/03", "3/7/62"]
    others = ["1983/9/25", "10/5/20", "1362/7", "1362/7-3", "1362/0/3", "1362/7/3x", "62/7/31"]
    column = pa.array([*cells, *assumed, *others, None, ""])
    matched, given = solar_days(ascii_digits(column))
    assert matched.to_pylist() == [True] * 8 + [False] * 9
    assert given[""].to_pylist()[:8] == ["1362-07-03"] * 8
    assert given["_first"].to_pylist()[:8] == [datetime.date(1983, 9, 25)] * 8
    assert given["_note"].to_pylist()[:8] == [None] * 6 + ["century assumed"] * 2


@given(cells=st.lists(st.none() | st.text("0۰۹٠٩aب/", max_size=6), max_size=6))
def test_digits_of_a_column_are_those_of_its_values(cells: list[str | None]) -> None:
    column = ascii_digits(pa.array([None, "۱", *cells], pa.string()).slice(2))
    assert column.to_pylist() == [cell and letters.digits(cell) for cell in cells]
