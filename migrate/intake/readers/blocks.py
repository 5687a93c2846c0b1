"""The bytes of a text table in blocks of whole lines, as UTF-8, whatever its encoding."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path

from migrate.errors import InputError
from migrate.intake.readers.survey import UNDECODABLE, count_ends

# a longer line is no row of a table
LONGEST_LINE = 32 << 20
_END = re.compile(rb"\r\n|\n|\r")
_UTF_8 = ("utf-8", "utf-8-sig")


class Blocks(Iterator[bytes]):
    """Blocks of whole lines, the next one last put back first.

    A block is UTF-8 where the bytes of the file can be decoded; ``text`` gives it with what cannot
    as ``survey.UNDECODABLE`` leaves it.

    :param codec: Python's name of the file's encoding.
    :param skipped: lines at the beginning that are passed over.
    :param size: bytes of the file that a block is about, more where a line is longer.
    """

    def __init__(self, path: Path, codec: str, skipped: int, size: int) -> None:
        self._codec = codec
        self._errors = UNDECODABLE if codec in _UTF_8 else "surrogatepass"
        self._blocks = _after(_cut(path, _utf_8(path, codec, size)), skipped)
        self._waiting: list[bytes] = []

    def __next__(self) -> bytes:
        return self._waiting.pop() if self._waiting else next(self._blocks)

    def put_back(self, *blocks: bytes) -> None:
        """Give these blocks again, before all others, in this order."""
        self._waiting.extend(reversed(blocks))

    @property
    def halved(self) -> bool:
        """Whether the next block is part of one that was put back."""
        return bool(self._waiting)

    def text(self, block: bytes) -> str:
        """A block as text."""
        return block.decode("utf-8", self._errors)


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text with their ends: LF, CR LF or CR."""
    return io.StringIO(text, newline="")


def count_lines(block: bytes) -> int:
    """The lines of a block, a last one without an end included."""
    return count_ends(block) + (bool(block) and not block.endswith((b"\n", b"\r")))


def halves(block: bytes) -> tuple[bytes, bytes] | None:
    """A block cut at the end of a line about its middle, None where that is its last line."""
    end = _END.search(block, len(block) // 2)
    if end is None or end.end() == len(block):
        return None
    return block[: end.end()], block[end.end() :]


def _utf_8(path: Path, codec: str, size: int) -> Iterator[bytes]:
    """The bytes as UTF-8, however they are cut."""
    decoder = None if codec in _UTF_8 else codecs.getincrementaldecoder(codec)(UNDECODABLE)
    mark = codecs.BOM_UTF8 if codec == "utf-8-sig" else b""
    with path.open("rb") as stream:
        start = stream.read(len(mark))
        if start != mark:
            stream.seek(0)
        while chunk := stream.read(size):
            yield (
                chunk if decoder is None else decoder.decode(chunk).encode("utf-8", "surrogatepass")
            )
    if decoder is not None:
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def _cut(path: Path, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at ends of lines."""
    rest: list[bytes] = []
    length = 0
    for chunk in chunks:
        if not chunk:
            continue
        # of CR LF both may be in different chunks
        if rest and rest[-1].endswith(b"\r"):
            chunk = rest.pop() + chunk
        place = max(chunk.rfind(b"\n"), chunk.rfind(b"\r", 0, -1)) + 1
        if not place:
            rest.append(chunk)
            length = sum(map(len, rest))
            if length > LONGEST_LINE:
                raise InputError(
                    f"a line is longer than {LONGEST_LINE >> 20} MiB, which no row of a table is",
                    file=path,
                    fix="Export the table again, as CSV, XLSX or Parquet",
                )
            continue
        yield b"".join([*rest, chunk[:place]])
        rest = [chunk[place:]]
    if last := b"".join(rest):
        yield last


def _after(blocks: Iterator[bytes], skipped: int) -> Iterator[bytes]:
    """The blocks after so many lines."""
    for block in blocks:
        start = 0
        while skipped and (end := _END.search(block, start)):
            start = end.end()
            skipped -= 1
        if skipped:
            # the whole block, of which the last line may have no end
            skipped -= start < len(block)
            continue
        if start < len(block):
            yield block[start:]
            yield from blocks
