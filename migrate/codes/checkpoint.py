"""Signed heads of the ledger, as notes that any tool for transparency logs can read.

The formats are C2SP's: tlog-checkpoint for the text, signed-note for the signatures, tlog-cosignature
for those of witnesses (https://c2sp.org). A note is four lines, an empty one, and the signatures::

    codes.example.ir/ledger
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
    time 2026-11-28T09:00:00Z

    — codes.example.ir/ledger Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurm…
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace

from migrate.codes.keys import COSIGNATURE, PublicKey, SigningKey

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
# 16 must be taken (signed-note); what is endless must not be
_MOST_SIGNATURES = 64
_TIME = "time "


@dataclass(frozen=True)
class Signature:
    """A line of signature: the key's name, its id of four bytes, and what it signed with."""

    name: str
    key_id: bytes
    value: bytes

    def text(self) -> str:
        """The line, without its end."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}"


@dataclass(frozen=True)
class Checkpoint:
    """A tree head as it is signed. ``root`` is 32 bytes; ``extensions`` are the lines after it."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()

    @property
    def at(self) -> str | None:
        """When the log signed, ISO 8601 in UTC, or None where the note does not tell."""
        return next(
            (line.removeprefix(_TIME) for line in self.extensions if line.startswith(_TIME)), None
        )

    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))

    def note(self) -> str:
        """The whole note."""
        return f"{self.text()}\n" + "".join(f"{one.text()}\n" for one in self.signatures)

    def signed(self, key: SigningKey) -> Checkpoint:
        """The checkpoint with one signature more; a witness adds its own to the log's."""
        value = key.sign(self.text().encode())
        line = Signature(key.public.name, key.public.key_id, value)
        return replace(self, signatures=(*self.signatures, line))

    def claims(self, key: PublicKey) -> bool:
        """Whether a line of the note says that it is of this key; whether it is, is another matter."""
        return any(self._of(one, key) for one in self.signatures)

    def signed_by(self, key: PublicKey) -> bool:
        """Whether the note is signed by a key: at least one line of it, and every one holds."""
        lines = [one.value for one in self.signatures if self._of(one, key)]
        return bool(lines) and all(_holds(self.text(), value, key) for value in lines)

    @staticmethod
    def _of(signature: Signature, key: PublicKey) -> bool:
        return (signature.name, signature.key_id) == (key.name, key.key_id)


def head(origin: str, size: int, root: bytes, at: str) -> Checkpoint:
    """A checkpoint of this log that nobody has signed yet. ``at`` is ISO 8601 in UTC."""
    return Checkpoint(origin, size, root, (f"{_TIME}{at}",))


def parse(note: str) -> Checkpoint:
    """Read a note, of this or any other log, to the letter.

    :raises ValueError: for whatever the format does not allow: another way to write the same is
        refused, so one checkpoint has one text.
    """
    text, between, lines = note.rpartition("\n\n")
    if not between or not lines.endswith("\n"):
        raise ValueError("a note is a text, an empty line and lines of signatures")
    fields = text.split("\n")
    if len(fields) < 3 or not all(fields):
        raise ValueError("a checkpoint has three lines or more, none of them empty")
    if any(ord(letter) < 0x20 for letter in note.replace("\n", "")):
        raise ValueError("a note holds no control characters")
    origin, size, root, *extensions = fields
    if not _SIZE.fullmatch(size):
        raise ValueError(f"not the size of a tree: {size!r}")
    checkpoint = Checkpoint(
        origin,
        int(size),
        _base64(root),
        tuple(extensions),
        tuple(_signature(line) for line in lines[:-1].split("\n")),
    )
    if len(checkpoint.root) != 32:
        raise ValueError("the root hash is not of 32 bytes")
    if len(checkpoint.signatures) > _MOST_SIGNATURES:
        raise ValueError(f"more than {_MOST_SIGNATURES} signatures")
    return checkpoint


def _signature(line: str) -> Signature:
    found = _SIGNATURE.fullmatch(line)
    blob = _base64(found[2]) if found else b""
    if found is None or len(blob) <= 4:
        raise ValueError(f"not a line of signature: {line[:80]!r}")
    return Signature(found[1], blob[:4], blob[4:])


def _base64(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        value = b""
    if not value or base64.b64encode(value).decode() != text:
        raise ValueError(f"not base64: {text[:80]!r}")
    return value


def _holds(text: str, value: bytes, key: PublicKey) -> bool:
    if key.kind != COSIGNATURE:
        return key.verifies(value, text.encode())
    # eight bytes of time, then the signature over the time and the text (tlog-cosignature)
    if len(value) != 72:
        return False
    time = int.from_bytes(value[:8], "big")
    return key.verifies(value[8:], f"cosignature/v1\ntime {time}\n{text}".encode())
