"""Dates: every written form of a day is that day; what may be two days is not read as one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from migrate.persian.dates import DateInterval, UnreadDate, parse_date
from migrate.persian.letters import to_persian_digits

MONTHS = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
FIRST, LAST = date(1911, 3, 22), date(2042, 3, 20)  # 1 Farvardin 1290, 29 Esfand 1420


def _days() -> list[tuple[int, int, int, date]]:
    """Every day of 1290 to 1420, counted on from one that is known, not asked of our code."""
    found = []
    day = FIRST
    while day <= LAST:
        solar = JalaliDate(day)
        found.append((solar.year, solar.month, solar.day, day))
        day += timedelta(days=1)
    return found


DAYS = _days()


def _written(y: int, m: int, d: int) -> list[str]:
    return [
        f"{y}/{m}/{d}",
        to_persian_digits(f"{y}/{m:02}/{d:02}"),
        f"{d}-{m}-{y}",
        f"{y}{m:02}{d:02}",
        f"{d} {MONTHS[m - 1]} {y}",
        f"{y}-{m:02}-{d:02}",
    ]


def test_the_days_are_all_of_131_years() -> None:
    assert DAYS[0][:3] == (1290, 1, 1)
    assert DAYS[-1][:2] == (1420, 12)
    assert len({day[0] for day in DAYS}) == 131


@pytest.mark.parametrize("form", range(6))
def test_every_solar_day_of_1290_to_1420_round_trips(form: int) -> None:
    wrong = []
    for y, m, d, day in DAYS:
        read = parse_date(_written(y, m, d)[form])
        expected = DateInterval(day, day, "solar", "day", True, f"{y}-{m:02}-{d:02}")
        if read != expected:
            wrong.append((y, m, d, read))
    assert wrong == []


solar_days = st.sampled_from(DAYS)


@given(solar_days)
def test_every_form_of_a_day_is_that_day(written: tuple[int, int, int, date]) -> None:
    y, m, d, day = written
    word = MONTHS[m - 1]
    forms = [
        f" {y} / {m} / {d} ",
        f"{y}.{m}.{d}",
        f"{y}\\{m}\\{d}",
        f"{y}ـ{m}ـ{d}",
        f"{d:02}{m:02}{y}",
        f"{y}{m:02}{d:02}.0",
        f"{y}-{m:02}-{d:02} 00:00:00",
        f"{y}-{m:02}-{d:02}T10:30:00Z",
        f"\u202b{to_persian_digits(f'{y}/{m}/{d}')}\u202c",
        f"{y}/{m}/{d}".translate({ord("0") + n: 0x0660 + n for n in range(10)}),
        f"{d} {word}‌ماه {y}",
        f"{d}{word}{y}",
        f"{y} {word} {d}",
        f"مورخ {d} {word} ماه سال {y} ه.ش",
        f"{y}/{m}/{d} هـ.ش",
        word.replace("ی", "ي").replace("ک", "ك") + f" {d}، {y}",
        f"سه‌شنبه {d} {word} {y}",
        day.isoformat(),
        day.strftime("%d %B %Y"),
    ]
    for form in forms:
        read = parse_date(form)
        assert isinstance(read, DateInterval), form
        assert (read.first, read.last, read.text) == (day, day, f"{y}-{m:02}-{d:02}"), form
        assert read.certain


@given(solar_days)
def test_two_digit_years_are_read_where_only_one_reading_fits(
    written: tuple[int, int, int, date],
) -> None:
    y, m, d, day = written
    if not 1300 <= y < 1400:
        return
    for form in (f"{d}/{m}/{y % 100:02}", f"{y % 100:02}/{m}/{d}"):
        read = parse_date(form)
        if y % 100 > 31:
            assert isinstance(read, DateInterval)
            assert (read.first, read.last, read.certain) == (day, day, False)
        else:
            assert isinstance(read, UnreadDate)
    for form, order in ((f"{d}/{m}/{y % 100:02}", "dmy"), (f"{y % 100:02}/{m}/{d}", "ymd")):
        read = parse_date(form, order=order)  # type: ignore[arg-type]
        if y % 100:
            assert isinstance(read, DateInterval)
            assert read.first == day


@given(st.integers(1300, 1420), st.integers(1, 12))
def test_a_date_known_to_the_month_or_year_is_all_its_days(y: int, m: int) -> None:
    days = [day for year, month, _, day in DAYS if (year, month) == (y, m)]
    expected = DateInterval(days[0], days[-1], "solar", "month", True, f"{y}-{m:02}")
    forms = (f"{y}/{m}", f"{m}/{y}", f"{y}/{m}/00", f"{y}-{m:02}", f"{MONTHS[m - 1]} {y}")
    for form in (*forms, f"{y}/{m}/0", f"00/{m:02}/{y}", to_persian_digits(f"{y}/{m}")):
        assert parse_date(form) == expected
    year = [day for other, _, _, day in DAYS if other == y]
    expected = DateInterval(year[0], year[-1], "solar", "year", True, f"{y}")
    for form in (f"{y}", f"سال {y}", f"{y}/00/00", f"{y}.0", to_persian_digits(f"{y}")):
        assert parse_date(form) == expected


@given(solar_days, st.integers(0, 400))
def test_the_text_of_an_interval_is_read_back_as_the_same_days(
    begin: tuple[int, int, int, date], length: int
) -> None:
    for text in ("{0}/{1}/{2}", "{0}/{1}", "{0}"):
        once = parse_date(text.format(*begin))
        assert isinstance(once, DateInterval)
        assert parse_date(once.text) == once
    end = begin[3] + timedelta(days=length)
    first = parse_date(begin[3].isoformat())
    last = parse_date(end.isoformat())
    assert isinstance(first, DateInterval)
    assert isinstance(last, DateInterval)
    again = parse_date(f"{first.text}/{last.text}")
    assert isinstance(again, DateInterval)
    assert (again.first, again.last) == (begin[3], end)


# conversions known from history, not from this code
KNOWN = [
    ("22 بهمن 1357", date(1979, 2, 11)),
    ("۱۳۵۷/۱۱/۲۲", date(1979, 2, 11)),
    ("2537/11/22", date(1979, 2, 11)),
    ("28/5/1332", date(1953, 8, 19)),
    # the day the calendar became law
    ("11 فروردین 1304", date(1925, 3, 31)),
    ("11 حمل 1304", date(1925, 3, 31)),
    ("1400/1/1", date(2021, 3, 21)),
    ("30 اسفند 1399", date(2021, 3, 20)),
    ("سوم خرداد یکهزار و سیصد و شصت و یک", date(1982, 5, 24)),
    ("بیست و دوم بهمن ماه هزار و سیصد و پنجاه و هفت", date(1979, 2, 11)),
    ("روز سوم ماه سوم سال یک هزار و سیصد و شصت و یک", date(1982, 5, 24)),
    ("سی و یکم شهریور 1359", date(1980, 9, 22)),
    ("سی‌ام دی 1362", date(1984, 1, 20)),
    ("1980-09-22", date(1980, 9, 22)),
    ("22/9/1980", date(1980, 9, 22)),
    ("9/22/1980", date(1980, 9, 22)),
    ("September 22, 1980", date(1980, 9, 22)),
    ("22nd Sep 1980", date(1980, 9, 22)),
    ("22 سپتامبر 1980 میلادی", date(1980, 9, 22)),
    ("1 ژانویه 1980", date(1980, 1, 1)),
    ("5 می 1980", date(1980, 5, 5)),
    ("3 Mehr 1362", date(1983, 9, 25)),
    ("3م مهر 1362", date(1983, 9, 25)),
    ("19800922", date(1980, 9, 22)),
]


@pytest.mark.parametrize(("text", "day"), KNOWN)
def test_days_known_from_history(text: str, day: date) -> None:
    read = parse_date(text)
    assert isinstance(read, DateInterval)
    assert (read.first, read.last, read.precision) == (day, day, "day")


@pytest.mark.parametrize("imperial", [2535, 2536, 2537])
def test_imperial_years_are_solar_years_of_1180_less(imperial: int) -> None:
    read = parse_date(f"{imperial}/7/3")
    assert isinstance(read, DateInterval)
    assert read.calendar == "imperial"
    assert read.text == f"{imperial - 1180}-07-03"
    for text in (f"مهر {imperial} شاهنشاهی", f"{imperial}/7"):
        month = parse_date(text)
        assert isinstance(month, DateInterval)
        assert (month.calendar, month.text) == ("imperial", f"{imperial - 1180}-07")


# 1 Muharram 1400: 20 or 21 November 1979 by place (the Grand Mosque was seized that morning);
# Ashura 1399: 11 December 1978 in Iran (the marches of Tehran); Eid al-Fitr 1398: 4 September 1978
# (Tehran's prayer of Qeytariyeh)
LUNAR = [
    ("1 محرم 1400", date(1979, 11, 21)),
    ("10 محرم الحرام ۱۳۹۹ هـ.ق", date(1978, 12, 11)),
    ("1 شوال 1398 قمری", date(1978, 9, 4)),
    ("1398/10/1 ه.ق", date(1978, 9, 4)),
]


@pytest.mark.parametrize(("text", "day"), LUNAR)
def test_a_lunar_day_is_within_two_days_of_the_one_computed(text: str, day: date) -> None:
    read = parse_date(text)
    assert isinstance(read, DateInterval)
    assert read.calendar == "lunar"
    assert read.precision == "day"
    assert (read.last - read.first).days == 4
    assert read.first <= day <= read.last


LUNAR_MONTHS = (
    *("محرم", "صفر", "ربیع الاول", "ربيع الثانى", "جمادی‌الاولی", "جمادی الثانیه"),
    *("رجب", "شعبان", "رمضان", "شوال", "ذیقعده", "ذی الحجه"),
)


@given(st.integers(1300, 1440), st.integers(1, 12))
def test_lunar_months_follow_one_another_without_a_gap(year: int, month: int) -> None:
    this = parse_date(f"{LUNAR_MONTHS[month - 1]} {year}")
    following = parse_date(f"{LUNAR_MONTHS[month % 12]} {year + month // 12}")
    assert isinstance(this, DateInterval)
    assert isinstance(following, DateInterval)
    # each is widened by two days on both sides
    assert following.first + timedelta(days=2) == this.last - timedelta(days=2) + timedelta(days=1)
    assert (this.last - this.first).days - 4 + 1 in (29, 30)


def test_thirty_lunar_years_have_10631_days() -> None:
    first, last = parse_date("1310 قمری"), parse_date("1339 قمری")
    assert isinstance(first, DateInterval)
    assert isinstance(last, DateInterval)
    assert (last.last - first.first).days - 4 + 1 == 10631


def test_months_of_the_signs_are_intervals_before_1304() -> None:
    # the coup of 3 Hut 1299 was on 21 (some say 22) February 1921
    read = parse_date("3 حوت 1299")
    assert isinstance(read, DateInterval)
    assert (read.last - read.first).days == 4
    assert read.first <= date(1921, 2, 21) <= read.last
    assert isinstance(parse_date("32 جوزا 1299"), DateInterval)
    assert isinstance(parse_date("33 جوزا 1299"), UnreadDate)


def test_a_lunar_year_is_never_guessed_from_a_number() -> None:
    read = parse_date("1340/3/12")
    assert isinstance(read, DateInterval)
    assert read.calendar == "solar"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("تابستان 1362", "1362/4/1", "1362/6/31"),
        ("زمستان ۱۳۶۲", "1362/10/1", "1362/12/30"),
        ("62-63", "1362/1/1", "1363/12/29"),
        ("سال تحصیلی 1362-1363", "1362/1/1", "1363/12/29"),
        ("1362-63", "1362/1/1", "1363/12/29"),
        ("63/62", "1362/1/1", "1363/12/29"),
        ("1355 (2535)", "1355/1/1", "1355/12/29"),
    ],
)
def test_seasons_and_academic_years_are_their_days(text: str, first: str, last: str) -> None:
    read, begin, end = parse_date(text), parse_date(first), parse_date(last)
    assert isinstance(read, DateInterval)
    assert isinstance(begin, DateInterval)
    assert isinstance(end, DateInterval)
    assert (read.first, read.last, read.precision) == (begin.first, end.last, "year")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1363/12/30", "29 days"),
        ("1362/7/31", "30 days"),
        ("1362/13/1", "no month 13"),
        ("32/1/1362", "not 32"),
        ("31 آبان 1362", "30 days"),
        ("1983-02-29", "no day 29"),
        ("31 محرم 1340", "no day 31"),
        ("10/5/20", "told apart"),
        ("100520", "told apart"),
        ("1/1/00", "told apart"),
        ("40/5/62", "no number in it can be the day"),
        ("130703", "may be"),
        ("7/12", "neither"),
        ("5", "no year"),
        ("362", "no year"),
        ("1183/1/1", "1183"),
        ("1850/1/1", "1850"),
        ("30584", "spreadsheet"),
        ("3 مهر", "no year"),
        ("مهر", "no year"),
        ("مهر 1983", "1983"),
        ("مهر آبان 1362", "two months"),
        ("محرم 1362 شمسی", "two calendars"),
        ("1362/7/3/4", "4 numbers"),
        ("1362/65", "in a row"),
        ("نمی‌دانم", "not a word"),
        ("1362-07-05/1362-07-03", "before it begins"),
        ("²/³/1362", "not a word"),
    ],
)
def test_what_cannot_be_read_is_kept_raw_with_a_reason(text: str, reason: str) -> None:
    read = parse_date(text)
    assert isinstance(read, UnreadDate)
    assert read.raw == text
    assert reason in read.reason


def test_of_a_foreign_date_of_two_readings_only_the_year_is_taken() -> None:
    read = parse_date("3/9/1983")
    assert isinstance(read, DateInterval)
    assert (read.first, read.last, read.precision) == (date(1983, 1, 1), date(1983, 12, 31), "year")
    assert not read.certain
    ordered = parse_date("3/9/1983", order="mdy")
    assert isinstance(ordered, DateInterval)
    assert ordered.first == date(1983, 3, 9)


@pytest.mark.parametrize("text", ["حدود 1320", "1320؟", "۲۰", "20", "مهر 62", "25 Sep 83"])
def test_what_the_writer_or_the_century_leaves_open_is_not_certain(text: str) -> None:
    read = parse_date(text)
    assert isinstance(read, DateInterval)
    assert not read.certain


def test_the_century_is_the_callers() -> None:
    read = parse_date("3/7/02", century=1400, order="dmy")
    assert isinstance(read, DateInterval)
    assert read.text == "1402-07-03"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "-",
        "--/--/--",
        "/  /",
        "ندارد",
        "نامشخص",
        "0",
        "00/00/00",
        "0000/0/0",
        "NULL",
    ],
)
def test_blanks_and_zeros_are_none(text: str | None) -> None:
    assert parse_date(text) is None


@given(st.one_of(st.text(max_size=20), st.text(alphabet="0123456789۰۱۲۳/.- مهرقش", max_size=14)))
def test_any_text_gives_an_interval_or_a_reason_and_never_an_error(text: str) -> None:
    read = parse_date(text)
    if isinstance(read, DateInterval):
        assert read.first <= read.last
        again = parse_date(read.text)
        assert isinstance(again, DateInterval)
        assert (again.first, again.last) == (read.first, read.last)
    elif isinstance(read, UnreadDate):
        assert read.raw == text
        assert read.reason
