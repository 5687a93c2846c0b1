"""A small writer of XLSB: texts, numbers, dates and merged cells, for the corpus only.

No program that runs here writes XLSB. The records and their numbers are those of [MS-XLSB] 2.3;
LibreOffice opens what is written, and a test compares what it reads.
"""

from __future__ import annotations

import datetime
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

Cell = str | float | datetime.date | None
_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>
{overrides}</Types>"""
_OVERRIDE = '<Override PartName="/xl/{}" ContentType="application/vnd.ms-excel.{}"/>\n'
_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
{}</Relationships>"""
_RELATION = (
    '<Relationship Id="rId{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/{}" Target="{}"/>\n'
)
# the built-in format of a date: m/d/yyyy
_DATE = 14


class Sheet(NamedTuple):
    """A sheet: its name, its rows, its merged cells (row, column, row, column), whether it shows."""

    name: str
    rows: Sequence[Sequence[Cell]]
    merged: Sequence[tuple[int, int, int, int]] = ()
    hidden: bool = False


def write(path: Path, sheets: Sequence[Sheet], *, since_1904: bool = False) -> None:
    """Write a workbook; the same sheets give the same bytes."""
    members = [f"worksheets/sheet{n}.bin" for n in range(1, len(sheets) + 1)]
    overrides = "".join(_OVERRIDE.format(member, "worksheet") for member in members)
    relations = [("worksheet", member) for member in members] + [("styles", "styles.bin")]
    content = {
        "[Content_Types].xml": _TYPES.format(
            overrides=overrides + _OVERRIDE.format("styles.bin", "styles")
        ),
        "_rels/.rels": _RELATIONS.format(_RELATION.format(1, "officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": _workbook(sheets, since_1904),
        "xl/_rels/workbook.bin.rels": _RELATIONS.format(
            "".join(_RELATION.format(n, *relation) for n, relation in enumerate(relations, 1))
        ),
        "xl/styles.bin": _styles(),
    }
    epoch = datetime.date(1904, 1, 1) if since_1904 else datetime.date(1899, 12, 30)
    for member, sheet in zip(members, sheets, strict=True):
        content[f"xl/{member}"] = _sheet(sheet, epoch)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def _record(number: int, data: bytes = b"") -> bytes:
    head = bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80, number >> 7])
    size, length = b"", len(data)
    while True:
        low, length = length & 0x7F, length >> 7
        size += bytes([low | (0x80 if length else 0)])
        if not length:
            return head + size + data


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _workbook(sheets: Sequence[Sheet], since_1904: bool) -> bytes:
    bundles = b"".join(
        _record(156, struct.pack("<II", sheet.hidden, n) + _text(f"rId{n}") + _text(sheet.name))
        for n, sheet in enumerate(sheets, 1)
    )
    properties = _record(153, struct.pack("<II", since_1904, 0) + _text(""))
    return _record(131) + properties + _record(143) + bundles + _record(144) + _record(132)


def _styles() -> bytes:
    # a font, a fill and a border, which a style must have, and a style for plain cells and dates
    font = struct.pack("<HHHHBBBB", 220, 0, 400, 0, 0, 2, 0, 0) + bytes([1, 0, 0, 0, 0, 0, 0, 0xFF])
    fill = struct.pack("<I", 0) + bytes([3, 0, 0, 0, 0, 0, 0, 0xFF]) * 2 + bytes(48)
    border = bytes(1) + (bytes(2) + bytes(8)) * 5
    plain = struct.pack("<HHHHHBBHBB", 0xFFFF, 0, 0, 0, 0, 0, 0, 0x1010, 0, 0)
    styles = [struct.pack("<HHHHHBBHBB", 0, fmt, 0, 0, 0, 0, 0, 0x1010, 1, 0) for fmt in (0, _DATE)]
    return b"".join(
        [
            _record(278),
            _record(611, struct.pack("<I", 1)) + _record(43, font + _text("Arial")) + _record(612),
            _record(603, struct.pack("<I", 1)) + _record(45, fill) + _record(604),
            _record(613, struct.pack("<I", 1)) + _record(46, border) + _record(614),
            _record(626, struct.pack("<I", 1)) + _record(47, plain) + _record(627),
            _record(617, struct.pack("<I", 2)),
            *(_record(47, style) for style in styles),
            _record(618),
            _record(279),
        ]
    )


def _sheet(sheet: Sheet, epoch: datetime.date) -> bytes:
    width = max(map(len, sheet.rows), default=1)
    parts = [
        _record(129),
        _record(148, struct.pack("<IIII", 0, max(len(sheet.rows) - 1, 0), 0, width - 1)),
        _record(145),
    ]
    for number, row in enumerate(sheet.rows):
        span = struct.pack("<III", 1, 0, max(len(row) - 1, 0))
        parts.append(_record(0, struct.pack("<IIHBBB", number, 0, 300, 0, 0, 0) + span))
        parts += [_cell(place, cell, epoch) for place, cell in enumerate(row) if cell is not None]
    parts.append(_record(146))
    if sheet.merged:
        parts.append(_record(177, struct.pack("<I", len(sheet.merged))))
        parts += [
            _record(176, struct.pack("<IIII", top, bottom, left, right))
            for top, left, bottom, right in sheet.merged
        ]
        parts.append(_record(178))
    return b"".join([*parts, _record(130)])


def _cell(place: int, cell: Cell, epoch: datetime.date) -> bytes:
    if isinstance(cell, str):
        return _record(6, struct.pack("<II", place, 0) + _text(cell))
    if isinstance(cell, datetime.date):
        return _record(5, struct.pack("<IId", place, 1, (cell - epoch).days))
    assert cell is not None
    return _record(5, struct.pack("<IId", place, 0, cell))
