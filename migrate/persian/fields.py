"""Fields of study under their usual names: مهندسی عمران is عمران and, of old, راه و ساختمان.

The list is ``fields.yaml``. Only names of the same field are variants; a broader or narrower field
is another one, with ``parent`` between them, for two degrees of one person may differ in nothing
else. A name that may mean two fields is *ambiguous* and answered with None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from migrate.errors import InputError
from migrate.persian import letters
from migrate.persian.lists import read_list

SOURCE = Path(__file__).with_suffix(".yaml")

_FIELD_WORD = re.compile(r"^(?:رشته|در رشته)(?: تحصیلی)?[ :]+")
_BRANCH = re.compile(r" (?:با گرایش|گرایش|گرایش:|شاخه) ")


@dataclass(frozen=True)
class FieldVariant:
    """Another name of a field, and where it is known from."""

    text: str
    known_from: str


@dataclass(frozen=True)
class FieldOfStudy:
    """A field: slug, usual name, the broader field's slug if listed, and its other names."""

    id: str
    name: str
    parent: str | None
    variants: tuple[FieldVariant, ...]


@cache
def fields() -> tuple[FieldOfStudy, ...]:
    """Return all fields, in the order of the list."""
    return tuple(_field(entry) for entry in _source()["fields"])


@lru_cache(maxsize=65_536)
def lookup_field(text: str | None) -> FieldOfStudy | None:
    """Field of study that a text names beyond doubt.

    Matched by ``letters.key`` against every listed name, with رشته before it or not, and with
    گرایش, a dash, brackets or nothing between a field and its branch.

    :param text: a field as read.
    :returns: None where the text is blank, not listed, or may mean more than one field.
    """
    return _forms().get(_key(text)) if text else None


def lookup_ambiguous(text: str | None) -> tuple[FieldOfStudy, ...]:
    """Fields that an ambiguous name may mean, in the order of the list; () for any other."""
    by_id = {field.id: field for field in fields()}
    return tuple(by_id[id] for id in _ambiguous().get(_key(text), ()))


@cache
def root_of(field_id: str) -> str:
    """Slug of the broadest listed field that a field is a branch of: its own where it is none.

    :param field_id: a field's slug. :raises KeyError: for a slug that is not listed.
    """
    parents = {field.id: field.parent for field in fields()}
    while (parent := parents[field_id]) is not None:
        field_id = parent
    return field_id


def suggest_field(text: str | None, limit: int = 3) -> tuple[str, ...]:
    """Names a person may have meant: for messages and profiles, never for a silent guess.

    :param text: a field as read.
    :param limit: at most so many.
    :returns: usual names, best first: what an ambiguous name may mean, then by edit distance.
    """
    wanted = _key(text)
    if not wanted:
        return ()
    names = [field.name for field in lookup_ambiguous(text)]
    near = process.extract(wanted, _forms().keys(), scorer=fuzz.ratio, score_cutoff=65, limit=None)
    names += [_forms()[form].name for form, _, _ in near]
    return tuple(dict.fromkeys(names))[:limit]


def aliases() -> tuple[tuple[str, str], ...]:
    """Return (form, id) for every form that ``lookup_field`` knows, for bulk work.

    Forms are ``letters.key`` texts without رشته and گرایش.
    """
    return tuple((form, field.id) for form, field in _forms().items())


def _key(text: str | None) -> str:
    """Key without the words that only say that a field, or a branch of one, follows."""
    plain = _FIELD_WORD.sub("", letters.fold(text))
    return letters.key(_BRANCH.sub(" ", plain))


def _field(entry: dict[str, Any]) -> FieldOfStudy:
    variants = (
        FieldVariant(listed, "common usage")
        if isinstance(listed, str)
        else FieldVariant(listed["name"], listed["known_from"])
        for listed in entry["variants"]
    )
    return FieldOfStudy(entry["id"], entry["name"], entry.get("parent"), tuple(variants))


def _written(field: FieldOfStudy) -> Iterator[str]:
    yield field.name
    whole, dash, _ = field.name.partition(" - ")
    if dash and whole.startswith("مهندسی "):
        # برق - قدرت for مهندسی برق - قدرت
        yield field.name.removeprefix("مهندسی ")
    yield from (variant.text for variant in field.variants)


@cache
def _forms() -> dict[str, FieldOfStudy]:
    forms: dict[str, FieldOfStudy] = {}
    for field in fields():
        for written in _written(field):
            form = _key(written)
            held = forms.setdefault(form, field)
            if held.id != field.id or form in _ambiguous():
                raise InputError(
                    f"a name stands for {held.id} and {field.id}, or is ambiguous",
                    file=SOURCE,
                    found=written,
                    fix="List it under ambiguous alone.",
                )
    return forms


@cache
def _ambiguous() -> dict[str, tuple[str, ...]]:
    return {_key(entry["name"]): tuple(entry["could_be"]) for entry in _source()["ambiguous"]}


@cache
def _source() -> dict[str, list[dict[str, Any]]]:
    source: dict[str, list[dict[str, Any]]] = read_list(SOURCE)
    return source
