"""A code in the place of another, on a corrected registry: somebody answers for each fact."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from at_once import at_once
from audited_store import make_keys
from sqlalchemy import Engine
from test_registry_apply import Room
from whole_log import whole

from migrate.codes import verifier
from migrate.codes.issuing import IssuedCode, IssueRequest, sha256_text
from migrate.errors import InputError, RunError
from migrate.review.registry_values import canonical_row
from migrate.store import heads, lifecycle, log_keys
from migrate.store.audit import verify
from migrate.store.batches import begin
from migrate.store.bundles import write_code
from migrate.store.codes import active_codes, issue, ledger
from migrate.store.decisions import decide
from migrate.store.engine import reading
from migrate.store.lookup import CodeRecord, find
from migrate.store.registry_apply_codes import outdated
from migrate.store.replacing import RegistryFacts
from migrate.store.standing import decision

NAMES = ("national_id", "first_name", "last_name", "university", "field_of_study", "degree")
NEW_ID, NEW_NAME = "0012345679", "کریمیان"
BY = {"actor": "Z. Karimi", "reason": "the registry was corrected"}


class Office(Room):
    """A room with a code on what the registry said of D1, for a record that was linked."""

    def __init__(self, engine: Engine, address: str, folder: Path) -> None:
        super().__init__(engine, address, folder)
        self.make()
        begin(engine, "b", "1" * 64)
        self.code = self.issue().issued[0].code

    def facts(self) -> dict[str, str | None]:
        row = canonical_row(self.rows()["D1"])
        year = (row["graduation_date"] or "")[:4]
        return {name: row[name] for name in NAMES} | {"graduation_year": year}

    def issue(self, legacy_id: str = "linked", **more: Any) -> Any:
        asked = IssueRequest("D1", legacy_id, "b", self.facts(), **more)
        return issue(self.engine, [asked], batch="b", actor="test")

    def said(self, *accepted: str) -> RegistryFacts:
        return RegistryFacts("D1", self.facts(), "sqlite:///r#degrees", frozenset(accepted))

    def replace(self, *accepted: str, code: str = "", **more: Any) -> IssuedCode:
        given = {"registry": self.said(*accepted)} | BY | more
        return lifecycle.replace(self.engine, code or self.code, **given)

    def correct_and_apply(self, **registry: str) -> int:
        seq = self.correct("D1", **registry)
        assert self.apply(self.export(f"set-{seq}.csv")).done
        return seq

    def by_hand(self, **values: str) -> None:
        for name, value in values.items():
            self.run(f"UPDATE degrees SET {name} = '{value}' WHERE degree_id = 'D1'")

    def found(self, code: str) -> CodeRecord:
        with reading(self.engine) as connection:
            found = find(connection, code)
        assert found is not None
        return found

    def state(self, code: str = "") -> str:
        return self.found(code or self.code).state

    def reopen(self, case_id: str, seq: int) -> int:
        again = {"version": 1, "actor": "clerk", "reason": "a slip", "supersedes": seq}
        return decide(self.engine, case_id, "reopen", **again).seq  # type: ignore[arg-type]

    def origin(self, code: str) -> Any:
        payload = json.loads(ledger(self.engine)[self.found(code).event_seq - 1].payload)
        assert payload["facts_sha256"] == sha256_text(
            json.dumps(
                self.found(code).facts,
                ensure_ascii=False,
                sort_keys=True,
                separators=(",", ":"),
            )
        )
        return payload["facts_from"]

    def changed(self) -> dict[str, tuple[str | None, str | None, int | None]]:
        found = lifecycle.changes(self.engine, self.code, self.said())
        return {one.name: (one.old, one.new, one.decision) for one in found}

    def clean(self) -> None:
        result = verify(self.engine)
        told = [line for line in result.warnings if "no head is signed" not in line]
        assert (result.findings, told) == ((), [])


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[Office]:
    made = Office(engine, f"sqlite:///{tmp_path / 'registry.sqlite'}", tmp_path)
    yield made
    made.registry.dispose()


def test_a_new_code_stands_for_what_was_decided_and_applied(office: Office) -> None:
    before = office.facts()
    seq = office.correct_and_apply(national_id=NEW_ID, last_name=NEW_NAME)
    assert office.changed() == {
        "last_name": ("کریمی", NEW_NAME, seq),
        "national_id": ("0084575948", NEW_ID, seq),
    }
    new = office.replace()
    found, old = office.found(new.code), office.found(office.code)
    assert found.facts == before | {"national_id": NEW_ID, "last_name": NEW_NAME}
    assert (old.state, old.superseded_by, old.facts) == ("superseded", new.code, before)
    assert (found.batch, found.legacy_id, found.replaces) == ("b", "linked", office.code)
    # it falls with the decision that its facts rest on
    assert found.decision_seq == seq
    with reading(office.engine) as connection:
        made = decision(connection, seq)
    assert made is not None
    rests = {"decision": seq, "decision_sha256": made.digest()}
    assert office.origin(new.code) == {
        "changed": {"national_id": rests, "last_name": rests},
        "registry_sha256": sha256_text("sqlite:///r#degrees"),
    }
    office.clean()
    # the same again: nothing changed since
    assert office.changed()
    with pytest.raises(InputError, match=f"superseded by {new.code}"):
        office.replace()
    with pytest.raises(InputError, match="nothing to replace it for"):
        office.replace(code=new.code)
    assert office.issue().repeated == (new,)
    office.reopen("C1", seq)
    assert office.state(new.code) == "suspended"
    whole(office.engine)


def test_a_batch_that_asks_by_its_old_snapshot_finds_the_new_code(office: Office) -> None:
    """Another record's case corrected the degree: the batch of the linked one may issue on."""
    asked = IssueRequest("D1", "linked", "b", office.facts())
    office.correct_and_apply(national_id=NEW_ID, last_name=NEW_NAME)
    new = office.replace()
    given = {"batch": "b", "actor": "test"}
    assert issue(office.engine, [asked], **given).repeated == (new,)  # type: ignore[arg-type]
    facts = office.facts() | {"national_id": "0064247201"}
    with pytest.raises(RunError, match="is not the one"):
        issue(office.engine, [IssueRequest("D1", "linked", "b", facts)], **given)  # type: ignore[arg-type]


