"""One pass over the bytes of a file: what its encoding is decided from."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

UNDECODABLE = "migrate.undecodable"
_CHUNK = 1 << 20
HEAD = _CHUNK
# bytes that are counted one by one, enough to tell code pages apart
_COUNTED = 16 * _CHUNK


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    # like surrogateescape, but for UTF-16 too, whose stray bytes may be below 0x80
    if not isinstance(error, UnicodeDecodeError):
        raise error
    kept = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in kept), error.end


codecs.register_error(UNDECODABLE, _keep_bytes)


@dataclass(frozen=True)
class Survey:
    """What the bytes of a file are.

    ``head`` holds the first of them, ``HEAD`` at most.
    ``lines`` counts line ends in an ASCII-compatible encoding, and a last line without one.
    ``utf8`` is whether all of the file is valid UTF-8; ``utf8_good`` and ``utf8_bad`` count its
    characters beyond ASCII and its broken bytes, up to and including the first chunk with any.
    ``counts`` holds how often each byte stands in up to 16 MiB from that chunk on.
    """

    size: int
    head: bytes
    nuls: int
    lines: int
    utf8: bool
    utf8_good: int
    utf8_bad: int
    counts: Mapping[int, int]


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a mebibyte at a time."""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def count_ends(text: bytes) -> int:
    """Line ends in ASCII-compatible bytes: LF, CR LF or CR."""
    ends = text.count(b"\n")
    return ends + text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else ends


def is_utf_8(text: bytes) -> bool:
    """Whether all of it can be decoded. Arrow is four times as fast as decoding it."""
    ends = pa.py_buffer(np.array([0, len(text)], np.int64).tobytes())
    buffers = [None, ends, pa.py_buffer(text)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


class LineCount:
    """Counts line ends (LF, CR LF or CR) over chunks of ASCII-compatible bytes."""

    def __init__(self) -> None:
        self._ends = 0
        self._last = b""

    def add(self, chunk: bytes) -> None:
        """Count the chunk that follows those before."""
        self._ends += count_ends(chunk)
        if self._last == b"\r" and chunk.startswith(b"\n"):
            self._ends -= 1
        self._last = chunk[-1:] or self._last

    @property
    def lines(self) -> int:
        """Lines so far, a last one without an end included."""
        return self._ends + (self._last not in (b"", b"\n", b"\r"))


def survey(path: Path) -> Survey:
    """Read a file once and count what its encoding shows by."""
    size = nuls = good = bad = counted = 0
    head = b""
    utf8 = True
    counts = np.zeros(256, dtype=np.int64)
    lines = LineCount()
    cut = b""
    for chunk in chunks(path):
        head = head or chunk
        size += len(chunk)
        nuls += chunk.count(0) if 0 in chunk else 0
        lines.add(chunk)
        if utf8:
            text = cut + chunk
            cut = _cut_letter(text)
            utf8 = is_utf_8(text[: len(text) - len(cut)])
            if utf8:
                good += _beyond_ascii(text) - bool(cut)
            else:
                decoded = text.decode("utf-8", UNDECODABLE)
                bad = sum("\udc00" <= character <= "\udcff" for character in decoded)
                good += sum(character > "\x7f" for character in decoded) - bad
        if not utf8 and counted < _COUNTED:
            counts += np.bincount(np.frombuffer(chunk, np.uint8), minlength=256)
            counted += len(chunk)
    if utf8 and cut:
        # the last letter is cut off
        utf8, bad = False, 1
    return Survey(size, head, nuls, lines.lines, utf8, good, bad, dict(enumerate(counts.tolist())))


def _cut_letter(text: bytes) -> bytes:
    """What stands at the end of a letter whose last bytes are still to come."""
    for length in range(1, min(4, len(text) + 1)):
        byte = text[-length]
        if byte >= 0xC0:
            whole = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return text[-length:] if length < whole else b""
        if byte < 0x80:
            break
    return b""


def _beyond_ascii(text: bytes) -> int:
    """The letters beyond ASCII in UTF-8, one cut off at the end included."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) >= 0xC0))
