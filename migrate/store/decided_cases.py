"""Cases with the decision that stands on each, for those who learn from them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import aliased

from migrate.review.decisions import Standing
from migrate.store.engine import reading
from migrate.store.standing import decision_columns, read_decision
from migrate.store.tables import CaseRow, DecisionRow


def decided_cases(
    engine: Engine, batch: str | None = None
) -> list[tuple[dict[str, Any], Standing]]:
    """The body of each case as it is now, and the decision on it that nothing supersedes.

    Those that wait for a second person, or were returned or opened again, are among them: see
    ``Standing.state``. A decision on an older version of its case is not.

    :param batch: of this batch only; of all for None.
    """
    later, newer = aliased(DecisionRow), aliased(CaseRow)
    newest = (
        select(func.max(newer.version))
        .where(newer.case_id == DecisionRow.case_id)
        .scalar_subquery()
    )
    asked = (
        decision_columns(CaseRow.body.label("case_body"))
        .join(
            CaseRow,
            (CaseRow.case_id == DecisionRow.case_id)
            & (CaseRow.version == DecisionRow.case_version),
        )
        .outerjoin(later, later.supersedes == DecisionRow.seq)
        .where(later.seq.is_(None), CaseRow.version == newest)
        .order_by(DecisionRow.seq)
    )
    if batch is not None:
        asked = asked.where(CaseRow.batch == batch)
    with reading(engine) as connection:
        return [
            (json.loads(row.case_body), read_decision(row)) for row in connection.execute(asked)
        ]
