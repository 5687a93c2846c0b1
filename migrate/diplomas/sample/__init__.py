"""A sample as messy as the real thing: a registry, a paper-era ledger, and the truth kept apart.

Nobody in it exists. Where names come from and what is assumed: README.md beside this file. What
paper does to data, with every rate: ``ErrorModel``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np

from migrate.diplomas.sample.catalogue import catalogue
from migrate.diplomas.sample.degrees import Degrees, draw_degrees
from migrate.diplomas.sample.error_model import ErrorModel
from migrate.diplomas.sample.ledger import Ledger, keep_ledger
from migrate.diplomas.sample.people import Ints, People, draw_people
from migrate.diplomas.sample.plan import Counts, draw_plan, people_needed
from migrate.diplomas.sample.registry import (
    degree_ids,
    person_ids,
    registry_rows,
    validity_codes,
)
from migrate.diplomas.sample.writers import (
    write_legacy,
    write_registry_csv,
    write_registry_sqlite,
    write_table,
)
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import InputError

__all__ = ["ErrorModel", "Sample", "make"]

Form = Literal["paper", "design"]
Progress = Callable[[int, int, str], None]

TRUTH_COLUMNS = (
    "row",
    "legacy_id",
    "degree_id",
    "person_id",
    "outcome",
    "note",
    "family",
    "namesake",
)
RELATIONS_COLUMNS = ("degree_id", "person_id", "family", "twin", "namesake")


@dataclass(frozen=True)
class Sample:
    """Where a sample is: the ledger, the registry as ``--registry`` takes it, and the truth.

    ``relations`` says of every degree in the registry whose it is, and which people are twins,
    siblings and namesakes: evaluation needs it, linking must not see it.
    """

    source: Path
    registry: str
    truth: Path
    relations: Path
    degrees: int
    records: int


def make(
    folder: Path,
    *,
    degrees: int = 50_000,
    records: int = 10_000,
    seed: int = 1403,
    form: Form = "paper",
    errors: ErrorModel | None = None,
    progress: Progress | None = None,
) -> Sample:
    """Make a registry of ``degrees`` and a ledger of ``records`` rows in ``folder``.

    ``form`` is "paper" (``legacy.csv`` in Windows-1256 with Persian headings, ``registry.sqlite``
    with table ``degrees``) or "design" (``legacy.csv`` and ``registry.csv`` in UTF-8, the design's
    headings). Both have ``truth/truth.csv``, one line a row of the ledger in its order (``row`` is
    the file's, its heading being 1), and ``truth/relations.csv``. The same ``seed`` and arguments
    give the same bytes. ``errors`` is the error model, by default ErrorModel(). ``progress`` is
    called with (done, total, what).

    Raises InputError when a number is not positive, or there are too many records for the degrees
    (half as many are always safe from 1,000 degrees on).
    """
    for name, number in (("degrees", degrees), ("records", records)):
        if number < 1:
            raise InputError(f"a sample needs {name}", found=number, fix="Give a number above 0")
    if form not in ("paper", "design"):
        raise InputError("there is no such form", found=form, fix="Use 'paper' or 'design'")
    model = errors or ErrorModel()
    lists = catalogue()
    # one stream of chance for each part, so that a change in one leaves the others as they were
    streams = [
        np.random.Generator(np.random.PCG64(s)) for s in np.random.SeedSequence(seed).spawn(4)
    ]
    people = draw_people(streams[0], people_needed(degrees, Counts.of(records, model)), lists)
    taken = draw_degrees(streams[1], people, lists)
    plan = draw_plan(streams[2], people, taken, lists, wanted=degrees, records=records, model=model)
    id_of_degree = degree_ids(plan.registry, len(taken))
    id_of_person = person_ids(streams[3], len(people))
    ledger = keep_ledger(
        Random(seed),  # noqa: S311
        people,
        taken,
        lists,
        plan,
        model,
        columns=LEGACY.names,
        code_page=form == "paper",
        progress=progress,
    )
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "legacy.csv"
    write_legacy(source, LEGACY.names, ledger.rows, code_page=form == "paper")
    chunks = registry_rows(
        people,
        taken,
        lists,
        plan.registry,
        id_of_person=id_of_person,
        codes=validity_codes(streams[3], int(taken.coded[plan.registry].sum())),
    )
    if form == "paper":
        database = folder / "registry.sqlite"
        write_registry_sqlite(database, REGISTRY.names, chunks, degrees, progress)
        registry = f"sqlite:///{database}#degrees"
    else:
        table = folder / "registry.csv"
        write_registry_csv(table, REGISTRY.names, chunks, degrees, progress)
        registry = str(table)
    truth = folder / "truth" / "truth.csv"
    holders = [int(taken.person[degree]) for _, degree in plan.rows]
    write_table(
        truth, TRUTH_COLUMNS, _truth_rows(ledger, people, holders, id_of_degree, id_of_person)
    )
    relations = folder / "truth" / "relations.csv"
    write_table(
        relations, RELATIONS_COLUMNS, _relations(people, taken, plan.registry, id_of_person)
    )
    return Sample(source, registry, truth, relations, degrees, records)


def _namesakes(people: People) -> Ints:
    """A number for each person that those of one first and last name share."""
    return people.first * 1_000_000 + people.last


def _truth_rows(
    ledger: Ledger,
    people: People,
    holders: list[int],
    id_of_degree: list[str],
    id_of_person: list[str],
) -> Iterator[tuple[object, ...]]:
    """One line a row; family and namesake are of the person meant, in the registry or not."""
    namesakes = _namesakes(people)
    for place, (truth, holder) in enumerate(zip(ledger.truths, holders, strict=True)):
        yield (
            place + 2,
            truth.legacy_id,
            id_of_degree[truth.degree] if truth.degree >= 0 else "",
            id_of_person[truth.person] if truth.person >= 0 else "",
            truth.outcome,
            truth.note,
            int(people.family[holder]),
            int(namesakes[holder]),
        )


def _relations(
    people: People, degrees: Degrees, registry: Ints, id_of_person: list[str]
) -> Iterator[tuple[object, ...]]:
    """For each degree its holder and the numbers of family, pair of twins and full name."""
    names = _namesakes(people)[degrees.person[registry]].tolist()
    for place, person in enumerate(degrees.person[registry].tolist()):
        twin = int(people.twin[person])
        yield (
            f"D{10_000_001 + place}",
            id_of_person[person],
            int(people.family[person]),
            twin if twin >= 0 else "",
            names[place],
        )
