"""The desk's pages drawn: their words, their files, days and numbers as Persian readers write them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from migrate.persian.calendars import solar_text
from migrate.persian.institutions import universities
from migrate.persian.letters import to_persian_digits
from migrate.persian.lists import read_list
from migrate.review.decisions import Decision
from migrate.serve import pages

_FOLDER = Path(__file__).parent
STATIC = "/review/static/"
_TEHRAN = timezone(timedelta(hours=3, minutes=30))
# one script of our own, and scans; nothing from elsewhere, nothing within the page
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # a browser tells our own forms where they come from only so
    "Referrer-Policy": "same-origin",
}


@cache
def words() -> Mapping[str, Any]:
    """The words of the desk, by the keys of ``words.yaml``."""
    found: Mapping[str, Any] = read_list(_FOLDER / "words.yaml")
    return found


@cache
def files() -> Mapping[str, tuple[bytes, str]]:
    """Content and media type of each file by its name, which holds a part of its own SHA-256."""
    held: dict[str, tuple[bytes, str]] = {}
    sheet = pages.faces() + (_FOLDER / "review.css").read_text(encoding="utf-8")
    for stem, end, content, kind in (
        ("review", "css", sheet.encode(), "text/css; charset=utf-8"),
        ("review", "js", (_FOLDER / "review.js").read_bytes(), "text/javascript; charset=utf-8"),
    ):
        held[f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{end}"] = (content, kind)
    return held


def draw(
    template: str, page: str, *, status: int = 200, title: str = "", **values: Any
) -> Response:
    """A page of the desk as a response.

    :param template: its name without ``.html.j2``. :param page: its key in ``words.yaml``.
    :param title: '' for the one that ``words.yaml`` has.
    """
    held = words()
    style, script = (next(name for name in files() if name.endswith(end)) for end in ("css", "js"))
    text = (
        _templates()
        .get_template(f"{template}.html.j2")
        .render(
            t=held,
            page=page,
            title=title or held[page]["title"],
            style=STATIC + style,
            script=STATIC + script,
            **{"visit": None, **values},
        )
    )
    return HTMLResponse(text, status, _HEADERS)


def problem_page(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """An error as a page of the desk; nothing of what was asked stands in it."""
    said = words()["problem"]
    text = said.get(str(status), said["other"])
    response = draw("problem", "problem", status=status, text=text)
    response.headers.update(dict(headers or {}))
    return response


def number(value: int) -> str:
    """A number in Persian digits, with the Persian separator of thousands."""
    return to_persian_digits(f"{value:,}".replace(",", "٬"))


def day(iso: str) -> str:
    """A day, 2026-11-28, as ۷ آذر ۱۴۰۵."""
    return _solar(date.fromisoformat(iso))


def moment(at: str) -> str:
    """A moment of the store in Tehran: ۷ آذر ۱۴۰۵، ساعت ۰۵:۳۰."""
    return _moment(datetime.fromisoformat(at))


def clock(seconds: int) -> str:
    """The time of a day in Tehran, of seconds since 1970."""
    return to_persian_digits(f"{datetime.fromtimestamp(seconds, UTC).astimezone(_TEHRAN):%H:%M}")


def today() -> str:
    """The day by this machine's clock, as the store counts days: in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def age(opened_on: str, today: str) -> int:
    """Days that a case has been open."""
    return (date.fromisoformat(today) - date.fromisoformat(opened_on)).days


def university_name(key: str, written: str = "") -> str:
    """What a university is called, by the key of its queue; ``written`` for one no list has."""
    return _universities().get(key) or written or f"{words()['unlisted']} ({key})"


def verdict_label(made: Decision) -> str:
    """A verdict in words."""
    return str(words()["verdicts"][made.verdict])


def _moment(at: datetime) -> str:
    here = at.astimezone(_TEHRAN)
    return f"{_solar(here.date())}، ساعت {to_persian_digits(f'{here:%H:%M}')}"


def _solar(here: date) -> str:
    year, month, nth = solar_text(here).split("-")
    return to_persian_digits(f"{int(nth)} {pages.words('fa')['months'][int(month) - 1]} {year}")


@cache
def _universities() -> Mapping[str, str]:
    return {one.id: one.name for one in universities()}


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "number": number,
        "day": day,
        "moment": moment,
        "clock": clock,
        "digits": to_persian_digits,
        "university": university_name,
    }
    return environment
