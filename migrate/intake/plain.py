"""Values that stand as they should, read a whole column at a time: most identifiers and days do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.persian.calendars import YEARS, days_of

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
# of n texts without Persian digits: which of them were read, and by suffix what they give (of the
# others, anything)
Plain = Callable[[Any], tuple[Any, dict[str, Any]]]

_WEIGHTS = np.arange(10, 1, -1, dtype=np.int32)
_ZERO = ord("0")
_EPOCH = 719_163


def ascii_digits(column: Any) -> Any:
    """A string array with Persian and Arabic digits made ASCII, as ``letters.digits`` does."""
    data, offsets = _buffers(column)
    # ۰ to ۹ are DB B0 to DB B9, ٠ to ٩ are D9 A0 to D9 A9
    second = data[1:]
    persian = (data[:-1] == 0xDB) & (second - np.uint8(0xB0) < 10)
    arabic = (data[:-1] == 0xD9) & (second - np.uint8(0xA0) < 10)
    lead = np.flatnonzero(persian | arabic)
    if not len(lead):
        return column
    data = data.copy()
    data[lead] = _ZERO + (data[lead + 1] & 0x0F)
    kept = np.ones(len(data), dtype=bool)
    kept[lead + 1] = False
    shift = np.zeros(len(data) + 1, dtype=np.int32)
    np.cumsum(~kept, out=shift[1:])
    validity = column.is_valid() if column.null_count else None
    return _strings(data[kept], offsets - shift[offsets], validity)


def as_it_stands(pattern: str, *, without: str | None = None, digit: str | None = None) -> Plain:
    """Take texts that match a pattern as they are.

    :param pattern: RE2, anchored.
    :param without: what is taken out of those that match, as RE2.
    :param digit: what must stand somewhere in it too, as RE2.
    """

    def plain(column: Any) -> tuple[Any, dict[str, Any]]:
        matched = pc.match_substring_regex(column, pattern)
        if digit is not None:
            matched = pc.and_(matched, pc.match_substring_regex(column, digit))
        if without is not None:
            column = pc.replace_substring_regex(column, without, "")
        return matched, {"": column}

    return plain


def national_ids(column: Any) -> tuple[Any, dict[str, Any]]:
    """Ten digits whose check digit holds; see ``identifiers.is_valid_national_id``."""
    data, offsets = _buffers(column)
    place = np.flatnonzero(np.diff(offsets) == 10)
    digits = _windows(data)[offsets[place]] - np.uint8(_ZERO)
    rest = digits[:, :9].astype(np.int32) @ _WEIGHTS % 11
    holds = (digits < 10).all(axis=1) & (digits[:, 9] == np.where(rest < 2, rest, 11 - rest))
    holds &= (digits[:, 3:9] != 0).any(axis=1) & (digits != digits[:, :1]).any(axis=1)
    valid = np.zeros(len(column), dtype=bool)
    valid[place] = holds
    return pa.array(valid), {"": column, "_state": pa.repeat(pa.scalar("valid"), len(column))}


def solar_days(column: Any) -> tuple[Any, dict[str, Any]]:
    """Days of a Solar Hijri year of four digits, numbers only: 1362/7/3, 03-07-1362."""
    data, offsets = _buffers(column)
    length = np.diff(offsets)
    place = np.flatnonzero((length >= 8) & (length <= 10))
    length = length[place]
    windows = _windows(data)
    texts = windows[offsets[:-1][place]]
    first = _year_first(texts, length)
    # the last ten bytes, turned round, are a year first with its digits turned round
    turned = windows[np.maximum(offsets[1:][place] - 10, 0)][:, ::-1]
    at_start = offsets[1:][place] < 10
    last = _year_first(np.where(at_start[:, None], 0, turned), length, turned=True)
    # one of them is 0
    year, month, day = (one + other for one, other in zip(first, last, strict=True))
    known = YEARS["solar"]
    sound = (year >= known.start) & (year < known.stop) & (month >= 1) & (month <= 12) & (day >= 1)
    firsts = _first_days()[np.where(sound, (year - known.start) * 12 + month - 1, 0)]
    ends = _first_days()[np.where(sound, (year - known.start) * 12 + month, 1)]
    sound &= firsts + day <= ends
    place, year, month, day = place[sound], year[sound], month[sound], day[sound]
    matched = np.zeros(len(column), dtype=bool)
    matched[place] = True
    days = np.zeros(len(column), dtype=np.int32)
    days[place] = firsts[sound] + day - 1 - _EPOCH
    written = np.full((len(column), 10), _ZERO, dtype=np.uint8)
    numbers = (year // 1000, year // 100, year // 10, year, None, month // 10, month, None)
    for n, number in enumerate((*numbers, day // 10, day)):
        written[place, n] = ord("-") if number is None else number % 10 + _ZERO
    offsets = np.arange(len(column) + 1, dtype=np.int32) * 10
    dates = pa.array(days).cast(pa.date32())
    return pa.array(matched), {
        "": _strings(written.ravel(), offsets, None),
        "_first": dates,
        "_last": dates,
        "_note": pa.nulls(len(column), pa.string()),
    }


def _year_first(texts: Bytes, length: Whole, turned: bool = False) -> tuple[Whole, Whole, Whole]:
    """Year, month and day of texts such as 1362/7/3; all 0 where a text is another.

    :param texts: n rows of ten bytes, of which ``length`` count.
    :param turned: whether each text stands from its end to its beginning.
    """
    digits = texts - np.uint8(_ZERO)
    is_digit = digits < 10
    number = digits.astype(np.int64)
    mark = texts[:, 4]
    short = texts[:, 6] == mark
    # where the day begins, and whether it has two digits
    begin = np.where(short, 7, 8)
    two = length - begin == 2

    def joined(first: Any, second: Any) -> Any:
        return second * 10 + first if turned else first * 10 + second

    sound = is_digit[:, :4].all(axis=1) & is_digit[:, 5]
    sound &= (mark == ord("/")) | (mark == ord("-")) | (mark == ord("."))
    sound &= short | (is_digit[:, 6] & (texts[:, 7] == mark))
    sound &= two | (length - begin == 1)
    one, other = (
        np.where(short, number[:, 7], number[:, 8]),
        np.where(short, number[:, 8], number[:, 9]),
    )
    sound &= np.where(short, is_digit[:, 7], is_digit[:, 8])
    sound &= ~two | np.where(short, is_digit[:, 8], is_digit[:, 9])
    order = [1, 10, 100, 1000] if turned else [1000, 100, 10, 1]
    year: Whole = number[:, :4] @ np.array(order)
    month: Whole = np.where(short, number[:, 5], joined(number[:, 5], number[:, 6]))
    day: Whole = np.where(two, joined(one, other), one)
    return year * sound, month * sound, day * sound


@cache
def _first_days() -> Whole:
    """The ordinal of the first day of each month of ``YEARS``, and of the one after the last."""
    years = YEARS["solar"]
    first = [days_of("solar", year, month)[0] for year in years for month in range(1, 13)]
    after = days_of("solar", years.stop - 1)[1].toordinal() + 1
    return np.array([*(day.toordinal() for day in first), after], dtype=np.int64)


def _buffers(column: Any) -> tuple[Bytes, Any]:
    """The bytes of a string array and n + 1 offsets in them; a null has none."""
    _, offsets, data = column.buffers()
    bytes_ = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    if not len(column):
        return bytes_[:0], np.zeros(1, np.int32)
    places = np.frombuffer(offsets, np.int32, len(column) + 1, 4 * column.offset)
    return bytes_[places[0] : places[-1]], places - places[0]


def _windows(data: Bytes) -> Any:
    """The ten bytes from each place on, 0 beyond the end."""
    padded = np.concatenate([data, np.zeros(10, np.uint8)])
    return np.lib.stride_tricks.sliding_window_view(padded, 10)


def _strings(data: Any, offsets: Any, validity: Any) -> Any:
    ends = pa.py_buffer(offsets.astype(np.int32).tobytes())
    plain: Any = pa.StringArray.from_buffers(len(offsets) - 1, ends, pa.py_buffer(data.tobytes()))
    return plain if validity is None else pc.if_else(validity, plain, pa.scalar(None, pa.string()))
