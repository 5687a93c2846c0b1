"""Two tables linked by a model: candidates, levels, learned probabilities, shares."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migrate.linkage.blocking import Candidates, RuleReport, entities, propose
from migrate.linkage.chance import term_adjustment, u_at_random, within_entity
from migrate.linkage.coding import Coding, code_tables, encoded
from migrate.linkage.compare import BATCH, compare
from migrate.linkage.estimate import Compared, Probabilities, Shares, learn, shares
from migrate.linkage.model import LinkageModel

Progress = Callable[[int, int, str], None]
Rows = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
# pairs that probabilities are learned from; more make them no better
TRAINING_PAIRS = 500_000
STEPS = 6


@dataclass(frozen=True)
class Linkage:
    """Candidates with their evidence. Arrays are a pair each, sorted by record, then entity.

    ``left`` and ``right`` are row numbers of the two tables; ``rules`` has bit i set where blocking
    rule i proposed the pair's entity; ``compared.levels`` has shape (fields, pairs); ``blocking``
    says what each rule proposed. ``crowd`` says of each row of the left table how many rows the
    smallest block held that had to be left out for it, 0 where none was.
    """

    model: LinkageModel
    learned: Probabilities
    left: Rows
    right: Rows
    rules: npt.NDArray[np.uint64]
    compared: Compared
    shares: Shares
    blocking: tuple[RuleReport, ...]
    crowd: Rows

    def evidence(
        self, position: int, pairs: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.int8], Floats]:
        """Level codes, and bits with term frequencies, of field ``position`` for ``pairs``."""
        levels = self.compared.levels[position][pairs]
        bits = self.learned.weights(self.model.fields[position].name)[levels]
        if position in self.compared.terms:
            bits = bits + self.compared.terms[position][pairs]
        return levels, bits


def link_tables(
    left: pa.Table,
    right: pa.Table,
    model: LinkageModel,
    *,
    seed: int = 20,
    threads: int | None = None,
    learned: Probabilities | None = None,
    progress: Progress | None = None,
) -> Linkage:
    """Link the rows of ``left`` to those of ``right``; every row may find several candidates.

    With ``learned``, probabilities learned before, nothing is learned from these tables. The same
    rows, model and seed give the same answer on any number of ``threads``, and in any order of rows
    where the model names the left table's ``record`` key; all cores are used unless told. Raises
    RunError where the model names a column that a table has not.
    """
    return _link(left, right, model, seed, threads, learned, progress, same=False)


def dedupe_table(
    table: pa.Table,
    model: LinkageModel,
    *,
    seed: int = 20,
    threads: int | None = None,
    learned: Probabilities | None = None,
    progress: Progress | None = None,
) -> Linkage:
    """Link the rows of a table to each other: pairs of its rows, the earlier one on the left.

    The model has one group; every pair is a question of its own, and the group's prior is the share
    of candidates that are right. For the rest see :func:`link_tables`.
    """
    return _link(table, table, model, seed, threads, learned, progress, same=True)


def _link(
    left: pa.Table,
    right: pa.Table,
    model: LinkageModel,
    seed: int,
    threads: int | None,
    learned: Probabilities | None,
    progress: Progress | None,
    *,
    same: bool,
) -> Linkage:
    tell = progress or (lambda done, total, what: None)
    workers = threads or os.cpu_count() or 1
    left, left_places = _ordered(left, model.record)
    right, right_places = (left, left_places) if same else _ordered(right, model.groups[-1].key)
    tell(0, STEPS, "numbering values")
    coding = code_tables(left, right, model.fields, model, threads=workers)
    entity, count = entities(right, model)
    tell(1, STEPS, "blocking")
    found = propose(coding, entity, model, threads=threads, same=same)
    tell(2, STEPS, f"chance agreement of {len(model.fields)} fields")
    u, stranger, joint = _chance(coding, entity, model, seed, workers, learned)
    tell(3, STEPS, f"comparing {len(found.left):,} candidates")
    compared = _compare(coding, model, found, u, workers)
    if same:
        # rows of one table come in clusters: each pair is a question of its own, and pairs that are
        # no candidates stand beside it as the entities of the reference do
        pairs = np.arange(len(found.left), dtype=np.int32)
        every = left.num_rows * (left.num_rows - 1) / 2
        compared = replace(
            compared, record=pairs, entity=pairs, entities=every / max(len(pairs), 1)
        )
    else:
        compared = replace(
            compared, entity=entity[found.right].astype(np.int32), entities=float(count)
        )
    tell(4, STEPS, "learning m by EM" if learned is None else "as learned before")
    if learned is None:
        learned = learn(_training(compared), model, u, stranger, joint)
    tell(5, STEPS, "weighing")
    weighed = shares(compared, model, learned, threads=workers)
    tell(STEPS, STEPS, "weighed")
    return Linkage(
        model,
        learned,
        _placed(found.left, left_places),
        _placed(found.right, right_places),
        found.rules,
        compared,
        weighed,
        found.reports,
        _spread(found.crowd, left_places),
    )


def _ordered(table: pa.Table, key: str | None) -> tuple[pa.Table, npt.NDArray[np.int64] | None]:
    """A table in the order of a key, and which of its rows stands where; None where none moved."""
    places = _canonical(table, key)
    return (table, None) if places is None else (table.take(places), places)


def _canonical(table: pa.Table, key: str | None) -> npt.NDArray[np.int64] | None:
    """Row numbers in the order of a key, None where the table stands in it or there is no key."""
    if key is None or key not in table.column_names or not table.num_rows:
        return None
    numbers, texts = encoded(table.column(key))
    order: Any = pc.sort_indices(texts)
    rank = np.empty(len(texts) + 1, dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(texts))
    rank[-1] = len(texts)
    ranks = rank[numbers]
    if (ranks[1:] >= ranks[:-1]).all():
        return None
    return np.argsort(ranks, kind="stable")


def _placed(rows: Rows, places: npt.NDArray[np.int64] | None) -> Rows:
    return rows if places is None else places[rows].astype(np.int32)


def _spread(values: Rows, places: npt.NDArray[np.int64] | None) -> Rows:
    if places is None:
        return values
    out = np.empty_like(values)
    out[places] = values
    return out


def _chance(
    coding: Coding,
    entity: npt.NDArray[np.int64],
    model: LinkageModel,
    seed: int,
    workers: int,
    learned: Probabilities | None,
) -> tuple[dict[str, Floats], dict[str, Floats], Floats | None]:
    """u of every field, u between strangers, and the bits of joint agreement."""
    if learned is not None:
        return learned.u, learned.stranger, learned.joint
    with ThreadPoolExecutor(workers) as pool:
        drawn = pool.map(lambda field: u_at_random(field, coding, seed=seed), model.fields)
        stranger = dict(zip((field.name for field in model.fields), drawn, strict=True))
    if len(model.groups) == 1:
        return stranger, stranger, None
    nested, joint = within_entity(coding, entity, model, seed=seed)
    return stranger | nested, stranger, joint


def _compare(
    coding: Coding,
    model: LinkageModel,
    found: Candidates,
    u: dict[str, Floats],
    workers: int,
) -> Compared:
    levels = compare(coding, model, found.left, found.right, threads=workers)
    terms = {}
    for position, field in enumerate(model.fields):
        adjust = term_adjustment(field, coding, u[field.name])
        if field.group != model.groups[0].name or not adjust:
            continue
        bits = np.zeros(len(found.left), dtype=np.float32)
        for begin in range(0, len(bits), BATCH):
            part = slice(begin, begin + BATCH)
            for level, by_text in adjust.items():
                agrees = np.flatnonzero(levels[position, part] == level) + begin
                column = coding.columns[str(field.levels[level].column)]
                bits[agrees] = by_text[column.right[found.right[agrees]]]
        terms[position] = bits
    return Compared(levels, terms, found.left, found.right, 1.0)


def _training(compared: Compared) -> Compared:
    """All candidates, or those of every n-th record where there are more than are needed."""
    step = -(-len(compared.record) // TRAINING_PAIRS)
    return compared if step <= 1 else compared.part(compared.record % step == 0)
