"""Memo files of DBF tables (.dbt, .fpt): long texts that stand beside the table.

Of dbfread's readers one takes every dBase IV block for 512 bytes, and one searches a text without an
end again from its start with every block, in time that grows with the square of its length.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from migrate.errors import InputError

# a memo field holds the number of the block that its text begins in
_BLOCK = 512
_TEXT = 1
_END = b"\x1a"
_DBASE_IV = b"\xff\xff\x08\x00"


class MemoFile:
    """A memo file that stands open; ``text`` gives one memo's bytes."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self._foxpro = foxpro = path.suffix.lower() == ".fpt"
        self._path = path
        self._size = path.stat().st_size
        head = stream.read(_BLOCK)
        if len(head) < 24:
            raise InputError("this memo file is cut off", file=path, fix="Copy it again")
        if foxpro:
            # FoxPro's numbers have the big end first
            self._block = struct.unpack_from(">H", head, 6)[0] or 1
        else:
            self._block = struct.unpack_from("<H", head, 20)[0] or _BLOCK

    def text(self, block: int) -> bytes | None:
        """The bytes of the memo that begins in a block; None where a picture or object stands there.

        Raises ValueError, with words for a person, where the file holds no such memo.
        """
        at = block * (self._block if self._foxpro else self._block_of_dbase())
        if not 0 < at < self._size:
            raise ValueError(f"its memo begins at block {block}, which {self._path.name} has not")
        self._stream.seek(at)
        head = self._stream.read(8)
        if self._foxpro:
            kind, length = struct.unpack(">LL", head.ljust(8, b"\x00"))
            return self._sized(length) if kind == _TEXT else None
        if head[:4] == _DBASE_IV:
            # its length counts the eight bytes before it
            length = struct.unpack("<L", head[4:])[0]
            return self._sized(max(length - 8, 0)).split(b"\x1f", 1)[0]
        return self._up_to_end(at)

    def _block_of_dbase(self) -> int:
        # dBase III leaves the size out, or something else in its place
        return self._block if self._block % 64 == 0 else _BLOCK

    def _sized(self, length: int) -> bytes:
        if self._stream.tell() + length > self._size:
            raise ValueError(f"its memo goes on beyond the end of {self._path.name}")
        return self._stream.read(length)

    def _up_to_end(self, at: int) -> bytes:
        self._stream.seek(at)
        found = []
        while chunk := self._stream.read(_BLOCK):
            text, end, _ = chunk.partition(_END)
            found.append(text)
            if end:
                return b"".join(found)
        raise ValueError(f"its memo has no end in {self._path.name}")


def find(path: Path) -> Path | None:
    """The memo file of a table: the same name with .fpt or .dbt, in either case of letters."""
    for other in sorted(path.parent.glob("*")):
        if other.stem.lower() == path.stem.lower() and other.suffix.lower() in (".fpt", ".dbt"):
            return other
    return None
