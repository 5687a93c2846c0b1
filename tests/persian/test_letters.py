"""Letters: one spelling for people, one key for comparing, whatever the keyboard was."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian.letters import digits, fold, is_blank, key, to_persian_digits

PERSIAN = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئءأإؤةۀيك"
MARKS = "\u064b\u064e\u064f\u0650\u0651\u0652\u0640\u200c\u200d\u200e\u200f\ufeff\xa0 ۰٣7،-/"
persian_text = st.text(alphabet=PERSIAN + MARKS, max_size=30)
any_text = st.one_of(persian_text, st.text(max_size=30))
# each pair is one letter for a reader; the second is what an Arabic or foreign keyboard gives
VARIANTS = {"ی": "يىے", "ک": "كڪ", "ه": "ةھہ", "و": "ؤۆ", "ا": "أإٱ"}


@given(any_text)
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(any_text)
def test_key_is_idempotent_and_the_same_after_fold(text: str) -> None:
    assert key(key(text)) == key(text)
    assert key(fold(text)) == key(text)


@given(any_text)
def test_fold_leaves_no_invisible_character(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
    assert not [c for c in folded if unicodedata.category(c) in {"Cc", "Cf", "Cs"}]


@given(st.lists(st.text(alphabet="آابپتدرزسعفقکلمنوهی", min_size=1, max_size=6), min_size=1))
def test_key_does_not_depend_on_spacing(words: list[str]) -> None:
    apart = key(" ".join(words))
    for between in ("", "\u200c", "\xa0", "  ", "\t", "-", ".", "ـ", "\u200b", "¬", " \u200f"):
        assert key(between.join(words)) == apart


@given(st.data())
def test_key_and_fold_do_not_depend_on_the_keyboard(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ابتدرسعکلمنوهی ", min_size=1, max_size=20))
    typed = "".join(data.draw(st.sampled_from(c + VARIANTS.get(c, ""))) for c in text)
    assert fold(typed) == fold(text)
    assert key(typed) == key(text)


@given(st.data())
def test_diacritics_and_stretching_change_nothing(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ابتدرسکلمنوهی", min_size=1, max_size=12))
    marks = st.text(alphabet="\u064b\u064e\u064f\u0650\u0651\u0652\u0670\u200d\u200e", max_size=2)
    inner = "".join(c + data.draw(marks) for c in text)
    assert fold(inner) == fold(text)
    assert fold("ـ".join(text)) == text


@given(st.text(alphabet="ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیآئء", min_size=1, max_size=12))
def test_presentation_forms_are_the_letters_they_show(text: str) -> None:
    forms = {
        unicodedata.normalize("NFKC", chr(code)): chr(code)
        for block in (range(0xFB50, 0xFC00), range(0xFE80, 0xFEF5))
        for code in block
        if unicodedata.name(chr(code), "").endswith(("INITIAL FORM", "MEDIAL FORM", "FINAL FORM"))
    }
    assert fold("".join(forms.get(c, c) for c in text)) == fold(text)


@pytest.mark.parametrize(
    ("written", "folded", "keyed"),
    [
        ("علي‌رضـــا  كريمي", "علی رضا کریمی", "علیرضاکریمی"),
        ("ﻣﺤﻤﺪ", "محمد", "محمد"),
        ("محمّدُ", "محمد", "محمد"),
        ("\ufeff\u202bفاطمة\u202c", "فاطمه", "فاطمه"),
        ("خانۀ ما", "خانه ما", "خانهما"),
        ("خانهٔ ما", "خانه ما", "خانهما"),
        ("رؤیا أحمد", "رویا احمد", "رویااحمد"),
        ("آرش", "آرش", "ارش"),
        ("ا\u0653رش", "آرش", "ارش"),
        ("رضائی", "رضائی", "رضایی"),
        ("رضای\u0654ی", "رضائی", "رضایی"),
        ("علاءالدین", "علاءالدین", "علاالدین"),
        ("ﻻله", "لاله", "لاله"),
        ("ﷲ", "الله", "الله"),
        ("Sharif  UNIVERSITY", "Sharif UNIVERSITY", "sharifuniversity"),
        ("ＡＢ１２", "AB12", "ab12"),
        ("الف، ب؛ ج؟", "الف, ب; ج?", "الفبج"),
        ("۱۲۳/٤٥۶–۷", "123/456-7", "1234567"),
        ("۱۲٫۵", "12.5", "125"),
        ("نیم¬فاصله", "نیم فاصله", "نیمفاصله"),
        ("«شریف»", '"شریف"', "شریف"),
        ("a\x00b\x1fc", "ab c", "abc"),
        ("\ud800", "\ufffd", ""),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_fold_and_key_of_what_paper_holds(written: str | None, folded: str, keyed: str) -> None:
    assert fold(written) == folded
    assert key(written) == keyed


def test_a_tatweel_between_numbers_is_a_dash_and_between_letters_nothing() -> None:
    assert fold("۱۳۶۲ـ۷ـ۳") == "1362-7-3"
    assert fold("محمد ـ رضا") == "محمد - رضا"
    assert fold("محـــمد") == "محمد"
    assert fold("هـ.ق") == "ه.ق"


@given(st.integers(0, 10**20), any_text)
def test_digits_of_three_sets_are_one_number(number: int, text: str) -> None:
    plain = str(number)
    assert digits(to_persian_digits(plain)) == plain
    assert digits(plain.translate({ord("0") + n: 0x0660 + n for n in range(10)})) == plain
    assert len(digits(text)) == len(text)


def test_digits_touch_nothing_else() -> None:
    assert digits("ك ۱‌٢ي") == "ك 1‌2ي"
    assert digits(None) == ""
    assert to_persian_digits("20 رقم ٣") == "۲۰ رقم ۳"


@pytest.mark.parametrize(
    "cell",
    [
        *(None, "", " ", "\u200c\u200f", "-", "--", "ـ", "...", "؟", "؟؟", "*", "/", "ندارد"),
        *(" ندارد. ", "نامشخص", "نا مشخص", "نا‌مشخص", "ناخوانا", "ثبت نشده", "NULL", "null", "NaN"),
        *("N/A", "#N/A", "None", "NaT", "#REF!", "#DIV/0!", "unknown", "ﻧﺪﺍﺭﺩ"),
    ],
)
def test_cells_that_say_nothing_are_blank(cell: str | None) -> None:
    assert is_blank(cell)


@pytest.mark.parametrize("cell", ["0", "۰", "علی", "Ref", "Nancy", "ندا", "نا", "م", "1362/0/0"])
def test_cells_that_say_something_are_not_blank(cell: str) -> None:
    assert not is_blank(cell)
