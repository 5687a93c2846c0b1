"""What a store says of the review: counts for ``migrate.review.status``, all of one moment."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text, union_all

from migrate.persian.institutions import universities
from migrate.review.status import AnswerCount, Counts, ErrorCount, WorkCount
from migrate.store.engine import now, reading
from migrate.store.review_columns import (
    PARTS,
    asked_of,
    band_of,
    corrected_fields,
    decade_of,
    padded,
    second_persons,
    settled,
    twice_answered,
)
from migrate.store.review_tables import WorkRow
from migrate.store.tables import CaseRow

_DAY = len("2026-11-28")


def counts(
    engine: Engine, *, university: str = "", batch: str = "", as_of: str | None = None
) -> Counts:
    """Count the cases of a store, their decisions, and what these say of linker, people and archive.

    The databases count; what is read is one row for each group. All of it is of one moment.

    :param university: key of ``migrate.review.addressee``; '' for all. :param batch: '' for all.
    :param as_of: the ISO day that ages and due days are told from; None for today by the database's
        clock. It changes nothing else: the store is counted as it stands.
    :raises RunError: when the database fails.
    """
    where = asked_of(university, batch)
    with reading(engine) as connection:
        snapshot(connection)
        day = as_of or now(connection)[:_DAY]
        work = select(
            WorkRow.university,
            WorkRow.outcome,
            WorkRow.state,
            WorkRow.opened_on,
            WorkRow.due_on,
            func.count(),
        )
        work = work.where(*where).group_by(*work.selected_columns[:5])
        stands = [WorkCount(*row) for row in connection.execute(work)]
        found: dict[str, list[Any]] = {name: [] for name in PARTS}
        for row in connection.execute(_decided(connection, where)):
            found[row[0]].append(row)
        names = university_names(connection, {one.university for one in stands})
    return Counts(
        as_of=day,
        work=tuple(stands),
        answers=tuple(AnswerCount(*row[1:7]) for row in found["answers"]),
        errors=tuple(_errors(found)),
        days=tuple((row[1], int(row[2]), row.n) for row in found["days"]),
        first=tuple(
            (row[1], row[2], row[3] == "1", int(row[4]), row.n, float(row.total))
            for row in found["first"]
        ),
        seconds=tuple((row[1], row[2], row.n) for row in found["seconds"]),
        twice=tuple((row[1], row[2], row[3] == "1", row.n) for row in found["twice"]),
        names=names,
    )


def snapshot(connection: Connection) -> None:
    """Let all that a reading transaction asks be of one moment, on PostgreSQL too."""
    if connection.dialect.name == "postgresql":
        level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        connection.execute(text(level))


def known_keys(engine: Engine) -> list[str]:
    """The keys of the universities that have cases, in order."""
    with reading(engine) as connection:
        return sorted(connection.execute(select(WorkRow.university).distinct()).scalars())


def university_names(connection: Connection, keys: set[str]) -> dict[str, str]:
    """The names of universities by their keys: today's, or as a record has it where no list knows it."""
    known = {one.id: one.name for one in universities()}
    named = {key: known[key] for key in keys if key in known}
    for key in sorted(keys - known.keys()):
        asked = (
            select(CaseRow.university)
            .join(WorkRow, WorkRow.case_id == CaseRow.case_id)
            .where(WorkRow.university == key)
            .order_by(WorkRow.due_on, WorkRow.case_id)
            .limit(1)
        )
        named[key] = connection.execute(asked).scalar_one_or_none() or key
    return named


def _decided(connection: Connection, where: list[Any]) -> Any:
    """Everything that is counted of decisions, in one statement that reads each case's body once."""
    one = settled(connection, where)
    return union_all(
        padded("days", one.c.university, one.c.days),
        padded(
            "answers",
            one.c.university,
            one.c.outcome,
            one.c.verdict,
            one.c.answer,
            one.c.reason,
        ),
        padded(
            "first",
            one.c.outcome,
            one.c.verdict,
            one.c.of_first,
            band_of(one),
            total=one.c.probability,
        ),
        padded(
            "contradicts",
            one.c.contradicts,
            one.c.batch,
            decade_of(one),
            only=one.c.same == "1",
        ),
        padded("reason", one.c.reason, one.c.batch, decade_of(one)),
        *corrected_fields(connection, one),
        second_persons(where),
        twice_answered(where),
    )


def _errors(found: dict[str, list[Any]]) -> list[ErrorCount]:
    counted: Counter[tuple[str, str, str, str]] = Counter()
    for row in found["contradicts"]:
        for name in json.loads(row[1] or "[]"):
            counted["contradicts", name, row[2], row[3]] += row.n
    for kind in ("reason", "record", "registry"):
        for row in found[kind]:
            if row[1]:
                counted[kind, row[1], row[2], row[3]] += row.n
    return [ErrorCount(*key, count) for key, count in sorted(counted.items())]
