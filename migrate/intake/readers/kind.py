"""What kind of file this is, by its first bytes: never by its name."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Literal, NoReturn

from migrate.errors import InputError
from migrate.intake.readers import compound

FileKind = Literal["delimited", "xlsx", "xlsb", "xls", "ods", "zip", "parquet", "dbf", "access"]

_AS_TABLE = "Export the table as CSV, XLSX or Parquet"
# first bytes, what they are, what to do
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", _AS_TABLE),
    (b"\xff\xd8\xff", "a JPEG picture", _AS_TABLE),
    (b"\x89PNG", "a PNG picture", _AS_TABLE),
    (b"GIF8", "a GIF picture", _AS_TABLE),
    (b"II*\x00", "a TIFF picture", _AS_TABLE),
    (b"MM\x00*", "a TIFF picture", _AS_TABLE),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first"),
    (b"BZh", "a bzip2 archive", "Unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it first"),
    (b"Rar!", "a RAR archive", "Unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first"),
    (b"(\xb5/\xfd", "a Zstandard archive", "Unpack it first"),
    (b"SQLite format 3", "an SQLite database", "Name it as sqlite:///PATH#TABLE"),
    (b"{\\rtf", "an RTF document", _AS_TABLE),
    (b"ORC", "an ORC file", "Convert it to Parquet"),
    (b"ARROW1", "an Arrow file", "Convert it to Parquet"),
)
# a member that a workbook has, and its kind
_WORKBOOKS: tuple[tuple[str, FileKind], ...] = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
)
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
# a member of a zip archive, what the archive then is, what to do
_ZIPPED = (
    ("word/document.xml", "a Word document", _AS_TABLE),
    ("ppt/presentation.xml", "a presentation", _AS_TABLE),
    ("content.xml", "an OpenDocument file, but no spreadsheet", _AS_TABLE),
    ("Index/Document.iwa", "a Numbers, Pages or Keynote document", _AS_TABLE),
)
# a stream of a compound file, what the file then is, what to do
_COMPOUND = (
    (
        "EncryptedPackage",
        "a workbook with a password",
        "Open it in a spreadsheet and save it without a password",
    ),
    ("WordDocument", "a Word document", _AS_TABLE),
    ("__substg1.0_001A001E", "an e-mail of Outlook", "Save what is attached to it"),
)
# what is read of a small member, whatever the archive says of its size
_MEMBER = 1 << 20
_DBF = {0x02, 0x03, 0x04, 0x8C, 0x30, 0x31, 0x32, 0x43, 0x83, 0x8B, 0x8E, 0xCB, 0xF5, 0xFB}
_DBF_FIELDS = frozenset("CNFDLMGPBITYVQWO@+0")


def kind_of(path: Path) -> FileKind:
    """The kind of a file that can be read here: text with delimiters, a workbook, a zip archive of
    such files, Parquet, DBF or Access.

    Raises InputError, with one clear line, when there is no such file, it is a folder, it may not
    be read, it is empty, or it is of another kind.
    """
    head = _head(path)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x00\x01\x00\x00Standard"):
        return "access"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(compound.MARK):
        return _kind_of_compound(path)
    refuse_other(path, head)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head")):
        _refuse(path, "a web page", "Open it in a spreadsheet and save it as XLSX or CSV")
    if start.startswith(b"<?xml"):
        _refuse(path, "an XML document", _AS_TABLE)
    if start.startswith((b"{", b"[{", b"[\n", b"[\r\n")):
        _refuse(path, "a JSON document", _AS_TABLE)
    if _is_dbf(head):
        return "dbf"
    return "delimited"


def refuse_other(path: Path, head: bytes) -> None:
    """Raise InputError where the first bytes of a file are those of a picture, a document and so on."""
    for mark, name, fix in _OTHERS:
        if head.startswith(mark):
            _refuse(path, name, fix)


def _head(path: Path) -> bytes:
    if not path.exists():
        raise InputError("there is no such file", file=path, fix="Check the path")
    if not path.is_file():
        raise InputError("this is not a file", file=path, fix="Name one file")
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise InputError(f"this file cannot be read: {error.strerror}", file=path) from error
    if not head:
        raise InputError("this file is empty (0 bytes)", file=path, fix="Export it again")
    return head


def _kind_of_zip(path: Path) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            is_ods = "mimetype" in names and _text(archive, "mimetype").startswith(_ODS)
            locked = is_ods and "encryption-data" in _text(archive, "META-INF/manifest.xml")
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, zlib.error):
        _refuse(path, "a zip archive or workbook that is damaged", "Export or copy it again")
    for member, kind in _WORKBOOKS:
        if member in names:
            return kind
    if locked:
        _refuse(path, "a workbook with a password", "Save it without a password")
    if is_ods:
        return "ods"
    for member, name, fix in _ZIPPED:
        if member in names:
            _refuse(path, name, fix)
    return "zip"


def _text(archive: zipfile.ZipFile, member: str) -> str:
    try:
        with archive.open(member) as stream:
            return stream.read(_MEMBER).decode("utf-8", "replace")
    except (KeyError, RuntimeError):
        return ""


def _kind_of_compound(path: Path) -> FileKind:
    names = compound.names(path)
    if names & {"Workbook", "Book"}:
        return "xls"
    for stream, name, fix in _COMPOUND:
        if stream in names:
            _refuse(path, name, fix)
    return _refuse(path, "a damaged workbook, or a file of another Office program", _AS_TABLE)


def _is_dbf(head: bytes) -> bool:
    # a header: version, the date of the last change or none, and its own length, of which each
    # field has 32 bytes; a Visual FoxPro one has the name of its database after them
    if len(head) < 48 or head[0] not in _DBF:
        return False
    if head[1:4] != bytes(3) and not (1 <= head[2] <= 12 and 1 <= head[3] <= 31):
        return False
    length = int.from_bytes(head[8:10], "little")
    return length >= 65 and length % 32 in (1, 2, 8) and chr(head[43]) in _DBF_FIELDS


def _refuse(path: Path, name: str, fix: str) -> NoReturn:
    raise InputError(f"this is {name}, not a table that can be read here", file=path, fix=fix)
