"""Zip archives: each member is a table of its own, and nothing is unpacked that should not be."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.readers import archive, unpacking
from migrate.intake.sources import check_source, open_source, read_source

CORPUS = Path(__file__).parent.parent / "corpus" / "workbooks"
FIRST = "شناسه,نام,نام خانوادگی,دانشگاه\n1,علی,رضایی,تهران\n2,زهرا,کریمی,تهران\n"
SECOND = "دانشگاه;نام خانوادگی;نام;شناسه\nشیراز;احمدی;رضا;1\n"


def packed(path: Path, members: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_members_are_parts_with_their_own_kind_and_headings(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "legacy.zip",
        {
            "۱۳۵۵/first.csv": FIRST,
            "second.csv": SECOND.replace("ی", "ي").encode("cp1256"),
            "ledger.xls": (CORPUS / "ledger-libreoffice.xls").read_bytes(),
        },
    )
    source = read_source(path, LEGACY)
    columns = ["row", "sheet", "sheet_row", "raw_last_name"]
    assert [tuple(row.values()) for row in source.table.select(columns).to_pylist()] == [
        (2, "۱۳۵۵/first.csv", 2, "رضایی"),
        (3, "۱۳۵۵/first.csv", 3, "کریمی"),
        (5, "second.csv", 2, "احمدي"),
        (9, "ledger.xls, دفتر ۱", 4, "رضایی"),
        (10, "ledger.xls, دفتر ۱", 5, "كريمي"),
        (14, "ledger.xls, دفتر ۲", 2, "احمدی"),
        (16, "ledger.xls, دفتر ۲", 4, "مرادی"),
    ]
    assert source.findings.kind == "zip archive"
    parts = [(part.kind, part.encoding, part.delimiter) for part in source.findings.parts]
    assert parts == [
        ("text with delimiters", "UTF-8", ","),
        ("text with delimiters", "Windows-1256", ";"),
        ("XLS workbook", None, None),
        ("XLS workbook", None, None),
    ]
    assert [p.sheet_row for p in source.unreadable] == [7, 3, 5]
    assert source.rows == 10


def test_one_member_is_one_table(tmp_path: Path) -> None:
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST})
    source = read_source(path, LEGACY)
    assert source.table.column("sheet").to_pylist() == [None, None]
    assert source.findings.sheet == "first.csv"
    assert source.findings.encoding == "UTF-8"


def test_what_is_no_table_is_named_and_passed_over(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "legacy.zip",
        {
            "first.csv": FIRST,
            "scan.jpg": b"\xff\xd8\xff\xe0" + bytes(100),
            "readme.txt": "این بایگانی دانشکده است\n",
            "empty.csv": "",
            "__MACOSX/first.csv": b"\x00\x05\x16\x07",
            "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        },
    )
    source = read_source(path, LEGACY)
    assert source.rows == 2
    note = next(note for note in source.findings.notes if "no tables" in note)
    assert all(name in note for name in ("scan.jpg", "readme.txt", "empty.csv"))
    assert "MACOSX" not in note
    assert "Thumbs" not in note


@pytest.mark.parametrize(
    ("members", "said"),
    [
        # named like a table: an error, lest its rows be lost in a note
        ({"a.csv": FIRST, "b.xlsx": b"PK\x03\x04 broken"}, r"legacy.zip, b.xlsx: .*damaged"),
        ({"a.csv": FIRST, "b.csv": "نام,شهر\nعلی,تهران\n"}, r"b.csv, row 1: there is no column"),
        ({"a.csv": FIRST, "b.csv": b"\x89PNG\r\n\x1a\n"}, r"b.csv: this is a PNG picture"),
        ({"a.jpg": b"\xff\xd8\xff\xe0"}, "holds no table"),
        ({}, "holds no table"),
        ({"../a.csv": FIRST}, "leads out of it"),
        ({"x/../../a.csv": FIRST}, "leads out of it"),
        ({"/etc/a.csv": FIRST}, "leads out of it"),
        ({"C:\\a.csv": FIRST}, "leads out of it"),
        ({"..\\a.csv": FIRST}, "leads out of it"),
        ({"\\\\server\\a.csv": FIRST}, "leads out of it"),
    ],
)
def test_each_is_refused_in_one_line(
    tmp_path: Path, members: Mapping[str, bytes | str], said: str
) -> None:
    path = packed(tmp_path / "legacy.zip", members)
    with pytest.raises(InputError, match=said) as caught:
        check_source(path, LEGACY)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.parent.glob("a.csv"))


def test_a_memo_file_goes_with_its_table(tmp_path: Path) -> None:
    tables = CORPUS.parent / "databases"
    members = {path.name: path.read_bytes() for path in tables.glob("dbase3-memo.*")}
    assert len(members) == 2
    members = {
        "DBASE3-MEMO.DBT" if name.endswith("dbt") else name: content
        for name, content in members.items()
    }
    profile = tmp_path / "profile.yaml"
    headings = {"ID": "legacy_id", "NAME": "first_name", "FAMIL": "last_name"}
    lines = "".join(f"  {heading}: {field}\n" for heading, field in headings.items())
    lines += "  SHARH: page_ref\nconstants:\n  university: تهران\n"
    profile.write_text(f"headings:\n{lines}", encoding="utf-8")
    source = read_source(packed(tmp_path / "legacy.zip", members), LEGACY, profile=profile)
    alone = read_source(tables / "dbase3-memo.dbf", LEGACY, profile=profile)
    assert source.table.equals(alone.table)
    assert max(map(len, source.table.column("raw_page_ref").to_pylist())) > 1000


def test_a_thousand_scans_are_passed_over_and_a_few_named(tmp_path: Path) -> None:
    scans = {f"{number:04}.jpg": b"\xff\xd8\xff\xe0" + bytes(9) for number in range(1000)}
    source = read_source(packed(tmp_path / "legacy.zip", {"a.csv": FIRST, **scans}), LEGACY)
    assert source.rows == 2
    note = source.findings.notes[0]
    assert note.startswith("members that are no tables, not read: 0000.jpg (this is a JPEG picture")
    assert note.endswith("; and 990 more")


def test_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"first.csv": FIRST})
    for name in ("inner.zip", "inner.csv"):
        path = packed(tmp_path / "legacy.zip", {"a.csv": FIRST, name: inner.read_bytes()})
        with pytest.raises(InputError, match=f"{name}: this is an archive in an archive"):
            check_source(path, LEGACY)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "legacy.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("first.csv", FIRST)
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("first.csv", SECOND)
    with pytest.raises(InputError, match="two members of one name"):
        check_source(path, LEGACY)


def test_a_password_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST})
    content = bytearray(path.read_bytes())
    # general purpose bit 0, in the local header and in the directory
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="has a password"):
        check_source(path, LEGACY)


def test_a_link_is_unpacked_as_the_text_it_is(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("secret.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "legacy.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("first.csv", FIRST)
        file.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match=r"secret\.csv"):
        check_source(path, LEGACY)


def test_a_profile_names_a_member(tmp_path: Path) -> None:
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST, "second.csv": SECOND})
    profile = tmp_path / "profile.yaml"
    profile.write_text("sheet: second.csv\n", encoding="utf-8")
    source = read_source(path, LEGACY, profile=profile)
    assert source.table.column("raw_last_name").to_pylist() == ["احمدی"]


def test_a_profile_names_a_sheet_of_a_member(tmp_path: Path) -> None:
    ledger = (CORPUS / "ledger-xlsxwriter.xlsx").read_bytes()
    path = packed(tmp_path / "legacy.zip", {"a.xlsx": ledger, "b.xlsx": ledger, "c.csv": FIRST})
    profile = tmp_path / "profile.yaml"
    profile.write_text("sheet: ['b.xlsx, دفتر ۲', c.csv]\n", encoding="utf-8")
    source = read_source(path, LEGACY, profile=profile)
    assert source.findings.sheet == "b.xlsx, c.csv"
    assert source.table.num_rows == 4
    profile.write_text("sheet: دفتر ۲\n", encoding="utf-8")
    path = packed(tmp_path / "books.zip", {"a.xlsx": ledger, "b.xlsx": ledger})
    source = read_source(path, LEGACY, profile=profile)
    assert source.findings.sheet == "a.xlsx, b.xlsx"
    assert source.table.num_rows == 4


def test_what_was_unpacked_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))
    (tmp_path / "room").mkdir()
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST, "second.csv": SECOND})
    batches = open_source(path, LEGACY).batches(size=1)
    next(batches)
    assert list((tmp_path / "room").iterdir())
    batches.close()
    assert not list((tmp_path / "room").iterdir())


def test_no_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST})
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InputError, match="no room to unpack"):
        check_source(path, LEGACY)


def test_a_broken_member_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST * 40, "second.csv": SECOND})
    content = bytearray(path.read_bytes())
    content[60:80] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"first\.csv: this member of the archive cannot be"):
        check_source(path, LEGACY)


@pytest.mark.parametrize(("limit", "said"), [("LARGEST_UNPACKED", "larger unpacked")])
def test_a_limit_on_all_that_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, said: str
) -> None:
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST})
    monkeypatch.setattr(archive, limit, len(FIRST.encode()) - 1)
    with pytest.raises(InputError, match=said):
        check_source(path, LEGACY)
    monkeypatch.setattr(archive, limit, len(FIRST.encode()))
    check_source(path, LEGACY)


def test_a_limit_on_the_count_of_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 1)
    path = packed(tmp_path / "legacy.zip", {"first.csv": FIRST, "second.csv": SECOND})
    with pytest.raises(InputError, match="more than 1 members"):
        check_source(path, LEGACY)


@pytest.mark.parametrize(
    ("stored", "flags", "shown"),
    [
        ("دفتر.csv", 0x800, "دفتر.csv"),
        # the bytes are UTF-8, and the archive does not say so
        ("دفتر.csv".encode().decode("cp437"), 0, "دفتر.csv"),
        ("plain.csv", 0, "plain.csv"),
        ("caf\u00e9.csv", 0, "café.csv"),
    ],
)
def test_names_of_members(stored: str, flags: int, shown: str) -> None:
    member = zipfile.ZipInfo(stored)
    member.flag_bits = flags
    assert unpacking.name_of(member) == shown
