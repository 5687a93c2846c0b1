"""A file is known by its first bytes, and one that is no table is refused in one line."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.readers.kind import kind_of
from migrate.intake.sources import check_source, read_source


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "a damaged workbook"),
        (b"SQLite format 3\x00" + bytes(80), "an SQLite database"),
        (b"\n <!DOCTYPE html><html><table>", "a web page"),
        (b'{"name": "x"}', "a JSON document"),
        (b"PK\x03\x04 and then nothing of a zip", "damaged"),
    ],
)
def test_another_kind_is_named(tmp_path: Path, content: bytes, named: str) -> None:
    path = tmp_path / "legacy.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=named) as caught:
        check_source(path, LEGACY)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.fix


def test_an_archive_of_sources_is_not_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "legacy.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("legacy.csv", "نام,نام خانوادگی\n")
    assert kind_of(path) == "zip"


@pytest.mark.parametrize("size", [64, 5_000, 300_000])
def test_random_bytes_are_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "legacy.csv"
    path.write_bytes(random.Random(7).randbytes(size))
    for function in (check_source, read_source):
        with pytest.raises(InputError):
            function(path, LEGACY)


def test_no_file_a_folder_and_no_bytes_are_each_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        check_source(tmp_path / "none.csv", LEGACY)
    with pytest.raises(InputError, match="not a file"):
        check_source(tmp_path, LEGACY)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match="empty"):
        check_source(tmp_path / "empty.csv", LEGACY)


def test_the_name_of_a_file_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "legacy.pdf"
    path.write_text("شناسه,نام,نام خانوادگی,دانشگاه\n1,علی,رضایی,تهران\n", encoding="utf-8")
    assert kind_of(path) == "delimited"
    assert read_source(path, LEGACY).rows == 1
