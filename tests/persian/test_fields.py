"""A variant is a name of the same field; a broader or a narrower one is another field."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian import fields, letters
from migrate.persian.fields import (
    FieldOfStudy,
    lookup_ambiguous,
    lookup_field,
    root_of,
    suggest_field,
)


def found(text: str | None) -> str | None:
    field = lookup_field(text)
    return field.id if field else None


@pytest.mark.parametrize(
    "names",
    [
        ["حقوق", "حقوق قضایی", "رشته حقوق", "حقوق (قضائی)"],
        ["مهندسی برق", "برق", "رشته برق"],
        ["مهندسی برق - الکترونیک", "الکترونیک", "برق گرایش الکترونیک", "مهندسي برق (الكترونيك)"],
        ["مهندسی عمران", "عمران", "راه و ساختمان"],
        ["پزشکی", "پزشكی عمومی", "طب"],
        ["دندانپزشکی", "دندان پزشکی", "دندان‌پزشکی"],
        ["زبان و ادبیات فارسی", "ادبیات فارسی", "زبان وادبیات فارسی"],
        ["علم اطلاعات و دانش‌شناسی", "کتابداری", "کتابداری و اطلاع رسانی"],
        ["روان‌شناسی", "روانشناسی", "روان شناسی"],
        ["مهندسی مواد", "متالورژی", "مهندسی مواد و متالورژی"],
        ["تربیت بدنی", "تربیت بدنی و علوم ورزشی", "رشته تحصیلی: تربیت بدنی"],
        ["علوم اقتصادی", "اقتصاد"],
    ],
)
def test_usual_variants_are_one_field(names: list[str]) -> None:
    ids = {found(name) for name in names}
    assert len(ids) == 1
    assert None not in ids


@pytest.mark.parametrize(
    "names",
    [
        ["برق", "الکترونیک", "برق قدرت", "برق کنترل", "مخابرات"],
        ["حقوق", "حقوق خصوصی", "حقوق عمومی", "حقوق جزا و جرم‌شناسی", "فقه و مبانی حقوق اسلامی"],
        ["ریاضی", "ریاضی محض", "ریاضی کاربردی", "دبیری ریاضی", "ریاضیات و کاربردها"],
        ["شیمی", "مهندسی شیمی", "شیمی محض", "شیمی کاربردی", "شیمی آلی", "شیمی معدنی"],
        ["مهندسی کامپیوتر", "نرم افزار", "سخت افزار", "علوم کامپیوتر", "فناوری اطلاعات"],
        ["معماری", "مهندسی معماری", "معماری کامپیوتر", "شهرسازی", "مهندسی شهرسازی"],
        ["مهندسی عمران", "عمران - عمران", "عمران - سازه", "نقشه برداری"],
        ["مدیریت", "مدیریت دولتی", "مدیریت بازرگانی", "مدیریت صنعتی", "مهندسی صنایع"],
        ["پزشکی", "دامپزشکی", "دندانپزشکی", "مهندسی پزشکی", "گیاه پزشکی"],
        [
            "مترجمی زبان انگلیسی",
            "دبیری زبان انگلیسی",
            "زبان و ادبیات انگلیسی",
            "آموزش زبان انگلیسی",
        ],
        ["کشاورزی", "زراعت", "اصلاح نباتات", "زراعت و اصلاح نباتات", "اقتصاد کشاورزی"],
        ["مدیریت آموزشی", "مدیریت و برنامه‌ریزی آموزشی", "برنامه‌ریزی درسی"],
        ["محیط زیست", "مهندسی محیط زیست", "بهداشت محیط"],
        ["تکنولوژی نساجی", "مهندسی نساجی"],
        ["روانشناسی", "روانشناسی عمومی", "روانشناسی بالینی"],
    ],
)
def test_broader_narrower_and_neighbouring_fields_stay_apart(names: list[str]) -> None:
    ids = [found(name) for name in names]
    assert None not in ids
    assert len(set(ids)) == len(names)


def test_a_branch_knows_its_parent() -> None:
    by_id = {field.id: field for field in fields.fields()}
    assert by_id["electronics"].parent == "electrical-engineering"
    assert by_id["private-law"].parent == "law"
    for field in fields.fields():
        seen = {field.id}
        while field.parent is not None:
            field = by_id[field.parent]
            assert field.id not in seen
            seen.add(field.id)


@pytest.mark.parametrize("text", ["زبان انگلیسی", "کامپیوتر", "علوم پایه", "ادبیات", "مترجمی"])
def test_ambiguous_names_are_answered_with_none_and_with_all_they_may_mean(text: str) -> None:
    assert lookup_field(text) is None
    could_be = lookup_ambiguous(text)
    assert could_be
    assert suggest_field(text, len(could_be)) == tuple(field.name for field in could_be)


@pytest.mark.parametrize("text", [None, "", " ", "-", "رشته", "گرایش", "کیمیاگری", "۱۲"])
def test_what_is_not_listed_is_unknown(text: str | None) -> None:
    assert lookup_field(text) is None


def test_the_list_is_as_long_as_promised_and_its_ids_are_unique_slugs() -> None:
    ids = [field.id for field in fields.fields()]
    assert len(ids) >= 150
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", id) for id in ids)


def test_no_alias_means_two_fields() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for field in fields.fields():
        for text in (field.name, *(variant.text for variant in field.variants)):
            meant[letters.key(text)].add(field.id)
    for form, id in fields.aliases():
        meant[form].add(id)
    assert {form: ids for form, ids in meant.items() if len(ids) > 1} == {}


def test_every_variant_finds_its_field_and_says_where_it_is_known_from() -> None:
    for field in fields.fields():
        assert lookup_field(field.name) == field
        for variant in field.variants:
            assert variant.known_from
            assert lookup_field(variant.text) == field
            assert lookup_field(f"رشته {variant.text}") == field


def test_no_key_of_the_yaml_is_misspelled() -> None:
    source = yaml.safe_load(fields.SOURCE.read_text(encoding="utf-8"))
    ids = {entry["id"] for entry in source["fields"]}
    for entry in source["fields"]:
        assert {"id", "name", "variants"} <= set(entry) <= {"id", "name", "variants", "parent"}
        assert all(
            isinstance(v, str) or set(v) == {"name", "known_from"} for v in entry["variants"]
        ), entry
    for entry in source["ambiguous"]:
        assert set(entry) == {"name", "could_be"}
        assert set(entry["could_be"]) <= ids


@given(st.sampled_from(fields.fields()), st.sampled_from([" ", "  ", "\u200c", "\u00a0", ""]))
def test_letters_and_spacing_do_not_matter(field: FieldOfStudy, gap: str) -> None:
    text = field.name.translate(str.maketrans({"ی": "ي", "ک": "ك"})).replace(" ", gap)
    assert lookup_field(text) == field


def test_suggestions_come_near_and_are_no_answer() -> None:
    assert lookup_field("حصابداری") is None
    assert suggest_field("حصابداری", 1) == ("حسابداری",)
    assert suggest_field("مهندسی مکانیگ")[0] == "مهندسی مکانیک"
    assert suggest_field(None) == ()


def test_a_branch_has_its_whole_field_as_root_and_a_whole_field_itself() -> None:
    electronics, whole = found("الکترونیک"), found("مهندسی برق")
    assert electronics is not None
    assert whole is not None
    assert electronics != whole
    assert root_of(electronics) == whole
    assert root_of(whole) == whole


def test_every_field_has_a_root_that_is_no_branch() -> None:
    parents = {field.id: field.parent for field in fields.fields()}
    assert all(parents[root_of(field_id)] is None for field_id in parents)
