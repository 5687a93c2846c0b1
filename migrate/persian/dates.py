"""Dates of Persian paper: four calendars and many forms in, an interval of days out.

Calendar arithmetic is persiantools' for Solar Hijri (from 1304 the civil calendar; earlier years
are counted back by the same rule, as identity papers do). Lunar Hijri is the tabular calendar
(30-year cycle, leap years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26 and 29, epoch 16 July 622 Julian;
Dershowitz and Reingold, Calendrical Calculations): months were observed, not computed, so a
lunar date is an interval of two days about the computed one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from persiantools.jdatetime import JalaliDate

from migrate.persian.letters import digits, fold, is_blank, key

Calendar = Literal["solar", "imperial", "lunar", "gregorian"]
Precision = Literal["day", "month", "year"]
Order = Literal["ymd", "dmy", "mdy"]

YEARS: dict[Calendar, range] = {
    "solar": range(1250, 1451),
    "imperial": range(2500, 2541),
    "lunar": range(1250, 1451),
    "gregorian": range(1850, 2101),
}
# 2535, the first imperial year in use, was 1355
_IMPERIAL = 1180
_LUNAR_EPOCH = 227_015
_LUNAR_DOUBT = 2


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


@dataclass(frozen=True, slots=True)
class UnreadDate:
    """A date that stands in the source but cannot be read: kept raw, with the reason."""

    raw: str
    reason: str


class _UnreadableError(Exception):
    """Why a text is no date; never leaves this module."""


def _months(*spellings: str) -> dict[str, int]:
    return {
        key(spelling): month
        for month, names in enumerate(spellings, start=1)
        for spelling in names.split("|")
    }


_MONTH_WORDS: dict[Calendar, dict[str, int]] = {
    "solar": {
        **_months(
            "فروردین|فرودین|فروردن",
            "اردیبهشت|اردی‌بهشت|اردبهشت",
            "خرداد|خورداد",
            "تیر",
            "مرداد|امرداد",
            "شهریور|شهریو",
            "مهر",
            "آبان",
            "آذر|آزر",
            "دی|دیماه",
            "بهمن",
            "اسفند|اسپند|اسفندارمذ",
        ),
        # the months of the constellations, official until 1304
        **_months(*"حمل ثور جوزا سرطان اسد سنبله میزان عقرب قوس جدی دلو حوت".split()),
        **_months(
            "Farvardin",
            "Ordibehesht",
            "Khordad",
            "Tir",
            "Mordad|Amordad",
            "Shahrivar",
            "Mehr",
            "Aban",
            "Azar",
            "Dey|Day",
            "Bahman",
            "Esfand",
        ),
    },
    "lunar": _months(
        "محرم|محرم الحرام",
        "صفر|صفر المظفر",
        "ربیع الاول|ربیع الاولی|ربیع المولود|ربیع اول",
        "ربیع الثانی|ربیع الاخر|ربیع ثانی|ربیع دوم",
        "جمادی الاول|جمادی الاولی|جمادالاول|جمادی اول",
        "جمادی الثانی|جمادی الثانیه|جمادی الاخر|جمادی الاخره|جمادی الاخری|جمادی دوم",
        "رجب|رجب المرجب",
        "شعبان|شعبان المعظم",
        "رمضان|رمضان المبارک",
        "شوال|شوال المکرم",
        "ذی القعده|ذیقعده|ذوالقعده|ذی‌قعده الحرام|ذی القعده الحرام|ذیعقده",
        "ذی الحجه|ذیحجه|ذوالحجه|ذی الحجه الحرام|ذیحجه الحرام",
    ),
    "gregorian": _months(
        "January|Jan|ژانویه|جنوری",
        "February|Feb|فوریه|فبروری",
        "March|Mar|مارس|مارچ",
        "April|Apr|آوریل|اپریل",
        "May|مه|می|مای",
        "June|Jun|ژوئن|ژوین|جون",
        "July|Jul|ژوئیه|ژوییه|جولای|جولایی",
        "August|Aug|اوت|آگوست|اگست",
        "September|Sept|Sep|سپتامبر",
        "October|Oct|اکتبر|اکتوبر",
        "November|Nov|نوامبر",
        "December|Dec|دسامبر",
    ),
}
_WORD_TO_MONTH: dict[str, tuple[Calendar, int]] = {
    word: (calendar, month)
    for calendar, words in _MONTH_WORDS.items()
    for word, month in words.items()
}
_SEASONS = {key(word): n for n, word in enumerate("بهار تابستان پاییز زمستان".split())}
_SEASONS[key("پائیز")] = 2
_MARKERS: dict[str, Calendar] = {
    **dict.fromkeys(map(key, "ش هش شمسی خورشیدی".split()), "solar"),
    **dict.fromkeys(map(key, "ق هق قمری".split()), "lunar"),
    **dict.fromkeys(map(key, "م میلادی مسیحی AD CE".split()), "gregorian"),
    **dict.fromkeys(map(key, "شاهنشاهی ش‌ا".split()), "imperial"),
}
_SILENT = frozenset(
    map(
        key,
        "ه هجری سال سنه ماه ماهه روز تاریخ مورخ مورخه در به ام متولد تولد تحصیلی اوایل اوائل اواسط"
        " اواخر برج مطابق برابر با of th st nd rd the".split(),
    )
)
_UNSURE = frozenset(map(key, "حدود حدودا حدوداً تقریبا تقریباً احتمالا احتمالاً circa about".split()))
_NUMBER_WORDS = {
    **{
        key(word): value
        for value, words in enumerate(
            "صفر یک|یکم|اول|اوّل دو|دوم سه|سوم چهار|چهارم پنج|پنجم شش|ششم|شیش هفت|هفتم هشت|هشتم نه|نهم"
            " ده|دهم یازده|یازدهم دوازده|دوازدهم سیزده|سیزدهم چهارده|چهاردهم پانزده|پانزدهم"
            " شانزده|شانزدهم هفده|هفدهم هجده|هجدهم|هیجده|هیجدهم نوزده|نوزدهم بیست|بیستم".split()
        )
        for word in words.split("|")
        if value
    },
    **{
        key(word): 10 * tens
        for tens, words in enumerate(
            "سی|سی‌ام|سیم چهل|چهلم پنجاه|پنجاهم شصت|شصتم هفتاد|هفتادم هشتاد|هشتادم نود|نودم".split(),
            start=3,
        )
        for word in words.split("|")
    },
    **{key(word): 100 * n for n, word in enumerate("صد دویست سیصد چهارصد پانصد".split(), start=1)},
    key("یکصد"): 100,
    key("یکهزار"): 1000,
    key("هزار"): 1000,
    key("دوهزار"): 2000,
}
_PLAIN = re.compile(r"(\d{1,4})([/.\-])(\d{1,2})\2(\d{1,4})")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_TIME = re.compile(r"[T ]\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[AP]M|[+-]\d{2}:?\d{2})?$", re.I)
_WEEKDAY = re.compile(r"(یک|دو|سه|چهار|پنج)?\s*شنبه|جمعه|آدینه")
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
    word, or by the year: 1250–1450 Solar Hijri, 2500–2540 imperial, 1850–2100 Gregorian. Lunar
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
        if is_blank(text):
            return None
        return _parse_words(fold(text), century, order)
    except _UnreadableError as error:
        return UnreadDate(text, str(error))


def _parse_words(folded: str, century: int, order: Order | None) -> DateInterval | None:
    days = _CANONICAL_DAYS.fullmatch(folded)
    if days:
        numbers = [int(number) for number in days.groups()]
        return _days(_solar_day(*numbers[:3]), _solar_day(*numbers[3:]))
    folded = _TIME.sub("", folded)
    folded = _WEEKDAY.sub(" ", folded)
    whole = _POINT_ZERO.fullmatch(folded)
    if whole:
        folded = whole[1]
    marker, month, season, certain, numbers_before, numbers = _tokens(folded)
    if "?" in folded:
        certain = False
    if not any(number.strip("0") for number in numbers) and month is None and season is None:
        if numbers:
            return None
        raise _UnreadableError("no number and no month in it")
    if season is not None:
        return _season(season, numbers, marker, certain, century)
    if month is not None:
        return _with_month(month, numbers, numbers_before, marker, certain, century)
    if len(numbers) == 1:
        return _one(numbers[0], marker, certain, century, order)
    if len(numbers) == 2:
        return _two(numbers[0], numbers[1], marker, certain, century)
    if len(numbers) == 3:
        return _three(numbers[0], numbers[1], numbers[2], marker, certain, century, order)
    raise _UnreadableError(f"{len(numbers)} numbers, and no form of a date that has so many")


def _tokens(
    folded: str,
) -> tuple[Calendar | None, int | None, int | None, bool, int, list[str]]:
    """Calendar, month, season, whether certain, numbers before the month, numbers."""
    words = [key(token) for token in _TOKEN.findall(folded)]
    marker: Calendar | None = None
    month: int | None = None
    season: int | None = None
    certain = True
    before = 0
    numbers: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word.endswith("ماه") and word != "ماه":
            word = word.removesuffix("ماه")
        found = None
        for length in (3, 2, 1):
            joined = (
                "".join(words[at : at + length - 1]) + word
                if length == 1
                else "".join(words[at : at + length]).removesuffix("ماه")
            )
            if at + length <= len(words) and joined in _WORD_TO_MONTH:
                found = length, _WORD_TO_MONTH[joined]
                break
        if word.isdigit():
            numbers.append(word)
        elif found:
            length, (calendar, number) = found
            if month is not None:
                raise _UnreadableError("two months in it")
            month, before = number, len(numbers)
            if marker is None or (marker, calendar) == ("imperial", "solar"):
                marker = marker or calendar
            elif marker != calendar:
                raise _UnreadableError(f"a {calendar} month, but marked as {marker}")
            at += length - 1
        elif word in _NUMBER_WORDS:
            number, at = _number_words(words, at)
            numbers.append(str(number) if number > 99 else f"{number:02}")
        elif word in _SEASONS:
            season = _SEASONS[word]
        elif word in _MARKERS:
            calendar = _MARKERS[word]
            if (
                marker is not None
                and marker != calendar
                and (marker, calendar)
                != (
                    "solar",
                    "imperial",
                )
            ):
                raise _UnreadableError(f"marked as {calendar}, but {marker} by its month")
            marker = calendar
        elif word in _UNSURE:
            certain = False
        elif word and word not in _SILENT:
            raise _UnreadableError(f"not a word of a date: {word}")
        at += 1
    return marker, month, season, certain, before, numbers


def _number_words(words: list[str], at: int) -> tuple[int, int]:
    """Value of a run of number words from `at`, and where its last word stands."""
    total = 0
    end = at
    while at < len(words) and (words[at] in _NUMBER_WORDS or words[at] == "و"):
        if words[at] != "و":
            value = _NUMBER_WORDS[words[at]]
            # سه هزار is three thousand, هزار و سیصد a thousand and three hundred
            total = total * value if value == 1000 and 0 < total < 10 else total + value
            end = at
        at += 1
    return total, end


def _year(
    number: str, marker: Calendar | None, certain: bool, century: int
) -> tuple[Calendar, int, bool]:
    """Calendar, year (an imperial one as Solar Hijri), and whether it is certain."""
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
        raise _UnreadableError(f"{number} is no year")
    if value not in YEARS[calendar]:
        kind = f"{marker} year" if marker else "year of any calendar here"
        raise _UnreadableError(f"{value} is no {kind}")
    return (calendar, value - _IMPERIAL if calendar == "imperial" else value, certain)


def _is_year(number: str) -> bool:
    return len(number) == 4 or (len(number) == 2 and int(number) > 31)


def _one(
    number: str, marker: Calendar | None, certain: bool, century: int, order: Order | None
) -> DateInterval:
    if len(number) == 8:
        if any(int(number[:4]) in years for years in YEARS.values()):
            try:
                return _three(number[:4], number[4:6], number[6:], marker, certain, century, "ymd")
            except _UnreadableError:
                if not any(int(number[4:]) in years for years in YEARS.values()):
                    raise
        return _three(number[:2], number[2:4], number[4:], marker, certain, century, order)
    if len(number) == 6:
        readings = []
        if number[:2] in {"12", "13", "14"} and int(number[:4]) in YEARS["solar"]:
            readings.append((number[:4], number[4:], None))
        readings.append((number[:2], number[2:4], number[4:]))
        found: list[DateInterval] = []
        for first, second, third in readings:
            try:
                found.append(
                    _two(first, second, marker, certain, century)
                    if third is None
                    else _three(first, second, third, marker, certain, century, order)
                )
            except _UnreadableError as error:
                reason = error
        if len(found) > 1:
            raise _UnreadableError("may be a year and month, or a year, month and day")
        if not found:
            raise reason
        return found[0]
    if len(number) == 5:
        raise _UnreadableError("five digits: perhaps a spreadsheet's day number")
    return _whole_year(number, marker, certain, century)


def _whole_year(number: str, marker: Calendar | None, certain: bool, century: int) -> DateInterval:
    calendar, year, certain = _year(number, marker, certain, century)
    return _interval(calendar, year, 0, 0, certain)


def _two(
    first: str, second: str, marker: Calendar | None, certain: bool, century: int
) -> DateInterval:
    if len(first) == 4 and len(second) == 4 and abs(int(first) - int(second)) == _IMPERIAL:
        return _whole_year(min(first, second), "solar", certain, century)
    if _is_year(first) and _is_year(second):
        return _two_years(first, second, marker, certain, century)
    if _is_year(first) == _is_year(second):
        raise _UnreadableError("two numbers, neither of them surely a year")
    year_number, month = (first, second) if _is_year(first) else (second, first)
    if len(year_number) == 4 and len(month) == 2 and int(month) == int(year_number[2:]) + 1 > 12:
        return _two_years(year_number, month, marker, certain, century)
    calendar, year, certain = _year(year_number, marker, certain, century)
    return _interval(calendar, year, int(month), 0, certain)


def _two_years(
    first: str, second: str, marker: Calendar | None, certain: bool, century: int
) -> DateInterval:
    """An academic year: 1362-1363, 1362-63, 62-63; or 63-62, as right-to-left text turns it."""
    shorter = min(len(first), len(second))
    earlier, later = sorted((first, second), key=lambda number: int(number[-shorter:]))
    if int(later[-shorter:]) - int(earlier[-shorter:]) != 1:
        raise _UnreadableError(f"{first} and {second} are no two years in a row")
    calendar, year, certain = _year(
        earlier if len(earlier) >= len(later) else str(int(later) - 1), marker, certain, century
    )
    begin = _interval(calendar, year, 0, 0, certain)
    end = _interval(calendar, year + 1, 0, 0, certain)
    text = f"{_solar_text(begin.first)}/{_solar_text(end.last)}"
    return DateInterval(begin.first, end.last, calendar, "year", certain, text)


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
            raise _UnreadableError("two years in it")
    elif max(len(first), len(last)) > 2:
        raise _UnreadableError("a year of three digits")
    elif order:
        year_first = order == "ymd"
    else:
        # a number over 31 can only be the year, a zero can only be a day that was not known
        may_be_day = (int(first) <= 31, int(last) <= 31)
        if may_be_day == (True, True):
            if int(first) and int(last):
                raise _UnreadableError("its day and its year cannot be told apart")
            may_be_day = (not int(first), not int(last))
        if may_be_day[0] == may_be_day[1]:
            raise _UnreadableError("no number in it can be the day")
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
            return _interval(calendar, year, 0, 0, False)
    return _interval(calendar, year, month, day, certain)


def _with_month(
    month: int,
    numbers: list[str],
    before: int,
    marker: Calendar | None,
    certain: bool,
    century: int,
) -> DateInterval:
    if len(numbers) == 1:
        if before and not _is_year(numbers[0]):
            raise _UnreadableError("no year in it")
        calendar, year, certain = _year(numbers[0], marker, certain, century)
        return _interval(calendar, year, month, 0, certain)
    if len(numbers) != 2:
        raise _UnreadableError("a month, and no year in it" if not numbers else "too many numbers")
    first, second = numbers
    # with both numbers small, paper has the day first: 3 مهر 20
    year_number, day = (first, second) if _is_year(first) else (second, first)
    if _is_year(day):
        raise _UnreadableError("two years in it")
    calendar, year, certain = _year(year_number, marker, certain, century)
    return _interval(calendar, year, month, int(day), certain)


def _season(
    season: int, numbers: list[str], marker: Calendar | None, certain: bool, century: int
) -> DateInterval:
    if len(numbers) != 1:
        raise _UnreadableError("a season, and no year in it")
    calendar, year, certain = _year(numbers[0], marker, certain, century)
    if calendar not in ("solar", "imperial"):
        raise _UnreadableError(f"a season of a {calendar} year")
    begin = _interval(calendar, year, 3 * season + 1, 0, certain)
    end = _interval(calendar, year, 3 * season + 3, 0, certain)
    text = f"{_solar_text(begin.first)}/{_solar_text(end.last)}"
    return DateInterval(begin.first, end.last, calendar, "year", certain, text)


def _interval(calendar: Calendar, year: int, month: int, day: int, certain: bool) -> DateInterval:
    """The days of a year, of a month (day 0), or one day; month 0 leaves the day unread."""
    if month > 12:
        raise _UnreadableError(f"there is no month {month}")
    precision: Precision = "year" if not month else "month" if not day else "day"
    if calendar == "lunar":
        first, last = _lunar(year, month, day)
    elif calendar == "gregorian":
        first, last = _gregorian(year, month, day)
    else:
        first = _solar_day(year, month or 1, day if month and day else 1)
        if precision == "day":
            return DateInterval(
                first, first, calendar, "day", certain, f"{year}-{month:02}-{day:02}"
            )
        end = month or 12
        last = _solar_day(year, end, JalaliDate.days_in_month(end, year))
        text = f"{year}-{month:02}" if month else f"{year}"
        return DateInterval(first, last, calendar, precision, certain, text)
    text = _solar_text(first)
    if first != last:
        text += f"/{_solar_text(last)}"
    return DateInterval(first, last, calendar, precision, certain, text)


def _solar_day(year: int, month: int, day: int) -> date:
    try:
        found: date = JalaliDate(year, month, day).to_gregorian()
    except ValueError:
        length = JalaliDate.days_in_month(month, year) if 1 <= month <= 12 else 0
        raise _UnreadableError(
            f"month {month} of {year} has {length} days, not {day}"
            if length
            else f"there is no month {month}"
        ) from None
    return found


def _solar_text(day: date) -> str:
    found = JalaliDate.to_jalali(day)
    return f"{found.year}-{found.month:02}-{found.day:02}"


def _days(first: date, last: date) -> DateInterval:
    """An interval read back from its text, which does not say in what calendar it was."""
    length = (last - first).days
    if length < 0:
        raise _UnreadableError("it ends before it begins")
    precision: Precision = "day" if length <= 2 * _LUNAR_DOUBT else "year"
    if precision == "year" and length <= 31 + 2 * _LUNAR_DOUBT:
        precision = "month"
    return DateInterval(
        first, last, "solar", precision, True, f"{_solar_text(first)}/{_solar_text(last)}"
    )


def _gregorian(year: int, month: int, day: int) -> tuple[date, date]:
    try:
        if month and day:
            return date(year, month, day), date(year, month, day)
        first = date(year, month or 1, 1)
        after = date(year + 1, 1, 1) if month in (0, 12) else date(year, month + 1, 1)
    except ValueError:
        raise _UnreadableError(f"month {month} of {year} has no day {day}") from None
    return first, date.fromordinal(after.toordinal() - 1)


def _lunar(year: int, month: int, day: int) -> tuple[date, date]:
    if day > 30:
        raise _UnreadableError(f"a lunar month has no day {day}")
    first = _lunar_month(year, month or 1)
    if month and day:
        first = last = first + day - 1
    else:
        last = (_lunar_month(year, month + 1) if month else _lunar_month(year + 1, 1)) - 1
    return date.fromordinal(first - _LUNAR_DOUBT), date.fromordinal(last + _LUNAR_DOUBT)


def _lunar_month(year: int, month: int) -> int:
    """Ordinal of the first day of a month of the tabular calendar; month 13 is the next year's."""
    return _LUNAR_EPOCH + (year - 1) * 354 + (3 + 11 * year) // 30 + 29 * (month - 1) + month // 2
