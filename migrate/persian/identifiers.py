"""Identifiers: national ID, birth certificate number, diploma number. Validate, normalise, format.

All are text: a leading zero is part of them. Formats for people keep ASCII digits;
``letters.to_persian_digits`` turns them for a Persian page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from migrate.persian.letters import fold, is_blank, key

_TEN_DIGITS = re.compile(r"[0-9]{10}")
_ALL_SAME = re.compile(r"([0-9])\1*")
# a number that a spreadsheet kept as one: 12345678.0, 1.2345678E+9
_POINT_ZERO = re.compile(r"([0-9]+)\.0*")
_SCIENTIFIC = re.compile(r"([0-9])(?:\.([0-9]+))?[eE]\+?([0-9]{1,2})")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_SEPARATORS = re.compile(r"[\s\-_./\\,'\"]+")


@dataclass(frozen=True, slots=True)
class NationalId:
    """A national ID as it was found.

    :ivar digits: its digits, ten where `state` is 'valid' or 'restored'; where it is 'invalid',
        what was found (letters too), so that a person can see it.
    :ivar state: 'restored' where zeros lost to a spreadsheet were put back and the check digit
        then held: weaker evidence, since one number in ten holds by chance.
    """

    digits: str
    state: Literal["valid", "restored", "invalid"]


def is_valid_national_id(digits: str) -> bool:
    """Whether ten ASCII digits are a possible national ID.

    The check digit c is the tenth digit; with s = Σ dᵢ·(11 − i) over the first nine digits
    (i from 1) and r = s mod 11, c = r where r < 2, else 11 − r (the Civil Registration's rule).
    A wrong digit, or two digits that changed places, pass only where they move r from 1 to 10 or
    back: both have c = 1. Ten equal digits pass the sum and are refused, as is a number whose
    six middle digits (the person's own) are all zero.

    :param digits: exactly as normalised: no space, no Persian digits.
    """
    if not _TEN_DIGITS.fullmatch(digits) or _ALL_SAME.fullmatch(digits):
        return False
    if digits[3:9] == "000000":
        return False
    return digits[9] == national_id_check_digit(digits[:9])


def national_id_check_digit(first_nine: str) -> str:
    """The tenth digit that belongs to nine ASCII digits; formula in ``is_valid_national_id``.

    :raises ValueError: where these are not nine digits.
    """
    if len(first_nine) != 9 or not (first_nine.isascii() and first_nine.isdigit()):
        raise ValueError(f"nine digits are needed, not {first_nine!r}")
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(first_nine)) % 11
    return str(rest if rest < 2 else 11 - rest)


def normalise_national_id(text: str | None) -> NationalId | None:
    """Read a national ID. None for a blank, and for zeros alone.

    Spaces, dashes, dots and an apostrophe put before it are dropped; 12345678.0 and
    1.2345678E+9 are read as the numbers they were. Eight or nine digits get the zeros that a
    spreadsheet dropped, if the check digit then holds; else they are 'invalid'. Fewer are never
    restored.

    :param text: a cell as read.
    """
    if text is None or is_blank(text):
        return None
    found = _SEPARATORS.sub("", _from_number(fold(text)))
    if not found.strip("0"):
        return None
    if is_valid_national_id(found):
        return NationalId(found, "valid")
    if len(found) in (8, 9) and is_valid_national_id(found.zfill(10)):
        return NationalId(found.zfill(10), "restored")
    return NationalId(found, "invalid")


def format_national_id(digits: str) -> str:
    """Ten digits as people write them: 001-234567-8. Anything else comes back as it was."""
    if not _TEN_DIGITS.fullmatch(digits):
        return digits
    return f"{digits[:3]}-{digits[3:9]}-{digits[9]}"


def normalise_certificate_no(text: str | None) -> str | None:
    """Number of a birth certificate (شماره شناسنامه), without leading zeros. None for a blank.

    Only the number is kept: a series (سری ب/12, سریال 345678), and words such as شماره are not
    of it, since half of the sources lack them. 0 alone is a blank: people registered with a
    national ID only have it. 1,234 is one number; where several stand and no
    word tells them apart (345/12), or one of more than ten digits, it cannot be compared: None.

    :param text: a cell as read.
    """
    if text is None or is_blank(text):
        return None
    folded = _SERIES.sub(" ", _from_number(fold(text)))
    numbers = re.findall(r"[0-9]+", _THOUSANDS.sub("", folded))
    if len(numbers) != 1 or len(numbers[0]) > 10:
        return None
    return numbers[0].lstrip("0") or None


# سری الف/12 and سریال 345678, with what stands between the word and its number
_SERIES = re.compile(r"(?:سریال|سری|بخش|حوزه)\s*:?\s*[^\W\d_]{0,3}\s*[/\-]?\s*[0-9]*")


def is_valid_certificate_no(number: str) -> bool:
    """Whether it is one to ten ASCII digits without a leading zero."""
    return re.fullmatch(r"[1-9][0-9]{0,9}", number) is not None


def format_certificate_no(number: str) -> str:
    """As normalised: people write it as it is."""
    return number


def normalise_diploma_no(text: str | None) -> str | None:
    """Number of a diploma, to compare: letters as ``letters.key``, digits, nothing between.

    Words that say what it is (شماره, دانشنامه, مدرک, گواهینامه, No.) are dropped, separators too:
    «شماره: ۱۲۳/الف-۴۵» is '123الف45'. Leading zeros of the whole are kept, since registries
    pad. None for a blank, and for zeros alone.

    :param text: a cell as read.
    """
    if text is None or is_blank(text):
        return None
    folded = _from_number(fold(text))
    found = key(_DIPLOMA_WORDS.sub(" ", folded))
    return found if found.strip("0") else None


_DIPLOMA_WORDS = re.compile(
    r"(?<![^\W\d_])(?:شماره|ش|دانشنامه|مدرک|گواهینامه|گواهی نامه|گواهی|موقت|دیپلم"
    r"|پایان نامه|ثبت|no|nr|number|num)(?![^\W\d_])\s*[.:]?",
    re.IGNORECASE,
)


def is_valid_diploma_no(number: str) -> bool:
    """Whether it is as normalised: letters and digits, a digit among them, at most 40."""
    return number.isalnum() and any(c.isdigit() for c in number) and len(number) <= 40


def format_diploma_no(number: str) -> str:
    """As normalised, with a dash between letters and digits: '123-الف-45'."""
    return re.sub(r"(?<=[0-9])(?=[^\W\d_])|(?<=[^\W\d_])(?=[0-9])", "-", number)


def _from_number(folded: str) -> str:
    """The digits of a number that a spreadsheet wrote with a point or an exponent."""
    plain = _POINT_ZERO.fullmatch(folded)
    if plain:
        return plain[1]
    scientific = _SCIENTIFIC.fullmatch(folded)
    if scientific:
        whole, fraction, exponent = scientific[1], scientific[2] or "", int(scientific[3])
        # fewer digits than the exponent asks for were lost, and are not to be made up
        if len(fraction) <= exponent and exponent - len(fraction) <= 1 and exponent < 20:
            return whole + fraction.ljust(exponent, "0")
    return folded
