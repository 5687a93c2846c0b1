"""The words of a certificate sheet, in ``sheet.yaml``, and its facts and days put into them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from migrate.codes.sheet_values import SheetValues
from migrate.errors import InputError
from migrate.persian import calendars
from migrate.persian.letters import to_persian_digits

# Iran's time, without summer time since 1401
_IRAN = timezone(timedelta(hours=3, minutes=30))
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Row:
    """One fact of a sheet, in the words of both languages."""

    field: str
    persian: str
    english: str


@cache
def words() -> Mapping[str, Any]:
    """All of ``sheet.yaml``."""
    text = Path(__file__).with_name("sheet.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


def moment(text: str) -> datetime:
    """A time of the store. Raises InputError for one that is not like 2026-11-28T00:00:00Z."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise InputError("not a time like 2026-11-28T00:00:00Z", found=text) from None


def printable(text: str | None) -> str:
    """A fact as it can be printed: without control and direction marks, white space made one."""
    kept = "".join(
        character if character in _JOINERS or unicodedata.category(character)[0] != "C" else " "
        for character in text or ""
    )
    return " ".join(kept.split())


def rows(values: SheetValues) -> list[Row]:
    """The facts of a sheet, in order. Raises InputError for a bad time or kind of document."""
    absent, kinds = words()["absent"], words()["document_type"]
    if values.document_type not in kinds:
        raise InputError("not a kind of document", found=values.document_type)
    kind, degree = kinds[values.document_type], printable(values.degree)
    name = printable(f"{values.first_name or ''} {values.last_name or ''}")
    in_english = words()["degree"].get(degree)
    year = printable(values.graduation_year)
    facts = [
        ("name", name, name),
        ("degree", degree, in_english or degree),
        ("field_of_study", *[printable(values.field_of_study)] * 2),
        ("university", *[printable(values.university)] * 2),
        ("graduation_year", to_persian_digits(year), _year(year)),
        ("document_type", kind["fa"], kind["en"]),
        ("issued_at", *day(moment(values.issued_at))),
        ("made_at", *day(moment(values.made_at))),
    ]
    if values.lookups is not None:
        facts.append(("lookups", to_persian_digits(str(values.lookups)), str(values.lookups)))
    return [
        Row(field, persian or absent["fa"], english or absent["en"])
        for field, persian, english in facts
    ]


def day(at: datetime) -> tuple[str, str]:
    """A day in Iran, in Persian words and in English ones, each in both calendars."""
    found, months, calendar = at.astimezone(_IRAN).date(), words()["months"], words()["calendars"]
    solar = calendars.solar_text(found)
    year, month, date = (int(part) for part in solar.split("-"))
    persian = calendar["fa"].format(
        solar=f"{date} {months['solar'][month - 1]} {year}",
        gregorian=f"{found.day} {months['gregorian'][found.month - 1]} {found.year}",
    )
    english = calendar["en"].format(
        solar=solar, gregorian=f"{found.day} {months['en'][found.month - 1]} {found.year}"
    )
    return to_persian_digits(persian), english


def _year(year: str) -> str:
    """A Solar Hijri year with the two Gregorian years it runs over; any other text as it is."""
    try:
        first, last = calendars.days_of("solar", int(year))
    except ValueError:
        return year
    return str(words()["calendars"]["year"]).format(year=year, first=first.year, last=last.year)
