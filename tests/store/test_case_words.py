"""Words of names: found in any order, spacing and spelling; a hostile name is kept small."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from migrate.persian import letters
from migrate.store.case_words import LONGEST, alternatives, fits, words_of

WORDS = st.text("ابپتحدرزسعفقکلمنهوی", min_size=2, max_size=8)
FIRST = ("محمد", "علی", "زهرا", "غلام", "سید")


def found(search: str, first: str, last: str, **read: str) -> bool:
    words = words_of({"first_name": first, "last_name": last}, read)
    return fits(words, alternatives(search))


@given(st.lists(WORDS, min_size=2, max_size=4), st.data())
@example(["محمد", "رضا", "حسین", "زاده"], None)
def test_a_name_is_found_by_its_words_in_any_order(names: list[str], data: st.DataObject) -> None:
    first, last = names[0], " ".join(names[1:])
    drawn = data.draw if data else lambda _: list(reversed(names))
    order = drawn(st.permutations(names))
    assert found(" ".join(order), first, last)
    # as another keyboard has it, with half spaces, and not to the end
    arabic = "\u200c".join(order).translate({ord("ی"): "ي", ord("ک"): "ك"})
    assert found(arabic[:-1], first, last)
    # all in one, as it stands on paper
    assert found("".join(names), first, last)
    assert found(" ".join(names), "".join(names[:2]), " ".join(names[2:]))


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=150))
def test_no_text_breaks_it_and_what_is_kept_is_small(first: str, last: str, search: str) -> None:
    words = words_of({"first_name": first, "last_name": last}, {"first_name": last})
    assert len(words) <= 48
    for word in words:
        assert 0 < len(word) <= LONGEST
        assert letters.key(word) == word
    wanted = alternatives(search)
    assert len(wanted) <= 7
    assert all(0 < len(word) <= LONGEST for way in wanted for word in way)
    assert all(0 < len(way) <= 5 for way in wanted)
    assert bool(wanted) == bool(letters.key(search))


def test_what_is_no_letter_asks_for_nothing() -> None:
    for typed in ("", " ", "%", "_", "؟!", "\0", "\u200c", "ـ"):
        assert alternatives(typed) == []
        assert not found(typed, "علی", "کریمی")


def test_spellings_and_titles_of_paper_are_found_either_way() -> None:
    for typed in ("محمدرضا", "محمد رضا", "رضا", "رضا کریمی", "کریمی رضا", "سید محمد", "حاج محمد"):
        assert found(typed, "حاج سيد محمدرضا", "كريمي"), typed
    assert found("عبدالله", "عبد اله", "نوری")
    assert found("عبد الله نوری", "عبداله", "نوری")
    # as it was taken, where paper has it otherwise
    assert found("کریمی", "کریمی علی", "", last_name="کریمی", first_name="علی")
    assert found("گل محمدی", "علی", "گلمحمدی")
    assert not found("مدی", "علی", "محمدی")
    assert not found("علی رضا", "علی", "محمدی")
