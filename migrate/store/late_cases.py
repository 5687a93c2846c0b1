"""Cases past their due day, by university, out of the store. Nothing becomes of them by being late."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import JSON, Connection, Engine, cast, func, select

from migrate.diplomas.terms import CASES
from migrate.review.reminders import Late, LateCase, ordered
from migrate.review.status import WorkCount, late
from migrate.store.engine import now, reading
from migrate.store.review_columns import asked_of
from migrate.store.review_status import snapshot, university_names
from migrate.store.review_tables import WorkRow
from migrate.store.tables import CaseRow

OLDEST = 10
_DAY = len("2026-11-28")
_CHUNK = 500


def today(engine: Engine) -> str:
    """The ISO day by the database's clock."""
    with reading(engine) as connection:
        return now(connection)[:_DAY]


def late_cases(
    engine: Engine,
    *,
    university: str = "",
    batch: str = "",
    as_of: str | None = None,
    oldest: int = OLDEST,
) -> list[Late]:
    """The universities that have late cases, those with most escalated first, with their oldest cases.

    :param university: key of ``migrate.review.addressee``; '' for all. :param batch: '' for all.
    :param as_of: the ISO day that lateness is told from, None for today by the database's clock.
    :param oldest: how many cases of each university are listed.
    :raises RunError: when the database fails.
    """
    with reading(engine) as connection:
        snapshot(connection)
        day = as_of or now(connection)[:_DAY]
        where = [*asked_of(university, batch), WorkRow.state != "decided", WorkRow.due_on < day]
        grouped = (WorkRow.university, WorkRow.outcome, WorkRow.state)
        asked = select(*grouped, WorkRow.due_on, func.count()).where(*where)
        of_each: dict[str, list[WorkCount]] = {}
        for row in connection.execute(asked.group_by(*grouped, WorkRow.due_on)):
            counted = WorkCount(row[0], row[1], row[2], row[3], row[3], row[4])
            of_each.setdefault(row[0], []).append(counted)
        names = university_names(connection, set(of_each))
        first = _oldest(connection, where, oldest)
    return ordered(
        [_late(key, names[key], own, first.get(key, ()), day) for key, own in of_each.items()]
    )


def _late(
    university: str, name: str, own: list[WorkCount], oldest: tuple[LateCase, ...] | Any, day: str
) -> Late:
    outcomes: Counter[str] = Counter()
    for one in own:
        outcomes[one.outcome] += one.count
    told = late(own, day)
    return Late(
        university=university,
        name=name,
        overdue=told["overdue"],
        escalated=told["escalated"],
        awaiting=sum(one.count for one in own if one.state == "awaiting"),
        by_outcome={outcome: outcomes[outcome] for outcome in CASES},
        oldest=tuple(oldest),
    )


def _oldest(connection: Connection, where: list[Any], most: int) -> dict[str, list[LateCase]]:
    place = func.row_number().over(
        partition_by=WorkRow.university, order_by=(WorkRow.due_on, WorkRow.case_id)
    )
    numbered = (
        select(WorkRow.case_id, WorkRow.version, place.label("place")).where(*where).subquery()
    )
    first = select(numbered.c.case_id, numbered.c.version).where(numbered.c.place <= most)
    found: dict[str, list[LateCase]] = {}
    named = [tuple(row) for row in connection.execute(first)]
    for start in range(0, len(named), _CHUNK):
        chunk = [case_id for case_id, _ in named[start : start + _CHUNK]]
        rows = connection.execute(
            select(
                WorkRow.university,
                WorkRow.case_id,
                WorkRow.legacy_id,
                WorkRow.outcome,
                WorkRow.state,
                WorkRow.opened_on,
                WorkRow.due_on,
                func.coalesce(_page(connection), ""),
            )
            .join(
                CaseRow,
                (CaseRow.case_id == WorkRow.case_id) & (CaseRow.version == WorkRow.version),
            )
            .where(WorkRow.case_id.in_(chunk))
        )
        for row in rows:
            found.setdefault(row[0], []).append(LateCase(*row[1:]))
    for own in found.values():
        own.sort(key=lambda one: (one.due_on, one.case_id))
    return found


def _page(connection: Connection) -> Any:
    if connection.dialect.name == "postgresql":
        return func.json_extract_path_text(cast(CaseRow.body, JSON), "page_ref")
    return func.json_extract(CaseRow.body, "$.page_ref")
