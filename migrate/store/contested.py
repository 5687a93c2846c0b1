"""Linked records that somebody doubts: a case is opened of them, and their code stands for nothing."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select

from migrate.codes.ledger import ACTIVE, SUSPENDED
from migrate.errors import InputError
from migrate.review.cases import Case
from migrate.store.cases import save_within
from migrate.store.code_tables import CodeRow
from migrate.store.engine import DECISIONS, LEDGER, also_lock, writing
from migrate.store.lifecycle import happen
from migrate.store.review_tables import WorkRow


def contest(engine: Engine, case: Case, *, actor: str, reason: str, model: str = "") -> str | None:
    """Open a case of a record that was linked, and suspend the code that it got, in one transaction.

    :param case: of outcome mismatch, about the degree that the record was linked to.
    :param actor: who doubts it. :param reason: why; both are kept in the ledger where a code falls.
    :returns: the code that was suspended, None where there was none in force.
    :raises InputError: where the record has a case already.
    """
    with writing(engine, lock=DECISIONS) as connection:
        held = connection.execute(
            select(WorkRow.case_id).where(
                WorkRow.batch == case.batch, WorkRow.legacy_id == case.legacy_id
            )
        ).scalar()
        if held is not None:
            raise InputError(
                f"the record has case {held}",
                found=case.legacy_id,
                fix=f"Where it was decided wrongly: migrate review decide {held} reopen",
            )
        # from here on no code is issued that would not be found below
        also_lock(connection, LEDGER)
        save_within(connection, [case], model=model)
        code = connection.execute(
            select(CodeRow.code).where(
                CodeRow.batch == case.batch,
                CodeRow.legacy_id == case.legacy_id,
                CodeRow.state == ACTIVE,
            )
        ).scalar()
        if code is not None:
            words = f"case {case.case_id} was opened: {reason.strip()}"
            happen(connection, code, SUSPENDED, actor=actor, reason=words)
    return code


def contested_records(connection: Connection, batch: str) -> dict[str, str]:
    """Why records of a batch get no code by being linked: each that has a case, by ``legacy_id``."""
    rows = connection.execute(
        select(WorkRow.legacy_id, WorkRow.case_id, WorkRow.state).where(WorkRow.batch == batch)
    )
    return {
        row.legacy_id: f"the record has case {row.case_id}, which is {row.state}: it gets a code "
        "only by a decision that confirms its degree"
        for row in rows
    }
