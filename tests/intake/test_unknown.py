"""What no list knows is counted over its spellings and suggested for, never guessed."""

from __future__ import annotations

import pyarrow as pa

from migrate.diplomas.schema import LEGACY
from migrate.intake.known import known
from migrate.intake.sources import raw_table
from migrate.intake.staging import stage
from migrate.intake.unknown import unknown_columns, unknown_values


def staged(**columns: list[str | None]) -> pa.Table:
    count = len(next(iter(columns.values())))
    row = pa.chunked_array([pa.array(range(2, count + 2), pa.int64())])
    texts = {
        name: pa.chunked_array([pa.array(values, pa.string())]) for name, values in columns.items()
    }
    return stage(raw_table(LEGACY, row, texts), LEGACY)


def test_unknown_values_come_the_commonest_first_with_near_names() -> None:
    table = staged(
        university=["صنعتی شرف", "صنعتي شرف", "صنعتی شرف", None, "-", "هیچستان", "دانشگاه تهران"],
        degree=["لیسانس"] * 6 + ["دیپلم"],
    )
    found = unknown_values(table, LEGACY).to_pylist()
    by_value = {(one["field"], one["value"]): one for one in found}
    # two spellings are one value; blanks and known names are none
    assert by_value["university", "صنعتی شرف"]["rows"] == 3
    assert by_value["university", "صنعتی شرف"]["suggestions"].startswith(
        "sharif (دانشگاه صنعتی شریف)"
    )
    assert ("university", "دانشگاه تهران") not in by_value
    assert ("degree", "لیسانس") not in by_value
    assert by_value["degree", "دیپلم"]["rows"] == 1
    assert found[0]["value"] == "صنعتی شرف"
    assert all(one["value"] != "-" for one in found)


def test_batches_give_what_the_whole_gives_and_only_some_columns_are_read() -> None:
    table = staged(
        university=["الف", "ب", "الف", "تهران"], field_of_study=["ریاضی", "جادو", "جادو", None]
    )
    few = table.select(unknown_columns(LEGACY))
    parts = [few.slice(0, 1), few.slice(1, 2), few.slice(3)]
    assert unknown_values(parts, LEGACY).equals(unknown_values(table, LEGACY))
    assert unknown_values(few, LEGACY, most=1).num_rows <= 2


def test_nothing_unknown_is_an_empty_table() -> None:
    found = unknown_values(staged(university=["دانشگاه تهران"]), LEGACY)
    assert found.num_rows == 0
    assert found.column_names == ["field", "value", "rows", "suggestions"]


def test_every_kind_of_alias_resolves_ids_and_names() -> None:
    assert known("university").resolve("sharif") == "sharif"
    assert known("university").resolve("آریامهر") == "sharif"
    assert known("degree").resolve("لیسانس") == "bachelor"
    assert known("field_of_study").resolve("هیچ") is None
