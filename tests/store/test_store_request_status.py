"""How a request stands follows what decisions and codes have made of it, and shows nobody's data."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from test_store_cases import case_of

from migrate.codes.issuing import IssueRequest
from migrate.codes.requests import request_of
from migrate.codes.tracking import format_tracking_no
from migrate.store.cases import save_cases
from migrate.store.codes import issue
from migrate.store.decisions import approve, decide
from migrate.store.lifecycle import reinstate, replace, revoke, suspend
from migrate.store.request_batches import Settled, settle, take
from migrate.store.request_status import Status, listed, status
from migrate.store.requests import submit

BATCH = "requests-0001"
FACTS = {"national_id": "0064247201", "first_name": "مریم"}
RECORD = {"first_name": "مریم", "last_name": "کاظمی", "university": "دانشگاه تهران"}


@pytest.fixture
def number(engine: Engine) -> str:
    """A request in a batch that is under way."""
    found = submit(engine, request_of(RECORD, channel="graduate")).tracking_no
    take(engine, lambda name, requests: None, actor="test")
    return found


def told(engine: Engine, number: str) -> Status:
    found = status(engine, number)
    assert found is not None
    # the list for the data team says the same
    (line,) = [one for one in listed(engine) if one.tracking_no == number]
    assert (line.state, line.since, line.rule, line.case_id) == (
        found.state,
        found.since,
        found.rule,
        found.case_id,
    )
    assert found.history[-1].state == found.state
    # a tracking number is random: it may hold any two letters
    text = str(found).replace(found.tracking_no, "")
    for secret in (*line.codes, *RECORD.values(), *FACTS.values(), "D1", "D2", "P1", "secret"):
        assert secret not in text
    return found


def to_university(engine: Engine, number: str) -> None:
    save_cases(engine, [case_of(2, BATCH, legacy_id=number, case_id="C-1")])
    settle(engine, BATCH, {number: Settled("with_university", "mismatch", "C-1")}, actor="test")


def code(engine: Engine, number: str, batch: str = BATCH, **more: int) -> str:
    asked = IssueRequest("D1", number, batch, FACTS, **more)  # type: ignore[arg-type]
    return issue(engine, [asked], batch=batch, actor="test").issued[0].code


def test_there_is_no_status_of_what_is_no_request(engine: Engine, number: str) -> None:
    for text in (None, "", "2" * 16, number[:-1], "'; DROP TABLE requests; --", "\0"):
        assert status(engine, text) is None
    assert status(engine, format_tracking_no(number).lower()) == status(engine, number)


def test_a_code_issued_before_the_batch_was_settled_counts(engine: Engine, number: str) -> None:
    assert told(engine, number).state == "linking"
    code(engine, number)
    found = told(engine, number)
    assert (found.state, found.rule) == ("issued", "linked")
    settle(engine, BATCH, {number: Settled("issued", "linked", "D1")}, actor="test")
    after = told(engine, number)
    assert (after.state, after.rule, after.since) == (found.state, found.rule, found.since)


def test_a_university_s_yes_and_the_code_after_it(engine: Engine, number: str) -> None:
    to_university(engine, number)
    found = told(engine, number)
    assert (found.state, found.rule, found.case_id) == ("with_university", "mismatch", "C-1")
    made = decide(engine, "C-1", "confirm", version=1, actor="registrar", reason="secret")
    # on weak evidence: it counts once a second person has approved it
    assert told(engine, number).rule == "mismatch"
    approve(engine, made.seq, "approved", actor="approver", reason="secret")
    found = told(engine, number)
    assert (found.state, found.rule) == ("with_university", "decided")
    code(engine, number, decision_seq=made.seq)
    found = told(engine, number)
    assert (found.state, found.rule, found.case_id) == ("issued", "linked", "C-1")
    assert [step.state for step in found.history] == [
        "received",
        "linking",
        "with_university",
        "issued",
    ]
    # the university changes its mind: the code is suspended with that
    decide(
        engine, "C-1", "refuse", version=1, actor="registrar", reason="secret", supersedes=made.seq
    )
    assert told(engine, number).rule == "code-suspended"


def test_a_university_s_no_is_told_without_its_words(engine: Engine, number: str) -> None:
    to_university(engine, number)
    made = decide(engine, "C-1", "refuse", version=1, actor="registrar", reason="secret: علی")
    found = told(engine, number)
    assert (found.state, found.rule, found.since) == ("refused", "university-refused", made.at)
    assert found.instead is not None
    assert "علی" not in str(found)
    again = decide(
        engine, "C-1", "confirm", version=1, actor="r", reason="secret", supersedes=made.seq
    )
    assert told(engine, number).state == "with_university"
    approve(engine, again.seq, "approved", actor="second", reason="secret")
    code(engine, number, decision_seq=again.seq)
    assert told(engine, number).state == "issued"


def test_a_degree_that_a_decision_names_and_that_has_a_code(engine: Engine, number: str) -> None:
    code(engine, "L9", "ledger-1362")
    to_university(engine, number)
    assert told(engine, number).state == "with_university"
    made = decide(engine, "C-1", "confirm", version=1, actor="registrar", reason="secret")
    assert told(engine, number).state == "with_university"
    approve(engine, made.seq, "approved", actor="second", reason="secret")
    found = told(engine, number)
    assert (found.state, found.rule) == ("issued", "already-coded")


def test_a_case_that_was_opened_again_is_with_the_university(engine: Engine, number: str) -> None:
    to_university(engine, number)
    made = decide(engine, "C-1", "refuse", version=1, actor="registrar", reason="secret")
    assert told(engine, number).state == "refused"
    decide(engine, "C-1", "reopen", version=1, actor="r", reason="secret", supersedes=made.seq)
    found = told(engine, number)
    assert (found.state, found.rule) == ("with_university", "mismatch")


def test_what_happens_to_the_code_is_told(engine: Engine, number: str) -> None:
    first = code(engine, number)
    settle(engine, BATCH, {number: Settled("issued", "linked", "D1")}, actor="test")
    suspend(engine, first, actor="a", reason="secret")
    assert (told(engine, number).state, told(engine, number).rule) == ("issued", "code-suspended")
    reinstate(engine, first, actor="a", reason="secret")
    assert told(engine, number).rule == "linked"
    second = replace(engine, first, actor="a", reason="secret").code
    assert told(engine, number).rule == "linked"
    assert listed(engine)[0].codes == (second,)
    revoke(engine, second, actor="a", reason="secret")
    found = told(engine, number)
    assert (found.state, found.rule) == ("refused", "code-revoked")
    assert listed(engine)[0].codes == ()


def test_a_degree_with_a_code_of_another_record(engine: Engine, number: str) -> None:
    first = code(engine, "L9", "ledger-1362")
    settle(engine, BATCH, {number: Settled("issued", "already-coded", "D1")}, actor="test")
    assert (told(engine, number).state, told(engine, number).rule) == ("issued", "already-coded")
    revoke(engine, first, actor="a", reason="secret")
    assert told(engine, number).rule == "code-revoked"


def test_a_degree_that_only_the_registry_has_a_code_of(engine: Engine, number: str) -> None:
    settle(engine, BATCH, {number: Settled("issued", "already-coded", "D2")}, actor="test")
    assert (told(engine, number).state, told(engine, number).rule) == ("issued", "already-coded")


def test_reasons_of_a_row_that_cannot_be_used_are_told_in_both_languages(
    engine: Engine, number: str
) -> None:
    why = "degree: not known | مقطع ناشناخته است\nuniversity: not known | دانشگاه ناشناخته است"
    settle(engine, BATCH, {number: Settled("refused", "quarantined", why)}, actor="test")
    found = told(engine, number)
    assert (found.state, found.rule) == ("refused", "quarantined")
    assert "مقطع ناشناخته است. دانشگاه ناشناخته است." in found.words.fa
    assert "degree: not known. university: not known." in found.words.en
    assert found.instead is not None


def test_the_list_can_be_of_one_state(engine: Engine, number: str) -> None:
    assert [one.tracking_no for one in listed(engine, "linking")] == [number]
    assert listed(engine, "issued") == []
