"""Each outcome, from the records and degrees that should lead to it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from small_batch import DEGREE, RECORD, legacy, registry

from migrate.diplomas.link import OUTCOME_COLUMNS, diploma_model, link
from migrate.diplomas.outcomes import Thresholds
from migrate.diplomas.terms import CASES, NAMED, OUTCOMES
from migrate.intake.quarantine import Problem

MASTER = DEGREE | {
    "degree_id": "D2",
    "degree": "کارشناسی ارشد",
    "graduation_date": "1361-11-20",
}


def outcome_of(*records: dict[str, str], **given: Any) -> list[dict[str, Any]]:
    degrees = given.pop("degrees", (DEGREE,))
    coded = given.pop("coded", ())
    found = link(legacy(*records), registry(*degrees, coded=coded), **given)
    lines: list[dict[str, Any]] = found.outcomes.to_pylist()
    assert [line["row"] for line in lines] == list(range(2, len(records) + 2))
    assert all(line["outcome"] in OUTCOMES and line["reason"] for line in lines)
    assert all((line["degree_id"] is not None) == (line["outcome"] in NAMED) for line in lines)
    return lines


def without(record: dict[str, str], *fields: str) -> dict[str, str]:
    return {name: value for name, value in record.items() if name not in fields}


def test_a_record_under_its_old_names_is_linked() -> None:
    (line,) = outcome_of(RECORD)
    assert (line["outcome"], line["degree_id"], line["contradicts"]) == ("linked", "D1", None)
    assert float(line["probability"]) >= 0.9999


def test_of_two_degrees_of_one_person_the_right_one_is_linked() -> None:
    later = RECORD | {"degree": "فوق لیسانس", "graduation_date": "۱۳۶۱/۱۱/۲۰"}
    first, second = outcome_of(RECORD, later, degrees=(DEGREE, MASTER))
    assert (first["outcome"], first["degree_id"]) == ("linked", "D1")
    assert (second["outcome"], second["degree_id"]) == ("linked", "D2")


def test_another_degree_of_the_right_person_is_never_linked() -> None:
    (line,) = outcome_of(RECORD, degrees=(MASTER,))
    assert line["outcome"] == "degree_missing"
    assert line["reason"] == "the person is in the registry, none of their degrees is this one"


def test_a_record_that_could_be_either_degree_is_ambiguous() -> None:
    vague = without(RECORD, "degree", "graduation_date")
    (line,) = outcome_of(vague, degrees=(DEGREE, MASTER))
    assert line["outcome"] == "ambiguous"
    assert line["reason"] == "2 degrees of one person are too close to tell apart"


def test_two_people_alike_in_all_that_the_record_tells_are_ambiguous() -> None:
    other = DEGREE | {"degree_id": "D9", "person_id": "P9", "birth_cert_no": "77"}
    record = without(RECORD, "birth_cert_no")
    (line,) = outcome_of(record, degrees=(DEGREE, other))
    assert line["outcome"] == "ambiguous"
    assert line["reason"] == "2 persons are too close to tell apart"


def test_a_twin_is_told_apart_by_the_first_name() -> None:
    twin = DEGREE | {
        "degree_id": "D9",
        "person_id": "P9",
        "first_name": "علیرضا",
        "birth_cert_no": "413",
    }
    (line,) = outcome_of(RECORD, degrees=(DEGREE, twin))
    assert (line["outcome"], line["degree_id"]) == ("linked", "D1")


def test_a_twin_who_studied_along_is_not_linked_for_what_the_degree_says() -> None:
    # a twin of the record's is in the registry, with the same degree; the record's own is not
    record = RECORD | {"first_name": "محمدصادق", "birth_cert_no": ""}
    twin = DEGREE | {"person_id": "P9", "first_name": "محمدجواد"}
    (line,) = outcome_of(record, degrees=(twin,))
    assert line["outcome"] != "linked"


def test_the_twin_alone_in_the_registry_is_not_linked() -> None:
    twin = DEGREE | {"person_id": "P9", "first_name": "علیرضا", "birth_cert_no": "413"}
    (line,) = outcome_of(RECORD, degrees=(twin,))
    assert line["outcome"] in ("mismatch", "person_missing")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_cert_no", "۹۹۸۷"),
        ("birth_date", "۱۳۲۱/۱/۳۰"),
        ("father_name", "پرویز"),
        ("field_of_study", "شیمی"),
        ("graduation_date", "۱۳۴۹/۱/۳۰"),
    ],
)
def test_a_field_that_contradicts_makes_a_mismatch_and_is_named(field: str, value: str) -> None:
    (line,) = outcome_of(RECORD | {field: value})
    assert line["outcome"] == "mismatch"
    assert line["degree_id"] == "D1"
    assert line["contradicts"] == field
    assert field in line["reason"]


def test_a_missing_field_and_one_that_cannot_be_read_do_not_contradict() -> None:
    missing = without(RECORD, "father_name")
    unread = RECORD | {"birth_date": "روز عید"}
    for line in outcome_of(missing) + outcome_of(unread):
        assert line["contradicts"] is None
        assert line["outcome"] == "linked"


def test_a_branch_of_the_same_field_does_not_contradict() -> None:
    degree = DEGREE | {"field_of_study": "مهندسی برق"}
    (line,) = outcome_of(RECORD | {"field_of_study": "برق گرایش الکترونیک"}, degrees=(degree,))
    assert line["contradicts"] is None
    assert line["outcome"] == "linked"


def test_another_branch_of_the_same_university_contradicts() -> None:
    south = DEGREE | {"university": "دانشگاه آزاد اسلامی واحد تهران جنوب"}
    (same,) = outcome_of(RECORD | {"university": "دانشگاه آزاد اسلامی"}, degrees=(south,))
    assert same["outcome"] == "linked"
    other = RECORD | {"university": "دانشگاه آزاد اسلامی واحد مشهد"}
    (line,) = outcome_of(other, degrees=(south,))
    assert (line["outcome"], line["contradicts"]) == ("mismatch", "university")


def test_thin_evidence_is_not_linked_and_says_what_was_asked_for() -> None:
    (line,) = outcome_of(RECORD, thresholds=Thresholds(accept=0.9999999999))
    assert line["outcome"] == "mismatch"
    assert line["contradicts"] is None
    assert "evidence is thin" in line["reason"]


def test_a_stranger_is_person_missing() -> None:
    stranger = RECORD | {
        "first_name": "کیومرث",
        "last_name": "پورناظری",
        "father_name": "جمشید",
        "birth_cert_no": "8",
        "birth_date": "۱۳۱۲/۹/۹",
        "birth_place": "سنندج",
    }
    (line,) = outcome_of(stranger)
    assert line["outcome"] == "person_missing"


def test_a_degree_with_a_code_is_already_coded_wherever_the_code_is_known_from() -> None:
    held = DEGREE | {"validity_code": "83650912347756120987"}
    (in_registry,) = outcome_of(RECORD, degrees=(held,))
    (in_store,) = outcome_of(RECORD, coded=("D1",))
    assert in_registry["outcome"] == in_store["outcome"] == "already_coded"
    assert in_store["degree_id"] == "D1"


def test_of_two_records_that_agree_one_stands_and_one_is_its_duplicate() -> None:
    again = without(RECORD, "birth_place") | {"legacy_id": "again", "sex": "ذکور"}
    first, second = outcome_of(RECORD, again)
    assert first["outcome"] == "linked"
    assert (second["outcome"], second["degree_id"]) == ("duplicate", "D1")
    assert "L1 (row 2)" in second["reason"]


def test_a_certificate_and_a_diploma_of_one_degree_may_have_two_numbers() -> None:
    provisional = RECORD | {"document_type": "گواهینامه موقت", "diploma_no": "1234"}
    diploma = RECORD | {"document_type": "دانشنامه", "diploma_no": "98765"}
    lines = outcome_of(provisional, diploma)
    assert sorted(line["outcome"] for line in lines) == ["duplicate", "linked"]


def test_two_records_on_one_degree_that_disagree_are_both_mismatches() -> None:
    # the registry has no diploma number: neither record contradicts it, they contradict each other
    one = RECORD | {"diploma_no": "1234", "document_type": "دانشنامه"}
    other = RECORD | {"diploma_no": "98765", "document_type": "دانشنامه"}
    lines = outcome_of(one, other)
    assert [line["outcome"] for line in lines] == ["mismatch", "mismatch"]
    assert [line["contradicts"] for line in lines] == ["diploma_no", "diploma_no"]
    assert "L2 (row 3) claims the same degree" in lines[0]["reason"]


def test_names_in_each_others_place_still_find_the_person() -> None:
    swapped = RECORD | {"first_name": "حسینی", "last_name": "محمدرضا"}
    (line,) = outcome_of(swapped)
    assert (line["outcome"], line["degree_id"]) == ("linked", "D1")


def test_a_quarantined_row_keeps_its_line_and_is_not_compared() -> None:
    problem = Problem(row=2, legacy_id="L1", column="x", found=None, rule="r", reason="why | چرا")
    first, second = outcome_of(RECORD, RECORD, problems=[problem])
    assert (first["outcome"], first["legacy_id"], first["reason"]) == ("quarantined", "L1", "why")
    assert second["outcome"] == "linked"


def test_a_row_that_could_not_be_staged_has_its_line_in_the_sources_order() -> None:
    problem = Problem(row=1, legacy_id=None, column=None, found=None, rule="r", reason="broken")
    found = link(legacy(RECORD), registry(DEGREE), problems=[problem])
    lines = found.outcomes.to_pylist()
    assert [(line["row"], line["outcome"]) for line in lines] == [(1, "quarantined"), (2, "linked")]


def test_an_empty_registry_leaves_every_person_missing() -> None:
    empty = registry(DEGREE).slice(0, 0)
    found = link(legacy(RECORD, RECORD), empty)
    assert found.outcomes.column("outcome").to_pylist() == ["person_missing"] * 2
    assert found.linkage is None


def test_candidates_are_ranked_and_rivals_are_marked() -> None:
    vague = without(RECORD, "degree", "graduation_date")
    found = link(legacy(vague, RECORD), registry(DEGREE, MASTER))
    rows = found.candidates.to_pylist()
    first = [row for row in rows if row["row"] == 2]
    assert {row["degree_id"] for row in first if row["rival"]} == {"D1", "D2"}
    second = [row for row in rows if row["row"] == 3]
    assert [row["degree_id"] for row in second if row["rival"]] == ["D1"]
    for of_one in (first, second):
        assert [row["rank"] for row in of_one] == list(range(1, len(of_one) + 1))
        chances = [row["probability"] for row in of_one]
        assert chances == sorted(chances, reverse=True)
    assert second[0]["level_university"] == "exact"
    assert second[0]["level_diploma_no"] == "missing"


def test_the_outcomes_have_the_columns_that_others_rely_on() -> None:
    found = link(legacy(RECORD), registry(DEGREE))
    assert tuple(found.outcomes.column_names) == ("row", *OUTCOME_COLUMNS)
    assert all(field.type == pa.string() for field in found.outcomes.schema if field.name != "row")
    assert set(CASES) < set(OUTCOMES)


def test_the_order_of_the_registry_changes_no_outcome() -> None:
    records = (RECORD, without(RECORD, "degree", "graduation_date"), RECORD | {"sex": "زن"})
    table = registry(DEGREE, MASTER)
    turned = table.take(pa.array(range(table.num_rows - 1, -1, -1)))
    straight, other = link(legacy(*records), table), link(legacy(*records), turned)
    columns = ["row", "outcome", "degree_id", "contradicts"]
    assert (
        straight.outcomes.select(columns).to_pylist() == other.outcomes.select(columns).to_pylist()
    )


def test_the_weights_of_a_candidates_fields_add_up_to_its_two_weights() -> None:
    rows = link(legacy(RECORD), registry(DEGREE, MASTER)).candidates.to_pylist()
    person = [field.name for field in diploma_model().group_fields("person")]
    degree = [field.name for field in diploma_model().group_fields("degree")]
    for row in rows:
        of_person = sum(row[f"weight_{name}"] for name in person)
        of_degree = sum(row[f"weight_{name}"] for name in degree) + row["together_weight"]
        assert row["person_weight"] == pytest.approx(of_person, abs=0.01)
        assert row["degree_weight"] == pytest.approx(of_degree, abs=0.01)


def test_a_mismatch_on_a_coded_degree_says_so() -> None:
    (line,) = outcome_of(RECORD | {"father_name": "پرویز"}, coded=("D1",))
    assert line["outcome"] == "mismatch"
    assert line["reason"] == "one degree, but father_name contradicts it; the degree has a code"
