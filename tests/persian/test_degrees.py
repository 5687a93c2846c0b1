"""Degree levels under old names, sexes and documents: words are read, codes are not."""

from __future__ import annotations

from collections import defaultdict

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian import degrees, letters
from migrate.persian.degrees import (
    Degree,
    lookup_degree,
    lookup_document_type,
    lookup_sex,
    suggest_degree,
)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("فوق دیپلم", "associate"),
        ("کاردانی ناپیوسته", "associate"),
        ("لیسانس", "bachelor"),
        ("ليسانس", "bachelor"),
        ("کارشناسی ناپیوسته", "bachelor"),
        ("مقطع: کارشناسی", "bachelor"),
        ("دانشنامه لیسانس", "bachelor"),
        ("کارشناسی (لیسانس)", "bachelor"),
        ("B.Sc.", "bachelor"),
        ("فوق‌لیسانس", "master"),
        ("فوق ليسانس", "master"),
        ("کارشناسی ارشد ناپیوسته", "master"),
        ("كارشناسى ارشد", "master"),
        ("دکترای حرفه‌ای", "professional_doctorate"),
        ("دکتری پزشکی", "professional_doctorate"),
        ("دکترای تخصصی (Ph.D)", "doctorate"),
        ("دکترا", "doctorate"),
        ("دکتری", "doctorate"),
    ],
)
def test_old_and_new_words_mean_the_level(text: str, id: str) -> None:
    degree = lookup_degree(text)
    assert degree is not None
    assert degree.id == id


def test_a_doctorate_is_never_left_uncompared_with_a_masters_degree() -> None:
    doctorate, master = lookup_degree("دکترا"), lookup_degree("فوق لیسانس")
    assert doctorate is not None
    assert master is not None
    assert doctorate.rank > master.rank


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "-",
        "دیپلم",
        "مهندسی",
        "مهندس",
        "دانشنامه",
        "معادل لیسانس",
        "5",
        "لیسانس حقوق",
    ],
)
def test_other_words_and_codes_are_no_level(text: str | None) -> None:
    assert lookup_degree(text) is None


def test_levels_are_ranked_and_named() -> None:
    assert [(d.id, d.rank, d.name) for d in degrees.degrees()] == [
        ("associate", 1, "کاردانی"),
        ("bachelor", 2, "کارشناسی"),
        ("master", 3, "کارشناسی ارشد"),
        ("professional_doctorate", 4, "دکترای حرفه‌ای"),
        ("doctorate", 5, "دکترای تخصصی"),
    ]


def test_no_alias_means_two_levels() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for degree in degrees.degrees():
        for text, known_from in (*degree.variants, (degree.name, "today's name")):
            assert known_from
            assert lookup_degree(text) == degree
            meant[letters.key(text)].add(degree.id)
    for form, id in degrees.aliases():
        meant[form].add(id)
    assert {form: ids for form, ids in meant.items() if len(ids) > 1} == {}


def test_no_key_of_the_yaml_is_misspelled() -> None:
    source = yaml.safe_load(degrees.SOURCE.read_text(encoding="utf-8"))
    for entry in source["degrees"]:
        assert set(entry) == {"id", "name", "rank", "variants"}
        assert all(
            isinstance(v, str) or set(v) == {"name", "known_from"} for v in entry["variants"]
        )
    assert all(set(entry) == {"name", "could_be"} for entry in source["ambiguous"])


@given(st.sampled_from(degrees.degrees()), st.sampled_from([" ", "  ", "\u200c", "\u00a0", ""]))
def test_letters_and_spacing_do_not_matter(degree: Degree, gap: str) -> None:
    text = degree.name.translate(str.maketrans({"ی": "ي", "ک": "ك"})).replace(" ", gap)
    assert lookup_degree(text) == degree


def test_suggestions_come_near_and_are_no_answer() -> None:
    assert lookup_degree("لیسانسس") is None
    assert suggest_degree("لیسانسس", 1) == ("کارشناسی",)
    assert suggest_degree("مهندسی", 2) == ("کارشناسی", "کارشناسی ارشد")
    assert suggest_degree(None) == ()


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("مرد", "m"),
        ("مذکر", "m"),
        ("آقاي", "m"),
        ("M", "m"),
        ("male", "m"),
        ("پسر", "m"),
        ("زن", "f"),
        ("مؤنث", "f"),
        ("مونث", "f"),
        ("خانم", "f"),
        ("F", "f"),
        ("دختر", "f"),
        ("1", None),
        ("2", None),
        ("۰", None),
        ("نامشخص", None),
        ("", None),
        (None, None),
    ],
)
def test_words_for_sex_are_read_and_codes_are_not(text: str | None, sex: str | None) -> None:
    assert lookup_sex(text) == sex


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("گواهینامه موقت", "provisional"),
        ("گواهی‌نامه موقت", "provisional"),
        ("موقت", "provisional"),
        ("دانشنامه", "diploma"),
        ("دانش‌نامه", "diploma"),
        ("اصل مدرک", "diploma"),
        ("ریزنمرات", None),
        ("گواهینامه", None),
        ("1", None),
        ("", None),
        (None, None),
    ],
)
def test_the_two_documents_of_a_degree_are_told_apart(
    text: str | None, document: str | None
) -> None:
    assert lookup_document_type(text) == document
