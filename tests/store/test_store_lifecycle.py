"""What happens to a code after it was issued: one step at a time, each with its event."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from whole_log import whole

from migrate.codes.issuing import IssuedCode, IssueRequest
from migrate.codes.ledger import TRANSITIONS
from migrate.codes.numbers import is_well_formed
from migrate.errors import InputError
from migrate.store import lifecycle
from migrate.store.codes import active_codes, codes_of_batch, issue, ledger
from migrate.store.engine import reading
from migrate.store.lookup import CodeRecord, find

FACTS = {"last_name": "محمدی", "graduation_year": "1362"}
STEPS: dict[str, Callable[..., object]] = {
    "suspended": lifecycle.suspend,
    "reinstated": lifecycle.reinstate,
    "revoked": lifecycle.revoke,
}


def issued(engine: Engine, *degrees: str, document: str = "") -> list[IssuedCode]:
    requests = [IssueRequest(one, f"L-{one}", "b", FACTS, document) for one in degrees]
    return list(issue(engine, requests, batch="b", actor="test").issued)


def record(engine: Engine, code: str) -> CodeRecord:
    with reading(engine) as connection:
        found = find(connection, code)
    assert found is not None
    return found


def test_a_code_that_was_never_issued_is_not_found(engine: Engine) -> None:
    issued(engine, "D1")
    with reading(engine) as connection:
        assert find(connection, "1" * 20) is None
        assert find(connection, "' OR '1'='1") is None


def test_a_new_code_is_active_by_the_event_that_issued_it(engine: Engine) -> None:
    (code,) = issued(engine, "D1", document="provisional")
    found = record(engine, code.code)
    assert (found.state, found.state_seq, found.event_seq) == ("active", 1, 1)
    assert (found.document_type, found.facts) == ("provisional", FACTS)
    assert (found.replaces, found.superseded_by, found.decision_seq) == (None, None, None)


def test_each_step_is_an_event_that_says_who_and_why(engine: Engine) -> None:
    (code,) = issued(engine, "D1")
    for step in ("suspended", "reinstated", "suspended", "revoked"):
        STEPS[step](engine, code.code, actor=" مریم حسینی ", reason=f" because {step} ")
        found = record(engine, code.code)
        last = ledger(engine)[-1]
        assert found.state == TRANSITIONS[step][0]
        assert found.state_seq == last.seq
        assert (last.event, last.code, last.actor) == (step, code.code, "مریم حسینی")
        assert json.loads(last.payload) == {"reason": f"because {step}"}
    assert whole(engine) == 5
    assert codes_of_batch(engine, "b") == []


def test_all_ways_of_three_steps_go_where_the_rules_lead_and_nowhere_else(engine: Engine) -> None:
    ways = list(itertools.product(STEPS, repeat=3))
    codes = issued(engine, *(f"D{n}" for n in range(len(ways))))
    for code, way in zip(codes, ways, strict=True):
        state = "active"
        for step in way:
            after, before = TRANSITIONS[step]
            if state in before:
                STEPS[step](engine, code.code, actor="a", reason="r")
                state = after
            else:
                with pytest.raises(InputError, match=f"is {state} since"):
                    STEPS[step](engine, code.code, actor="a", reason="r")
            assert record(engine, code.code).state == state
    whole(engine)


@pytest.mark.parametrize("step", STEPS.values())
def test_who_and_why_must_be_said(engine: Engine, step: Callable[..., object]) -> None:
    (code,) = issued(engine, "D1")
    for actor, reason in (("", "r"), ("a", ""), (" ", "r"), ("a", "\t")):
        with pytest.raises(InputError, match="who does it and why"):
            step(engine, code.code, actor=actor, reason=reason)
    with pytest.raises(InputError, match="no such code"):
        step(engine, "1" * 20, actor="a", reason="r")
    assert whole(engine) == 1


def test_a_suspended_code_holds_its_degree(engine: Engine) -> None:
    (code,) = issued(engine, "D1")
    lifecycle.suspend(engine, code.code, actor="a", reason="r")
    again = issue(engine, [IssueRequest("D1", "L2", "c", FACTS)], batch="c", actor="test")
    assert (again.issued, again.elsewhere) == ((), ())
    assert [one.rule for one in again.refused] == ["suspended"]
    assert code.code in again.refused[0].words
    lifecycle.reinstate(engine, code.code, actor="a", reason="r")
    assert active_codes(engine) == {"D1": code}


@pytest.mark.parametrize("suspended", [False, True])
def test_a_code_is_superseded_by_one_on_the_same_facts(engine: Engine, suspended: bool) -> None:
    (old,) = issued(engine, "D1", document="provisional")
    if suspended:
        lifecycle.suspend(engine, old.code, actor="a", reason="lost")
    new = lifecycle.replace(
        engine,
        old.code,
        actor="a",
        reason="the diploma came",
        document_type="diploma",
        record=("c", "L9"),
    )
    assert is_well_formed(new.code)
    assert new.code != old.code
    before, after = record(engine, old.code), record(engine, new.code)
    assert (before.state, before.superseded_by) == ("superseded", new.code)
    assert (after.state, after.replaces, after.document_type) == ("active", old.code, "diploma")
    assert (after.degree_id, after.facts) == ("D1", FACTS)
    assert (after.batch, after.legacy_id) == ("c", "L9")
    one, two = ledger(engine)[-2:]
    assert (one.event, one.code) == ("superseded", old.code)
    assert json.loads(one.payload) == {"reason": "the diploma came", "superseded_by": new.code}
    assert (two.event, two.code) == ("issued", new.code)
    assert json.loads(two.payload)["replaces"] == old.code
    assert active_codes(engine) == {"D1": new}
    whole(engine)
    with pytest.raises(InputError, match=f"superseded by {new.code}"):
        lifecycle.replace(engine, old.code, actor="a", reason="again")
    with pytest.raises(InputError, match="is superseded since"):
        lifecycle.revoke(engine, old.code, actor="a", reason="r")


def test_a_revoked_code_stays_revoked_and_its_degree_gets_one_other(engine: Engine) -> None:
    (old,) = issued(engine, "D1", document="diploma")
    lifecycle.revoke(engine, old.code, actor="a", reason="printed wrong")
    new = lifecycle.replace(engine, old.code, actor="a", reason="printed again")
    assert record(engine, old.code).state == "revoked"
    assert record(engine, old.code).superseded_by is None
    assert record(engine, new.code).replaces == old.code
    assert new.document_type == "diploma"
    with pytest.raises(InputError, match=f"another code by now: {new.code}"):
        lifecycle.replace(engine, old.code, actor="a", reason="and again")
    assert active_codes(engine) == {"D1": new}
    # the new one stands for the degree: issuing again finds it
    again = issue(engine, [IssueRequest("D1", "L-D1", "b", FACTS)], batch="b", actor="test")
    assert again.repeated == (new,)
    whole(engine)


def test_a_code_of_an_unknown_kind_of_document_is_refused(engine: Engine) -> None:
    (old,) = issued(engine, "D1")
    with pytest.raises(InputError, match="kind of document"):
        lifecycle.replace(engine, old.code, actor="a", reason="r", document_type="certificate")
    assert whole(engine) == 1


def test_a_record_that_proves_more_is_told_and_changes_nothing(engine: Engine) -> None:
    codes = issued(engine, "D1", document="provisional") + issued(engine, "D2", document="diploma")
    requests = [IssueRequest(one, "L2", "c", FACTS, "diploma") for one in ("D1", "D2")]
    requests.append(IssueRequest("D3", "L3", "c", FACTS, "diploma"))
    result = issue(engine, requests, batch="c", actor="test")
    assert result.outranked == (codes[0],)
    assert result.elsewhere == tuple(codes)
    assert [code.degree_id for code in result.issued] == ["D3"]
    assert record(engine, codes[0].code).document_type == "provisional"


def test_what_the_policy_does_not_allow_is_refused_one_by_one(engine: Engine) -> None:
    requests = [
        IssueRequest("D1", "L1", "b", FACTS, channel="letter", applied_on="1402-05-01"),
        IssueRequest("D2", "L2", "b", FACTS, channel="graduate", applied_on="1402-05-01"),
        IssueRequest("D3", "L3", "b", FACTS, channel="university", applied_on="1402-05-01"),
        IssueRequest("D4", "L4", "b", FACTS, channel="university", applied_on="1402-04-31"),
        # refused by its letter, so the next record of the degree gets the code
        IssueRequest("D5", "L5", "b", FACTS, channel="letter", applied_on="1402-05-01"),
        IssueRequest("D5", "L6", "b", FACTS),
    ]
    result = issue(engine, requests, batch="b", actor="test")
    assert [code.legacy_id for code in result.issued] == ["L2", "L4", "L6"]
    assert [one.request.legacy_id for one in result.refused] == ["L1", "L3", "L5"]
    assert all(one.rule and one.words for one in result.refused)
    assert whole(engine) == 3
