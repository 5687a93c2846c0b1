"""The registry as its database holds it: official names, Solar Hijri dates, text throughout."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from migrate.diplomas.sample.catalogue import Catalogue
from migrate.diplomas.sample.degrees import Degrees
from migrate.diplomas.sample.people import Ints, People
from migrate.diplomas.sample.slips import ZWNJ

LEVEL_NAMES = ("کاردانی", "کارشناسی", "کارشناسی ارشد", "دکترای حرفه‌ای", "دکترای تخصصی")
_CHUNK = 100_000


def spaced(parts: tuple[str, ...], spacing: int, *, joinable: bool = True) -> str:
    """The parts of a compound as one word (0), with a space (1) or with ZWNJ (2).

    One word only where ``joinable`` and no part but the last ends in ه, which would join in print.
    """
    if spacing == 2:
        return ZWNJ.join(parts)
    if spacing == 0 and joinable and not any(part.endswith("ه") for part in parts[:-1]):
        return "".join(parts)
    return " ".join(parts)


def spaced_surname(parts: tuple[str, ...], spacing: int, lists: Catalogue) -> str:
    """A surname; only such as حسین زاده are ever written as one word, never محمدی اصل."""
    joinable = len(parts) == 2 and parts[1] in lists.apart and parts[0][-1] not in "ای"
    return spaced(parts, spacing, joinable=joinable)


def with_seyyed(name: str, female: bool, after: bool) -> str:
    """``name`` with سید, سیده or, where ``after``, سادات."""
    if not female:
        return f"سید {name}"
    if name.endswith("سادات"):
        return name
    return f"{name} سادات" if after else f"سیده {name}"


def diploma_number(university: int, year: int, number: int) -> str:
    """The number that a university writes on a diploma: by itself, or with the year before it."""
    style = university % 3
    if style == 0:
        return str(number)
    return f"{year % 100:02d}{'/' if style == 1 else '-'}{number}"


def degree_ids(registry: Ints, size: int) -> list[str]:
    """The degree_id of each of ``size`` degrees, empty where the registry does not hold it."""
    names = [""] * size
    for place, degree in enumerate(registry.tolist()):
        names[degree] = f"D{10_000_001 + place}"
    return names


def person_ids(rng: np.random.Generator, count: int) -> list[str]:
    """The person_id of each person."""
    return [f"P{10_000_001 + number}" for number in rng.permutation(count).tolist()]


def validity_codes(rng: np.random.Generator, count: int) -> list[str]:
    """``count`` codes of another scheme: 20 digits, none with the check digits of ours.

    Ours leave 1 modulo 97 (ISO 7064 MOD 97-10); these never do, so no one may judge them by that.
    """
    high = rng.integers(10**9, 10**10, count).tolist()
    low = rng.integers(0, 10**10, count).tolist()
    codes = []
    for head, tail in zip(high, low, strict=True):
        text = f"{head}{tail:010d}"
        if int(text) % 97 == 1:
            text = text[:-1] + str((int(text[-1]) + 1) % 10)
        codes.append(text)
    return codes


def registry_rows(
    people: People,
    degrees: Degrees,
    lists: Catalogue,
    registry: Ints,
    *,
    id_of_person: list[str],
    codes: list[str],
) -> Iterator[list[tuple[str, ...]]]:
    """Rows in the order of degree_id, in lists of at most 100,000; columns as REGISTRY has them.

    ``codes`` are used up in order by the degrees that have one.
    """
    first_forms = [
        (name.text, " ".join(name.parts), ZWNJ.join(name.parts)) for name in lists.first_names
    ]
    last_forms = [
        tuple(spaced_surname(name, spacing, lists) for spacing in range(3))
        for name in lists.surnames
    ]
    cities = [city.name for city in lists.cities]
    universities = [university.name for university in lists.universities]
    fields = [field.name for field in lists.fields]
    unused = iter(codes)
    for start in range(0, len(registry), _CHUNK):
        own = registry[start : start + _CHUNK]
        holder = degrees.person[own]
        rows: list[tuple[str, ...]] = []
        for place, (i, p) in enumerate(zip(own.tolist(), holder.tolist(), strict=True)):
            spacing, female = int(people.spacing[p]), bool(people.female[p])
            first = first_forms[people.first[p]][spacing]
            father = first_forms[people.father[p]][spacing]
            if people.shown_seyyed[p]:
                first = with_seyyed(first, female, spacing == 1)
                father = with_seyyed(father, False, False) if spacing == 1 else father
            year, birth_year = int(degrees.year[i]), int(people.year[p])
            birth = (
                f"{birth_year}-01-01"
                if people.year_only[p]
                else f"{birth_year}-{people.month[p]:02d}-{people.day[p]:02d}"
            )
            university = int(degrees.university[i])
            rows.append(
                (
                    f"D{10_000_001 + start + place}",
                    id_of_person[p],
                    f"{people.national[p]:010d}" if people.known_national[p] else "",
                    first,
                    last_forms[people.last[p]][spacing],
                    father if people.known_father[p] else "",
                    "زن" if female else "مرد",
                    certificate_number(int(people.certificate[p]))
                    if people.known_certificate[p]
                    else "",
                    cities[people.place[p]] if people.known_place[p] else "",
                    birth,
                    universities[university],
                    fields[degrees.field[i]],
                    LEVEL_NAMES[degrees.level[i]],
                    f"{year}-{degrees.month[i]:02d}-{degrees.day[i]:02d}",
                    diploma_number(university, year, int(degrees.number[i]))
                    if degrees.numbered[i]
                    else "",
                    next(unused) if degrees.coded[i] else "",
                )
            )
        yield rows


def certificate_number(number: int) -> str:
    """A certificate number; a national ID in its place keeps its ten digits."""
    return f"{number:010d}" if number >= 100_000 else str(number)
