"""A corrected file is taken for what it says, or the line that cannot be is named."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.corrected import Change, CorrectedSource
from migrate.intake.corrections import (
    Correction,
    agree,
    field_of,
    over,
    read_lines,
    same_cell,
)
from migrate.intake.quarantine import Problem, read_quarantine, write_quarantine
from migrate.intake.sources import open_source
from migrate.intake.staging import stage

PROBLEMS = [
    Problem(3, "0042", "birth_date_unread", "62/13/45", "legacy-birth-date-read", "why | چرا"),
    Problem(3, "0042", "first_name", "+علی", "legacy-first-name-letters", "why"),
    Problem(5, "12", "legacy_id", "12", "legacy-id-unique", "why"),
    Problem(8, "12", "legacy_id", "12", "legacy-id-unique", "why"),
    Problem(9, None, None, "a,b,c", "row.cells", "three cells"),
    Problem(10, "9", "age_at_graduation_most", "birth 1362, graduation 1363", "legacy-age", "why"),
]
Line = dict[str, str]


def edited(
    tmp_path: Path, change: Callable[[list[Line]], object], problems: list[Problem] = PROBLEMS
) -> Path:
    """The quarantine of batch `one` after somebody has worked on it."""
    write_quarantine(tmp_path / "quarantine.csv", problems, batch="one")
    with (tmp_path / "quarantine.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    change(lines)
    path = tmp_path / "corrected.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]), restval="")
        writer.writeheader()
        writer.writerows(lines)
    return path


def taken(path: Path, problems: list[Problem] = PROBLEMS) -> tuple[Correction, ...]:
    batch, lines = read_lines(path)
    assert batch == "one"
    return agree(path, lines, problems, LEGACY)


def correct(place: int, value: str, **more: str) -> Callable[[list[Line]], object]:
    return lambda lines: lines[place].update(corrected=value, **more)


def test_what_was_written_into_corrected_is_taken(tmp_path: Path) -> None:
    def work(lines: list[Line]) -> None:
        lines[0].update(corrected="1362/12/25", corrected_by="Zahra")
        lines[1].update(corrected="علی")
        # a second line of the row, and a field that nobody had complained about
        lines.append({"row": "5", "column": "father_name", "corrected": "حسن"})

    assert taken(edited(tmp_path, work)) == (
        Correction(3, "first_name", "علی", None),
        Correction(3, "birth_date", "1362/12/25", "Zahra"),
        Correction(5, "father_name", "حسن", None),
    )


def test_lines_that_were_left_alone_or_taken_out_correct_nothing(tmp_path: Path) -> None:
    def work(lines: list[Line]) -> None:
        lines[2].update(corrected="12-b")
        del lines[3:]

    assert taken(edited(tmp_path, work)) == (Correction(5, "legacy_id", "12-b", None),)


def test_a_dash_makes_a_cell_blank(tmp_path: Path) -> None:
    assert taken(edited(tmp_path, correct(0, "-")))[0].corrected == "-"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (correct(0, ""), "no line is corrected"),
        (correct(0, "x", row="4"), r"row 2, column row: row 4 of the source is not in the quar"),
        (correct(0, "x", legacy_id="43"), "row 2, column legacy_id: this is not the identifier"),
        (correct(0, "x", rule="legacy-first-name-letters"), "row 3 has no such problem"),
        # the value went where it does not belong
        (correct(1, "", found="علی رضا"), "row 3, column found: what was found is not what st"),
        (correct(0, "x", found="62/12/25"), "what was found is not"),
        (correct(4, "x"), "it is not clear which field is corrected"),
        (correct(5, "x"), "it is not clear which field is corrected"),
        (correct(0, "عل?"), "letters of this value are lost"),
        (correct(0, "x", batch="two"), "lines of two batches"),
        (correct(0, "x", row="three"), "not the number of a row"),
        (
            lambda lines: [
                correct(2, "13")(lines),
                lines.append({"row": "5", "column": "legacy_id", "corrected": "14"}),
            ],
            "line 4 corrects this field otherwise",
        ),
        (
            lambda lines: lines.append({"row": "5", "column": "marks", "corrected": "14"}),
            "not clear which field",
        ),
        (
            lambda lines: lines.append({"column": "degree", "corrected": "لیسانس"}),
            "corrects no row",
        ),
        (lambda lines: [line.update(batch="") for line in lines], "which batch"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named(
    tmp_path: Path, change: Callable[[list[Line]], object], said: str
) -> None:
    path = edited(tmp_path, change)
    with pytest.raises(InputError, match=said) as caught:
        taken(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_file_may_come_back_as_a_workbook(tmp_path: Path) -> None:
    path = edited(tmp_path, correct(0, "1362/12/25"))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    book = openpyxl.Workbook()
    for row in rows:
        # as a spreadsheet takes them: 0042 and 3 are numbers
        book.active.append([int(cell) if cell.isdecimal() else cell for cell in row])
    book.save(tmp_path / "corrected.xlsx")
    assert taken(tmp_path / "corrected.xlsx") == (Correction(3, "birth_date", "1362/12/25", None),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1256"])
def test_the_file_may_come_back_in_another_form(tmp_path: Path, encoding: str) -> None:
    path = edited(tmp_path, correct(0, "۱۳۶۲/۱۲/۲۵" if encoding != "cp1256" else "1362/12/25"))
    text = path.read_text(encoding="utf-8-sig").replace(",", ";").replace("a;b;c", "a,b,c")
    path.write_text(text, encoding=encoding, errors="replace")
    assert [one.column for one in taken(path)] == ["birth_date"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0012345678", "12345678"),
        ("0012345678", "۱۲۳۴۵۶۷۸"),
        ("12", "12.0"),
        ("12345678901", "1.23457E+10"),
        ("3/7/62", "1962-07-03"),
        ("3/7/62", "7/3/1962"),
        ("علي", "علی"),
        ("علی", "عل?"),
        (None, ""),
        ("=a", "=a"),
    ],
)
def test_what_a_spreadsheet_does_to_a_cell_is_forgiven(written: str | None, read: str) -> None:
    assert same_cell(written, read)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", "13"),
        ("علی", "رضا"),
        ("علی", "عل"),
        ("12345678901", "1.23557E+10"),
        ("1362/7/3", "1362/7/4"),
        ("10", "1"),
        ("12", None),
        ("0", None),
    ],
)
def test_another_value_is_another_value(written: str, read: str | None) -> None:
    assert not same_cell(written, read)
    assert not same_cell(read, written)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_cell_is_itself(text: str) -> None:
    assert same_cell(text, text)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("birth_date", "birth_date"),
        ("birth_date_first", "birth_date"),
        ("raw_first_name", "first_name"),
        ("university_unknown", "university"),
        ("degree_unknown", "degree"),
        ("age_at_graduation_most", None),
        ("", None),
        (None, None),
    ],
)
def test_a_quarantined_column_belongs_to_a_field(column: str | None, field: str | None) -> None:
    assert field_of(column, LEGACY) == field


def test_what_is_corrected_again_stands_over_what_was() -> None:
    one, two = Correction(3, "sex", "مرد", None), Correction(3, "degree", "لیسانس", None)
    other = Correction(4, "sex", "زن", None)
    again = Correction(3, "sex", "زن", "Z")
    assert over([one, two, other], [again]) == (two, again)


SOURCE = """شناسه,نام,نام خانوادگی,دانشگاه,جنس,تاریخ تولد
1,علی,رضایی,تهران,1,1362/7/3
2,مریم,کریمی,تهران,2,62/13/45
3,بد
4,رضا,نوری,تهران,1,1361/1/1
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.csv"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_only_corrected_rows_are_read_and_keep_their_place_and_what_they_held(
    tmp_path: Path, source: Path
) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text("values:\n  sex: {1: مرد, 2: زن}\n", encoding="utf-8")
    by = [
        Correction(3, "birth_date", "1362/12/25", "Z"),
        Correction(5, "sex", "2", None),
    ]
    corrected = CorrectedSource(open_source(source, LEGACY, profile=profile), by)
    tables = [batch.table for batch in corrected.batches(size=1)]
    assert [table.num_rows for table in tables] == [1, 1]
    first, second = (table.to_pylist()[0] for table in tables)
    assert (first["row"], first["sheet"], first["sheet_row"]) == (3, None, 3)
    assert first["raw_birth_date"] == "1362/12/25"
    assert first["original_birth_date"] == "62/13/45"
    assert first["raw_first_name"] == first["original_first_name"] == "مریم"
    assert corrected.rows == 2
    assert corrected.changes == (
        Change(3, "birth_date", "62/13/45", "1362/12/25", "Z"),
        Change(5, "sex", "1", "2", None),
    )
    # a corrected code is a code of the source
    assert stage(tables[1], LEGACY).column("sex").to_pylist() == ["f"]
    assert second["original_sex"] == "1"


