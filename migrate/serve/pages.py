"""Pages: what they are called, their words, and the files they are drawn with."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from migrate.codes.inquiry import LANGUAGES, Language
from migrate.persian import typeface
from migrate.persian.calendars import solar_text
from migrate.persian.letters import to_persian_digits
from migrate.persian.lists import read_list

_FOLDER = Path(__file__).parent
PAGES = ("inquiry", "match", "holder", "request")
# the only pages that search engines may know
INDEXED = frozenset({"/", "/en", "/match", "/en/match", "/holder", "/en/holder"})
_STATIC = "/static/"
# Iran has kept one time all year since 1401
_TEHRAN = timezone(timedelta(hours=3, minutes=30))
_FONT = re.compile(r"url\(data:font/woff2;base64,([^)]*)\)")


def path_of(page: str, language: Language) -> str:
    """Where a page stands: /, /match … and /en, /en/match …"""
    end = "" if page == "inquiry" else f"/{page}"
    return (end or "/") if language == "fa" else f"/en{end}"


def language_of(path: str) -> Language:
    """The language of the page at a path."""
    return "en" if path == "/en" or path.startswith("/en/") else "fa"


def is_page(path: str) -> bool:
    """Whether people look at what stands at a path; else it is for programs."""
    return not path.startswith(("/api/", _STATIC)) and path not in (
        "/healthz",
        "/robots.txt",
        "/favicon.ico",
        "/api",
    )


def is_static(path: str) -> bool:
    """Whether a path names a file that never changes."""
    return path.startswith(_STATIC) and path.removeprefix(_STATIC) in static_files()


@cache
def static_files() -> Mapping[str, tuple[bytes, str]]:
    """Content and media type of each file by its name, which holds a part of its own SHA-256."""
    files: dict[str, tuple[bytes, str]] = {}

    def keep(stem: str, end: str, content: bytes, media_type: str) -> str:
        name = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{end}"
        files[name] = (content, media_type)
        return name

    def font(found: re.Match[str]) -> str:
        name = keep("vazirmatn", "woff2", base64.b64decode(found[1]), "font/woff2")
        return f"url({_STATIC}{name})"

    # a page in Persian fetches the Persian half of the typeface alone
    faces = _FONT.sub(font, typeface.css())
    sheet = faces + (_FOLDER / "page.css").read_text(encoding="utf-8")
    keep("page", "css", sheet.encode(), "text/css; charset=utf-8")
    return files


@cache
def faces() -> str:
    """The rules of the typeface, for another style sheet of this service."""
    rules = iter(name for name in static_files() if name.endswith(".woff2"))
    return _FONT.sub(lambda _found: f"url({_STATIC}{next(rules)})", typeface.css())


@cache
def style() -> str:
    """The path of the style sheet."""
    return next(_STATIC + name for name in static_files() if name.endswith(".css"))


@cache
def words(language: Language) -> Mapping[str, Any]:
    """The words of the pages in one language, by the keys of ``words.yaml``."""
    found: Mapping[str, Any] = _in(read_list(_FOLDER / "words.yaml"), language)
    return found


def render(
    template: str,
    page: str,
    language: Language,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    repost: str = "",
    other: str = "",
    **values: Any,
) -> Response:
    """A page as a response.

    :param template: its name without ``.html.j2``.
    :param page: one of ``PAGES``, marked in the menu.
    :param repost: a code that the switch of language sends on, so that it stands in no address.
    :param other: where the switch of language leads, if not to the same page.
    """
    other_language: Language = "en" if language == "fa" else "fa"
    held = words(language)
    title = held[page]["title"] if template != "error" else held["errors"]["title"]
    text = (
        _templates()
        .get_template(f"{template}.html.j2")
        .render(
            t=held,
            title=title,
            language=language,
            other_language=other_language,
            page=page,
            menu=[(name, path_of(name, language), held["pages"][name]) for name in PAGES],
            root=path_of("inquiry", language),
            action=path_of(page, language),
            other=other or path_of(page, other_language),
            repost=repost,
            style=style(),
            **values,
        )
    )
    return HTMLResponse(text, status, dict(headers or {}))


def error_page(
    path: str, status: int, headers: Mapping[str, str], retry_after: int = 0
) -> Response:
    """An error as a page in the language of its path."""
    language = language_of(path)
    said = words(language)["errors"]
    text = str(said.get(str(status), said["other"])).format(
        seconds=number(retry_after or 1, language)
    )
    return render("error", "inquiry", language, status=status, headers=headers, text=text)


def number(value: int, language: Language) -> str:
    """A number in the digits of a language."""
    return to_persian_digits(str(value)) if language == "fa" else str(value)


def moment(language: Language) -> str:
    """Now, as people in Tehran say it, with the Gregorian day on English pages."""
    here = datetime.now(UTC).astimezone(_TEHRAN)
    year, name, day = _day(here, language)
    zone = words(language)["inquiry"]["tehran"]
    if language == "fa":
        return to_persian_digits(f"{day} {name} {year}، ساعت {here:%H:%M} {zone}")
    return f"{here:%Y-%m-%d} ({day} {name} {year}), {here:%H:%M} {zone}"


def day_of(at: str, language: Language) -> str:
    """The day in Tehran of a moment in the store, 2026-11-28T00:00:00Z, in words."""
    here = datetime.fromisoformat(at).astimezone(_TEHRAN)
    year, name, day = _day(here, language)
    if language == "fa":
        return to_persian_digits(f"{day} {name} {year}")
    return f"{here:%Y-%m-%d} ({day} {name} {year})"


def month_label(month: str, language: Language) -> str:
    """A Solar Hijri month, '1405-09', in words."""
    year, _, nth = month.partition("-")
    said = f"{words(language)['months'][int(nth) - 1]} {year}"
    return to_persian_digits(said) if language == "fa" else said


def _day(here: datetime, language: Language) -> tuple[str, str, int]:
    year, month, day = solar_text(here.date()).split("-")
    return year, str(words(language)["months"][int(month) - 1]), int(day)


def _in(tree: Any, language: Language) -> Any:
    if isinstance(tree, dict):
        if set(tree) == set(LANGUAGES):
            return tree[language]
        return {name: _in(held, language) for name, held in tree.items()}
    return tree


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        undefined=StrictUndefined,
    )
