"""Values that no curated list knows, with near suggestions: for a person to decide, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc

from migrate.intake.known import AliasKind, known
from migrate.intake.schema import Schema
from migrate.persian.bulk import map_distinct
from migrate.persian.letters import is_blank, key

_KNOWN_BY: dict[AliasKind, str] = {
    "university": "_id",
    "field_of_study": "_id",
    "degree": "_level",
}


def unknown_columns(schema: Schema) -> list[str]:
    """The columns of a staged table that :func:`unknown_values` reads."""
    return [
        name for field, suffix in _fields(schema) for name in (f"raw_{field}", f"{field}{suffix}")
    ]


def unknown_values(
    staged: pa.Table | Iterable[pa.Table | pa.RecordBatch], schema: Schema, *, most: int = 50
) -> pa.Table:
    """Universities, fields of study and degrees of a source that no list knows.

    :param staged: the staged rows, whole or in batches; only :func:`unknown_columns` are read.
    :param schema: the fields.
    :param most: how many values are given of each field, the commonest first.
    :returns: ``field``, ``value`` (one spelling of it, as read), ``rows`` (int64, over all its
        spellings), ``suggestions`` ('id (name); …', best first, '' where nothing is near).
    """
    counted: dict[str, Counter[str]] = {field: Counter() for field, _ in _fields(schema)}
    for batch in [staged] if isinstance(staged, pa.Table) else staged:
        for field, suffix in _fields(schema):
            raw = batch.column(f"raw_{field}")
            left = raw.filter(pc.is_null(batch.column(f"{field}{suffix}")))
            left = left.filter(
                pc.invert(pc.fill_null(map_distinct(left, is_blank, pa.bool_()), True))
            )
            counted[field].update(
                {one["values"]: one["counts"] for one in pc.value_counts(left).to_pylist()}
            )
    lines = []
    for field, counts in counted.items():
        kind = next(one for one in get_args(AliasKind) if one == schema.field(field).kind)
        # spellings that an alias would take as one
        spelled: dict[str, Counter[str]] = {}
        for value, rows in counts.items():
            spelled.setdefault(key(value), Counter())[value] += rows
        found = [
            (same.total(), min(same, key=lambda v: (-same[v], v))) for same in spelled.values()
        ]
        for rows, value in sorted(found, key=lambda one: (-one[0], one[1]))[:most]:
            near = "; ".join(f"{id} ({name})" for id, name in known(kind).suggest(value).items())
            lines.append({"field": field, "value": value, "rows": rows, "suggestions": near})
    columns: dict[str, pa.DataType] = dict.fromkeys(("field", "value", "suggestions"), pa.string())
    columns["rows"] = pa.int64()
    order = ("field", "value", "rows", "suggestions")
    return pa.Table.from_pylist(lines, pa.schema([(name, columns[name]) for name in order]))


def _fields(schema: Schema) -> list[tuple[str, str]]:
    return [
        (field.name, _KNOWN_BY[field.kind]) for field in schema.fields if field.kind in _KNOWN_BY
    ]
