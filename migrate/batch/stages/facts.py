"""The facts of a degree that a code is issued on, as the registry's snapshot holds them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc

# an inquiry shows these, and they tell one registry's degree from another's of the same degree_id
FACTS = ("national_id", "first_name", "last_name", "university", "field_of_study", "degree")
# shown too, and taken out of the date in which a registry has it
YEAR = "graduation_year"
_DATE = "graduation_date"


def facts_of(registry: pa.Table, degree_ids: Collection[str]) -> dict[str, dict[str, str | None]]:
    """The canonical values of ``FACTS``, and ``YEAR``, for those of ``degree_ids`` in ``registry``.

    The year is Solar Hijri, four digits; None where the registry does not know it to the year.
    """
    wanted = pc.is_in(registry.column("degree_id"), pa.array(sorted(degree_ids), pa.string()))
    rows = registry.select(["degree_id", *FACTS, _DATE]).filter(wanted).to_pylist()
    return {row["degree_id"]: facts_of_row(row) for row in rows}


def facts_of_row(row: Mapping[str, str | None]) -> dict[str, str | None]:
    """The same of one degree, out of its canonical values by field."""
    return {name: row.get(name) for name in FACTS} | {YEAR: _year(row.get(_DATE))}


def _year(date: str | None) -> str | None:
    year = (date or "")[:4]
    return year if len(year) == 4 and year.isdecimal() else None
