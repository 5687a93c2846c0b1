"""Staged columns: read once for each distinct value, raw text kept, missing is not unread."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.intake import readings
from migrate.intake.profiles import DateRule, Profile
from migrate.intake.readers.rows import chunked, row_numbers
from migrate.intake.schema import Schema
from migrate.intake.sources import raw_table
from migrate.intake.staging import Staging, stage, staged_names
from migrate.persian import letters
from migrate.persian.letters import is_blank


def raw(
    schema: Schema, values: Mapping[str, Mapping[str, str]] | None = None, **columns: list[Any]
) -> pa.Table:
    count = len(next(iter(columns.values())))
    arrays = {
        name: chunked([pa.array(cells, pa.string())], pa.string())
        for name, cells in columns.items()
    }
    return raw_table(schema, row_numbers(2, count), arrays, Profile(values=values or {}))


def staged(field: str, *cells: str | None, schema: Schema = LEGACY) -> dict[str, list[Any]]:
    table = stage(raw(schema, **{field: list(cells)}), schema)
    return {
        name.removeprefix(field): table.column(name).to_pylist()
        for name in table.column_names
        if name.startswith(field)
    }


@pytest.mark.parametrize("schema", [LEGACY, REGISTRY], ids=lambda schema: schema.name)
def test_all_columns_are_always_there_in_one_order(schema: Schema) -> None:
    table = stage(raw(schema, **{schema.key: ["1"]}), schema)
    assert tuple(table.column_names) == staged_names(schema)
    assert table.column_names[:3] == ["row", "sheet", "sheet_row"]
    assert table.column_names[3:5] == [f"raw_{schema.key}", schema.key]
    assert len(set(table.column_names)) == len(table.column_names)
    for name in table.column_names[3:]:
        date = name.endswith(("_date_first", "_date_last"))
        assert table.schema.field(name).type == (pa.date32() if date else pa.string())
        assert table.column(name).to_pylist() == (["1"] if schema.key in name else [None])


def test_the_level_of_a_degree_does_not_take_the_place_of_the_registrys_key() -> None:
    table = stage(raw(REGISTRY, degree_id=["D-1"], degree=["لیسانس"]), REGISTRY)
    assert table.column("degree_id").to_pylist() == ["D-1"]
    assert table.column("degree").to_pylist() == ["کارشناسی"]
    assert table.column("degree_level").to_pylist() == ["bachelor"]


def test_a_name() -> None:
    found = staged("first_name", "سيد محمد رضا", "محمدرضا", "-")
    assert found[""] == ["سید محمد رضا", "محمدرضا", None]
    assert found["_key"] == ["محمدرضا", "محمدرضا", None]
    assert found["_parts"] == ["محمد رضا", "محمد رضا", None]
    # ح sounds as ه, ض as ز; the dot of ض falls
    assert found["_sound"][0] == "مهمدرزا"
    assert found["_skeleton"][0] == "محمدرصا"


def test_a_date() -> None:
    found = staged(
        "birth_date", "۱۳۶۲/۷/۳", "3/7/62", "1362", "2535/7/3", "1362/13/45", "", "1983-09-25"
    )
    assert found[""] == [
        "1362-07-03",
        "1362-07-03",
        "1362",
        "1355-07-03",
        None,
        None,
        "1362-07-03",
    ]
    # 3 Mehr 1362 is 25 September 1983; 1362 began on 21 March 1983 and had 365 days
    assert found["_first"][0] == found["_last"][0] == datetime.date(1983, 9, 25)
    assert found["_first"][2] == datetime.date(1983, 3, 21)
    assert found["_last"][2] == datetime.date(1984, 3, 20)
    assert found["_first"][3] == datetime.date(1976, 9, 25)
    notes = found["_note"]
    assert notes[0] is None
    assert notes[1] == "century assumed"
    assert notes[3] == "imperial calendar"
    assert notes[4]
    assert notes[5] is None
    assert notes[6] == "gregorian calendar"


def test_a_university_a_field_and_a_degree_keep_their_text_when_unknown() -> None:
    found = staged("university", "آریامهر", "دانشگاه ماه و ستاره", "ندارد")
    assert found[""] == ["دانشگاه صنعتی شریف", "دانشگاه ماه و ستاره", None]
    assert found["_id"][0]
    assert found["_id"][1:] == [None, None]
    assert staged("field_of_study", "علوم كيمياگری")["_id"] == [None]
    south = staged("university", "دانشگاه آزاد اسلامی واحد تهران‌جنوب")
    assert (south["_id"], south["_unit"]) == (["azad"], ["تهرانجنوب"])
    branch, whole = staged("field_of_study", "الکترونیک"), staged("field_of_study", "مهندسی برق")
    assert branch["_id"] != whole["_id"]
    assert branch["_root"] == whole["_root"] == whole["_id"]
    found = staged("degree", "فوق ليسانس", "استادی")
    assert found == {
        "": ["کارشناسی ارشد", "استادی"],
        "_level": ["master", None],
    }


def test_a_national_id() -> None:
    # 0084575948: 0·10+0·9+8·8+4·7+5·6+7·5+5·4+9·3+4·2 = 212; 212 mod 11 = 3; 11 - 3 = 8
    found = staged("national_id", "۰۰۸۴۵۷۵۹۴۸", "84575948", "0084575940", "")
    assert found[""] == ["0084575948", "0084575948", None, None]
    assert found["_state"] == ["valid", "restored", "invalid", None]


def test_codes_and_keys_are_text_with_plain_digits() -> None:
    assert staged("legacy_id", " ۰۰۷ ", "A-1")[""] == ["007", "A-1"]
    table = stage(raw(REGISTRY, validity_code=["۰۱۲۳۴۵۶۷۸۹۰۱۲۳۴۵۶۷۸۹"]), REGISTRY)
    assert table.column("validity_code").to_pylist() == ["01234567890123456789"]


def test_a_sex_and_a_kind_of_document() -> None:
    assert staged("sex", "مرد", "زن", "1", None)[""] == ["m", "f", None, None]
    assert staged("document_type", "گواهینامه موقت", "دانشنامه")[""] == ["provisional", "diploma"]


def test_value_codes_of_a_profile_are_read_and_the_raw_value_is_kept() -> None:
    table = raw(LEGACY, {"sex": {"1": "مرد", "2": "زن"}}, sex=["1", "۲", " 2 ", "3", "مرد"])
    found = stage(table, LEGACY)
    assert found.column("sex").to_pylist() == ["m", "f", "f", None, "m"]
    assert found.column("raw_sex").to_pylist() == ["1", "۲", " 2 ", "3", "مرد"]
    assert found.schema.field("raw_sex").metadata is None


def test_a_value_is_read_once_however_often_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    parse = readings.parse_date
    monkeypatch.setattr(readings, "parse_date", lambda text: seen.append(text) or parse(text))
    assert staged("birth_date", *["1362", "1363", None] * 500)[""][:3] == ["1362", "1363", None]
    assert sorted(filter(None, seen)) == ["1362", "1363"]


cell = st.none() | st.sampled_from(
    ["", "-", "ندارد", "علی", "۱۳۶۲", "لیسانس", "12/3", "تهران", "مرد", "0084575948", "؟؟", "0"]
)


@settings(max_examples=60)
@given(st.lists(st.tuples(*[cell for _ in LEGACY.fields]), min_size=1, max_size=6))
def test_no_row_is_lost_no_raw_value_changed_and_a_blank_has_no_value(
    rows: list[tuple[str | None, ...]],
) -> None:
    columns = dict(zip(LEGACY.names, map(list, zip(*rows, strict=True)), strict=True))
    table = stage(raw(LEGACY, **columns), LEGACY)
    assert table.column("row").to_pylist() == list(range(2, 2 + len(rows)))
    for name, cells in columns.items():
        assert table.column(f"raw_{name}").to_pylist() == cells
        for text, value in zip(cells, table.column(name).to_pylist(), strict=True):
            if is_blank(text):
                assert value is None


def test_no_rows_is_a_table_too() -> None:
    table = stage(raw(LEGACY, first_name=[]), LEGACY)
    assert table.num_rows == 0
    assert tuple(table.column_names) == staged_names(LEGACY)


def test_chunks_do_not_matter() -> None:
    cells = ["علی", "رضا", "علی", None]
    whole = stage(raw(LEGACY, first_name=cells), LEGACY)
    parts = chunked(
        [pa.array(cells[:1], pa.string()), pa.array(cells[1:], pa.string())], pa.string()
    )
    apart = stage(raw_table(LEGACY, row_numbers(2, 4), {"first_name": parts}), LEGACY)
    assert apart.combine_chunks().equals(whole.combine_chunks())
    assert pc.count_distinct(apart.column("first_name_key")).as_py() == 2


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(*[cell for _ in LEGACY.fields]), min_size=1, max_size=12),
    size=st.integers(1, 13),
    remembered=st.integers(1, 4),
)
def test_batches_of_any_size_are_staged_as_the_whole(
    rows: list[tuple[str | None, ...]], size: int, remembered: int
) -> None:
    columns = dict(zip(LEGACY.names, map(list, zip(*rows, strict=True)), strict=True))
    table = raw(LEGACY, **columns)
    staging = Staging(LEGACY, remembered=remembered)
    parts = [staging.stage(table.slice(at, size)) for at in range(0, len(rows), size)]
    assert pa.concat_tables(parts).equals(stage(table, LEGACY))


def test_what_people_decided_comes_before_the_curated_list() -> None:
    meanings = {"university": {letters.key("شریف آباد"): "tehran"}, "degree": {"لیس": "bachelor"}}
    rows = raw(LEGACY, university=["شریف‌آباد", "آریامهر"], degree=["ليس", "لیسانس"])
    found = stage(rows, LEGACY, meanings=meanings)
    assert found.column("university").to_pylist() == ["دانشگاه تهران", "دانشگاه صنعتی شریف"]
    assert found.column("university_id").to_pylist()[0] == "tehran"
    assert found.column("degree_level").to_pylist() == ["bachelor", "bachelor"]


def test_a_date_is_read_as_its_profile_says() -> None:
    rule = Profile(dates={"birth_date": DateRule(order="dmy", century=1300)})
    cells = chunked([pa.array(["10/5/20"], pa.string())], pa.string())
    dates = {"birth_date": cells, "diploma_date": cells}
    found = stage(raw_table(LEGACY, row_numbers(2, 1), dates, rule), LEGACY)
    assert found.column("birth_date").to_pylist() == ["1320-05-10"]
    assert found.column("diploma_date").to_pylist() == [None]
