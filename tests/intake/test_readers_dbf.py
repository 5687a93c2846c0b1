"""DBF tables: each record once, in its code page, as it was typed; what is lost is told."""

from __future__ import annotations

import random
import shutil
import struct
import time
import zipfile
from pathlib import Path

import pytest

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake import profiles
from migrate.intake.profiles import Profile
from migrate.intake.readers import dbf
from migrate.intake.readers.kind import kind_of
from migrate.intake.readers.rows import Rows, Shape
from migrate.intake.sources import check_source, open_source, read_source

CORPUS = Path(__file__).parent.parent / "corpus" / "databases"
NAMES = ["ID", "NAME", "FAMIL", "PEDAR", "SHSH", "TVLD", "DANESH", "RESHTE", "MAGH", "TFAR", "DNO"]
# as they were typed into the program that wrote the files
TYPED = [
    ["1", "علی", "حسین‌زاده", "محمد", "4521", "1340/02/11"],
    ["2", "محمد رضا", "کریمی نژاد", "غلامحسین", "12", "35/9/30"],
    ["3", "زهرا سادات", "موسوی", "سید جلال", "903", "1338"],
    ["4", "ژاله", "لاهیجانی اصل", "پرویز", None, "1341/12/29"],
]
NOTE = "توضیح بلند: پرونده در قفسه ۱۲، ردیف 3.\r\nسطر دوم یادداشت."
ARABIC = str.maketrans("ی۲۵۳۶۴۱", "ي253641")
PROFILE = """\
headings:
  ID: legacy_id
  NAME: first_name
  FAMIL: last_name
  PEDAR: father_name
  SHSH: birth_cert_no
  TVLD: birth_date
  DANESH: university
  RESHTE: field_of_study
  MAGH: degree
  TFAR: graduation_date
  DNO: diploma_no
"""


def looked(path: Path, profile: Profile = profiles.NONE) -> Shape:
    return dbf.look(path, profile, {})


def read(path: Path, *names: str, size: int = 65_536) -> tuple[list[list[str | None]], list[Rows]]:
    shape = looked(path)
    places = [shape.headings.index(name) for name in names]
    batches = list(dbf.batches(path, shape, places, key=0, size=size))
    columns = [
        [value for rows in batches for value in rows.columns[n].to_pylist()]
        for n in range(len(places))
    ]
    return [list(row) for row in zip(*columns, strict=True)], batches


def notes(batches: list[Rows]) -> str:
    return "; ".join(note for rows in batches for note in rows.notes)


def table(
    path: Path,
    fields: list[tuple[str, str, int]],
    records: list[bytes],
    *,
    version: int = 0x03,
    counted: int | None = None,
    end: bytes = b"\x1a",
) -> Path:
    """A table written by hand: fields are (name, kind, length)."""
    count = len(records) if counted is None else counted
    length = 1 + sum(size for _, _, size in fields)
    head = struct.pack("<BBBBLHH20x", version, 99, 7, 3, count, 33 + 32 * len(fields), length)
    for name, kind, size in fields:
        head += struct.pack("<11sc4xBB14x", name.encode("cp1256"), kind.encode(), size, 0)
    path.write_bytes(head + b"\r" + b"".join(records) + end)
    return path


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("dbase3-iran-system", "Iran System"),
        ("dbase3-windows-1256", "Windows-1256"),
        ("dbase3-utf-8", "UTF-8"),
        ("dbase3-memo", "Iran System"),
        ("foxpro-memo", "Windows-1256"),
        ("visual-foxpro", "Windows-1256"),
    ],
)
def test_each_program_s_table_is_read_as_it_was_typed(name: str, encoding: str) -> None:
    path = CORPUS / f"{name}.dbf"
    assert kind_of(path) == "dbf"
    shape = looked(path)
    assert shape.encoding == encoding
    assert list(shape.headings[:11]) == NAMES
    found, batches = read(path, *NAMES[:6])
    expected = TYPED
    if encoding == "Windows-1256":
        expected = [[cell and cell.translate(ARABIC) for cell in row] for row in TYPED]
    assert found == expected
    assert "1 record(s) are marked as deleted and were passed over: 5" in notes(batches)


def test_the_reason_of_the_code_page_is_said_with_what_the_header_says() -> None:
    assert "100% of the bytes beyond ASCII are Persian as Iran System" in (
        looked(CORPUS / "dbase3-iran-system.dbf").why
    )
    assert "its header's code page byte is 0x01 (cp437)" in (
        looked(CORPUS / "dbase3-iran-system.dbf").why
    )


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("dbase3-memo", NOTE),
        ("foxpro-memo", NOTE.translate(ARABIC)),
        ("visual-foxpro", NOTE.translate(ARABIC)),
    ],
)
def test_memos_are_read_whole(name: str, typed: str) -> None:
    found, _ = read(CORPUS / f"{name}.dbf", "SHARH")
    assert found == [[typed], [typed * 60], [typed], [""]]


