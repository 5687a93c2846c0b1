"""Blocking: which pairs of rows are worth comparing, found by joins on coded keys in DuckDB.

The number of pairs of each rule is known before any is made. In a block where a record would meet
more rows than the rule's budget, it must agree on further columns too; what is over even then is
left out, counted and reported, never dropped in silence.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage.coding import Coding, code_tables, encoded
from migrate.linkage.model import BlockingRule, LinkageModel

Indices = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
# a record that agrees on a further column too may meet this many times the rule's budget
SLACK = 3
NOBODY = np.iinfo(np.int32).max


@dataclass(frozen=True)
class RuleReport:
    """What one rule proposed.

    ``pairs``: pairs of rows, before entities are completed; ``new_pairs``: candidates (a record and
    an entity) that no earlier rule had; ``blocks_split``: blocks over budget; ``pairs_left_out``:
    pairs in those blocks that were not proposed; ``crowded``: records that met a block which could
    not be split far enough.
    """

    rule: str
    pairs: int
    new_pairs: int
    blocks_split: int
    pairs_left_out: int
    crowded: int = 0


@dataclass(frozen=True)
class Candidates:
    """Candidate pairs as row numbers of the two tables, sorted by left row, entity, right row.

    ``rules`` has bit i set where rule i proposed the pair's entity. ``crowd`` says, for each row of
    the left table, in how many rows of the right table the smallest block that was left out held.
    """

    left: Rows
    right: Rows
    rules: npt.NDArray[np.uint64]
    crowd: Rows
    reports: tuple[RuleReport, ...]


def block(
    left: pa.Table, right: pa.Table, model: LinkageModel, *, threads: int | None = None
) -> Candidates:
    """Propose candidate pairs of two tables by every rule of the model, and complete each entity.

    Raises RunError for a missing column.
    """
    coding = code_tables(left, right, (), model)
    entity, _ = entities(right, model)
    return propose(coding, entity, model, threads=threads)


def entities(right: pa.Table, model: LinkageModel) -> tuple[Indices, int]:
    """Each right row's entity as a number; a row without a key is an entity of its own."""
    numbers, known = encoded(right.column(model.groups[0].key))
    out = numbers.astype(np.int64)
    lacking = out < 0
    out[lacking] = len(known) + np.arange(int(lacking.sum()))
    return out, max(len(known) + int(lacking.sum()), 1)


def propose(
    coding: Coding,
    entity: Indices,
    model: LinkageModel,
    *,
    threads: int | None = None,
    same: bool = False,
) -> Candidates:
    """Candidates of coded tables. Where any item of an entity is a candidate, all its items are.

    ``entity`` is the entity of each row of the right table, as a number. With ``same`` both tables
    are one, and a pair is proposed once, the earlier row on the left.
    """

    def apply(rule: BlockingRule) -> _Applied:
        # a database of its own for each rule: they share nothing, so as many run as there are cores
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("SET preserve_insertion_order = false")
            return _apply(connection, coding, rule, same)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        applied = list(pool.map(apply, model.rules))
    # record, entity and rule in one number, so that sorting it is all the work
    keys = np.concatenate(
        [
            (found.left.astype(np.int64) << 37) | (entity[found.right] << 6) | place
            for place, found in enumerate(applied)
        ]
        or [np.zeros(0, np.int64)]
    )
    keys.sort()
    pair = keys >> 6
    begins = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]][: len(pair)])
    which = np.left_shift(np.uint64(1), (keys & 63).astype(np.uint64))
    rules = np.bitwise_or.reduceat(which, begins) if len(begins) else which
    first = np.bincount(keys[begins] & 63, minlength=len(model.rules)).tolist()
    left = (pair[begins] >> 31).astype(np.int32)
    times, right = _items(entity, pair[begins] & ((1 << 31) - 1))
    left, rules = np.repeat(left, times), np.repeat(rules, times)
    if same:
        once = left < right
        left, right, rules = left[once], right[once], rules[once]
    crowd = np.full(coding.rows[0], NOBODY, dtype=np.int32)
    for found in applied:
        np.minimum.at(crowd, found.crowded, found.crowd)
    crowd[crowd == NOBODY] = 0
    return Candidates(
        left,
        right,
        rules,
        crowd,
        tuple(
            RuleReport(
                rule.name,
                len(found.left),
                first[place],
                found.over,
                found.left_out,
                len(_distinct(found.crowded)),
            )
            for place, (rule, found) in enumerate(zip(model.rules, applied, strict=True))
        ),
    )


def _distinct(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # sorted and compared: much faster here than NumPy's own, which hashes
    numbers = np.sort(numbers)
    return np.asarray(numbers[np.r_[True, numbers[1:] != numbers[:-1]][: len(numbers)]])


def _items(entity: Indices, wanted: Indices) -> tuple[Indices, Rows]:
    """How many rows each wanted entity has, and these rows, one entity after the other."""
    order = np.argsort(entity, kind="stable").astype(np.int32)
    sizes = np.bincount(entity, minlength=1)
    starts = np.r_[0, np.cumsum(sizes)]
    times = sizes[wanted]
    ends = np.cumsum(times)
    within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - times, times)
    return times, order[np.repeat(starts[wanted], times) + within]


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


@dataclass(frozen=True)
class _Applied:
    """What a rule gives: pairs of rows; blocks over budget; pairs left out; crowded records."""

    left: Rows
    right: Rows
    over: int
    left_out: int
    crowded: Rows
    crowd: Rows


def _apply(
    connection: duckdb.DuckDBPyConnection, coding: Coding, rule: BlockingRule, same: bool
) -> _Applied:
    """Count the blocks of a rule, make the pairs of those within budget, and split the others."""
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
        return _Applied(left, right, 0, 0, none, none)
    ones, others, crowded, crowd = _split(connection, coding, rule, before)
    split = _distinct(ones.astype(np.int64) << 32 | others)
    return _Applied(
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
