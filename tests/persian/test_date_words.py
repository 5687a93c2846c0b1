"""The words of dates: every spelling of a month is that month, and only words of dates are."""

from __future__ import annotations

import pytest

from migrate.persian.calendars import Calendar
from migrate.persian.date_words import UnknownWordError, read_words
from migrate.persian.letters import fold

SPELLINGS: list[tuple[str, Calendar, int]] = [
    ("اردی‌بهشت", "solar", 2),
    ("امرداد", "solar", 5),
    ("آبان‌ماه", "solar", 8),
    ("ابانماه", "solar", 8),
    ("دی ماه", "solar", 10),
    ("دیماه", "solar", 10),
    ("حمل", "solar", 1),
    ("حوت", "solar", 12),
    ("Mehr", "solar", 7),
    ("esfand", "solar", 12),
    ("محرم‌الحرام", "lunar", 1),
    ("صفر", "lunar", 2),
    ("ربيع الأول", "lunar", 3),
    ("ربیع‌الثانی", "lunar", 4),
    ("ربیع الآخر", "lunar", 4),
    ("جمادی‌الاولی", "lunar", 5),
    ("جمادى الأول", "lunar", 5),
    ("جمادی الآخره", "lunar", 6),
    ("رجب المرجب", "lunar", 7),
    ("شعبان", "lunar", 8),
    ("رمضان المبارک", "lunar", 9),
    ("ماه رمضان", "lunar", 9),
    ("شوال", "lunar", 10),
    ("ذي القعدة", "lunar", 11),
    ("ذیقعده", "lunar", 11),
    ("ذوالحجه", "lunar", 12),
    ("ذی‌حجه", "lunar", 12),
    ("ژانویهٔ", "gregorian", 1),
    ("می", "gregorian", 5),
    ("مه", "gregorian", 5),
    ("ژوئن", "gregorian", 6),
    ("ژوئیه", "gregorian", 7),
    ("آگوست", "gregorian", 8),
    ("اوت", "gregorian", 8),
    ("SEPT", "gregorian", 9),
    ("December", "gregorian", 12),
]


@pytest.mark.parametrize(("word", "calendar", "month"), SPELLINGS)
def test_every_spelling_of_a_month_is_that_month(word: str, calendar: Calendar, month: int) -> None:
    found = read_words(fold(f"۳ {word} ۱۳۶۲"))
    assert (found.calendar, found.month) == (calendar, month)
    assert (found.numbers, found.numbers_before_month) == (["3", "1362"], 1)


@pytest.mark.parametrize(
    ("mark", "calendar"),
    [
        *(("ه.ش", "solar"), ("هـ.ش.", "solar"), ("هجری شمسی", "solar"), ("ش", "solar")),
        *(("ه.ق", "lunar"), ("هـ‍.ق", "lunar"), ("هجری قمری", "lunar"), ("ق", "lunar")),
        *(("م", "gregorian"), ("میلادی", "gregorian"), ("AD", "gregorian")),
        ("شاهنشاهی", "imperial"),
    ],
)
def test_a_mark_tells_the_calendar(mark: str, calendar: Calendar) -> None:
    found = read_words(fold(f"1340/3/12 {mark}"))
    assert (found.calendar, found.numbers) == (calendar, ["1340", "3", "12"])


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("یکم", 1),
        ("اول", 1),
        ("بیست و یکم", 21),
        ("سی ام", 30),
        ("سی‌ام", 30),
        ("سی و یکم", 31),
        ("شصت و دو", 62),
        ("هزار و سیصد و شصت و دو", 1362),
        ("یک هزار و سیصد و شصت و دو", 1362),
        ("یکهزار و سیصد و بیست", 1320),
        ("هزار و چهارصد و سه", 1403),
        ("یک هزار و نهصد و هشتاد و سه", 1983),
        ("دو هزار و پانصد و سی و پنج", 2535),
    ],
)
def test_numbers_in_words_are_numbers(words: str, number: int) -> None:
    assert [int(found) for found in read_words(fold(words)).numbers] == [number]


@pytest.mark.parametrize("day", ["شنبه", "یکشنبه", "سه‌شنبه", "پنج شنبه", "جمعه", "روز چهارشنبه"])
def test_weekdays_are_passed_over(day: str) -> None:
    assert read_words(fold(f"{day} ۳ مهر ۱۳۶۲")).numbers == ["3", "1362"]


@pytest.mark.parametrize("text", ["3 برادر 1362", "مهر و آبان 1362", "3 مهر 1362 قمری", "صفر مهر"])
def test_words_of_no_date_and_contradictions_are_refused(text: str) -> None:
    with pytest.raises(UnknownWordError):
        read_words(fold(text))
