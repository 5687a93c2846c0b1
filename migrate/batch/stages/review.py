"""How the review of all batches stands, as the notebook 7-review shows it. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from migrate.diplomas.terms import CASES
from migrate.errors import InputError
from migrate.review.agreement import Share
from migrate.review.status import Standing, Status, status
from migrate.store.engine import open_store
from migrate.store.late_cases import late_cases
from migrate.store.review_status import counts

_STATES = ("open", "awaiting", "decided")


@dataclass(frozen=True)
class Review:
    """What the notebook shows. Shares carry their exact 95% interval, ``lower`` to ``upper``."""

    as_of: str
    universities: pd.DataFrame
    late: pd.DataFrame
    outcomes: pd.DataFrame
    answers: pd.DataFrame
    linker: pd.DataFrame
    bands: pd.DataFrame
    people: pd.DataFrame
    pairs: pd.DataFrame
    kappa: float | None
    errors: pd.DataFrame
    by_batch: pd.DataFrame
    by_decade: pd.DataFrame


def run(store: str, as_of: str) -> Review:
    """Read a store as it stands, with ages and due days told from ``as_of``.

    :param store: an SQLAlchemy address; its password comes from the environment.
    :param as_of: an ISO day: the same store and day give the same tables.
    :raises InputError: when the store cannot be opened, or no day is given.
    """
    if not as_of:
        raise InputError("no day is given to tell lateness from", column="as_of", fix="2026-11-28")
    engine = open_store(store)
    try:
        found = status(counts(engine, as_of=as_of))
        late = late_cases(engine, as_of=as_of, oldest=1)
    finally:
        engine.dispose()
    return Review(
        as_of=as_of,
        universities=pd.DataFrame([_standing(one) for one in (*found.universities, found.total)]),
        late=pd.DataFrame(
            [
                (one.university, one.name, one.overdue, one.escalated, one.oldest[0].due_on)
                for one in late
            ],
            columns=["key", "university", "overdue", "escalated", "oldest due"],
        ),
        outcomes=pd.DataFrame(
            [
                (name, *(found.total.by_outcome.get(name, {}).get(state, 0) for state in _STATES))
                for name in CASES
            ],
            columns=["outcome", *_STATES],
        ),
        answers=_answers(found),
        linker=pd.DataFrame(
            [
                _share("took the degree ranked first", found.first[name], outcome=name)
                for name in found.first
            ]
            + [
                _share("the registry lacks it", found.absent[name], outcome=name)
                for name in found.absent
            ]
        ),
        bands=pd.DataFrame(
            [
                _share(f"{one.low:g} to {one.high:g}", one.agreed, predicted=one.predicted)
                for one in found.bands
            ],
            columns=["what", "predicted", "agreed", "of", "share", "lower", "upper"],
        ),
        people=pd.DataFrame(
            [
                _share("second persons approved", found.total.approved),
                _share("two people answered a case alike", found.twice.same),
            ]
        ),
        pairs=pd.DataFrame(found.twice.pairs, columns=["earlier", "later", "cases"]),
        kappa=found.twice.kappa,
        errors=_errors(found),
        by_batch=_crossed(found, "batch"),
        by_decade=_crossed(found, "decade"),
    )


def _standing(one: Standing) -> dict[str, object]:
    median, ninth, oldest = one.age or (None, None, None)
    return {
        "key": one.university or "all",
        "university": one.name,
        "open": one.open,
        "awaiting": one.awaiting,
        "overdue": one.overdue,
        "escalated": one.escalated,
        "decided": one.decided,
        "age, median": median,
        "age, 90%": ninth,
        "oldest": oldest,
        "days to decide": one.days,
    }


def _share(what: str, share: Share, **more: object) -> dict[str, object]:
    lower, upper = share.interval
    return {
        "what": what,
        **more,
        "agreed": share.hits,
        "of": share.trials,
        "share": share.share,
        "lower": lower,
        "upper": upper,
    }


def _answers(found: Status) -> pd.DataFrame:
    columns = ["outcome", "verdict", "answer", "cases"]
    rows = [(one.outcome, one.verdict, one.answer, one.count) for one in found.answers]
    frame = pd.DataFrame(rows, columns=columns)
    summed: pd.DataFrame = frame.groupby(columns[:3], as_index=False)[["cases"]].sum()
    return summed


def _errors(found: Status) -> pd.DataFrame:
    columns = ["kind", "name", "cases"]
    frame = pd.DataFrame([(one.kind, one.name, one.count) for one in found.errors], columns=columns)
    summed: pd.DataFrame = frame.groupby(columns[:2], as_index=False)[["cases"]].sum()
    return summed.sort_values(["kind", "cases", "name"], ascending=[True, False, True])


def _crossed(found: Status, by: str) -> pd.DataFrame:
    """Contradicting fields of documents that are of their degree all the same, by batch or decade."""
    rows = [
        (one.name, getattr(one, by) or "unknown", one.count)
        for one in found.errors
        if one.kind == "contradicts"
    ]
    frame = pd.DataFrame(rows, columns=["field", by, "cases"])
    crossed = frame.pivot_table(
        index="field", columns=by, values="cases", aggfunc="sum", fill_value=0
    )
    return crossed.rename_axis(columns=None).reset_index()
