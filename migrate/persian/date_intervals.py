"""Intervals of days, made from what a date says: the values that ``parse_date`` gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from migrate.persian.calendars import IMPERIAL, LUNAR_DOUBT, Calendar, days_of, solar_text

Precision = Literal["day", "month", "year"]

_SIGN_DOUBT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class DateInterval:
    """All the days that a written date may mean.

    :ivar first: first day, Gregorian.
    :ivar last: last day, Gregorian, inclusive.
    :ivar calendar: the calendar it was read in.
    :ivar precision: what was written: a day, a month, or no more than a year (also a season, or
        an academic year).
    :ivar certain: False where the century was assumed, or the writer was not sure himself.
    :ivar text: Solar Hijri: '1362-07-03', '1362-07' or '1362'; where the days are no day, month
        or year of that calendar, 'FIRST/LAST' as days.
    """

    first: date
    last: date
    calendar: Calendar
    precision: Precision
    certain: bool
    text: str


def interval(calendar: Calendar, year: int, month: int, day: int, certain: bool) -> DateInterval:
    """The days of a year, of a month, or one day (five days about a lunar one).

    :param calendar: 'imperial' takes imperial years.
    :param year: one of ``YEARS[calendar]``.
    :param month: 1 to 12; 0 for the whole year, whatever the day.
    :param day: 0 for the whole month.
    :param certain: whether the reading is.
    :raises ValueError: where there is no such month or day, in words.
    """
    precision: Precision = "year" if not month else "month" if not day else "day"
    first, last = days_of(calendar, year, month, day)
    if calendar in ("solar", "imperial"):
        text = f"{year - IMPERIAL if calendar == 'imperial' else year}"
        if month:
            text += f"-{month:02}-{day:02}" if day else f"-{month:02}"
    else:
        text = solar_text(first) if first == last else _days_text(first, last)
    return DateInterval(first, last, calendar, precision, certain, text)


def span(begin: date, end: date, calendar: Calendar, certain: bool) -> DateInterval:
    """From one day to another, known to no more than the year: a season, an academic year."""
    return DateInterval(begin, end, calendar, "year", certain, _days_text(begin, end))


def sign_interval(year: int, month: int, day: int, certain: bool) -> DateInterval:
    """A day or month by the sun's signs: of 29 to 32 days, within two days of today's months.

    :param year: Solar Hijri, before 1304.
    :param month: 1 to 12.
    :param day: 0 for the whole month.
    :param certain: whether the reading is.
    :raises ValueError: for a day over 32.
    """
    first, last = days_of("solar", year, month)
    if day > 32:
        raise ValueError(f"a month of the sun's signs has no day {day}")
    if day:
        first = last = first + timedelta(days=day - 1)
    first, last = first - _SIGN_DOUBT, last + _SIGN_DOUBT
    precision: Precision = "day" if day else "month"
    return DateInterval(first, last, "solar", precision, certain, _days_text(first, last))


def read_back(numbers: list[int]) -> DateInterval:
    """FIRST/LAST read again: its text does not say in what calendar it was.

    :param numbers: year, month and day of the first and of the last day, Solar Hijri.
    :raises ValueError: where one of them is no day, or they are in the wrong order.
    """
    if not all(numbers):
        raise ValueError("a day or a month is zero")
    first = days_of("solar", numbers[0], numbers[1], numbers[2])[0]
    last = days_of("solar", numbers[3], numbers[4], numbers[5])[0]
    length = (last - first).days
    if length < 0:
        raise ValueError("it ends before it begins")
    precision: Precision = "year"
    if length <= 2 * LUNAR_DOUBT:
        precision = "day"
    elif length < 31 + 2 * LUNAR_DOUBT:
        precision = "month"
    return DateInterval(first, last, "solar", precision, True, _days_text(first, last))


def _days_text(first: date, last: date) -> str:
    return f"{solar_text(first)}/{solar_text(last)}"
