"""A case as the desk shows it: with its decision, its history, its scans and who is at it.

Every question is put by a viewer, and a case of another university is one that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, insert, select
from sqlalchemy.exc import IntegrityError

from migrate.codes.requests import Scan
from migrate.review.cases import Case
from migrate.review.decisions import Standing
from migrate.review.roles import MAY_APPROVE, Viewer
from migrate.store.cases import read_case
from migrate.store.engine import now, reading
from migrate.store.public_tables import RequestEventRow, RequestRow
from migrate.store.queue import Lease, lease_on, own
from migrate.store.review_tables import ScoreViewRow, WorkRow
from migrate.store.standing import decision as decision_of
from migrate.store.standing import standing_on
from migrate.store.tables import CaseRow, DecisionRow
from migrate.store.users import names


@dataclass(frozen=True)
class DeskCase:
    """A case with all that its screen shows. ``people`` are names by user, of those who decided.

    ``score_seen`` says whether the viewer ever had the linker's score of it shown.
    """

    case: Case
    university: str
    state: str
    opened_on: str
    due_on: str
    today: str
    lease: Lease | None
    standing: Standing | None
    scans: tuple[Scan, ...]
    people: Mapping[str, str]
    score_seen: bool = False

    @property
    def supersedes(self) -> int | None:
        """The decision that an answer would take the place of."""
        return self.standing.decision.seq if self.standing else None


def open_case(engine: Engine, viewer: Viewer, case_id: str) -> DeskCase | None:
    """A case in its newest version, or None where there is none for this viewer."""
    with reading(engine) as connection:
        return open_within(connection, viewer, case_id)


def open_decision(engine: Engine, viewer: Viewer, seq: int) -> tuple[DeskCase, Standing] | None:
    """A decision with its case as it is now, or None where there is none for this viewer."""
    with reading(engine) as connection:
        case_id = connection.execute(
            select(DecisionRow.case_id)
            .join(WorkRow, WorkRow.case_id == DecisionRow.case_id)
            .where(own(viewer), DecisionRow.seq == seq)
        ).scalar_one_or_none()
        if case_id is None:
            return None
        found, made = open_within(connection, viewer, case_id), decision_of(connection, seq)
    return None if found is None or made is None else (found, made)


def case_history(
    engine: Engine, viewer: Viewer, case_id: str
) -> tuple[DeskCase, list[Standing]] | None:
    """A case and all decisions on it, the first one first; None where there is none for this viewer."""
    with reading(engine) as connection:
        found = open_within(connection, viewer, case_id)
        if found is None:
            return None
        seqs = connection.execute(
            select(DecisionRow.seq)
            .join(WorkRow, WorkRow.case_id == DecisionRow.case_id)
            .where(own(viewer), DecisionRow.case_id == case_id)
            .order_by(DecisionRow.seq)
        ).scalars()
        made = [decision_of(connection, seq) for seq in list(seqs)]
    return found, [one for one in made if one is not None]


def may_approve(viewer: Viewer, made: Standing) -> bool:
    """Whether the viewer may be the second person of a decision."""
    return (
        viewer.role in MAY_APPROVE
        and made.state == "awaiting"
        and made.decision.actor != viewer.user_id
    )


def open_within(connection: Connection, viewer: Viewer, case_id: str) -> DeskCase | None:
    """As :func:`open_case`, within a transaction."""
    row = connection.execute(
        select(
            WorkRow.university,
            WorkRow.state,
            WorkRow.opened_on,
            WorkRow.due_on,
            WorkRow.batch,
            WorkRow.legacy_id,
            CaseRow.digest,
            CaseRow.body,
            _seen(viewer, WorkRow.case_id).exists().label("score_seen"),
        )
        .join(CaseRow, (CaseRow.case_id == WorkRow.case_id) & (CaseRow.version == WorkRow.version))
        .where(own(viewer), WorkRow.case_id == case_id)
    ).one_or_none()
    if row is None:
        return None
    standing = standing_on(connection, case_id)
    lease = lease_on(connection, viewer, case_id)
    people = [lease.by] if lease else []
    if standing is not None:
        people.append(standing.decision.actor)
        people += [standing.approval.actor] if standing.approval else []
    return DeskCase(
        case=read_case(case_id, row.digest, row.body),
        university=row.university,
        state=row.state,
        opened_on=row.opened_on,
        due_on=row.due_on,
        today=now(connection)[: len("2026-11-28")],
        lease=lease,
        standing=standing,
        scans=_scans(connection, row.batch, row.legacy_id),
        people=names(connection, people) if people else {},
        score_seen=bool(row.score_seen),
    )


def see_score(engine: Engine, viewer: Viewer, case_id: str) -> None:
    """Keep that the viewer is about to see the linker's score of a case; nothing for another's case."""
    with suppress(IntegrityError), engine.begin() as connection:
        case = select(WorkRow.case_id).where(own(viewer), WorkRow.case_id == case_id)
        if connection.execute(case).one_or_none() is None:
            return
        if connection.execute(_seen(viewer, case_id)).one_or_none() is None:
            # of two pages that ask at once the second finds it written: that is all that is wanted
            connection.execute(
                insert(ScoreViewRow).values(
                    case_id=case_id, user_id=viewer.user_id, at=now(connection)
                )
            )


def _seen(viewer: Viewer, case_id: Any) -> Select[Any]:
    return select(ScoreViewRow.case_id).where(
        ScoreViewRow.case_id == case_id, ScoreViewRow.user_id == viewer.user_id
    )


def _scans(connection: Connection, batch: str, legacy_id: str) -> tuple[Scan, ...]:
    """The scans that came with the request which the case's record is, where it is one."""
    held = connection.execute(
        select(RequestRow.scans)
        .join(RequestEventRow, RequestEventRow.tracking_no == RequestRow.tracking_no)
        .where(RequestEventRow.batch == batch, RequestEventRow.legacy_id == legacy_id)
    ).scalars()
    found = [Scan(one["sha256"], one["path"]) for text in held for one in json.loads(text)]
    return tuple(dict.fromkeys(found))
