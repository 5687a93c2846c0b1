"""Each outcome that a university must decide makes one case, with what it needs to decide it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

import pyarrow as pa
import pytest
from invented_batch import Tables, candidate

from migrate.errors import RunError
from migrate.review.cases import Case, build_cases, case_id


def of(cases: list[Case], legacy_id: str) -> Case:
    (found,) = [case for case in cases if case.legacy_id == legacy_id]
    return found


def test_cases_are_the_undecided_outcomes_in_the_order_of_the_source(cases: list[Case]) -> None:
    assert [(case.row, case.outcome) for case in cases] == [
        (2, "mismatch"),
        (3, "ambiguous"),
        (4, "degree_missing"),
        (5, "person_missing"),
        (7, "mismatch"),
    ]


def test_a_case_keeps_what_was_read_beside_what_it_was_taken_for(cases: list[Case]) -> None:
    case = of(cases, "L2")
    assert case.legacy["last_name"] == "كريمي"
    assert case.legacy_read["last_name"] == "کریمی"
    assert case.legacy["birth_date"] == "۳/۷/۳۶"
    assert case.legacy_read["birth_date"] == "1336-07-03"
    assert "national_id" not in case.legacy
    assert case.university_id == "shiraz"
    assert case.university == "دانشگاه شیراز"
    assert case.page_ref == "دفتر ۳ ص ۱۲"


def test_a_mismatch_carries_its_degree_alone(cases: list[Case]) -> None:
    (candidate,) = of(cases, "L2").candidates
    assert candidate.degree_id == "D1"
    assert candidate.levels["birth_date"] == "different"
    assert candidate.weights["birth_date"] == -7.25
    assert of(cases, "L2").contradicts == ("father_name", "birth_date")


def test_an_ambiguous_record_carries_its_rivals_best_first(cases: list[Case]) -> None:
    assert [one.degree_id for one in of(cases, "L3").candidates] == ["D2", "D3"]


def test_a_missing_degree_shows_every_other_degree_of_the_person(cases: list[Case]) -> None:
    # blocking proposed D4 only; D5 is of the same person
    shown = of(cases, "L4").candidates
    assert [one.degree_id for one in shown] == ["D4", "D5"]
    assert shown[1].values["degree"] == "دکتری"
    assert not shown[1].levels


def test_a_missing_person_shows_people_with_something_in_favour(tables: Tables) -> None:
    near = candidate(5, "D2", "P2", 1, rival=False)
    same = candidate(5, "D3", "P2", 2, rival=False)
    far = candidate(5, "D1", "P1", 3, rival=False) | {"person_weight": -3.0}
    candidates = pa.Table.from_pylist([near, same, far])
    outcomes = tables.outcomes.filter(pa.compute.equal(tables.outcomes["row"], 5))
    (case,) = build_cases(outcomes, candidates, tables.staged, tables.registry, batch="b1")
    assert [one.degree_id for one in case.candidates] == ["D2"]


def test_other_documents_on_the_same_degree_are_named(cases: list[Case]) -> None:
    assert of(cases, "L7").contested_by == ("L6",)
    assert of(cases, "L2").contested_by == ()


def test_a_code_does_not_travel_with_a_case(cases: list[Case]) -> None:
    assert not any("9" * 20 in case.canonical_json() for case in cases)


def test_rows_and_weights_may_come_as_text(tables: Tables, cases: list[Case]) -> None:
    at = tables.outcomes.schema.get_field_index("row")
    as_text = tables.outcomes["row"].cast(pa.string())
    outcomes = tables.outcomes.set_column(at, "row", as_text)
    built = build_cases(outcomes, tables.candidates, tables.staged, tables.registry, batch="b1")
    assert built == cases


def test_the_order_of_the_tables_does_not_matter(tables: Tables, cases: list[Case]) -> None:
    turned = Tables(
        *(
            table.take(pa.array(range(table.num_rows - 1, -1, -1)))
            for table in (tables.outcomes, tables.candidates, tables.staged, tables.registry)
        )
    )
    assert [case.digest() for case in turned.cases()] == [case.digest() for case in cases]


def test_a_row_has_the_same_case_id_in_the_same_batch_only() -> None:
    assert case_id("b1", 2, "L2") == case_id("b1", 2, "L2")
    others = {case_id("b2", 2, "L2"), case_id("b1", 3, "L2"), case_id("b1", 2, "L3")}
    assert len(others | {case_id("b1", 2, "L2")}) == 4
    assert re.fullmatch(r"C-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}", case_id("b", 1, "۱"))


def test_the_digest_is_of_the_canonical_json_and_changes_with_any_value(cases: list[Case]) -> None:
    case = cases[0]
    text = json.dumps(
        json.loads(case.canonical_json()), ensure_ascii=False, sort_keys=True,
        separators=(",", ":"),
    )  # fmt: skip
    assert case.digest() == hashlib.sha256(text.encode()).hexdigest()
    assert replace(case, version=2).digest() != case.digest()
    assert replace(case, contradicts=()).digest() != case.digest()


def test_a_case_comes_back_from_its_json(cases: list[Case]) -> None:
    case = of(cases, "L7")
    values = json.loads(case.canonical_json())
    assert replace(case, contested_by=values["contested_by"]) == case


def test_a_degree_that_the_registry_lost_is_an_error_not_an_empty_case(tables: Tables) -> None:
    registry = tables.registry.filter(pa.compute.not_equal(tables.registry["degree_id"], "D1"))
    with pytest.raises(RunError, match="not in the registry") as raised:
        build_cases(tables.outcomes, tables.candidates, tables.staged, registry, batch="b1")
    assert raised.value.found == "D1"


def test_an_outcome_without_its_staged_row_is_an_error(tables: Tables) -> None:
    with pytest.raises(RunError, match="not among the staged") as raised:
        build_cases(
            tables.outcomes, tables.candidates, tables.staged.slice(1), tables.registry, batch="b1"
        )
    assert raised.value.row == 2
