"""Workbooks that other programs wrote, in each format: corpus/README.md says which."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from migrate.diplomas.schema import LEGACY
from migrate.intake.readers.kind import kind_of
from migrate.intake.sources import Source, read_source
from migrate.intake.staging import stage

CORPUS = Path(__file__).parent.parent / "corpus" / "workbooks"
LEDGERS = sorted(CORPUS.glob("ledger-*"))
SINCE_1904 = sorted(CORPUS.glob("1904-*"))
# a cell of a spreadsheet that is a date, and all the rest as it was typed
DAY = "1983-09-25"


def name(path: Path) -> str:
    return path.name


def test_the_corpus_is_there() -> None:
    kinds = {kind_of(path) for path in LEDGERS}
    assert kinds == {"xlsx", "xls", "xlsb", "ods"} == {kind_of(path) for path in SINCE_1904}
    assert {path.suffix[1:] for path in LEDGERS} == kinds


@pytest.fixture(scope="module", params=LEDGERS, ids=name)
def ledger(request: pytest.FixtureRequest) -> Source:
    return read_source(request.param, LEGACY)


def test_each_format_gives_the_same_records(ledger: Source) -> None:
    shown = ["row", "sheet", "sheet_row"]
    fields = ["legacy_id", "first_name", "last_name", "father_name", "birth_date", "birth_place"]
    fields += ["university", "field_of_study", "graduation_date", "national_id"]
    records = ledger.table.select(shown + [f"raw_{field}" for field in fields]).to_pylist()
    assert [tuple(record.values()) for record in records] == [
        (
            *(4, "دفتر ۱", 4, "1", "علی", "رضایی", "حسن", DAY, "تهران"),
            *("دانشگاه تهران", "عمران", "1364/6/31", "0084575948"),
        ),
        (
            *(5, "دفتر ۱", 5, "2", "زهرا", "كريمي", "", "1362", "مشهد"),
            *("ملی", "برق", DAY, "84575948"),
        ),
        (
            *(9, "دفتر ۲", 2, "1", "رضا", "احمدی", None, None, None),
            *("دانشگاه شیراز", None, None, None),
        ),
        (
            *(11, "دفتر ۲", 4, "2", "مریم", "مرادی", None, None, None),
            *("دانشگاه شیراز", None, None, None),
        ),
    ]


def test_totals_and_repeated_headings_are_reported_where_they_stand(ledger: Source) -> None:
    found = [(p.sheet, p.sheet_row, p.row, p.rule, p.found) for p in ledger.unreadable]
    assert found == [
        ("دفتر ۱", 7, 7, "row.total", "جمع کل | 2"),
        ("دفتر ۲", 3, 10, "row.heading", "ردیف | فامیل | نام | محل تحصیل | ملاحظات"),
        ("دفتر ۲", 5, 12, "row.total", "جمع صفحه: ۲ نفر"),
    ]
    # nothing lost: 4 records and 3 problems; one row is blank
    assert ledger.rows == 7
    assert "دفتر ۱: 1 row(s) without any value were passed over" in ledger.findings.notes


def test_sheets_that_are_not_read_are_named(ledger: Source) -> None:
    notes = ledger.findings.notes
    assert "other sheets, not read: کدها" in notes
    assert "hidden sheets, not read; a source profile can name one: پیش‌نویس" in notes


def test_a_date_of_the_spreadsheet_becomes_a_solar_one(ledger: Source) -> None:
    staged = stage(ledger.table, LEGACY)
    assert staged.column("birth_date").to_pylist() == ["1362-07-03", "1362", None, None]


@pytest.mark.parametrize("path", SINCE_1904, ids=name)
def test_days_that_are_counted_from_1904_are_the_same_days(path: Path) -> None:
    assert read_source(path, LEGACY).table.column("raw_birth_date").to_pylist() == [DAY]


def test_a_solar_date_that_libreoffice_took_for_gregorian_is_as_it_was_typed() -> None:
    source = read_source(CORPUS / "solar-libreoffice.ods", LEGACY)
    assert source.table.column("raw_birth_date").to_pylist() == ["1362-07-03"]
    assert any("1 cell(s) are dates before 1582" in note for note in source.findings.notes)


def test_a_date_that_xlsx_cannot_hold_is_told_and_not_made_up() -> None:
    source = read_source(CORPUS / "solar-libreoffice.xlsx", LEGACY)
    assert any("1 cell(s) hold a time and no date" in note for note in source.findings.notes)
    assert stage(source.table, LEGACY).column("birth_date").to_pylist() == [None]


@pytest.mark.parametrize(
    "path", [*LEDGERS, CORPUS / "solar-libreoffice.ods"], ids=lambda path: path.name
)
def test_libreoffice_reads_the_same_cells(path: Path, soffice: str, tmp_path: Path) -> None:
    # UTF-8, values as they are shown, each sheet in a file of its own
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [soffice, "--headless", profile, "--convert-to", form, "--outdir", str(tmp_path)]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=120)
    source = read_source(path, LEGACY)
    last = source.table.column("raw_last_name").to_pylist()
    born = source.table.column("raw_birth_date").to_pylist()
    sheets = source.table.column("sheet").to_pylist()
    numbers = source.table.column("sheet_row").to_pylist()
    for sheet, number, surname, day in zip(sheets, numbers, last, born, strict=True):
        file = tmp_path / f"{path.stem}-{sheet or source.findings.sheet}.csv"
        with file.open(encoding="utf-8", newline="") as stream:
            row = list(csv.reader(stream))[number - 1]
        assert surname in row
        assert day is None or day in row or "09/25/1983" in row or "1983/09/25" in row
