"""A source is refused in one line before anything is written, or read whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake import sources
from migrate.intake.profiles import VALUES, Profile
from migrate.intake.quarantine import Problem
from migrate.intake.readers.kind import FileKind
from migrate.intake.readers.rows import Rows, Shape, chunked, row_numbers
from migrate.intake.sources import check_source, raw_table, read_source

HEADING = "شناسه,نام,نام خانوادگی,دانشگاه\n"


def source(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "legacy.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_what_was_found_is_said(tmp_path: Path) -> None:
    read = read_source(source(tmp_path, "ملاحظات," + HEADING + "-,1,علی,رضایی,تهران\n"), LEGACY)
    found = read.findings
    assert found.kind == "text with delimiters"
    assert found.encoding == "UTF-8"
    assert found.delimiter == ","
    assert found.headings == (
        ("ملاحظات", None),
        ("شناسه", "legacy_id"),
        ("نام", "first_name"),
        ("نام خانوادگی", "last_name"),
        ("دانشگاه", "university"),
    )
    assert "father_name" in found.missing
    assert "first_name" not in found.missing
    assert len(found.missing) == len(LEGACY.fields) - 4


def test_the_raw_table_has_all_fields_and_null_where_the_source_has_none(tmp_path: Path) -> None:
    table = read_source(source(tmp_path, HEADING + "1,علی,,تهران\n"), LEGACY).table
    assert table.column_names == [
        "row",
        "sheet",
        "sheet_row",
        *(f"raw_{name}" for name in LEGACY.names),
    ]
    assert table.schema.field("row").type == pa.int64()
    assert {table.schema.field(f"raw_{name}").type for name in LEGACY.names} == {pa.string()}
    assert table.to_pylist()[0]["raw_last_name"] == ""
    assert table.to_pylist()[0]["raw_father_name"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("شناسه,نام,دانشگاه\n1,علی,تهران\n", "no column for last_name"),
        ("id,name\n1,Ali\n", "no column for first_name, last_name, university"),
        ("نام,نام,نام خانوادگی,دانشگاه\n1,a,b,c\n", "two columns are headed as first_name"),
        (HEADING, "only a heading"),
        ("", "empty"),
        ("{}", "JSON"),
    ],
)
def test_both_functions_refuse_alike(tmp_path: Path, text: str, said: str) -> None:
    path = source(tmp_path, text)
    for function in (check_source, read_source):
        with pytest.raises(InputError, match=said) as caught:
            function(path, LEGACY)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 2


def test_an_error_names_the_persian_headings_that_would_be_taken(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="نام خانوادگی or نام‌خانوادگی or شهرت"):
        check_source(source(tmp_path, "شناسه,نام,دانشگاه\n1,علی,تهران\n"), LEGACY)


def test_an_error_holds_no_record(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        check_source(source(tmp_path, "شناسه,نام,دانشگاه\n1,فرامرز,تهران\n"), LEGACY)
    assert "فرامرز" not in str(caught.value)


def test_a_file_without_a_heading_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="as a record has and a heading has not") as caught:
        check_source(source(tmp_path, "1,فرامرز,رضایی,۱۳۴۰/۱/۱\n2,علی,x,1341/1/1\n"), LEGACY)
    assert "فرامرز" not in str(caught.value)
    with pytest.raises(InputError, match="only a heading") as caught:
        check_source(source(tmp_path, "1,فرامرز,رضایی,۱۳۴۰/۱/۱\n"), LEGACY)
    assert "فرامرز" not in str(caught.value)


def test_rows_add_up_though_all_of_them_are_broken(tmp_path: Path) -> None:
    read = read_source(source(tmp_path, HEADING + "1,a\n2,b\n"), LEGACY)
    assert read.table.num_rows == 0
    assert read.rows == len({problem.row for problem in read.unreadable}) == 2


def test_the_same_bytes_give_the_same_table(tmp_path: Path) -> None:
    text = HEADING + "".join(f"{n},علی,رضایی {n},تهران\n" for n in range(50_000))
    path = source(tmp_path, text)
    one, other = read_source(path, LEGACY), read_source(path, LEGACY)
    assert one.table.equals(other.table)
    assert one.findings == other.findings


def test_each_kind_has_a_reader() -> None:
    assert set(sources.READERS) == set(FileKind.__args__)  # type: ignore[attr-defined]


def test_value_codes_travel_with_their_column() -> None:
    row = pa.chunked_array([pa.array([2], pa.int64())])
    table = raw_table(LEGACY, row, {}, Profile(values={"sex": {"1": "مرد"}}))
    assert table.schema.field("raw_sex").metadata == {VALUES: '{"1": "مرد"}'.encode()}
    assert table.schema.field("raw_degree").metadata is None


def test_a_constant_of_the_profile_stands_in_all_rows(tmp_path: Path) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text("constants:\n  university: دانشگاه تهران\n", encoding="utf-8")
    text = "شناسه,نام,نام خانوادگی\n1,علی,رضایی\n2,زهرا,کریمی\n"
    read = read_source(source(tmp_path, text), LEGACY, profile=profile)
    assert read.table.column("raw_university").to_pylist() == ["دانشگاه تهران"] * 2
    assert "university" not in read.findings.missing
    note = "university: 'دانشگاه تهران' in all rows, as the source profile says"
    assert note in read.findings.notes


class _Book:
    """A reader of a file with two tables, whose columns stand in another order."""

    SHEETS = (
        ("یک", ("legacy_id", "first_name", "last_name", "university", "شهر")),
        ("دو", ("university", "last_name", "first_name", "legacy_id", "sex")),
    )

    def look(self, path: Path, profile: object, known: object) -> Shape:
        parts = [Shape(kind="sheet", headings=names, sheet=name) for name, names in self.SHEETS]
        return Shape(kind="book", headings=(), parts=tuple(parts))

    def batches(
        self, path: Path, shape: Shape, columns: Sequence[int], **_: object
    ) -> Iterator[Rows]:
        for row in (2, 3):
            cells = [pa.array([f"{shape.headings[place]} {row}"]) for place in columns]
            problem = Problem(5, None, None, "?", "row.cells", "why")
            yield Rows(
                row_numbers(row, 1),
                tuple(chunked([cell], pa.string()) for cell in cells),
                (problem,) if row == 3 else (),
                ("two rows",) if row == 3 else (),
            )


def test_tables_of_one_file_are_read_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "import_module", lambda name: _Book())
    read = read_source(source(tmp_path, "any"), LEGACY)
    assert read.table.select(["row", "sheet", "sheet_row", "raw_last_name"]).to_pylist() == [
        {"row": row, "sheet": sheet, "sheet_row": at, "raw_last_name": f"last_name {at}"}
        # the first part ends with row 5, which cannot be read
        for row, sheet, at in [(2, "یک", 2), (3, "یک", 3), (7, "دو", 2), (8, "دو", 3)]
    ]
    assert [(p.row, p.sheet, p.sheet_row) for p in read.unreadable] == [(5, "یک", 5), (10, "دو", 5)]
    assert read.rows == 6
    assert read.findings.notes == ("یک: two rows", "دو: two rows")
    assert ("شهر", None) in read.findings.headings
    assert "sex" not in read.findings.missing
    assert "sex" in read.findings.parts[0].missing
    assert read.findings.sheet == "یک, دو"
    assert read.table.column("raw_sex").to_pylist() == [None, None, "sex 2", "sex 3"]
