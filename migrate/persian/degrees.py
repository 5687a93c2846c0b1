"""Degree levels under old and new names, words for sex, and the two documents of one degree.

The lists are in ``degrees.yaml``. Codes (1 and 2 for sex, 5 for a bachelor's degree) mean another
thing in each source: they are a source profile's to translate, and None here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from rapidfuzz import fuzz, process

from migrate.errors import InputError
from migrate.persian import letters
from migrate.persian.lists import read_list

SOURCE = Path(__file__).with_suffix(".yaml")
DegreeId = Literal["associate", "bachelor", "master", "professional_doctorate", "doctorate"]
DocumentType = Literal["provisional", "diploma"]

_LEVEL_WORD = re.compile(
    r"^(?:مقطع|مدرک|درجه|دوره|دانشنامه|گواهینامه|گواهی نامه)(?: تحصیلی| دوره| پایان دوره)?[ :]+"
)


@dataclass(frozen=True)
class Degree:
    """A level: slug, today's name, rank (1 associate … 5 doctorate), and (name, source) pairs."""

    id: DegreeId
    name: str
    rank: int
    variants: tuple[tuple[str, str], ...]


@cache
def degrees() -> tuple[Degree, ...]:
    """Return the levels, lowest first."""
    return tuple(_degree(entry) for entry in _source()["degrees"])


@lru_cache(maxsize=16_384)
def lookup_degree(text: str | None) -> Degree | None:
    """Degree level that a text names beyond doubt.

    :param text: a level as read: لیسانس, کارشناسی ارشد ناپیوسته, مدرک فوق دیپلم, B.Sc.
    :returns: None where the text is blank, not listed (دیپلم is no degree), or ambiguous (مهندسی).
    """
    return _forms().get(_key(text)) if text else None


def suggest_degree(text: str | None, limit: int = 3) -> tuple[str, ...]:
    """Names of levels a person may have meant, best first; never for a silent guess.

    :param text: a level as read.
    :param limit: at most so many.
    """
    wanted = _key(text)
    if not wanted:
        return ()
    by_id = {degree.id: degree.name for degree in degrees()}
    names = [by_id[id] for id in _ambiguous().get(wanted, ())]
    near = process.extract(wanted, _forms().keys(), scorer=fuzz.ratio, score_cutoff=65, limit=None)
    names += [_forms()[form].name for form, _, _ in near]
    return tuple(dict.fromkeys(names))[:limit]


def aliases() -> tuple[tuple[str, str], ...]:
    """Return (form, id) for every form that ``lookup_degree`` knows; forms are keys."""
    return tuple((form, degree.id) for form, degree in _forms().items())


@lru_cache(maxsize=1_024)
def lookup_sex(text: str | None) -> Literal["m", "f"] | None:
    """Sex that a word means: مرد, مذکر, آقا, M … 'm'; زن, مؤنث, خانم, F … 'f'.

    :param text: a word as read; None for blank, for other words and for numbers.
    """
    return _words("sex").get(letters.key(text))


@lru_cache(maxsize=1_024)
def lookup_document_type(text: str | None) -> DocumentType | None:
    """Document that a word means: گواهینامه موقت … 'provisional'; دانشنامه … 'diploma'.

    :param text: words as read; None for blank, for other words and for numbers.
    """
    return _words("document_types").get(letters.key(text))


def _key(text: str | None) -> str:
    """Key without the word that only says that a level follows."""
    return letters.key(_LEVEL_WORD.sub("", letters.fold(text)))


def _degree(entry: dict[str, Any]) -> Degree:
    variants = tuple(
        (listed, "common usage")
        if isinstance(listed, str)
        else (listed["name"], listed["known_from"])
        for listed in entry["variants"]
    )
    return Degree(entry["id"], entry["name"], entry["rank"], variants)


@cache
def _forms() -> dict[str, Degree]:
    forms: dict[str, Degree] = {}
    for degree in degrees():
        for written in (degree.name, *(name for name, _ in degree.variants)):
            held = forms.setdefault(_key(written), degree)
            if held.id != degree.id or _key(written) in _ambiguous():
                raise InputError(
                    f"a name stands for {held.id} and {degree.id}, or is ambiguous",
                    file=SOURCE,
                    found=written,
                )
    return forms


@cache
def _ambiguous() -> dict[str, tuple[DegreeId, ...]]:
    return {_key(entry["name"]): tuple(entry["could_be"]) for entry in _source()["ambiguous"]}


@cache
def _words(kind: str) -> dict[str, Any]:
    words: dict[str, Any] = {}
    for value, listed in _source()[kind].items():
        for word in listed:
            if words.setdefault(letters.key(word), value) != value:
                raise InputError("a word has two meanings", file=SOURCE, found=word)
    return words


@cache
def _source() -> dict[str, Any]:
    source: dict[str, Any] = read_list(SOURCE)
    return source
