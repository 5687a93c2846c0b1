"""The heading of a sheet is read whole, over as many rows as it takes, and no record with it."""

from __future__ import annotations

import pytest

from migrate.diplomas.schema import LEGACY
from migrate.intake.headings import dictionary
from migrate.intake.readers.banner import Banner, read_banner

KNOWN = dictionary(LEGACY)
ONE = ["شناسه", "نام", "نام خانوادگی", "دانشگاه"]
RECORD = ["1", "علی", "رضایی", "تهران"]


def banner(rows: list[list[str]], merged: list[list[int]] | None = None) -> Banner:
    width = max(map(len, rows))
    found = read_banner([row + [""] * (width - len(row)) for row in rows], merged, KNOWN)
    assert found is not None
    return found


@pytest.mark.parametrize("merged", [None, []])
def test_one_row_is_one_row(merged: list[list[int]] | None) -> None:
    found = banner([ONE, RECORD, RECORD], merged)
    assert (found.last, found.labels) == (0, tuple(ONE))
    assert found.cells == tuple(ONE)


@pytest.mark.parametrize("merged", [None, [[0, 0, 0, 3]]])
def test_a_title_is_no_heading(merged: list[list[int]] | None) -> None:
    found = banner([["دانشگاه تهران"], ["", *ONE[1:]], RECORD], merged)
    assert (found.last, found.labels) == (1, ("", *ONE[1:]))


# each layout as the format that tells merged cells gives it, and as one that does not
GROUPS = [
    ["شناسه", "فردی", "", "پدر", "تولد", "", "دانشگاه", "ملاحظات"],
    ["", "نام", "نام خانوادگی", "نام", "تاریخ", "محل", "", ""],
    ["1", "علی", "رضایی", "حسن", "1362", "تهران", "تهران", "-"],
]
MERGED = [[0, 0, 1, 0], [0, 1, 0, 2], [0, 4, 0, 5], [0, 6, 1, 6], [0, 7, 1, 7]]


@pytest.mark.parametrize("merged", [None, [], MERGED])
def test_groups_stand_over_headings(merged: list[list[int]] | None) -> None:
    found = banner(GROUPS, merged)
    assert found.last == 1
    assert found.labels == (
        "شناسه",
        "نام",
        "نام خانوادگی",
        "نام پدر",
        "تاریخ تولد",
        "محل تولد",
        "دانشگاه",
        "ملاحظات",
    )


@pytest.mark.parametrize("merged", [None, [[0, 4, 0, 5], *([0, c, 1, c] for c in range(4))]])
def test_parts_stand_under_a_heading(merged: list[list[int]] | None) -> None:
    rows = [[*ONE, "تولد", ""], ["", "", "", "", "تاریخ", "محل"], [*RECORD, "1362", "تهران"]]
    found = banner(rows, merged)
    assert found.last == 1
    assert found.labels == (*ONE, "تاریخ تولد", "محل تولد")


def test_a_record_of_which_little_is_known_is_no_part_of_the_heading() -> None:
    assert banner([[*ONE, "", ""], ["", "", "", "تهران", "", ""]]).last == 0
    assert banner([[*ONE, ""], ["", "علی", "", "", ""]]).last == 0
    assert banner([[*ONE, ""], ["1", "", "", "", "x"]]).last == 0
    assert banner([[*ONE, ""], ["", "", "", "12", ""]]).last == 0


def test_a_heading_printed_again_at_once_is_not_taken_for_a_deeper_one() -> None:
    assert banner([ONE, ONE, RECORD]).last == 0


def test_two_diplomas_in_one_row_keep_their_groups_apart() -> None:
    rows = [
        ["شناسه", "نام", "نام خانوادگی", "مدرک اول", "", "مدرک دوم", ""],
        ["", "", "", "رشته", "دانشگاه", "رشته", "دانشگاه"],
    ]
    labels = banner([*rows, ["1", "علی", "رضایی", "برق", "تهران", "عمران", "شیراز"]]).labels
    assert labels[3:] == ("مدرک اول رشته", "مدرک اول دانشگاه", "مدرک دوم رشته", "مدرک دوم دانشگاه")


def test_blank_rows_hold_no_heading() -> None:
    assert read_banner([["", " "], ["", ""]], None, KNOWN) is None
