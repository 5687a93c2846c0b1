"""A quarantine file keeps every problem, opens in Excel, and runs nothing there."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import InputError
from migrate.intake.quarantine import COLUMNS, Problem, read_quarantine, write_quarantine

PROBLEM = Problem(7, "L-7", "birth_date", "۱۳۶۲/۱۳/۴۵", "date.impossible", "there is no month 13")
text = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@'\"\t\r\n,"), min_size=1
)
problems = st.builds(
    Problem,
    row=st.none() | st.integers(1, 10**7),
    legacy_id=st.none() | text,
    column=st.none() | text,
    found=st.none() | text,
    rule=text,
    reason=text,
    sheet=st.none() | text,
    sheet_row=st.none() | st.integers(1, 10**7),
)


@given(written=st.lists(problems, max_size=5))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[Problem]
) -> None:
    path = tmp_path_factory.mktemp("q") / "quarantine.csv"
    write_quarantine(path, written)
    assert read_quarantine(path) == written


def test_excel_is_told_that_it_is_utf_8(tmp_path: Path) -> None:
    write_quarantine(tmp_path / "q.csv", [PROBLEM])
    content = (tmp_path / "q.csv").read_bytes()
    assert content.startswith(
        b"\xef\xbb\xbfrow,legacy_id,column,found,rule,reason,sheet,sheet_row\r\n"
    )
    assert "۱۳۶۲/۱۳/۴۵".encode() in content


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "'"])
def test_no_cell_begins_as_a_formula(tmp_path: Path, first: str) -> None:
    problem = Problem(2, f"{first}1", f"{first}c", f'{first}HYPERLINK("http://x")', "r", "why")
    write_quarantine(tmp_path / "q.csv", [problem])
    with (tmp_path / "q.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = list(csv.reader(stream))[1]
    assert all(cell[:1] not in ("=", "+", "-", "@", "\t", "\r") for cell in cells)
    assert cells[1] == f"'{first}1"
    assert read_quarantine(tmp_path / "q.csv") == [problem]


def test_nothing_at_all_is_a_file_with_a_heading(tmp_path: Path) -> None:
    write_quarantine(tmp_path / "q.csv", [])
    assert read_quarantine(tmp_path / "q.csv") == []
    assert (tmp_path / "q.csv").read_text("utf-8-sig").strip() == ",".join(COLUMNS)


def test_the_whole_row_may_stand_beside_its_problem(tmp_path: Path) -> None:
    raw = pa.table(
        {"row": [2, 7], "raw_legacy_id": ["L-2", "L-7"], "raw_first_name": ["علی", "=cmd"]}
    )
    anonymous = Problem(7, None, None, None, "r", "why")
    write_quarantine(tmp_path / "q.csv", [anonymous, Problem(9, None, None, None, "r", "x")], raw)
    with (tmp_path / "q.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.reader(stream))
    assert lines[0][8:] == ["raw_legacy_id", "raw_first_name"]
    assert lines[1] == ["7", "L-7", "", "", "r", "why", "", "", "L-7", "'=cmd"]
    assert lines[2] == ["9", "", "", "", "r", "x", "", "", "", ""]
    assert read_quarantine(tmp_path / "q.csv")[0] == Problem(7, "L-7", None, None, "r", "why")


def test_a_file_to_correct_has_room_for_it_and_names_its_batch(tmp_path: Path) -> None:
    write_quarantine(tmp_path / "q.csv", [PROBLEM], batch="=b")
    with (tmp_path / "q.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.reader(stream))
    assert lines[0] == [*COLUMNS, "corrected", "corrected_by", "batch"]
    assert lines[1][len(COLUMNS) :] == ["", "", "'=b"]
    assert read_quarantine(tmp_path / "q.csv") == [PROBLEM]


def test_half_a_letter_does_not_stop_the_file(tmp_path: Path) -> None:
    write_quarantine(tmp_path / "q.csv", [Problem(2, None, None, "a\ud800", "r", "why")])
    assert read_quarantine(tmp_path / "q.csv")[0].found == "a\\ud800"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "not a quarantine file"),
        (b"\xff\xfe\x00", "cannot be read"),
        (",".join(COLUMNS).encode() + b"\nx,,,,,\n", "not a problem"),
        (",".join(COLUMNS).encode() + b"\n2,a\n", "not a problem"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "q.csv").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_quarantine(tmp_path / "q.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_quarantine(tmp_path / "none.csv")
