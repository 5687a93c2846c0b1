"""Validity codes as numbers on paper: 18 random digits and two check digits, always text."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from migrate.persian import letters

SCHEME = 1
LENGTH = 20
_BODY = LENGTH - 2
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


def new_code(random: Callable[[int], int] = secrets.randbelow) -> str:
    """A new code of scheme 1: 20 ASCII digits, the first not zero.

    :param random: gives a number from 0 up to, not including, its argument, each as likely as any
        other. By default the operating system's source: a code must not be guessed from others.
    """
    first = 10 ** (_BODY - 1)
    body = str(first + random(9 * first))
    return body + check_digits(body)


def check_digits(body: str) -> str:
    """The two check digits of a string of digits, by ISO 7064 MOD 97-10.

    They are 98 - (body × 100 mod 97), so they run from 02 to 98 and the whole leaves 1 when divided
    by 97. Every wrong digit and every swap of two digits is found, as 10 generates all residues of
    97; of other errors one in 97 is not.

    :param body: one ASCII digit or more.
    :raises ValueError: when ``body`` holds anything else.
    """
    if not _DIGITS.fullmatch(body):
        raise ValueError(f"not a string of ASCII digits: {body!r}")
    return f"{98 - int(body) * 100 % 97:02d}"


def is_well_formed(code: str) -> bool:
    """Whether a text can be a code of scheme 1: 20 ASCII digits, no leading zero, right check.

    A code that is not well formed was mistyped or is of another scheme: those that stand in a
    registry already are never judged by this.

    :param code: any text, as :func:`normalise_code` gives it.
    """
    return (
        len(code) == LENGTH
        and _DIGITS.fullmatch(code) is not None
        and code[0] != "0"
        and code[_BODY:] == check_digits(code[:_BODY])
    )


def normalise_code(text: str | None) -> str | None:
    """The 20 ASCII digits a person typed, or None when the text does not hold just 20 digits.

    Digits of any script are read; spaces, dashes, dots and invisible marks between them are
    dropped. Check digits are not looked at: see :func:`is_well_formed`.

    :param text: any text; None gives None.
    """
    digits = letters.key(text)
    return digits if len(digits) == LENGTH and _DIGITS.fullmatch(digits) else None


def format_code(code: str) -> str:
    """A code as people read it aloud: five groups of four digits with a space between.

    :param code: 20 ASCII digits.
    :raises ValueError: when ``code`` is anything else.
    """
    if len(code) != LENGTH or not _DIGITS.fullmatch(code):
        raise ValueError(f"not a code of {LENGTH} digits: {code!r}")
    return " ".join(code[start : start + 4] for start in range(0, LENGTH, 4))
