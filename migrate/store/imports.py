"""Packets and the store: what a case is handed out with, and the secret its token is made with."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from migrate.review import tokens
from migrate.review.cases import Case
from migrate.review.decisions import Standing
from migrate.review.handing import Handed, HeldCase
from migrate.store.cases import read_case
from migrate.store.engine import DECISIONS, now, reading, writing
from migrate.store.review_tables import ImportRow, SecretRow, WorkRow
from migrate.store.standing import standing_on
from migrate.store.tables import CaseRow

# its name, not itself
_SECRET = "packets"  # noqa: S105
_CHUNK = 500


@dataclass(frozen=True)
class Imported:
    """A workbook that was taken in: ``counts`` is how many answers met which fate."""

    sha256: str
    file: str
    university: str
    actor: str
    at: str
    counts: dict[str, int]


def packet_secret(engine: Engine) -> str:
    """The secret that this store's tokens are made with, made when it is first asked for."""
    with reading(engine) as connection:
        found = secret_on(connection)
    if found is not None:
        return found
    with writing(engine, lock=DECISIONS) as connection:
        # another process may have made it while this one waited
        found = secret_on(connection)
        if found is None:
            found = secrets.token_hex(32)
            connection.execute(insert(SecretRow), [{"name": _SECRET, "value": found}])
        return found


def secret_on(connection: Connection) -> str | None:
    """As :func:`packet_secret` within a transaction; None where none was made yet."""
    return connection.execute(
        select(SecretRow.value).where(SecretRow.name == _SECRET)
    ).scalar_one_or_none()


def handed(engine: Engine, cases: Sequence[Case]) -> dict[str, Handed]:
    """What cases of a batch are handed out with, as at their first time: whatever was decided since.

    :param cases: saved in this store. :raises KeyError: where one is not.
    """
    secret = packet_secret(engine)
    work: dict[str, Any] = {}
    with reading(engine) as connection:
        for start in range(0, len(cases), _CHUNK):
            named = [case.case_id for case in cases[start : start + _CHUNK]]
            rows = connection.execute(
                select(
                    WorkRow.case_id, WorkRow.university, WorkRow.opened_on, WorkRow.due_on
                ).where(WorkRow.case_id.in_(named))
            )
            work |= {row.case_id: row for row in rows}
    return {
        case.case_id: Handed(
            tokens.make(secret, case.case_id, case.version, work[case.case_id].university),
            work[case.case_id].opened_on,
            work[case.case_id].due_on,
        )
        for case in cases
    }


def open_cases(
    engine: Engine, university: str, *, batch: str | None = None
) -> tuple[list[Case], dict[str, Handed], str]:
    """The cases that a university has still to decide, what they are handed out with, and today.

    :param university: the key of ``addressee``. :param batch: only of this batch, None for all.
    """
    secret = packet_secret(engine)
    asked = select(WorkRow.case_id).where(WorkRow.university == university, WorkRow.state == "open")
    if batch is not None:
        asked = asked.where(WorkRow.batch == batch)
    with reading(engine) as connection:
        named = sorted(connection.execute(asked).scalars())
        held = [one for one in held_cases(connection, named).values() if one.state == "open"]
        today = now(connection)[: len("2026-11-28")]
    out = {}
    for one in held:
        stands = one.standing
        after = stands.decision.seq if stands else 0
        token = tokens.make(secret, one.case.case_id, one.case.version, university, after=after)
        out[one.case.case_id] = Handed(token, one.opened_on, one.due_on, _why_open(stands))
    ordered = sorted(held, key=lambda one: (one.case.batch, one.case.row, one.case.case_id))
    return [one.case for one in ordered], out, today


def _why_open(standing: Standing | None) -> str:
    """Why a case that was answered is open again; '' where nobody said so."""
    if standing is None or standing.state != "open":
        return ""
    return standing.approval.reason if standing.approval else standing.decision.reason


def held_cases(connection: Connection, named: Sequence[str]) -> dict[str, HeldCase]:
    """The newest version of each case, within a transaction; those the store lacks are left out."""
    return {one.case.case_id: one for one in _held(connection, named)}


def _held(connection: Connection, named: Sequence[str]) -> Iterator[HeldCase]:
    for start in range(0, len(named), _CHUNK):
        newest = (
            select(CaseRow.case_id, func.max(CaseRow.version).label("version"))
            .where(CaseRow.case_id.in_(named[start : start + _CHUNK]))
            .group_by(CaseRow.case_id)
            .subquery()
        )
        rows = connection.execute(
            select(
                CaseRow.case_id,
                CaseRow.digest,
                CaseRow.body,
                WorkRow.university,
                WorkRow.state,
                WorkRow.opened_on,
                WorkRow.due_on,
            )
            .join(
                newest,
                (CaseRow.case_id == newest.c.case_id) & (CaseRow.version == newest.c.version),
            )
            .join(WorkRow, WorkRow.case_id == CaseRow.case_id)
        ).all()
        for row in rows:
            yield HeldCase(
                read_case(row.case_id, row.digest, row.body),
                row.university,
                row.state,
                row.opened_on,
                row.due_on,
                standing_on(connection, row.case_id),
            )


def imported(connection: Connection, sha256: str) -> Imported | None:
    """The record of a file that was taken in, by the SHA-256 of its bytes; None where it was not."""
    row = connection.execute(
        select(
            ImportRow.sha256,
            ImportRow.file,
            ImportRow.university,
            ImportRow.actor,
            ImportRow.at,
            ImportRow.counts,
        ).where(ImportRow.sha256 == sha256)
    ).one_or_none()
    if row is None:
        return None
    return Imported(*row[:5], counts=json.loads(row.counts))