def test_a_row_that_could_not_be_read_is_what_people_say(source: Path) -> None:
    opened = open_source(source, LEGACY)
    unreadable = [problem for batch in opened.batches() for problem in batch.unreadable]
    assert [problem.row for problem in unreadable] == [4]
    by = [Correction(4, "legacy_id", "3", None), Correction(4, "first_name", "زهرا", None)]
    corrected = CorrectedSource(open_source(source, LEGACY), by)
    (batch,) = corrected.batches()
    row = batch.table.to_pylist()[0]
    assert (row["row"], row["sheet_row"]) == (4, 4)
    assert (row["raw_legacy_id"], row["raw_first_name"]) == ("3", "زهرا")
    assert row["original_legacy_id"] is None
    assert row["raw_last_name"] is None
    assert batch.unreadable == ()


def test_a_source_without_the_row_is_another_source(source: Path) -> None:
    corrected = CorrectedSource(open_source(source, LEGACY), [Correction(77, "sex", "مرد", None)])
    with pytest.raises(InputError, match=r"row 77: the source has no such row"):
        list(corrected.batches())


def test_the_quarantine_itself_stays_readable(tmp_path: Path) -> None:
    edited(tmp_path, correct(0, "x"))
    assert read_quarantine(tmp_path / "quarantine.csv") == PROBLEMS
