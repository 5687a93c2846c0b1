"""An alias is certain or it is no alias: a wrong fold of two universities makes a forged diploma."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian import institutions, letters
from migrate.persian.institutions import (
    lookup_ambiguous,
    lookup_unit,
    lookup_university,
    suggest_university,
    universities,
)

SOURCE = yaml.safe_load(institutions.SOURCE.read_text(encoding="utf-8"))
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def found(text: str | None) -> str | None:
    institution = lookup_university(text)
    return institution.id if institution else None


# The names of ../shared/DESIGN.md, and those that every registrar knows
@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("دانشگاه صنعتی آریامهر", "sharif"),
        ("آریامهر", "sharif"),
        ("صنعتی شریف", "sharif"),
        ("شریف", "sharif"),
        ("دانشگاه ملی ایران", "beheshti"),
        ("دانشگاه ملی", "beheshti"),
        ("دانشگاه پهلوی", "shiraz"),
        ("پهلوی شیراز", "shiraz"),
        ("دانشگاه آذرآبادگان", "tabriz"),
        ("دانشگاه تربیت معلم", "kharazmi"),
        ("تربیت معلم تهران", "kharazmi"),
        ("دانشسرای عالی", "kharazmi"),
        ("پلی تکنیک", "amirkabir"),
        ("پلی‌تکنیک تهران", "amirkabir"),
        ("دانشگاه صنعتی امیرکبیر (پلی تکنیک تهران)", "amirkabir"),
        ("علم و صنعت", "iust"),
        ("خواجه نصیر", "kntu"),
        ("دانشگاه فرح پهلوی", "alzahra"),
        ("دانشگاه الزهراء (س)", "alzahra"),
        ("دانشگاه رضاشاه کبیر", "mazandaran"),
        ("دانشگاه بلوچستان", "sistan-baluchestan"),
        ("دانشگاه مشهد", "ferdowsi"),
        ("دانشگاه فنی و حرفه‌ای", "melli-maharat"),
        ("علامه طباطبائی تهران", "allameh"),
        ("دانشگاه علوم پزشکی و خدمات بهداشتی درمانی تهران", "tehran-medical"),
        ("دانشگاه علوم پزشکی و خدمات بهداشتی، درمانی شهید بهشتی", "beheshti-medical"),
        ("دانشگاه غیرانتفاعی - غیردولتی شیخ بهائی", "sheikh-bahaei"),
        ("موسسه آموزش عالی غیر انتفاعی خیام", "khayyam"),
    ],
)
def test_old_short_and_long_names_mean_todays_institution(text: str, id: str) -> None:
    assert found(text) == id


@pytest.mark.parametrize(
    "names",
    [
        ["دانشگاه تهران", "دانشگاه علوم پزشکی تهران", "دانشگاه هنر تهران", "دانشگاه خوارزمی"],
        ["دانشگاه اصفهان", "دانشگاه صنعتی اصفهان", "دانشگاه علوم پزشکی اصفهان", "هنر اصفهان"],
        ["دانشگاه شیراز", "دانشگاه صنعتی شیراز", "دانشگاه علوم پزشکی شیراز"],
        ["دانشگاه شهید بهشتی", "دانشگاه علوم پزشکی شهید بهشتی"],
        ["تربیت معلم تهران", "تربیت معلم تبریز", "تربیت معلم سبزوار", "تربیت معلم اراک"],
        ["دانشگاه آزاد اسلامی", "دانشگاه آزاد ایران"],
        ["دانشگاه علم و صنعت", "علم و فناوری مازندران", "علوم و فنون مازندران", "علم و فرهنگ"],
        ["دانشگاه تربیت مدرس", "تربیت دبیر شهید رجایی", "دانشگاه تربیت معلم"],
        ["دانشگاه صنعتی ارومیه", "دانشگاه ارومیه", "علوم پزشکی ارومیه"],
        ["علوم پزشکی قم", "علوم پزشکی فاطمیه قم", "دانشگاه قم", "صنعتی قم"],
        ["دانشگاه آذرآبادگان", "موسسه آموزش عالی آذرآبادگان", "شهید مدنی آذربایجان"],
        ["دانشگاه فنی و حرفه‌ای", "جامع علمی کاربردی"],
    ],
)
def test_names_that_look_alike_stay_apart(names: list[str]) -> None:
    ids = [found(name) for name in names]
    assert None not in ids
    assert len(set(ids)) == len(names)


def test_medicine_before_1364_was_taught_in_the_general_university() -> None:
    for alias in (a for u in universities() if u.kind == "medical" for a in u.aliases):
        assert re.search("پزشکی|بهزیستی|توانبخشی|صدوقی|بقیه", letters.fold(alias.text)), alias


@pytest.mark.parametrize(
    "text",
    [
        "ملی",
        "تهران",
        "طهران",
        "اصفهان",
        "شیراز",
        "گیلان",
        "بهشتی",
        "جندی شاپور",
        "تربیت معلم",
        "دانشگاه آذربایجان",
        "صنعتی آریامهر اصفهان",
        "علوم پزشکی",
        "دانشکده فنی",
        "آزاد",
        "هنر",
        "دانشگاه صنعتی",
        "دانشگاه صنعتی تهران",
        "آذرآبادگان",
        "شهید باهنر",
        "شهید بهشتی",
    ],
)
def test_ambiguous_names_are_answered_with_none_and_with_all_they_may_mean(text: str) -> None:
    assert lookup_university(text) is None
    could_be = lookup_ambiguous(text)
    assert could_be
    assert suggest_university(text, len(could_be)) == tuple(u.name for u in could_be)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "   ",
        "-",
        "دانشگاه",
        "نامشخص",
        "دانشگاه آزاد برلین",
        "موسسه آموزش عالی تهران",
        "دانشگاه تهران و دانشگاه شیراز",
        "تهران جنوب",
        "دانشکده پزشکی",
        "University of Nowhere",
        "موسسه آموزش عالی امیرکبیر",
        "دانشگاه پیام نور / دانشگاه تهران",
    ],
)
def test_what_is_not_listed_is_unknown(text: str | None) -> None:
    assert lookup_university(text) is None
    assert lookup_unit(text) is None


@pytest.mark.parametrize(
    ("text", "id", "unit"),
    [
        ("دانشگاه آزاد اسلامی", "azad", None),
        ("دانشگاه آزاد اسلامی واحد تهران جنوب", "azad", "تهران جنوب"),
        ("دانشگاه آزاد اسلامی - واحد تهران جنوب", "azad", "تهران جنوب"),
        ("آزاد اسلامی تهران جنوب", "azad", "تهران جنوب"),
        ("آزاد واحد کرج", "azad", "کرج"),
        ("دانشگاه آزاد کرج", "azad", "کرج"),
        ("دانشگاه آزاد اسلامی واحد واحد اراک", "azad", "اراک"),
        ("پیام نور مرکز خمین", "payame-noor", "خمین"),
        ("دانشگاه فرهنگیان پردیس شهید باهنر", "farhangian", "شهید باهنر"),
        ("مدرسه عالی بازرگانی", "allameh", "مدرسه عالی بازرگانی"),
        ("مدرسه عالی ترجمه", "allameh", "مدرسه عالی ترجمه"),
        ("دانشگاه علامه طباطبائی", "allameh", None),
        ("دانشگاه تهران", "tehran", None),
    ],
)
def test_a_branch_or_a_dissolved_college_is_a_unit_of_its_university(
    text: str, id: str, unit: str | None
) -> None:
    assert found(text) == id
    assert lookup_unit(text) == unit


def test_the_list_is_as_long_as_promised_and_its_ids_are_unique_slugs() -> None:
    ids = [u.id for u in universities()]
    assert len(ids) >= 120
    assert len(set(ids)) == len(ids)
    assert all(SLUG.fullmatch(id) for id in ids)


def test_no_alias_means_two_institutions() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for institution in universities():
        for alias in institution.aliases:
            meant[letters.key(alias.text)].add(institution.id)
    for form, id in institutions.aliases():
        meant[form].add(id)
    assert {form: ids for form, ids in meant.items() if len(ids) > 1} == {}


def test_every_name_as_listed_finds_its_own_institution_and_says_where_it_is_known_from() -> None:
    for institution in universities():
        for alias in institution.aliases:
            assert alias.known_from
            written = alias.text
            if lookup_university(written) is None:
                # an alias that needs its type word
                written = f"دانشگاه {written}"
            assert found(written) == institution.id, alias


def test_no_key_of_the_yaml_is_misspelled() -> None:
    for entry in SOURCE["institutions"]:
        assert set(entry) <= {
            *("id", "name", "kind", "seat", "bare"),
            *("former", "short", "absorbed", "heads"),
        }
        for relation in ("former", "short", "absorbed"):
            for alias in entry.get(relation, ()):
                assert (
                    {"name", "known_from"} <= set(alias) <= {"name", "known_from", "years", "bare"}
                )
    assert all(set(e) == {"name", "could_be", "known_from"} for e in SOURCE["ambiguous"])


def test_years_of_a_name_are_solar_and_in_order() -> None:
    for alias in (alias for u in universities() for alias in u.aliases):
        first, last = alias.first_year or 1200, alias.last_year or 1410
        assert 1200 <= first <= last <= 1410, alias


def test_ambiguous_names_point_to_listed_institutions_and_are_no_alias() -> None:
    ids = {u.id for u in universities()}
    forms = dict(institutions.aliases())
    for entry in SOURCE["ambiguous"]:
        assert set(entry["could_be"]) <= ids, entry
        assert letters.key(entry["name"]) not in forms, entry


@given(st.sampled_from(institutions.universities()), st.data())
def test_letters_and_spacing_do_not_matter(institution: object, data: st.DataObject) -> None:
    assert isinstance(institution, institutions.Institution)
    arabic = str.maketrans({"ی": "ي", "ک": "ك"})
    gap = data.draw(st.sampled_from([" ", "  ", "\u200c", "\u00a0", " \u200f"]))
    text = institution.name.translate(arabic).replace(" ", gap)
    assert found(text) == institution.id


def test_suggestions_come_near_and_are_no_answer() -> None:
    assert lookup_university("دانشگاه صنعتی شریفف") is None
    assert suggest_university("دانشگاه صنعتی شریفف")[0] == "دانشگاه صنعتی شریف"
    assert suggest_university("دانشکاه فردوسی مشهد", 1) == ("دانشگاه فردوسی مشهد",)
    assert suggest_university("ققققق") == ()
    assert suggest_university(None) == ()
