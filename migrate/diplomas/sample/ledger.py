"""The ledger: rows as a clerk keyed them from paper, and the truth that is kept apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from migrate.diplomas.sample.catalogue import Catalogue
from migrate.diplomas.sample.clerk import Clerk
from migrate.diplomas.sample.degrees import Degrees
from migrate.diplomas.sample.error_model import ErrorModel
from migrate.diplomas.sample.people import People
from migrate.diplomas.sample.plan import Kind, Plan

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Truth:
    """What an all-knowing clerk would say of one row.

    ``degree`` is the index of the degree in the registry (-1: not there), ``person`` of the person
    (-1: not there), ``note`` what makes the row more than ordinary.
    """

    legacy_id: str
    degree: int
    person: int
    outcome: str
    note: str


@dataclass(frozen=True)
class Ledger:
    """``rows`` hold the texts of LEGACY's fields in order; ``truths`` stand in the same order."""

    rows: list[list[str]]
    truths: list[Truth]


def _undecidable(texts: Mapping[str, str], rivals: list[int], own: int, degrees: Degrees) -> bool:
    """Whether chance took from a row all that tells this degree from another of its holder."""
    told = ("degree", "graduation_date", "diploma_no", "diploma_date")
    if any(texts[column] for column in told):
        return False
    return any(
        degrees.university[other] == degrees.university[own]
        and (not texts["field_of_study"] or degrees.field[other] == degrees.field[own])
        for other in rivals
        if other != own
    )


def keep_ledger(
    rnd: Random,
    people: People,
    degrees: Degrees,
    lists: Catalogue,
    plan: Plan,
    model: ErrorModel,
    *,
    columns: tuple[str, ...],
    code_page: bool,
    progress: Progress | None = None,
) -> Ledger:
    """The rows of ``plan`` as keyed, and their truth.

    ``columns`` are the names of the fields in order, legacy_id among them; ``code_page`` says that
    the file will be Windows-1256, which has neither ی nor digits but ASCII ones.
    """
    clerk = Clerk(rnd, people, degrees, lists, model, code_page=code_page)
    of_person: dict[int, list[int]] = {}
    holders = {int(degrees.person[degree]) for _, degree in plan.rows}
    for i in plan.registry.tolist():
        if int(degrees.person[i]) in holders:
            of_person.setdefault(int(degrees.person[i]), []).append(i)
    rows: list[list[str]] = []
    truths: list[Truth] = []
    stands: set[int] = set()
    total = len(plan.rows)
    doubled = {degree for kind, degree in plan.rows if kind == "duplicate"}
    for place, (kind, degree) in enumerate(plan.rows):
        # neither of two rows for one degree may be out of the ordinary by chance
        keyed: Kind = "duplicate" if degree in doubled else kind
        texts, note = clerk.row(keyed, degree)
        person = int(degrees.person[degree])
        known = of_person.get(person, [])
        outcome, note = _outcome(kind, bool(degrees.coded[degree]), note)
        if kind in ("ordinary", "duplicate") and _undecidable(texts, known, degree, degrees):
            outcome, note = "ambiguous", "second_degree"
        elif degree in doubled:
            # the first in the file's order stands for the degree, however it was drawn
            outcome, note = ("duplicate" if degree in stands else "linked"), "keyed_twice"
            stands.add(degree)
        texts["legacy_id"] = str(100_001 + place)
        truths.append(
            Truth(
                legacy_id=texts["legacy_id"],
                degree=degree if plan.held[degree] else -1,
                person=person if known else -1,
                outcome=outcome,
                note=note,
            )
        )
        rows.append(clerk.hand.finish(texts, columns))
        if progress is not None and (place % 5000 == 4999 or place + 1 == total):
            progress(place + 1, total, "ledger rows")
    _share_ids(rnd, plan, rows, truths, columns.index("legacy_id"))
    return Ledger(rows, truths)


def _outcome(kind: Kind, coded: bool, note: str) -> tuple[str, str]:
    """The outcome that a row of ``kind`` deserves, and its note."""
    if kind in ("person_missing", "degree_missing"):
        return kind, kind
    if kind in ("no_name", "no_university", "same_id"):
        return "quarantined", kind
    if kind in ("second_degree", "twin"):
        return "ambiguous", kind
    if kind == "contradicting":
        return "mismatch", kind
    if coded:
        return "already_coded", note
    return ("mismatch" if note else "linked"), note


def _share_ids(
    rnd: Random, plan: Plan, rows: list[list[str]], truths: list[Truth], column: int
) -> None:
    """Give each row that is to have another's legacy_id one; neither can then be told apart."""
    free = [
        i
        for i, (kind, _) in enumerate(plan.rows)
        if kind == "ordinary" and truths[i].note == "" and truths[i].outcome == "linked"
    ]
    for place, (kind, _) in enumerate(plan.rows):
        if kind != "same_id" or not free:
            continue
        other = free.pop(rnd.randrange(len(free)))
        shared = truths[other].legacy_id
        rows[place][column] = rows[other][column]
        for row in (place, other):
            truths[row] = replace(
                truths[row], legacy_id=shared, outcome="quarantined", note="same_id"
            )
