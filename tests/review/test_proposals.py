"""What a decision proposes: values checked before they are kept, and nothing where nothing changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from invented_batch import REGISTERED

from migrate.errors import InputError
from migrate.review.cases import Case
from migrate.review.decisions import Approval, Decision, Standing
from migrate.review.learning import alias_evidence, labels_of
from migrate.review.proposals import Proposal, proposals_of, supported
from migrate.review.registry_values import as_written, checked, still_holds


def body_of(cases: list[Case], outcome: str) -> dict[str, Any]:
    return next(json.loads(one.canonical_json()) for one in cases if one.outcome == outcome)


def decision(verdict: str, degree: str | None = None, **given: Any) -> Decision:
    values = {
        "seq": 1, "case_id": "C", "case_version": 1, "actor": "a", "at": "t", "reason": "r",
        "case_digest": "", "supersedes": None, "needs_second": False, "body": "{}",
    }  # fmt: skip
    return Decision(verdict=verdict, degree_id=degree, **(values | given))


def made(
    case: dict[str, Any], verdict: str, degree: str | None = None, **corrections: Any
) -> list[Proposal]:
    return proposals_of(case, decision(verdict, degree), {"corrections": corrections})


def test_a_correction_is_one_change_a_field_with_what_stood_there(cases: list[Case]) -> None:
    case = body_of(cases, "mismatch")
    found = made(case, "correct", "D1", registry={"birth_date": "۱۳۳۶/۷/۳", "father_name": "حسن"})
    assert [(one.kind, one.field, one.old, one.new) for one in found] == [
        ("change", "father_name", REGISTERED["father_name"], "حسن"),
        ("change", "birth_date", REGISTERED["birth_date"], "1336-07-03"),
    ]
    assert {(one.degree_id, one.person_id) for one in found} == {("D1", "P1")}


def test_what_says_nothing_new_proposes_nothing(cases: list[Case]) -> None:
    case = body_of(cases, "mismatch")
    for verdict in ("confirm", "refuse", "correct"):
        assert made(case, verdict, "D1") == []
    same = {"sex": "مرد", "university": "پهلوی", "birth_date": "۱۳۳۸/۷/۳", "last_name": "كريمي "}
    assert made(case, "correct", "D1", registry=same) == []
    assert made(case, "correct", "D1", record={"father_name": "حسین"}, registry={"sex": " "}) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("national_id", "0084575949", "not a national ID"),
        ("national_id", "84575948", "not a national ID"),
        ("birth_date", "1957-09-25", "Solar Hijri"),
        ("birth_date", "3/7/36", "Solar Hijri"),
        ("birth_date", "1336-13-01", "Solar Hijri"),
        ("university", "دانشگاه ناکجا", "does not know this name"),
        ("degree", "چیز", "does not know this name"),
        ("sex", "xyz", "cannot be read"),
        ("degree_id", "D9", "cannot be corrected"),
        ("validity_code", "1" * 20, "cannot be corrected"),
        ("shoe_size", "42", "cannot be corrected"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_by_name(
    cases: list[Case], name: str, value: str, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        made(body_of(cases, "mismatch"), "correct", "D1", registry={name: value})
    assert refused.value.column == name


def test_a_new_degree_is_of_its_person_as_the_registry_has_it(cases: list[Case]) -> None:
    case = body_of(cases, "degree_missing")
    first = case["candidates"][0]
    (found,) = made(case, "new_degree", first["degree_id"], record={"field_of_study": "فیزیک"})
    assert (found.kind, found.person_id) == ("degree", first["person_id"])
    assert found.row is not None
    assert "degree_id" not in found.row
    assert (found.row["father_name"], found.row["sex"]) == (REGISTERED["father_name"], "مرد")
    assert (found.row["field_of_study"], found.row["degree"]) == ("فیزیک", "کارشناسی")
    # separators that comparing drops are kept for the registry
    assert found.row["diploma_no"] == "45/123"


def test_a_new_graduate_is_of_the_record_as_corrected(cases: list[Case]) -> None:
    case = body_of(cases, "person_missing")
    graduate, degree = made(case, "new_graduate", record={"first_name": "رضا"})
    assert (graduate.kind, degree.kind) == ("graduate", "degree")
    assert graduate.row is not None
    assert degree.row is not None
    assert graduate.row.items() <= degree.row.items()
    assert degree.row["first_name"] == "رضا"
    assert {graduate.person_id, degree.person_id, degree.degree_id} == {None}


def test_whose_a_new_degree_is_must_be_told(cases: list[Case]) -> None:
    case = body_of(cases, "person_missing") | {"candidates": []}
    with pytest.raises(InputError, match="whose this new degree is"):
        made(case, "new_degree")


APPROVED = Approval(1, "approved", "b", "t", "r")


@pytest.mark.parametrize(
    ("verdict", "body", "proposed", "applied", "degree"),
    [
        ("confirm", {}, 0, [], "D1"),
        ("confirm", {}, 1, [], None),
        ("confirm", {}, 1, ["D1"], "D1"),
        ("correct", {}, 0, [], None),
        ("correct", {"corrections": {"record": {"sex": "زن"}}}, 0, [], "D1"),
        ("correct", {}, 2, ["D1"], None),
        ("correct", {}, 2, ["D1", "D1"], "D1"),
        ("new_degree", {}, 1, ["D9"], "D9"),
        ("new_degree", {}, 1, [], None),
        ("new_graduate", {}, 2, ["D9", "D9"], "D9"),
        ("refuse", {}, 0, [], None),
    ],
)
def test_a_code_waits_until_the_registry_has_what_was_decided(
    verdict: str, body: dict[str, Any], proposed: int, applied: list[str], degree: str | None
) -> None:
    waits = decision(verdict, "D1", needs_second=True)
    assert supported(Standing(waits, APPROVED), body, proposed, applied) == degree
    assert supported(Standing(waits), body, proposed, applied) is None


def test_values_keep_what_the_registry_would_lose() -> None:
    assert checked("first_name", "محمد‌رضا") == "محمد\u200cرضا"
    assert checked("birth_cert_no", "۰۱۲۳") == "123"
    assert as_written("birth_date", "پاییز ۴۱", "1341-07-01/1341-09-30") is None
    assert still_holds("last_name", "كریمی", "کریمی")
    assert not still_holds("last_name", "کریمی", "کرمی")
    assert not still_holds("father_name", None, "حسن")
    assert still_holds("father_name", " ", None)


def test_decisions_that_count_are_labels_and_others_are_none(cases: list[Case]) -> None:
    case = body_of(cases, "ambiguous")
    ids = [one["degree_id"] for one in case["candidates"]]

    def labels(made: Decision, approval: Approval | None = None) -> dict[str, str]:
        found = labels_of([(case, Standing(made, approval))])
        assert {one.left_id for one in found} <= {case["legacy_id"]}
        return {one.right_id: one.label for one in found}

    chosen = {one: "match" if one == ids[1] else "no match" for one in ids}
    assert labels(decision("choose", ids[1])) == chosen
    assert labels(decision("refuse")) == dict.fromkeys(ids, "no match")
    assert labels(decision("new_graduate", needs_second=True), APPROVED) == dict.fromkeys(
        ids, "no match"
    )
    assert labels(decision("choose", ids[1], needs_second=True)) == {}
    assert labels(decision("reopen")) == {}
    assert labels(decision("refuse", body='{"reason": "not_found"}')) == {}


def test_a_name_that_no_list_knows_is_proposed_by_the_decisions_that_agree(
    cases: list[Case],
) -> None:
    case = body_of(cases, "mismatch")
    name = "مدرسه عالی نو"
    case["legacy"]["university"] = name
    here = (case, Standing(decision("confirm", "D1")))
    assert alias_evidence([here]) == []
    (found,) = alias_evidence([here, here])
    assert (found.kind, found.text, dict(found.targets)) == ("university", name, {"shiraz": 2})
    assert found.agrees
    other = json.loads(json.dumps(case))
    other["candidates"][0]["values"]["university"] = "دانشگاه تهران"
    (found,) = alias_evidence([here, here, (other, here[1])])
    assert (dict(found.targets), found.agrees) == ({"shiraz": 2, "tehran": 1}, False)
    # what was keyed wrong is no name of the university
    keyed = decision("correct", "D1", body='{"corrections": {"record": {"university": "شیراز"}}}')
    assert alias_evidence([(case, Standing(keyed))], least=1) == []
    assert alias_evidence([(case, Standing(decision("refuse")))], least=1) == []
