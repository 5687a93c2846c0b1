"""One blocking rule at work: its blocks counted, made into pairs, and split where they are too big."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage.coding import Coding
from migrate.linkage.model import BlockingRule

Rows = npt.NDArray[np.int32]
# a record that agrees on a further column too may meet this many times the rule's budget
SLACK = 3


@dataclass(frozen=True)
class Proposed:
    """What a rule gives: pairs of rows; blocks over budget; pairs left out; crowded records."""

    left: Rows
    right: Rows
    over: int
    left_out: int
    crowded: Rows
    crowd: Rows


def apply_rule(
    connection: duckdb.DuckDBPyConnection, coding: Coding, rule: BlockingRule, same: bool
) -> Proposed:
    """Count the blocks of a rule, make the pairs of those within budget, and split the others.

    ``connection`` is a DuckDB database of the rule's own. With ``same`` both tables are one, and a
    pair has the earlier row on the left.
    """
    for name, table in zip("ab", _keyed(coding, rule), strict=True):
        connection.register("arrow", table)
        kept = "SEMI JOIN a USING (k)" if name == "b" else ""
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM arrow {kept}")
        connection.unregister("arrow")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE meets AS SELECT k, count(*) AS n FROM b GROUP BY k"
    )
    over, in_over = _one_row(
        connection,
        "SELECT count(DISTINCT k), coalesce(sum(n), 0) FROM a JOIN meets USING (k) WHERE n > $1",
        rule.budget,
    )
    before = "a.x < b.x" if same else "true"
    left, right = _rows(
        connection,
        f"SELECT a.x, b.x FROM a JOIN meets USING (k) JOIN b USING (k) WHERE n <= $1 AND {before}",
        rule.budget,
    )
    if not over:
        none = np.zeros(0, np.int32)
        return Proposed(left, right, 0, 0, none, none)
    ones, others, crowded, crowd = _split(connection, coding, rule, before)
    split = distinct(ones.astype(np.int64) << 32 | others)
    return Proposed(
        np.concatenate([left, (split >> 32).astype(np.int32)]),
        np.concatenate([right, (split & 0xFFFFFFFF).astype(np.int32)]),
        over,
        in_over - len(split),
        crowded,
        crowd,
    )


def _split(
    connection: duckdb.DuckDBPyConnection, coding: Coding, rule: BlockingRule, before: str
) -> tuple[Rows, Rows, Rows, Rows]:
    """Pairs of blocks over budget that agree on further columns; records still crowded, how much.

    Each split column alone makes smaller blocks; those over budget still are split by each further
    column beside it. A record that meets a block over budget at the end is crowded.
    """
    columns = [f"s{place}" for place in range(len(rule.split))]
    overs = []
    for side, name in enumerate("ab"):
        over = connection.sql(
            f"SELECT x, k FROM {name} SEMI JOIN (SELECT k FROM meets WHERE n > $1) USING (k)",
            params=[rule.budget],
        ).to_arrow_table()
        rows = over.column("x").to_numpy()
        for column, split in zip(columns, rule.split, strict=True):
            over = over.append_column(column, pa.array(coding.columns[split].side(side)[rows]))
        overs.append(over)
    _keep(connection, "b_over", overs[1])
    none = np.zeros(0, np.int32)
    records = overs[0].column("x").to_numpy()
    place_of = np.full(coding.rows[0], -1, np.int32)
    place_of[records] = np.arange(len(records))
    held = np.array([overs[0].column(column).to_numpy() >= 0 for column in columns], dtype=bool)
    held = held.reshape(len(columns), len(records))
    wide = np.zeros_like(held)
    # what no further column of the record narrows is crowded from the start
    _keep(
        connection,
        "side",
        overs[0].select(["x", "k"]).filter(pa.array(np.asarray(~held.any(axis=0)))),
    )
    crowded = [_rows(connection, "SELECT side.x, n FROM side JOIN meets USING (k)")]
    pairs = [(none, none)]
    for depth in (1, 2):
        for chosen in combinations(range(len(columns)), depth):
            # a pair that agrees on one column within budget stands already
            which = np.asarray((held if depth == 1 else wide)[list(chosen)].all(axis=0))
            if not which.any():
                continue
            key = ["k", *(columns[place] for place in chosen)]
            _keep(connection, "side", overs[0].select(["x", *key]).filter(pa.array(which)))
            found, still = _narrow(connection, key, SLACK * rule.budget, before)
            pairs.append(found)
            rows, met = place_of[still[0]], still[1]
            if depth == 1:
                wide[chosen[0], rows] = True
                # nothing further to split by: the record has none of the other columns
                rows, met = (part[held[:, rows].sum(axis=0) == 1] for part in (rows, met))
            crowded.append((records[rows], met))
    return (
        np.concatenate([left for left, _ in pairs]),
        np.concatenate([right for _, right in pairs]),
        np.concatenate([rows for rows, _ in crowded]),
        np.concatenate([met for _, met in crowded]),
    )


def _narrow(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], budget: int, before: str
) -> tuple[tuple[Rows, Rows], tuple[Rows, Rows]]:
    """Pairs of records of `side` that meet at most ``budget`` rows by these columns; who meets more.

    The second is the records over budget, and how many rows each meets.
    """
    key = ", ".join(columns)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE narrow AS SELECT "
        f"{key}, count(*) AS n FROM b_over SEMI JOIN side USING ({key}) GROUP BY {key}"
    )
    pairs = _rows(
        connection,
        f"""
        SELECT a.x, b.x FROM side a JOIN narrow USING ({key}) JOIN b_over b USING ({key})
        WHERE n <= $1 AND {before}
        """,
        budget,
    )
    over = _rows(
        connection, f"SELECT side.x, n FROM side JOIN narrow USING ({key}) WHERE n > $1", budget
    )
    return pairs, over


def _keep(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("arrow", table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM arrow")
    connection.unregister("arrow")


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: int) -> tuple[Rows, Rows]:
    """The two columns of a query's answer, as int32."""
    table = connection.sql(query, params=list(values)).to_arrow_table()
    first, second = (column.cast(pa.int32()).to_numpy() for column in table.columns)
    return first, second


