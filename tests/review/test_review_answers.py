"""Every answer that a drop-down offers comes to a verdict that the store takes, and no other does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrate.review import words
from migrate.review.answers import MEANINGS, verdict_of
from migrate.review.cases import Case
from migrate.review.decisions import ANSWERS


def by_outcome(cases: list[Case], outcome: str) -> Case:
    return next(case for case in cases if case.outcome == outcome)


@pytest.mark.parametrize(
    ("outcome", "name", "number", "expected"),
    [
        ("mismatch", "confirm", None, ("confirm", "D1")),
        ("mismatch", "correct", None, ("correct", "D1")),
        ("mismatch", "refuse", None, ("refuse", None)),
        ("ambiguous", "choose", 2, ("choose", "D3")),
        ("ambiguous", "none", None, ("refuse", None)),
        ("degree_missing", "register_degree", None, ("new_degree", "D4")),
        ("degree_missing", "correct_degree", None, ("new_degree", "D4")),
        ("degree_missing", "same_degree", 2, ("choose", "D5")),
        ("degree_missing", "refuse_degree", None, ("refuse", None)),
        ("person_missing", "register_person", None, ("new_graduate", None)),
        ("person_missing", "correct_person", None, ("new_graduate", None)),
        ("person_missing", "refuse_person", None, ("refuse", None)),
    ],
)
def test_an_answer_comes_to_its_verdict(
    cases: list[Case], outcome: str, name: str, number: int | None, expected: tuple[str, str | None]
) -> None:
    assert verdict_of(name, number, by_outcome(cases, outcome)) == expected


def test_the_same_person_as_one_near_gets_a_new_degree(cases: list[Case]) -> None:
    near = by_outcome(cases, "ambiguous").candidates
    case = replace(by_outcome(cases, "person_missing"), candidates=near)
    assert verdict_of("same_person", 2, case) == ("new_degree", near[1].degree_id)


def test_every_choice_of_every_case_has_a_verdict_that_its_outcome_may_have(
    cases: list[Case],
) -> None:
    seen = set()
    for case in cases:
        for choice in words.decisions(case.outcome, len(case.candidates)):
            verdict, degree = verdict_of(choice.id, choice.candidate, case)
            assert verdict in ANSWERS[case.outcome]
            assert degree in (None, *(one.degree_id for one in case.candidates))
            seen.add(choice.id)
    assert seen | {"same_person"} == set(MEANINGS)


def test_an_answer_of_another_outcome_or_of_no_candidate_is_refused(cases: list[Case]) -> None:
    for case in cases:
        own = {one.id for one in words.decisions(case.outcome, len(case.candidates))}
        for name in set(MEANINGS) - own:
            with pytest.raises(ValueError, match="cannot be answered"):
                verdict_of(name, 1, case)
    several = by_outcome(cases, "ambiguous")
    for number in (None, 0, -1, 3):
        with pytest.raises(ValueError, match="no candidate"):
            verdict_of("choose", number, several)
    with pytest.raises(ValueError, match="names no candidate"):
        verdict_of("none", 1, several)
