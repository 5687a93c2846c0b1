"""Workbooks: numbers and dates become text without loss, the right sheet is read."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.sources import check_source, read_source

HEADING = ["شناسه", "نام", "نام خانوادگی", "دانشگاه", "تاریخ تولد", "کد ملی"]
DATE = {"num_format": "yyyy/mm/dd"}


def workbook(path: Path, sheets: Mapping[str, list[list[object]]], hidden: str = "") -> Path:
    with xlsxwriter.Workbook(path) as book:
        date = book.add_format(DATE)
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name == hidden:
                sheet.hide()
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, datetime.date):
                        sheet.write_datetime(r, c, cell, date)
                    elif isinstance(cell, str):
                        sheet.write_string(r, c, cell)
                    elif cell is not None:
                        sheet.write(r, c, cell)
    return path


def test_cells_become_text(tmp_path: Path) -> None:
    day = datetime.datetime(1983, 9, 25)
    path = workbook(
        tmp_path / "legacy.xlsx",
        {
            "دفتر": [
                HEADING,
                ["007", "علی", "رضایی", "تهران", 1362, 84575948],
                [8, "زهرا", None, "تهران", day, "0084575948"],
                [9.5, True, "كريمي", "ملی", datetime.datetime(1983, 9, 25, 12, 5), 12345678901234],
            ]
        },
    )
    source = read_source(path, LEGACY)
    table = source.table
    assert table.column("row").to_pylist() == [2, 3, 4]
    assert table.column("raw_legacy_id").to_pylist() == ["007", "8", "9.5"]
    assert table.column("raw_first_name").to_pylist() == ["علی", "زهرا", "TRUE"]
    assert table.column("raw_last_name").to_pylist() == ["رضایی", "", "كريمي"]
    assert table.column("raw_birth_date").to_pylist() == [
        "1362",
        "1983-09-25",
        "1983-09-25 12:05:00",
    ]
    assert table.column("raw_national_id").to_pylist() == [
        "84575948",
        "0084575948",
        "12345678901234",
    ]
    assert source.findings.kind == "XLSX workbook"
    assert source.findings.sheet == "دفتر"
    assert any("تاریخ تولد: 2 cell(s) are dates" in note for note in source.findings.notes)


def test_a_number_that_the_spreadsheet_rounded_is_not_taken_for_an_identifier(
    tmp_path: Path,
) -> None:
    path = workbook(
        tmp_path / "legacy.xlsx",
        {"x": [HEADING, [1, "a", "b", "c", "d", 12345678901234567890]]},
    )
    source = read_source(path, LEGACY)
    found = source.table.column("raw_national_id").to_pylist()[0]
    assert found is not None
    assert "e+19" in found
    assert any("کد ملی: 1 number(s) were rounded" in note for note in source.findings.notes)


def test_blank_rows_and_a_title_keep_the_numbers_that_a_person_sees(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "legacy.xlsx",
        {"x": [["دفتر ۱۳۵۵"], [], HEADING, ["1", "a", "b", "c"], [], ["2", "d", "e", "f"], [" "]]},
    )
    source = read_source(path, LEGACY)
    assert source.table.column("row").to_pylist() == [4, 6]
    assert source.rows == 2
    assert "2 row(s) without any value were passed over" in source.findings.notes


def test_a_table_that_does_not_begin_in_the_corner(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for column, (heading, cell) in enumerate(zip(HEADING, "1bcdef", strict=True), start=3):
        sheet.cell(4, column, heading)
        sheet.cell(5, column, cell)
    book.save(tmp_path / "legacy.xlsx")
    source = read_source(tmp_path / "legacy.xlsx", LEGACY)
    assert source.table.column("row").to_pylist() == [5]
    assert source.table.column("raw_first_name").to_pylist() == ["b"]


def test_every_visible_sheet_of_records_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "legacy.xlsx",
        {
            "راهنما": [["این فایل چیست؟"], ["دفتر"]],
            "پنهان": [HEADING, ["9", "x", "x", "x"]],
            "خالی": [],
            "داده": [HEADING, ["1", "a", "b", "c"], ["2", "a", "b", "c"]],
            "کدها": [["کد", "دانشگاه"], [1, "تهران"]],
            "دوم": [["دانشگاه", "شناسه", "نام", "نام خانوادگی"], ["c", "3", "a", "b"]],
            "ناتمام": [HEADING],
        },
        hidden="پنهان",
    )
    source = read_source(path, LEGACY)
    assert source.findings.sheet == "داده, دوم"
    columns = source.table.select(["row", "sheet", "sheet_row", "raw_legacy_id"]).to_pydict()
    assert columns == {
        "row": [2, 3, 5],
        "sheet": ["داده", "داده", "دوم"],
        "sheet_row": [2, 3, 2],
        "raw_legacy_id": ["1", "2", "3"],
    }
    notes = source.findings.notes
    assert "other sheets, not read: راهنما, خالی, کدها" in notes
    assert "hidden sheets, not read; a source profile can name one: پنهان" in notes
    assert "sheets with a heading and no rows: ناتمام" in notes


def test_a_sheet_of_records_that_lacks_a_required_field_is_not_passed_over(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "legacy.xlsx",
        {
            "یک": [HEADING, ["1", "a", "b", "c"]],
            "دو": [["شناسه", "نام", "نام خانوادگی"], ["2", "a", "b"]],
        },
    )
    with pytest.raises(InputError, match="دو, row 1: there is no column for university"):
        check_source(path, LEGACY)


def test_a_profile_names_the_sheet(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "legacy.xlsx",
        {"a": [HEADING, ["1", "a", "b", "c"]], "b": [HEADING, ["2", "a", "b", "c"]]},
    )
    profile = tmp_path / "profile.yaml"
    profile.write_text("sheet: b\n", encoding="utf-8")
    source = read_source(path, LEGACY, profile=profile)
    assert source.table.column("raw_legacy_id").to_pylist() == ["2"]
    profile.write_text("sheet: [b, a]\n", encoding="utf-8")
    source = read_source(path, LEGACY, profile=profile)
    # in the workbook's order
    assert source.table.column("raw_legacy_id").to_pylist() == ["1", "2"]
    profile.write_text("sheet: c\n", encoding="utf-8")
    with pytest.raises(InputError, match="no sheet 'c'"):
        check_source(path, LEGACY, profile=profile)


@pytest.mark.parametrize("rows", [[], [[" "]], [HEADING], [HEADING, [], [" "]]])
def test_a_workbook_without_rows_is_told(tmp_path: Path, rows: list[list[object]]) -> None:
    path = workbook(tmp_path / "legacy.xlsx", {"x": rows})
    with pytest.raises(InputError, match=r"no heading and no rows|only a heading and no rows"):
        check_source(path, LEGACY)


def test_a_damaged_workbook_is_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "legacy.xlsx", {"x": [HEADING, ["1", "a", "b", "c"]]})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        check_source(path, LEGACY)


def test_a_missing_heading_names_its_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "legacy.xlsx", {"x": [["دفتر"], ["شناسه", "نام"], ["1", "a"]]})
    with pytest.raises(InputError, match=r"row 2: there is no column for last_name, university"):
        check_source(path, LEGACY)
