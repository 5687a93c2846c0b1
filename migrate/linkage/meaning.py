"""What a level of a comparison means, in words for whoever reads an explanation."""

from __future__ import annotations

from migrate.linkage.compare import MISSING_CODE, UNCOMPARABLE_CODE
from migrate.linkage.model import MISSING, UNCOMPARABLE, FieldComparison, Level

_OPERATORS = {
    "equal": "the same {column}",
    "known": "both are on the list of {column}, and differ",
    "neighbour": "two {column} at most {bound:g} apart, as numbered in a row",
    "subset": "the parts of one {column} are among the other's",
    "similar": "{column} of Jaro-Winkler similarity {bound:g} or more",
    "within": "the parts of the left {column} are among the right one's, which has more",
    "short_slip": "two short {column} at most {bound:g} keying slip apart",
    "slip": "{column} at most {bound:g} keying slip apart",
    "same_day": "the same day",
    "overlap": "one date is an interval, and the other lies in it",
    "date_slip": "dates one keying slip apart, or with day and month exchanged",
    "within_days": "dates at most {bound:g} days apart",
}


def level_name(field: FieldComparison, code: int) -> str:
    """The name of a level by its code: 0 and above its place, -1 missing, -2 uncomparable."""
    if code == MISSING_CODE:
        return MISSING
    return UNCOMPARABLE if code == UNCOMPARABLE_CODE else field.levels[code].name


def meaning(field: FieldComparison, code: int) -> str:
    """What the level ``code`` of ``field`` says of two values, in one line of English."""
    if code == MISSING_CODE:
        return "one side, or both, has no value"
    if code == UNCOMPARABLE_CODE:
        return "a value stands there, and there is no telling whether the two differ"
    said = _said(field.levels[code])
    return f"{said}; speaks against a link" if field.levels[code].contradicts else said


def _said(level: Level) -> str:
    if level.operator is None:
        swapped = level.name == "swapped"
        return "each holds the other field's value" if swapped else "no level before it holds"
    words = _OPERATORS.get(level.operator, level.operator + " in {column}")
    said = words.format(column=level.column, bound=level.bound)
    return f"{said}, unless {level.unless} differs" if level.unless else said
