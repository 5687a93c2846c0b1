"""The evidence of any pair of rows, candidate or not: levels, and bits with the term's part apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migrate.errors import RunError
from migrate.linkage.coding import encoded
from migrate.linkage.compare import compare_rows
from migrate.linkage.link import Linkage
from migrate.linkage.model import FieldComparison

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Contest:
    """All that competes for one record: its candidates, and what an asked-for pair adds to them.

    ``right`` are rows of the right table, one a pair, the items of an entity together; ``entity``
    numbers their entities; ``pairs`` are places among the linkage's pairs, -1 where the pair is no
    candidate. ``levels`` (codes) and ``bits`` (term frequency included) have shape (fields, pairs).
    """

    record: int
    right: Indices
    entity: Indices
    pairs: Indices
    levels: npt.NDArray[np.int8]
    bits: Floats

    def place(self, right: int) -> int:
        """The place of a right row among the pairs. Raises RunError when it does not compete."""
        found = np.flatnonzero(self.right == right)
        if not len(found):
            raise RunError("this row does not compete for the record", row=right)
        return int(found[0])


def contest(
    linkage: Linkage, left: pa.Table, right: pa.Table, record: int, asked: int | None = None
) -> Contest:
    """The candidates of ``record``, a row of ``left``, and the row ``asked`` of ``right`` with them.

    A row that is no candidate comes with all items of its entity, as blocking would have proposed
    it, and is compared here with what the linkage has learned. Where ``left`` is ``right``, a table
    linked to itself, every pair is a question of its own: nothing competes. Raises RunError where a
    row is not in its table.
    """
    for table, row, side in ((left, record, "left"), (right, asked, "right")):
        if row is not None and not 0 <= row < table.num_rows:
            raise RunError(f"the {side} table has no such row", row=row, found=table.num_rows)
    pairs = pairs_of(linkage, record)
    if left is right:
        pairs = pairs[linkage.right[pairs] == asked]
    rows = linkage.right[pairs].astype(np.int64)
    entity = np.unique(linkage.compared.entity[pairs], return_inverse=True)[1].astype(np.int64)
    found = [linkage.evidence(place, pairs) for place in range(len(linkage.model.fields))]
    levels = np.stack([one for one, _ in found]).astype(np.int8)
    bits = np.stack([one for _, one in found]).astype(np.float64)
    if asked is not None and asked not in rows:
        mates = _mates(linkage, right, asked)
        more = _compared(linkage, left, right, record, mates)
        entity = np.r_[entity, np.full(len(mates), len(np.unique(entity)))]
        rows, pairs = np.r_[rows, mates], np.r_[pairs, np.full(len(mates), -1)]
        levels = np.concatenate([levels, more[0]], axis=1)
        bits = np.concatenate([bits, more[1]], axis=1)
    return Contest(record, rows, entity, pairs, levels, bits)


def pairs_of(linkage: Linkage, record: int) -> Indices:
    """The places of a record's candidates among the linkage's pairs."""
    return np.flatnonzero(linkage.left == record).astype(np.int64)


def _mates(linkage: Linkage, right: pa.Table, row: int) -> Indices:
    """The rows of the same entity; a row without a key is an entity of its own."""
    same = same_value(right, linkage.model.groups[0].key, row)
    return np.flatnonzero(same).astype(np.int64) if same.any() else np.array([row], np.int64)


def same_value(table: pa.Table, column: str, row: int) -> npt.NDArray[np.bool_]:
    """Which rows hold the text that ``row`` holds in a column; none where it holds none."""
    numbers, _ = encoded(table.column(column))
    return np.asarray((numbers == numbers[row]) & (numbers >= 0), dtype=bool)


def _compared(
    linkage: Linkage, left: pa.Table, right: pa.Table, record: int, rows: Indices
) -> tuple[npt.NDArray[np.int8], Floats]:
    """Levels and bits of pairs that are no candidates, by what the linkage has learned."""
    one, other = left.slice(record, 1), right.take(pa.array(rows))
    first = np.zeros(len(rows), dtype=np.int64)
    levels = compare_rows(one, other, linkage.model, first, np.arange(len(rows)))
    bits = np.zeros(levels.shape)
    for place, field in enumerate(linkage.model.fields):
        bits[place] = linkage.learned.weights(field.name)[levels[place]]
        if field.group == linkage.model.groups[0].name:
            bits[place] += _terms(linkage, field, right, rows, levels[place])
    return levels, bits


def _terms(
    linkage: Linkage,
    field: FieldComparison,
    right: pa.Table,
    rows: Indices,
    levels: npt.NDArray[np.int8],
) -> Floats:
    """Term-frequency bits of each row's value: log2(u / frequency) (Winkler 2000)."""
    bits = np.zeros(len(rows))
    held = pc.is_valid(right.column(field.value)).to_numpy()
    for place, level in enumerate(field.levels):
        if not level.term_frequency or level.column is None:
            continue
        u = linkage.learned.u[field.name][place]
        for pair in np.flatnonzero(levels == place):
            seen = int((same_value(right, level.column, int(rows[pair])) & held).sum())
            # one more than seen, as the engine takes it
            bits[pair] = np.log2(u / ((seen + 1) / max(int(held.sum()), 1)))
    return bits
