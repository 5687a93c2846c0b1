"""Blocking: which pairs of rows are worth comparing, found by joins on coded keys in DuckDB.

The number of pairs of each rule is known before any is made. In a block where a record would meet
more rows than the rule's budget, it must agree on further columns too; what is over even then is
left out, counted and reported, never dropped in silence.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage.blocks import Proposed, apply_rule, distinct
from migrate.linkage.coding import Coding, code_tables, encoded
from migrate.linkage.model import BlockingRule, LinkageModel

Indices = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
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

    def apply(rule: BlockingRule) -> Proposed:
        # a database of its own for each rule: they share nothing, so as many run as there are cores
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("SET preserve_insertion_order = false")
            return apply_rule(connection, coding, rule, same)

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
                len(distinct(found.crowded)),
            )
            for place, (rule, found) in enumerate(zip(model.rules, applied, strict=True))
        ),
    )


def _items(entity: Indices, wanted: Indices) -> tuple[Indices, Rows]:
    """How many rows each wanted entity has, and these rows, one entity after the other."""
    order = np.argsort(entity, kind="stable").astype(np.int32)
    sizes = np.bincount(entity, minlength=1)
    starts = np.r_[0, np.cumsum(sizes)]
    times = sizes[wanted]
    ends = np.cumsum(times)
    within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - times, times)
    return times, order[np.repeat(starts[wanted], times) + within]
