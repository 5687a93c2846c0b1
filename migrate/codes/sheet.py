"""The certificate sheet: what a holder prints and hands on, and what it plainly does not prove.

A sheet shows a code that is in force, what it stands for, where to ask and under which signed tree
head the ledger stood. It carries no national ID: sheets are copied and passed round, and a name
with its national ID is all that an identity thief needs. Text is Persian, then English.
"""

from __future__ import annotations

import re

from migrate.codes.numbers import LENGTH
from migrate.codes.sheet_layout import english, persian
from migrate.codes.sheet_page import Paper
from migrate.codes.sheet_values import SheetHead, SheetValues, inquiry_url
from migrate.codes.sheet_words import moment, rows, words
from migrate.errors import InputError

__all__ = ["SheetHead", "SheetValues", "inquiry_url", "render"]

_CODE = re.compile(rf"[0-9]{{{LENGTH}}}", re.ASCII)
_ROOT = re.compile(r"[0-9a-f]{64}")


def render(values: SheetValues) -> bytes:
    """The sheet as the bytes of a PDF (A4, one page; more where names are very long).

    The same values give the same bytes. Nothing is read but the shipped fonts and words. It takes
    about 0.1 s, so whoever serves it must limit how often it is asked for.

    :raises InputError: for a code that is not in force, a bad address, time or code, or a
        character that the fonts cannot show.
    """
    if values.state != "active":
        state = words()["state"].get(values.state, f"is {values.state}")
        raise InputError(
            f"no sheet is made for a code that {state}: it would look like one in force",
            found=values.code,
        )
    if not _CODE.fullmatch(values.code):
        raise InputError(f"not a code of {LENGTH} digits", found=values.code)
    if values.head is not None and not _ROOT.fullmatch(values.head.root):
        raise InputError("not a root of 64 hexadecimal digits", found=values.head.root)
    url = inquiry_url(values.public_url, values.code)
    marks, titles = words()["marks"], words()["titles"]
    paper = Paper(
        title=f"{titles['fa']} — {titles['en']}",
        subject=f"{marks['fa']}. {marks['en']}.",
        made_at=moment(values.made_at),
        watermark=marks["watermark"],
        foot=(marks["fa"], marks["en"]),
    )
    table = rows(values)
    shown = [text for row in table for text in (row.persian, row.english)]
    for text in [*shown, values.head.key_name if values.head else ""]:
        if missing := list(paper.lacks(text)):
            names = ", ".join(f"U+{ord(character):04X}" for character in missing)
            raise InputError(f"the fonts of the sheet have no picture of {names}", found=text)
    persian(paper, values, table, url)
    english(paper, values, table, url)
    return paper.output()
