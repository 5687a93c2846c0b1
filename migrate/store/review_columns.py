"""What is asked of decided cases to count them, in the words of each database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    ColumnElement,
    Connection,
    Date,
    Float,
    Integer,
    Select,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.orm import aliased

from migrate.review.agreement import BANDS
from migrate.review.decisions import CHOOSE, CONFIRM, CORRECT, REOPEN
from migrate.store.review_tables import ApprovalRow, WorkRow
from migrate.store.tables import CaseRow, DecisionRow

# what the rows of the one statement are about, as their first column says
PARTS = (
    "days",
    "answers",
    "first",
    "contradicts",
    "reason",
    "record",
    "registry",
    "seconds",
    "twice",
)
_GROUPED = 5
_DAY = len("2026-11-28")


def asked_of(university: str, batch: str) -> list[ColumnElement[bool]]:
    """Conditions on cases in the queue; '' asks for nothing."""
    wanted: list[ColumnElement[bool]] = []
    if university:
        wanted.append(WorkRow.university == university)
    if batch:
        wanted.append(WorkRow.batch == batch)
    return wanted


def padded(
    part: str, *groups: Any, total: Any = None, only: ColumnElement[bool] | None = None
) -> Select[Any]:
    """Count by groups, as rows of one shape: the part, five texts, ``n`` and a sum ``total``."""
    empty = [literal("", Text)] * (_GROUPED - len(groups))
    summed = literal(0.0, Float) if total is None else func.coalesce(func.sum(total), 0.0)
    texts = [cast(group, Text) for group in groups]
    told: list[Any] = [literal(part, Text)]
    told += [one.label(f"g{place}") for place, one in enumerate([*texts, *empty])]
    told += [func.count().label("n"), summed.label("total")]
    shaped = select(*told).group_by(*texts)
    return shaped if only is None else shaped.where(only)


def settled(connection: Connection, where: list[Any]) -> CTE:
    """The decided cases, one row each: the decision that stands, and what the linker had said."""
    later = aliased(DecisionRow)
    body = _Body(connection)
    named = body.first_degree == DecisionRow.degree_id
    decided_on = func.substr(func.coalesce(ApprovalRow.at, DecisionRow.at), 1, _DAY)
    asked = (
        select(
            WorkRow.university,
            WorkRow.batch,
            WorkRow.outcome,
            DecisionRow.verdict,
            DecisionRow.body,
            body.answer.label("answer"),
            body.reason.label("reason"),
            body.contradicts.label("contradicts"),
            body.graduated.label("graduated"),
            case((named, "1"), else_="0").label("of_first"),
            case((DecisionRow.verdict.in_((CONFIRM, CORRECT, CHOOSE)), "1"), else_="0").label(
                "same"
            ),
            cast(body.first_probability, Float).label("probability"),
            _days(connection, WorkRow.opened_on, decided_on).label("days"),
        )
        .join(WorkRow, WorkRow.case_id == DecisionRow.case_id)
        .join(CaseRow, (CaseRow.case_id == WorkRow.case_id) & (CaseRow.version == WorkRow.version))
        .outerjoin(later, later.supersedes == DecisionRow.seq)
        .outerjoin(ApprovalRow, ApprovalRow.decision_seq == DecisionRow.seq)
        .where(WorkRow.state == "decided", later.seq.is_(None), *where)
    )
    for read in body.reads:
        asked = asked.outerjoin(read, true())
    return asked.cte("settled")


def band_of(one: CTE) -> Any:
    """The number in ``BANDS`` of the first candidate's probability, as text."""
    probability = func.coalesce(one.c.probability, 0.0)
    return case(
        *[(probability < edge, str(place)) for place, edge in enumerate(BANDS[1:-1])],
        else_=str(len(BANDS) - 2),
    )


def decade_of(one: CTE) -> Any:
    """The decade of graduation as 1350, '' where it is not known."""
    years = func.substr(func.coalesce(one.c.graduated, ""), 1, 3)
    return case((years == "", ""), else_=years + "0")


