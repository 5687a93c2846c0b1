"""Two tables linked by a model: candidates, levels, learned probabilities, shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage.blocking import RuleReport, block
from migrate.linkage.chance import term_adjustment, u_at_random, within_entity
from migrate.linkage.compare import CodedField, code_field, compare
from migrate.linkage.estimate import Compared, Probabilities, Shares, learn, shares
from migrate.linkage.model import LinkageModel

Progress = Callable[[int, int, str], None]
Indices = npt.NDArray[np.int64]
# pairs compared at once: bounds the memory of the distinct-pair tables
BATCH = 2_000_000
# pairs that probabilities are learned from; more make them no better
TRAINING_PAIRS = 3_000_000
STEPS = 5


@dataclass(frozen=True)
class Linkage:
    """Candidates with their evidence. Arrays are a pair each, sorted by record, then entity.

    ``left`` and ``right`` are row numbers of the two tables; ``compared.levels`` has shape (fields,
    pairs); ``blocking`` says what each rule proposed.
    """

    model: LinkageModel
    learned: Probabilities
    left: Indices
    right: Indices
    compared: Compared
    shares: Shares
    blocking: tuple[RuleReport, ...]

    def evidence(
        self, position: int, pairs: Indices
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
        """Level codes, and bits with term frequencies, of field ``position`` for ``pairs``."""
        levels = self.compared.levels[position][pairs]
        bits = self.learned.weights(self.model.fields[position].name)[levels]
        return levels, bits + self.compared.terms[position][pairs]


def link_tables(
    left: pa.Table,
    right: pa.Table,
    model: LinkageModel,
    *,
    seed: int = 20,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Linkage:
    """Link the rows of ``left`` to those of ``right``; every row may find several candidates.

    The same tables, model and seed give the same answer on any number of ``threads``. Raises
    RunError where the model names a column that a table has not.
    """
    tell = progress or (lambda done, total, what: None)
    tell(0, STEPS, "blocking")
    candidates = block(left, right, model, threads=threads)
    coded = [code_field(field, left, right) for field in model.fields]
    entity_of_row, entities = _entities(right, model)
    entity = entity_of_row[candidates.right]
    order = np.lexsort((candidates.right, entity, candidates.left))
    left_row, right_row = candidates.left[order], candidates.right[order]
    tell(1, STEPS, f"chance agreement of {len(model.fields)} fields")
    stranger = {entry.field.name: u_at_random(entry, seed=seed) for entry in coded}
    nested, joint = within_entity(right, model, seed=seed) if len(model.groups) == 2 else ({}, None)
    u = stranger | nested
    tell(2, STEPS, f"comparing {len(left_row):,} candidates")
    compared = _compare(coded, model, left_row, right_row, entity[order], entities, u)
    tell(3, STEPS, "learning m by EM")
    learned = learn(_training(compared), model, u, stranger, joint)
    tell(4, STEPS, "weighing")
    found = shares(compared, model, learned)
    tell(STEPS, STEPS, "weighed")
    return Linkage(model, learned, left_row, right_row, compared, found, candidates.reports)


def _entities(right: pa.Table, model: LinkageModel) -> tuple[Indices, int]:
    """Each right row's entity as a number; a row without a key is an entity of its own."""
    encoded = right.column(model.groups[0].key).combine_chunks().dictionary_encode()
    numbers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.float64)
    known = len(encoded.dictionary)
    lacking = np.isnan(numbers)
    numbers[lacking] = known + np.arange(int(lacking.sum()))
    return numbers.astype(np.int64), max(known + int(lacking.sum()), 1)


def _compare(
    coded: list[CodedField],
    model: LinkageModel,
    left: Indices,
    right: Indices,
    entity: Indices,
    entities: int,
    u: dict[str, npt.NDArray[np.float64]],
) -> Compared:
    shape = (len(model.fields), len(left))
    levels, terms = np.empty(shape, dtype=np.int8), np.zeros(shape, dtype=np.float32)
    adjust = {
        position: term_adjustment(entry, u[entry.field.name])
        for position, entry in enumerate(coded)
        if entry.field.group == model.groups[0].name
    }
    for begin in range(0, len(left), BATCH):
        part = slice(begin, begin + BATCH)
        levels[:, part] = compare(coded, model, left[part], right[part])
        for position, bits in adjust.items():
            for level, by_value in bits.items():
                agrees = levels[position, part] == level
                codes = coded[position].right[right[part]]
                terms[position, part][agrees] = by_value[codes[agrees]]
    return Compared(levels, terms, left, entity, entities)


def _training(compared: Compared) -> Compared:
    """All candidates, or those of every n-th record where there are more than are needed."""
    pairs = len(compared.record)
    if pairs <= TRAINING_PAIRS:
        return compared
    step = -(-pairs // TRAINING_PAIRS)
    kept = compared.record % step == 0
    return Compared(
        compared.levels[:, kept],
        compared.terms[:, kept],
        compared.record[kept],
        compared.entity[kept],
        compared.entities,
    )
