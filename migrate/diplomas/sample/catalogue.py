"""What the sample draws from: names, surnames, places, universities and fields, with their weights.

The lists are the sample's own (README.md beside this file says where each is from), so that a
linker with its own tables of aliases is tested on something it was not made from.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cdist

LEVELS = ("associate", "bachelor", "master", "professional_doctorate", "doctorate")
_LETTER_OF_LEVEL = "abmpd"
_ZIPF_SHIFT = 12
_FACULTIES_OF_KIND = {
    "technical": {"engineering", "science", "management"},
    "humanities": {"humanities", "social", "management", "law", "education"},
    "agriculture": {"agriculture"},
    "arts": {"art"},
}


@dataclass(frozen=True)
class FirstName:
    """A first name, usually written ``text``, and its parts (علی, رضا).

    ``weights`` are its shares among those born before 1345 and since.
    """

    text: str
    parts: tuple[str, ...]
    female: bool
    weights: tuple[float, float]


@dataclass(frozen=True)
class City:
    """A place of birth and the names it had before."""

    name: str
    weight: float
    former: tuple[str, ...]


@dataclass(frozen=True)
class FormerName:
    """A name that a university's diplomas bore from the year ``first`` to the year ``last``."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class University:
    """A university under its official name of today; ``place``: its short name is a place's."""

    name: str
    founded: int
    weight: float
    kind: str
    place: bool
    short: tuple[str, ...]
    former: tuple[FormerName, ...]


@dataclass(frozen=True)
class Field:
    """A field of study; ``levels`` are indices into LEVELS, ``last`` the last year it was taught."""

    name: str
    faculty: str
    levels: frozenset[int]
    weight: float
    variants: tuple[str, ...]
    last: int


@dataclass(frozen=True)
class Catalogue:
    """All lists, and what follows from them.

    ``surnames`` are tuples of parts in order of rank; ``surname_weights`` and the like are float
    arrays that sum to 1; ``apart`` are the suffixes that may be joined to a surname.
    ``similar[i]`` are the indices of first names like the i-th, same sex.
    """

    first_names: tuple[FirstName, ...]
    surnames: tuple[tuple[str, ...], ...]
    surname_weights: NDArray[np.float64]
    seyyed_surnames: frozenset[int]
    apart: frozenset[str]
    cities: tuple[City, ...]
    universities: tuple[University, ...]
    fields: tuple[Field, ...]
    similar: tuple[tuple[int, ...], ...]

    def teaches(self, university: int, field: int) -> bool:
        """Whether a university of this kind has the faculty of that field."""
        faculties = _FACULTIES_OF_KIND.get(self.universities[university].kind)
        return faculties is None or self.fields[field].faculty in faculties


def _records(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _document(name: str) -> Any:
    return yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))


def _first_names() -> Iterator[FirstName]:
    of_era = {"any": (1.0, 1.0), "old": (1.6, 0.4), "new": (0.15, 1.5)}
    for record in _records("first_names.csv"):
        share = float(record["share_percent"])
        before, after = of_era[record["era"]]
        yield FirstName(
            text=record["first_name"],
            parts=tuple(record["parts"].split()),
            female=record["sex"] == "f",
            weights=(share * before, share * after),
        )


def _surnames(data: dict[str, list[str]]) -> list[tuple[str, ...]]:
    """Every surname, as parts, in order of rank."""
    common: list[tuple[str, ...]] = [tuple(name.split()) for name in data["common"]]
    derived = [
        stem + ("یی" if stem.endswith("ا") and suffix == "ی" else suffix)
        for stem in data["stems"]
        for suffix in data["joined"]
        if not stem.endswith(("ه", "ی"))
    ]
    bases = [name[0] for name in common if len(name) == 1]
    bases += [name for name in derived if name.endswith("ی")]
    rest: list[tuple[str, ...]] = [(name,) for name in derived]
    rest += [(stem, suffix) for stem in data["stems"] for suffix in data["apart"]]
    long = [(base, added) for base in bases for added in data["added"] if base != added]
    # the order of rank is part of the data, not of a sample: it has a seed of its own
    order = random.Random(1)  # noqa: S311
    order.shuffle(rest)
    order.shuffle(long)
    return list(dict.fromkeys([*common, *rest, *long]))


def _similar(names: tuple[FirstName, ...]) -> tuple[tuple[int, ...], ...]:
    """For each first name, those that a family gives its twin: a part shared, or a like sound."""
    joined = ["".join(name.parts) for name in names]
    closeness = cdist(joined, joined, scorer=JaroWinkler.similarity)
    similar = []
    for i, name in enumerate(names):
        shared = [
            j
            for j, other in enumerate(names)
            if j != i and other.female == name.female and set(other.parts) & set(name.parts)
        ]
        near = [
            int(j)
            for j in np.argsort(-closeness[i], kind="stable")
            if int(j) != i and names[int(j)].female == name.female and int(j) not in shared
        ]
        shared.sort(key=lambda j: -sum(names[j].weights))
        similar.append(tuple(shared[:6] + near[:4]))
    return tuple(similar)


@cache
def catalogue() -> Catalogue:
    """The lists as read from the files beside this module."""
    names = tuple(_first_names())
    words = _document("surnames.yaml")
    surnames = tuple(_surnames(words))
    weights = 1.0 / (np.arange(1, len(surnames) + 1) + _ZIPF_SHIFT)
    seyyed = set(words["seyyed"])
    return Catalogue(
        first_names=names,
        surnames=surnames,
        surname_weights=weights / weights.sum(),
        seyyed_surnames=frozenset(i for i, name in enumerate(surnames) if name[0] in seyyed),
        apart=frozenset(words["apart"]),
        cities=tuple(
            City(
                name=record["name"],
                weight=float(record["weight"]),
                former=tuple(record["former"].split("|")) if record["former"] else (),
            )
            for record in _records("cities.csv")
        ),
        universities=tuple(
            University(
                name=entry["name"],
                founded=entry["founded"],
                weight=entry["weight"],
                kind=entry["kind"],
                place=entry.get("place", False),
                short=tuple(entry["short"]),
                former=tuple(FormerName(**former) for former in entry.get("former", ())),
            )
            for entry in _document("universities.yaml")
        ),
        fields=tuple(
            Field(
                name=entry["name"],
                faculty=entry["faculty"],
                levels=frozenset(_LETTER_OF_LEVEL.index(letter) for letter in entry["levels"]),
                weight=entry["weight"],
                variants=tuple(entry["variants"]),
                last=entry.get("last", 9999),
            )
            for entry in _document("fields.yaml")
        ),
        similar=_similar(names),
    )
