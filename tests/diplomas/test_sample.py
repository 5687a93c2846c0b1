"""The sample: exact sizes, a truth that fits, and errors that are the model's and no others."""

from __future__ import annotations

import csv
import hashlib
import re
import sqlite3
from collections import Counter, defaultdict
from dataclasses import fields, replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.diplomas.sample import ErrorModel, Sample, make, slips, written
from migrate.diplomas.sample.catalogue import catalogue
from migrate.diplomas.sample.degrees import draw_degrees
from migrate.diplomas.sample.people import check_digit, draw_people
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import InputError

DEGREES, RECORDS = 5_000, 1_000
DATES = ("graduation_date", "diploma_date")


def read(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("design")
    return make(folder, degrees=DEGREES, records=RECORDS, seed=7, form="design")


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("paper")
    return make(folder, degrees=DEGREES, records=RECORDS, seed=7)


@pytest.fixture(scope="module")
def truth(design: Sample) -> list[dict[str, str]]:
    return read(design.truth)


@pytest.fixture(scope="module")
def registry(design: Sample) -> dict[str, dict[str, str]]:
    return {line["degree_id"]: line for line in read(Path(design.registry))}


@pytest.mark.parametrize("form", ["paper", "design"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    form: str, tmp_path: Path
) -> None:
    for name, seed in (("one", 5), ("same", 5), ("other", 6)):
        make(tmp_path / name, degrees=800, records=200, seed=seed, form=form)  # type: ignore[arg-type]
    assert digests(tmp_path / "one") == digests(tmp_path / "same")
    other = digests(tmp_path / "other")
    assert all(other[name] != digest for name, digest in digests(tmp_path / "one").items())


def test_sizes_are_exactly_those_asked_for(
    design: Sample, truth: list[dict[str, str]], registry: dict[str, dict[str, str]]
) -> None:
    assert len(registry) == DEGREES
    assert len(read(design.source)) == len(truth) == RECORDS
    assert [line["row"] for line in truth] == [str(row) for row in range(2, RECORDS + 2)]


def test_the_truth_has_rows_of_each_kind_at_the_models_rates(truth: list[dict[str, str]]) -> None:
    outcomes = Counter(line["outcome"] for line in truth)
    notes = Counter(line["note"] for line in truth)
    assert outcomes["person_missing"] == outcomes["degree_missing"] == 40
    assert outcomes["duplicate"] == 20
    assert notes["contradicting"] == 20
    assert outcomes["ambiguous"] >= 10
    assert 0 < outcomes["already_coded"] <= 80
    assert outcomes["linked"] > 700
    # a broken row each of no name, no university and, with the row it was taken from, an id twice
    assert outcomes["quarantined"] in (5, 6, 7)


def test_truth_is_of_the_registry(
    truth: list[dict[str, str]], registry: dict[str, dict[str, str]]
) -> None:
    people = {line["person_id"] for line in registry.values()}
    for line in truth:
        if line["outcome"] == "person_missing":
            assert not line["degree_id"]
            assert not line["person_id"]
        elif line["outcome"] == "degree_missing":
            assert not line["degree_id"]
            assert line["person_id"] in people
        else:
            degree = registry[line["degree_id"]]
            assert degree["person_id"] == line["person_id"]
            coded = bool(degree["validity_code"])
            assert coded == (line["outcome"] == "already_coded") or line["outcome"] == "ambiguous"


def test_of_a_degree_keyed_twice_the_first_row_stands_and_the_second_is_its_duplicate(
    truth: list[dict[str, str]],
) -> None:
    of_degree = defaultdict(list)
    for line in truth:
        if line["outcome"] in ("linked", "duplicate"):
            of_degree[line["degree_id"]].append(line["outcome"])
    assert {tuple(outcomes) for outcomes in of_degree.values()} == {
        ("linked",),
        ("linked", "duplicate"),
    }


def test_a_legacy_id_is_repeated_only_by_rows_said_to_be_broken(
    design: Sample, truth: list[dict[str, str]]
) -> None:
    rows = read(design.source)
    assert [row["legacy_id"] for row in rows] == [line["legacy_id"] for line in truth]
    repeated = {name for name, n in Counter(row["legacy_id"] for row in rows).items() if n > 1}
    said = [line for line in truth if line["note"] == "same_id"]
    assert {line["legacy_id"] for line in said} == repeated
    assert len(said) == 2 * len(repeated) > 0
    for row, line in zip(rows, truth, strict=True):
        named = bool(row["first_name"] or row["last_name"])
        assert named == (line["note"] != "no_name")
        assert bool(row["university"]) == (line["note"] != "no_university")


def test_ledger_degrees_are_of_the_paper_era(
    truth: list[dict[str, str]], registry: dict[str, dict[str, str]]
) -> None:
    years = [
        registry[line["degree_id"]]["graduation_date"][:4] for line in truth if line["degree_id"]
    ]
    assert max(years) < "1385"


def test_codes_in_the_registry_are_of_no_scheme_of_ours(
    registry: dict[str, dict[str, str]],
) -> None:
    codes = [line["validity_code"] for line in registry.values() if line["validity_code"]]
    assert all(len(code) == 20 and code.isdigit() for code in codes)
    assert all(int(code) % 97 != 1 for code in codes)
    assert len(set(codes)) == len(codes)
    assert 0.12 < len(codes) / DEGREES < 0.18


def test_national_ids_have_their_check_digit() -> None:
    # by hand: 0·10+0·9+1·8+2·7+3·6+4·5+5·4+6·3+7·2 = 112, 112 mod 11 = 2, 11 - 2 = 9
    assert check_digit(np.array([1_234_567]))[0] == 9
    # 1·10 + 0·9 + … + 0·2 = 10, 10 mod 11 = 10, 11 - 10 = 1
    assert check_digit(np.array([100_000_000]))[0] == 1


def test_a_person_is_one_throughout_the_registry(registry: dict[str, dict[str, str]]) -> None:
    of_person = defaultdict(set)
    of_number = defaultdict(set)
    for line in registry.values():
        of_person[line["person_id"]].add(tuple(line[name] for name in REGISTRY.names[2:10]))
        if line["national_id"]:
            of_number[line["national_id"]].add(line["person_id"])
    assert {len(faces) for faces in of_person.values()} == {1}
    assert {len(people) for people in of_number.values()} == {1}
    missing = sum(not line["national_id"] for line in registry.values())
    assert 0.04 < missing / DEGREES < 0.16


def test_a_quarter_of_the_people_hold_more_than_one_degree_years_apart() -> None:
    rng = np.random.default_rng(3)
    people = draw_people(rng, 20_000, catalogue())
    degrees = draw_degrees(rng, people, catalogue())
    held = np.bincount(degrees.person, minlength=20_000)
    assert held.min() == 1
    assert 0.21 < (held > 1).mean() < 0.27
    order = np.lexsort((degrees.year, degrees.person))
    same = np.diff(degrees.person[order]) == 0
    gaps = np.diff(degrees.year[order])[same]
    assert gaps.min() >= 2
    assert gaps.max() <= 6


def test_no_one_takes_one_degree_twice() -> None:
    people = draw_people(np.random.default_rng(4), 40_000, catalogue())
    degrees = draw_degrees(np.random.default_rng(5), people, catalogue())
    taken = zip(
        degrees.person.tolist(),
        degrees.university.tolist(),
        degrees.field.tolist(),
        degrees.level.tolist(),
        strict=True,
    )
    assert max(Counter(taken).values()) == 1


def test_twins_share_all_but_their_own_names_and_numbers() -> None:
    people = draw_people(np.random.default_rng(3), 20_000, catalogue())
    pairs = defaultdict(list)
    for person in np.flatnonzero(people.twin >= 0).tolist():
        pairs[int(people.twin[person])].append(person)
    assert len(pairs) == 300
    for one, other in pairs.values():
        for column in (people.last, people.father, people.place, people.year, people.day):
            assert column[one] == column[other]
        assert abs(int(people.national[one]) // 10 - int(people.national[other]) // 10) == 1
        if people.year[one] < 1368:
            assert abs(int(people.certificate[one]) - int(people.certificate[other])) == 1
        assert people.first[one] != people.first[other]


def test_surnames_follow_the_law_that_the_readme_discloses() -> None:
    lists = catalogue()
    assert len(lists.surnames) > 4_000
    assert len(set(lists.surnames)) == len(lists.surnames)
    weights = lists.surname_weights
    # shares of ranks 1 and 14 are as 1/13 to 1/26
    assert weights[0] / weights[13] == pytest.approx(2.0)
    people = draw_people(np.random.default_rng(3), 50_000, lists)
    assert np.mean(people.last == 0) == pytest.approx(1 / 80, rel=0.15)


def test_first_names_are_persian_letters_and_their_parts() -> None:
    path = Path(make.__code__.co_filename).parent / "first_names.csv"
    for line in read(path):
        assert line["first_name"].replace(" ", "") == line["parts"].replace(" ", "")
        assert not set(line["first_name"]) & set("يكةى")
        assert line["sex"] in ("m", "f")
        assert line["era"] in ("any", "old", "new")
    of_sex = {name.text: name.female for name in catalogue().first_names}
    assert not any(of_sex[name] for name in ("علی", "محمدرضا", "داریوش", "روح اله"))
    assert all(of_sex[name] for name in ("فاطمه", "زهراسادات", "ام البنین", "ژاله"))


def test_the_paper_form_is_windows_1256_with_persian_headings(paper: Sample) -> None:
    text = paper.source.read_bytes().decode("cp1256")
    heading = text.splitlines()[0]
    assert heading == (
        "شناسه,نام,نام خانوادگي,نام پدر,جنس,کد ملي,ش.ش,محل تولد,تاريخ تولد,دانشگاه,رشته,مقطع,"
        "تاريخ فراغت از تحصيل,شماره دانشنامه,تاريخ صدور,نوع مدرک,دفتر/صفحه"
    )
    assert len(read(paper.source, "cp1256")) == RECORDS
    assert "ی" not in text
    assert "\u200c" in text
    assert {"ك", "ک", "پ", "گ"} <= set(text)


def test_the_design_form_has_the_designs_headings_and_three_sets_of_digits(
    design: Sample,
) -> None:
    text = design.source.read_text(encoding="utf-8")
    assert tuple(text.splitlines()[0].split(",")) == LEGACY.names
    assert {"۴", "٤", "4", "ي", "ی", "\u200c"} <= set(text)


def test_the_registry_of_the_paper_form_is_a_table_of_text_with_nulls(paper: Sample) -> None:
    address = paper.registry
    assert address == f"sqlite:///{paper.source.parent}/registry.sqlite#degrees"
    connection = sqlite3.connect(paper.source.parent / "registry.sqlite")
    columns = connection.execute("PRAGMA table_info(degrees)").fetchall()
    assert tuple(column[1] for column in columns) == REGISTRY.names
    assert {column[2] for column in columns} == {"TEXT"}
    assert [column[1] for column in columns if column[5]] == ["degree_id"]
    kinds = "SELECT DISTINCT typeof(validity_code) FROM degrees ORDER BY 1"
    assert connection.execute(kinds).fetchall() == [("null",), ("text",)]
    assert connection.execute("SELECT count(*) FROM degrees").fetchone() == (DEGREES,)
    connection.close()


def test_without_errors_a_row_says_what_the_registry_says(tmp_path: Path) -> None:
    none = ErrorModel(**dict.fromkeys((field.name for field in fields(ErrorModel)), 0.0))
    made = make(tmp_path, degrees=600, records=200, form="design", errors=none)
    registry = {line["degree_id"]: line for line in read(Path(made.registry))}
    truth = read(made.truth)
    assert {line["outcome"] for line in truth} == {"linked"}
    for row, line in zip(read(made.source), truth, strict=True):
        degree = registry[line["degree_id"]]
        for name in ("university", "field_of_study", "degree"):
            assert row[name] == degree[name]
        for name in ("national_id", "birth_cert_no", "birth_place", "diploma_no"):
            assert degree[name] in ("", row[name])


def test_a_document_is_not_older_than_the_degree(tmp_path: Path) -> None:
    rates = dict.fromkeys((field.name for field in fields(ErrorModel)), 0.0)
    model = ErrorModel(**rates | {"year_off_by_one": 0.3})
    made = make(tmp_path, degrees=900, records=300, form="design", errors=model)
    seen = 0
    for row in read(made.source):
        days = [re.fullmatch(r"(1[34]\d\d)[/-]?(\d\d?)[/-]?(\d\d?)", row[name]) for name in DATES]
        if all(days):
            graduated, issued = (tuple(map(int, day.groups())) for day in days if day)
            assert graduated <= issued
            seen += 1
    assert seen > 200


def test_a_contradicting_row_contradicts_its_degree_in_one_fact(tmp_path: Path) -> None:
    rates = dict.fromkeys((field.name for field in fields(ErrorModel)), 0.0)
    # dates as years alone, so that a year is what the field holds
    model = ErrorModel(**rates | {"contradicting": 0.2, "graduation_year_only": 1.0})
    made = make(tmp_path, degrees=900, records=200, form="design", errors=model)
    registry = {line["degree_id"]: line for line in read(Path(made.registry))}
    seen = Counter()
    for row, line in zip(read(made.source), read(made.truth), strict=True):
        degree = registry[line["degree_id"]]
        years = int(degree["graduation_date"][:4]) - int(row["graduation_date"])
        against = [n for n in ("university", "field_of_study") if row[n] != degree[n]]
        against += ["graduation_date"] if years else []
        assert years == 0 or years > 2
        assert len(against) == (line["outcome"] == "mismatch")
        seen.update(against)
    assert set(seen) == {"university", "field_of_study", "graduation_date"}
    assert sum(seen.values()) == 40


@given(st.integers(0, 10**6), st.text("ابپتسصثزذ محمد", min_size=1, max_size=12))
def test_a_slip_of_eye_or_ear_is_one_letter_or_none(seed: int, text: str) -> None:
    for slip in (slips.eye, slips.ear):
        slipped = slip(Random(seed), text)
        assert len(slipped) == len(text)
        assert sum(a != b for a, b in zip(text, slipped, strict=True)) <= 1


@given(st.integers(0, 10**6), st.text("0123456789", min_size=1, max_size=10))
def test_a_slip_in_a_number_keeps_its_length(seed: int, text: str) -> None:
    slipped = slips.digit(Random(seed), text)
    assert len(slipped) == len(text)
    assert sum(a != b for a, b in zip(text, slipped, strict=True)) <= 2


@pytest.mark.parametrize(
    ("solar", "lunar"),
    [
        ((1357, 11, 22), (1399, 3, 13)),  # the revolution: 13 Rabi al-awwal 1399
        ((1342, 3, 15), (1383, 1, 12)),  # 15 Khordad: 12 Muharram 1383
    ],
)
def test_lunar_dates_are_those_of_history(
    solar: tuple[int, int, int], lunar: tuple[int, int, int]
) -> None:
    assert written.lunar(solar) == lunar


def test_imperial_years_stand_for_1355_to_1357_alone() -> None:
    always = replace(ErrorModel(), imperial_year=1.0, lunar=0.0, gregorian=0.0)
    shown = {
        year: written.write_date(Random(1), (year, 6, 1), always, year_only=1.0)
        for year in range(1354, 1359)
    }
    assert shown == {1354: "1354", 1355: "2535", 1356: "2536", 1357: "2537", 1358: "1358"}


def test_a_scaled_model_changes_slips_and_keeps_customs() -> None:
    model = ErrorModel()
    harder = model.scaled(2.0)
    assert harder.eye_letter == 2 * model.eye_letter
    assert harder.former_name == model.former_name
    assert harder.person_missing == model.person_missing
    assert model.scaled(1000.0).number_slip == 0.5


def test_a_rate_that_is_no_probability_is_refused() -> None:
    with pytest.raises(InputError, match="eye_letter"):
        ErrorModel(eye_letter=1.5)


@pytest.mark.parametrize(
    ("degrees", "records", "form"),
    [(0, 10, "paper"), (100, 0, "paper"), (1_000, 990, "design"), (100, 10, "parchment")],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    degrees: int, records: int, form: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError):
        make(tmp_path / "none", degrees=degrees, records=records, form=form)  # type: ignore[arg-type]
    assert not (tmp_path / "none").exists()


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    make(
        tmp_path,
        degrees=500,
        records=100,
        progress=lambda done, total, what: told.append((done, total, what)),
    )
    assert told == [(100, 100, "ledger rows"), (500, 500, "registry degrees")]
