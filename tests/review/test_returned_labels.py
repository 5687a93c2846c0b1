"""Labels come back picked, typed and mistyped: what is clear is taken, what is near is only offered."""

from __future__ import annotations

import pytest

from migrate.review import words
from migrate.review.returned_labels import Unread, read_label

MISMATCH = words.decisions("mismatch", 1)
AMBIGUOUS = words.decisions("ambiguous", 2)


@pytest.mark.parametrize("outcome", ["mismatch", "ambiguous", "degree_missing", "person_missing"])
def test_every_label_is_its_own_choice_whatever_the_keyboard(outcome: str) -> None:
    for choices, kind in (
        (words.decisions(outcome, 3), "decision"),
        (words.reasons(outcome), "reason"),
    ):
        for choice in choices:
            arabic = choice.label.replace("ی", "ي").replace("ک", "ك")
            for text in (choice.label, f"  {arabic} ", arabic.replace(" ", "\u200c"), f"{arabic}."):
                assert read_label(text, choices, kind) == choice


@pytest.mark.parametrize(
    ("text", "expected"),
    [("تأیید", "confirm"), ("تائید", "confirm"), ("رد", "refuse"), ("اصلاح", "correct")],
)
def test_the_first_words_are_enough_where_they_are_one_choice(text: str, expected: str) -> None:
    found = read_label(text, MISMATCH, "decision")
    assert not isinstance(found, Unread)
    assert found.id == expected


@pytest.mark.parametrize("digit", ["2", "۲", "٢"])
def test_a_candidate_is_chosen_by_any_digit(digit: str) -> None:
    found = read_label(f"نامزد{digit}", AMBIGUOUS, "decision")
    assert not isinstance(found, Unread)
    assert (found.id, found.candidate) == ("choose", 2)


@pytest.mark.parametrize("text", ["تأیید", "نامزد ۷", "همان شخص نزدیک ۱ است"])
def test_an_answer_of_another_case_is_told_from_one_of_none(text: str) -> None:
    assert read_label(text, AMBIGUOUS, "decision") == Unread(elsewhere=True)


@pytest.mark.parametrize(
    ("text", "near"),
    [("تاید (هر دو یک مدرک اند)", MISMATCH[0].label), ("بله", ""), ("y" * 10_000, "")],
)
def test_what_is_near_is_offered_and_never_taken(text: str, near: str) -> None:
    assert read_label(text, MISMATCH, "decision") == Unread(elsewhere=False, near=near)
