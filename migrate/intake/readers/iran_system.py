"""Iran System, the code page of Persian DOS programs: glyphs of letters, in the order they are seen.

The package ``iransystem`` has the table and the order; docs/intake/databases.md says how it was
measured. This module tells such text from that of other code pages, and takes off its padding.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import iransystem

NAME = "Iran System"
CODEC = "iransystem"
# a field is filled up at its right with spaces or NULs, and at its left where a program laid text
# out from the right; 0xFF is Iran System's own blank
_PADDING = b" \x00\xff"
# bytes of a text that is kept in mind
_SHORT = 64
_ALIASES = {"iransystem", "iransys", "is"}


def is_name(encoding: str) -> bool:
    """Whether a profile's ``encoding`` names this code page: 'iran-system', 'Iran System', …"""
    return "".join(filter(str.isalnum, encoding)).lower() in _ALIASES


def text(raw: bytes) -> str:
    """Bytes of one field as text in the order it is spoken.

    Padding goes first: in the order it is seen, blanks after a text would come before it. Each line
    is turned by itself. A text cut off by its field's width has lost its start, not its end.
    """
    raw = raw.strip(_PADDING)
    return _short(raw) if len(raw) <= _SHORT else _decoded(raw)


def joined(values: Iterable[bytes]) -> float:
    """The share of texts, from 0 to 1, whose glyphs are those that their letters have at their place.

    A letter within a word has another code than at its end, so that text of another code page, or
    one that stands in the order it is spoken, hardly ever comes back the same when it is read and
    written. 1 where no text has any letter beyond ASCII.
    """
    good = all_of_them = 0
    for value in values:
        raw = value.strip(_PADDING)
        if raw.isascii():
            continue
        all_of_them += 1
        found = iransystem.decode(raw)
        # the package parts any letter from an alef with madda, which has one form only
        as_one = found.replace("\u200cآ", "آ")
        good += raw in (iransystem.encode(found, "replace"), iransystem.encode(as_one, "replace"))
    return good / all_of_them if all_of_them else 1.0


def _decoded(raw: bytes) -> str:
    decoded: str = iransystem.decode(raw)
    return decoded


# a column holds few names many times, and turning one round takes as long as reading a row does
_short = lru_cache(maxsize=1 << 17)(_decoded)
