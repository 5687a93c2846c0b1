"""Text tables in any encoding, with any delimiter: each row is read or told, none is lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.headings import dictionary
from migrate.intake.profiles import Profile
from migrate.intake.readers import delimited
from migrate.intake.sources import Source, check_source, open_source, read_source

HEADING = ["شناسه", "نام", "نام خانوادگي", "دانشگاه", "تاريخ تولد"]
ROWS = [
    ["1", "علي", "حسين زاده", "صنعتي شريف", "1362/7/3"],
    ["2", "پروين", "چنگيزي", "دانشگاه تهران", "3/7/62"],
    ["3", "زهرا", "كريمي", "دانشگاه ملي", "1340"],
]


def table(rows: list[list[str]], delimiter: str = ",") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


def read(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> Source:
    path = tmp_path / "legacy.csv"
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    check_source(path, LEGACY)
    return read_source(path, LEGACY)


def cells(source: Source) -> list[list[str]]:
    fields = ("legacy_id", "first_name", "last_name", "university", "birth_date")
    columns = [source.table.column(f"raw_{field}").to_pylist() for field in fields]
    return [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "،", "؛", "^", "~"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_delimiter_in_unicode(tmp_path: Path, delimiter: str, encoding: str) -> None:
    source = read(tmp_path, table([HEADING, *ROWS], delimiter), encoding)
    assert cells(source) == ROWS
    assert source.findings.delimiter == delimiter
    assert source.rows == 3
    assert source.table.column("row").to_pylist() == [2, 3, 4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_windows_1256(tmp_path: Path, delimiter: str) -> None:
    source = read(tmp_path, table([HEADING, *ROWS], delimiter), "cp1256")
    assert cells(source) == ROWS
    assert source.findings.encoding == "Windows-1256"
    assert "Persian as Windows-1256" in source.findings.why


def test_iso_8859_6_with_the_headings_of_an_arabic_keyboard(tmp_path: Path) -> None:
    arabic = table([HEADING, *ROWS]).translate(str.maketrans("گپچ", "كبج"))
    source = read(tmp_path, arabic, "iso8859_6")
    assert source.findings.encoding == "ISO-8859-6"
    assert cells(source)[1][1] == "بروين"


def test_a_row_is_what_a_spreadsheet_shows_though_a_cell_holds_a_line_end(tmp_path: Path) -> None:
    rows = [[*ROWS[0][:2], "حسين\nزاده", *ROWS[0][3:]], ROWS[1]]
    source = read(tmp_path, table([HEADING, *rows]), "cp1256")
    assert cells(source) == rows
    assert source.table.column("row").to_pylist() == [2, 3]


def test_the_raw_cell_is_kept_as_it_is(tmp_path: Path) -> None:
    odd = [" 007 ", "علی\u200cرضا", '"ب"', "NULL", "1,234"]
    for more in ([], [["2", "a", "b\nc", "d", "e"]]):
        assert cells(read(tmp_path, table([HEADING, odd, *more])))[0] == odd


def test_titles_above_the_heading_and_excels_first_line(tmp_path: Path) -> None:
    source = read(tmp_path, "sep=;\r\n\r\nدفتر سال 1355;;;;\r\n" + table([HEADING, *ROWS], ";"))
    assert cells(source) == ROWS
    assert source.table.column("row").to_pylist() == [5, 6, 7]


def test_bad_rows_are_told_by_number_and_the_others_are_read(tmp_path: Path) -> None:
    good = table([HEADING, *ROWS]).encode()
    content = good + b"4,a\r\n" + b"5,a,b,c,d,e\r\n" + b"6,\xff,b,c,d\r\n" + b"7,a\x00,b,c,d\r\n"
    content += b'8,"a,b,c,d\r\n9,a,b,c,d\r\n'
    source = read(tmp_path, content)
    assert [row[0] for row in cells(source)] == ["1", "2", "3", "9"]
    assert source.table.column("row").to_pylist() == [2, 3, 4, 10]
    found = [(p.row, p.legacy_id, p.rule) for p in source.unreadable]
    assert found == [
        (5, "4", "row.cells"),
        (6, "5", "row.cells"),
        (7, "6", "row.encoding"),
        (8, "7", "row.nul"),
        (9, "8", "row.quote"),
    ]
    assert source.unreadable[2].found == "6,\\xff,b,c,d"
    assert "ff" in source.unreadable[2].reason
    assert source.unreadable[0].reason == "too few cells: 2, where the heading has 5"
    assert source.rows == 9


def test_half_a_letter_at_the_end_of_utf_16_costs_one_row(tmp_path: Path) -> None:
    source = read(tmp_path, table([HEADING, *ROWS]).encode("utf-16") + b"5")
    assert source.rows == 4
    assert [(p.row, p.rule) for p in source.unreadable] == [(5, "row.encoding")]


def test_bytes_that_iso_8859_6_has_not_cost_their_row(tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    arabic = table([HEADING, *ROWS * 30]).translate(str.maketrans("گپچ", "كبج"))
    path.write_bytes(arabic.encode("iso8859_6") + b"9,\xff,b,c,d\r\n")
    source = read_source(path, LEGACY)
    assert source.findings.encoding == "ISO-8859-6"
    assert [(p.row, p.rule) for p in source.unreadable] == [(92, "row.encoding")]


def test_blank_rows_are_passed_over_and_noted(tmp_path: Path) -> None:
    text = table([HEADING, ROWS[0]]) + "\r\n,,,,\r\n" + table(ROWS[1:]) + "\r\n\x1a"
    source = read(tmp_path, text)
    assert cells(source) == ROWS
    assert source.table.column("row").to_pylist() == [2, 5, 6]
    assert "4 row(s) without any value were passed over" in source.findings.notes


def test_a_row_of_delimiters_alone_is_blank_in_a_sound_file_too(tmp_path: Path) -> None:
    source = read(tmp_path, table([HEADING, *ROWS, [" ", "", "", "", ""]]))
    assert source.rows == 3


def test_a_column_without_a_heading_is_noted(tmp_path: Path) -> None:
    source = read(tmp_path, table([[*HEADING, ""], [*ROWS[0], "x"], ROWS[1]]))
    assert source.rows == 2
    assert source.unreadable == ()
    assert "column(s) without a heading, not read: 6" in source.findings.notes


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n \n", b",,,,\n"])
def test_an_empty_file_is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"empty|no heading and no rows"):
        read(tmp_path, content)


@pytest.mark.parametrize("end", ["", "\r\n", "\r\n\r\n,,,,\r\n", "\x1a"])
def test_only_a_heading_is_told(tmp_path: Path, end: str) -> None:
    with pytest.raises(InputError, match="only a heading and no rows"):
        read(tmp_path, ",".join(HEADING) + end)


def test_a_profile_overrides_what_the_content_shows(tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    path.write_bytes(table([HEADING, *ROWS], "^").encode("cp1256"))
    profile = Profile(encoding="windows-1256", delimiter="^")
    shape = delimited.look(path, profile, dictionary(LEGACY))
    assert shape.headings == tuple(HEADING)
    assert shape.why == "the source profile says so; the source profile says so"


def test_a_heading_of_sixty_thousand_columns_is_a_heading(tmp_path: Path) -> None:
    wide = [*HEADING, *(f"x{n}" for n in range(60_000))]
    source = read(tmp_path, table([wide, [*ROWS[0], *["y"] * 60_000]]))
    assert cells(source) == [ROWS[0]]


text = st.text(
    st.sampled_from('ابپيك ۱1,;"\n\r\t\u200c') | st.characters(codec="utf-8", categories=["L"]),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(text, min_size=4, max_size=4), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    encoding: str,
) -> None:
    numbered = [[str(n), *row] for n, row in enumerate(rows)]
    source = read(tmp_path_factory.mktemp("csv"), table([HEADING, *numbered], delimiter), encoding)
    assert cells(source) == numbered
    assert source.rows == len(rows)


SOUND = table([HEADING, *ROWS, ["4", 'a "b"', "c\nd", "e,f", "g"]] * 2)


@settings(max_examples=200, deadline=None)
@given(
    encoding=st.sampled_from(["utf-8", "cp1256", "utf-16"]),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), max_size=6),
    kept=st.integers(0, 2_000),
)
def test_a_broken_file_is_refused_or_each_row_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory,
    encoding: str,
    changes: list[tuple[int, bytes]],
    kept: int,
) -> None:
    content = bytearray(SOUND.encode(encoding))
    for place, change in changes:
        at = place % len(content)
        content[at : at + len(change)] = change
    try:
        source = read(tmp_path_factory.mktemp("csv"), bytes(content[:kept] or content))
    except InputError:
        return
    rows = source.table.column("row").to_pylist()
    told = {problem.row for problem in source.unreadable}
    assert len(set(rows)) == len(rows)
    assert told.isdisjoint(rows)
    assert source.rows == len(rows) + len(told)
    assert rows == sorted(rows)


def test_a_line_that_never_ends_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="first line is longer"):
        read(tmp_path, "نام " * 400_000 + "\n")


def test_progress_is_told_in_rows(tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    many = [[str(n), "a\nb", "c", "d", "e"] for n in range(25_000)]
    path.write_text(table([HEADING, *many]), encoding="utf-8", newline="")
    told: list[tuple[int, int, str]] = []
    opened = open_source(path, LEGACY)
    batches = list(opened.batches(size=10_000, progress=lambda *step: told.append(step)))
    assert opened.rows == sum(batch.table.num_rows for batch in batches) == 25_000
    assert max(batch.table.num_rows for batch in batches) <= 10_000
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert done[-1] == 25_001
    assert len(done) >= 3
    assert all(done <= total for done, total, _ in told)
