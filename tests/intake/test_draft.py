"""A draft can be used as it is, says what it is not sure of, and shows nothing of one person."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.diplomas.schema import LEGACY
from migrate.intake.draft import draft, scalar
from migrate.intake.look import date_orders, kind_of_values, look_at
from migrate.intake.profile_schema import FILE
from migrate.intake.profiles import DateRule, Profile, read_profile
from migrate.intake.sources import read_source
from migrate.persian.identifiers import national_id_check_digit


def national_ids(count: int) -> list[str]:
    bodies = [f"{n * 7919 + 123456:09d}" for n in range(count)]
    return [body + national_id_check_digit(body) for body in bodies]


def written(tmp_path: Path, heading: str, lines: list[str]) -> Path:
    path = tmp_path / "export.csv"
    path.write_text("\n".join([heading, *lines]) + "\n", encoding="utf-8")
    return path


def drafted(tmp_path: Path, path: Path) -> tuple[str, Profile]:
    text = draft(look_at(path, LEGACY), LEGACY, beside=tmp_path)
    profile = tmp_path / "draft.yaml"
    profile.write_text(text, encoding="utf-8")
    return text, read_profile(profile, LEGACY)


def test_headings_are_mapped_by_their_synonyms_and_the_source_can_be_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "رديف,نام,شهرت,نام پدر,ش.ش,دانشگاه,معدل,تاریخ تولد",
        [f"{n},علی,رضایی,حسن,12,تهران,17.{n},62/7/{n % 28 + 1}" for n in range(30)],
    )
    text, said = drafted(tmp_path, path)
    assert said.headings == {
        "رديف": "legacy_id",
        "نام": "first_name",
        "شهرت": "last_name",
        "نام پدر": "father_name",
        "ش.ش": "birth_cert_no",
        "دانشگاه": "university",
        "تاریخ تولد": "birth_date",
    }
    assert "  # معدل: …" in text
    source = read_source(path, LEGACY, profile=tmp_path / "draft.yaml")
    assert source.table.column("raw_last_name").to_pylist() == ["رضایی"] * 30


def test_a_column_is_known_by_its_values_when_they_leave_no_doubt(tmp_path: Path) -> None:
    lines = [
        f"{n},{id},لیسانس,1362/07/{n % 28 + 1:02},تهران" for n, id in enumerate(national_ids(40))
    ]
    path = written(tmp_path, "الف,ب,ج,د,ه", lines)
    text, said = drafted(tmp_path, path)
    # three fields are dates, and places are universities' names too: a person says which
    assert said.headings == {"ب": "national_id", "ج": "degree"}
    assert "# د: birth_date | graduation_date | diploma_date  # 100% of its values" in text
    # which are all different
    assert "# الف: legacy_id" in text


def test_what_two_columns_could_be_is_left_to_a_person(tmp_path: Path) -> None:
    lines = [f"{n},{id},{id}" for n, id in enumerate(national_ids(20))]
    text, said = drafted(tmp_path, written(tmp_path, "ردیف,الف,ب", lines))
    assert said.headings == {"ردیف": "legacy_id"}
    assert text.count("national_id  # ") == 2


def test_a_heading_that_only_a_shipped_profile_knows_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, "RECNO,FNAME,LNAME,نام", ["1,a,b,c", "2,d,e,f"])
    text, said = drafted(tmp_path, path)
    # a usual heading comes first
    assert said.headings == {"RECNO": "legacy_id", "LNAME": "last_name", "نام": "first_name"}
    assert "LNAME: last_name  # as in the shipped profile coded-columns" in text


def test_a_second_column_of_one_field_is_ignored_and_told(tmp_path: Path) -> None:
    path = written(tmp_path, "ردیف,نام,شهرت,نام خانوادگی,دانشگاه", ["1,a,b,b,تهران"])
    text, said = drafted(tmp_path, path)
    assert said.ignore == ("نام خانوادگی",)
    assert "names last_name, and so does 'شهرت'" in text
    assert read_source(path, LEGACY, profile=tmp_path / "draft.yaml").rows == 1


def test_tables_of_one_file_may_head_a_field_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "شناسه,نام,نام خانوادگی,دانشگاه\n1,علی,رضایی,تهران\n")
        archive.writestr("b.csv", "شناسه,نام,شهرت,دانشگاه\n2,مینا,کریمی,تهران\n")
    _, said = drafted(tmp_path, path)
    assert said.ignore == ()
    assert said.synonyms == {"last_name": ["نام خانوادگی", "شهرت"]}
    read = read_source(path, LEGACY, profile=tmp_path / "draft.yaml")
    assert read.table.column("raw_last_name").to_pylist() == ["رضایی", "کریمی"]


def test_codes_are_listed_for_a_person_and_never_given_a_meaning(tmp_path: Path) -> None:
    lines = [f"{n},{n % 2 + 1},{n % 3},مرد" for n in range(30)]
    text, said = drafted(tmp_path, written(tmp_path, "ردیف,جنس,مقطع,نام", lines))
    assert said.values == {}
    assert "#   sex:\n#     '1': …  # 15 rows\n#     '2': …  # 15 rows\n" in text
    assert "#   degree:\n#     '0': …  # 10 rows\n" in text


def test_no_value_of_one_person_is_shown(tmp_path: Path) -> None:
    ids = national_ids(40)
    lines = [f"{n + 500},{id},ناصر,میرزاده,{id[::-1]},۱۳۴{n % 10}/1/2" for n, id in enumerate(ids)]
    path = written(tmp_path, "ردیف,کد,نام,شهرت,دیگر,تاریخ تولد", lines)
    text, _ = drafted(tmp_path, path)
    for shown in (*ids, "ناصر", "میرزاده", "517", "/1/2"):
        assert shown not in text


def test_missing_fields_are_told_those_that_a_batch_needs_apart(tmp_path: Path) -> None:
    text, _ = drafted(tmp_path, written(tmp_path, "نام,شهرت", ["a,b"]))
    needed, _, others = text.partition("# No heading was taken")
    assert "#   legacy_id  شناسه\n#   university  دانشگاه\n" in needed
    assert "# constants:\n#   university: …" in needed
    assert "#   father_name  نام پدر" in others


@pytest.mark.parametrize(
    ("dates", "order", "shown"),
    [
        # a year over 31 shows the order of the others, which could be either
        (["62/7/3"] * 25 + ["20/7/10"] * 3, "ymd", "3 rows could be either; 25 rows show ymd"),
        (["3/7/62"] * 25 + ["10/7/20"] * 3, "dmy", "3 rows could be either; 25 rows show dmy"),
        # too few, both orders, and none at all
        (["62/7/3"] * 5 + ["20/7/10"] * 3, None, "5 rows show ymd"),
        (["62/7/3"] * 25 + ["3/7/62"] + ["20/7/10"], None, "25 rows show ymd, 1 rows show dmy"),
        (["20/7/10"] * 30, None, "no row shows the order"),
        # nothing is in doubt
        (["1362/7/3"] * 30, None, None),
    ],
)
def test_the_order_of_dates_is_said_only_where_the_rows_show_it(
    tmp_path: Path, dates: list[str], order: str | None, shown: str | None
) -> None:
    lines = [f"{n},{date}" for n, date in enumerate(dates)]
    text, said = drafted(tmp_path, written(tmp_path, "ردیف,تاریخ تولد", lines))
    assert said.dates == ({"birth_date": DateRule(order, None)} if order else {})  # type: ignore[arg-type]
    assert (shown in text) if shown else ("could be either" not in text)


def test_orders_are_counted_by_rows() -> None:
    shown, either = date_orders({"62/7/3": 2, "1362/7/3": 3, "3/7/1362": 4, "10/5/20": 5, "x": 6})
    assert dict(shown) == {"ymd": 5, "dmy": 4}
    assert either == 5


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["12", "47", "99"], None),
        (["1362", "1363"], "date"),
        (["62/7/3", "10/5/20"], "date"),
        (["زن", "مرد"], "sex"),
        (["لیسانس", "فوق لیسانس"], "degree"),
        (["دانشگاه تهران", "آریامهر"], "university"),
        (["علی", "رضا"], None),
        ([], None),
    ],
)
def test_a_kind_is_told_by_most_values(values: list[str], kind: str | None) -> None:
    assert kind_of_values(dict.fromkeys(values, 1))[0] == kind


def test_the_schema_is_named_from_where_the_draft_lies(tmp_path: Path) -> None:
    path = written(tmp_path, "نام", ["a"])
    first = draft(look_at(path, LEGACY), LEGACY, beside=tmp_path).splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert Path(os.path.normpath(tmp_path / named)) == FILE


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_any_heading_is_one_line_of_yaml(text: str) -> None:
    import yaml

    shown = scalar(text)
    assert "\n" not in shown
    assert yaml.load(f"{shown}: x", yaml.BaseLoader) == {text: "x"}


headings = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
        lambda text: text.strip() and not set(text) & set(',"\n\r')
    )
    | st.sampled_from(
        ["نام", "شهرت", "نام خانوادگی", "دانشگاه", "جنس", "جنسیت", "#", "- a", "a: b"]
    ),
    min_size=2,
    max_size=6,
    unique=True,
)


@settings(deadline=None, max_examples=60)
@given(heads=headings)
def test_a_draft_is_always_a_profile(
    tmp_path_factory: pytest.TempPathFactory, heads: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("d")
    path = written(folder, ",".join(heads), [",".join("12" for _ in heads)] * 3)
    drafted(folder, path)
