"""Answers given at the desk: kept, taken back, and opened again, each by whom it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from migrate.errors import InputError
from migrate.review import words
from migrate.review.answers import MEANINGS, verdict_of
from migrate.review.cases import Case
from migrate.review.decisions import REOPEN, Decision
from migrate.review.roles import MAY_DECIDE, MAY_REOPEN, Viewer
from migrate.store.code_tables import CodeRow
from migrate.store.decisions import decide_within
from migrate.store.desk_cases import open_within
from migrate.store.engine import DECISIONS, now, reading, writing
from migrate.store.queue import LEASE, lease_on, own
from migrate.store.review_tables import WorkRow
from migrate.store.sessions import seconds
from migrate.store.standing import standing_on

# minutes in which a person may take back what nobody has acted on
UNDO = 15


class ConflictError(InputError):
    """Something happened meanwhile: ``kind`` is lease, version, decided, acted or late.

    ``by`` is who did it, where it was somebody.
    """

    def __init__(self, message: str, *, kind: str, by: str = "") -> None:
        super().__init__(message, fix="Look at the case as it stands")
        self.kind = kind
        self.by = by


@dataclass(frozen=True)
class Given:
    """An answer as it was given at the desk.

    ``version`` and ``supersedes`` are of the case as the person saw it. ``name`` and ``number`` are
    those of ``words.yaml``; ``record`` and ``registry`` are corrections by field.
    """

    case_id: str
    version: int
    supersedes: int | None
    name: str
    number: int | None
    reason: str
    comment: str = ""
    record: Mapping[str, str] = field(default_factory=dict)
    registry: Mapping[str, str] = field(default_factory=dict)
    score_shown: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """What is kept of it beside the verdict."""
        return {
            "answer": self.name,
            "reason": self.reason,
            "comment": self.comment,
            "corrections": {"record": dict(self.record), "registry": dict(self.registry)},
            "via": "desk",
            "score_shown": self.score_shown,
        }


def answer(engine: Engine, viewer: Viewer, given: Given) -> Decision:
    """Keep an answer to an open case. One transaction: nothing, or the decision and all it brings.

    :raises ConflictError: where another is at the case, has decided it, or it has a newer version.
    :raises InputError: no such case for this viewer; a role that may not; an answer or a reason that it
        cannot have, corrections without need, or none where there must be one.
    """
    _refuse_role(viewer, MAY_DECIDE)
    with writing(engine, lock=DECISIONS) as connection:
        lease = lease_on(connection, viewer, given.case_id, lock=True)
        found = open_within(connection, viewer, given.case_id)
        if found is None:
            raise _no_case(given.case_id)
        if found.case.version != given.version:
            raise ConflictError("the case has changed since it was read", kind="version")
        if found.state != "open" or found.supersedes != given.supersedes:
            by = found.standing.decision.actor if found.standing else ""
            raise ConflictError("the case was decided meanwhile", kind="decided", by=by)
        if lease is not None and lease.by != viewer.user_id:
            raise ConflictError("another is at the case", kind="lease", by=lease.by)
        verdict, degree_id = _verdict(given, found.case)
        return decide_within(
            connection,
            given.case_id,
            verdict,
            version=given.version,
            actor=viewer.user_id,
            reason=_in_words(given, found.case),
            degree_id=degree_id,
            supersedes=given.supersedes,
            body=given.body,
            viewer=viewer,
        )


def may_undo(engine: Engine, viewer: Viewer, case_id: str) -> bool:
    """Whether :func:`undo` would take back the viewer's own last decision on a case."""
    with reading(engine) as connection:
        return _undoable(connection, viewer, case_id) is None


def undo(engine: Engine, viewer: Viewer, case_id: str) -> Decision:
    """Take one's own last decision back: the case is open again, and the viewer is at it.

    Both stay readable. It is to be had for 15 minutes, and until another acted on it: approved or
    returned it, decided again, or issued a code on it.

    :raises ConflictError: where it is too late. :raises InputError: for a role that may not.
    """
    _refuse_role(viewer, MAY_DECIDE)
    with writing(engine, lock=DECISIONS) as connection:
        lease_on(connection, viewer, case_id, lock=True)
        refused = _undoable(connection, viewer, case_id)
        if refused is not None:
            raise refused
        made = _reopen(connection, viewer, case_id, reason="taken back", answer="undo")
        connection.execute(
            update(WorkRow)
            .where(own(viewer), WorkRow.case_id == case_id)
            .values(leased_by=viewer.user_id, leased_until=seconds(connection) + LEASE)
        )
    return made


