"""Dates of Persian paper: four calendars and many forms in, an interval of days out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from migrate.persian.calendars import IMPERIAL, YEARS, Calendar, days_of
from migrate.persian.date_intervals import (
    DateInterval,
    Precision,
    interval,
    read_back,
    sign_interval,
    span,
)
from migrate.persian.date_words import Words, read_words
from migrate.persian.letters import digits, fold, is_blank

__all__ = ["Calendar", "DateInterval", "Order", "Precision", "UnreadDate", "parse_date"]

Order = Literal["ymd", "dmy", "mdy"]


@dataclass(frozen=True, slots=True)
class UnreadDate:
    """A date that stands in the source but cannot be read: kept raw, with the reason."""

    raw: str
    reason: str


_PLAIN = re.compile(r"(\d{1,4})([/.\-])(\d{1,2})\2(\d{1,4})")
_TIME = re.compile(r"[T ]\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[AP]M|[+-]\d{2}:?\d{2})?$", re.I)
_POINT_ZERO = re.compile(r"(\d+)\.0+")
_CANONICAL_DAYS = re.compile(r"(\d{4})-(\d\d)-(\d\d)/(\d{4})-(\d\d)-(\d\d)")


def parse_date(
    text: str | None, *, century: int = 1300, order: Order | None = None
) -> DateInterval | UnreadDate | None:
    """Read a date in any form that Persian paper has. None for a blank, and for zeros alone.

    Forms: ۱۳۶۲/۷/۳, 3/7/62, 62/7/3, ۳ مهر ۱۳۶۲, سوم مهرماه یکهزار و سیصد و شصت و دو, 1362-07-03,
    13620703, 1362, 62, مهر 1362, 7/1362, 1362/07/00, تابستان 1362, 62-63 (an academic year),
    September 25, 1983, 12 ربیع الاول 1340, 2535/7/3, an ISO date with a time, and the `text` of a
    DateInterval. The calendar is told by a marker (ه.ش, ه.ق, میلادی, شاهنشاهی), by the month's
    word, or by the year: 1250–1450 Solar Hijri, 2500–2540 imperial, 1872–2071 Gregorian. Lunar
    Hijri is never guessed from a year alone. What can be read in two ways is not read: 10/5/20
    may be the tenth or the twentieth; of 3/9/1983 only the year is taken.

    :param text: a cell as read.
    :param century: added to two-digit Solar Hijri years (600 more for Gregorian ones).
    :param order: order of numbers in a source that is known to keep one; None to tell by value.
    :returns: an interval; an UnreadDate, with a reason, for what is impossible or not understood.
    """
    if text is None:
        return None
    try:
        plain = _PLAIN.fullmatch(digits(text).strip())
        if plain:
            first, middle, last = plain[1], plain[3], plain[4]
            if not first.strip("0") and not middle.strip("0") and not last.strip("0"):
                return None
            return _three(first, middle, last, None, True, century, order)
        return _parse_words(fold(text), century, order)
    except ValueError as error:
        # a blank has no number and no month either; asked last, since it is rare
        return None if is_blank(text) else UnreadDate(text, str(error))


def _parse_words(folded: str, century: int, order: Order | None) -> DateInterval | None:
    days = _CANONICAL_DAYS.fullmatch(folded)
    if days:
        return read_back([int(number) for number in days.groups()])
    whole = _POINT_ZERO.fullmatch(folded)
    found = read_words(whole[1] if whole else _TIME.sub("", folded))
    count = len(found.numbers)
    if found.season is not None:
        return _season(found, century)
    if found.month is not None:
        return _with_month(found, found.month, century)
    if not any(number.strip("0") for number in found.numbers):
        if found.numbers:
            return None
        raise ValueError("no number and no month in it")
    if count == 1:
        return _one(found.numbers[0], found.calendar, found.certain, century, order)
    if count == 2:
        first, second = found.numbers
        return _two(first, second, found.calendar, found.certain, century)
    if count == 3:
        first, middle, last = found.numbers
        return _three(first, middle, last, found.calendar, found.certain, century, order)
    raise ValueError(f"{count} numbers, and no form of a date that has so many")


def _year(
    number: str, marker: Calendar | None, certain: bool, century: int
) -> tuple[Calendar, int, bool]:
    """Calendar, year in it, and whether it is certain."""
    value = int(number)
    if len(number) == 2 and value:
        calendar = marker or "solar"
        if calendar == "imperial":
            value += 2500
        else:
            value += century + (600 if calendar == "gregorian" else 0)
        certain = False
    elif len(number) == 4:
        readings: tuple[Calendar, ...] = ("solar", "imperial", "gregorian")
        if marker == "solar":
            readings = ("solar", "imperial")
        elif marker:
            readings = (marker,)
        calendar = next((c for c in readings if value in YEARS[c]), "solar")
    else:
        raise ValueError(f"{number} is no year")
    if value not in YEARS[calendar]:
        kind = f"{marker} year" if marker else "year of any calendar here"
        raise ValueError(f"{value} is no {kind}")
    return calendar, value, certain


def _is_year(number: str) -> bool:
    return len(number) == 4 or (len(number) == 2 and int(number) > 31)


def _one(
    number: str, marker: Calendar | None, certain: bool, century: int, order: Order | None
) -> DateInterval:
    if len(number) == 8:
        if any(int(number[:4]) in years for years in YEARS.values()):
            try:
                return _three(number[:4], number[4:6], number[6:], marker, certain, century, "ymd")
            except ValueError:
                if not any(int(number[4:]) in years for years in YEARS.values()):
                    raise
        return _three(number[:2], number[2:4], number[4:], marker, certain, century, order)
    if len(number) == 6:
        # 130703: the month of 1307, or a day of 1313
        year_month = int(number[:4]) in YEARS["solar"] and 1 <= int(number[4:]) <= 12
        if year_month and int(number[2:4]) <= 12 and not order:
            raise ValueError("may be a year and month, or a day of a two-digit year")
        if year_month and not order:
            return _two(number[:4], number[4:], marker, certain, century)
        return _three(number[:2], number[2:4], number[4:], marker, certain, century, order)
    if len(number) == 5:
        raise ValueError("five digits: perhaps a spreadsheet's day number")
    return _whole_year(number, marker, certain, century)


def _whole_year(number: str, marker: Calendar | None, certain: bool, century: int) -> DateInterval:
    calendar, year, certain = _year(number, marker, certain, century)
    return interval(calendar, year, 0, 0, certain)


def _two(
    first: str, second: str, marker: Calendar | None, certain: bool, century: int
) -> DateInterval:
    if len(first) == 4 and len(second) == 4 and abs(int(first) - int(second)) == IMPERIAL:
        return _whole_year(min(first, second), "solar", certain, century)
    if _is_year(first) and _is_year(second):
        return _two_years(first, second, marker, certain, century)
    if _is_year(first) == _is_year(second):
        raise ValueError("two numbers, neither of them surely a year")
    year_number, month = (first, second) if _is_year(first) else (second, first)
    if len(year_number) == 4 and len(month) == 2 and int(month) == int(year_number[2:]) + 1 > 12:
        return _two_years(year_number, month, marker, certain, century)
    calendar, year, certain = _year(year_number, marker, certain, century)
    return interval(calendar, year, int(month), 0, certain)


def _two_years(
    first: str, second: str, marker: Calendar | None, certain: bool, century: int
) -> DateInterval:
    """An academic year: 1362-1363, 1362-63, 62-63; or 63-62, as right-to-left text turns it."""
    shorter = min(len(first), len(second))
    earlier, later = sorted((first, second), key=lambda number: int(number[-shorter:]))
    if int(later[-shorter:]) - int(earlier[-shorter:]) != 1:
        raise ValueError(f"{first} and {second} are no two years in a row")
    calendar, year, certain = _year(
        earlier if len(earlier) >= len(later) else str(int(later) - 1), marker, certain, century
    )
    begin, end = days_of(calendar, year)[0], days_of(calendar, year + 1)[1]
    return span(begin, end, calendar, certain)


def _three(
    first: str,
    middle: str,
    last: str,
    marker: Calendar | None,
    certain: bool,
    century: int,
    order: Order | None,
) -> DateInterval:
    if len(first) == 4 or len(last) == 4:
        year_first = len(first) == 4
        if year_first and len(last) == 4:
            raise ValueError("two years in it")
    elif max(len(first), len(last)) > 2:
        raise ValueError("a year of three digits")
    elif order:
        year_first = order == "ymd"
    else:
        # a number over 31 can only be the year; 00 may be a year too, or a day not known
        may_be_day = (int(first) <= 31, int(last) <= 31)
        if may_be_day == (True, True):
            raise ValueError("its day and its year cannot be told apart")
        if may_be_day == (False, False):
            raise ValueError("no number in it can be the day")
        year_first = may_be_day[1]
    year_number, day_number = (first, last) if year_first else (last, first)
    if len(year_number) == 1:
        year_number = f"0{year_number}"
    calendar, year, certain = _year(year_number, marker, certain, century)
    month, day = int(middle), int(day_number)
    if not year_first and order == "mdy":
        month, day = day, month
    elif not year_first and order is None and calendar == "gregorian" and month and day:
        # clerks' day first, spreadsheets' month first
        if month > 12 >= day:
            month, day = day, month
        elif month <= 12 and day <= 12 and month != day:
            return interval(calendar, year, 0, 0, False)
    return interval(calendar, year, month, day, certain)


def _with_month(found: Words, month: int, century: int) -> DateInterval:
    if not 1 <= len(found.numbers) <= 2:
        raise ValueError("a month, and no year in it" if not found.numbers else "too many numbers")
    if len(found.numbers) == 1:
        year_number, day = found.numbers[0], "0"
        if found.numbers_before_month and not _is_year(year_number):
            raise ValueError("a day and a month, and no year in it")
    else:
        # with both numbers small, paper has the day first: 3 مهر 20
        day, year_number = found.numbers
        if len(day) == 4 or (len(year_number) < 4 and _is_year(day)):
            day, year_number = year_number, day
        if len(day) > 2:
            raise ValueError("two years in it")
    calendar, year, certain = _year(year_number, found.calendar, found.certain, century)
    if found.constellation and year < 1304:
        return sign_interval(year, month, int(day), certain)
    return interval(calendar, year, month, int(day), certain)


def _season(found: Words, century: int) -> DateInterval:
    if len(found.numbers) != 1 or found.month is not None:
        raise ValueError("a season, and not just a year with it")
    calendar, year, certain = _year(found.numbers[0], found.calendar, found.certain, century)
    if calendar not in ("solar", "imperial"):
        raise ValueError(f"a season of a {calendar} year")
    month = 3 * (found.season or 0) + 1
    begin, end = days_of(calendar, year, month)[0], days_of(calendar, year, month + 2)[1]
    return span(begin, end, calendar, certain)
