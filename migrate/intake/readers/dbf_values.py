"""The bytes of a DBF field as text: nothing lost, nothing made up."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable
from decimal import Decimal

from migrate.intake.readers import cells, iran_system
from migrate.intake.readers.dbf_header import MEMO, VARCHAR, Column, Header
from migrate.intake.readers.dbf_memo import MemoFile

# the day before 0001-01-01 as a Julian day number
_BEFORE_ALL = 1_721_425
_PADDING = b" \x00"


class Texts:
    """Decodes text in one code page, and counts what is to be said of it.

    A letter of several bytes that its field's width has cut off is dropped, and counted.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._cut = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was met, in words."""
        if not self._cut:
            return ()
        return (f"{self._cut:,} value(s) fill their field, whose width cuts off half a letter",)

    def name(self, raw: bytes) -> str:
        """The name of a field, also where its bytes are not all of the code page."""
        try:
            return self.decode(raw).strip()
        except ValueError:
            return raw.decode("ascii", "backslashreplace").strip()

    def decode(self, raw: bytes) -> str:
        """Text without the padding after it. Raises ValueError; UnicodeDecodeError is one."""
        raw = raw.rstrip(_PADDING)
        if 0 in raw:
            raise ValueError("it holds NUL bytes, as a damaged disk or a broken export leaves them")
        if raw.isascii() and self._codec != iran_system.CODEC:
            return raw.decode("ascii")
        if self._codec == iran_system.CODEC:
            return iran_system.text(raw)
        try:
            return raw.decode(self._codec)
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                raise
            self._cut += 1
            return raw[: error.start].decode(self._codec)


def reader_of(
    header: Header, column: Column, texts: Texts, memo: MemoFile | None
) -> Callable[[bytes], str | None]:
    """The function that gives one field of a record as text, None where it is null.

    It raises ValueError, with words for a person, where the bytes are no such value.
    """
    start, end = column.start, column.start + column.length
    convert = _conversion(header, column, texts, memo)
    if header.flags is None or (column.null is None and column.short is None):
        return lambda record: convert(record[start:end])
    flags = slice(header.flags.start, header.flags.start + header.flags.length)

    def read(record: bytes) -> str | None:
        bits = int.from_bytes(record[flags], "little")
        if column.null is not None and bits >> column.null & 1:
            return None
        raw = record[start:end]
        if column.short is not None and bits >> column.short & 1:
            raw = raw[: raw[-1]]
        return convert(raw)

    return read


def _conversion(
    header: Header, column: Column, texts: Texts, memo: MemoFile | None
) -> Callable[[bytes], str | None]:
    kind = column.type
    if kind == "C" or kind in VARCHAR:
        return texts.decode
    if kind in MEMO or (kind == "B" and not header.visual_foxpro):
        return lambda raw: _memo(raw, texts, memo if kind == "M" else None)
    return {
        "N": _number,
        "F": _number,
        "D": _date,
        "L": _truth,
        "I": lambda raw: str(struct.unpack("<i", raw)[0]),
        "+": lambda raw: str(struct.unpack("<i", raw)[0]),
        "T": _moment,
        "@": _moment,
        "Y": lambda raw: cells.text(Decimal(struct.unpack("<q", raw)[0]) / 10_000),
        "B": lambda raw: cells.text(struct.unpack("<d", raw)[0]),
        "O": lambda raw: cells.text(struct.unpack("<d", raw)[0]),
    }[kind]


def _number(raw: bytes) -> str | None:
    """Digits as they stand; '17.00' is 17. A field full of '*' held a number too wide for it."""
    text = raw.strip(_PADDING).decode("ascii", "backslashreplace")
    if text and not text.strip("*"):
        raise ValueError("a number was too wide for its field, which holds asterisks in its place")
    whole, point, part = text.partition(".")
    return whole if point and whole and not part.strip("0") else text or None


def _date(raw: bytes) -> str | None:
    """Eight digits as YYYY-MM-DD in whatever calendar they are; anything else as it stands."""
    text = raw.strip(_PADDING).decode("ascii", "backslashreplace")
    if not text.strip("0"):
        return None
    if len(text) == 8 and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text


def _truth(raw: bytes) -> str | None:
    return {b"T": "TRUE", b"Y": "TRUE", b"F": "FALSE", b"N": "FALSE"}.get(raw.upper())


def _moment(raw: bytes) -> str | None:
    """A day and the milliseconds since its midnight, as ISO 8601."""
    day, milliseconds = struct.unpack("<LL", raw)
    if not day or raw.isspace():
        return None
    try:
        date = datetime.datetime.fromordinal(day - _BEFORE_ALL)
        return cells.text(date + datetime.timedelta(milliseconds=milliseconds))
    except (ValueError, OverflowError) as error:
        raise ValueError("a date and time that no calendar has") from error


def _memo(raw: bytes, texts: Texts, memo: MemoFile | None) -> str | None:
    if len(raw) == 4:
        block = struct.unpack("<I", raw)[0]
    else:
        digits = raw.strip(_PADDING)
        if not digits.isdigit():
            if digits:
                raise ValueError("the number of its memo is not a number")
            return None
        block = int(digits)
    if not block or memo is None:
        return None
    found = memo.text(block)
    return None if found is None else texts.decode(found.rstrip(b"\x1a"))
