"""Rows of a ledger that are no records: totals, and headings printed again on each page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from migrate.persian import letters

# rule, and what it says to people
REASONS = {
    "row.total": "this row is a total, not a record: one label and numbers",
    "row.heading": "this row is the heading again, as on each printed page",
}
# the words that such a row begins with, folded
_TOTAL = re.compile(
    r"(سر ?جمع|جمع|مجموع|تعداد|میانگین|sub-?total|grand total|total|sum|count|average)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d\s.,/٬٫%-]+")


def footer(cells: Sequence[str | None], labels: Sequence[str]) -> str | None:
    """The rule by which a row is no record, or None where it may be one.

    A total has one text, which begins with a word such as جمع or Total, and beside it only numbers.
    A record has a name and a university at least, so none is taken for a total. A repeated heading
    holds two texts or more, and each is what its column is headed.

    :param cells: the texts of a row; None for a number or a date.
    :param labels: the headings, as they stand in the file.
    """
    texts = [(place, cell.strip()) for place, cell in enumerate(cells) if cell and cell.strip()]
    if not texts:
        return None
    first, text = texts[0]
    if len(texts) > 1 and first < len(labels) and text == labels[first]:
        again = all(place < len(labels) and text == labels[place] for place, text in texts)
        return "row.heading" if again and None not in cells else None
    words = [text for _, text in texts if not _NUMBER.fullmatch(letters.digits(text))]
    if len(words) == 1 and _TOTAL.match(letters.fold(words[0])):
        return "row.total"
    return None
