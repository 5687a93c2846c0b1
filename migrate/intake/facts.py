"""What a suite looks at: a staged table as a frame, with the facts that no single column holds."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from migrate.persian.bulk import map_distinct
from migrate.persian.letters import is_blank

# where a value of a curated list is known by; null beside a value means that it is not in the list
_KNOWN_BY = ("_id", "_level")
_DERIVED = (*_KNOWN_BY, "_state", "_note")
_DAYS_A_YEAR = 365.2425


def facts(table: pa.Table) -> pd.DataFrame:
    """The columns that suites look at, of a staged table (see the schema of staged.parquet).

    :param table: n rows: `row`, and for each field f `raw_<f>` (string), `<f>` (string) and those
        that belong to its kind.
    :returns: n rows in the same order. `row`, `sheet`, `sheet_row`, `raw_<f>`, `<f>`, `<f>_id`,
        `<f>_level`, `<f>_state`, `<f>_note` as they are, and where the table has what they need:

        - `<f>_unread`: the raw text of a value that is there but was not understood, else null
        - `<f>_unknown`: a value that is not in its curated list (no `<f>_id`, `<f>_level`), else null
        - `<f>_first`, `<f>_last`: the ends of a date's interval as numbers, 13 May 1983 = 19830513
        - `age_at_graduation_least`, `age_at_graduation_most`: whole years between birth and
          graduation, over all days that the two intervals allow
        - `person_id_national_ids`: how many national IDs the row's person has in this table;
          `national_id_persons`: how many persons have the row's national ID
    """
    names = set(table.column_names)
    fields = [
        name.removeprefix("raw_")
        for name in table.column_names
        if name.startswith("raw_") and name.removeprefix("raw_") in names
    ]
    columns: dict[str, Any] = {
        name: table.column(name) for name in ("row", "sheet", "sheet_row") if name in names
    }
    for field in fields:
        raw, value = table.column(f"raw_{field}"), table.column(field)
        columns |= {f"raw_{field}": raw, field: value}
        # only the values that came to nothing are looked at: a column of identifiers is long
        left = _where(pc.is_null(value), raw)
        columns[f"{field}_unread"] = _where(
            pc.invert(map_distinct(left, is_blank, pa.bool_())), left
        )
        # `degree_id` is a field of the registry, not something that `degree` is known by
        for name in (f"{field}{suffix}" for suffix in _DERIVED):
            if name not in names or name in fields:
                continue
            columns[name] = table.column(name)
            if name.endswith(_KNOWN_BY):
                columns[f"{field}_unknown"] = _where(pc.is_null(columns[name]), value)
        for name in (f"{field}_first", f"{field}_last"):
            if name in names:
                columns[name] = _number(table.column(name))
    if {"birth_date_first", "graduation_date_last"} <= names:
        columns |= _ages(table)
    if {"person_id", "national_id"} <= set(fields):
        columns["person_id_national_ids"] = _partners(table, "person_id", "national_id")
        columns["national_id_persons"] = _partners(table, "national_id", "person_id")
    return pd.DataFrame(pa.table(columns).to_pandas())


def _partners(table: pa.Table, by: str, counted: str) -> Any:
    """How many different values of `counted` stand beside each row's value of `by`, as float."""
    pairs = table.select([by, counted]).drop_null().group_by([by, counted]).aggregate([])
    counts: Any = pc.value_counts(pairs.column(by))
    place = pc.index_in(table.column(by), counts.field("values"))
    return counts.field("counts").cast(pa.float64()).take(place)


def _where(condition: Any, values: Any) -> Any:
    return pc.if_else(condition, values, pa.scalar(None, values.type))


def _number(dates: Any) -> Any:
    """Dates as numbers that sort and read as they do: year, month, day, two digits each."""
    month_day = pc.add(pc.multiply(pc.month(dates), 100), pc.day(dates))
    return pc.add(pc.multiply(pc.year(dates), 10_000), month_day)


def _years(days: Any) -> Any:
    return pc.floor(pc.divide(days.cast(pa.float64()), _DAYS_A_YEAR))


def _ages(table: pa.Table) -> dict[str, Any]:
    day: dict[str, Any] = {
        name: table.column(name).cast(pa.int32())
        for name in (
            "birth_date_first",
            "birth_date_last",
            "graduation_date_first",
            "graduation_date_last",
        )
    }
    least: Any = pc.subtract(day["graduation_date_first"], day["birth_date_last"])
    most: Any = pc.subtract(day["graduation_date_last"], day["birth_date_first"])
    return {
        "age_at_graduation_least": _years(least),
        "age_at_graduation_most": _years(most),
    }
