"""Damaged text: recognised by what it is, offered with an example, and repaired only when told to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.mojibake import REPAIRS, Suspicion, damaged, offer, repair
from migrate.intake.sources import check_source, open_source, read_source
from migrate.intake.staging import stage

PERSIAN = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئءؤۀيك"
NAMES = st.text(alphabet=PERSIAN + " \u200c", min_size=1, max_size=30)
# as Windows-1256 can write it
ARABIC = st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنوهي ", min_size=1, max_size=30)

# worked out by hand from the tables of the code pages: ع is D8 B9 in UTF-8, ل D9 84, ی DB 8C
KNOWN = [
    ("utf-8-as-1256", "علی", "ط¹ظ„غŒ"),
    ("utf-8-as-1252", "علی", "Ø¹Ù„ÛŒ"),
    # ف ends in 81, for which Windows-1252 has no letter
    ("utf-8-as-1252", "شریف", "Ø´Ø±ÛŒÙ\x81"),
    # C3 98 C2 B9: ع a second time
    ("utf-8-as-1252-twice", "عع", "Ã˜Â¹Ã˜Â¹"),
    ("utf-8-as-1256-twice", "عع", "ط·آ¹ط·آ¹"),
    # DA E1 ED
    ("1256-as-1252", "علي", "Úáí"),
    # FC F3 E4, glyphs from left to right
    ("iran-system-as-1252", "علی", "üóä"),
]


@pytest.mark.parametrize(("name", "sound", "text"), KNOWN)
def test_a_damage_is_known_both_ways(name: str, sound: str, text: str) -> None:
    assert damaged(sound, name) == text
    assert repair(text, name) == sound
    suspicion = Suspicion()
    suspicion.add([text])
    assert dict(suspicion.fitting) == {name: 1}


@given(NAMES)
def test_what_is_damaged_and_repaired_is_what_it_was(text: str) -> None:
    for name, one in REPAIRS.items():
        spoiled = damaged(text, name)
        if spoiled is not None and one.sure and not text.isspace() and text.strip("\u200c "):
            assert repair(spoiled, name) == text


@given(ARABIC)
def test_text_of_windows_1256_comes_back(text: str) -> None:
    spoiled = damaged(text, "1256-as-1252")
    assert spoiled is not None
    assert repair(spoiled, "1256-as-1252") == text


@given(st.text(alphabet=PERSIAN + "0123456789۰۱۲۳/()-. \u200c", max_size=30))
def test_sound_persian_is_left_as_it_is(text: str) -> None:
    # of two letters: عک, which no word is, is ژ as well; see docs/intake/databases.md
    if not any(pair in text for pair in ("ک", "گ", "چ", "پ", "ژ", "ئ", "ء")):
        for name in REPAIRS:
            assert repair(text, name) == text


@pytest.mark.parametrize(
    "text",
    [
        "José",
        "Müller",
        "Øst",
        "naïve café",
        "£5",
        "50°",
        "عکس",
        "چک",
        "طپش",
        "عگ",
        "پژوهش",
        "«علی»",
    ],
)
def test_sound_text_is_no_suspicion(text: str) -> None:
    suspicion = Suspicion()
    suspicion.add([text])
    assert suspicion.notes == ()


def test_the_offer_shows_an_example_and_what_to_write() -> None:
    suspicion = Suspicion()
    suspicion.add(["ط¹ظ„غŒ", "رضا", "abc", None, ""])
    (note,) = suspicion.notes
    assert "1 of 2 texts" in note
    assert "'ط¹ظ„غŒ' would be 'علی'" in note
    assert "repair: utf-8-as-1256" in note


def test_letters_that_are_gone_are_told_and_nothing_is_offered() -> None:
    suspicion = Suspicion()
    suspicion.add(["???? ???", "عل\ufffd", "what?", "علی؟"])
    (note,) = suspicion.notes
    assert note.startswith("2 text(s)")
    assert "repair" not in note


def test_what_fits_less_than_half_of_the_headings_is_no_offer() -> None:
    assert offer(["Ù†Ø§Ù…", "Ø¯Ø§Ù†Ø´Ú¯Ø§Ù‡", "x"]) == "utf-8-as-1252"
    assert offer(["Ù†Ø§Ù…", "نام", "دانشگاه"]) is None
    assert offer(["نام", "x"]) is None


TABLE = """\
ردیف,کد,نام,نام خانوادگی,دانشگاه
1,K-9,علی,حسین‌زاده,دانشگاه تهران
2,K-8,مینا,کریمی,دانشگاه شیراز
"""


def ledger(path: Path, name: str, text: str = TABLE) -> Path:
    """A table, each cell of which has a damage."""
    lines = (
        ",".join(damaged(cell, name) or cell for cell in line.split(","))
        for line in text.splitlines()
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def profile(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [name for name, one in REPAIRS.items() if one.sure])
def test_a_damaged_source_is_refused_with_an_offer_and_read_when_it_is_taken(
    tmp_path: Path, name: str
) -> None:
    path = ledger(tmp_path / "legacy.csv", name)
    headings = "headings: {کد: legacy_id}\n"
    with pytest.raises(InputError, match=f"repair: {name}") as caught:
        check_source(path, LEGACY)
    assert "\n" not in str(caught.value)
    source = read_source(path, LEGACY, profile=profile(tmp_path, f"{headings}repair: {name}\n"))
    staged = stage(source.table, LEGACY)
    assert staged.column("legacy_id").to_pylist() == ["K-9", "K-8"]
    assert staged.column("raw_last_name").to_pylist() == ["حسین‌زاده", "کریمی"]
    assert staged.column("university_id").null_count == 0
    assert any("were repaired as the source profile says" in n for n in source.findings.notes)


def test_damaged_values_under_sound_headings_are_offered_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    spoiled = [damaged(text, "utf-8-as-1252") for text in ("علی", "کریمی", "دانشگاه تهران")]
    path.write_text(
        "legacy_id,first_name,last_name,university\n1," + ",".join(map(str, spoiled)) + "\n",
        encoding="utf-8",
    )
    source = read_source(path, LEGACY)
    assert source.table.column("raw_last_name").to_pylist() == [spoiled[1]]
    (note,) = source.findings.notes
    assert "repair: utf-8-as-1252" in note


def test_only_the_texts_that_have_the_damage_are_changed(tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    path.write_text(
        "legacy_id,first_name,last_name,university\n"
        "1,ط¹ظ„غŒ,کریمی,x\n2,مینا,José,x\n3,ط¹ظ„غŒ,رضایی,x\n",
        encoding="utf-8",
    )
    source = open_source(path, LEGACY, profile=profile(tmp_path, "repair: utf-8-as-1256\n"))
    rows = [row for batch in source.batches(size=2) for row in batch.table.to_pylist()]
    assert [row["raw_first_name"] for row in rows] == ["علی", "مینا", "علی"]
    assert [row["raw_last_name"] for row in rows] == ["کریمی", "José", "رضایی"]
    (note,) = source.notes
    assert note.startswith("2 of 6 texts beyond ASCII were UTF-8 that was read as Windows-1256")
    assert "'ط¹ظ„غŒ' became 'علی'" in note


def test_a_repair_that_no_text_needs_is_told(tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    path.write_text("legacy_id,first_name,last_name,university\n1,علی,کریمی,x\n", encoding="utf-8")
    source = read_source(path, LEGACY, profile=profile(tmp_path, "repair: utf-8-as-1256\n"))
    assert "none was, none was changed" in source.findings.notes[0]


def test_a_text_table_in_iran_system_is_read_when_a_profile_says_so(tmp_path: Path) -> None:
    # the last byte of تاریخ is a blank of Latin-1, that of ۱۳۴۵ a line end of it
    rows = [
        ("شناسه", "نام", "نام خانوادگی", "دانشگاه", "تاریخ تولد"),
        ("1", "علی", "تاریخ", "دانشگاه تهران", "۱۳۴۵"),
        ("2", "سلام", "خواجه", "دانشگاه (تبریز)", "۵ مهر ۱۳۴۵"),
    ]
    path = tmp_path / "dos.txt"
    path.write_bytes(
        b"\r\n".join(b",".join(cell.encode("iransystem") for cell in row) for row in rows)
    )
    with pytest.raises(InputError, match="Iran System") as caught:
        check_source(path, LEGACY)
    assert "encoding: latin-1, and repair: iran-system-as-1252" in str(caught.value)
    given = profile(tmp_path, "encoding: latin-1\nrepair: iran-system-as-1252\n")
    found = read_source(path, LEGACY, profile=given).table
    names = ("legacy_id", "first_name", "last_name", "university", "birth_date")
    assert (
        list(zip(*(found.column(f"raw_{name}").to_pylist() for name in names), strict=True))
        == (rows[1:])
    )


def test_an_unknown_repair_is_refused_by_the_profile_s_schema(tmp_path: Path) -> None:
    path = ledger(tmp_path / "legacy.csv", "utf-8-as-1256")
    with pytest.raises(InputError, match="repair"):
        check_source(path, LEGACY, profile=profile(tmp_path, "repair: utf-8\n"))
