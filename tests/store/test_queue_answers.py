"""Answers at the desk: by whom they may be, on what was seen, taken back while nobody acted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from desk_store import (
    APPROVER,
    AUDITOR,
    CLERK,
    MINISTRY,
    OF_ALL,
    OTHER_CLERK,
    STRANGE_APPROVER,
    STRANGERS,
    case,
    change,
    fill,
)
from sqlalchemy import Engine

from migrate.errors import InputError
from migrate.review.roles import Viewer
from migrate.store import case_list, desk_answers, desk_cases, queue
from migrate.store.cases import save_cases
from migrate.store.decisions import approve
from migrate.store.desk_answers import ConflictError, Given
from migrate.store.desk_cases import case_history, open_case, open_decision

APPROVER_TWO = Viewer("approver.two", "approver", "sharif")


def given(case_id: str, **changes: Any) -> Given:
    return replace(Given(case_id, 1, None, "confirm", None, "spelling"), **changes)


@pytest.fixture
def names(engine: Engine) -> list[str]:
    own, _ = fill(engine, 4, 2)
    return [one.case_id for one in own]


def correct(case_id: str, **changes: Any) -> Given:
    """What always needs a second person."""
    return given(case_id, name="correct", registry={"father_name": "حسن"}, **changes)


def test_an_answer_is_kept_with_all_that_was_said(engine: Engine, names: list[str]) -> None:
    queue.take(engine, CLERK, names[0])
    made = desk_answers.answer(
        engine, CLERK, given(names[0], comment="دفتر ۳ دیده شد", score_shown=True)
    )
    assert (made.verdict, made.degree_id, made.actor) == ("confirm", "D1-1", "clerk.one")
    assert made.reason == "املای متفاوت یک نام است: دفتر ۳ دیده شد"
    body = json.loads(made.body)
    assert body["score_shown"] is True
    assert (body["answer"], body["reason"], body["via"]) == ("confirm", "spelling", "desk")
    assert body["corrections"] == {"record": {}, "registry": {}}
    held = open_case(engine, CLERK, names[0])
    assert held is not None
    assert (held.state, held.lease, held.supersedes) == ("decided", None, made.seq)


def test_no_other_university_gets_at_a_case_by_any_way(engine: Engine, names: list[str]) -> None:
    waits = desk_answers.answer(engine, CLERK, correct(names[0])).seq
    done = desk_answers.answer(engine, CLERK, given(names[1])).seq
    for viewer in STRANGERS:
        for name in names:
            assert open_case(engine, viewer, name) is None
            assert case_history(engine, viewer, name) is None
            assert not desk_answers.may_undo(engine, viewer, name)
            for attempt in (
                given(name),
                given(name, supersedes=done),
                given(name, supersedes=waits),
            ):
                with pytest.raises(InputError, match="has no case"):
                    desk_answers.answer(engine, viewer, attempt)
            with pytest.raises(InputError, match="has no case"):
                desk_answers.undo(engine, viewer, name)
        for seq in (waits, done):
            assert open_decision(engine, viewer, seq) is None
        assert case_list.awaiting(engine, viewer) == ([], None)
    for name, seq in zip(names, (waits, done), strict=False):
        with pytest.raises(InputError, match="has no case"):
            desk_answers.reopen(engine, STRANGE_APPROVER, name, supersedes=seq, reason="x")
    with pytest.raises(InputError, match="has no case"):
        approve(engine, waits, "approved", actor="x", reason="x", viewer=STRANGE_APPROVER)
    # and a user of the same name elsewhere is another
    twin = Viewer("clerk.one", "clerk", "shiraz")
    assert not desk_answers.may_undo(engine, twin, names[0])
    held = open_case(engine, AUDITOR, names[0])
    assert held is not None
    assert held.supersedes == waits


def test_each_role_does_only_what_is_its_own(engine: Engine, names: list[str]) -> None:
    waits = desk_answers.answer(engine, CLERK, correct(names[0])).seq
    done = desk_answers.answer(engine, CLERK, given(names[1])).seq
    for viewer in OF_ALL:
        with pytest.raises(InputError, match="may not do this"):
            desk_answers.answer(engine, viewer, given(names[2]))
        with pytest.raises(InputError, match="may not do this"):
            desk_answers.undo(engine, viewer, names[1])
    for viewer in (CLERK, AUDITOR):
        with pytest.raises(InputError, match="may not do this"):
            desk_answers.reopen(engine, viewer, names[1], supersedes=done, reason="x")
        with pytest.raises(InputError, match="may not do this"):
            approve(engine, waits, "approved", actor=viewer.user_id, reason="x", viewer=viewer)
    for viewer in (APPROVER, MINISTRY):
        made = open_decision(engine, viewer, waits)
        assert made is not None
        assert desk_cases.may_approve(viewer, made[1])
    # the ministry opens again what a university decided
    desk_answers.reopen(engine, MINISTRY, names[1], supersedes=done, reason="اعتراض")
    held = open_case(engine, CLERK, names[1])
    assert held is not None
    assert held.state == "open"


def test_nobody_approves_an_own_decision_nor_finds_it_in_the_list(
    engine: Engine, names: list[str]
) -> None:
    own = desk_answers.answer(engine, APPROVER, correct(names[0]))
    clerks = desk_answers.answer(engine, CLERK, correct(names[1]))
    assert [one.decision_seq for one in case_list.awaiting(engine, APPROVER)[0]] == [clerks.seq]
    both = {one.decision_seq for one in case_list.awaiting(engine, APPROVER_TWO)[0]}
    assert both == {own.seq, clerks.seq}
    first, after = case_list.awaiting(engine, MINISTRY, limit=1)
    second, end = case_list.awaiting(engine, MINISTRY, limit=1, after=after)
    assert {one.decision_seq for one in (*first, *second)} == both
    assert end is None
    with pytest.raises(InputError, match="second, different"):
        approve(engine, own.seq, "approved", actor="approver", reason="x", viewer=APPROVER)
    approve(engine, own.seq, "returned", actor="approver.two", reason="x", viewer=APPROVER_TWO)
    assert [one.decision_seq for one in case_list.awaiting(engine, MINISTRY)[0]] == [clerks.seq]
    held = open_case(engine, APPROVER, names[0])
    assert held is not None
    assert (held.state, held.supersedes) == ("open", own.seq)
    again = desk_answers.answer(engine, CLERK, given(names[0], supersedes=own.seq))
    found = case_history(engine, CLERK, names[0])
    assert found is not None
    assert [one.decision.seq for one in found[1]] == [own.seq, again.seq]


def test_what_another_did_meanwhile_is_told_apart(engine: Engine, names: list[str]) -> None:
    queue.take(engine, OTHER_CLERK, names[0])
    with pytest.raises(ConflictError) as error:
        desk_answers.answer(engine, CLERK, given(names[0]))
    assert (error.value.kind, error.value.by) == ("lease", "clerk.two")
    # a lease that ran out and that nobody else took is no hindrance
    queue.take(engine, CLERK, names[1])
    change(engine, "UPDATE case_work SET leased_until = 1")
    desk_answers.answer(engine, CLERK, given(names[1]))
    with pytest.raises(ConflictError) as error:
        desk_answers.answer(engine, OTHER_CLERK, given(names[1]))
    assert (error.value.kind, error.value.by) == ("decided", "clerk.one")
    newer = replace(case(3), version=2, contradicts=("father_name", "birth_date"))
    save_cases(engine, [newer])
    with pytest.raises(ConflictError) as error:
        desk_answers.answer(engine, CLERK, given(names[2]))
    assert error.value.kind == "version"
    assert desk_answers.answer(engine, CLERK, given(names[2], version=2)).case_version == 2


def test_of_many_answers_at_once_one_stands(engine: Engine, names: list[str]) -> None:
    clerks = [Viewer(f"clerk.{n}", "clerk", "sharif") for n in range(6)]

    def act(clerk: Viewer) -> str:
        try:
            desk_answers.answer(engine, clerk, given(names[0]))
        except ConflictError as error:
            return error.kind
        return "kept"

    with ThreadPoolExecutor(6) as pool:
        found = sorted(pool.map(act, clerks))
    assert found == ["decided"] * 5 + ["kept"]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "twin"}, "reason"),
        ({"name": "choose", "number": 1}, "answer"),
        ({"name": "reopen"}, "answer"),
        ({"number": 1}, "answer"),
        ({"name": "correct"}, "corrections"),
        ({"record": {"first_name": "علی"}}, "corrections"),
        ({"reason": "other"}, "comment"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_whole(
    engine: Engine, names: list[str], changes: dict[str, Any], column: str
) -> None:
    with pytest.raises(InputError) as error:
        desk_answers.answer(engine, CLERK, given(names[0], **changes))
    assert error.value.column == column
    held = open_case(engine, CLERK, names[0])
    assert held is not None
    assert (held.state, held.standing) == ("open", None)


def test_the_last_decision_is_taken_back_until_another_acted(
    engine: Engine, names: list[str]
) -> None:
    made = desk_answers.answer(engine, CLERK, given(names[0]))
    assert desk_answers.may_undo(engine, CLERK, names[0])
    assert not desk_answers.may_undo(engine, OTHER_CLERK, names[0])
    with pytest.raises(ConflictError):
        desk_answers.undo(engine, OTHER_CLERK, names[0])
    back = desk_answers.undo(engine, CLERK, names[0])
    assert (back.verdict, back.supersedes, back.actor) == ("reopen", made.seq, "clerk.one")
    held = open_case(engine, CLERK, names[0])
    assert held is not None
    assert held.lease is not None
    assert (held.state, held.lease.by) == ("open", "clerk.one")
    # once only, and the case is there to be decided again
    assert not desk_answers.may_undo(engine, CLERK, names[0])
    with pytest.raises(ConflictError):
        desk_answers.undo(engine, CLERK, names[0])
    desk_answers.answer(engine, CLERK, given(names[0], name="refuse", supersedes=back.seq))


def test_what_was_acted_on_is_not_taken_back(engine: Engine, names: list[str]) -> None:
    waits = desk_answers.answer(engine, CLERK, correct(names[0]))
    assert desk_answers.may_undo(engine, CLERK, names[0])
    approve(engine, waits.seq, "approved", actor="approver", reason="x", viewer=APPROVER)
    with pytest.raises(ConflictError) as error:
        desk_answers.undo(engine, CLERK, names[0])
    assert (error.value.kind, error.value.by) == ("acted", "approver")
    desk_answers.answer(engine, CLERK, given(names[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk_answers, "UNDO", -1)
        with pytest.raises(ConflictError) as error:
            desk_answers.undo(engine, CLERK, names[1])
    assert error.value.kind == "late"
    assert desk_answers.may_undo(engine, CLERK, names[1])


def test_a_case_is_opened_again_on_the_decision_that_was_seen(
    engine: Engine, names: list[str]
) -> None:
    made = desk_answers.answer(engine, CLERK, given(names[0]))
    for supersedes, reason in ((made.seq + 1, "x"), (made.seq, " ")):
        with pytest.raises(InputError):
            desk_answers.reopen(engine, APPROVER, names[0], supersedes=supersedes, reason=reason)
    back = desk_answers.reopen(engine, APPROVER, names[0], supersedes=made.seq, reason="اعتراض")
    assert back.reason == "اعتراض"
    with pytest.raises(ConflictError):
        desk_answers.reopen(engine, APPROVER, names[0], supersedes=back.seq, reason="x")
    # nobody is at it: it is in the queue again
    held = open_case(engine, CLERK, names[0])
    assert held is not None
    assert held.lease is None
