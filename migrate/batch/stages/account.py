"""An account of a staged table, kept batch by batch: how much of each field is there, and is odd."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from migrate.intake.schema import Field, Schema
from migrate.persian.letters import is_blank

# distinct values of a field that are counted one by one
_COUNTED = 20_000
# odd values of a field that are kept, before the rarest are dropped
_ODD = 10_000
_YEARS = ("birth_date", "graduation_date")

_is_blank = lru_cache(maxsize=65_536)(is_blank)


class Account:
    """Counts over the batches of one staged table, in bounded memory.

    :param schema: its fields.
    """

    def __init__(self, schema: Schema) -> None:
        self.rows = 0
        self._schema = schema
        self._missing: Counter[str] = Counter()
        self._read: Counter[str] = Counter()
        self._distinct: dict[str, set[str | None] | None] = {name: set() for name in schema.names}
        self._odd: dict[str, Counter[str]] = {name: Counter() for name in schema.names}
        self._years: dict[str, Counter[int]] = {name: Counter() for name in _YEARS}

    def add(self, table: pa.Table) -> None:
        """Count some more staged rows."""
        self.rows += table.num_rows
        for field in self._schema.fields:
            self._add(field, table)
        for name, counts in self._years.items():
            if name in table.column_names:
                years = pc.utf8_slice_codeunits(table.column(name), 0, 4)
                for entry in pc.value_counts(years.drop_null()).to_pylist():
                    counts[int(entry["values"])] += entry["counts"]

    def fields(self, staged: Path) -> pd.DataFrame:
        """A row a field: shares missing, unread and read, and how many distinct values.

        These are exact up to 20,000, and beyond that within a few per cent (HyperLogLog).

        :param staged: the table as Parquet.
        """
        rows = max(self.rows, 1)
        many = [name for name, found in self._distinct.items() if found is None]
        about = _about(staged, many) if many else {}
        lines = []
        for name in self._schema.names:
            missing, read = self._missing[name], self._read[name]
            unread = max(self.rows - missing - read, 0)
            found = self._distinct[name]
            distinct = about[name] if found is None else len(found)
            lines.append((name, missing / rows, unread / rows, read / rows, distinct))
        return pd.DataFrame(lines, columns=["field", "missing", "not read", "read", "distinct"])

    def oddities(self, most: int = 20) -> pd.DataFrame:
        """Values that stand in the source and could not be read, the commonest first."""
        lines = [
            (name, value, count)
            for name, counts in self._odd.items()
            for value, count in counts.items()
        ]
        lines.sort(key=lambda line: (-line[2], line[0], line[1]))
        columns = ["field", "value that could not be read", "rows"]
        return pd.DataFrame(lines[:most], columns=columns)

    def years(self) -> pd.DataFrame:
        """How many births and graduations are known of each Solar Hijri year, by year."""
        frame = pd.DataFrame({name: pd.Series(counts) for name, counts in self._years.items()})
        return frame.fillna(0).astype(int).sort_index()

    def _add(self, field: Field, table: pa.Table) -> None:
        name = field.name
        known = table.column(_canonical(field))
        self._read[name] += len(known) - known.null_count
        left = table.column(f"raw_{name}").filter(known.is_null())
        for entry in pc.value_counts(left).to_pylist():
            if _is_blank(entry["values"]):
                self._missing[name] += entry["counts"]
            else:
                self._odd[name][entry["values"]] += entry["counts"]
        if len(self._odd[name]) > 2 * _ODD:
            self._odd[name] = Counter(dict(self._odd[name].most_common(_ODD)))
        found = self._distinct[name]
        if found is not None:
            found.update(pc.unique(table.column(name).drop_null()).to_pylist())
            if len(found) > _COUNTED:
                self._distinct[name] = None


def _canonical(field: Field) -> str:
    """The column that is null where a value is not known, for fields with a closed list too."""
    return {
        "university": f"{field.name}_id",
        "field_of_study": f"{field.name}_id",
        "degree": f"{field.name}_level",
        "name": f"{field.name}_key",
    }.get(field.kind, field.name)


def _about(staged: Path, names: list[str]) -> dict[str, int]:
    import duckdb

    # one thread, so that it is the same number each time
    connection = duckdb.connect(config={"threads": 1})
    try:
        relation: Any = connection.read_parquet(str(staged))
        counted = relation.aggregate(
            [
                duckdb.FunctionExpression(
                    "approx_count_distinct", duckdb.ColumnExpression(name)
                ).alias(name)
                for name in names
            ]
        ).fetchall()[0]
    finally:
        connection.close()
    return dict(zip(names, counted, strict=True))
