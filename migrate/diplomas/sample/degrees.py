"""The degrees that the people of the sample took: what, where, when and under which number.

A quarter of the people hold two or more: an associate, bachelor's, master's and doctor's degree in
turn, each 2 to 6 years after the last, 55% at the same university and mostly in the same field; one
in ten second degrees is another bachelor's at the same university. The second of twins studied with
the first in 60% of pairs, the same field in half of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from migrate.diplomas.sample.catalogue import Catalogue
from migrate.diplomas.sample.people import Bools, Ints, People

PAPER_ERA_ENDS = 1385
_ASSOCIATE, _BACHELOR, _MASTER, _PROFESSIONAL, _DOCTORATE = range(5)
_AFTER = np.array([_BACHELOR, _MASTER, _DOCTORATE, _DOCTORATE, _MASTER])
_MONTHS = np.array([1, 2, 2, 10, 2, 16, 14, 4, 4, 6, 16, 3], dtype=float)
_LAST_YEAR = 1402


@dataclass(frozen=True)
class Degrees:
    """One entry a degree in each array; ``person``, ``university`` and ``field`` are indices.

    ``level`` is an index of catalogue.LEVELS. ``number`` is the serial part of the diploma number,
    which the registry holds where ``numbered``; ``coded`` says that it holds a validity code.
    """

    person: Ints
    university: Ints
    field: Ints
    level: Ints
    year: Ints
    month: Ints
    day: Ints
    number: Ints
    numbered: Bools
    coded: Bools

    def __len__(self) -> int:
        return len(self.person)


class _Curriculum:
    """Draws universities by year and fields by university and level."""

    def __init__(self, rng: np.random.Generator, lists: Catalogue) -> None:
        self.rng = rng
        self.lists = lists
        self.founded = np.array([u.founded for u in lists.universities])
        self.size = np.array([u.weight for u in lists.universities], dtype=float)
        self.women = np.array([u.kind == "women" for u in lists.universities])
        self.field_size = np.array([f.weight for f in lists.fields], dtype=float)
        self.field_last = np.array([f.last for f in lists.fields])
        self.faculty = np.array([f.faculty for f in lists.fields])
        self.at_level = np.array([[k in f.levels for f in lists.fields] for k in range(5)])
        self.teaches = np.array(
            [
                [lists.teaches(u, f) for f in range(len(lists.fields))]
                for u in range(len(lists.universities))
            ]
        )

    def universities(self, year: Ints, female: Bools) -> Ints:
        """A university for each that had been founded four years before ``year``."""
        drawn = np.zeros(len(year), dtype=np.int64)
        for y in np.unique(year):
            for sex in (False, True):
                own = np.flatnonzero((year == y) & (female == sex))
                weights = np.where(self.founded + 4 <= y, self.size, 0.0)
                weights[self.women] *= 3.0 if sex else 0.0
                weights[0] = max(weights[0], 1.0)
                drawn[own] = self.rng.choice(len(weights), size=len(own), p=weights / weights.sum())
        return drawn

    def offered(self, university: Ints, field: Ints, level: Ints, year: Ints) -> Bools:
        """Whether each field is taught at that university and level in that year."""
        taught = self.teaches[university, field] & self.at_level[level, field]
        return np.asarray(taught & (self.field_last[field] >= year))

    def fields(
        self, university: Ints, level: Ints, year: Ints, faculty: Ints | None = None
    ) -> Ints:
        """A field for each; of the faculty of the field ``faculty`` where that has one to offer."""
        drawn = np.full(len(university), -1, dtype=np.int64)
        late = year > PAPER_ERA_ENDS - 21  # medicine left the universities in 1364
        like = np.full(len(university), -1) if faculty is None else faculty
        # a group is all that decides what may be drawn
        keys = np.stack([university, level, late.astype(np.int64), like])
        groups, index = np.unique(keys, axis=1, return_inverse=True)
        order = np.argsort(index.ravel(), kind="stable")
        bounds = np.searchsorted(index.ravel()[order], np.arange(groups.shape[1] + 1))
        for g in range(groups.shape[1]):
            u, k, is_late, near = groups[:, g].tolist()
            allowed = self.teaches[u] & self.at_level[k]
            if is_late:
                allowed = allowed & (self.field_last > 1364)
            if near >= 0 and (allowed & (self.faculty == self.faculty[near])).any():
                allowed = allowed & (self.faculty == self.faculty[near])
            own = order[bounds[g] : bounds[g + 1]]
            weights = np.where(allowed, self.field_size, 0.0)
            if weights.sum() > 0:
                chosen = self.rng.choice(len(weights), size=len(own), p=weights / weights.sum())
                drawn[own] = chosen
        return drawn


def _first(rng: np.random.Generator, people: People, study: _Curriculum) -> list[Ints]:
    """The first degree of each person: university, field, level, year, month, day."""
    count = len(people)
    level = rng.choice(5, size=count, p=[0.15, 0.70, 0.05, 0.08, 0.02])
    age = np.array([21, 23, 26, 26, 31])[level] + rng.geometric(0.35, count) - 1
    year = np.minimum(people.year + age, _LAST_YEAR)
    university = study.universities(year, people.female)
    field = study.fields(university, level, year)
    missing = np.flatnonzero(field < 0)
    level[missing] = _BACHELOR
    field[missing] = study.fields(university[missing], level[missing], year[missing])
    month, day = _days(rng, count)
    columns = [university, field, level, year, month, day]

    pairs: dict[int, list[int]] = {}
    for person in np.flatnonzero(people.twin >= 0).tolist():
        pairs.setdefault(int(people.twin[person]), []).append(person)
    for one, other in (pairs[key] for key in sorted(pairs)):
        chance = rng.random(3)
        if chance[0] > 0.6 or people.female[one] != people.female[other]:
            continue
        university[other], level[other] = university[one], level[one]
        field[other] = field[one]
        year[other] = min(int(year[one]) + (0 if chance[2] < 0.6 else 1), _LAST_YEAR)
        if chance[2] < 0.4:
            month[other], day[other] = month[one], day[one]
        if chance[1] > 0.5:
            sole = slice(other, other + 1)
            field[sole] = study.fields(university[sole], level[sole], year[sole])
    return columns


def _days(rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """Months and days of graduation; most in Tir, Shahrivar, Mehr and Bahman."""
    month = rng.choice(12, size=count, p=_MONTHS / _MONTHS.sum()) + 1
    day = 1 + (rng.random(count) * np.where(month <= 6, 31, np.where(month < 12, 30, 29))).astype(
        np.int64
    )
    # semesters end on the last day of the month in the books of many universities
    ends = rng.random(count) < 0.25
    day[ends] = np.where(month[ends] <= 6, 31, np.where(month[ends] < 12, 30, 29))
    return month, day


def draw_degrees(rng: np.random.Generator, people: People, lists: Catalogue) -> Degrees:
    """Every degree of ``people``, at least one each; those of one person from first to last."""
    study = _Curriculum(rng, lists)
    count = len(people)
    how_many = 1 + rng.choice(4, size=count, p=[0.75, 0.185, 0.05, 0.015])
    columns = _first(rng, people, study)
    person = np.arange(count)
    parts: list[list[Ints]] = [[person, *columns]]
    for nth in range(2, 5):
        _, _, _, level, year, _, _ = parts[-1]
        # a doctorate is the last; so is what would come after today
        gap = rng.integers(2, 7, len(level))
        go = (how_many[parts[-1][0]] >= nth) & (level != _DOCTORATE) & (year + gap <= _LAST_YEAR)
        person, university, field, level, year, _, _ = (column[go] for column in parts[-1])
        year = year + gap[go]
        again = (level == _BACHELOR) & (rng.random(len(level)) < 0.10) & (nth == 2)
        level = np.where(again, _BACHELOR, _AFTER[level])
        moved = ~again & (rng.random(len(level)) < 0.45)
        university = np.where(moved, study.universities(year, people.female[person]), university)
        chance = rng.random(len(level))
        stays = (chance < 0.65) & ~again & study.offered(university, field, level, year)
        near = study.fields(university, level, year, np.where(chance < 0.85, field, -1))
        # no other field at that level there: the person took no further degree
        kept = stays | ((near >= 0) & ~(again & (near == field)))
        field = np.where(stays, field, near)
        month, day = _days(rng, len(level))
        parts.append([c[kept] for c in (person, university, field, level, year, month, day)])
    person, university, field, level, year, month, day = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    size = len(person)
    paper = year < PAPER_ERA_ENDS
    return Degrees(
        person=person,
        university=university,
        field=field,
        level=level,
        year=year,
        month=month,
        day=day,
        number=rng.integers(100, 100_000, size),
        numbered=rng.random(size) < 0.8,
        coded=rng.random(size) < np.where(paper, 0.07, 0.3),
    )
