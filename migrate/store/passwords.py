"""Passwords of the review desk: how long, and as what they are kept (Argon2id, RFC 9106)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from migrate.errors import InputError

# NIST SP 800-63B-4, 3.1.1.2: 15 characters at least where a password is all there is, at least 64
# allowed, no rule of composition, no change without a cause
SHORTEST = 15
LONGEST = 128
_FEWEST_CHARACTERS = 5
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "01234567890", "1234567890")
_OFTEN = ("password", "passw0rd", "letmein", "welcome", "iloveyou", "admin", "diploma", "migrate")
# RFC 9106, 4: the second recommended option, for machines where 2 GiB for one password is too much
TIME_COST = 3
MEMORY_KIB = 65_536
PARALLELISM = 4
_HASHER = PasswordHasher(
    time_cost=TIME_COST,
    memory_cost=MEMORY_KIB,
    parallelism=PARALLELISM,
    hash_len=32,
    salt_len=16,
    type=Type.ID,
)


def check_password(password: str, *, user_id: str = "", name: str = "") -> None:
    """Refuse a password that is too short, too long, or among the first that somebody would try.

    :raises InputError: in words that do not quote it.
    """
    text = normalised(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise InputError(
            f"a password has {SHORTEST} to {LONGEST} characters",
            found=f"{len(text)} characters",
            fix="Four or five words that do not belong together are easy to keep",
        )
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in text):
        raise InputError("a password has no control characters")
    plain = text.casefold()
    own = [
        user_id,
        *re.split(r"[\W_]+", user_id),
        re.sub(r"[\W_]+", "", user_id),
        name,
        *name.split(),
    ]
    for part in sorted((*(one.casefold() for one in own), *_OFTEN), key=len, reverse=True):
        # what is easily guessed adds nothing to what is left
        if len(part) > 2:
            plain = plain.replace(part, "")
    for row in _ROWS:
        plain = _without_runs(_without_runs(plain, row), row[::-1])
    if len(set(plain)) < _FEWEST_CHARACTERS:
        raise InputError(
            "this password is among the first that somebody would try",
            fix="Take one without the user's own name, rows of the keyboard and repeated letters",
        )


def hash_password(password: str) -> str:
    """The Argon2id hash of a password, with its parameters and a salt of its own (PHC format)."""
    return _HASHER.hash(normalised(password))


def verify_password(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept. It takes as long where nothing was kept.

    :param kept: as :func:`hash_password` gave it; None for a user who has none, or does not exist.
    """
    text = normalised(password)[: 4 * LONGEST]
    try:
        right = _HASHER.verify(kept or _nobodys(), text)
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def needs_rehash(kept: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(kept)


def normalised(password: str) -> str:
    """The same password for the same letters, however a keyboard composes them (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")


def _without_runs(text: str, row: str, shortest: int = 4) -> str:
    for length in range(len(row), shortest - 1, -1):
        for start in range(len(row) - length + 1):
            text = text.replace(row[start : start + length], "")
    return text