def test_without_a_registry_the_facts_are_the_old_ones(office: Office) -> None:
    before = office.facts()
    office.correct_and_apply(last_name=NEW_NAME)
    new = lifecycle.replace(office.engine, office.code, **BY)
    assert office.found(new.code).facts == before
    event = json.loads(ledger(office.engine)[-1].payload)
    assert "facts_from" not in event
    office.clean()


def test_a_fact_that_nobody_decided_is_refused_until_somebody_answers_for_it(
    office: Office,
) -> None:
    office.correct_and_apply(last_name=NEW_NAME)
    office.by_hand(national_id=NEW_ID, graduation_date="1359-06-31")
    before = len(ledger(office.engine))
    with pytest.raises(InputError, match=r"no approved decision .*\(found: national_id\)") as told:
        office.replace()
    assert "--accept national_id" in str(told.value)
    # what is told may be kept in a log
    assert not [word for word in (NEW_ID, NEW_NAME, "0084575948") if word in str(told.value)]
    with pytest.raises(InputError, match="has university as code"):
        office.replace("national_id", "university")
    with pytest.raises(InputError, match="found: national_id"):
        lifecycle.check_replace(office.engine, office.code, registry=office.said(), **BY)
    lifecycle.check_replace(office.engine, office.code, registry=office.said("national_id"), **BY)
    assert (len(ledger(office.engine)), office.state()) == (before, "active")
    new = office.replace("national_id")
    changed = office.origin(new.code)["changed"]
    # the year tells no degree from another
    assert (changed["national_id"], changed["graduation_year"]) == ("accepted", "shown")
    assert changed["last_name"]["decision"] == 1
    office.clean()


def test_another_person_or_degree_under_the_same_id_needs_a_decision(office: Office) -> None:
    person = {"national_id": NEW_ID, "first_name": "زهرا", "last_name": NEW_NAME}
    office.by_hand(**person)
    with pytest.raises(InputError, match="nothing is left of who holds the degree"):
        office.replace(*person)
    office.by_hand(first_name="محمد\u200cرضا")
    degree = {"university": "دانشگاه تهران", "field_of_study": "شیمی", "degree": "دکتری"}
    office.by_hand(**degree)
    with pytest.raises(InputError, match="nothing is left of what degree it is"):
        office.replace("national_id", "last_name", *degree)
    assert office.state() == "active"


def test_a_university_and_a_second_person_may_say_that_it_is_another_person(
    office: Office,
) -> None:
    office.correct_and_apply(national_id=NEW_ID, first_name="زهرا", last_name=NEW_NAME)
    new = office.replace()
    assert office.found(new.code).facts["first_name"] == "زهرا"
    office.clean()


