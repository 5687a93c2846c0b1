"""A store with cases of two universities and a user in each role, for tests of the review desk."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, text

from migrate.review.cases import Case, CaseCandidate, case_id
from migrate.review.roles import Viewer
from migrate.store.cases import save_cases

MINE, THEIRS = "sharif", "shiraz"
CLERK = Viewer("clerk.one", "clerk", MINE)
OTHER_CLERK = Viewer("clerk.two", "clerk", MINE)
APPROVER = Viewer("approver", "approver", MINE)
STRANGER = Viewer("stranger", "clerk", THEIRS)
STRANGE_APPROVER = Viewer("stranger.two", "approver", THEIRS)
MINISTRY = Viewer("ministry", "ministry", None)
AUDITOR = Viewer("auditor", "auditor", None)
STRANGERS = (STRANGER, STRANGE_APPROVER)
OF_ALL = (MINISTRY, AUDITOR)
NAMES = ("محمد رضا", "کریمی"), ("زهرا", "حسین‌زاده"), ("علی", "يوسفي"), ("مریم", "احمدی")


def case(number: int, university: str = MINE, outcome: str = "mismatch", **changes: object) -> Case:
    """A case of invented values; ``number`` makes it another one."""
    first, last = NAMES[number % len(NAMES)]
    count = {"mismatch": 1, "ambiguous": 2, "degree_missing": 1, "person_missing": 0}[outcome]
    candidates = tuple(
        CaseCandidate(
            f"D{number}-{rank}", f"P{number}", rank, 0.9, 10.0, 5.0, {"first_name": first}, {}, {}
        )
        for rank in range(1, count + 1)
    )
    made = Case(
        case_id=case_id("b1", number, f"L{number}"),
        version=1,
        batch="b1",
        row=number,
        legacy_id=f"L{number}",
        outcome=outcome,
        university_id=university,
        university=university,
        legacy={"first_name": first, "last_name": last},
        legacy_read={"first_name": first},
        candidates=candidates,
        contradicts=("father_name",) if number % 2 else ("birth_date",),
        reason="",
        page_ref=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def fill(engine: Engine, mine: int = 4, theirs: int = 3) -> tuple[list[Case], list[Case]]:
    """Cases of both universities, in the store and open."""
    own = [case(number) for number in range(1, mine + 1)]
    others = [case(100 + number, THEIRS) for number in range(1, theirs + 1)]
    save_cases(engine, [*own, *others])
    return own, others


def in_queue(engine: Engine, cases: list[Case]) -> list[str]:
    """The names of cases in the order of the queue: all are due on one day."""
    return sorted(one.case_id for one in cases)


def change(engine: Engine, statement: str, **values: object) -> None:
    """Change rows behind the program's back, as time does."""
    with engine.begin() as connection:
        connection.execute(text(statement), values)