def test_typed_fields_become_the_text_that_a_person_would_write() -> None:
    names = ["SABT", "RUZ", "MOADEL", "SHAHR", "SHOMAR", "TAID"]
    found, _ = read(CORPUS / "visual-foxpro.dbf", *names)
    assert found[0] == ["2004-03-05 14:30:01", "1362-07-01", "18.25", "1250.5", "-1", "TRUE"]
    assert found[3] == ["2004-03-05 14:30:04", None, "21.25", "5002", "-4", "FALSE"]


def test_a_source_of_dbf_counts_its_records_as_dbase_does(tmp_path: Path) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    source = read_source(CORPUS / "dbase3-iran-system.dbf", LEGACY, profile=profile)
    assert source.rows == 4
    assert source.table.column("row").to_pylist() == [1, 2, 3, 4]
    assert source.table.column("raw_graduation_date").to_pylist()[0] == "1362/06/31"
    assert source.table.column("raw_university").to_pylist()[2] == "دانشگاه پهلوی"
    assert source.findings.kind.startswith("DBF table")


def test_without_a_profile_the_missing_columns_are_named_and_no_row_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no column for") as caught:
        check_source(CORPUS / "dbase3-iran-system.dbf", LEGACY)
    assert ", row" not in str(caught.value)


def test_a_date_field_keeps_a_solar_day_that_no_gregorian_calendar_has(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.dbf",
        [("ID", "C", 1), ("D", "D", 8)],
        [b" 113620631", b" 200000000", b" 3        ", b" 4136207  "],
    )
    found, _ = read(path, "D")
    assert found == [["1362-06-31"], [None], [None], ["136207"]]


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.dbf",
        [("ID", "C", 1), ("N", "N", 20)],
        [
            b" 1" + b"12345678901234567890",
            b" 2" + b"0012".rjust(20),
            b" 3" + b"17.00".rjust(20),
            b" 4" + b"17.50".rjust(20),
            b" 5" + b" " * 20,
        ],
    )
    found, _ = read(path, "N")
    assert found == [["12345678901234567890"], ["0012"], ["17"], ["17.50"], [None]]


def test_a_number_too_wide_for_its_field_is_a_problem_of_its_row(tmp_path: Path) -> None:
    path = table(tmp_path / "a.dbf", [("ID", "C", 1), ("N", "N", 4)], [b" 1****", b" 2   7"])
    found, batches = read(path, "ID", "N")
    assert found == [["2", "7"]]
    (problem,) = batches[0].unreadable
    assert (problem.row, problem.legacy_id, problem.rule) == (1, "1", "row.value")
    assert "asterisks" in problem.reason


def test_batches_hold_at_most_what_was_asked_and_all_together_every_row(tmp_path: Path) -> None:
    path = table(tmp_path / "a.dbf", [("ID", "C", 3)], [f" {n:03}".encode() for n in range(10)])
    found, batches = read(path, "ID", size=3)
    assert [len(rows.row) for rows in batches] == [3, 3, 3, 1, 0]
    assert [row[0] for row in found] == [f"{n:03}" for n in range(10)]
    assert [n for rows in batches for n in rows.row.to_pylist()] == list(range(1, 11))


def test_a_table_that_is_cut_off_gives_its_rows_and_says_how_many_are_lost(tmp_path: Path) -> None:
    path = tmp_path / "cut.dbf"
    path.write_bytes((CORPUS / "dbase3-iran-system.dbf").read_bytes()[:900])
    found, batches = read(path, "ID")
    # 385 bytes of header and 184 a record: two whole ones
    assert found == [["1"], ["2"]]
    (problem,) = batches[-1].unreadable
    assert problem.row == 3
    assert problem.rule == "file.cut"
    assert "counts 5 records, and 3 of them are not in the file" in problem.reason


def test_records_that_a_crashed_program_did_not_count_are_read(tmp_path: Path) -> None:
    path = table(tmp_path / "a.dbf", [("ID", "C", 1)], [b" 1", b" 2", b" 3"], counted=1)
    found, batches = read(path, "ID")
    assert found == [["1"], ["2"], ["3"]]
    assert "2 record(s) stand after those that the header counts" in notes(batches)