Spoil = Callable[[Office, int], None]
SPOILT: dict[str, Spoil] = {
    "its decision fell": lambda office, seq: (office.reopen("C1", seq), None)[1],
    "the registry was changed again": lambda office, _: office.by_hand(last_name="کرمانی"),
    "a later decision was undone by hand": lambda office, _: (
        office.correct_and_apply(last_name="کرمانی"),
        office.by_hand(last_name=NEW_NAME),
    )[1],
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_was_applied_once_answers_for_nothing_else(office: Office, how: str) -> None:
    seq = office.correct_and_apply(last_name=NEW_NAME)
    SPOILT[how](office, seq)
    assert office.changed()["last_name"][2] is None
    with pytest.raises(InputError, match="found: last_name"):
        office.replace()


def test_a_change_that_waits_to_be_applied_answers_for_nothing(office: Office) -> None:
    office.correct("D1", last_name=NEW_NAME)
    office.by_hand(last_name=NEW_NAME)
    with pytest.raises(InputError, match="found: last_name"):
        office.replace()
    # the owner made it by hand: applied all the same, it is noted
    assert office.apply(office.export()).count("held") == 1
    assert office.replace().code


def test_nothing_changed_but_the_document(office: Office) -> None:
    with pytest.raises(InputError, match="leave --registry out"):
        office.replace()
    new = office.replace(document_type="diploma", record=("b", "another"))
    assert office.origin(new.code)["changed"] == {}
    assert office.found(new.code).document_type == "diploma"
    office.clean()


def test_facts_of_another_degree_are_refused(office: Office) -> None:
    with pytest.raises(InputError, match="not facts of degree D1"):
        office.replace(registry=RegistryFacts("D2", office.facts(), "r"))


def test_a_revoked_code_gets_another_beside_it_on_the_new_facts(office: Office) -> None:
    lifecycle.revoke(office.engine, office.code, **BY)
    office.correct_and_apply(national_id=NEW_ID)
    new = office.replace()
    assert (office.state(), office.state(new.code)) == ("revoked", "active")
    assert office.found(new.code).facts["national_id"] == NEW_ID
    office.clean()


def test_a_record_in_doubt_gets_no_new_code_before_it_is_decided(office: Office) -> None:
    """The code of a record with a case rests on what stands on that case, and on nothing else."""
    case = office.case("mismatch", "D1")
    code = office.code
    given = {"record": ("b", "L1")} | BY
    with pytest.raises(InputError, match=f"case {case}, .*: it is not decided"):
        lifecycle.replace(office.engine, code, **given)
    made = office.decide(case, "correct", "D1", national_id=NEW_ID)
    with pytest.raises(InputError, match="supports no code"):
        lifecycle.replace(office.engine, code, **given)
    assert office.apply(office.export()).done
    new = office.replace(code=code, **given)
    assert office.found(new.code).decision_seq == made
    office.clean()
    made = office.reopen(case, made)
    assert office.state(new.code) == "suspended"
    with pytest.raises(InputError, match="supports no code"):
        lifecycle.replace(office.engine, new.code, **BY)
    decide(
        office.engine, case, "refuse", version=1, supersedes=made, actor="clerk", reason="forged"
    )
    with pytest.raises(InputError, match="supports no code"):
        lifecycle.replace(office.engine, new.code, **BY)


def test_a_decision_that_fell_carries_no_second_code_of_another_record(office: Office) -> None:
    seq = office.correct_and_apply(last_name=NEW_NAME)
    new = office.replace()
    office.reopen("C1", seq)
    with pytest.raises(InputError, match=f"decision {seq} was superseded by decision {seq + 1}"):
        lifecycle.replace(office.engine, new.code, **BY)


def test_codes_that_the_registry_left_behind_are_told_by_name_of_fact(office: Office) -> None:
    assert outdated(office.engine, {"D1": office.facts(), "D2": office.facts()}) == []
    office.correct_and_apply(national_id=NEW_ID, graduation_date="1360-01-01")
    (found,) = outdated(office.engine, {"D1": office.facts()})
    assert (found.code, found.degree_id, found.state) == (office.code, "D1", "active")
    assert found.facts == ("graduation_year", "national_id")
    lifecycle.suspend(office.engine, office.code, **BY)
    assert [one.state for one in outdated(office.engine, {"D1": office.facts()})] == ["suspended"]
    office.replace()
    assert outdated(office.engine, {"D1": office.facts()}) == []


def test_the_holder_of_a_replaced_code_can_check_it(office: Office, tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    log_keys.add_first_key(office.engine, keys.first, actor="A", reason="ceremony")
    office.correct_and_apply(last_name=NEW_NAME)
    new = office.replace()
    heads.sign(office.engine, keys.first)
    for code in (office.code, new.code):
        stream = io.StringIO(newline="\n")
        write_code(office.engine, code, stream, disclose=True)
        lines = io.StringIO(stream.getvalue(), newline="\n")
        said = verifier.verify(lines, [keys.first.public.text()], [])
        assert any(NEW_NAME in line for line in said) is (code == new.code)


def test_two_who_replace_and_one_who_issues_leave_one_code(office: Office) -> None:
    office.correct_and_apply(last_name=NEW_NAME)
    replaced = [office.replace, lambda: office.replace()]
    one, other, _ = at_once(*replaced, office.issue)
    made = [came for came in (one, other) if isinstance(came, IssuedCode)]
    refused = [came for came in (one, other) if isinstance(came, InputError)]
    assert (len(made), len(refused)) == (1, 1)
    assert active_codes(office.engine) == {"D1": made[0]}
    office.clean()


def test_a_code_never_stands_on_a_decision_that_falls_at_the_same_moment(office: Office) -> None:
    for turn in range(4):
        seq = office.correct_and_apply(last_name=("کریمیان", "کرمانی")[turn % 2])
        code = office.code
        made, fell = at_once(
            lambda code=code: office.replace(code=code),
            lambda seq=seq: office.reopen(f"C{office.made}", seq),
        )
        assert isinstance(fell, int)
        if isinstance(made, IssuedCode):
            assert office.state(made.code) == "suspended"
            office.code = made.code
        else:
            assert isinstance(made, InputError)
            assert office.state(code) in ("active", "suspended")
    assert verify(office.engine).findings == ()
