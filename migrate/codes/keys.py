"""Ed25519 keys that sign the ledger's heads: the private half in a file, never in the database.

A public key is written as a C2SP signed-note verifier key, ``name+id+base64``, and is known on a
note by its name and the first four bytes of a hash over both (https://c2sp.org/signed-note).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from migrate.errors import InputError

KEY_FILE = "MIGRATE_LEDGER_KEY"
# the two kinds of signature that are read here: a log's own, and a witness's with the time
ED25519, COSIGNATURE = 0x01, 0x04
_RAW = 32
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
# what stands in the file before the key itself, where PEM allows any text
_LABEL = re.compile(rb"\AKey of the ledger ([^\n]+)\n")


@dataclass(frozen=True)
class PublicKey:
    """A public key as notes know it. ``raw`` is 32 bytes; ``kind`` is the type of its signatures."""

    name: str
    raw: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """Four bytes: SHA-256 of the name, a newline, the kind and the key, cut off."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:4]

    @property
    def _typed(self) -> bytes:
        return bytes([self.kind]) + self.raw

    def text(self) -> str:
        """The verifier key to hand out: ``name+8 hexadecimal digits+base64``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._typed).decode()}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read what :meth:`text` wrote.

        :raises ValueError: for anything else, one whose id is not that of its name and key included.
        """
        name, *rest = text.split("+", 2)
        if len(rest) != 2 or not _NAME.fullmatch(name):
            raise ValueError("a verifier key is written as name+id+base64")
        try:
            typed = base64.b64decode(rest[1], validate=True)
        except binascii.Error:
            raise ValueError("the key is not base64") from None
        if len(typed) != 1 + _RAW or typed[0] not in (ED25519, COSIGNATURE):
            raise ValueError("not an Ed25519 key of a kind that is read here")
        key = cls(name, typed[1:], typed[0])
        # this also refuses a second way to write the same base64
        if key.text() != text:
            raise ValueError("the key's id is not that of its name and key")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether a signature of 64 bytes over ``message`` is of this key (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A private key with its public half. It is never shown."""

    public: PublicKey
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """The signature over a message, 64 bytes; the same message always gives the same one."""
        return self._private.sign(message)


def check_name(name: str) -> str:
    """A key's name, which is the log's own: ``codes.example.ir/ledger``. Raises InputError."""
    if not _NAME.fullmatch(name):
        raise InputError(
            "a key's name has up to 255 characters, no space and no +",
            found=name,
            fix="Write it as an address without https://, as codes.example.ir/ledger",
        )
    return name


def create(path: Path, name: str) -> PublicKey:
    """Make a new key and keep its private half in a new file that only its owner may read.

    :param path: PEM, PKCS 8. A file that is there is never written over.
    :param name: the log's name, see :func:`check_name`.
    :raises InputError: when the file is there, or cannot be made.
    """
    private = Ed25519PrivateKey.generate()
    label = f"Key of the ledger {check_name(name)}\n".encode()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise InputError(
            "this file is there already, and a key is never written over",
            file=path,
            fix="Name another file",
        ) from None
    except OSError as error:
        raise InputError("the key cannot be kept here", file=path, found=error.strerror) from None
    with os.fdopen(handle, "wb") as stream:
        stream.write(label + pem)
        stream.flush()
        os.fsync(stream.fileno())
    return PublicKey(name, private.public_key().public_bytes_raw())


def load(path: Path | None) -> SigningKey:
    """The key in a file that :func:`create` made.

    :param path: the file; None stands for the one that ``MIGRATE_LEDGER_KEY`` names.
    :raises InputError: when none is named, others may read the file, or it holds no such key.
    """
    if path is None:
        named = os.environ.get(KEY_FILE)
        if not named:
            raise InputError("no key is named", fix=f"Give its file with --key, or in {KEY_FILE}")
        path = Path(named)
    content = _private_content(path)
    label = _LABEL.match(content)
    try:
        name = label[1].decode() if label else ""
        private = serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError):
        # from None, and without its words: nothing of a private key is ever shown
        name = ""
    if not _NAME.fullmatch(name) or not isinstance(private, Ed25519PrivateKey):
        raise InputError(
            "this is not a key of a ledger", file=path, fix="Make one with `migrate audit key new`"
        )
    return SigningKey(PublicKey(name, private.public_key().public_bytes_raw()), private)


def _private_content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            # of the file that was opened, not of one put in its place since
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise InputError("this is not a file", file=path, fix="Name the key's file")
            if mode & 0o077:
                raise InputError(
                    "others than its owner may read this key",
                    file=path,
                    found=f"mode {mode & 0o777:04o}",
                    fix=f"chmod 600 {path}, and rotate the key if somebody may have read it",
                )
            return stream.read(64 * 1024)
    except OSError as error:
        raise InputError("the key cannot be read", file=path, found=error.strerror) from None
