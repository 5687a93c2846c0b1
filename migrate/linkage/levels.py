"""What the operators of a model's levels mean, each over pairs of distinct values at once.

Every operator takes two tables of values, a column, and pairs of row numbers where both sides have
a text, and gives a boolean array: where it holds. Text scorers are RapidFuzz's, in bulk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from migrate.linkage.model import Level
from migrate.linkage.values import Values

Holds = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
_SLIP_LENGTH = 3


def holds(level: Level, left: Values, right: Values, one: Indices, other: Indices) -> Holds:
    """Where ``level`` holds between values ``one[i]`` of ``left`` and ``other[i]`` of ``right``."""
    out = np.zeros(len(one), dtype=bool)
    if level.operator is None or level.column is None:
        return out
    if level.operator in _INTERVALS:
        days = [
            values.days(f"{level.column}_{edge}")[rows]
            for values, rows in ((left, one), (right, other))
            for edge in ("first", "last")
        ]
        return _INTERVALS[level.operator](*days, level.bound)
    a, b = left.codes(right, level.column)
    present = (a[one] >= 0) & (b[other] >= 0)
    if present.any():
        out[present] = _TEXTS[level.operator](
            left, right, level.column, one[present], other[present], level.bound
        )
    if level.unless is not None:
        c, d = left.codes(right, level.unless)
        first, second = c[one], d[other]
        out &= (first < 0) | (second < 0) | (first == second)
    return out


def equal(
    left: Values, right: Values, column: str, one: Indices, other: Indices, bound: float
) -> Holds:
    """The two texts are the same."""
    a, b = left.codes(right, column)
    return np.asarray(a[one] == b[other], dtype=bool)


def known(
    left: Values, right: Values, column: str, one: Indices, other: Indices, bound: float
) -> Holds:
    """Both are known values of a closed list; after `equal`, they are known to differ."""
    return np.ones(len(one), dtype=bool)


def similar(
    left: Values, right: Values, column: str, one: Indices, other: Indices, bound: float
) -> Holds:
    """Jaro–Winkler similarity (Winkler 1990), in [0, 1], of at least ``bound``."""
    score = process.cpdist(
        left.texts(column)[one],
        right.texts(column)[other],
        scorer=JaroWinkler.normalized_similarity,
        dtype=np.float32,
        workers=-1,
    )
    return np.asarray(score >= np.float32(bound), dtype=bool)


def slip(
    left: Values, right: Values, column: str, one: Indices, other: Indices, bound: float
) -> Holds:
    """At most ``bound`` keying slips apart (optimal string alignment), for texts long enough.

    A text shorter than 3 characters has no slips: one changed digit is another number.
    """
    a, b = left.lengths(column)[one], right.lengths(column)[other]
    out = (np.minimum(a, b) >= _SLIP_LENGTH) & (np.abs(a - b) <= bound)
    if out.any():
        distance = process.cpdist(
            left.texts(column)[one[out]],
            right.texts(column)[other[out]],
            scorer=OSA.distance,
            dtype=np.int32,
            workers=-1,
        )
        out[out] = distance <= bound
    return np.asarray(out, dtype=bool)


def neighbour(
    left: Values, right: Values, column: str, one: Indices, other: Indices, bound: float
) -> Holds:
    """Two different whole numbers at most ``bound`` apart, as papers numbered in a row are."""
    a, b = left.integers(column)[one], right.integers(column)[other]
    gap = np.abs(a - b)
    return np.asarray((a >= 0) & (b >= 0) & (gap > 0) & (gap <= bound), dtype=bool)


def subset(
    left: Values, right: Values, column: str, one: Indices, other: Indices, bound: float
) -> Holds:
    """Every part of one name stands in the other: a part of a compound name was dropped."""
    first, second = left.texts(column)[one], right.texts(column)[other]
    a, b = left.codes(right, column)
    out = np.asarray(a[one] == b[other], dtype=bool)
    # of two names in one part each, neither can be a part of the other
    for place in np.flatnonzero(left.in_parts(column)[one] | right.in_parts(column)[other]):
        parts, others = set(first[place].split()), set(second[place].split())
        out[place] = bool(parts) and bool(others) and (parts <= others or others <= parts)
    return out


def date_slip(
    left: Values, right: Values, column: str, one: Indices, other: Indices, bound: float
) -> Holds:
    """Two full dates, YYYY-MM-DD, one keying slip apart, or with day and month exchanged.

    A slip is one digit keyed wrong or two neighbouring digits exchanged: optimal string alignment
    of at most 1, for texts of one length.
    """
    a, b = left.dates(column)[one], right.dates(column)[other]
    full = (a[:, 0] > 0) & (b[:, 0] > 0)
    differs = a != b
    count = differs.sum(axis=1)
    exchanged = np.zeros(len(one), dtype=bool)
    for place in range(a.shape[1] - 1):
        exchanged |= (
            (count == 2)
            & differs[:, place]
            & differs[:, place + 1]
            & (a[:, place] == b[:, place + 1])
            & (a[:, place + 1] == b[:, place])
        )
    # YYYY-MM-DD: the month stands at 5 and 6, the day at 8 and 9
    crossed = (
        ~differs[:, :4].any(axis=1)
        & (a[:, 5:7] == b[:, 8:]).all(axis=1)
        & (a[:, 8:] == b[:, 5:7]).all(axis=1)
    )
    return np.asarray(full & ((count <= bound) | exchanged | crossed), dtype=bool)


def same_day(a_first: Any, a_last: Any, b_first: Any, b_last: Any, bound: float = 0.0) -> Holds:
    """Both dates are known to the day, and it is the same day."""
    return np.asarray((a_first == a_last) & (b_first == b_last) & (a_first == b_first), dtype=bool)


def overlap(a_first: Any, a_last: Any, b_first: Any, b_last: Any, bound: float = 0.0) -> Holds:
    """The intervals share a day: a date known to the year agrees with any day of it."""
    return np.asarray((a_first <= b_last) & (b_first <= a_last), dtype=bool)


def within_days(a_first: Any, a_last: Any, b_first: Any, b_last: Any, bound: float) -> Holds:
    """The gap between the two intervals is at most ``bound`` days."""
    gap = np.maximum(np.maximum(a_first - b_last, b_first - a_last), 0)
    return np.asarray(gap <= bound, dtype=bool)


_TEXTS: dict[str, Callable[[Values, Values, str, Indices, Indices, float], Holds]] = {
    "equal": equal,
    "known": known,
    "similar": similar,
    "slip": slip,
    "neighbour": neighbour,
    "subset": subset,
    "date_slip": date_slip,
}
_INTERVALS: dict[str, Callable[..., Holds]] = {
    "same_day": same_day,
    "overlap": overlap,
    "within_days": within_days,
}
