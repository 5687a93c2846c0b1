"""What the operators of a model's levels mean, each over many pairs of rows at once.

Every operator gives a boolean array: for which pairs it holds. A text operator looks at each
distinct pair of texts once; text scorers are RapidFuzz's, in bulk. Operators on days take the first
and last days of both sides' intervals, as days since 1970, int32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from migrate.linkage.coding import NO_DAY, Column, Pairs
from migrate.linkage.model import Level

Holds = npt.NDArray[np.bool_]
Rows = npt.NDArray[Any]
_SLIP_LENGTH = 3


def holds(level: Level, pairs: Pairs) -> Holds:
    """For which pairs of rows ``level`` holds: one flag a pair."""
    if level.operator is None or level.column is None:
        return np.zeros(len(pairs), dtype=bool)
    if level.operator in _INTERVALS:
        a_first, b_first = pairs.days(f"{level.column}_first")
        a_last, b_last = pairs.days(f"{level.column}_last")
        known = (a_first != NO_DAY) & (b_first != NO_DAY) & (a_last != NO_DAY) & (b_last != NO_DAY)
        found = _INTERVALS[level.operator](a_first, a_last, b_first, b_last, level.bound)
        return np.asarray(known & found, dtype=bool)
    a, b = pairs.texts(level.column)
    if level.operator == "equal":
        out = (a == b) & (a >= 0)
    else:
        out = (a >= 0) & (b >= 0)
        if level.operator != "known" and out.any():
            column = pairs.coding.columns[level.column]
            out[out] = _distinctly(_TEXTS[level.operator], column, a[out], b[out], level.bound)
    if level.unless is not None:
        c, d = pairs.texts(level.unless)
        out &= (c < 0) | (d < 0) | (c == d)
    return np.asarray(out, dtype=bool)


def _distinctly(
    operator: Callable[[Column, Rows, Rows, float], Holds],
    column: Column,
    a: Rows,
    b: Rows,
    bound: float,
) -> Holds:
    """Ask the operator once for each distinct pair of texts."""
    width = len(column.texts)
    joint: Any = pa.array(a.astype(np.int64) * width + b).dictionary_encode()
    pairs = joint.dictionary.to_numpy()
    found = operator(column, pairs // width, pairs % width, bound)
    return np.asarray(found[joint.indices.to_numpy()], dtype=bool)


def similar(column: Column, a: Rows, b: Rows, bound: float) -> Holds:
    """Jaro–Winkler similarity (Winkler 1990), in [0, 1], of at least ``bound``."""
    score = process.cpdist(
        column.text(a),
        column.text(b),
        scorer=JaroWinkler.normalized_similarity,
        dtype=np.float32,
        score_cutoff=bound,
    )
    return np.asarray(score >= np.float32(bound), dtype=bool)


def slip(column: Column, a: Rows, b: Rows, bound: float) -> Holds:
    """At most ``bound`` keying slips apart (optimal string alignment), for texts long enough.

    A text shorter than 3 characters has no slips: one changed digit is another number.
    """
    lengths = column.lengths()
    short, gap = np.minimum(lengths[a], lengths[b]), np.abs(lengths[a] - lengths[b])
    return _near(column, a, b, (short >= _SLIP_LENGTH) & (gap <= bound), bound)


def short_slip(column: Column, a: Rows, b: Rows, bound: float) -> Holds:
    """The same for texts too short for ``slip``: one keying slip apart, which is weak evidence."""
    lengths = column.lengths()
    short = np.minimum(lengths[a], lengths[b])
    return _near(column, a, b, (short >= 1) & (short < _SLIP_LENGTH), bound)


def _near(column: Column, a: Rows, b: Rows, among: Holds, bound: float) -> Holds:
    """Which of the pairs ``among`` are at most ``bound`` apart, by optimal string alignment."""
    out = among.copy()
    if out.any():
        distance = process.cpdist(
            column.text(a[out]),
            column.text(b[out]),
            scorer=OSA.distance,
            dtype=np.int32,
            score_cutoff=int(bound),
        )
        out[out] = distance <= bound
    return np.asarray(out, dtype=bool)


def neighbour(column: Column, a: Rows, b: Rows, bound: float) -> Holds:
    """Two different whole numbers at most ``bound`` apart, as papers numbered in a row are."""
    numbers = column.integers()
    one, other = numbers[a], numbers[b]
    gap = np.abs(one - other)
    return np.asarray((one >= 0) & (other >= 0) & (gap > 0) & (gap <= bound), dtype=bool)


def subset(column: Column, a: Rows, b: Rows, bound: float) -> Holds:
    """Every part of one name stands in the other: a part of a compound name was dropped."""
    out = np.asarray(a == b, dtype=bool)
    in_parts = column.in_parts()
    # of two names in one part each, neither can be a part of the other
    compound = np.flatnonzero(~out & (in_parts[a] | in_parts[b]))
    first, second = column.text(a[compound]), column.text(b[compound])
    for place, one, other in zip(compound, first, second, strict=True):
        parts, others = set(one.split()), set(other.split())
        out[place] = bool(parts) and bool(others) and (parts <= others or others <= parts)
    return out


def within(column: Column, a: Rows, b: Rows, bound: float) -> Holds:
    """Every part of the left name stands in the right one, which has more: the left dropped some."""
    out = np.zeros(len(a), dtype=bool)
    compound = np.flatnonzero((a != b) & column.in_parts()[b])
    first, second = column.text(a[compound]), column.text(b[compound])
    for place, one, other in zip(compound, first, second, strict=True):
        parts = set(one.split())
        out[place] = bool(parts) and parts < set(other.split())
    return out


def date_slip(column: Column, a: Rows, b: Rows, bound: float) -> Holds:
    """Two full dates, YYYY-MM-DD, one keying slip apart, or with day and month exchanged.

    A slip is one digit keyed wrong or two neighbouring digits exchanged: optimal string alignment
    of at most 1, for texts of one length.
    """
    characters = column.dates()
    one, other = characters[a], characters[b]
    full = (one[:, 0] > 0) & (other[:, 0] > 0)
    differs = one != other
    count = differs.sum(axis=1)
    exchanged = np.zeros(len(one), dtype=bool)
    for place in range(one.shape[1] - 1):
        exchanged |= (
            (count == 2)
            & differs[:, place]
            & differs[:, place + 1]
            & (one[:, place] == other[:, place + 1])
            & (one[:, place + 1] == other[:, place])
        )
    # YYYY-MM-DD: the month stands at 5 and 6, the day at 8 and 9
    crossed = (
        ~differs[:, :4].any(axis=1)
        & (one[:, 5:7] == other[:, 8:]).all(axis=1)
        & (one[:, 8:] == other[:, 5:7]).all(axis=1)
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
    # days of this calendar and any other in use stay far within int32
    gap = np.maximum(a_first - b_last, b_first - a_last)
    return np.asarray(gap <= int(bound), dtype=bool)


_TEXTS: dict[str, Callable[[Column, Rows, Rows, float], Holds]] = {
    "similar": similar,
    "slip": slip,
    "short_slip": short_slip,
    "neighbour": neighbour,
    "subset": subset,
    "within": within,
    "date_slip": date_slip,
}
_INTERVALS: dict[str, Callable[..., Holds]] = {
    "same_day": same_day,
    "overlap": overlap,
    "within_days": within_days,
}