def _one_row(connection: duckdb.DuckDBPyConnection, query: str, *values: int) -> tuple[int, ...]:
    # all rows are fetched: the connection takes nothing new while an answer is unfinished
    ((*row,),) = connection.execute(query, list(values)).fetchall()
    return tuple(int(value) for value in row)


def _keyed(coding: Coding, rule: BlockingRule) -> list[pa.Table]:
    """The rows of each table that have the rule's key: row number `x`, key `k`."""
    keys = [np.zeros(rows, dtype=np.int64) for rows in coding.rows]
    held = [np.ones(rows, dtype=bool) for rows in coding.rows]
    width = 1
    for names in zip(rule.left, rule.right, strict=True):
        size = len(coding.columns[names[0]].texts) + 1
        if width > np.iinfo(np.int64).max // size:
            # the product would run over: number the keys so far anew
            distinct, again = np.unique(np.concatenate(keys), return_inverse=True)
            keys, width = [again[: coding.rows[0]], again[coding.rows[0] :]], len(distinct)
        for side, name in enumerate(names):
            codes = coding.columns[name].side(side)
            held[side] &= codes >= 0
            keys[side] = keys[side] * size + codes
        width *= size
    tables = []
    for side in (0, 1):
        rows = np.flatnonzero(held[side])
        tables.append(pa.table({"x": rows.astype(np.int32), "k": keys[side][rows]}))
    return tables


def distinct(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # sorted and compared: much faster here than NumPy's own, which hashes
    numbers = np.sort(numbers)
    return np.asarray(numbers[np.r_[True, numbers[1:] != numbers[:-1]][: len(numbers)]])
