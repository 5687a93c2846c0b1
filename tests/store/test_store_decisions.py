"""Decisions: on the version that was seen, by an answer there is, superseded and never lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from whole_log import whole

from migrate.codes.issuing import IssueRequest, IssueResult
from migrate.errors import InputError, RunError
from migrate.review.cases import Case, CaseCandidate
from migrate.review.decisions import ANSWERS, VERDICTS, Decision, Standing
from migrate.review.roles import Viewer
from migrate.store.cases import save_cases
from migrate.store.codes import active_codes, issue, ledger
from migrate.store.decisions import approve, decide
from migrate.store.engine import reading
from migrate.store.lookup import find
from migrate.store.standing import history, standing, standing_of_batch

FACTS = {"last_name": "محمدی"}


def case(number: int, outcome: str = "mismatch", *degrees: str, version: int = 1) -> Case:
    candidates = [
        CaseCandidate(one, f"P{one}", rank, 0.9, 10.0, 5.0, {}, {}, {})
        for rank, one in enumerate(degrees, 1)
    ]
    return Case(
        case_id=f"C{number}",
        version=version,
        batch="b",
        row=number,
        legacy_id=f"L{number}",
        outcome=outcome,
        university_id="sharif",
        university="صنعتی شریف",
        legacy={},
        legacy_read={},
        candidates=tuple(candidates),
        contradicts=("father_name",),
        reason="",
        page_ref=None,
    )


@pytest.fixture
def asked(engine: Engine) -> Engine:
    """A store with a case of each outcome: C1 mismatch, C2 ambiguous, C3 and C4 missing."""
    save_cases(
        engine,
        [
            case(1, "mismatch", "D1"),
            case(2, "ambiguous", "D2", "D3"),
            case(3, "degree_missing", "D4"),
            case(4, "person_missing"),
        ],
        model="m" * 64,
    )
    return engine


def answer(engine: Engine, case_id: str, verdict: str, **given: Any) -> Decision:
    return decide(
        engine, case_id, verdict, **({"version": 1, "actor": "clerk", "reason": "seen"} | given)
    )


def ask(engine: Engine, degree: str, number: int, seq: int | None, batch: str = "b") -> IssueResult:
    request = IssueRequest(degree, f"L{number}", batch, FACTS, decision_seq=seq)
    return issue(engine, [request], batch=batch, actor="test")


def test_a_decision_keeps_who_when_why_and_on_what(asked: Engine) -> None:
    made = answer(asked, "C1", "confirm", actor=" مریم ", reason=" دفتر دیده شد ", body={"page": 7})
    assert (made.actor, made.reason, made.degree_id) == ("مریم", "دفتر دیده شد", "D1")
    assert json.loads(made.body) == {"model": "m" * 64, "page": 7}
    assert made.case_digest == case(1, "mismatch", "D1").digest()
    assert standing(asked, "C1") == Standing(made)
    assert standing(asked, "C2") is None
    assert standing_of_batch(asked, "b") == {"L1": Standing(made)}


def test_only_the_answers_of_an_outcome_are_taken(asked: Engine) -> None:
    named = {"confirm": "D1", "correct": "D1", "choose": "D2"}
    for number, outcome in enumerate(ANSWERS, 1):
        for verdict in VERDICTS:
            if verdict in (*ANSWERS[outcome], "reopen"):
                continue
            with pytest.raises(InputError, match="cannot be answered so"):
                answer(asked, f"C{number}", verdict, degree_id=named.get(verdict))
    assert standing_of_batch(asked, "b") == {}


def test_a_degree_that_the_case_is_not_about_cannot_be_confirmed(asked: Engine) -> None:
    for case_id, verdict, degree in (
        ("C1", "confirm", "D9"),
        ("C2", "choose", "D1"),
        ("C2", "choose", None),
        ("C3", "choose", "D3"),
        ("C4", "choose", "D1"),
    ):
        with pytest.raises(InputError, match="not about this degree"):
            answer(asked, case_id, verdict, degree_id=degree)
    with pytest.raises(InputError, match="names no degree"):
        answer(asked, "C1", "refuse", degree_id="D1")
    with pytest.raises(InputError, match="no case C9"):
        answer(asked, "C9", "confirm")
    for given in ({"actor": " "}, {"reason": ""}):
        with pytest.raises(InputError, match="who decided and why"):
            answer(asked, "C1", "confirm", **given)


def test_an_old_version_of_a_case_cannot_be_decided(asked: Engine) -> None:
    save_cases(asked, [case(1, "mismatch", "D1", "D7", version=2)])
    with pytest.raises(InputError, match="its version is 2 now"):
        answer(asked, "C1", "confirm", degree_id="D1")
    assert answer(asked, "C1", "confirm", degree_id="D7", version=2).case_version == 2


def test_a_decision_stands_until_a_later_one_names_it(asked: Engine) -> None:
    first = answer(asked, "C2", "choose", degree_id="D2")
    for wrong in (None, 99):
        with pytest.raises(InputError, match="was decided by clerk"):
            answer(asked, "C2", "choose", degree_id="D3", supersedes=wrong)
    with pytest.raises(InputError, match="no decision that could be superseded"):
        answer(asked, "C1", "confirm", supersedes=first.seq)
    second = answer(asked, "C2", "choose", degree_id="D3", supersedes=first.seq, actor="approver")
    with pytest.raises(InputError, match="was decided by approver"):
        answer(asked, "C2", "refuse", supersedes=first.seq)
    assert history(asked, "C2") == [Standing(first), Standing(second)]
    assert standing(asked, "C2") == Standing(second)


def test_a_confirmed_degree_gets_a_code_that_names_the_decision(asked: Engine) -> None:
    made = answer(asked, "C1", "confirm")
    (code,) = ask(asked, "D1", 1, made.seq).issued
    with reading(asked) as connection:
        found = find(connection, code.code)
    assert found is not None
    assert found.decision_seq == made.seq
    assert json.loads(ledger(asked)[-1].payload)["decision"] == made.seq
    assert ask(asked, "D1", 1, made.seq).repeated == (code,)


@pytest.mark.parametrize(
    ("case_id", "verdict", "degree"),
    [("C1", "correct", "D1"), ("C1", "refuse", None), ("C3", "new_degree", None)],
)
def test_an_answer_that_confirms_no_degree_supports_no_code(
    asked: Engine, case_id: str, verdict: str, degree: str | None
) -> None:
    made = answer(asked, case_id, verdict, degree_id=degree)
    result = ask(asked, "D1", int(case_id[1:]), made.seq)
    assert result.issued == ()
    assert [one.rule for one in result.refused] == ["decision"]
    words = "waits for a second person" if made.needs_second else "supports no code"
    assert words in result.refused[0].words
    if made.needs_second:
        approve(asked, made.seq, "approved", actor="approver", reason="seen too")
        after = ask(asked, "D1", int(case_id[1:]), made.seq)
        assert "supports no code" in after.refused[0].words


def test_issuing_on_a_decision_that_was_superseded_since_is_refused(asked: Engine) -> None:
    first = answer(asked, "C2", "choose", degree_id="D2")
    second = answer(asked, "C2", "choose", degree_id="D3", supersedes=first.seq)
    refused = ask(asked, "D2", 2, first.seq).refused
    assert refused[0].words == f"decision {first.seq} was superseded by decision {second.seq}"
    assert [code.degree_id for code in ask(asked, "D3", 2, second.seq).issued] == ["D3"]


def test_issuing_on_an_old_version_of_a_case_is_refused(asked: Engine) -> None:
    made = answer(asked, "C1", "confirm")
    save_cases(asked, [case(1, "mismatch", "D1", "D7", version=2)])
    assert "version 2 by now" in ask(asked, "D1", 1, made.seq).refused[0].words


def test_a_decision_on_another_record_or_degree_supports_nothing_here(asked: Engine) -> None:
    made = answer(asked, "C1", "confirm")
    assert "supports degree D1" in ask(asked, "D2", 1, made.seq).refused[0].words
    assert "about record L1" in ask(asked, "D1", 2, made.seq).refused[0].words
    assert "about record L1" in ask(asked, "D1", 1, made.seq, batch="c").refused[0].words
    assert "not in the store" in ask(asked, "D1", 1, 77).refused[0].words
    assert ledger(asked) == []


def test_a_code_whose_decision_falls_is_suspended_at_once(asked: Engine) -> None:
    first = answer(asked, "C2", "choose", degree_id="D2")
    (code,) = ask(asked, "D2", 2, first.seq).issued
    second = answer(asked, "C2", "refuse", supersedes=first.seq, actor="approver")
    assert active_codes(asked) == {}
    last = ledger(asked)[-1]
    assert (last.event, last.code, last.actor) == ("suspended", code.code, "approver")
    assert f"decision {second.seq}" in last.payload
    assert whole(asked) == 2


def test_a_later_decision_for_the_same_degree_leaves_the_code_alone(asked: Engine) -> None:
    first = answer(asked, "C2", "choose", degree_id="D2")
    (code,) = ask(asked, "D2", 2, first.seq).issued
    second = answer(asked, "C2", "choose", degree_id="D2", supersedes=first.seq, reason="again")
    assert active_codes(asked) == {"D2": code}
    assert ask(asked, "D2", 2, second.seq).repeated == (code,)


def test_two_decisions_in_a_row_on_one_code_still_suspend_it(asked: Engine) -> None:
    first = answer(asked, "C2", "choose", degree_id="D2")
    ask(asked, "D2", 2, first.seq)
    second = answer(asked, "C2", "choose", degree_id="D2", supersedes=first.seq, reason="again")
    answer(asked, "C2", "refuse", supersedes=second.seq)
    # the code names the first decision, and it is the last that took its ground away
    assert active_codes(asked) == {}


def weak(number: int, *against: str, probability: float = 0.9) -> Case:
    one = case(number, "mismatch", f"D{number}")
    candidate = replace(one.candidates[0], probability=probability)
    return replace(one, candidates=(candidate,), contradicts=against)


@pytest.mark.parametrize(
    ("against", "probability", "second"),
    [
        ((), 0.9, False),
        (("father_name",), 0.9, False),
        (("graduation_date", "birth_place"), 0.9, False),
        (("national_id",), 0.9, True),
        (("father_name", "birth_date"), 0.9, True),
        ((), 0.49, True),
        ((), 0.0, True),
    ],
)
def test_weak_evidence_needs_a_second_person(
    engine: Engine, against: tuple[str, ...], probability: float, second: bool
) -> None:
    save_cases(engine, [weak(1, *against, probability=probability)])
    made = answer(engine, "C1", "confirm")
    assert made.needs_second is second
    assert work(engine, "C1")[0] == ("awaiting" if second else "decided")
    result = ask(engine, "D1", 1, made.seq)
    assert len(result.issued) == (not second)


def work(engine: Engine, case_id: str) -> tuple[str, int]:
    with reading(engine) as connection:
        row = connection.execute(
            text("SELECT state, version FROM case_work WHERE case_id = :id"), {"id": case_id}
        ).one()
    return row.state, row.version


def test_the_database_itself_refuses_a_code_that_waits_and_the_same_person_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_cases(engine, [weak(1, "national_id")])
    made = answer(engine, "C1", "confirm")
    with pytest.raises(InputError, match="second, different person"):
        approve(engine, made.seq, "approved", actor="clerk ", reason="fine")
    # past the program's own look
    with pytest.raises(DBAPIError, match="second, different person"), engine.begin() as connection:
        connection.execute(
            text("INSERT INTO approvals VALUES (:seq, 'approved', 'clerk', 'at', 'r')"),
            {"seq": made.seq},
        )
    monkeypatch.setattr("migrate.store.codes.not_standing", lambda *_: {})
    with pytest.raises(RunError, match="waits for a second person"):
        ask(engine, "D1", 1, made.seq)
    assert ledger(engine) == []
    approve(engine, made.seq, "approved", actor="approver", reason="seen too")
    assert len(ask(engine, "D1", 1, made.seq).issued) == 1


def test_a_second_person_says_it_once_and_only_where_one_is_needed(engine: Engine) -> None:
    save_cases(engine, [weak(1, "national_id"), weak(2)])
    made = answer(engine, "C1", "confirm")
    sure = answer(engine, "C2", "confirm")
    for seq, words in ((sure.seq, "needs no second"), (99, "no decision 99")):
        with pytest.raises(InputError, match=words):
            approve(engine, seq, "approved", actor="approver", reason="r")
    approve(engine, made.seq, "returned", actor="approver", reason="wrong page")
    assert work(engine, "C1")[0] == "open"
    assert "supports no code" in ask(engine, "D1", 1, made.seq).refused[0].words
    with pytest.raises(InputError, match="was returned by approver"):
        approve(engine, made.seq, "approved", actor="other", reason="r")
    again = answer(engine, "C1", "confirm", supersedes=made.seq)
    with pytest.raises(InputError, match="was superseded since"):
        approve(engine, made.seq, "approved", actor="other", reason="r")
    approve(engine, again.seq, "approved", actor="approver", reason="right page")
    assert [one.state for one in history(engine, "C1")] == ["open", "decided"]


def test_an_appeal_opens_a_refused_case_again(asked: Engine) -> None:
    with pytest.raises(InputError, match="open already"):
        answer(asked, "C1", "reopen")
    first = answer(asked, "C1", "refuse")
    assert work(asked, "C1")[0] == "decided"
    second = answer(asked, "C1", "reopen", supersedes=first.seq, reason="appeal 12/345")
    assert work(asked, "C1")[0] == "open"
    with pytest.raises(InputError, match="open already"):
        answer(asked, "C1", "reopen", supersedes=second.seq)
    third = answer(asked, "C1", "confirm", supersedes=second.seq)
    assert work(asked, "C1")[0] == "decided"
    assert len(ask(asked, "D1", 1, third.seq).issued) == 1
    # and again: what the code rests on is gone
    answer(asked, "C1", "reopen", supersedes=third.seq, reason="another appeal")
    assert active_codes(asked) == {}


def test_a_new_version_opens_a_decided_case_again(asked: Engine) -> None:
    answer(asked, "C1", "confirm")
    save_cases(asked, [case(1, "mismatch", "D1", "D7", version=2)])
    assert work(asked, "C1") == ("open", 2)
    save_cases(asked, [case(1, "mismatch", "D1")])
    assert work(asked, "C1") == ("open", 2)


def test_who_is_of_another_university_sees_no_case_and_decides_nothing(asked: Engine) -> None:
    other = Viewer("u", "clerk", "tehran")
    with pytest.raises(InputError, match="no case C1"):
        answer(asked, "C1", "confirm", viewer=other)
    made = answer(asked, "C3", "new_degree", viewer=Viewer("v", "clerk", "sharif"))
    with pytest.raises(InputError, match="no case C3"):
        approve(
            asked,
            made.seq,
            "approved",
            actor="u",
            reason="r",
            viewer=Viewer("u", "approver", "tehran"),
        )


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("clerk", {"decide"}),
        ("approver", {"decide", "approve", "reopen"}),
        ("ministry", {"approve", "reopen"}),
        ("auditor", set()),
    ],
)
def test_each_role_may_do_its_own(engine: Engine, role: str, may: set[str]) -> None:
    university = "sharif" if role in ("clerk", "approver") else None
    viewer = Viewer("u", role, university)
    save_cases(engine, [weak(1, "national_id"), weak(2), weak(3)])
    waits = answer(engine, "C1", "confirm")
    done = answer(engine, "C3", "confirm")
    acts = {
        "decide": lambda: answer(engine, "C2", "confirm", viewer=viewer),
        "approve": lambda: approve(
            engine, waits.seq, "approved", actor="u", reason="r", viewer=viewer
        ),
        "reopen": lambda: answer(engine, "C3", "reopen", supersedes=done.seq, viewer=viewer),
    }
    for name, act in acts.items():
        if name in may:
            act()
        else:
            with pytest.raises(InputError, match=f"who is {role} may not"):
                act()
