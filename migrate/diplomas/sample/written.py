"""Dates as clerks wrote them, out of a Solar Hijri year, month and day."""

from __future__ import annotations

import datetime
from random import Random

from persiantools.jdatetime import JalaliDate

from migrate.diplomas.sample.error_model import ErrorModel

_SOLAR = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)
_LUNAR = (
    "محرم",
    "صفر",
    "ربیع الاول",
    "ربیع الثانی",
    "جمادی الاول",
    "جمادی الثانی",
    "رجب",
    "شعبان",
    "رمضان",
    "شوال",
    "ذیقعده",
    "ذیحجه",
)
_GREGORIAN = (
    "ژانویه",
    "فوریه",
    "مارس",
    "آوریل",
    "مه",
    "ژوئن",
    "ژوئیه",
    "اوت",
    "سپتامبر",
    "اکتبر",
    "نوامبر",
    "دسامبر",
)
_IMPERIAL = range(1355, 1358)
_TO_IMPERIAL = 1180

Solar = tuple[int, int, int]


def _gregorian(date: Solar) -> datetime.date:
    that: datetime.date = JalaliDate(*date).to_gregorian()  # type: ignore[no-untyped-call]
    return that


def lunar(date: Solar) -> Solar:
    """The lunar Hijri date of a Solar Hijri one, by the tabular calendar (a day off at most).

    Civil epoch and leap years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29 of thirty (Reingold and
    Dershowitz, Calendrical Calculations, 4th edition, chapter 7).
    """
    # days from the epoch, 16 July 622 of the Julian calendar
    days = _gregorian(date).toordinal() - 227_015
    year = (30 * days + 10_646) // 10_631
    start = (year - 1) * 354 + (3 + 11 * year) // 30
    month = min(12, (11 * (days - start) + 330) // 325)
    return year, month, days - start - (29 * (month - 1) + month // 2) + 1


def _rare(rnd: Random, date: Solar, model: ErrorModel) -> str | None:
    """A lunar or Gregorian form, where chance has it."""
    chance = rnd.random()
    if chance < model.lunar:
        year, month, day = lunar(date)
        if rnd.random() < 0.5:
            return f"{year} ه.ق"
        return f"{day} {_LUNAR[month - 1]} {year}"
    if chance < model.lunar + model.gregorian:
        that = _gregorian(date)
        if rnd.random() < 0.3:
            return f"{that.day} {_GREGORIAN[that.month - 1]} {that.year}"
        return that.strftime("%Y/%m/%d")
    return None


def write_date(rnd: Random, date: Solar, model: ErrorModel, *, year_only: float) -> str:
    """``date`` in one of the forms that the design lists, in ASCII digits.

    ``year_only`` is the probability that no more than the year was written.
    """
    rare = _rare(rnd, date, model)
    if rare is not None:
        return rare
    year, month, day = date
    imperial = year in _IMPERIAL and rnd.random() < model.imperial_year
    shown = year + _TO_IMPERIAL if imperial else year
    short = not imperial and year < 1400 and rnd.random() < model.two_digit_year
    text = f"{shown % 100:02d}" if short else str(shown)
    if rnd.random() < year_only:
        # two digits alone are no date to most clerks
        return str(shown)
    chance = rnd.random()
    if chance < model.month_word:
        return f"{day} {_SOLAR[month - 1]} {text}"
    if chance < model.month_word + model.day_first:
        # with the day first, a small number must not be taken for a day: such years stand whole
        return f"{day}/{month}/{text if shown % 100 > 31 else shown}"
    form = rnd.randrange(10)
    if form < 5:
        return f"{text}/{month:02d}/{day:02d}"
    if form < 8:
        return f"{text}/{month}/{day}"
    if form < 9:
        return f"{text}-{month:02d}-{day:02d}"
    return f"{text}/{month}/{day}" if short else f"{shown}{month:02d}{day:02d}"
