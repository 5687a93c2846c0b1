"""Tracking numbers: what a graduate follows a request by, and nobody guesses."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from migrate.persian import letters

# no 0 and O, no 1, I and L: 31 characters, and 31 is prime, which the check needs
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 16
_GROUP = 4
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def new_tracking_no(random: Callable[[int], int] = secrets.randbelow) -> str:
    """A new tracking number: 15 random characters of ``ALPHABET`` and a check character.

    15 characters are 74 bits: with a million numbers given out and a million guesses a second, a
    guess is right once in some 700 years.

    :param random: gives a number from 0 up to, not including, its argument, each as likely as any
        other. By default the operating system's source.
    """
    body = "".join(ALPHABET[random(len(ALPHABET))] for _ in range(LENGTH - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    """The check character of a body: with it, Σ wᵢ·vᵢ is divisible by 31.

    vᵢ is the place of the i-th character in ``ALPHABET``, wᵢ its distance from the end, from 16 down
    to 1. Weights that differ and a prime modulus find every wrong character and every swap of two
    (as ISBN-10 does it); of other errors one in 31 is not found.

    :param body: 15 characters of ``ALPHABET``.
    :raises ValueError: for anything else.
    """
    if len(body) != LENGTH - 1 or not all(character in _VALUES for character in body):
        raise ValueError(f"not {LENGTH - 1} characters of a tracking number: {body!r}")
    total = sum((LENGTH - place) * _VALUES[character] for place, character in enumerate(body))
    return ALPHABET[-total % len(ALPHABET)]


def normalise_tracking_no(text: str | None) -> str | None:
    """The 16 characters of a tracking number that a person typed, or None when it is none.

    Digits of any script and letters of either case are read; spaces, dashes and invisible marks are
    dropped. A text whose check character does not fit was mistyped and gives None.

    :param text: any text; None gives None.
    """
    found = letters.key(text).upper()
    if len(found) != LENGTH or not all(character in _VALUES for character in found):
        return None
    return found if found[-1] == check_character(found[:-1]) else None


def format_tracking_no(tracking_no: str) -> str:
    """A tracking number as people read it aloud: four groups of four with a dash between.

    :param tracking_no: 16 characters, as ``normalise_tracking_no`` gives them.
    :raises ValueError: when it is anything else.
    """
    if normalise_tracking_no(tracking_no) != tracking_no:
        raise ValueError(f"not a tracking number: {tracking_no!r}")
    return "-".join(tracking_no[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))
