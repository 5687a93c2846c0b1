"""The header of a DBF table (dBase III to V, FoxPro, Visual FoxPro): checked before it is believed."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from dbfread import DBF
from dbfread.codepages import codepages
from dbfread.dbversions import get_dbversion_string

from migrate.errors import InputError

# fields that say where a memo begins
MEMO = "MGP"
# text that FoxPro writes as it is, with its length in its last byte where it is shorter
VARCHAR = "VQ"
_VISUAL_FOXPRO = (0x30, 0x31, 0x32)
_FIXED = {"L": (1,), "D": (8,), "I": (4,), "+": (4,), "T": (8,), "@": (8,), "Y": (8,), "O": (8,)}
_KNOWN = {*"CNF0", "B", *MEMO, *VARCHAR, *_FIXED}


@dataclass(frozen=True)
class Column:
    """A field of a table: where its bytes stand in a record, the deletion mark being byte 0.

    ``name`` are the bytes of its name. ``null`` and ``short`` are the places of its bits in
    Visual FoxPro's hidden field of flags, None where it has none.
    """

    name: bytes
    type: str
    start: int
    length: int
    null: int | None = None
    short: int | None = None


@dataclass(frozen=True)
class Header:
    """What a header says, and what the file holds.

    ``promised`` is the number of records by the header, ``whole`` of those that are there to their
    last byte, ``rest`` the bytes of one that is cut off. ``flags`` is the hidden field of flags.
    """

    version: str
    visual_foxpro: bool
    driver: str
    start: int
    length: int
    promised: int
    whole: int
    rest: int
    columns: tuple[Column, ...]
    flags: Column | None

    @property
    def has_memo(self) -> bool:
        """Whether a field of it stands in a memo file."""
        return any(column.type in MEMO for column in self.columns)


def read_header(path: Path) -> Header:
    """Read and check a header. Raises InputError, with one line, where it contradicts itself."""
    with path.open("rb") as stream:
        head = stream.read(32)
        if len(head) == 32 and head[0] & 7 == 4:
            raise InputError(
                "this is a table of dBase 7, which is not read here",
                file=path,
                fix="Save it as dBase IV or CSV",
            )
        if len(head) == 32 and head[15]:
            raise InputError(
                "this table is encrypted", file=path, fix="Save it again without a password"
            )
        # dbfread looks for the end of the fields to the end of the file
        fields = stream.read(int.from_bytes(head[8:10], "little"))
        if not any(fields[place] in b"\r\n" for place in range(0, len(fields), 32)):
            _refuse(path, "its list of fields has no end")
    try:
        # latin-1 keeps the bytes of names, whose code page is not known yet; MEMO is found by us
        found = DBF(
            str(path), encoding="latin-1", raw=True, ignorecase=False, ignore_missing_memofile=True
        )
    except (ValueError, struct.error, IndexError, TypeError) as error:
        _refuse(path, str(error) or "its fields cannot be read")
    said = found.header
    visual = said.dbversion in _VISUAL_FOXPRO
    columns = _columns(path, found.fields, visual)
    if not any(column.type != "0" for column in columns):
        _refuse(path, "it has no fields")
    if columns[-1].start + columns[-1].length != said.recordlen:
        length = columns[-1].start + columns[-1].length
        _refuse(path, f"its fields have {length} bytes, and a record {said.recordlen}")
    size = path.stat().st_size
    if said.headerlen < 33 or said.headerlen > size:
        _refuse(path, f"its header should have {said.headerlen:,} bytes, and the file has {size:,}")
    whole, rest = divmod(size - said.headerlen, said.recordlen)
    return Header(
        version=str(get_dbversion_string(said.dbversion)),
        visual_foxpro=visual,
        driver=_driver(said.language_driver),
        start=said.headerlen,
        length=said.recordlen,
        promised=said.numrecords,
        whole=whole,
        rest=rest,
        columns=tuple(column for column in columns if column.type != "0"),
        flags=next((column for column in columns if column.type == "0"), None),
    )


def _columns(path: Path, fields: Sequence[Any], visual: bool) -> list[Column]:
    columns = []
    start, bit = 1, 0
    for field in fields:
        name, kind, length = field.name, field.type, field.length
        # in Visual FoxPro bit 1 of a field's flags says that it may be null
        nullable = visual and bool(field.reserved1 & 0x02)
        if kind not in _KNOWN:
            _refuse(path, f"field {name} is of a kind that is not known: {kind!r}")
        if length not in _FIXED.get(kind, (length,)) or not length:
            _refuse(path, f"field {name} of kind {kind} has {length} bytes")
        short = null = None
        if visual and kind in VARCHAR:
            short, bit = bit, bit + 1
        if nullable:
            null, bit = bit, bit + 1
        columns.append(Column(name.encode("latin-1"), kind, start, length, null, short))
        start += length
    return columns


def _driver(byte: int) -> str:
    if not byte:
        return "its header names no code page"
    name = codepages.get(byte, ("unknown",))[0]
    return f"its header's code page byte is 0x{byte:02X} ({name})"


def _refuse(path: Path, why: str) -> NoReturn:
    raise InputError(
        f"the header of this DBF table is damaged: {why}", file=path, fix="Copy or export it again"
    )
