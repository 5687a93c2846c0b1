"""Headings name fields, or an error says which would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import InputError
from migrate.intake.headings import dictionary, find_heading, map_headings, names
from migrate.intake.schema import Field, Schema
from migrate.persian import letters

SMALL = Schema(
    "small",
    "id",
    (
        Field("id", "id", required=True, headings=("شناسه",)),
        Field("first_name", "name", required=True, headings=("نام", "نام کوچک")),
        Field("university", "university", headings=("دانشگاه",)),
    ),
)


def mapped(*headings: str, **more: object) -> tuple[str | None, ...]:
    return map_headings(headings, SMALL, file="legacy.csv", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "heading",
    [
        "نام کوچک",
        "نام كوچک",
        " نام\u200cکوچک ",
        "نامکوچک",
        "نـام کوچک:",
        "first_name",
        "First Name",
    ],
)
def test_spacing_letters_and_case_of_a_heading_do_not_matter(heading: str) -> None:
    assert mapped("شناسه", heading) == ("id", "first_name")


def test_an_arabic_keyboard_has_no_gaf() -> None:
    assert mapped("شناسه", "نام", "دانشكاه") == ("id", "first_name", "university")


def test_a_heading_that_names_nothing_and_a_blank_one_are_none() -> None:
    assert mapped("شناسه", "ملاحظات", "", "نام") == ("id", None, None, "first_name")


def test_a_missing_heading_is_named_with_those_found_and_those_that_would_be_taken() -> None:
    with pytest.raises(InputError) as caught:
        mapped("شناسه", "ملاحظات")
    said = str(caught.value)
    assert "no column for first_name" in said
    assert "شناسه | ملاحظات" in said
    assert "first_name or نام or نام کوچک" in said
    assert "legacy.csv, row 1" in said


def test_all_missing_headings_are_named_at_once() -> None:
    with pytest.raises(InputError, match="no column for id, first_name"):
        mapped("ملاحظات")


def test_two_headings_of_one_field_are_refused() -> None:
    with pytest.raises(InputError, match=r"column 2 'نام' and column 3 'نام کوچک'"):
        mapped("شناسه", "نام", "نام کوچک")


def test_the_same_heading_twice_is_refused_only_where_it_names_a_field() -> None:
    with pytest.raises(InputError, match="two columns are headed as first_name"):
        mapped("شناسه", "نام", "نام")
    assert mapped("شناسه", "نام", "توضیح", "توضیح")[2:] == (None, None)


def test_a_profile_says_which_of_two() -> None:
    found = mapped("شناسه", "نام", "نام کوچک", given={"نام کوچک": "first_name"})
    assert found == ("id", None, "first_name")
    assert mapped("شناسه", "نام", "نام کوچک", ignore=["نام"]) == ("id", None, "first_name")


def test_a_heading_of_a_profile_must_be_there() -> None:
    with pytest.raises(InputError, match="maps the heading 'اسم' to first_name"):
        mapped("شناسه", "نام", given={"اسم": "first_name"})


def test_a_heading_may_stand_under_titles() -> None:
    known = dictionary(SMALL)
    assert find_heading([[], ["دفتر سال ۱۳۵۵", ""], ["شناسه", "نام"], ["1", "علی"]], known) == 2
    assert find_heading([["", ""], ["a", "b"], ["c", "d"]], known) == 1
    assert find_heading([["", " "], []], known) is None


@pytest.mark.parametrize("schema", [LEGACY, REGISTRY], ids=lambda schema: schema.name)
def test_no_heading_names_two_fields(schema: Schema) -> None:
    owners: dict[str, set[str]] = {}
    for field in schema.fields:
        for name in names(field):
            owners.setdefault(letters.key(name), set()).add(field.name)
    assert {key: fields for key, fields in owners.items() if len(fields) > 1} == {}


@given(st.permutations([name for field in LEGACY.fields for name in names(field)[1:2]]))
def test_the_order_of_columns_does_not_matter(headings: list[str]) -> None:
    found = map_headings(headings, LEGACY, file="x")
    for heading, name in zip(headings, found, strict=True):
        assert name is not None
        assert heading in LEGACY.field(name).headings
