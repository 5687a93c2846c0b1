"""The words of dates: months in their spellings, marks of calendars, numbers in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from migrate.persian.calendars import Calendar
from migrate.persian.letters import key


class UnknownWordError(ValueError):
    """A word that belongs to no date, or two that contradict each other."""


@dataclass(slots=True)
class Words:
    """What the words and numbers of a date say.

    :ivar numbers: in their order, as digits; number words among them as numbers.
    :ivar calendar: by a marker or a month's word; None where neither stands.
    :ivar month: 1 to 12 by its word.
    :ivar constellation: whether that word was a sign of the zodiac (حمل, ثور).
    :ivar numbers_before_month: how many numbers stood before that word.
    :ivar season: 0 to 3, spring to winter.
    :ivar certain: False where the writer put a حدود or a question mark to it.
    """

    numbers: list[str] = field(default_factory=list)
    calendar: Calendar | None = None
    month: int | None = None
    constellation: bool = False
    numbers_before_month: int = 0
    season: int | None = None
    certain: bool = True


def _keys(words: str) -> list[str]:
    return [key(word) for word in words.split()]


def _months(*spellings: str) -> dict[str, int]:
    return {
        key(spelling): month
        for month, names in enumerate(spellings, start=1)
        for spelling in names.split("|")
    }


# the months of the sun's signs, official in Iran until 1304, with lengths of their own
_CONSTELLATIONS = _months(*_keys("حمل ثور جوزا سرطان اسد سنبله میزان عقرب قوس جدی دلو حوت"))
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
        **_CONSTELLATIONS,
        **_months(*_keys("Farvardin Ordibehesht Khordad Tir Mordad Shahrivar Mehr Aban Azar")),
        "dey": 10,
        "bahman": 11,
        "esfand": 12,
    },
    "lunar": _months(
        "محرم|محرم الحرام",
        "صفر|صفر المظفر",
        "ربیع الاول|ربیع الاولی|ربیع المولود|ربیع اول",
        "ربیع الثانی|ربیع الاخر|ربیع ثانی|ربیع دوم",
        "جمادی الاول|جماد الاول|جمادی الاولی|جمادی اول",
        "جمادی الثانی|جماد الثانی|جمادی الثانیه|جمادی الاخر|جمادی الاخره|جمادی الاخری|جمادی دوم",
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
# a month's word, or the first words of one: ذی, ربیع
_MONTH_BEGINS = frozenset(
    name[:length] for name in _WORD_TO_MONTH for length in range(1, len(name) + 1)
)
_SEASONS = {word: n for n, word in enumerate(_keys("بهار تابستان پاییز زمستان"))}
_MARKERS: dict[str, Calendar] = {
    **dict.fromkeys(_keys("ش هش شمسی خورشیدی"), "solar"),
    **dict.fromkeys(_keys("ق هق قمری"), "lunar"),
    **dict.fromkeys(_keys("م میلادی مسیحی AD CE"), "gregorian"),
    **dict.fromkeys(_keys("شاهنشاهی ش‌ا"), "imperial"),
}
_SILENT = frozenset(
    _keys(
        "ه هجری سال سنه ماه روز تاریخ مورخ مورخه در به ام متولد تولد تحصیلی اوایل اواسط اواخر برج"
        " مطابق برابر با of th st nd rd the"
    )
)
_UNSURE = frozenset(_keys("حدود حدودا تقریبا احتمالا circa about"))
_UNITS = (
    "یک|یکم|اول دو|دوم سه|سوم چهار|چهارم پنج|پنجم شش|ششم|شیش هفت|هفتم هشت|هشتم نه|نهم ده|دهم"
    " یازده|یازدهم دوازده|دوازدهم سیزده|سیزدهم چهارده|چهاردهم پانزده|پانزدهم شانزده|شانزدهم"
    " هفده|هفدهم هجده|هجدهم|هیجده|هیجدهم نوزده|نوزدهم"
)
_TENS = "بیست|بیستم سی|سیم چهل|چهلم پنجاه|پنجاهم شصت|شصتم هفتاد|هفتادم هشتاد|هشتادم نود|نودم"
_HUNDREDS = "صد|یکصد دویست سیصد چهارصد پانصد ششصد هفتصد هشتصد نهصد"
_NUMBER_WORDS = {
    key(word): scale * value
    for words, scale, first in (
        (_UNITS, 1, 1),
        (_TENS, 10, 2),
        (_HUNDREDS, 100, 1),
        ("هزار|یکهزار دوهزار", 1000, 1),
    )
    for value, spellings in enumerate(words.split(), start=first)
    for word in spellings.split("|")
}
# what letters.key does to letters, with the spaces left between words
_KEYED = str.maketrans({"آ": "ا", "ئ": "ی", "ء": None})
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_WEEKDAY = re.compile(r"(یک|دو|سه|چهار|پنج)?\s*شنبه|جمعه|ادینه")


def read_words(folded: str) -> Words:
    """Sort the words and numbers of a date by what they say.

    Words that say nothing of the day (سال, مورخ, weekdays, اواخر) are passed over.

    :param folded: text after ``letters.fold``.
    :raises UnknownWordError: for a word of no date, and for two calendars or months.
    """
    keyed = folded.translate(_KEYED).casefold()
    words = _TOKEN.findall(_WEEKDAY.sub(" ", keyed))
    found = Words(certain="?" not in folded)
    at = 0
    while at < len(words):
        word = words[at]
        if word.isdecimal():
            found.numbers.append(word)
            # 3م مهر is the third, not a Gregorian year
            if len(word) < 3 and words[at + 1 : at + 2] == ["م"] and at + 2 < len(words):
                at += 1
        elif length := _month(words, at, found):
            at += length - 1
        elif word in _NUMBER_WORDS:
            number, at = _number(words, at)
            found.numbers.append(f"{number:02}")
        elif word in _SEASONS:
            found.season = _SEASONS[word]
        elif word in _MARKERS:
            _mark(found, _MARKERS[word])
        elif word in _UNSURE:
            found.certain = False
        elif word and word not in _SILENT:
            raise UnknownWordError(f"not a word of a date: {word}")
        at += 1
    return found


def _month(words: list[str], at: int, found: Words) -> int:
    """How many words from `at` name a month, which is put into `found`; 0 for none."""
    if words[at].removesuffix("ماه") not in _MONTH_BEGINS:
        return 0
    for length in (3, 2, 1):
        name = "".join(words[at : at + length]).removesuffix("ماه")
        if name in _WORD_TO_MONTH:
            calendar, month = _WORD_TO_MONTH[name]
            if found.month is not None:
                raise UnknownWordError("two months in it")
            found.month, found.numbers_before_month = month, len(found.numbers)
            found.constellation = name in _CONSTELLATIONS
            _mark(found, calendar)
            return length
    return 0


def _mark(found: Words, calendar: Calendar) -> None:
    # an imperial year has Solar Hijri months
    if {found.calendar, calendar} == {"solar", "imperial"}:
        calendar = "imperial"
    elif found.calendar not in (None, calendar):
        raise UnknownWordError(f"words of two calendars, {found.calendar} and {calendar}")
    found.calendar = calendar


def _number(words: list[str], at: int) -> tuple[int, int]:
    """Value of a run of number words from `at`, and where its last word stands."""
    total = 0
    end = at
    while at < len(words) and (words[at] in _NUMBER_WORDS or words[at] == "و"):
        if words[at] != "و":
            value = _NUMBER_WORDS[words[at]]
            # دو هزار is two thousand, هزار و سیصد a thousand and three hundred
            total = total * value if value == 1000 and 0 < total < 10 else total + value
            end = at
        at += 1
    return total, end