def test_what_stands_after_the_end_of_the_table_is_no_record(tmp_path: Path) -> None:
    path = table(tmp_path / "a.dbf", [("ID", "C", 1)], [b" 1", b" 2"], end=b"\x1a\x00\x00\x00\x00")
    assert read(path, "ID")[0] == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("record", "rule"),
    [(b" a\x00b ", "row.value"), (b"?1   ", "row.value")],
    ids=["NUL bytes", "no mark of a record"],
)
def test_a_damaged_record_is_a_problem_and_the_others_are_read(
    tmp_path: Path, record: bytes, rule: str
) -> None:
    path = table(tmp_path / "a.dbf", [("ID", "C", 4)], [b" 1   ", record, b" 3   "])
    found, batches = read(path, "ID")
    assert found == [["1"], ["3"]]
    assert [(p.row, p.rule) for p in batches[0].unreadable] == [(2, rule)]


def test_half_a_letter_at_the_end_of_a_field_is_dropped_and_told(tmp_path: Path) -> None:
    # five letters of two bytes in nine: محمدی without its last half
    cut = "محمدی".encode()[:9]
    path = table(
        tmp_path / "a.dbf", [("N", "C", 9)], [b" " + cut] + [b" " + "علی".encode().ljust(9)] * 9
    )
    shape = looked(path)
    assert shape.encoding == "UTF-8"
    found, batches = read(path, "N")
    assert found[0] == ["محمد"]
    assert "1 value(s) fill their field" in notes(batches)


def test_names_of_fields_in_persian_are_in_the_table_s_own_code_page(tmp_path: Path) -> None:
    record = b" " + "علي".encode("cp1256").ljust(9)
    path = table(tmp_path / "a.dbf", [("نام", "C", 9)], [record])
    assert looked(path).headings == ("نام",)


def test_a_profile_s_encoding_is_believed(tmp_path: Path) -> None:
    path = CORPUS / "dbase3-iran-system.dbf"
    assert looked(path, Profile(encoding="Iran System")).encoding == "Iran System"
    forced = looked(path, Profile(encoding="windows-1256"))
    assert forced.why.startswith("the source profile says so")
    with pytest.raises(InputError, match="no such encoding"):
        looked(path, Profile(encoding="iran-sistem"))


def test_text_of_another_language_s_dos_is_refused(tmp_path: Path) -> None:
    greek = "ΠΑΝΕΠΙΣΤΗΜΙΟ ΑΘΗΝΩΝ".encode("cp737").ljust(30)
    path = table(tmp_path / "a.dbf", [("U", "C", 30)], [b" " + greek] * 3)
    with pytest.raises(InputError, match="its letters are not joined so"):
        looked(path)


def test_a_memo_file_that_is_not_there_is_told_only_where_it_matters(tmp_path: Path) -> None:
    path = tmp_path / "memo.dbf"
    shutil.copy(CORPUS / "dbase3-memo.dbf", path)
    assert "memo file" in looked(path).notes[0]
    with pytest.raises(InputError, match="memo file") as caught:
        dbf.look(path, profiles.NONE, {"sharh": "page_ref"})
    assert "memo.dbt" in str(caught.value)


