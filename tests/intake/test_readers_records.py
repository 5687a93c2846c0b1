"""Records of a text table: what is wrong with one stays with that one."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.intake.readers import records as module
from migrate.intake.readers.records import records, shown


def parted(text: str, width: int, least: int | None = None, delimiter: str = ",") -> list[object]:
    """For each record: its cells, or the rule that it breaks, or '' where it is blank."""
    lines = iter(io.StringIO(text, newline=""))
    found: list[object] = []
    for ordinal, (given_ordinal, cells, fault, _) in enumerate(
        records(lines, delimiter, width, least)
    ):
        assert given_ordinal == ordinal
        found.append(fault.rule if fault else cells or "")
    return found


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_each_system(end: str) -> None:
    assert parted(f"1,a{end}2,b{end}", 2) == [["1", "a"], ["2", "b"]]
    assert parted(f"1,a{end}2,b", 2) == [["1", "a"], ["2", "b"]]


def test_a_quoted_cell_holds_delimiters_quotes_and_line_ends() -> None:
    text = '1,"a, ""b""\r\nc",x\n2,y,z\n'
    assert parted(text, 3) == [["1", 'a, "b"\r\nc', "x"], ["2", "y", "z"]]


def test_a_mark_inside_a_cell_is_a_letter() -> None:
    assert parted('1,علی "اکبر" رضایی\n', 2) == [["1", 'علی "اکبر" رضایی']]


def test_too_few_and_too_many_cells() -> None:
    assert parted("1,a\n2\n3,b,c\n4,d\n", 2) == [["1", "a"], "row.cells", "row.cells", ["4", "d"]]


def test_blank_cells_beyond_the_heading_are_passed_over() -> None:
    assert parted("1,a,, \n", 2) == [["1", "a"]]


def test_cells_without_a_heading_may_be_missing() -> None:
    assert parted("1,a\n1,a,\n1\n", 3, least=2) == [["1", "a"], ["1", "a", ""], "row.cells"]


def test_rows_without_any_value_count_and_have_no_cells() -> None:
    assert parted("1,a\n\n , \n\x1a", 2) == [["1", "a"], "", "", ""]


def test_an_unclosed_quotation_mark_costs_its_own_row_only() -> None:
    assert parted('1,"a\n2,b\n3,c\n', 2) == ["row.quote", ["2", "b"], ["3", "c"]]


def test_a_mark_that_closes_rows_later_swallows_none_of_them() -> None:
    # the stray mark of row 1 would end before x, rows 1 to 3 would be one record of two cells
    assert parted('1,"a\n2,b\n3,"x"\n4,d\n', 2) == ["row.quote", ["2", "b"], ["3", "x"], ["4", "d"]]


def test_an_unclosed_mark_far_from_the_end_does_not_take_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LONGEST", 3)
    text = '0,"a\n' + "".join(f"{n},b\n" for n in range(1, 9))
    assert parted(text, 2) == ["row.quote", *([str(n), "b"] for n in range(1, 9))]


def test_bytes_that_are_no_letters_and_nul() -> None:
    assert parted("1,\udcff\n2,\x00\n3,a\n", 2) == ["row.encoding", "row.nul", ["3", "a"]]
    assert parted('1,"\udc81\n"\n2,b\n', 2) == ["row.encoding", ["2", "b"]]
    assert shown("a\udcff\x00b\r\n") == "a\\xff\\x00b"


def test_a_cell_of_ten_million_letters_is_a_cell() -> None:
    assert parted("1," + "ب" * 10_000_000 + "\n2,b\n", 2)[1] == ["2", "b"]
    assert parted('1,"' + "ب" * 1_000_000 + '"\n2,b\n', 2) == ["row.quote", ["2", "b"]]


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8))
def test_what_a_writer_writes_is_read_back(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    # a row without any value comes as ''
    expected = [row if any(cell.strip(module.BLANK) for cell in row) else "" for row in rows]
    assert parted(stream.getvalue(), 3) == expected
