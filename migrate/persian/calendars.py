"""Calendar arithmetic: years, months and days of four calendars as Gregorian days.

Solar Hijri is persiantools' (from 1304 the civil calendar; earlier years are counted back by the
same rule, as identity papers do); imperial years are Solar Hijri ones of 1180 more. Lunar Hijri
is the tabular calendar (30-year cycle, leap years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26 and 29,
epoch 16 July 622 Julian; Dershowitz and Reingold, Calendrical Calculations): months were
observed, not computed, so a lunar day is an interval of two days about the computed one.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from persiantools.jdatetime import JalaliDate

# persiantools says it is typed, and is not
_Jalali: Any = JalaliDate

Calendar = Literal["solar", "imperial", "lunar", "gregorian"]

# the years that are read as years of each calendar; all of their days are in the Solar ones
YEARS: dict[Calendar, range] = {
    "solar": range(1250, 1451),
    "imperial": range(2500, 2541),
    "lunar": range(1300, 1451),
    "gregorian": range(1872, 2072),
}
# 2535, the first imperial year in use, was 1355
IMPERIAL = 1180
LUNAR_DOUBT = 2
_LUNAR_EPOCH = 227_015


def days_of(calendar: Calendar, year: int, month: int = 0, day: int = 0) -> tuple[date, date]:
    """First and last day of a year, of a month, or of a day, in days of the Gregorian calendar.

    :param calendar: 'imperial' takes imperial years.
    :param year: one of ``YEARS[calendar]``.
    :param month: 1 to 12; 0 for the whole year.
    :param day: 0 for the whole month.
    :raises ValueError: where there is no such year, month or day, in words.
    """
    if not 0 <= month <= 12:
        raise ValueError(f"there is no month {month}")
    if calendar == "lunar":
        return _lunar(year, month, day)
    if calendar == "gregorian":
        return _gregorian(year, month, day)
    if calendar == "imperial":
        year -= IMPERIAL
    return _solar(year, month, day)


def solar_text(day: date) -> str:
    """A day as Solar Hijri 'YYYY-MM-DD'.

    :param day: Gregorian, from 623-03-22.
    """
    found = _Jalali.to_jalali(day)
    return f"{found.year:04}-{found.month:02}-{found.day:02}"


# ordinal of 1 Farvardin of each year, and of the year after the last
_NOWRUZ: dict[int, int] = {
    year: _Jalali(year, 1, 1).to_gregorian().toordinal()
    for year in range(YEARS["solar"].start, YEARS["solar"].stop + 1)
}
_DAYS_BEFORE_MONTH = tuple(31 * min(n, 6) + 30 * max(n - 6, 0) for n in range(12))


def _solar(year: int, month: int, day: int) -> tuple[date, date]:
    if year not in YEARS["solar"]:
        raise ValueError(f"{year} is no Solar Hijri year that is read here")
    nowruz = _NOWRUZ[year]
    if not month:
        return date.fromordinal(nowruz), date.fromordinal(_NOWRUZ[year + 1] - 1)
    first = nowruz + _DAYS_BEFORE_MONTH[month - 1]
    after = _NOWRUZ[year + 1] if month == 12 else nowruz + _DAYS_BEFORE_MONTH[month]
    if not day:
        return date.fromordinal(first), date.fromordinal(after - 1)
    if day > after - first:
        raise ValueError(f"month {month} of {year} has {after - first} days, not {day}")
    found = date.fromordinal(first + day - 1)
    return found, found


def _gregorian(year: int, month: int, day: int) -> tuple[date, date]:
    if month and day:
        try:
            return date(year, month, day), date(year, month, day)
        except ValueError:
            raise ValueError(f"month {month} of {year} has no day {day}") from None
    first = date(year, month or 1, 1)
    after = date(year + 1, 1, 1) if month in (0, 12) else date(year, month + 1, 1)
    return first, date.fromordinal(after.toordinal() - 1)


def _lunar(year: int, month: int, day: int) -> tuple[date, date]:
    first = _lunar_month(year, month or 1)
    if month and day:
        # observed months have 29 or 30 days, whatever the table says
        if not 1 <= day <= 30:
            raise ValueError(f"a lunar month has no day {day}")
        first = last = first + day - 1
    else:
        # the twelfth month of a leap year has a day more than the table of months gives
        whole = month in (0, 12)
        last = (_lunar_month(year + 1, 1) if whole else _lunar_month(year, month + 1)) - 1
    return date.fromordinal(first - LUNAR_DOUBT), date.fromordinal(last + LUNAR_DOUBT)


def _lunar_month(year: int, month: int) -> int:
    """Ordinal of a month's first day."""
    leap_days = (3 + 11 * year) // 30
    return _LUNAR_EPOCH + (year - 1) * 354 + leap_days + 29 * (month - 1) + month // 2