@pytest.mark.parametrize("name", ["dbase3-memo", "visual-foxpro"])
def test_a_memo_file_that_is_cut_off_spoils_its_own_rows_only(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.dbf"
    shutil.copy(CORPUS / f"{name}.dbf", path)
    memo = next(CORPUS.glob(f"{name}.?[bp]t"))
    # within the long memo of record 2, which that of record 1 stands before
    (tmp_path / f"a{memo.suffix}").write_bytes(memo.read_bytes()[:2000])
    found, batches = read(path, "ID", "SHARH")
    assert [row[0] for row in found] == ["1"]
    assert [(p.row, p.rule) for rows in batches for p in rows.unreadable] == [
        (2, "row.value"),
        (3, "row.value"),
        (4, "row.value"),
    ]


def test_memo_blocks_of_dbase_iv_have_the_size_that_their_file_says(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.dbf",
        [("ID", "C", 1), ("M", "M", 10)],
        [b" 1         1", b" 2         2"],
        version=0x8B,
    )
    memo = bytearray(1024 * 3)
    memo[20:22] = struct.pack("<H", 1024)
    for block, text in ((1, b"first"), (2, b"second\x1f")):
        memo[1024 * block :][:0] = b""
        piece = b"\xff\xff\x08\x00" + struct.pack("<L", 8 + len(text)) + text
        memo[1024 * block : 1024 * block + len(piece)] = piece
    (tmp_path / "a.dbt").write_bytes(memo)
    assert read(path, "M")[0] == [["first"], ["second"]]


def test_a_memo_of_ten_megabytes_without_an_end_is_read_in_no_time(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.dbf", [("ID", "C", 1), ("M", "M", 10)], [b" 1         1"], version=0x83
    )
    (tmp_path / "a.dbt").write_bytes(bytes(512) + b"x" * 10_000_000 + b"\x1a")
    ((found,),) = read(path, "M")[0]
    assert found == "x" * 10_000_000
    (tmp_path / "a.dbt").write_bytes(bytes(512) + b"x" * 10_000_000)
    _, batches = read(path, "M")
    assert "its memo has no end" in batches[0].unreadable[0].reason


def test_nullable_and_varying_fields_of_visual_foxpro(tmp_path: Path) -> None:
    # bit 0: V is shorter than its field; bit 1: V is null; bit 2: N is null
    path = tmp_path / "a.dbf"
    fields = [("V", "V", 6, 0x02), ("N", "C", 3, 0x02), ("_NullFlags", "0", 1, 0x05)]
    head = struct.pack("<BBBBLHH20x", 0x32, 99, 7, 3, 3, 296 + 96, 11)
    for name, kind, size, flags in fields:
        head += struct.pack("<11sc4xBBB13x", name.encode(), kind.encode(), size, 0, flags)
    records = [b" ab\x00\x00\x00\x02xyz\x01", b" abcdefxyz\x04", b"      \x00xyz\x02"]
    path.write_bytes(head + b"\r" + bytes(263) + b"".join(records) + b"\x1a")
    assert looked(path).headings == ("V", "N")
    assert read(path, "V", "N")[0] == [["ab", "xyz"], ["abcdef", None], [None, "xyz"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((32 + 16, b"\xff"), "its fields have"),
        ((32 + 11, b"\x07"), "Unknown field type"),
        ((8, b"\x00\x30"), "its header should have"),
        ((15, b"\x01"), "encrypted"),
        ((0, b"\x04"), "dBase 7"),
    ],
)
def test_a_header_that_contradicts_itself_is_one_clear_line(
    tmp_path: Path, change: tuple[int, bytes], said: str
) -> None:
    content = bytearray((CORPUS / "dbase3-iran-system.dbf").read_bytes())
    place, new = change
    content[place : place + len(new)] = new
    path = tmp_path / "a.dbf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        looked(path)
    assert "\n" not in str(caught.value)


def test_fields_without_an_end_are_not_looked_for_through_the_file(tmp_path: Path) -> None:
    content = bytearray((CORPUS / "dbase3-iran-system.dbf").read_bytes())
    content[32 + 11 * 32] = 0x20
    path = tmp_path / "a.dbf"
    path.write_bytes(bytes(content[:385]) + b" " * 50_000_000)
    started = time.monotonic()
    with pytest.raises(InputError, match="its list of fields has no end"):
        looked(path)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", ["dbase3-memo", "visual-foxpro"])
def test_a_table_cut_off_anywhere_gives_rows_or_one_line(tmp_path: Path, name: str) -> None:
    whole = (CORPUS / f"{name}.dbf").read_bytes()
    path = tmp_path / "a.dbf"
    for length in range(1, len(whole), 37):
        path.write_bytes(whole[:length])
        try:
            found, _ = read(path, "ID")
        except InputError as error:
            said = str(error)
        else:
            said = ""
            assert found == [["1"], ["2"], ["3"], ["4"]][: len(found)]
        assert "\n" not in said


def test_bytes_changed_at_random_give_rows_or_one_line(tmp_path: Path) -> None:
    whole = (CORPUS / "visual-foxpro.dbf").read_bytes()
    shutil.copy(CORPUS / "visual-foxpro.fpt", tmp_path / "a.fpt")
    chance = random.Random(7)
    path = tmp_path / "a.dbf"
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        said = ""
        try:
            shape = looked(path)
            rows = list(dbf.batches(path, shape, range(len(shape.headings))))
            assert all(len(column) == len(batch.row) for batch in rows for column in batch.columns)
        except InputError as error:
            said = str(error)
        assert "\n" not in said


def test_a_table_in_an_archive_has_its_memos_from_there(tmp_path: Path) -> None:
    path = tmp_path / "old.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("dbase3-memo.dbf", "dbase3-memo.dbt"):
            archive.write(CORPUS / name, f"archive/{name.upper()}")
    profile = tmp_path / "profile.yaml"
    profile.write_text(PROFILE + "  SHARH: page_ref\n", encoding="utf-8")
    source = open_source(path, LEGACY, profile=profile)
    (batch,) = source.batches()
    assert batch.table.column("raw_page_ref").to_pylist() == [NOTE, NOTE * 60, NOTE, ""]
    assert source.memo is None
    for name in ("dbase3-memo.dbf", "dbase3-memo.dbt"):
        shutil.copy(CORPUS / name, tmp_path)
    beside = open_source(tmp_path / "dbase3-memo.dbf", LEGACY, profile=profile)
    assert beside.memo == tmp_path / "dbase3-memo.dbt"
