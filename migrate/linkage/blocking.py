"""Blocking: which pairs of rows are worth comparing, found by joins on coded keys in DuckDB.

The number of pairs of each rule is known before any is made. In a block where a record would meet
more rows than the rule's budget, it must agree on further columns too; what is over even then is
left out, counted and reported, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage.coding import Coding, code_tables, encoded
from migrate.linkage.model import BlockingRule, LinkageModel

Indices = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True)
class RuleReport:
    """What one rule proposed.

    ``pairs``: pairs of rows; ``new_pairs``: candidates (a record and an entity) that no earlier
    rule had; ``blocks_split``: blocks over budget; ``pairs_left_out``: pairs in those blocks that
    were not proposed; ``crowded``: records that met a block which could not be split far enough.
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

    With ``same`` both tables are one, and a pair is proposed once, the earlier row on the left.
    """
    crowd = np.full(coding.rows[0], np.iinfo(np.int32).max, dtype=np.int32)
    counted = []
    connection = duckdb.connect()
    try:
        if threads:
            connection.execute("SET threads = ?", [threads])
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("CREATE TEMP TABLE found (l INTEGER, e INTEGER, rules UBIGINT)")
        numbers = pa.table({"r": np.arange(coding.rows[1], dtype=np.int32), "e": entity})
        connection.register("arrow", numbers)
        connection.execute(
            "CREATE TEMP TABLE item AS SELECT r::INTEGER AS r, e::INTEGER AS e FROM arrow"
        )
        for place, rule in enumerate(model.rules):
            counted.append(_apply(connection, coding, rule, place, crowd, same))
        rows = connection.execute(
            f"""
            SELECT c.l, item.r, c.rules
            FROM (SELECT l, e, bit_or(rules) AS rules FROM found GROUP BY l, e) c
            JOIN item USING (e) {"WHERE c.l < item.r" if same else ""}
            ORDER BY c.l, c.e, item.r
            """
        ).fetchnumpy()
        firsts = dict(
            connection.execute(
                """
                SELECT first, count(*) FROM (
                  SELECT min(rules) AS first FROM found GROUP BY l, e
                ) GROUP BY first
                """
            ).fetchall()
        )
    finally:
        connection.close()
    crowd[crowd == np.iinfo(np.int32).max] = 0
    return Candidates(
        np.asarray(rows["l"], dtype=np.int32),
        np.asarray(rows["r"], dtype=np.int32),
        np.asarray(rows["rules"], dtype=np.uint64),
        crowd,
        tuple(
            RuleReport(rule.name, pairs, firsts.get(1 << place, 0), over, left_out, crowded)
            for place, (rule, (pairs, over, left_out, crowded)) in enumerate(
                zip(model.rules, counted, strict=True)
            )
        ),
    )


def _keyed(coding: Coding, rule: BlockingRule) -> list[pa.Table]:
    """The rows of each table that have the rule's key: row `x`, key `k`, split columns `s0`, `s1`…"""
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
        columns = {"x": rows.astype(np.int32), "k": keys[side][rows]}
        for place, name in enumerate(rule.split):
            columns[f"s{place}"] = coding.columns[name].side(side)[rows]
        tables.append(pa.table(columns))
    return tables


def _apply(
    connection: duckdb.DuckDBPyConnection,
    coding: Coding,
    rule: BlockingRule,
    place: int,
    crowd: Rows,
    same: bool,
) -> tuple[int, int, int, int]:
    """Make the pairs of one rule; how many pairs, blocks over budget, pairs left out, crowded rows."""
    for name, table in zip("ab", _keyed(coding, rule), strict=True):
        connection.register("arrow", table)
        kept = "SEMI JOIN a USING (k)" if name == "b" else ""
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM arrow {kept}")
        connection.unregister("arrow")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE meets AS SELECT k, count(*) AS n FROM b GROUP BY k"
    )
    before = "a.x < b.x" if same else "true"
    pairs, over, in_over = _one_row(
        connection,
        """
        SELECT coalesce(sum(n) FILTER (n <= $1), 0), count(DISTINCT k) FILTER (n > $1),
               coalesce(sum(n) FILTER (n > $1), 0)
        FROM a JOIN meets USING (k)
        """,
        rule.budget,
    )
    connection.execute(
        f"""
        INSERT INTO found SELECT a.x, item.e, {1 << place}::UBIGINT
        FROM a JOIN meets USING (k) JOIN b USING (k) JOIN item ON item.r = b.x
        WHERE n <= $1 AND {before}
        """,
        [rule.budget],
    )
    if not over:
        return pairs, 0, 0, 0
    split, crowded = _split(connection, rule, place, crowd, before)
    return pairs + split, over, in_over - split, crowded


