"""Which character parts the cells of a text table, decided by its headings and first rows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrate.intake.headings import SEARCHED, count_known

_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar",
    "،": "Persian comma",
    "؛": "Persian semicolon",
    "^": "caret",
    "~": "tilde",
}


@dataclass(frozen=True)
class Delimiter:
    """The character between two cells, and why it was concluded."""

    character: str
    why: str


def decide(
    lines: Sequence[str], known: Mapping[str, str | None], given: str | None = None
) -> Delimiter:
    """The delimiter under which most headings are known, then most rows have one width.

    :param lines: the first lines of the file, with their line ends.
    :param known: the keys of the headings of fields, see ``headings.dictionary``.
    :param given: what a profile says; it is not questioned.
    """
    if given is not None:
        return Delimiter(given, "the source profile says so")
    best, best_score = ",", (0, 0.0, 1)
    for character in _NAMES:
        score = _score(lines, known, character)
        if score > best_score:
            best, best_score = character, score
    headings, alike, width = best_score
    if width == 1:
        return Delimiter(best, "there is one column only")
    why = f"a {_NAMES[best]} gives {headings} known headings, and {width} cells in {alike:.0%}"
    return Delimiter(best, why + " of the first rows")


def _score(
    lines: Sequence[str], known: Mapping[str, str | None], character: str
) -> tuple[int, float, int]:
    try:
        rows = [row for row in csv.reader(lines, delimiter=character) if any(row)]
    except csv.Error:
        return 0, 0.0, 1
    if not rows:
        return 0, 0.0, 1
    headings = max(count_known(row, known) for row in rows[:SEARCHED])
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return headings, round(count / len(rows), 2) if width > 1 else 0.0, width
