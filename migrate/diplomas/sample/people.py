"""The people of the sample: names, families, dates of birth and identifiers, as arrays.

Rates, all of persons: 3% twins (in pairs: same surname, father, place and day, following certificate
and national numbers, like first names), 10% siblings of another person, 3% namesakes of another (of
whom half have a father of the same name too) beside those that common names make by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migrate.diplomas.sample.catalogue import Catalogue

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TWINS, SIBLINGS, NAMESAKES = 0.03, 0.10, 0.03
_DAYS = np.array([31] * 6 + [30] * 5 + [29])


@dataclass(frozen=True)
class People:
    """One entry a person in each array. Names, fathers and places are indices of the catalogue.

    ``spacing`` is how the registry writes a compound (0 as one word, 1 with a space, 2 with ZWNJ).
    ``family`` is one number for siblings and twins, ``twin`` one for a pair of twins (-1: none).
    ``known_*`` say what the registry holds of the person.
    """

    female: Bools
    first: Ints
    last: Ints
    father: Ints
    seyyed: Bools
    year: Ints
    month: Ints
    day: Ints
    certificate: Ints
    national: Ints
    place: Ints
    spacing: Ints
    family: Ints
    twin: Ints
    shown_seyyed: Bools
    year_only: Bools
    known_national: Bools
    known_father: Bools
    known_certificate: Bools
    known_place: Bools

    def __len__(self) -> int:
        return len(self.first)


def check_digit(bodies: Ints) -> Ints:
    """The tenth digit of the national ID for nine-digit bodies (sum of digit × place mod 11)."""
    rest = np.zeros_like(bodies)
    for place in range(2, 11):
        rest += (bodies // 10 ** (place - 2)) % 10 * place
    rest %= 11
    return np.where(rest < 2, rest, 11 - rest)


def _first_names(rng: np.random.Generator, female: Bools, year: Ints, lists: Catalogue) -> Ints:
    """A first name for each, by sex and by whether born before 1345."""
    names = lists.first_names
    drawn = np.zeros(len(female), dtype=np.int64)
    for sex in (False, True):
        own = np.array([i for i, name in enumerate(names) if name.female == sex])
        for era in (0, 1):
            weights = np.array([names[i].weights[era] for i in own])
            chosen = np.flatnonzero((female == sex) & ((year >= 1345) == bool(era)))
            drawn[chosen] = rng.choice(own, size=len(chosen), p=weights / weights.sum())
    return drawn


def _national_ids(rng: np.random.Generator, place: Ints, twin_of: Ints) -> Ints:
    """A valid national ID for each: a prefix of the place, a serial number, the check digit.

    No two persons have one; the second of twins has the number after the first's.
    """
    prefix = 1 + place * 10 + rng.integers(0, 10, len(place))
    bodies = prefix * 1_000_000 + rng.integers(0, 500_000, len(place)) * 2
    while True:
        _, kept = np.unique(bodies, return_index=True)
        again = np.setdiff1d(np.arange(len(bodies)), kept)
        if not len(again):
            break
        bodies[again] = prefix[again] * 1_000_000 + rng.integers(0, 500_000, len(again)) * 2
    second = np.flatnonzero(twin_of >= 0)
    # serials drawn above are even, so the one that follows is free
    bodies[second] = bodies[twin_of[second]] + 1
    return bodies * 10 + check_digit(bodies)


def _relatives(rng: np.random.Generator, count: int) -> tuple[Ints, Ints, Ints]:
    """For each person the index of the twin, sibling or namesake it is modelled on, or -1.

    Those modelled on are never modelled on another themselves, so one pass copies all.
    """
    order = rng.permutation(count)
    columns = []
    at = 0
    for share, pairs in ((TWINS, 0.5), (SIBLINGS, 1.0), (NAMESAKES, 1.0)):
        size = min(int(count * share * pairs), (count - at) // 2)
        column = np.full(count, -1, dtype=np.int64)
        column[order[at : at + size]] = order[at + size : at + 2 * size]
        at += 2 * size
        columns.append(column)
    return columns[0], columns[1], columns[2]


def draw_people(rng: np.random.Generator, count: int, lists: Catalogue) -> People:
    """``count`` people from ``rng``. The order of persons means nothing."""
    year = np.rint(rng.triangular(1304, 1358, 1381, count)).astype(np.int64)
    female = rng.random(count) < np.interp(year, [1310, 1340, 1375], [0.15, 0.35, 0.52])
    last = rng.choice(len(lists.surnames), size=count, p=lists.surname_weights)
    of_sadat = np.isin(last, sorted(lists.seyyed_surnames))
    seyyed = rng.random(count) < np.where(of_sadat, 0.5, 0.04)
    father = _first_names(rng, np.zeros(count, dtype=bool), year - 30, lists)
    weights = np.array([city.weight for city in lists.cities])
    place = rng.choice(len(weights), size=count, p=weights / weights.sum())
    month = rng.integers(1, 13, count)
    day = 1 + (rng.random(count) * _DAYS[month - 1]).astype(np.int64)
    # registrars of old wrote the last day of summer, so that a child went to school a year earlier
    heaped = rng.random(count) < 0.02
    month[heaped], day[heaped] = 6, 30
    certificate = np.exp(rng.uniform(0.0, np.log(40_000), count)).astype(np.int64)

    twin_of, sibling_of, namesake_of = _relatives(rng, count)
    family = np.arange(count)
    twin = np.full(count, -1, dtype=np.int64)
    for model in (twin_of, sibling_of):
        own = np.flatnonzero(model >= 0)
        for column in (last, seyyed, father, place, family):
            column[own] = column[model[own]]
    own = np.flatnonzero(twin_of >= 0)
    for column in (year, month, day):
        column[own] = column[twin_of[own]]
    alike = own[rng.random(len(own)) < 0.7]
    female[alike] = female[twin_of[alike]]
    certificate[own] = certificate[twin_of[own]] + 1
    twin[own] = twin[twin_of[own]] = own
    own = np.flatnonzero(sibling_of >= 0)
    year[own] = np.clip(year[sibling_of[own]] + rng.integers(1, 13, len(own)), 1304, 1381)
    own = np.flatnonzero(namesake_of >= 0)
    female[own], last[own] = female[namesake_of[own]], last[namesake_of[own]]
    year[own] = np.clip(year[namesake_of[own]] + rng.integers(-8, 9, len(own)), 1304, 1381)
    same = own[rng.random(len(own)) < 0.5]
    father[same] = father[namesake_of[same]]

    first = _first_names(rng, female, year, lists)
    first[own] = first[namesake_of[own]]
    for person in np.flatnonzero(twin_of >= 0).tolist():
        other = int(twin_of[person])
        likes = lists.similar[int(first[other])]
        if female[person] == female[other]:
            first[person] = likes[int(rng.integers(len(likes)))]
    _part_siblings(rng, first, female, year, sibling_of, lists)

    national = _national_ids(rng, place, twin_of)
    # certificates of those born since 1368 bear the national ID as their number
    certificate = np.where(year >= 1368, national, certificate)
    return People(
        female=female,
        first=first,
        last=last,
        father=father,
        seyyed=seyyed,
        year=year,
        month=month,
        day=day,
        certificate=certificate,
        national=national,
        place=place,
        spacing=rng.choice(3, size=count, p=[0.45, 0.4, 0.15]),
        family=family,
        twin=twin,
        shown_seyyed=seyyed & (rng.random(count) < 0.85),
        year_only=rng.random(count) < 0.03,
        known_national=rng.random(count) < np.where(year < 1345, 0.85, 0.97),
        known_father=rng.random(count) < 0.97,
        known_certificate=rng.random(count) < 0.96,
        known_place=rng.random(count) < 0.92,
    )


def _part_siblings(
    rng: np.random.Generator,
    first: Ints,
    female: Bools,
    year: Ints,
    sibling_of: Ints,
    lists: Catalogue,
) -> None:
    """Give a sibling another first name where chance gave both one."""
    while True:
        same = np.flatnonzero((sibling_of >= 0) & (first == first[sibling_of]))
        if not len(same):
            return
        first[same] = _first_names(rng, female[same], year[same], lists)
