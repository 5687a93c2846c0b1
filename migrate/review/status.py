"""How the review stands, by university: what is open, late and decided, and what it teaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import date
from typing import Any

from migrate.diplomas.terms import CASES
from migrate.review.agreement import Band, Share, Twice, agrees, bands, twice
from migrate.review.deadlines import lateness
from migrate.review.decisions import APPROVED

_NAMES_A_DEGREE = ("mismatch", "ambiguous")


@dataclass(frozen=True)
class WorkCount:
    """So many cases of a university that stand alike; days are ISO."""

    university: str
    outcome: str
    state: str
    opened_on: str
    due_on: str
    count: int


@dataclass(frozen=True)
class AnswerCount:
    """So many decided cases that were answered alike; '' where the answer or reason has no name."""

    university: str
    outcome: str
    verdict: str
    answer: str
    reason: str
    count: int


@dataclass(frozen=True)
class ErrorCount:
    """So many decided cases of a batch and a decade of graduation whose document has one kind of error.

    ``kind`` is ``contradicts`` (a field, of a document that is of the degree all the same),
    ``record`` or ``registry`` (a field that the university corrected there), or ``reason``.
    """

    kind: str
    name: str
    batch: str
    decade: str
    count: int


@dataclass(frozen=True)
class Counts:
    """What a store was asked, as of a day: rows of counts, each alike in all but the last column.

    ``days``: university, days to decide, count. ``first``: outcome, verdict, whether it names the degree
    ranked first, number of the band, count, sum of that degree's probabilities. ``seconds``: university,
    what the second person said, count. ``twice``: earlier verdict, later one, whether of one degree,
    count. ``names`` are universities by their key.
    """

    as_of: str
    work: tuple[WorkCount, ...]
    answers: tuple[AnswerCount, ...]
    errors: tuple[ErrorCount, ...]
    days: tuple[tuple[str, int, int], ...]
    first: tuple[tuple[str, str, bool, int, int, float], ...]
    seconds: tuple[tuple[str, str, int], ...]
    twice: tuple[tuple[str, str, bool, int], ...]
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """Where the cases of one university stand, or of all where ``university`` is ''.

    ``overdue`` and ``escalated`` are cases past their due day that are not decided, open or waiting for
    a second person; those escalated are not among the overdue. ``age`` is of the same cases: their
    days since they were put, at the 50th, 90th and 100th percentile. ``days`` is the median number of
    days that decisions took. Both None where there is none.
    """

    university: str
    name: str
    open: int
    awaiting: int
    overdue: int
    escalated: int
    decided: int
    age: tuple[int, int, int] | None
    days: int | None
    by_outcome: Mapping[str, Mapping[str, int]]
    approved: Share

    @property
    def cases(self) -> int:
        """All of them."""
        return self.open + self.awaiting + self.decided


@dataclass(frozen=True)
class Status:
    """How the review stands as of a day.

    ``first`` says how often people took the degree that the linker ranked first, by outcome; ``bands``
    by its probability; ``absent`` how often the registry did lack what the linker said it lacks.
    """

    as_of: str
    total: Standing
    universities: tuple[Standing, ...]
    answers: tuple[AnswerCount, ...]
    first: Mapping[str, Share]
    bands: tuple[Band, ...]
    absent: Mapping[str, Share]
    twice: Twice
    errors: tuple[ErrorCount, ...]

    def as_json(self) -> dict[str, Any]:
        """The whole as plain JSON values."""

        def standing(one: Standing) -> dict[str, Any]:
            return asdict(one) | {"cases": one.cases, "approved": one.approved.as_json()}

        return {
            "as_of": self.as_of,
            "total": standing(self.total),
            "universities": [standing(one) for one in self.universities],
            "answers": [asdict(one) for one in self.answers],
            "linker_first": {name: one.as_json() for name, one in self.first.items()},
            "linker_bands": [asdict(one) | {"agreed": one.agreed.as_json()} for one in self.bands],
            "linker_absent": {name: one.as_json() for name, one in self.absent.items()},
            "twice": asdict(self.twice) | {"same": self.twice.same.as_json()},
            "errors": [asdict(one) for one in self.errors],
        }


def status(counts: Counts) -> Status:
    """Sum counts up; universities come with most escalated, overdue and open cases first."""
    of_each: dict[str, Counts] = {}
    for name, own in _by_university(counts).items():
        of_each[name] = replace(counts, work=own[0], days=own[1], seconds=own[2])
    standings = [_standing(own, name) for name, own in of_each.items()]
    held = [
        (outcome, band, agrees(outcome, verdict, of_first), count, total)
        for outcome, verdict, of_first, band, count, total in counts.first
    ]
    return Status(
        as_of=counts.as_of,
        total=_standing(counts, ""),
        universities=tuple(sorted(standings, key=_urgency)),
        answers=tuple(sorted(counts.answers, key=lambda one: astuple(one)[:5])),
        first=_shares(held, _NAMES_A_DEGREE),
        bands=bands(one[1:] for one in held if one[0] in _NAMES_A_DEGREE),
        absent=_shares(held, ("degree_missing", "person_missing")),
        twice=twice(counts.twice),
        errors=tuple(sorted(counts.errors, key=lambda one: astuple(one)[:4])),
    )


def _by_university(counts: Counts) -> dict[str, tuple[Any, Any, Any]]:
    work: dict[str, list[WorkCount]] = {}
    for one in counts.work:
        work.setdefault(one.university, []).append(one)
    days: dict[str, list[tuple[str, int, int]]] = {}
    for took in counts.days:
        days.setdefault(took[0], []).append(took)
    seconds: dict[str, list[tuple[str, str, int]]] = {}
    for said in counts.seconds:
        seconds.setdefault(said[0], []).append(said)
    return {
        name: (tuple(own), tuple(days.get(name, ())), tuple(seconds.get(name, ())))
        for name, own in work.items()
    }


def percentile(counted: Mapping[int, int], share: float) -> int | None:
    """The least value that at least a share of all do not exceed (nearest rank), None of none.

    :param counted: how often there is each value. :param share: over 0, up to 1.
    """
    total = sum(counted.values())
    seen = 0
    for value in sorted(counted):
        seen += counted[value]
        if seen >= share * total:
            return value
    return None


def late(counts: Iterable[WorkCount], as_of: str) -> Counter[str]:
    """How many undecided cases are in time, overdue and escalated."""
    found: Counter[str] = Counter()
    for one in counts:
        if one.state != "decided":
            found[lateness(one.due_on, as_of)] += one.count
    return found


def _urgency(one: Standing) -> tuple[int, int, int, str]:
    return (-one.escalated, -one.overdue, -one.open, one.university)


def _standing(counts: Counts, university: str) -> Standing:
    states: Counter[str] = Counter()
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in CASES}
    ages: Counter[int] = Counter()
    today = date.fromisoformat(counts.as_of)
    for one in counts.work:
        states[one.state] += one.count
        outcomes[one.outcome][one.state] += one.count
        if one.state != "decided":
            ages[(today - date.fromisoformat(one.opened_on)).days] += one.count
    days: Counter[int] = Counter()
    for _, took, count in counts.days:
        days[took] += count
    said: Counter[str] = Counter()
    for _, verdict, count in counts.seconds:
        said[verdict] += count
    overdue = late(counts.work, counts.as_of)
    at = [percentile(ages, share) for share in (0.5, 0.9, 1.0)]
    return Standing(
        university=university,
        name=counts.names.get(university, university),
        open=states["open"],
        awaiting=states["awaiting"],
        overdue=overdue["overdue"],
        escalated=overdue["escalated"],
        decided=states["decided"],
        age=None if None in at else tuple(at),  # type: ignore[arg-type]
        days=percentile(days, 0.5),
        by_outcome={name: dict(found) for name, found in outcomes.items() if found},
        approved=Share(said[APPROVED], said.total()),
    )


def _shares(
    held: Iterable[tuple[str, int, bool, int, float]], outcomes: tuple[str, ...]
) -> dict[str, Share]:
    hits: Counter[str] = Counter()
    trials: Counter[str] = Counter()
    for outcome, _band, agreed, count, _sum in held:
        trials[outcome] += count
        hits[outcome] += count if agreed else 0
    return {name: Share(hits[name], trials[name]) for name in outcomes}
