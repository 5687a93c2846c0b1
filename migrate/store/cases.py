"""Cases in the store, where they outlive their batch: each version as a university was shown it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, select, tuple_, update

from migrate.codes.issuing import sha256_text
from migrate.errors import RunError
from migrate.review.addressee import addressee
from migrate.review.cases import Case, CaseCandidate
from migrate.review.deadlines import due_on
from migrate.store import case_words
from migrate.store.bulk import insert_rows
from migrate.store.engine import now, reading, writing
from migrate.store.review_tables import WorkRow
from migrate.store.tables import CaseRow

_CHUNK = 500


def save_cases(engine: Engine, cases: Sequence[Case], *, model: str = "") -> int:
    """Keep cases that the store does not have yet, in one transaction; give how many these are.

    Each stands in its university's queue from then on; a new version of a case opens it again. A
    case that is there already in the same version is left untouched.

    :param engine: the store, as ``open_store`` gives it.
    :param cases: of any batches.
    :param model: SHA-256 of the trained model that they were linked by, '' where it is not known.
    :raises RunError: when the database fails.
    """
    with writing(engine) as connection:
        return save_within(connection, cases, model=model)


def save_within(connection: Connection, cases: Sequence[Case], *, model: str = "") -> int:
    """As :func:`save_cases`, within a transaction that writes."""
    saved = 0
    today = now(connection)[: len("2026-11-28")]
    for start in range(0, len(cases), _CHUNK):
        chunk = {(case.case_id, case.version): case for case in cases[start : start + _CHUNK]}
        key = tuple_(CaseRow.case_id, CaseRow.version)
        held = connection.execute(
            select(CaseRow.case_id, CaseRow.version).where(key.in_(list(chunk)))
        )
        for row in held:
            del chunk[row.case_id, row.version]
        if chunk:
            insert_rows(connection, CaseRow, [_row(case) for case in chunk.values()])
            _put_in_queue(connection, list(chunk.values()), today, model)
        saved += len(chunk)
    return saved


def _put_in_queue(connection: Connection, cases: Sequence[Case], today: str, model: str) -> None:
    held = set(
        connection.execute(
            select(WorkRow.case_id).where(WorkRow.case_id.in_([case.case_id for case in cases]))
        ).scalars()
    )
    # of two versions in one go the newest comes last
    cases = sorted(cases, key=lambda case: case.version)
    new = {case.case_id: case for case in cases if case.case_id not in held}
    insert_rows(connection, WorkRow, [_work(case, today, model) for case in new.values()])
    case_words.write(connection, [_words(case) for case in new.values()])
    for case in cases:
        if case.case_id in held:
            _renew(connection, case, _work(case, today, model))


def _work(case: Case, today: str, model: str) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "version": case.version,
        "batch": case.batch,
        "legacy_id": case.legacy_id,
        "row": case.row,
        "university": addressee(case.university_id, case.university),
        "outcome": case.outcome,
        "state": "open",
        "opened_on": today,
        "due_on": due_on(today),
        "model": model,
        "leased_by": None,
        "leased_until": None,
    }


def _words(case: Case) -> tuple[str, str, frozenset[str]]:
    university = addressee(case.university_id, case.university)
    return case.case_id, university, case_words.words_of(case.legacy, case.legacy_read)


def _renew(connection: Connection, case: Case, work: dict[str, Any]) -> None:
    """Let the queue have a case in a newer version than before, found by the names it has now."""
    before = connection.execute(
        select(WorkRow.university, CaseRow.body)
        .join(CaseRow, (CaseRow.case_id == WorkRow.case_id) & (CaseRow.version == WorkRow.version))
        .where(WorkRow.case_id == case.case_id, WorkRow.version < case.version)
    ).one_or_none()
    if before is None:
        return
    case_words.forget(connection, case.case_id, before.university, before.body)
    connection.execute(update(WorkRow).where(WorkRow.case_id == case.case_id).values(work))
    case_words.write(connection, [_words(case)])


def cases_of_batch(engine: Engine, batch: str) -> list[Case]:
    """The newest version of each case of a batch, in the order of its source.

    :raises RunError: when a case is not what was saved: its digest does not fit.
    """
    newest = (
        select(CaseRow.case_id, func.max(CaseRow.version).label("version"))
        .where(CaseRow.batch == batch)
        .group_by(CaseRow.case_id)
        .subquery()
    )
    with reading(engine) as connection:
        rows = connection.execute(
            select(CaseRow.case_id, CaseRow.row, CaseRow.digest, CaseRow.body).join(
                newest,
                (CaseRow.case_id == newest.c.case_id) & (CaseRow.version == newest.c.version),
            )
        ).all()
    # sorted here: databases differ in how they order text
    return [
        read_case(row.case_id, row.digest, row.body)
        for row in sorted(rows, key=lambda row: (row.row, row.case_id))
    ]


def _row(case: Case) -> dict[str, object]:
    body = case.canonical_json()
    return {
        "case_id": case.case_id,
        "version": case.version,
        "batch": case.batch,
        "legacy_id": case.legacy_id,
        "row": case.row,
        "outcome": case.outcome,
        "university_id": case.university_id,
        "university": case.university,
        "digest": sha256_text(body),
        "body": body,
    }


def read_case(case_id: str, digest: str, body: str) -> Case:
    """A case out of its row. Raises RunError where the body is not what was saved."""
    if sha256_text(body) != digest:
        raise RunError(
            f"case {case_id} in the store is not what was saved: its digest does not fit",
            fix="Restore the store from a backup",
        )
    values = json.loads(body)
    values["candidates"] = tuple(CaseCandidate(**one) for one in values["candidates"])
    values["contradicts"] = tuple(values["contradicts"])
    return Case(**values)
