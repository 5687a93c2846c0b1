"""A token ties a row to a case, its version and its university, and stands no change of a letter."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian.letters import to_persian_digits
from migrate.review.tokens import genuine, make, read

SECRET = "5" * 64
TOKEN = make(SECRET, "C-ABCD-EFGH-IJKL", 1, "shiraz")


def test_a_token_says_its_case_version_and_decision_and_no_number() -> None:
    assert re.fullmatch(r"C-ABCD-EFGH-IJKL-1-0-[A-Z2-7]{10}", TOKEN)
    found = read(make(SECRET, "C-ABCD-EFGH-IJKL", 12, "shiraz", after=345))
    assert found is not None
    assert (found.case_id, found.version, found.after) == ("C-ABCD-EFGH-IJKL", 12, 345)
    assert genuine(SECRET, found, "shiraz")


def test_a_token_is_of_one_store_one_university_one_case_version_and_decision() -> None:
    found = read(TOKEN)
    assert found is not None
    assert not genuine("6" * 64, found, "shiraz")
    assert not genuine(SECRET, found, "tehran")
    seal = TOKEN[-10:]
    for other in ("C-ABCD-EFGH-IJKM-1-0", "C-ABCD-EFGH-IJKL-2-0", "C-ABCD-EFGH-IJKL-1-1"):
        moved = read(f"{other}-{seal}")
        assert moved is not None
        assert not genuine(SECRET, moved, "shiraz")


@pytest.mark.parametrize(
    "text",
    [
        TOKEN.lower(),
        f"  {TOKEN}\u200f ",
        TOKEN.replace("-", "–"),
        TOKEN.replace("-", " - "),
        to_persian_digits(TOKEN),
        "\u202a" + TOKEN + "\u202c",
    ],
)
def test_what_programs_and_keyboards_make_of_a_token_is_still_that_token(text: str) -> None:
    assert read(text) == read(TOKEN)


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii", categories=["L", "N", "P"]))
def test_no_change_of_a_letter_is_genuine(at: int, letter: str) -> None:
    found = read(TOKEN[:at] + letter + TOKEN[at + 1 :])
    assert found is None or found == read(TOKEN) or not genuine(SECRET, found, "shiraz")


@given(st.text(max_size=60))
def test_any_text_is_a_token_or_none(text: str) -> None:
    found = read(text)
    assert found is None or not genuine(SECRET, found, "shiraz")
