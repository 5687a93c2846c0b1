"""Which degrees the registry holds, and of which degree each row of the ledger tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from migrate.diplomas.sample.catalogue import Catalogue
from migrate.diplomas.sample.degrees import PAPER_ERA_ENDS, Degrees
from migrate.diplomas.sample.error_model import ErrorModel
from migrate.diplomas.sample.people import Bools, Ints, People
from migrate.errors import InputError

Kind = Literal[
    "ordinary",
    "person_missing",
    "degree_missing",
    "duplicate",
    "contradicting",
    "second_degree",
    "twin",
    "no_name",
    "no_university",
    "same_id",
]


@dataclass(frozen=True)
class Plan:
    """``registry``: indices of degrees in the order of their degree_id; ``rows``: (kind, degree).

    ``held`` says of every degree whether the registry holds it.
    """

    registry: Ints
    held: Bools
    rows: tuple[tuple[Kind, int], ...]


@dataclass(frozen=True)
class Counts:
    """How many rows of each kind a ledger of ``records`` rows has."""

    person_missing: int
    degree_missing: int
    duplicates: int
    contradicting: int
    undecidable: int
    broken: int
    coded: int

    @staticmethod
    def of(records: int, model: ErrorModel) -> Counts:
        """The shares of ``model`` in rows, rounded."""
        return Counts(
            person_missing=round(records * model.person_missing),
            degree_missing=round(records * model.degree_missing),
            duplicates=round(records * model.duplicates),
            contradicting=round(records * model.contradicting),
            undecidable=round(records * model.undecidable),
            broken=round(records * model.broken),
            coded=int(records * model.coded_cap),
        )


def people_needed(degrees: int, counts: Counts) -> int:
    """Enough people for ``degrees`` in the registry and those held out (1.29 degrees each)."""
    return int((degrees + counts.degree_missing + 2 * counts.person_missing) / 1.2) + 60


def _once_each(values: Ints) -> Ints:
    """Where each value stands for the first time, in order."""
    _, first = np.unique(values, return_index=True)
    return np.sort(first)


def _too_many(records: int, found: int) -> InputError:
    return InputError(
        "too few paper-era degrees for so many records",
        found=f"{found} for {records} records",
        fix="Ask for more degrees or fewer records: at most half as many records as degrees",
    )


def draw_plan(
    rng: np.random.Generator,
    people: People,
    degrees: Degrees,
    lists: Catalogue,
    *,
    wanted: int,
    records: int,
    model: ErrorModel,
) -> Plan:
    """A registry of exactly ``wanted`` degrees and a ledger of ``records`` rows in random order.

    Raises InputError when too few degrees of the paper era remain for so many rows.
    """
    counts = Counts.of(records, model)
    person = degrees.person
    shuffled = rng.permutation(np.flatnonzero(degrees.year < PAPER_ERA_ENDS))
    one_each = shuffled[_once_each(person[shuffled])]
    unknown, rest = one_each[: counts.person_missing], one_each[counts.person_missing :]
    several = np.bincount(person, minlength=len(people))[person[rest]] > 1
    held_out = rest[several][: counts.degree_missing]
    if len(unknown) < counts.person_missing or len(held_out) < counts.degree_missing:
        raise _too_many(records, len(one_each))

    keep = ~np.isin(person, person[unknown])
    keep[held_out] = False
    # those who must stay come first, then all others a person at a time
    must_stay = np.isin(person, person[held_out])
    order = np.lexsort((person, ~must_stay))
    members = order[keep[order]][:wanted]
    if len(members) < wanted:
        raise InputError("too few people were drawn for so many degrees", found=len(members))
    held = np.zeros(len(degrees), dtype=bool)
    held[members] = True

    rows: list[tuple[Kind, int]] = []
    rows += [("person_missing", int(i)) for i in unknown]
    rows += [("degree_missing", int(i)) for i in held_out]
    used = np.zeros(len(degrees), dtype=bool)
    twins = _twins(people, degrees, lists, held)[: counts.undecidable // 2]
    seconds = _second_degrees(rng, degrees, held)[: counts.undecidable - len(twins)]
    rows += [("twin", i) for i in twins]
    rows += [("second_degree", i) for i in seconds]
    used[twins + seconds] = True

    pool = shuffled[held[shuffled] & ~used[shuffled]]
    alone = np.bincount(person[held], minlength=len(people))[person[pool]] == 1
    contradicting = pool[alone & ~degrees.coded[pool]][: counts.contradicting]
    rows += [("contradicting", int(i)) for i in contradicting]
    used[contradicting] = True
    pool = pool[~used[pool]]
    # a ledger holds few degrees that have a code already
    surplus = np.flatnonzero(degrees.coded[pool])[counts.coded :]
    pool = np.delete(pool, surplus)
    ordinary = records - len(rows) - counts.duplicates
    if ordinary < counts.duplicates or len(pool) < ordinary:
        raise _too_many(records, len(pool))
    pool = pool[:ordinary]
    # broken rows are of degrees without a code, and so are those keyed twice
    plain = pool[~degrees.coded[pool]]
    broken, doubled = plain[: counts.broken], plain[counts.broken :][: counts.duplicates]
    kinds: tuple[Kind, ...] = ("no_name", "no_university", "same_id")
    rows += [(kinds[i % 3], int(degree)) for i, degree in enumerate(broken)]
    rows += [("ordinary", int(i)) for i in np.setdiff1d(pool, broken, assume_unique=True)]
    rows += [("duplicate", int(i)) for i in doubled]
    if len(rows) < records:
        raise _too_many(records, len(rows))
    return Plan(
        registry=rng.permutation(members),
        held=held,
        rows=tuple(rows[int(i)] for i in rng.permutation(len(rows))),
    )


def _second_degrees(rng: np.random.Generator, degrees: Degrees, held: Bools) -> list[int]:
    """Paper-era degrees whose holder has another at the same university in the same field."""
    own = rng.permutation(np.flatnonzero(held))
    keys = (degrees.person[own] * 1000 + degrees.university[own]) * 1000 + degrees.field[own]
    values, counts = np.unique(keys, return_counts=True)
    paper = (degrees.year[own] < PAPER_ERA_ENDS) & ~degrees.coded[own]
    found = own[np.isin(keys, values[counts > 1]) & paper]
    return [int(i) for i in found[_once_each(degrees.person[found])]]


def _twins(people: People, degrees: Degrees, lists: Catalogue, held: Bools) -> list[int]:
    """Paper-era degrees of twins whose twin took the same within a year, with a name like theirs.

    Their first names share a part, so that the part alone does not tell one from the other.
    """
    own = np.flatnonzero(held & (people.twin[degrees.person] >= 0))
    of_pair: dict[tuple[int, ...], list[int]] = {}
    for i in own.tolist():
        columns = (degrees.university, degrees.field, degrees.level)
        key = (int(people.twin[degrees.person[i]]), *(int(column[i]) for column in columns))
        of_pair.setdefault(key, []).append(i)
    found = []
    for pair in of_pair.values():
        if len(pair) != 2 or degrees.person[pair[0]] == degrees.person[pair[1]]:
            continue
        parts = [lists.first_names[int(people.first[degrees.person[i]])].parts for i in pair]
        near = abs(int(degrees.year[pair[0]]) - int(degrees.year[pair[1]])) <= 1
        paper = max(int(degrees.year[i]) for i in pair) < PAPER_ERA_ENDS
        # the shared part opens both names, as a clerk shortens them
        if near and paper and parts[0][0] == parts[1][0] and not degrees.coded[pair[0]]:
            found.append(pair[0])
    return found
