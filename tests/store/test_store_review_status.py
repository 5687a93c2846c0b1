"""What a store tells of its review, against the same counted by hand, on both databases."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from migrate.review.agreement import Share
from migrate.review.cases import Case, CaseCandidate
from migrate.review.status import ErrorCount, status
from migrate.store.cases import save_cases
from migrate.store.decisions import approve, decide
from migrate.store.late_cases import late_cases
from migrate.store.review_status import counts


def case(number: int, outcome: str, *probabilities: float, **more: Any) -> Case:
    candidates = [
        CaseCandidate(f"D{number}{rank}", f"P{number}", rank, one, 10.0, 5.0, {}, {}, {})
        for rank, one in enumerate(probabilities, 1)
    ]
    made = Case(
        case_id=f"C{number}",
        version=1,
        batch="b",
        row=number,
        legacy_id=f"L{number}",
        outcome=outcome,
        university_id="sharif",
        university="صنعتی شریف",
        legacy={},
        legacy_read={"graduation_date": "1352-07-03"},
        candidates=tuple(candidates),
        contradicts=("father_name", "birth_date"),
        reason="",
        page_ref="دفتر ۳",
    )
    return replace(made, **more)


def answer(engine: Engine, number: int, verdict: str, **given: Any) -> int:
    body = {"answer": verdict, "reason": given.pop("why", "spelling")}
    body |= {"corrections": given.pop("corrections")} if "corrections" in given else {}
    filled = {"version": 1, "actor": "clerk", "reason": "دیده شد", "body": body} | given
    return decide(engine, f"C{number}", verdict, **filled).seq


@pytest.fixture
def reviewed(engine: Engine) -> Engine:
    """Eleven cases of two universities, of which some are decided, returned, and decided anew."""
    other = {"university_id": None, "university": "مدرسه عالی نو", "batch": "b2"}
    save_cases(
        engine,
        [
            case(1, "mismatch", 0.95),
            case(2, "mismatch", 0.97),
            case(3, "ambiguous", 0.6, 0.4),
            case(4, "degree_missing", 0.3),
            case(5, "person_missing", legacy_read={}),
            case(6, "mismatch", 0.95),
            case(7, "mismatch", 0.2, **other),
            case(8, "ambiguous", 0.7, 0.6, **other),
            case(9, "mismatch", 0.9999, **other),
            case(10, "person_missing", 0.2, **other),
            # nobody was near
            case(11, "person_missing", legacy_read={}),
        ],
    )
    answer(engine, 1, "refuse", why="other_person")
    given = {"record": {"birth_date": "1336-07-03"}, "registry": {"father_name": "علی"}}
    second = answer(engine, 2, "correct", degree_id="D21", corrections=given, why="keying_error")
    approve(engine, second, "approved", actor="approver", reason="دیده شد")
    chosen = answer(engine, 3, "choose", degree_id="D32")
    approve(engine, chosen, "approved", actor="approver", reason="دیده شد")
    answer(engine, 4, "new_degree", degree_id="D41")
    answer(engine, 11, "refuse", why="not_issued")
    # decided, sent back, decided anew by another, who says otherwise
    first = answer(engine, 7, "confirm", degree_id="D71")
    approve(engine, first, "returned", actor="approver", reason="پرونده دیده نشد")
    answer(engine, 7, "refuse", supersedes=first, actor="other clerk")
    # opened again on an appeal, and answered as before
    again = answer(engine, 9, "refuse")
    again = decide(
        engine, "C9", "reopen", version=1, actor="ministry", reason="اعتراض", supersedes=again
    ).seq
    answer(engine, 9, "refuse", supersedes=again, actor="other clerk")
    return engine


def test_each_case_is_counted_where_it_stands(reviewed: Engine) -> None:
    with warnings.catch_warnings():
        # SQLAlchemy warns of tables that are joined by nothing
        warnings.simplefilter("error")
        found = status(counts(reviewed))
    total = found.total
    assert (total.cases, total.open, total.awaiting, total.decided) == (11, 4, 1, 6)
    assert (total.overdue, total.escalated, total.age, total.days) == (0, 0, (0, 0, 0), 0)
    names = {one.university: (one.name, one.cases) for one in found.universities}
    assert names["sharif"] == ("دانشگاه صنعتی شریف", 7)
    assert sorted(names.values())[1] == ("مدرسه عالی نو", 4)
    told = {(one.outcome, one.verdict, one.answer, one.reason): one.count for one in found.answers}
    assert told == {
        ("mismatch", "refuse", "refuse", "other_person"): 1,
        ("mismatch", "correct", "correct", "keying_error"): 1,
        ("ambiguous", "choose", "choose", "spelling"): 1,
        ("mismatch", "refuse", "refuse", "spelling"): 2,
        ("person_missing", "refuse", "refuse", "not_issued"): 1,
    }


def test_people_and_linker_are_compared_by_the_decision_that_stands(reviewed: Engine) -> None:
    found = status(counts(reviewed))
    assert found.first == {"mismatch": Share(1, 4), "ambiguous": Share(0, 1)}
    assert [(one.low, one.agreed) for one in found.bands] == [
        (0.1, Share(0, 1)),
        (0.5, Share(0, 1)),
        (0.9, Share(1, 2)),
        (0.999, Share(0, 1)),
    ]
    assert found.bands[2].predicted == pytest.approx(0.96)
    # the new degree waits for its second person: not decided, so not told
    assert found.absent == {"degree_missing": Share(0, 0), "person_missing": Share(1, 1)}


def test_two_people_are_compared_where_both_answered(reviewed: Engine) -> None:
    found = status(counts(reviewed))
    assert found.total.approved == Share(2, 3)
    assert found.twice.pairs == (("confirm", "refuse", 1), ("refuse", "refuse", 1))
    assert found.twice.same == Share(1, 2)
    # who changes his own mind is no second person
    last = answer(reviewed, 6, "confirm", degree_id="D61")
    answer(reviewed, 6, "refuse", supersedes=last)
    assert status(counts(reviewed)).twice == found.twice


def test_the_errors_of_the_archive_are_told_by_batch_and_decade(reviewed: Engine) -> None:
    found = {one for one in status(counts(reviewed)).errors if one.kind != "reason"}
    assert found == {
        # of the two cases whose document is of the degree all the same
        ErrorCount("contradicts", "birth_date", "b", "1350", 2),
        ErrorCount("contradicts", "father_name", "b", "1350", 2),
        ErrorCount("record", "birth_date", "b", "1350", 1),
        ErrorCount("registry", "father_name", "b", "1350", 1),
    }
    reasons = [one for one in status(counts(reviewed)).errors if one.kind == "reason"]
    assert sum(one.count for one in reasons) == 6


def test_a_university_and_a_batch_are_told_alone(reviewed: Engine) -> None:
    whole = status(counts(reviewed))
    for asked in ({"university": "sharif"}, {"batch": "b"}):
        found = status(counts(reviewed, **asked))
        assert found.universities == (found.universities[0],)
        assert found.universities[0] in whole.universities
        assert found.twice.pairs == ()
        assert found.total.approved == Share(2, 2)
        assert {one.batch for one in found.errors} == {"b"}
    assert status(counts(reviewed, university="nobody")).total.cases == 0


def test_a_new_version_of_a_decided_case_is_open_and_its_old_answer_not_counted(
    reviewed: Engine,
) -> None:
    before = status(counts(reviewed)).total
    save_cases(reviewed, [case(1, "mismatch", 0.5, version=2)])
    found = status(counts(reviewed))
    assert (found.total.open, found.total.decided) == (before.open + 1, before.decided - 1)
    assert found.first["mismatch"] == Share(1, 3)


def test_the_late_are_told_with_their_oldest_cases(reviewed: Engine) -> None:
    with reviewed.begin() as connection:
        for number, due in ((5, "2026-09-01"), (6, "2026-11-20"), (4, "2026-11-01")):
            connection.execute(
                text("UPDATE case_work SET due_on = :due WHERE case_id = :name"),
                {"due": due, "name": f"C{number}"},
            )
        # decided in the end, however late
        connection.execute(text("UPDATE case_work SET due_on = '2020-01-01' WHERE case_id = 'C1'"))
    found = late_cases(reviewed, as_of="2026-11-28", oldest=2)
    assert [(one.university, one.overdue, one.escalated) for one in found] == [("sharif", 2, 1)]
    (sharif,) = found
    assert sharif.name == "دانشگاه صنعتی شریف"
    assert [(one.case_id, one.due_on, one.state) for one in sharif.oldest] == [
        ("C5", "2026-09-01", "open"),
        ("C4", "2026-11-01", "awaiting"),
    ]
    assert sharif.oldest[0].page_ref == "دفتر ۳"
    assert late_cases(reviewed, as_of="2026-08-01") == []
    assert late_cases(reviewed, as_of="2026-11-28", university="nobody") == []
    everybody = late_cases(reviewed, as_of="2030-01-01", batch="b2")
    assert [(one.cases, one.escalated) for one in everybody] == [(2, 2)]