def corrected_fields(connection: Connection, one: CTE) -> list[Select[Any]]:
    """Fields that universities corrected, in the archive's record and in the registry."""
    found = []
    for kind in ("record", "registry"):
        name = f"{kind}_key"
        if connection.dialect.name == "postgresql":
            given = func.json_extract_path(cast(one.c.body, JSON), "corrections", kind)
            key: Any = func.json_object_keys(given).table_valued("key", name=name)
            key = key.render_derived()
        else:
            path = f"$.corrections.{kind}"
            key = func.json_each(one.c.body, path).table_valued("key", name=name)
        keys = select(key.c.key.label("name"), one.c.batch, decade_of(one).label("decade"))
        # most said nothing of the kind, and need no reading
        named = one.c.body.like('%"corrections"%')
        listed = keys.select_from(one).join(key, true()).where(named).subquery()
        found.append(padded(kind, listed.c.name, listed.c.batch, listed.c.decade))
    return found


def second_persons(where: list[Any]) -> Select[Any]:
    """What second persons said, of decisions that stand and of those superseded since."""
    return (
        padded("seconds", WorkRow.university, ApprovalRow.verdict)
        .select_from(ApprovalRow)
        .join(DecisionRow, DecisionRow.seq == ApprovalRow.decision_seq)
        .join(WorkRow, WorkRow.case_id == DecisionRow.case_id)
        .where(*where)
    )


def twice_answered(where: list[Any]) -> Select[Any]:
    """Pairs of answers that different people gave one after the other to one version of a case."""

    def before(name: str) -> Any:
        return func.lag(getattr(DecisionRow, name)).over(
            partition_by=(DecisionRow.case_id, DecisionRow.case_version), order_by=DecisionRow.seq
        )

    # those answered once make no pair
    again = select(DecisionRow.case_id).where(DecisionRow.supersedes.is_not(None))
    answered = (
        select(
            DecisionRow.verdict,
            DecisionRow.degree_id,
            DecisionRow.actor,
            before("verdict").label("verdict_before"),
            before("degree_id").label("degree_before"),
            before("actor").label("actor_before"),
        )
        .join(WorkRow, WorkRow.case_id == DecisionRow.case_id)
        .where(DecisionRow.verdict != REOPEN, DecisionRow.case_id.in_(again), *where)
        .subquery()
    )
    of_one = func.coalesce(answered.c.degree_before, "") == func.coalesce(answered.c.degree_id, "")
    return padded(
        "twice",
        answered.c.verdict_before,
        answered.c.verdict,
        case((of_one, "1"), else_="0"),
        only=answered.c.actor_before != answered.c.actor,
    )


class _Body:
    """Values out of the JSON of a case and of a decision; ``reads`` are tables that hold them."""

    def __init__(self, connection: Connection) -> None:
        self.reads: list[Any] = []
        if connection.dialect.name == "postgresql":
            self._postgresql()
        else:
            self._sqlite()

    def _postgresql(self) -> None:
        # each text is read once, however many values are taken out of it
        document = func.json_to_record(cast(CaseRow.body, JSON)).table_valued(
            column("candidates", JSON), column("contradicts", Text), column("legacy_read", JSON)
        )
        document = document.render_derived(name="document", with_types=True)
        first: Any = func.json_to_record(func.json_extract_path(document.c.candidates, "0"))
        first = first.table_valued(column("degree_id", Text), column("probability", Text))
        first = first.render_derived(name="first", with_types=True)
        said = func.json_to_record(cast(DecisionRow.body, JSON)).table_valued(
            column("answer", Text), column("reason", Text)
        )
        said = said.render_derived(name="said", with_types=True)
        self.reads = [document, first, said]
        self.first_degree: Any = first.c.degree_id
        self.first_probability: Any = first.c.probability
        read = document.c.legacy_read
        self.graduated: Any = func.json_extract_path_text(read, "graduation_date")
        self.contradicts: Any = document.c.contradicts
        self.answer: Any = func.coalesce(said.c.answer, "")
        self.reason: Any = func.coalesce(said.c.reason, "")

    def _sqlite(self) -> None:
        path = func.json_extract
        self.first_degree = path(CaseRow.body, "$.candidates[0].degree_id")
        self.first_probability = path(CaseRow.body, "$.candidates[0].probability")
        self.graduated = path(CaseRow.body, "$.legacy_read.graduation_date")
        self.contradicts = path(CaseRow.body, "$.contradicts")
        self.answer = func.coalesce(path(DecisionRow.body, "$.answer"), "")
        self.reason = func.coalesce(path(DecisionRow.body, "$.reason"), "")


def _days(connection: Connection, first: Any, last: Any) -> Any:
    if connection.dialect.name == "postgresql":
        return cast(last, Date) - cast(first, Date)
    return cast(func.julianday(last) - func.julianday(first), Integer)
