"""Iran System: what was typed comes back, in the order it is spoken, whatever fills its field."""

from __future__ import annotations

import iransystem
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrate.intake.readers import iran_system
from migrate.intake.readers.encoding import shares
from migrate.persian import letters

# all letters that have codes: neither ؤ nor ۀ, ة, أ, إ or a vowel mark has one
LETTERS = "ءآئابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
DIGITS = "۰۱۲۳۴۵۶۷۸۹"
WORDS = st.text(alphabet=LETTERS, min_size=1, max_size=15)
TEXTS = st.lists(
    WORDS
    | st.text(alphabet=DIGITS, min_size=1, max_size=10)
    | st.from_regex(r"\A[0-9]{1,4}([/-][0-9]{1,4}){0,2}\Z")
    | st.from_regex(r"\A[A-Za-z]{1,8}\Z"),
    min_size=1,
    max_size=5,
).map(" ".join)
PADDING = st.sampled_from([b"", b" ", b"    ", b"\x00\x00", b"\xff"])

# by hand from the published table (R. Pournader, 2000), glyphs from left to right
BYTES = [
    ("علی", "FC F3 E4"),
    ("تهران", "F6 90 A4 FA 97"),
    # lam-alef has one code
    ("سلام", "F4 F2 A8"),
    ("لاله", "F9 F3 F2"),
    # digits stand as they are read, within and without a text
    ("۱۳۶۲", "81 83 86 82"),
    ("1362/07/03", "31 33 36 32 2F 30 37 2F 30 33"),
    ("سال ۶۲", "86 82 20 F1 91 A8"),
    ("(قم)", "28 F4 EC 29"),
    # a space would join no letters; the ZWNJ itself is not stored, its forms are
    ("می‌شود", "A2 F8 AA FC F5"),
]


@pytest.mark.parametrize(("text", "stored"), BYTES)
def test_the_published_table_is_kept_to(text: str, stored: str) -> None:
    raw = bytes.fromhex(stored)
    assert iran_system.text(raw) == text
    assert text.encode("iransystem") == raw


@given(TEXTS, PADDING, PADDING)
def test_what_was_typed_comes_back_without_its_padding(
    text: str, before: bytes, after: bytes
) -> None:
    raw = text.encode("iransystem")
    found = iran_system.text(before + raw + after)
    # a ZWNJ before آ, which the package puts where no letter is joined to it; see the docs
    assert found.replace("\u200c", "") == text
    assert letters.key(found) == letters.key(text)


@given(TEXTS)
def test_a_zwnj_comes_only_between_a_letter_and_an_alef_with_madda(text: str) -> None:
    found = iran_system.text(text.encode("iransystem"))
    if "آ" not in text:
        assert found == text
    parts = found.split("\u200c")
    assert all(part.startswith("آ") for part in parts[1:])


@given(st.binary(max_size=60))
def test_any_bytes_are_read_and_what_is_read_can_be_written(raw: bytes) -> None:
    found = iran_system.text(raw)
    again = found.encode("iransystem")
    assume(again.strip(b" \x00\xff") == again)
    assert iran_system.text(again).replace("\u200c", "") == found.replace("\u200c", "")


@given(st.lists(WORDS, min_size=1, max_size=10))
def test_text_written_in_it_has_the_glyphs_of_its_letters(words: list[str]) -> None:
    assume(not any("آ" in word for word in words))
    assert iran_system.joined(word.encode("iransystem") for word in words) == 1.0


def test_text_of_other_code_pages_or_turned_round_has_not() -> None:
    names = ["علی حسینی", "محمد کریمی", "غلامحسین", "دانشگاه تهران", "مهندسی برق", "تبریز"]
    typed = [name.encode("iransystem") for name in names]
    assert iran_system.joined(typed) == 1.0
    # as a program stores it that keeps the order in which it is spoken
    assert iran_system.joined(raw[::-1] for raw in typed) < 0.2
    arabic = [name.translate(str.maketrans("یک", "يك")).encode("cp1256") for name in names]
    assert iran_system.joined(arabic) < 0.5
    assert iran_system.joined([b"1362", b"", b"   "]) == 1.0


@pytest.mark.parametrize(
    "text", ["دانشگاه تهران", "حسین زاده", "مهندسی برق", "غلامحسین کریمی نژاد", "۱۳۶۲ تبریز"]
)
@pytest.mark.parametrize("codec", ["cp1256", "iransystem"])
def test_one_name_is_enough_to_tell_the_code_page(text: str, codec: str) -> None:
    if codec == "cp1256":
        text = text.translate(str.maketrans("یک۱۲۳۶", "يك1236"))
    raw = text.encode(codec)
    counts = {byte: raw.count(byte) for byte in raw}
    found = shares(counts, ("cp1256", "iransystem"))
    assert max(found, key=lambda one: found[one][0]) == codec


@pytest.mark.parametrize("name", ["iran-system", "Iran System", "IRANSYSTEM", "iran_system"])
def test_a_profile_may_write_its_name_in_any_way(name: str) -> None:
    assert iran_system.is_name(name)
    assert not iran_system.is_name("iran-sistem")


def test_the_codec_has_no_code_for_these_letters() -> None:
    for letter in "ؤۀةأإَّ":
        with pytest.raises(UnicodeEncodeError):
            iransystem.encode(letter)
