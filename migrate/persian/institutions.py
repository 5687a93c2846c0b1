"""Institutions of higher education under the names diplomas give them: today's, former, short.

The list is ``institutions.yaml``; each alias says where it is known from. What is not certain is
no alias: a name that may mean two institutions is *ambiguous* and answered with None, and so is
the bare name of a city (تهران may stand for the general or the medical university, or a branch).

A branch, centre or campus (دانشگاه آزاد اسلامی واحد تهران جنوب) and a dissolved college whose
archives a university holds (مدرسه عالی بازرگانی) are *units*: ``lookup_university`` gives the
university, which can answer for them, and ``lookup_unit`` the unit, for two units of one
university are different awarding bodies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from rapidfuzz import fuzz, process

from migrate.errors import InputError
from migrate.persian import letters, places
from migrate.persian.lists import read_list

SOURCE = Path(__file__).with_suffix(".yaml")
Relation = Literal["name", "former", "short", "absorbed"]

_HONORIFIC = re.compile(
    r"\( ?(?:ع|س|ص|ره|عج|رض|قدس سره)(?: ?\))|علیه السلام|علیها السلام|سلام الله علیها"
)
_UNIT_WORD = re.compile(r"^[-:,( ]*(?:(?:واحد|مرکز|شعبه|پردیس|دانشکده|آموزشکده)(?:[-:, ]+|$))*")


@dataclass(frozen=True)
class Alias:
    """A name of an institution, its years (Solar Hijri, None where open) and its source."""

    text: str
    relation: Relation
    known_from: str
    first_year: int | None = None
    last_year: int | None = None


@dataclass(frozen=True)
class Institution:
    """An institution that awards or awarded degrees.

    ``id`` is a slug that never changes; ``former`` the names the whole of it had; ``successor_of``
    the dissolved institutions and the campuses it answers for; ``kind`` one of state, medical,
    open, teacher, technical, college, institute, military, dissolved.
    """

    id: str
    name: str
    kind: str
    seat: str | None
    former: tuple[str, ...]
    successor_of: tuple[str, ...]
    aliases: tuple[Alias, ...]


@cache
def universities() -> tuple[Institution, ...]:
    """Return all institutions, in the order of the list."""
    return tuple(_institution(entry) for entry in _source()["institutions"])


@lru_cache(maxsize=65_536)
def lookup_university(text: str | None) -> Institution | None:
    """Institution that a text names beyond doubt.

    Matched by ``letters.key`` against every listed form, with دانشگاه or موسسه there or not.

    :param text: a university as read.
    :returns: None where the text is blank, not listed, or may mean more than one institution.
    """
    found = _find(text)
    return found[0] if found else None


@lru_cache(maxsize=65_536)
def lookup_unit(text: str | None) -> str | None:
    """Branch, centre, campus or dissolved college that a text names inside its university.

    :param text: a university as read.
    :returns: the unit's folded name (تهران جنوب, مدرسه عالی بازرگانی); None where the text names
        the whole university or is not known.
    """
    found = _find(text)
    return found[1] if found else None


def lookup_ambiguous(text: str | None) -> tuple[Institution, ...]:
    """Institutions that an ambiguous name may mean, in the order of the list; () for any other."""
    by_id = {institution.id: institution for institution in universities()}
    return tuple(by_id[id] for id in _ambiguous().get(_key(text), ()))


def suggest_university(text: str | None, limit: int = 3) -> tuple[str, ...]:
    """Names a person may have meant: for messages and profiles, never for a silent guess.

    :param text: a university as read.
    :param limit: at most so many.
    :returns: today's names, best first: what an ambiguous name may mean, then by edit distance.
    """
    wanted = _key(text)
    if not wanted:
        return ()
    names = [institution.name for institution in lookup_ambiguous(text)]
    forms = _forms()
    near = process.extract(wanted, forms.keys(), scorer=fuzz.ratio, score_cutoff=65, limit=None)
    names += [forms[form][0].name for form, _, _ in near]
    return tuple(dict.fromkeys(names))[:limit]


def aliases() -> tuple[tuple[str, str], ...]:
    """Return (form, id) for every form that ``lookup_university`` knows whole, for bulk work.

    Forms are ``letters.key`` texts; branches of the open universities are not enumerable.
    """
    return tuple((form, institution.id) for form, (institution, _) in _forms().items())


def _find(text: str | None) -> tuple[Institution, str | None] | None:
    if not text:
        return None
    form = _key(text)
    if form in _ambiguous():
        return None
    return _forms().get(form) or _find_unit(_plain(text))


def _find_unit(plain: str) -> tuple[Institution, str | None] | None:
    """Read a branch: a head such as دانشگاه آزاد اسلامی, then what follows it."""
    words = plain.split(" ")
    for end in range(len(words) - 1, 0, -1):
        head = _heads().get(letters.key(" ".join(words[:end])))
        if head is None:
            continue
        institution, rest_rule = head
        rest = " ".join(words[end:])
        unit = _UNIT_WORD.sub("", rest).strip(" -:,.()")
        if "دانشگاه" in rest or "/" in rest:
            return None
        named = unit != rest.strip(" -:,.()") or places.is_place(unit)
        return (institution, unit or None) if rest_rule == "any" or named else None
    return None


def _plain(text: str) -> str:
    return " ".join(_HONORIFIC.sub(" ", letters.fold(text)).split())


def _key(text: str | None) -> str:
    return letters.key(_plain(text)) if text else ""


def _institution(entry: dict[str, Any]) -> Institution:
    listed = [Alias(entry["name"], "name", "today's name")]
    relation: Relation
    for relation in ("former", "short", "absorbed"):
        for alias in entry.get(relation, ()):
            first, last = _years(str(alias.get("years", "-")))
            listed.append(Alias(alias["name"], relation, alias["known_from"], first, last))
    return Institution(
        id=entry["id"],
        name=entry["name"],
        kind=entry["kind"],
        seat=entry.get("seat"),
        former=tuple(alias.text for alias in listed if alias.relation == "former"),
        successor_of=tuple(alias.text for alias in listed if alias.relation == "absorbed"),
        aliases=tuple(listed),
    )


def _years(text: str) -> tuple[int | None, int | None]:
    first, _, last = text.partition("-")
    return (int(first) if first else None, int(last) if last else None)


def _spelled(institution: Institution, alias: Alias, *, bare: bool) -> Iterator[str]:
    """Forms of one alias: with and without its type word, its seat, its long official name."""
    text = _plain(alias.text)
    rules = _source()["spellings"]
    medical = institution.kind == "medical" and "علوم پزشکی" in text
    stem = re.sub("^(?:دانشگاه|دانشکده) " if medical else "^دانشگاه ", "", text)
    typed = stem.split(" ")[0] in rules["type_words"]
    texts = [text]
    if not typed:
        texts = [f"دانشگاه {stem}", *([stem] if bare and not places.is_place(stem) else ())]
    if medical:
        # many were a faculty first, and some still are
        texts.append(f"دانشکده {stem}")
    if institution.kind == "institute" and alias.relation != "absorbed":
        institute = stem.removeprefix("موسسه آموزش عالی ")
        if institute != stem or not typed:
            texts += [f"{word} {institute}" for word in rules["institute"]]
        if not typed:
            # an institute is no university, but a university may have been an institute
            texts += [f"{word} {institute}" for word in rules["private_university"]]
    seat = letters.fold(institution.seat)
    for written in texts:
        spellings = [written]
        if medical:
            spellings += [written.replace("علوم پزشکی", long, 1) for long in rules["medical"]]
        yield from spellings
        if seat and letters.key(seat) not in letters.key(stem) and alias.relation != "absorbed":
            yield from (f"{spelling} {seat}" for spelling in spellings)


@cache
def _forms() -> dict[str, tuple[Institution, str | None]]:
    forms: dict[str, tuple[Institution, str | None]] = {}
    ambiguous = _ambiguous()
    for entry, institution in zip(_source()["institutions"], universities(), strict=True):
        barred = {a["name"] for k in ("former", "short") for a in entry.get(k, ()) if "bare" in a}
        for alias in institution.aliases:
            bare = entry.get("bare", True) and alias.text not in barred
            unit = letters.fold(alias.text) if alias.relation == "absorbed" else None
            for written in _spelled(institution, alias, bare=bare):
                form = letters.key(written)
                if form in ambiguous:
                    continue
                held = forms.setdefault(form, (institution, unit))
                if held[0].id != institution.id:
                    raise InputError(
                        f"a name stands for {held[0].id} and {institution.id}",
                        file=SOURCE,
                        found=written,
                        fix="List it under ambiguous.",
                    )
    return forms


@cache
def _heads() -> dict[str, tuple[Institution, str]]:
    return {
        letters.key(head["name"]): (institution, head["rest"])
        for entry, institution in zip(_source()["institutions"], universities(), strict=True)
        for head in entry.get("heads", ())
    }


@cache
def _ambiguous() -> dict[str, tuple[str, ...]]:
    """Key of an ambiguous name to the ids it may mean; the bare names of places among them."""
    ambiguous = {_key(entry["name"]): tuple(entry["could_be"]) for entry in _source()["ambiguous"]}
    by_place: dict[str, dict[str, None]] = {}
    for institution in universities():
        for alias in institution.aliases:
            stem = re.sub("^دانشگاه (?:علوم پزشکی )?", "", letters.fold(alias.text))
            if places.is_place(stem):
                by_place.setdefault(places.place_key(stem) or "", {})[institution.id] = None
    names = (*places.aliases(), *((name, letters.key(name)) for name in places.provinces()))
    for name, place in names:
        if place in by_place:
            ambiguous.setdefault(letters.key(name), tuple(by_place[place]))
    return ambiguous


@cache
def _source() -> dict[str, Any]:
    source: dict[str, Any] = read_list(SOURCE)
    return source
