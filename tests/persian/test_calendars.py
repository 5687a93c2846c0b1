"""Calendar arithmetic: days without gaps, lengths that each calendar has, known anchors."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from migrate.persian.calendars import YEARS, Calendar, days_of, solar_text

ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize("calendar", ["solar", "imperial", "gregorian"])
def test_years_are_their_months_and_months_their_days(calendar: Calendar) -> None:
    years = YEARS[calendar]
    for year in range(years.start, years.stop, 7):
        months = [days_of(calendar, year, month) for month in range(1, 13)]
        assert days_of(calendar, year) == (months[0][0], months[-1][1])
        assert all(a[1] + ONE_DAY == b[0] for a, b in pairwise(months))
        for month, (first, last) in enumerate(months, start=1):
            length = (last - first).days + 1
            assert days_of(calendar, year, month, 1) == (first, first)
            assert days_of(calendar, year, month, length) == (last, last)
            with pytest.raises(ValueError, match="day"):
                days_of(calendar, year, month, length + 1)


@given(st.integers(1250, 1450), st.integers(1, 366))
def test_solar_days_are_persiantools_days(year: int, number: int) -> None:
    day = JalaliDate(year, 1, 1).to_gregorian() + timedelta(days=number - 1)
    solar = JalaliDate(day)
    if solar.year in YEARS["solar"]:
        assert days_of("solar", solar.year, solar.month, solar.day) == (day, day)
        assert solar_text(day) == f"{solar.year}-{solar.month:02}-{solar.day:02}"


def test_an_imperial_year_is_a_solar_year_of_1180_less() -> None:
    # decreed on 24 Esfand 1354: the next Nowruz, 21 March 1976, began 2535
    assert days_of("imperial", 2535)[0] == date(1976, 3, 21)
    assert days_of("imperial", 2535) == days_of("solar", 1355)


def test_the_lunar_calendar_is_the_tabular_one_with_two_days_of_doubt() -> None:
    # worked by hand from the epoch, 16 July 622 Julian, which is 19 July Gregorian: to 1400 there
    # are 46 cycles of 10631 days, and 19 years, of which 2, 5, 7, 10, 13, 16 and 18 are leap
    new_year = date(622, 7, 19) + timedelta(days=46 * 10631 + 19 * 354 + 7)
    assert new_year == date(1979, 11, 21)
    two = timedelta(days=2)
    assert days_of("lunar", 1400, 1, 1) == (new_year - two, new_year + two)
    # months of 30 and 29 days by turns: 10 Rajab is day 30+29+30+29+30+29+10
    rajab = new_year + timedelta(days=186)
    assert days_of("lunar", 1400, 7, 10) == (rajab - two, rajab + two)


@given(st.integers(1300, 1449))
def test_lunar_years_have_354_days_or_355_in_leap_years(year: int) -> None:
    first, last = days_of("lunar", year)
    leap = year % 30 in {2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29}
    assert (last - first).days + 1 - 4 == (355 if leap else 354)
    assert days_of("lunar", year + 1)[0] == last - timedelta(days=3)


@pytest.mark.parametrize("calendar", ["solar", "imperial", "lunar", "gregorian"])
def test_every_year_that_is_read_has_a_solar_text_of_a_year_that_is_read(
    calendar: Calendar,
) -> None:
    for year in (YEARS[calendar].start, YEARS[calendar].stop - 1):
        for day in days_of(calendar, year):
            assert int(solar_text(day)[:4]) in YEARS["solar"]


@pytest.mark.parametrize(
    ("calendar", "year", "month", "day"),
    [
        *(("solar", 1363, 12, 30), ("solar", 1362, 13, 1), ("solar", 1100, 1, 1)),
        *(("gregorian", 1983, 2, 29), ("lunar", 1340, 1, 31), ("solar", 1362, -1, 0)),
    ],
)
def test_days_that_are_not_are_refused(calendar: Calendar, year: int, month: int, day: int) -> None:
    with pytest.raises(ValueError):
        days_of(calendar, year, month, day)
