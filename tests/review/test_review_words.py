"""The vocabulary covers the domain, and a label is one thing only."""

from __future__ import annotations

import pytest

from migrate.diplomas.link import diploma_model
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.diplomas.terms import CASES
from migrate.review import words
from migrate.review.blocks import COLUMNS, heading


def test_every_field_people_see_has_a_name_of_its_own() -> None:
    inner = {"legacy_id", "degree_id", "person_id", "validity_code"}
    names = [name for name in {*LEGACY.names, *REGISTRY.names} if name not in inner]
    labels = {words.field_label(name) for name in names}
    assert len(labels) == len(names)
    assert not labels & set(names)


def test_every_level_of_the_linkage_model_has_words() -> None:
    known = words._words()["levels"]
    used = {level.name for field in diploma_model().fields for level in field.levels}
    assert used | {"missing", "uncomparable"} <= set(known)


def test_a_level_that_contradicts_in_the_model_never_reads_as_agreement() -> None:
    for field in diploma_model().fields:
        for level in field.levels:
            if level.contradicts:
                assert words.level(level.name).against
                assert words.level(level.name).sign == "✗"
                assert not words.level(level.name).agrees


def test_a_level_without_words_does_not_agree() -> None:
    assert not words.level("some level of tomorrow").agrees


@pytest.mark.parametrize("outcome", CASES)
def test_labels_of_a_drop_down_are_one_thing_each(outcome: str) -> None:
    for choices in (words.decisions(outcome, 5), words.reasons(outcome)):
        assert choices
        assert len({choice.label for choice in choices}) == len(choices)
        # Excel shows a list; a comma is the end of an item where lists are typed
        assert all("," not in choice.label for choice in choices)


def test_each_candidate_can_be_chosen_and_no_more() -> None:
    chosen = [one.candidate for one in words.decisions("ambiguous", 3) if one.candidate]
    assert chosen == [1, 2, 3]
    assert not [one for one in words.decisions("person_missing", 0) if one.candidate]


@pytest.mark.parametrize("outcome", CASES)
def test_the_guide_explains_every_decision(outcome: str) -> None:
    assert len(words.meanings(outcome)) == len({one.id for one in words.decisions(outcome, 1)})


def test_headings_are_distinct() -> None:
    assert len({heading(column) for column in COLUMNS}) == len(COLUMNS)


@pytest.mark.parametrize("kind", ["decision", "reason", "comment"])
def test_prompts_fit_what_excel_allows(kind: str) -> None:
    names = words.section("workbook")
    assert len(names[kind]) <= 32
    assert len(names[f"{kind}_help"]) <= 255
    assert len(names.get(f"{kind}_error", "")) <= 255
