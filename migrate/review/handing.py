"""What a case carries when it is handed to a university: its token, its days, what was said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from migrate.persian.calendars import solar_text
from migrate.persian.letters import to_persian_digits
from migrate.review import words
from migrate.review.cases import Case
from migrate.review.decisions import Standing


@dataclass(frozen=True)
class Handed:
    """A case as handed out: ``token`` of ``tokens``; ``opened_on`` and ``due_on`` as ISO days.

    ``returned`` is what a second person said who sent an earlier answer back, or why the case was
    opened again; empty for a case that has no such past.
    """

    token: str
    opened_on: str
    due_on: str
    returned: str = ""


@dataclass(frozen=True)
class HeldCase:
    """A case as the store has it now: its newest version, whose it is, and what stands on it.

    ``university`` is the key of ``addressee``; ``state`` is open, awaiting or decided.
    """

    case: Case
    university: str
    state: str
    opened_on: str
    due_on: str
    standing: Standing | None


# by case_id
HandedOut = Mapping[str, Handed]


def opened_words(handed: Handed, today: str | None) -> str:
    """The day a case was handed out, Solar Hijri, and how long ago that is where today is told."""
    text = day_words(handed.opened_on)
    if today is None:
        return text
    return f"{text}\n{_days('days_ago', _between(handed.opened_on, today))}"


def due_words(handed: Handed, today: str | None) -> str:
    """The day by which a case should be answered, and how far off or gone it is."""
    text = day_words(handed.due_on)
    if today is None:
        return text
    left = _between(today, handed.due_on)
    return f"{text}\n{_days('days_left' if left >= 0 else 'days_over', abs(left))}"


def _days(name: str, days: int) -> str:
    names = words.section("workbook")
    if days == 0:
        return str(names["today"])
    return str(names[name]).format(days=to_persian_digits(str(days)))


def _between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def day_words(iso: str) -> str:
    """An ISO day as people read it: Solar Hijri, in Persian digits."""
    return to_persian_digits(solar_text(date.fromisoformat(iso)).replace("-", "/"))
