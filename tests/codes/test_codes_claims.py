"""Claims are compared by meaning; *no* is said only where both sides are understood."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes.claims import CLAIMS, match

FACTS: dict[str, str | None] = {
    "national_id": "0012345679",
    "first_name": "محمدرضا",
    "last_name": "حسین‌زاده",
    "university": "دانشگاه صنعتی شریف",
    "field_of_study": "مهندسی برق",
    "degree": "کارشناسی",
    "graduation_year": "1355",
}


@dataclass(frozen=True)
class Record:
    state: str = "active"
    document_type: str = "diploma"
    facts: Any = field(default_factory=lambda: FACTS)
    superseded_by: str | None = None


@pytest.mark.parametrize(
    ("name", "claim", "verdict"),
    [
        ("first_name", "محمد رضا", "yes"),
        ("first_name", "سيد محمّد‌رضا", "yes"),
        ("first_name", "محمد", "no"),
        ("last_name", "حسین زاده", "yes"),
        ("last_name", "حسینی", "no"),
        ("national_id", "۰۰۱-۲۳۴۵۶۷-۹", "yes"),
        ("national_id", "12345679", "yes"),
        ("national_id", "0499370899", "no"),
        # its check digit does not fit: a slip of the hand contradicts nothing
        ("national_id", "0012345678", "cannot"),
        ("university", "دانشگاه آریامهر", "yes"),
        ("university", "صنعتی شریف", "yes"),
        ("university", "دانشگاه تهران", "no"),
        ("university", "دانشگاهی که نیست", "cannot"),
        ("field_of_study", "رشته مهندسی برق", "yes"),
        ("field_of_study", "شیمی", "no"),
        ("field_of_study", "کیمیاگری", "cannot"),
        ("degree", "لیسانس", "yes"),
        ("degree", "bachelor", "yes"),
        ("degree", "فوق لیسانس", "no"),
        ("degree", "مهندسی", "cannot"),
        ("year", "۱۳۵۵", "yes"),
        # the imperial year on papers of that time
        ("year", "2535", "yes"),
        ("year", "1356", "no"),
        ("year", "55", "cannot"),
        ("year", "1976", "cannot"),
        ("document", "دانشنامه", "yes"),
        ("document", "diploma", "yes"),
        ("document", "گواهینامه موقت", "no"),
        ("document", "کارت", "cannot"),
    ],
)
def test_a_claim_is_compared_by_what_it_means(name: str, claim: str, verdict: str) -> None:
    assert match(Record(), {name: claim}) == {name: verdict}


def test_a_branch_is_less_exact_than_nothing_else() -> None:
    whole = Record(facts={**FACTS, "university": "دانشگاه آزاد اسلامی"})
    south = Record(facts={**FACTS, "university": "دانشگاه آزاد اسلامی واحد تهران جنوب"})
    north = {"university": "دانشگاه آزاد اسلامی واحد تهران شمال"}
    assert match(whole, north) == {"university": "cannot"}
    assert match(south, {"university": "دانشگاه آزاد اسلامی"}) == {"university": "cannot"}
    assert match(south, north) == {"university": "no"}
    assert match(south, {"university": "دانشگاه آزاد اسلامی تهران جنوب"}) == {"university": "yes"}


def test_a_field_and_its_branch_do_not_contradict() -> None:
    power = Record(facts={**FACTS, "field_of_study": "مهندسی برق - قدرت"})
    assert match(power, {"field_of_study": "مهندسی برق"}) == {"field_of_study": "cannot"}
    assert match(Record(), {"field_of_study": "مهندسی برق - قدرت"}) == {"field_of_study": "cannot"}


@pytest.mark.parametrize("blank", [None, "", "  ", "-", "ندارد"])
def test_a_blank_claim_is_not_compared(blank: str | None) -> None:
    assert match(Record(), dict.fromkeys(CLAIMS, blank)) == {}


def test_what_the_registry_lacks_cannot_be_compared() -> None:
    bare = Record(document_type="", facts=dict.fromkeys(FACTS))
    claims = {name: FACTS.get(name) or "1355" for name in CLAIMS}
    assert set(match(bare, claims).values()) == {"cannot"}
    assert set(match(bare, claims)) == set(CLAIMS)


def test_other_names_are_no_claims() -> None:
    assert match(Record(), {"father_name": "رضا", "degree_id": "1"}) == {}


@given(st.dictionaries(st.sampled_from(CLAIMS), st.text(max_size=40)))
def test_no_fact_is_in_the_answer_whatever_is_claimed(claims: dict[str, str]) -> None:
    found = match(Record(), claims)
    assert set(found.values()) <= {"yes", "no", "cannot"}
    assert set(found) <= set(claims)
    said = json.dumps(found, ensure_ascii=False)
    assert not any(fact in said for fact in FACTS.values() if fact)
