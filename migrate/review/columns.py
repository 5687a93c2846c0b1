"""The columns of the cases' sheet: their order, what they are called, how wide they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from migrate.review import words
from migrate.review.comparison import FIELDS, Line

ANSWERS = ("decision", "reason", "comment")
COLUMNS = (
    "number",
    "outcome",
    "side",
    *FIELDS,
    "page_ref",
    "opened_on",
    "due_on",
    "explanation",
    *ANSWERS,
    "legacy_id",
    "degree_id",
    "case_id",
    "version",
    "token",
)
AT = {name: position for position, name in enumerate(COLUMNS)}
# laid out left to right
LTR = frozenset({"legacy_id", "degree_id", "case_id", "version", "token"})
# on every row of a block, so that a filter or a sort loses no row
REPEATED = frozenset({"number", "outcome", "case_id", "version", "token"})
_WIDTHS = {
    "number": 6,
    "outcome": 17,
    "side": 13,
    "page_ref": 15,
    "opened_on": 12,
    "due_on": 12,
    "explanation": 46,
    "decision": 25,
    "reason": 27,
    "comment": 34,
    "legacy_id": 13,
    "degree_id": 15,
    "case_id": 19,
    "version": 7,
    "token": 36,
}


def heading(column: str) -> str:
    """What a column of the cases' sheet is called; returned workbooks are read back by it."""
    if column in FIELDS or column == "page_ref":
        return words.field_label(column)
    return str(words.section("workbook")[column])


def widths(cases: Iterable[Sequence[Line]]) -> Mapping[str, float]:
    """The width of each column in characters; 0 for a field that no case here has."""
    longest = dict.fromkeys(FIELDS, 0)
    for compared in cases:
        for line in compared:
            most = max(len(side.text) for side in (line.document, *line.sides))
            longest[line.field] = max(longest[line.field], most, 1)
    fields = {name: min(max(most * 1.05 + 2, 10), 20) for name, most in longest.items() if most}
    return dict.fromkeys(FIELDS, 0) | fields | _WIDTHS


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a column of a width."""
    # a Persian letter is a little narrower than the digit that widths are counted in
    fitting = max(int(width * 1.1), 1)
    return sum(-(-len(part) // fitting) for part in text.split("\n") if part)
