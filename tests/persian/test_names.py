"""Names: titles and spacing come and go, the person's name stays; each key folds what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian.letters import fold, key
from migrate.persian.names import Name, name_key, parse_name, skeleton_key, sound_key


def _words(words: str) -> list[str]:
    return words.split()


FIRST = _words("محمد علی حسین حسن رضا امیر احمد مهدی جواد فاطمه زهرا مریم سعید کامران پروین آرش")
COMPOUND = [("محمد", "رضا"), ("علی", "اکبر"), ("امیر", "حسین"), ("غلام", "رضا"), ("محمد", "علی")]
LAST = _words("کریمی رضایی موسوی محمدی اکبری یزدانی ثابتی ذوالفقاری طباطبایی غفاری")
ENDS = _words("زاده پور نژاد نیا وند")
TITLES = _words("آقای خانم دکتر مهندس حاج حاجی کربلایی مشهدی مرحوم سید سیده جناب‌آقای")
JOINERS = ["", " ", "\u200c", "  ", "\xa0", "ـ", "-"]
KEYS = [name_key, sound_key, skeleton_key]

joiners = st.sampled_from(JOINERS)


@given(st.sampled_from(COMPOUND), joiners)
def test_a_compound_name_is_one_name_in_every_spacing(words: tuple[str, str], joiner: str) -> None:
    written = joiner.join(words)
    name = parse_name(written)
    assert name is not None
    assert name.parts == words
    for keyed in KEYS:
        assert keyed(written) == keyed("".join(words))


@given(st.sampled_from(FIRST), st.sampled_from(ENDS), joiners)
def test_a_surname_and_its_end_are_one_part(first: str, end: str, joiner: str) -> None:
    name = parse_name(first + joiner + end)
    assert name is not None
    assert name.parts == (key(first + end),)
    assert name.titles == ()


@given(
    st.lists(st.sampled_from(TITLES), max_size=3),
    st.sampled_from(FIRST),
    st.sampled_from(LAST),
)
def test_titles_and_seyyed_come_and_go(titles: list[str], first: str, last: str) -> None:
    plain = f"{first} {last}"
    name = parse_name(" ".join([*titles, plain]))
    assert name is not None
    assert name.parts == (key(first), key(last))
    assert name.seyyed == bool({"سید", "سیده"} & set(titles))
    for keyed in KEYS:
        assert keyed(" ".join([*titles, plain])) == keyed(plain)


@given(st.sampled_from(FIRST), joiners, st.sampled_from(["سید", "سيّد"]))
def test_seyyed_is_found_apart_and_joined(first: str, joiner: str, seyyed: str) -> None:
    if first in ("کامران", "آرش", "پروین") and joiner in ("", "ـ"):
        joiner = " "
    name = parse_name(seyyed + joiner + first)
    assert name is not None
    assert (name.seyyed, name.parts) == (True, (key(first),))


@given(
    st.sampled_from(["فاطمه", "زهرا", "مریم", "پروین"]),
    joiners,
    st.sampled_from(["السادات", "سادات"]),
)
def test_sadat_is_a_suffix_and_makes_a_seyyed(first: str, joiner: str, sadat: str) -> None:
    name = parse_name(first + joiner + sadat)
    assert name is not None
    assert (name.seyyed, name.parts) == (True, (first,))
    assert name.suffix == (sadat,)


@pytest.mark.parametrize(
    "written",
    [
        *("سید", "سیدی", "سیدان", "سیدزاده", "سید زاده", "سید‌پور", "سیدین", "السادات", "سادات"),
        *("حاجی زاده", "حاجیزاده", "حاجیان", "حاجی", "مشهدی", "مشهدی زاده", "میرسادات", "استاد"),
        *("حاج حسینی", "حاج‌حسینی", "حاجحسینی", "حاجی بابایی", "مشهدی فراهانی", "حاجی حسینلو"),
        *("دکتر", "شیخ الاسلامی", "مهندسی", "شهیدی", "خانم", "مرحوم"),
    ],
)
def test_a_name_that_only_looks_like_a_title_is_a_name(written: str) -> None:
    name = parse_name(written)
    assert name is not None
    assert "".join(name.parts) == key(written)
    assert (name.titles, name.seyyed, name.suffix) == ((), False, ())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "حاج سيّد محمّد‌رضا  حسين‌زاده",
            Name("حاج سید محمد رضا حسین زاده", ("حاج",), True, ("محمد", "رضا", "حسینزاده"), ()),
        ),
        ("سیدعلی", Name("سیدعلی", (), True, ("علی",), ())),
        ("سیدهاشم", Name("سیدهاشم", (), True, ("هاشم",), ())),
        ("سیدهفاطمه", Name("سیدهفاطمه", (), True, ("فاطمه",), ())),
        ("حسینی سید رضا", Name("حسینی سید رضا", (), True, ("حسینی", "رضا"), ())),
        ("رضا سیدحسینی", Name("رضا سیدحسینی", (), True, ("رضا", "حسینی"), ())),
        ("رضا سید", Name("رضا سید", (), False, ("رضا", "سید"), ())),
        ("حاج مهدی", Name("حاج مهدی", ("حاج",), False, ("مهدی",), ())),
        ("حاج غلامعلی", Name("حاج غلامعلی", ("حاج",), False, ("غلام", "علی"), ())),
        ("مشهدی رضا", Name("مشهدی رضا", ("مشهدی",), False, ("رضا",), ())),
        ("حاج علی محمدی", Name("حاج علی محمدی", ("حاج",), False, ("علی", "محمدی"), ())),
        ("حاجعلی", Name("حاجعلی", ("حاج",), False, ("علی",), ())),
        ("عبد الله", Name("عبد الله", (), False, ("عبداله",), ())),
        ("رحمة الله", Name("رحمه الله", (), False, ("رحمتاله",), ())),
        ("حسن (مرحوم)", Name("حسن (مرحوم)", ("مرحوم",), False, ("حسن",), ())),
        ("آقای پور", Name("آقای پور", ("آقای",), False, ("پور",), ())),
        ("آقای دکتر", Name("آقای دکتر", ("آقای",), False, ("دکتر",), ())),
        ("علی الهی", Name("علی الهی", (), False, ("علی", "الهی"), ())),
        ("الهام الیاسی", Name("الهام الیاسی", (), False, ("الهام", "الیاسی"), ())),
        ("م. رضایی", Name("م. رضایی", (), False, ("م", "رضایی"), ())),
        ("Ali Rezaei", Name("Ali Rezaei", (), False, ("ali", "rezaei"), ())),
        (
            "حجت الاسلام و المسلمین علی محمدی",
            Name(
                "حجت الاسلام و المسلمین علی محمدی",
                ("حجت الاسلام", "و المسلمین"),
                False,
                ("علی", "محمدی"),
                (),
            ),
        ),
    ],
)
def test_a_name_is_taken_apart(written: str, expected: Name) -> None:
    assert parse_name(written) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علي كريمي", "علی کریمی"),
        ("آرش", "ارش"),
        ("رضائی", "رضایی"),
        ("رئوف", "ریوف"),
        ("محمدی اصل", "محمدی‌اصل"),
        ("زارع مقدم", "زارعمقدم"),
        ("حسینی تهرانی", "حسینیتهرانی"),
        ("حاج کیا", "حاج‌کیا"),
        ("عبدالله", "عبداله"),
        ("حبیب الله", "حبیب‌اله"),
        ("رحمة الله", "رحمت‌اله"),
        ("رحمه الله", "رحمت الله"),
        ("علاءالدین", "علا الدین"),
        ("فاطمة", "فاطمه"),
        ("محمدعلی زاده", "محمد علی‌زاده"),
        ("فاطمه بیگم", "فاطمه‌بیگم"),
        ("پروین دخت", "پرویندخت"),
        ("ماه منیر", "ماهمنیر"),
        ("نجف آبادی", "نجف‌آبادی"),
        ("ابو الفضل", "ابوالفضل"),
        ("سیدمحمد علی", "محمدعلی"),
    ],
)
def test_two_writings_of_one_name_have_one_key_and_one_set_of_parts(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
    first, second = parse_name(one), parse_name(other)
    assert first is not None
    assert second is not None
    assert first.parts == second.parts


@given(st.text(alphabet="ابتدرسکلمنوهیئؤأآء ", min_size=1, max_size=14))
def test_name_keys_do_not_depend_on_hamza_and_madda(text: str) -> None:
    # what a keyboard without them gives; a space is left, since spacing is another test's
    bare = text.translate(str.maketrans("ئؤأآ", "یواا", "ء"))
    for keyed in KEYS:
        assert keyed(bare) == keyed(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("صدیقه", "سدیقه"),
        ("ثریا", "صریا"),
        ("ذاکری", "زاکری"),
        ("رضا", "رزا"),
        ("ناظم", "ناذم"),
        ("طاهره", "تاهره"),
        ("قربانی", "غربانی"),
        ("حسن", "هسن"),
        ("معصومه", "ماسومه"),
        ("علی", "الی"),
        ("داوود", "داود"),
        ("رؤوف", "رئوف"),
        ("روف", "ریوف"),
        ("رضایی", "رضائی"),
        ("خواجوی", "خاجوی"),
        ("عنبری", "عمبری"),
        ("اسماعیل", "اسمعیل"),
        ("اسمعیلی", "اسماعیلی"),
        ("رحمن", "رحمان"),
        ("اسحق", "اسحاق"),
        ("موسی", "موسا"),
        ("لیلا", "لیلی"),
        ("طه", "طاها"),
        ("ابولفضل", "ابوالفضل"),
        ("طباطبائی", "تباتبایی"),
    ],
)
def test_names_that_sound_alike_have_one_sound(one: str, other: str) -> None:
    assert sound_key(one) == sound_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("حامد", "حمید"),
        ("احمد", "حامد"),
        ("ناصر", "نصر"),
        ("مهدی", "مهری"),
        ("کریمی", "کرمی"),
        ("حسن", "حسین"),
        ("زهرا", "زهره"),
        ("امیر", "امین"),
    ],
)
def test_names_that_do_not_sound_alike_have_two(one: str, other: str) -> None:
    assert sound_key(one) != sound_key(other)


@given(st.data())
def test_the_skeleton_is_blind_to_dots_and_to_nothing_else(data: st.DataObject) -> None:
    classes = [
        "بپتثنی",
        "جچحخ",
        "دذ",
        "رزژ",
        "سش",
        "صض",
        "طظ",
        "عغ",
        "فق",
        "کگ",
        "ا",
        "ل",
        "م",
        "ه",
        "و",
    ]
    chosen = data.draw(st.lists(st.sampled_from(range(len(classes))), min_size=1, max_size=6))
    # read as a word without titles or joined names: it begins with a letter of none
    one = "ژ" + "".join(data.draw(st.sampled_from(classes[n])) for n in chosen)
    two = "ژ" + "".join(data.draw(st.sampled_from(classes[n])) for n in chosen)
    other = [(n + 1) % len(classes) for n in chosen]
    three = "ژ" + "".join(classes[n][0] for n in other)
    assert len(skeleton_key(one) or "") == len(name_key(one) or "")
    if len(name_key(one) or "") == len(name_key(two) or ""):
        assert skeleton_key(one) == skeleton_key(two)
    assert skeleton_key(one) != skeleton_key(three)


@given(st.one_of(st.text(max_size=20), st.text(alphabet="سیدهحاجلمعرضازپو ء‌ـ.", max_size=16)))
def test_any_text_has_parts_or_is_blank(text: str) -> None:
    name = parse_name(text)
    if name is None:
        assert name_key(text) is sound_key(text) is skeleton_key(text) is None
        return
    assert name.text == fold(text)
    assert name.parts
    assert all(part and part == key(part) for part in name.parts)
    assert name_key(text) == "".join(name.parts)


@given(st.one_of(st.text(max_size=20), st.text(alphabet="سیدهحاجلمعرضازپو ء‌ـ.ي", max_size=16)))
def test_a_name_read_from_its_own_text_is_the_same(text: str) -> None:
    assert parse_name(fold(text)) == parse_name(text)


@given(st.sampled_from(FIRST), st.sampled_from(LAST), joiners.filter(bool))
def test_reading_parts_again_changes_nothing(first: str, last: str, joiner: str) -> None:
    name = parse_name(f"دکتر {first}{joiner}{last}")
    assert name is not None
    again = parse_name(" ".join(name.parts))
    assert again is not None
    assert again.parts == name.parts


@pytest.mark.parametrize("cell", [None, "", " ", "-", "ندارد", "نامشخص", "؟", "NULL", "\u200c"])
def test_a_blank_is_no_name(cell: str | None) -> None:
    assert parse_name(cell) is None
    assert [keyed(cell) for keyed in KEYS] == [None, None, None]


@given(
    st.sampled_from(["حسین", "کریم", "شیخ", "جهان", "حاجی", "میرزا"]),
    st.sampled_from([" زاده", " نژاد", " پور", "ی", "یان"]),
    st.sampled_from(["", " اصل", " مقدم", " تهرانی", " راد"]),
    joiners,
)
def test_a_surname_of_many_words_is_one_name_in_every_spacing(
    stem: str, end: str, added: str, joiner: str
) -> None:
    surname = parse_name(stem + end + added)
    written = parse_name((stem + end + added).replace(" ", joiner))
    assert surname is not None
    assert written is not None
    assert "".join(surname.parts) == key(stem + end + added)
    assert written.parts == surname.parts
