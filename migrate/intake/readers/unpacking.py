"""Zip archives, looked at before anything of them is unpacked, and unpacked to a bounded size."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from migrate.errors import InputError

# entries of an archive
MOST_MEMBERS = 10_000
# deflate reaches 1032 to 1; tables of text stay far below this
_RATIO = 200
# what is small is no bomb, however well it is packed
_SMALL = 100 << 20
_CHUNK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_OUT = re.compile(r"(^|[\\/])\.\.([\\/]|$)|^[\\/]|^[A-Za-z]:")
# general purpose bit 0: encrypted; bit 11: the name is UTF-8
_ENCRYPTED, _UTF_8 = 0x1, 0x800


def size_words(count: int) -> str:
    """A limit in bytes as people say it."""
    return f"{count >> 30} GiB" if count >= 1 << 30 else f"{count >> 20} MiB"


def members(path: Path, largest: int, what: str = "archive") -> list[zipfile.ZipInfo]:
    """The members of a zip archive, when all of it may be unpacked.

    Only the directory of the archive is read. What it says of sizes is held to: ``unpack`` takes
    no more of a member than the directory says.

    :param largest: bytes that all members may have together.
    :param what: what the archive is called in an error.
    :raises InputError: it is damaged, a member has a password or a path that leads out, it has too
        many members, or it would be larger than is read here.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise InputError(
            f"this {what} is damaged: {error}", file=path, fix="Export or copy it again"
        ) from error
    unpacked = sum(member.file_size for member in found)
    packed = path.stat().st_size
    if len(found) > MOST_MEMBERS:
        raise InputError(
            f"this {what} has more than {MOST_MEMBERS:,} members",
            file=path,
            found=f"{len(found):,}",
            fix="Put its tables into several archives",
        )
    if unpacked > largest or (unpacked > _SMALL and unpacked > _RATIO * packed):
        raise InputError(
            f"this {what} would be larger unpacked than is read here: {size_words(largest)}, or "
            f"{_RATIO} times its size",
            file=path,
            found=f"{packed:,} bytes, {unpacked:,} unpacked",
            fix="Unpack it, look at what it holds, and name one file or export it as CSV",
        )
    for member in found:
        _refuse_unsafe(path, member, what)
    return found


def name_of(member: zipfile.ZipInfo) -> str:
    """The name of a member, in UTF-8 where its bytes are, whatever the archive says of them."""
    if member.flag_bits & _UTF_8:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def first_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, count: int = 512) -> bytes:
    """The first bytes of a member; none where it is damaged."""
    try:
        with archive.open(member) as stream:
            return stream.read(count)
    except _DAMAGED:
        return b""


@contextmanager
def unpack(path: Path, chosen: Sequence[zipfile.ZipInfo]) -> Iterator[list[Path]]:
    """The chosen members as files of one temporary folder, which ends with the block.

    They keep the last part of their names, which must differ.

    :raises InputError: there is no room for them, or the archive is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="migrate-") as name:
        folder = Path(name)
        needed = sum(member.file_size for member in chosen)
        if needed > shutil.disk_usage(folder).free:
            raise InputError(
                "there is no room to unpack this archive",
                file=path,
                found=f"{needed:,} bytes are needed in {folder.parent}",
                fix="Free some, or set TMPDIR to a folder on a larger disk",
            )
        yield [_write(path, member, folder) for member in chosen]


def _write(path: Path, member: zipfile.ZipInfo, folder: Path) -> Path:
    target = folder / PurePosixPath(name_of(member)).name
    try:
        with (
            zipfile.ZipFile(path) as archive,
            archive.open(member) as packed,
            target.open("wb") as stream,
        ):
            shutil.copyfileobj(packed, stream, _CHUNK)
    except _DAMAGED as error:
        raise InputError(
            f"this member of the archive cannot be unpacked: {error}",
            file=f"{path}, {name_of(member)}",
            fix="Pack or copy it again",
        ) from error
    return target


def _refuse_unsafe(path: Path, member: zipfile.ZipInfo, what: str) -> None:
    if _OUT.search(member.filename) or _OUT.search(name_of(member)):
        raise InputError(
            f"this {what} holds a path that leads out of it, as an attack does",
            file=path,
            found=member.filename,
            fix="Pack its files again, without folders",
        )
    if member.flag_bits & _ENCRYPTED:
        raise InputError(
            f"this {what} has a password",
            file=path,
            found=name_of(member),
            fix="Unpack it, and pack it without a password",
        )
