"""Compound files (OLE), the folder in a file that old Office programs write: what is in one."""

from __future__ import annotations

from pathlib import Path

MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = 128
# entries that are looked at, far more than a workbook has
_MOST = 4096


def names(path: Path) -> frozenset[str]:
    """The names of the streams and folders at any depth; none where the file is damaged.

    Source: [MS-CFB], 2.2 (header), 2.3 (FAT) and 2.6 (directory). The part of the FAT that the
    header itself points to is enough for the directory of any file below 7 MB, and of most above.
    """
    found = set()
    with path.open("rb") as stream:
        header = stream.read(512)
        if len(header) < 512 or not header.startswith(MARK):
            return frozenset()
        width = 1 << min(int.from_bytes(header[30:32], "little"), 12)
        if width < 512:
            # sectors have 512 or 4096 bytes
            return frozenset()
        fat = [_number(header, at) for at in range(76, 512, 4)]
        sector = _number(header, 48)
        for _ in range(_MOST * _ENTRY // width):
            stream.seek((sector + 1) * width)
            content = stream.read(width)
            for at in range(0, len(content) - _ENTRY + 1, _ENTRY):
                entry = content[at : at + _ENTRY]
                length = int.from_bytes(entry[64:66], "little")
                if entry[66] and 2 <= length <= 64:
                    found.add(entry[: length - 2].decode("utf-16-le", "replace"))
            row, column = divmod(sector, width // 4)
            if len(content) < width or row >= len(fat) or fat[row] >= 0xFFFFFFFA:
                break
            stream.seek((fat[row] + 1) * width + 4 * column)
            sector = _number(stream.read(4).ljust(4, b"\xff"), 0)
            if sector >= 0xFFFFFFFA:
                break
    return frozenset(found)


def _number(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "little")
