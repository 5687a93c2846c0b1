"""What the operators of a model's levels mean, each over pairs of distinct values at once.

Every function takes the values of two sides, aligned, and gives a boolean array: where it holds.
Text scorers are RapidFuzz's, in bulk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from migrate.linkage.model import Level

Holds = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
_SLIP_LENGTH = 3


def holds(level: Level, left: pa.Table, right: pa.Table, one: Indices, other: Indices) -> Holds:
    """Where ``level`` holds between rows ``one[i]`` of ``left`` and ``other[i]`` of ``right``."""
    if level.operator is None or level.column is None:
        return np.zeros(len(one), dtype=bool)
    if level.operator in _INTERVALS:
        days = [
            _days(table, f"{level.column}_{edge}")[rows]
            for table, rows in ((left, one), (right, other))
            for edge in ("first", "last")
        ]
        return _INTERVALS[level.operator](*days, level.bound)
    a = _texts(left, level.column)[one]
    b = _texts(right, level.column)[other]
    present = (a != None) & (b != None)  # noqa: E711
    out = np.zeros(len(a), dtype=bool)
    if present.any():
        out[present] = _TEXTS[level.operator](a[present], b[present], level.bound)
    if level.unless is not None:
        c, d = _texts(left, level.unless)[one], _texts(right, level.unless)[other]
        out &= (c == None) | (d == None) | (c == d)  # noqa: E711
    return out


def _texts(table: pa.Table, column: str) -> npt.NDArray[Any]:
    return np.array(table.column(column).to_pylist(), dtype=object)


def _days(table: pa.Table, column: str) -> npt.NDArray[np.float64]:
    days = table.column(column).cast(pa.int32()).to_numpy()
    return np.asarray(days, dtype=np.float64)


def equal(a: npt.NDArray[Any], b: npt.NDArray[Any], bound: float = 0.0) -> Holds:
    """The two texts are the same."""
    return np.asarray(a == b, dtype=bool)


def known(a: npt.NDArray[Any], b: npt.NDArray[Any], bound: float = 0.0) -> Holds:
    """Both are known values of a closed list; after `equal`, they are known to differ."""
    return np.ones(len(a), dtype=bool)


def similar(a: npt.NDArray[Any], b: npt.NDArray[Any], bound: float) -> Holds:
    """Jaro–Winkler similarity (Winkler 1990), in [0, 1], of at least ``bound``."""
    score = process.cpdist(
        a, b, scorer=JaroWinkler.normalized_similarity, dtype=np.float32, workers=-1
    )
    return np.asarray(score >= np.float32(bound), dtype=bool)


def slip(a: npt.NDArray[Any], b: npt.NDArray[Any], bound: float) -> Holds:
    """At most ``bound`` keying slips apart (optimal string alignment), for texts long enough.

    A text shorter than 3 characters has no slips: one changed digit is another number.
    """
    distance = process.cpdist(a, b, scorer=OSA.distance, dtype=np.int32, workers=-1)
    long_enough = np.array(
        [min(len(x), len(y)) >= _SLIP_LENGTH for x, y in zip(a, b, strict=True)], dtype=bool
    )
    return np.asarray((distance <= bound) & long_enough, dtype=bool)


def neighbour(a: npt.NDArray[Any], b: npt.NDArray[Any], bound: float) -> Holds:
    """Two different whole numbers at most ``bound`` apart, as papers numbered in a row are."""
    out = np.zeros(len(a), dtype=bool)
    for place, (one, other) in enumerate(zip(a, b, strict=True)):
        if one.isdecimal() and other.isdecimal():
            out[place] = 0 < abs(int(one) - int(other)) <= bound
    return out


def subset(a: npt.NDArray[Any], b: npt.NDArray[Any], bound: float = 0.0) -> Holds:
    """Every part of one name stands in the other: a part of a compound name was dropped."""
    out = np.zeros(len(a), dtype=bool)
    for place, (one, other) in enumerate(zip(a, b, strict=True)):
        first, second = set(one.split()), set(other.split())
        out[place] = bool(first) and bool(second) and (first <= second or second <= first)
    return out


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


def date_slip(a: npt.NDArray[Any], b: npt.NDArray[Any], bound: float = 1.0) -> Holds:
    """Two full dates, YYYY-MM-DD, one keying slip apart, or with day and month exchanged."""
    out = np.zeros(len(a), dtype=bool)
    full = np.array(
        [len(x) == len(y) == len("1362-07-03") for x, y in zip(a, b, strict=True)], dtype=bool
    )
    if not full.any():
        return out
    distance = process.cpdist(a[full], b[full], scorer=OSA.distance, dtype=np.int32, workers=-1)
    exchanged = [
        x[:4] == y[:4] and x[5:7] == y[8:] and x[8:] == y[5:7]
        for x, y in zip(a[full], b[full], strict=True)
    ]
    out[full] = (distance <= bound) | np.array(exchanged, dtype=bool)
    return out


_TEXTS: dict[str, Callable[[npt.NDArray[Any], npt.NDArray[Any], float], Holds]] = {
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
