"""Access databases: read whole by mdbtools, or refused in a line that says what to do."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake import profiles
from migrate.intake.profiles import Profile
from migrate.intake.readers import access
from migrate.intake.readers.kind import kind_of
from migrate.intake.sources import check_source, open_source, read_source

CORPUS = Path(__file__).parent.parent / "corpus" / "databases"
NOTE = 'یادداشت ۱۲/3 AB, "نقل"\nسطر دوم'
LONG = "".join(f'سطر {n} از شرح، با "نقل" و\n' for n in range(3000))
needs_mdbtools = pytest.mark.skipif(
    shutil.which("mdb-export") is None, reason="mdbtools is not installed"
)


def unpacked(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    path.write_bytes(gzip.decompress((CORPUS / f"{name}.gz").read_bytes()))
    return path


@needs_mdbtools
def test_a_table_is_read_whole_and_the_others_are_named(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "access-2000.mdb")
    assert kind_of(path) == "access"
    source = read_source(path, LEGACY)
    rows = source.table.to_pylist()
    assert [row["row"] for row in rows] == [1, 2, 3]
    assert [row["raw_legacy_id"] for row in rows] == ["1", "2", "3"]
    assert [row["raw_first_name"] for row in rows] == ["علی", "محمد رضا", "زهرا سادات"]
    assert [row["raw_last_name"] for row in rows] == ["حسین‌زاده", "کریمی", "موسوی"]
    # mdbtools does not tell an empty text from none
    assert [row["raw_national_id"] for row in rows] == ["0012345679", None, None]
    assert rows[1]["raw_graduation_date"] == "1362/07/03"
    assert source.findings.kind == "Access database (Access 2000–2003)"
    assert source.findings.notes == ("other tables, not read: codes",)


@needs_mdbtools
def test_typed_columns_and_memos_become_text(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "access-2000.mdb")
    shape = access.look(path, profiles.NONE, {"نام": "first_name", "دانشگاه": "university"})
    places = [shape.headings.index(name) for name in ("ثبت", "تایید", "معدل", "شرح")]
    (rows,) = access.batches(path, shape, places)
    found = [column.to_pylist() for column in rows.columns]
    assert found[0] == ["1983-09-25", "1983-09-26", "1983-09-27"]
    assert found[1] == ["TRUE", "FALSE", "FALSE"]
    assert found[2] == ["17.25", "18.25", "19.25"]
    assert found[3] == [NOTE, None, LONG]


@needs_mdbtools
def test_tables_with_the_same_headings_are_one_source(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "access-2010.accdb")
    source = open_source(path, LEGACY)
    rows = [row for batch in source.batches(size=2) for row in batch.table.to_pylist()]
    assert [(row["sheet"], row["sheet_row"], row["raw_legacy_id"]) for row in rows] == [
        ("مدارک", 1, "1"),
        ("مدارک", 2, "2"),
        ("مدارک", 3, "3"),
        ("مدارک ۱۳۶۳", 1, "5"),
    ]
    assert [row["row"] for row in rows] == [1, 2, 3, 4]


@needs_mdbtools
def test_a_profile_names_the_table(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "access-2010.accdb")
    given = tmp_path / "profile.yaml"
    given.write_text("sheet: مدارک ۱۳۶۳\n", encoding="utf-8")
    assert read_source(path, LEGACY, profile=given).rows == 1
    with pytest.raises(InputError, match="no table 'nothing'") as caught:
        access.look(path, Profile(sheets=("nothing",)), {})
    assert "مدارک, codes" in str(caught.value)


@needs_mdbtools
@pytest.mark.parametrize("name", ["access-2000.mdb", "access-2010.accdb"])
def test_a_database_cut_off_anywhere_gives_all_its_rows_or_one_line(
    tmp_path: Path, name: str
) -> None:
    whole = unpacked(tmp_path, name).read_bytes()
    path = tmp_path / "cut"
    for pages in (1, 2, 3, 20, 60, len(whole) // 4096 - 2, len(whole) // 4096 - 1):
        path.write_bytes(whole[: 4096 * pages + 100])
        said = ""
        try:
            found = read_source(path, LEGACY)
            assert found.rows == (3 if name.endswith("mdb") else 4)
        except InputError as error:
            said = str(error)
        assert "\n" not in said


def test_without_mdbtools_one_line_says_what_to_install_or_to_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = unpacked(tmp_path, "access-2000.mdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as caught:
        check_source(path, LEGACY)
    assert "mdbtools" in str(caught.value)
    assert "export the table as a workbook" in str(caught.value)
    assert "\n" not in str(caught.value)
