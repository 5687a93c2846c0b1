"""Workbooks as they come back: read wherever their rows stand, refused in words, copied with results."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from filled_in import CASES, Filled, column, fill, label, reason, workbook
from handed_out import SECRET, handed_out
from openpyxl import Workbook, load_workbook

from migrate.errors import InputError
from migrate.review.cases import Case
from migrate.review.handing import HeldCase
from migrate.review.returned import Returned, read_returned
from migrate.review.returned_answers import bring_together
from migrate.review.returned_copy import write_copy
from migrate.review.returned_fates import Fate
from migrate.review.returned_judge import Ground, judge

INJECTED = "=cmd|' /C calc'!A0"


def fates(returned: Returned, cases: list[Case]) -> dict[str, Fate]:
    held = {
        case.case_id: HeldCase(case, "shiraz", "open", "2026-11-28", "2027-01-27", None)
        for case in cases
    }
    ground = Ground(SECRET, held, "shiraz")
    return {one.case_id: one for one in (judge(x, ground) for x in bring_together(returned.rows))}


@pytest.fixture
def own(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.university_id == "shiraz"]


@pytest.fixture
def path(own: list[Case], tmp_path: Path) -> Path:
    path = workbook(own, handed_out(own), tmp_path / "cases.xlsx")
    confirm = Filled(label(own[0], "confirm"), reason("spelling"), INJECTED)
    choose = Filled("نامزد ۱", "چون دیدم")
    return fill(path, {own[0].case_id: confirm, own[1].case_id: choose})


def test_the_copy_says_beside_each_case_what_became_of_it(
    own: list[Case], path: Path, tmp_path: Path
) -> None:
    returned = read_returned(path)
    found = fates(returned, own)
    before = path.read_bytes()
    copy = tmp_path / "seen.xlsx"
    write_copy(returned, found.values(), copy)
    assert path.read_bytes() == before
    sheet = load_workbook(copy, rich_text=True)[CASES]
    at = column(sheet, "result")
    told = {sheet.cell(row, column(sheet, "case_id")).value: sheet.cell(row, at) for row in (2, 5)}
    for case, colour in ((own[0], "FFDDF3DC"), (own[1], "FFF9C9C4")):
        cell = told[case.case_id]
        assert cell.value == found[case.case_id].persian()
        assert cell.fill.fgColor.rgb[-6:] == colour[-6:]
    assert told[own[1].case_id].comment.text == found[own[1].case_id].persian()
    # what the clerk wrote is a text still, and so is all else
    comment = sheet.cell(2, column(sheet, "comment"))
    assert (comment.value, comment.data_type) == (INJECTED, "s")
    with zipfile.ZipFile(copy) as parts:
        texts = [parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name]
    assert not any(b"<f>" in text for text in texts)
    assert sheet.protection.sheet
    assert not sheet.cell(2, column(sheet, "decision")).protection.locked


def test_a_copy_that_was_mended_is_read_and_marked_again(
    own: list[Case], path: Path, tmp_path: Path
) -> None:
    first = tmp_path / "first.xlsx"
    returned = read_returned(path)
    write_copy(returned, fates(returned, own).values(), first)
    mended = fill(first, {own[1].case_id: Filled("نامزد ۱", reason("twin"))})
    again = read_returned(mended)
    found = fates(again, own)
    assert found[own[1].case_id].what == "taken"
    second = tmp_path / "second.xlsx"
    write_copy(again, found.values(), second)
    sheet = load_workbook(second)[CASES]
    assert sheet.max_column == load_workbook(first)[CASES].max_column
    assert sheet.cell(5, column(sheet, "result")).comment is None


def test_moved_columns_a_banner_other_sheets_and_merged_cells_change_nothing(
    own: list[Case], path: Path, tmp_path: Path
) -> None:
    expected = fates(read_returned(path), own)
    book = load_workbook(path)
    sheet = book[CASES]
    last = sheet.max_column
    for row in range(1, sheet.max_row + 1):
        first, token = sheet.cell(row, 2).value, sheet.cell(row, last).value
        sheet.cell(row, 2).value, sheet.cell(row, last).value = token, first
        if row > 1:
            sheet.row_dimensions[row].hidden = row % 2 == 0
    sheet.column_dimensions["F"].hidden = True
    sheet.insert_rows(1, 2)
    sheet["A1"] = "پاسخ دانشگاه شیراز"
    at = column(sheet, "comment")
    sheet.merge_cells(start_row=4, end_row=5, start_column=at, end_column=at)
    del book["راهنما"]
    sheet.title = "Sheet1 (2)"
    book.create_sheet("یادداشت", 0)["A1"] = "تصمیم"
    book.save(tmp_path / "moved.xlsx")
    found = fates(read_returned(tmp_path / "moved.xlsx"), own)
    assert {name: one.kind for name, one in found.items()} == {
        name: one.kind for name, one in expected.items()
    }
    assert found[own[0].case_id].answer == expected[own[0].case_id].answer
    assert found[own[0].case_id].given.at.number == 4


def test_deleted_rows_and_columns_that_nobody_needs_are_no_matter(
    own: list[Case], path: Path
) -> None:
    book = load_workbook(path)
    sheet = book[CASES]
    sheet.delete_rows(5, sheet.max_row)
    for name in ("explanation", "first_name", "case_id"):
        sheet.delete_cols(column(sheet, name))
    book.save(path)
    found = fates(read_returned(path), own)
    assert [one.kind for one in found.values()] == ["awaits"]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read_returned(path)
    assert error.value.fix
    return str(error.value)


def test_a_packet_without_tokens_is_refused_in_words(path: Path) -> None:
    book = load_workbook(path)
    book[CASES].delete_cols(column(book[CASES], "token"))
    book.save(path)
    assert "earlier version" in refused(path)


def test_a_column_that_is_gone_or_stands_twice_is_named(path: Path, tmp_path: Path) -> None:
    book = load_workbook(path)
    at = column(book[CASES], "reason")
    book[CASES].cell(1, at).value = "چرا"
    book.save(tmp_path / "gone.xlsx")
    assert "دلیل" in refused(tmp_path / "gone.xlsx")
    book[CASES].cell(1, at).value = "تصمیم"
    book[CASES].cell(1, at + 1).value = "دلیل"
    book.save(tmp_path / "twice.xlsx")
    assert "تصمیم" in refused(tmp_path / "twice.xlsx") or "توضیح" in refused(
        tmp_path / "twice.xlsx"
    )


def test_what_is_no_packet_is_refused(tmp_path: Path) -> None:
    other = Workbook()
    other.active["A1"] = "x"
    other.save(tmp_path / "other.xlsx")
    assert "headings of a packet" in refused(tmp_path / "other.xlsx")
    for name, content in (
        ("empty.xlsx", b""),
        ("text.xlsx", b"decision,reason\n1,2\n"),
        ("half.xlsx", (tmp_path / "other.xlsx").read_bytes()[:2000]),
        ("page.xlsx", b"<html><body>hello</body></html>"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600),
    ):
        (tmp_path / name).write_bytes(content)
        assert name in refused(tmp_path / name)
    assert "no such file" in refused(tmp_path / "gone.xlsx")


def test_a_bomb_of_a_workbook_is_refused_before_it_is_unpacked(path: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path) as parts, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        for name in parts.namelist():
            made.writestr(name, parts.read(name))
        with made.open("xl/media/x.bin", "w") as stream:
            for _ in range(300):
                stream.write(b"\0" * (1 << 20))
    assert "larger unpacked" in refused(bomb)


def test_a_copy_never_replaces_the_workbook(own: list[Case], path: Path) -> None:
    returned = read_returned(path)
    with pytest.raises(InputError, match="would replace"):
        write_copy(returned, (), path)
    with pytest.raises(InputError, match="XLSX"):
        write_copy(returned, (), path.with_suffix(".ods"))


def test_texts_as_long_as_cells_may_be_go_in_and_out(
    own: list[Case], path: Path, tmp_path: Path
) -> None:
    longest = "م" * 32_767
    fill(path, {own[0].case_id: Filled(comment=longest)})
    returned = read_returned(path)
    found = fates(returned, own)
    answer = found[own[0].case_id].answer
    assert answer is not None
    assert answer.comment == longest
    write_copy(returned, found.values(), tmp_path / "seen.xlsx")
    sheet = load_workbook(tmp_path / "seen.xlsx")[CASES]
    assert sheet.cell(2, column(sheet, "comment")).value == longest
    assert replace(answer, comment="").reason_words == "spelling"