def reopen(
    engine: Engine, viewer: Viewer, case_id: str, *, supersedes: int, reason: str
) -> Decision:
    """Open a decided case again, as after an appeal.

    :param supersedes: the decision that stood as the viewer saw it.
    :raises ConflictError: where another stands by now. :raises InputError: no such case for this viewer;
        a role that may not; no reason.
    """
    _refuse_role(viewer, MAY_REOPEN)
    if not reason.strip():
        raise InputError("a case is opened again for a reason", column="reason")
    with writing(engine, lock=DECISIONS) as connection:
        if not _is_own(connection, viewer, case_id):
            raise _no_case(case_id)
        before = standing_on(connection, case_id)
        if before is None or before.decision.seq != supersedes or before.state == "open":
            by = before.decision.actor if before else ""
            raise ConflictError("the case was decided meanwhile", kind="decided", by=by)
        return _reopen(connection, viewer, case_id, reason=reason.strip(), answer="reopen")


def _verdict(given: Given, case: Case) -> tuple[str, str | None]:
    if given.reason not in {choice.id for choice in words.reasons(case.outcome)}:
        raise InputError("a case like this has no such reason", column="reason", found=given.reason)
    try:
        verdict, degree_id = verdict_of(given.name, given.number, case)
    except ValueError as error:
        raise InputError(str(error), column="answer", found=given.name) from None
    corrected = bool(given.record or given.registry)
    if MEANINGS[given.name].corrects and not corrected:
        raise InputError("a correction says which value is right", column="corrections")
    if corrected and not MEANINGS[given.name].corrects:
        raise InputError("this answer corrects nothing", column="corrections", found=given.name)
    if given.registry and case.outcome != "mismatch":
        raise InputError("the registry has no such degree to be corrected", column="corrections")
    if given.reason == "other" and not given.comment:
        raise InputError("another reason is said in the comment", column="comment")
    return verdict, degree_id


def _in_words(given: Given, case: Case) -> str:
    label = next(one.label for one in words.reasons(case.outcome) if one.id == given.reason)
    return f"{label}: {given.comment}" if given.comment else label


def _reopen(
    connection: Connection, viewer: Viewer, case_id: str, *, reason: str, answer: str
) -> Decision:
    before = standing_on(connection, case_id)
    version = connection.execute(
        select(WorkRow.version).where(own(viewer), WorkRow.case_id == case_id)
    ).scalar_one()
    return decide_within(
        connection,
        case_id,
        REOPEN,
        version=version,
        actor=viewer.user_id,
        reason=reason,
        supersedes=before.decision.seq if before else None,
        body={"answer": answer, "via": "desk"},
        # whose case it is and who may was looked at here: a clerk takes back only what is the clerk's
        viewer=None,
    )


def _undoable(connection: Connection, viewer: Viewer, case_id: str) -> InputError | None:
    """Why the viewer's last decision cannot be taken back, or None where it can."""
    if viewer.role not in MAY_DECIDE or not _is_own(connection, viewer, case_id):
        return _no_case(case_id)
    standing = standing_on(connection, case_id)
    if standing is None or standing.decision.verdict == REOPEN:
        return ConflictError("there is nothing to take back", kind="acted")
    made = standing.decision
    if made.actor != viewer.user_id or standing.approval is not None:
        by = standing.approval.actor if standing.approval else made.actor
        return ConflictError("another has acted since", kind="acted", by=by)
    age = datetime.fromisoformat(now(connection)) - datetime.fromisoformat(made.at)
    if age > timedelta(minutes=UNDO):
        return ConflictError("it is too late to take it back", kind="late")
    state = connection.execute(
        select(WorkRow.state).where(own(viewer), WorkRow.case_id == case_id)
    ).scalar_one()
    issued = connection.execute(
        select(CodeRow.code).where(
            CodeRow.degree_id == made.degree_id, CodeRow.decision_seq == made.seq
        )
    ).first()
    if state == "open" or issued is not None:
        return ConflictError("the decision was acted on since", kind="acted")
    return None


def _is_own(connection: Connection, viewer: Viewer, case_id: str) -> bool:
    asked = select(WorkRow.case_id).where(own(viewer), WorkRow.case_id == case_id)
    return connection.execute(asked).one_or_none() is not None


def _refuse_role(viewer: Viewer, allowed: tuple[str, ...]) -> None:
    if viewer.role not in allowed:
        raise InputError(
            f"a user who is {viewer.role} may not do this",
            found=viewer.user_id,
            fix=f"It is for {' or '.join(allowed)}",
        )


def _no_case(case_id: str) -> InputError:
    return InputError(f"the store has no case {case_id}", fix="Check its name")
