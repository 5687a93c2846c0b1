"""Rows of a ledger that are no records: totals, and headings printed again on each page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from migrate.persian import letters

# rule, and what it says to people
REASONS = {
    "row.total": "this row is a total, not a record: one label and numbers"
    " | این ردیف جمع است و رکورد نیست: یک عنوان و چند عدد",
    "row.heading": "this row is the heading again, as on each printed page"
    " | این ردیف تکرار سرستون است، چنان که در هر صفحهٔ چاپی می‌آید",
}
# the words that such a row begins with, folded
_TOTAL = re.compile(
    r"(سر ?جمع|جمع|مجموع|تعداد|میانگین|sub-?total|grand total|total|sum|count|average)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d\s.,/٬٫%-]+")


def footer(cells: Sequence[object], labels: Sequence[str]) -> str | None:
    """The rule by which a row is no record, or None where it may be one.

    A total has one text, which begins with a word such as جمع or Total, and beside it only numbers.
    A record has a name and a university at least, so none is taken for a total. A repeated heading
    holds two texts or more and nothing else, and each is what its column is headed.

    :param cells: the cells of a row; what is not text is a number or a date.
    :param labels: the headings, as they stand in the file.
    """
    texts = [(place, text) for place, text in enumerate(cells) if isinstance(text, str) and text]
    if not texts or (_is_record(texts) and texts[0][1].strip() not in labels):
        return None
    texts = [(place, text.strip()) for place, text in texts if text.strip()]
    others = any(not isinstance(cell, str) for cell in cells)
    again = all(place < len(labels) and labels[place] == text for place, text in texts)
    if again and len(texts) > 1 and not others:
        return "row.heading"
    words = [text for _, text in texts if not _NUMBER.fullmatch(letters.digits(text))]
    if len(words) == 1 and _TOTAL.match(letters.fold(words[0])):
        return "row.total"
    return None


def _is_record(texts: Sequence[tuple[int, str]]) -> bool:
    """Whether two texts begin with letters: a quick no to most rows."""
    found = 0
    for _, text in texts:
        found += text[0].isalpha()
        if found == 2:
            return True
    return False
