"""Cities of Iran under the names they have had: one key for مشهدالرضا and مشهد.

The list is ``places.yaml``. A place that is not listed keeps its own folded name as key, so two
spellings of a village still meet; a name that has meant two cities is nobody's alias.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from migrate.errors import InputError
from migrate.persian import letters
from migrate.persian.lists import read_list

SOURCE = Path(__file__).with_suffix(".yaml")

# words that name the office or the kind of place, never the place
_NOISE = re.compile(
    r"\b(?:صادره(?: از)?|متولد|محل صدور|شهرستان|بخش|دهستان|روستای|روستا|قریه|"
    r"حوزه \d+|حوزه|ناحیه \d+|منطقه \d+)\b|\d+"
)
_CITY_WORD = re.compile(r"^شهر(?: از)? ")


@dataclass(frozen=True)
class Place:
    """A city: today's name, and the former names and spellings that mean the same city."""

    name: str
    former: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What ``place_key`` gives for each name of the city."""
        return letters.key(self.name)


@cache
def places() -> tuple[Place, ...]:
    """Return the listed cities, in the order of the list (by province)."""
    return tuple(Place(name, tuple(former)) for name, former in _source()["cities"].items())


@cache
def ambiguous_places() -> tuple[str, ...]:
    """Return the names that have meant two places; each keeps a key of its own."""
    return tuple(_source()["ambiguous"])


def aliases() -> tuple[tuple[str, str], ...]:
    """Return (name as written, key of the city) for each listed name, for bulk work."""
    return tuple((name, place.key) for place in places() for name in (place.name, *place.former))


@lru_cache(maxsize=65_536)
def place_key(text: str | None) -> str | None:
    """Key of a place of birth or issue: one for all names of a city.

    Folded: letter variants and spacing (``letters.key``), former names (رضائیه, باختران, شاهی),
    the words شهرستان, شهر, بخش, روستای, حوزه ۲, صادره از, and numbers of registration offices.

    :param text: a place as read.
    :returns: a key of letters without spaces; None where the text is blank.
    """
    if letters.is_blank(text):
        return None
    index = _index()
    whole = letters.key(text)
    if whole in index:
        return index[whole]
    bare = letters.key(_NOISE.sub(" ", letters.fold(text)))
    if not bare:
        return whole or None
    if bare in index:
        return index[bare]
    city = letters.key(_CITY_WORD.sub("", _NOISE.sub(" ", letters.fold(text)).strip()))
    # شهر is part of many names: it goes only where a listed city is left
    return index.get(city, bare)


@cache
def provinces() -> tuple[str, ...]:
    """Return the provinces; as a place of birth each keeps a key of its own."""
    return tuple(_source()["provinces"])


def is_place(text: str) -> bool:
    """Tell whether a text is, as a whole, a name of a listed city or a province."""
    return letters.key(text) in _known()


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = {}
    for name, target in aliases():
        held = index.setdefault(letters.key(name), target)
        if held != target:
            raise InputError("a name stands for two cities", file=SOURCE, found=name)
    for name in ambiguous_places():
        if letters.key(name) in index:
            raise InputError("an ambiguous name is an alias too", file=SOURCE, found=name)
    return index


@cache
def _known() -> frozenset[str]:
    return frozenset((*_index(), *map(letters.key, provinces())))


@cache
def _source() -> dict[str, Any]:
    source: dict[str, Any] = read_list(SOURCE)
    return source
