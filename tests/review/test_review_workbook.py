"""Workbooks open elsewhere, say what they should as text, and are open only where people answer."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from handed_out import handed_out
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from migrate.review import words
from migrate.review.cases import Case
from migrate.review.columns import COLUMNS, heading
from migrate.review.comparison import FIELDS
from migrate.review.workbook import Contents, write_workbook

GUIDE, CASES = "راهنما", "پرونده‌ها"
# document, registry and right values: 1 + 1 + 1, 1 + 2, 1 + 2 + 1, 1 + 0 + 1, 1 + 1 + 1
ROWS = 15
DOCUMENTS = [2, 5, 8, 12, 14]
RIGHT = [4, 11, 13, 16]


@pytest.fixture(scope="module")
def written(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbook") / "cases.xlsx"
    write_workbook(Contents(cases, "دانشگاه شیراز", "b1", handed_out(cases)), path)
    return path


@pytest.fixture(scope="module")
def sheet(written: Path) -> Worksheet:
    return load_workbook(written, rich_text=True)[CASES]


def column(name: str) -> int:
    return COLUMNS.index(name) + 1


def marked(value: object) -> list[str]:
    if not isinstance(value, CellRichText):
        return []
    return [part.text for part in value if isinstance(part, TextBlock) and part.font.b]


def allowed(sheet: Worksheet, row: int, name: str) -> list[str]:
    """What the drop-down of a cell offers, read from the sheet that it points to."""
    cell = sheet.cell(row, column(name)).coordinate
    (rule,) = [one for one in sheet.data_validations.dataValidation if cell in one.sqref]
    place = rule.formula1.split("!")[1].replace("$", "")
    return [one.value for (one,) in sheet.parent["lists"][place]]


def test_the_same_cases_give_the_same_bytes(cases: list[Case], tmp_path: Path) -> None:
    contents = Contents(cases, "دانشگاه شیراز", "b1", handed_out(cases))
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(contents, tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_guide_then_the_cases_then_hidden_lists(written: Path) -> None:
    book = load_workbook(written)
    assert book.sheetnames == [GUIDE, CASES, "lists"]
    assert book["lists"].sheet_state == "veryHidden"
    assert book[GUIDE].sheet_view.rightToLeft
    assert book[CASES].sheet_view.rightToLeft
    assert book[CASES].freeze_panes == "D2"
    assert book[CASES].auto_filter.ref == f"A1:AD{ROWS + 1}"
    assert len(COLUMNS) == 30


def test_calamine_reads_a_block_of_rows_for_each_case(written: Path, cases: list[Case]) -> None:
    rows = CalamineWorkbook.from_path(str(written)).get_sheet_by_name(CASES).to_python()
    assert rows[0] == [heading(name) for name in COLUMNS]
    assert len(rows) == 1 + ROWS
    at = {name: position for position, name in enumerate(COLUMNS)}
    blocks = [
        (row[at["number"]], row[at["side"]], row[at["degree_id"]], row[at["case_id"]])
        for row in rows[1:]
    ]
    ids = {case.legacy_id: case.case_id for case in cases}
    assert blocks[:6] == [
        ("۱", "سند کاغذی", "", ids["L2"]),
        ("۱", "پایگاه", "D1", ids["L2"]),
        ("۱", "مقدار درست", "", ids["L2"]),
        ("۲", "سند کاغذی", "", ids["L3"]),
        ("۲", "نامزد ۱", "D2", ids["L3"]),
        ("۲", "نامزد ۲", "D3", ids["L3"]),
    ]
    assert all(isinstance(value, str) for row in rows for value in row)


def test_every_cell_is_text_and_none_is_a_formula(sheet: Worksheet) -> None:
    held = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in held} == {"s"}
    by_header = {cell.value: cell.column for cell in sheet[1]}
    values = {str(sheet.cell(row, by_header["نام"]).value) for row in range(2, ROWS + 2)}
    assert "=cmd|' /C calc'!A۰" in values
    assert "=1+1" in {str(sheet.cell(row, column("legacy_id")).value) for row in DOCUMENTS}


def test_no_part_of_the_file_holds_a_formula_a_link_or_an_address(written: Path) -> None:
    with zipfile.ZipFile(written) as parts:
        names = parts.namelist()
        sheets = [parts.read(name).decode() for name in names if "worksheets/sheet" in name]
    assert len(sheets) == 3
    assert not any("<f>" in text or "<hyperlink" in text for text in sheets)
    assert not any("externalLink" in name for name in names)


def test_letters_that_differ_are_bold_and_underlined(sheet: Worksheet) -> None:
    birth = column("birth_date")
    assert marked(sheet.cell(2, birth).value) == ["۶"]
    assert marked(sheet.cell(3, birth).value) == ["۸"]
    assert str(sheet.cell(2, birth).value) == "۱۳۳۶/۰۷/۰۳\nدر سند: \u200e۳/۷/۳۶\u200e"
    (part,) = [
        one for one in sheet.cell(3, birth).value if isinstance(one, TextBlock) and one.font.b
    ]
    assert part.font.u == "single"


def test_a_value_that_differs_as_a_whole_is_marked_as_a_whole(sheet: Worksheet) -> None:
    # کارشناسی on paper, دکتری in the registry
    cell = sheet.cell(10, column("degree"))
    assert cell.value == "دکتری"
    assert cell.font.b
    assert cell.font.u == "single"


def test_contradicting_cells_are_shaded_on_both_sides_and_others_are_not(sheet: Worksheet) -> None:
    shade = {
        (row, name): sheet.cell(row, column(name)).fill.fgColor.rgb
        for row in (2, 3)
        for name in ("birth_date", "father_name", "first_name", "birth_cert_no")
    }
    pink = {place for place, colour in shade.items() if colour == "FFFBDFDC"}
    assert pink == {(row, name) for row in (2, 3) for name in ("birth_date", "father_name")}


def test_only_the_answers_of_each_case_are_open(sheet: Worksheet, cases: list[Case]) -> None:
    assert sheet.protection.sheet
    open_ = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked
    }
    assert len(DOCUMENTS) == len(cases)
    answers = [(row, name) for row in DOCUMENTS for name in ("decision", "reason", "comment")]
    right = [(row, name) for row in RIGHT for name in FIELDS]
    assert open_ == {sheet.cell(row, column(name)).coordinate for row, name in answers + right}


def test_only_a_case_that_may_be_corrected_has_a_row_for_right_values(sheet: Worksheet) -> None:
    named = [row for row in range(2, ROWS + 2) if sheet.cell(row, 3).value == "مقدار درست"]
    assert named == RIGHT
    assert sheet.cell(5, column("outcome")).value == "چند نامزد"
    assert [one.value for row in RIGHT for one in sheet[row] if one.column_letter == "D"] == [
        None
    ] * 4
    assert allowed(sheet, 4, "sex") == ["مرد", "زن"]


def test_every_row_carries_the_token_and_the_first_its_days(
    sheet: Worksheet, cases: list[Case]
) -> None:
    handed = handed_out(cases)
    for case, row, after in zip(cases, DOCUMENTS, [*DOCUMENTS[1:], ROWS + 2], strict=True):
        tokens = {sheet.cell(one, column("token")).value for one in range(row, after)}
        assert tokens == {handed[case.case_id].token}
        assert sheet.cell(row, column("opened_on")).value == "۱۴۰۵/۰۹/۰۷"
        assert sheet.cell(row, column("due_on")).value == "۱۴۰۵/۱۱/۰۷"


def test_a_packet_of_a_day_says_how_old_and_how_late_a_case_is(
    cases: list[Case], tmp_path: Path
) -> None:
    for today, opened, due in (
        ("2026-11-28", "امروز", "۶۰ روز مانده"),
        ("2027-01-27", "۶۰ روز پیش", "امروز"),
        ("2027-02-08", "۷۲ روز پیش", "۱۲ روز گذشته"),
    ):
        path = tmp_path / f"{today}.xlsx"
        write_workbook(Contents(cases, "دانشگاه شیراز", "", handed_out(cases), today=today), path)
        sheet = load_workbook(path)[CASES]
        assert str(sheet.cell(2, column("opened_on")).value).split("\n")[1] == opened
        assert str(sheet.cell(2, column("due_on")).value).split("\n")[1] == due


def test_what_was_said_of_an_earlier_answer_stands_with_the_case(
    cases: list[Case], tmp_path: Path
) -> None:
    handed = handed_out(cases)
    handed[cases[0].case_id] = replace(handed[cases[0].case_id], returned="صفحهٔ دیگر را ببینید")
    write_workbook(Contents(cases, "دانشگاه شیراز", "", handed), tmp_path / "cases.xlsx")
    sheet = load_workbook(tmp_path / "cases.xlsx")[CASES]
    said = str(sheet.cell(2, column("explanation")).value)
    assert "پاسخ پیشین بازگردانده شد: صفحهٔ دیگر را ببینید" in said


def test_the_guide_and_the_lists_are_protected_too(written: Path) -> None:
    book = load_workbook(written)
    assert all(sheet.protection.sheet for sheet in book)


def test_drop_downs_offer_what_the_outcome_asks(sheet: Worksheet) -> None:
    assert allowed(sheet, 2, "decision") == [one.label for one in words.decisions("mismatch", 1)]
    assert allowed(sheet, 5, "decision") == ["نامزد ۱", "نامزد ۲", "هیچ‌کدام"]
    assert "همان مدرک دیگر ۲ است" in allowed(sheet, 8, "decision")
    assert allowed(sheet, 12, "reason") == [one.label for one in words.reasons("person_missing")]


def test_fields_that_no_case_has_are_folded_away(sheet: Worksheet) -> None:
    hidden = {name for name, one in sheet.column_dimensions.items() if one.hidden}
    names = {heading("diploma_date"), heading("document_type")}
    assert {sheet[f"{letter}1"].value for letter in hidden} <= names
    assert hidden


def test_the_guide_counts_the_cases(written: Path) -> None:
    rows = CalamineWorkbook.from_path(str(written)).get_sheet_by_name(GUIDE).to_python()
    said = {row[0]: row[1] for row in rows if row[0]}
    assert said["دانشگاه"] == "دانشگاه شیراز"
    assert said["همهٔ پرونده‌ها"] == "۵"
    counts = [row[1] for row in rows if row[0] == "مغایرت"]
    assert counts[0].startswith("۲ — ")


@pytest.mark.parametrize(
    "value",
    ["م" * 10_000_000, "\x00\x07\u202e", "&<>\"'", "😀" * 300, '=HYPERLINK("http://a")', "   "],
)
def test_hostile_values_leave_a_workbook_that_opens(
    cases: list[Case], tmp_path: Path, value: str
) -> None:
    case = replace(
        cases[0],
        legacy={**cases[0].legacy, "father_name": value, "birth_date": value},
        legacy_read={**cases[0].legacy_read, "father_name": value},
        legacy_id=value,
        page_ref=value,
    )
    path = tmp_path / "cases.xlsx"
    write_workbook(Contents([case], value[:3] + "&P", value[:3], handed_out([case])), path)
    sheet = load_workbook(path, rich_text=True)[CASES]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert case.case_id in texts
    assert max(map(len, texts)) <= 32_767


def test_a_thousand_cases_open_with_all_their_drop_downs(cases: list[Case], tmp_path: Path) -> None:
    path = tmp_path / "cases.xlsx"
    many = [replace(cases[0], case_id=f"C-{nth}") for nth in range(1000)]
    write_workbook(Contents(many, "دانشگاه شیراز", "b1", handed_out(many)), path)
    sheet = load_workbook(path)[CASES]
    rules = sheet.data_validations.dataValidation
    cells = {
        cell for rule in rules if rule.type == "list" for one in rule.sqref.ranges
        for cell in one.cells
    }  # fmt: skip
    # a decision, a reason, and two coded fields of the row of right values
    assert len(cells) == 4000
    assert max(len(str(rule.sqref)) for rule in rules) < 8192


def test_libreoffice_saves_the_workbook_without_losing_what_matters(
    written: Path, soffice: str, tmp_path: Path, cases: list[Case]
) -> None:
    source = shutil.copy(written, tmp_path / "cases.xlsx")
    done = subprocess.run(
        [
            soffice, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
            "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "saved"),
            str(source),
        ],
        capture_output=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    saved = tmp_path / "saved" / "cases.xlsx"
    assert saved.exists(), done.stderr.decode()
    book = load_workbook(saved, rich_text=True)
    sheet = book[CASES]
    original = load_workbook(written)[CASES]
    assert sheet.sheet_view.rightToLeft
    assert sheet.protection.sheet
    for row, values in enumerate(original.iter_rows(values_only=True), start=1):
        kept = [sheet.cell(row, at).value for at in range(1, len(COLUMNS) + 1)]
        assert [str(value or "") for value in kept] == [str(value or "") for value in values]
    assert marked(sheet.cell(2, column("birth_date")).value) == ["۶"]
    assert not sheet.cell(2, column("decision")).protection.locked
    assert sheet.cell(3, column("decision")).protection.locked
    assert allowed(sheet, 5, "decision") == ["نامزد ۱", "نامزد ۲", "هیچ‌کدام"]
    assert len(cases) == 5
