"""What is in a compound file is known without a parser, and a damaged one says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import InputError
from migrate.intake.readers.compound import MARK, names
from migrate.intake.readers.kind import kind_of

XLS = Path(__file__).parent.parent / "corpus" / "workbooks" / "ledger-libreoffice.xls"


def compound(path: Path, stream: str) -> Path:
    """A compound file of one sector of FAT and one of directory, with an empty stream."""
    header = bytearray(512)
    header[:8] = MARK
    header[24:34] = bytes([0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0])
    header[44:52] = (1).to_bytes(4, "little") + (1).to_bytes(4, "little")
    header[76:80] = bytes(4)
    header[80:512] = b"\xff" * 432
    fat = b"\xfd\xff\xff\xff" + b"\xfe\xff\xff\xff" + b"\xff" * 504
    directory = b""
    for name, kind in (("Root Entry", 5), (stream, 2)):
        text = name.encode("utf-16-le")
        entry = text.ljust(64, b"\0") + (len(text) + 2).to_bytes(2, "little") + bytes([kind])
        directory += entry.ljust(128, b"\0")
    path.write_bytes(bytes(header) + fat + directory.ljust(512, b"\0"))
    return path


def test_a_workbook_of_libreoffice_holds_one() -> None:
    assert "Workbook" in names(XLS)
    assert kind_of(XLS) == "xls"


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("EncryptedPackage", "a workbook with a password"),
        ("WordDocument", "a Word document"),
        ("Contents", "a damaged workbook, or a file of another Office program"),
    ],
)
def test_others_are_named(tmp_path: Path, stream: str, said: str) -> None:
    path = compound(tmp_path / "legacy.xls", stream)
    assert names(path) == {"Root Entry", stream}
    with pytest.raises(InputError, match=said):
        kind_of(path)


@pytest.mark.parametrize("stream", ["Workbook", "Book"])
def test_old_and_newer_workbooks_are_known(tmp_path: Path, stream: str) -> None:
    # Excel 5 and 95 call it Book
    assert kind_of(compound(tmp_path / "legacy.csv", stream)) == "xls"


@given(st.binary(max_size=40), st.integers(0, 1400))
def test_damage_never_raises_or_hangs(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    path = compound(tmp_path_factory.mktemp("c") / "x", "Workbook")
    content = bytearray(path.read_bytes())
    content[at : at + len(noise)] = noise
    path.write_bytes(content)
    assert all(isinstance(name, str) for name in names(path))
    path.write_bytes(content[:at])
    assert names(path) is not None


def test_a_directory_that_is_its_own_successor_ends(tmp_path: Path) -> None:
    path = compound(tmp_path / "x", "Workbook")
    content = bytearray(path.read_bytes())
    # sector 1, the directory, follows sector 1
    content[512 + 4 : 512 + 8] = (1).to_bytes(4, "little")
    path.write_bytes(content)
    assert "Workbook" in names(path)
