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
    """Days of a Solar Hijri year, numbers only: 1362/7/3, 03-07-1362, 13620703, 62/7/3, 3/7/62."""
    data, offsets = _buffers(column)
    begin, end = _trimmed(data, offsets)
    length = end - begin
    place = np.flatnonzero((length >= 6) & (length <= 10))
    year, month, day, assumed = _numbers(_windows(data)[begin[place]], length[place])
    known = YEARS["solar"]
    sound = (year >= known.start) & (year < known.stop) & (month >= 1) & (month <= 12) & (day >= 1)
    at = np.where(sound, (year - known.start) * 12 + month - 1, 0)
    first = _first_days()[at]
    sound &= first + day <= _first_days()[at + 1]
    place, year, month, day = place[sound], year[sound], month[sound], day[sound]
    matched = np.zeros(len(column), dtype=bool)
    matched[place] = True
    days = np.zeros(len(column), dtype=np.int32)
    days[place] = first[sound] + day - 1 - _EPOCH
    dates = pa.array(days).cast(pa.date32())
    century = np.zeros(len(column), dtype=bool)
    century[place] = assumed[sound]
    note = pc.if_else(pa.array(century), "century assumed", pa.scalar(None, pa.string()))
    written = np.full((len(column), 10), _ZERO, dtype=np.uint8)
    numbers = (year // 1000, year // 100, year // 10, year, None, month // 10, month, None)
    for n, number in enumerate((*numbers, day // 10, day)):
        written[place, n] = ord("-") if number is None else number % 10 + _ZERO
    texts = _strings(written.ravel(), np.arange(len(column) + 1, dtype=np.int32) * 10, None)
    return pa.array(matched), {"": texts, "_first": dates, "_last": dates, "_note": note}


def _trimmed(data: Bytes, offsets: Any) -> tuple[Any, Any]:
    """Where each text begins and ends without a space or two about it."""
    begin, end = offsets[:-1].copy(), offsets[1:].copy()
    if len(data):
        for _ in range(2):
            begin += (begin < end) & (data[np.minimum(begin, len(data) - 1)] == ord(" "))
            end -= (begin < end) & (data[end - 1] == ord(" "))
    return begin, end


def _numbers(texts: Bytes, length: Any) -> tuple[Any, Any, Any, Any]:
    """Year, month and day of n texts, all 0 where a text is no day, and whether a century is assumed.

    :param texts: n rows of ten bytes, of which ``length`` count.
    """
    digits = texts - np.uint8(_ZERO)
    mark = (texts == ord("/")) | (texts == ord("-")) | (texts == ord("."))
    mark &= np.arange(10) < length[:, None]
    marks = mark.sum(axis=1)
    one, two = mark.argmax(axis=1), 9 - mark[:, ::-1].argmax(axis=1)
    rows = np.arange(len(texts))
    sound = (marks == 2) & (texts[rows, one] == texts[rows, two])
    whole = (marks == 0) & (length == 8)
    # 13620703 is parted as if there were marks
    one, two = np.where(whole, 3, one), np.where(whole, 5, two)
    values = [np.zeros(len(texts), dtype=np.int32) for _ in range(3)]
    for n in range(10):
        inside = (
            (n < one) | (whole & (n == 3)),
            ((n > one) & (n < two)) | (whole & (n == 5)),
            (n > two) & (n < length),
        )
        number = digits[:, n].astype(np.int32)
        for value, here in zip(values, inside, strict=True):
            np.copyto(value, value * 10 + number, where=here)
        sound &= (digits[:, n] < 10) | mark[:, n] | (n >= length)
    whole &= (digits[:, :8] < 10).all(axis=1)
    first, month, last = values
    long, middle, end = one + whole, two - one - 1 + whole, length - two - 1
    # to where a number is a day of a month, or must be a year
    brief = ((long <= 2) & (first <= 31), (end <= 2) & (last <= 31))
    named = ((long == 2) & (first > 31), (end == 2) & (last > 31))
    sound &= (middle >= 1) & (middle <= 2)
    ahead = whole | sound & (((long == 4) & (end >= 1) & (end <= 2)) | (named[0] & brief[1]))
    after = sound & (((end == 4) & (long >= 1) & (long <= 2)) | (named[1] & brief[0]))
    year = np.where(ahead, first, np.where(after, last, 0))
    day = np.where(ahead, last, np.where(after, first, 0))
    assumed = sound & ((named[0] & brief[1]) | (named[1] & brief[0]))
    return year + 1300 * assumed, month, day, assumed


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
