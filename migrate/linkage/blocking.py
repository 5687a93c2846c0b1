"""Blocking: which pairs of rows are worth comparing, found by joins on keys in DuckDB.

The number of pairs of each rule is known before any is made. A block over its budget is split by
further columns; what is still over is left out, counted and reported, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.errors import RunError
from migrate.linkage.model import BlockingRule, LinkageModel

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RuleReport:
    """What one rule proposed: pairs, pairs no earlier rule had, blocks split, pairs left out."""

    rule: str
    pairs: int
    new_pairs: int
    blocks_split: int
    pairs_left_out: int


@dataclass(frozen=True)
class Candidates:
    """Candidate pairs as row numbers of the two tables, sorted by left, then right."""

    left: Indices
    right: Indices
    reports: tuple[RuleReport, ...]


def block(
    left: pa.Table, right: pa.Table, model: LinkageModel, *, threads: int | None = None
) -> Candidates:
    """Propose candidate pairs by every rule of the model, and complete each entity.

    ``left`` and ``right`` hold the columns that the rules name. Where any item of an entity is a
    candidate, all its items are, so that they can compete. Raises RunError for a missing column.
    """
    connection = duckdb.connect()
    try:
        if threads:
            connection.execute("SET threads = ?", [threads])
        _register(connection, "l", left, [c for r in model.rules for c in r.left + r.split])
        key = model.groups[0].key
        _register(
            connection, "r", right, [key, *(c for r in model.rules for c in r.right + r.split)]
        )
        connection.execute("CREATE TEMP TABLE pairs (l BIGINT, r BIGINT)")
        reports = []
        for rule in model.rules:
            reports.append(_apply(connection, rule))
        found = connection.execute(
            f"""
            SELECT DISTINCT c.l, mate.ix AS r
            FROM (SELECT DISTINCT pairs.l, r.{_quoted(key)} AS entity
                  FROM pairs JOIN r ON r.ix = pairs.r) c
            JOIN r AS mate ON mate.{_quoted(key)} = c.entity
            ORDER BY c.l, r
            """
        ).fetchnumpy()
    finally:
        connection.close()
    return Candidates(
        np.asarray(found["l"], dtype=np.int64),
        np.asarray(found["r"], dtype=np.int64),
        tuple(reports),
    )


def _register(
    connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, columns: Sequence[str]
) -> None:
    wanted = list(dict.fromkeys(columns))
    lacking = [column for column in wanted if column not in table.column_names]
    if lacking:
        raise RunError(
            "a blocking rule names a column that the table has not", column=lacking[0], found=name
        )
    numbered = table.select(wanted).append_column("ix", pa.array(range(table.num_rows), pa.int64()))
    connection.register(f"{name}_arrow", numbered)
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {name}_arrow")
    connection.unregister(f"{name}_arrow")


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _apply(connection: duckdb.DuckDBPyConnection, rule: BlockingRule) -> RuleReport:
    """Count the blocks of a rule, make the pairs of those within budget, and split the rest."""
    names = [f"k{n}" for n in range(len(rule.left))]
    grouped = ", ".join(names)
    sides = {}
    for side, columns in (("l", rule.left), ("r", rule.right)):
        shown = ", ".join(f"{_quoted(c)} AS {n}" for c, n in zip(columns, names, strict=True))
        present = " AND ".join(f"{_quoted(column)} IS NOT NULL" for column in columns)
        sides[side] = f"(SELECT ix, {shown} FROM {side} WHERE {present})"
    on = " AND ".join(f"a.{name} = b.{name}" for name in names)
    keys = ", ".join(f"a.{name}" for name in names)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE blocks AS
        SELECT {keys}, a.n * b.n AS pairs FROM
          (SELECT {grouped}, count(*) AS n FROM {sides["l"]} GROUP BY ALL) a
          JOIN (SELECT {grouped}, count(*) AS n FROM {sides["r"]} GROUP BY ALL) b ON {on}
        """
    )
    before = _count(connection)
    within = " AND ".join(f"blocks.{name} = a.{name}" for name in names)
    body = f"FROM {sides['l']} a JOIN {sides['r']} b ON {on} JOIN blocks ON {within}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE proposed AS SELECT a.ix AS l, b.ix AS r {body} "
        "WHERE blocks.pairs <= ?",
        [rule.budget],
    )
    over = connection.execute(
        "SELECT count(*), coalesce(sum(pairs), 0) FROM blocks WHERE pairs > ?", [rule.budget]
    ).fetchone()
    blocks_over, pairs_over = (int(over[0]), int(over[1])) if over else (0, 0)
    split_pairs = 0
    if blocks_over and rule.split:
        # a pair of a split block must agree on one of the further columns at least
        agree = " OR ".join(f"la.{_quoted(c)} = rb.{_quoted(c)}" for c in rule.split)
        connection.execute(
            f"INSERT INTO proposed SELECT a.ix, b.ix {body} "
            "JOIN l AS la ON la.ix = a.ix JOIN r AS rb ON rb.ix = b.ix "
            f"WHERE blocks.pairs > ? AND ({agree})",
            [rule.budget],
        )
        split = connection.execute("SELECT count(*) FROM proposed").fetchone()
        within_pairs = connection.execute(
            "SELECT coalesce(sum(pairs), 0) FROM blocks WHERE pairs <= ?", [rule.budget]
        ).fetchone()
        split_pairs = (int(split[0]) if split else 0) - (
            int(within_pairs[0]) if within_pairs else 0
        )
    proposed = connection.execute("SELECT count(*) FROM proposed").fetchone()
    connection.execute("INSERT INTO pairs SELECT l, r FROM proposed ANTI JOIN pairs USING (l, r)")
    return RuleReport(
        rule=rule.name,
        pairs=int(proposed[0]) if proposed else 0,
        new_pairs=_count(connection) - before,
        blocks_split=blocks_over,
        pairs_left_out=pairs_over - split_pairs,
    )


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM pairs").fetchone()
    return int(row[0]) if row else 0
