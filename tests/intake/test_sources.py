"""A source is refused in one line before anything is written, or read whole."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake import sources
from migrate.intake.readers.kind import FileKind
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
    table = raw_table(LEGACY, row, {}, {"sex": {"1": "مرد"}})
    assert table.schema.field("raw_sex").metadata == {sources.VALUES: '{"1": "مرد"}'.encode()}
    assert table.schema.field("raw_degree").metadata is None
