"""One key for all names of a city, and never one key for two cities."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian import letters, places
from migrate.persian.places import place_key


# Renamings in 1304–1316 and in 1358, and back: of common knowledge, e.g. the Farhangestan's list
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("طهران", "تهران"),
        ("مشهدالرضا", "مشهد"),
        ("رضائیه", "ارومیه"),
        ("باختران", "کرمانشاه"),
        ("بندر پهلوی", "بندر انزلی"),
        ("شاهی", "قائم‌شهر"),
        ("شهسوار", "تنکابن"),
        ("بندر شاه", "بندر ترکمن"),
        ("بندر شاهپور", "بندر امام خمینی"),
        ("شاپور", "سلماس"),
        ("همایونشهر", "خمینی شهر"),
        ("شاه‌آباد غرب", "اسلام‌آباد غرب"),
        ("استرآباد", "گرگان"),
        ("بارفروش", "بابل"),
        ("دزداب", "زاهدان"),
        ("محمره", "خرمشهر"),
        ("قمشه", "شهرضا"),
        ("دهکرد", "شهرکرد"),
        ("گنبد قابوس", "گنبد کاووس"),
        ("ابرقو", "ابرکوه"),
    ],
)
def test_old_and_new_name_of_a_city_have_one_key(old: str, new: str) -> None:
    assert place_key(old) == place_key(new) == letters.key(new)


@pytest.mark.parametrize(
    "text",
    [
        "شهرستان تهران",
        "شهر تهران",
        "صادره از تهران",
        "حوزه ۲ تهران",
        "تهران - ۵",
        "طهران",
        "تهـران",
    ],
)
def test_words_of_the_registry_office_are_dropped(text: str) -> None:
    assert place_key(text) == "تهران"


@pytest.mark.parametrize("name", ["شهرکرد", "شهر بابک", "شهریار", "شهرضا", "قائم شهر", "شهر ری"])
def test_shahr_inside_a_name_is_part_of_it(name: str) -> None:
    assert place_key(name) in {place.key for place in places.places()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("بابل", "بابلسر"),
        ("علی آباد", "علی آباد کتول"),
        ("شاه آباد", "اسلام آباد غرب"),
        ("اسدآباد", "اسلام آباد غرب"),
        ("نور", "نورآباد ممسنی"),
        ("فردوس", "طبس"),
        ("گیلان غرب", "گیلان"),
        ("دیر", "دیلم"),
        ("بندرعباس", "بندر امام"),
        ("استان تهران", "تهران"),
        ("تربت جام", "تربت حیدریه"),
        ("عراق", "اراک"),
    ],
)
def test_two_places_keep_two_keys(one: str, other: str) -> None:
    assert place_key(one) != place_key(other)


def test_a_place_that_is_not_listed_keeps_its_own_key() -> None:
    assert place_key("روستای آبگرم بالا") == place_key("آبگرم‌بالا") == "ابگرمبالا"


@pytest.mark.parametrize("text", [None, "", " ", "-", "نامشخص"])
def test_blank_has_no_key(text: str | None) -> None:
    assert place_key(text) is None


def test_no_name_belongs_to_two_cities() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for name, key in places.aliases():
        meant[letters.key(name)].add(key)
    assert {name: keys for name, keys in meant.items() if len(keys) > 1} == {}
    assert not {letters.key(name) for name in places.ambiguous_places()} & set(meant)


def test_the_list_is_as_long_as_promised_and_no_city_is_an_alias_of_another() -> None:
    cities = places.places()
    assert len(cities) >= 150
    assert len({city.key for city in cities}) == len(cities)
    assert all(place_key(city.name) == city.key for city in cities)


@given(st.one_of(st.none(), st.text(alphabet="ابپتشهر ستانیيكگآ‌۰۱2-", max_size=25)))
def test_a_key_is_its_own_key_where_the_place_is_listed(text: str | None) -> None:
    key = place_key(text)
    assert key is None or key == letters.key(key)
