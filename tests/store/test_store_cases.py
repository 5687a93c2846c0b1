"""Cases in the store: what was put to a university comes back as it was, and is never replaced."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from migrate.errors import RunError
from migrate.review.cases import Case, CaseCandidate
from migrate.store.cases import cases_of_batch, save_cases
from migrate.store.engine import reading, writing


def case_of(row: int, batch: str = "b1", **changes: object) -> Case:
    made = Case(
        case_id=f"C-{9999 - row:04d}",
        version=1,
        batch=batch,
        row=row,
        legacy_id=f"L{row}",
        outcome="mismatch",
        university_id=None if row % 2 else "tehran",
        university="دانشگاه تهران",
        legacy={"first_name": "علي", "birth_date": "۱۳۳۵/۷/۳"},
        legacy_read={"first_name": "علی", "birth_date": "1335-07-03"},
        candidates=(
            CaseCandidate(
                degree_id="D1",
                person_id="P1",
                rank=1,
                probability=0.1 + 0.2,
                person_weight=-3.25,
                degree_weight=12.0,
                values={"first_name": "علی"},
                levels={"first_name": "exact"},
                weights={"first_name": 1e-7},
            ),
        ),
        contradicts=("birth_date",),
        reason="birth_date differs",
        page_ref=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_cases_come_back_whole_in_the_order_of_the_source(engine: Engine) -> None:
    cases = [case_of(row) for row in range(2, 1202)]
    told = list(reversed(cases))
    assert save_cases(engine, told) == 1200
    back = cases_of_batch(engine, "b1")
    assert back == cases
    assert [case.digest() for case in back] == [case.digest() for case in cases]
    assert isinstance(back[0].candidates[0], CaseCandidate)
    assert cases_of_batch(engine, "b2") == []


def test_the_same_version_is_left_untouched(engine: Engine) -> None:
    cases = [case_of(row) for row in (2, 3)]
    assert save_cases(engine, cases) == 2
    changed = [case_of(2, reason="another"), case_of(3), case_of(4)]
    assert save_cases(engine, changed) == 1
    assert cases_of_batch(engine, "b1") == [*cases, case_of(4)]
    assert save_cases(engine, []) == 0


def test_a_case_twice_in_one_call_is_kept_once(engine: Engine) -> None:
    assert save_cases(engine, [case_of(2), case_of(2)]) == 1


def test_the_newest_version_stands_and_the_older_stays(engine: Engine) -> None:
    save_cases(engine, [case_of(2), case_of(3)])
    newer = case_of(2, version=2, contradicts=())
    assert save_cases(engine, [newer]) == 1
    assert cases_of_batch(engine, "b1") == [newer, case_of(3)]
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM cases")).scalar_one() == 3


def test_columns_hold_what_a_list_of_cases_is_made_of(engine: Engine) -> None:
    case = case_of(2)
    save_cases(engine, [case])
    with reading(engine) as connection:
        row = connection.execute(text("SELECT * FROM cases")).one()._mapping
    for name in ("case_id", "version", "batch", "legacy_id", "row", "outcome", "university"):
        assert row[name] == getattr(case, name)
    assert row["university_id"] == "tehran"
    assert row["digest"] == case.digest()
    assert row["body"] == case.canonical_json()


def test_a_case_that_is_not_what_was_saved_is_told(engine: Engine) -> None:
    body = case_of(2).canonical_json().replace("علی", "علا")
    with writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO cases (case_id, version, batch, legacy_id, row, outcome, university,"
                " digest, body) VALUES ('C-9997', 1, 'b1', 'L2', 2, 'mismatch', 'u', :digest, :body)"
            ),
            {"digest": case_of(2).digest(), "body": body},
        )
    with pytest.raises(RunError, match="C-9997"):
        cases_of_batch(engine, "b1")
