"""One pass over a file counts what its encoding shows by."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.intake.readers.survey import UNDECODABLE, LineCount, survey


@pytest.mark.parametrize(
    ("content", "lines"),
    [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\r\nb\r\n", 2), (b"a\rb\r\r", 3), (b"\n\r", 2)],
)
def test_lines_are_counted_as_a_person_counts_them(
    tmp_path: Path, content: bytes, lines: int
) -> None:
    (tmp_path / "x").write_bytes(content)
    assert survey(tmp_path / "x").lines == lines


def test_a_line_end_on_the_border_of_two_chunks_is_one() -> None:
    count = LineCount()
    for chunk in (b"a\r", b"\nb\r", b"c"):
        count.add(chunk)
    assert count.lines == 3


def test_letters_broken_bytes_and_nul_are_counted(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes("علی".encode() + b"\xff\xfe\x00a")
    seen = survey(tmp_path / "x")
    assert (seen.size, seen.nuls, seen.utf8) == (10, 1, False)
    assert (seen.utf8_good, seen.utf8_bad) == (3, 2)
    assert seen.counts[0xFF] == 1


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "iso8859_6"])
def test_a_byte_that_cannot_be_decoded_is_kept_as_itself(codec: str) -> None:
    content = {"utf-8": b"a\xffb", "utf-16-le": b"a\x00\x41", "iso8859_6": b"a\xffb"}[codec]
    kept = {"utf-8": "a\udcffb", "utf-16-le": "a\udc41", "iso8859_6": "a\udcffb"}[codec]
    assert content.decode(codec, UNDECODABLE) == kept
