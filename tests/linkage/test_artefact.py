"""A file is written whole or not at all, and a cell comes back as it was without ever being run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import InputError
from migrate.linkage.artefact import guarded, plain, read_table, write_whole


@given(st.text())
def test_a_guarded_cell_reads_back_and_begins_no_formula(text: str) -> None:
    cell = guarded(text)
    assert plain(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_failed_write_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"first")
    with pytest.raises(TypeError):
        write_whole(path, "text is no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_spreadsheets_save_as_csv_is_read(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    path = tmp_path / "t.csv"
    lines = [["a", "b"], [" علی ", "'=1"], ["", ""], ["x"]]
    path.write_text("\r\n".join(separator.join(cells) for cells in lines), encoding=encoding)
    assert read_table(path, ("a", "b")) == [(2, {"a": "علی", "b": "=1"}), (4, {"a": "x", "b": ""})]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"column is missing.*found: label"):
        read_table(path, ("a", "label"))


def test_another_encoding_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a,نام\n".encode("cp1256"))
    with pytest.raises(InputError, match=r"not UTF-8.*CSV UTF-8"):
        read_table(path, ("a",))
