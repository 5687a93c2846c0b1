"""The facts of a degree that a code is issued on, as the registry's snapshot holds them."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

# an inquiry shows these, and they tell one registry's degree from another's of the same degree_id
FACTS = ("national_id", "first_name", "last_name", "university", "field_of_study", "degree")


def facts_of(registry: pa.Table, degree_ids: Collection[str]) -> dict[str, dict[str, str | None]]:
    """The canonical values of ``FACTS`` for those of ``degree_ids`` that ``registry`` holds."""
    wanted = pc.is_in(registry.column("degree_id"), pa.array(sorted(degree_ids), pa.string()))
    rows = registry.select(["degree_id", *FACTS]).filter(wanted).to_pylist()
    return {row["degree_id"]: {name: row[name] for name in FACTS} for row in rows}