def _split(
    connection: duckdb.DuckDBPyConnection,
    rule: BlockingRule,
    place: int,
    crowd: Rows,
    before: str,
) -> tuple[int, int]:
    """Pairs of blocks over budget that agree on further columns; and records still crowded.

    Each split column alone makes smaller blocks; those over budget still are split by each further
    column beside it. A record that meets a block over budget at the end is crowded.
    """
    columns = [f"s{n}" for n in range(len(rule.split))]
    shown = ", ".join(["x", "k", *columns])
    for side in "ab":
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {side}_over AS SELECT {shown} FROM {side} "
            "SEMI JOIN (SELECT k FROM meets WHERE n > $1) USING (k)",
            [rule.budget],
        )
    connection.execute("CREATE OR REPLACE TEMP TABLE proposed (l INTEGER, r INTEGER)")
    connection.execute("CREATE OR REPLACE TEMP TABLE crowded (l INTEGER, n BIGINT)")
    # what no further column of the record narrows is crowded from the start
    nothing = " AND ".join(f"a.{column} < 0" for column in columns) or "true"
    connection.execute(
        f"INSERT INTO crowded SELECT a.x, n FROM a_over a JOIN meets USING (k) WHERE {nothing}"
    )
    for depth in (1, 2):
        for chosen in combinations(columns, depth):
            _narrow(connection, rule, chosen, columns, before, last=depth == 2)
    (split,) = _one_row(connection, "SELECT count(*) FROM (SELECT DISTINCT l, r FROM proposed)")
    connection.execute(
        f"INSERT INTO found SELECT DISTINCT l, item.e, {1 << place}::UBIGINT "
        "FROM proposed JOIN item USING (r)"
    )
    rows = connection.execute("SELECT l, min(n) AS n FROM crowded GROUP BY l").fetchnumpy()
    reached = np.asarray(rows["l"], dtype=np.int64)
    crowd[reached] = np.minimum(crowd[reached], np.asarray(rows["n"], dtype=np.int32))
    return split, len(reached)


def _narrow(
    connection: duckdb.DuckDBPyConnection,
    rule: BlockingRule,
    chosen: Sequence[str],
    columns: Sequence[str],
    before: str,
    *,
    last: bool,
) -> None:
    """Split the blocks over budget by ``chosen`` columns; keep those within, note those over."""
    key = ", ".join(["k", *chosen])
    held = " AND ".join(f"{column} >= 0" for column in chosen)
    # a pair that agrees on one of the columns within budget stands already
    wide = " AND ".join(
        f"EXISTS (FROM wide w WHERE w.c = '{column}' AND w.k = a.k AND w.s = a.{column})"
        for column in chosen
    )
    side = f"(SELECT * FROM a_over a WHERE {held}{f' AND {wide}' if last else ''})"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE narrow AS
        SELECT {key}, count(*) AS n FROM b_over b SEMI JOIN {side} a USING ({key})
        WHERE {held} GROUP BY {key}
        """
    )
    connection.execute(
        f"""
        INSERT INTO proposed SELECT a.x, b.x
        FROM {side} a JOIN narrow USING ({key}) JOIN b_over b USING ({key})
        WHERE n <= $1 AND {before}
        """,
        [rule.budget],
    )
    rest = [column for column in columns if column not in chosen]
    # nothing further to split by: the record has none of the other columns, or these were the last
    exhausted = " AND ".join(f"a.{column} < 0" for column in rest) if rest and not last else "true"
    connection.execute(
        f"INSERT INTO crowded SELECT a.x, n FROM {side} a JOIN narrow USING ({key}) "
        f"WHERE n > $1 AND {exhausted}",
        [rule.budget],
    )
    if not last:
        if chosen[0] == columns[0]:
            connection.execute("CREATE OR REPLACE TEMP TABLE wide (c VARCHAR, k BIGINT, s INTEGER)")
        connection.execute(
            f"INSERT INTO wide SELECT '{chosen[0]}', k, {chosen[0]} FROM narrow WHERE n > $1",
            [rule.budget],
        )


def _one_row(connection: duckdb.DuckDBPyConnection, query: str, *values: int) -> tuple[int, ...]:
    row = connection.execute(query, list(values)).fetchone()
    return tuple(int(value) for value in row) if row else ()
