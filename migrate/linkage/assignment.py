"""One-to-one assignment: the best for each connected component as a whole, near ties called.

Taking the best pair first and the next best after it (greedily) can leave two records worse off than
exchanging their items would. Here the total is maximised, and every pair is told what it would cost
to have it after all, so that a choice that hangs on a hair is not passed off as made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from migrate.linkage.matching import losses_dense, losses_sparse, matched_densely, matched_sparsely

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
# bits are whole numbers of this fraction while they are summed: sums are exact, in any order
GRAIN = 2.0**-20
MOST_BITS = 2.0**20
# components are solved together, densely, up to this many records
DENSE = 64
# in a component of more records, losses of `clear` or more are not worked out further
EXACT = 2_000


@dataclass(frozen=True)
class Assignment:
    """Who got what, and how firmly.

    One a record (ascending, those of the pairs given): ``record``; ``pair``, the number of the pair
    it is assigned, -1 for none; ``margin``, the bits that the best total loses if the record takes
    another item, or loses its own to another record (infinite where neither can be); ``tied``,
    whether that is less than ``clear``, or nothing. That a record may go without, and its item too,
    is no rival: whether a pair is good enough by itself is what ``unassigned`` says.

    One a pair, as given: ``loss``, the bits that the best total loses if this pair is assigned, 0
    for those that are, infinite for those not over ``unassigned``; ``rival``, whether that is less
    than ``clear``, or nothing, though another was assigned. ``largest`` is the number of records of
    the largest component; ``bounded`` how many losses are no more than least ones. In a component of
    over 2,000 records that is so of losses of ``clear`` or more. In one that is too much work for
    that too (:data:`migrate.linkage.matching.WORK`) it is so of all: more is called tied there than
    is, never less.
    """

    record: Indices
    pair: Indices
    margin: Floats
    tied: npt.NDArray[np.bool_]
    loss: Floats
    rival: npt.NDArray[np.bool_]
    largest: int
    bounded: int


def assign(
    record: npt.NDArray[Any],
    item: npt.NDArray[Any],
    weight: npt.NDArray[Any],
    *,
    unassigned: Floats | float = 0.0,
    clear: float,
) -> Assignment:
    """Give each record one item at most, and each item one record, by the greatest total weight.

    ``record``, ``item`` and ``weight`` are one a pair, in any order: numbers from 0, and bits (to
    2**-20). ``unassigned`` is what a record without an item is worth, in bits: one number, or an
    array indexed by record; a pair of no more than that is not assigned. ``clear``, in bits, is how
    much less an assignment must be worth not to be a near tie.

    The answer does not depend on the order of pairs. Where two assignments are worth exactly the
    same, the numbers of records and items decide which is given; all in which they differ are
    ``tied`` either way, and ``tied``, ``margin`` and ``loss`` are the same for both.

    Each component is solved exactly, whatever its size (Jonker and Volgenant 1987 in the form of
    Crouse 2016; for over 64 records its sparse form). The loss of a pair is the shortest way to make
    room for it in the residual graph (Ahuja, Magnanti and Orlin 1993, section 12.4). Raises
    ValueError: arrays of unequal length, a pair given twice, a weight that is no number.
    """
    record, item = np.asarray(record, dtype=np.int64), np.asarray(item, dtype=np.int64)
    floor = np.asarray(unassigned, dtype=np.float64)
    gain = np.asarray(weight, dtype=np.float64) - (floor if floor.ndim == 0 else floor[record])
    order = _checked(record, item, gain)
    pairs = len(record)
    loss = np.full(pairs, np.inf)
    taken = np.zeros(pairs, dtype=bool)
    # whole numbers from here on
    units = np.rint(gain / GRAIN)
    kept = order[units[order] > 0]
    least = float(clear / GRAIN)
    largest = bounded = 0
    if len(kept):
        rows, columns = _numbered(record[kept]), _numbered(item[kept])
        found, chosen, largest, bounded = _solve(rows, columns, units[kept], least)
        loss[kept], taken[kept] = found, chosen
    near = (loss < least) | (loss == 0)
    records, place = np.unique(record, return_inverse=True)
    pair = np.full(len(records), -1, dtype=np.int64)
    pair[place[taken]] = np.flatnonzero(taken)
    margin = _margins(place, item, loss, taken, len(records))
    return Assignment(
        record=records,
        pair=pair,
        margin=margin * GRAIN,
        tied=(margin < least) | (margin == 0),
        loss=loss * GRAIN,
        rival=near & ~taken,
        largest=largest,
        bounded=bounded,
    )


def _checked(record: Indices, item: Indices, gain: Floats) -> Indices:
    """The order of pairs by record, then item, which everything else follows."""
    if not len(record) == len(item) == len(gain):
        raise ValueError("record, item and weight must be of one length")
    if not (np.abs(gain) < MOST_BITS).all():
        raise ValueError(f"weights must be numbers of less than {MOST_BITS:.0f} bits")
    order = np.lexsort((item, record))
    same = (np.diff(record[order]) == 0) & (np.diff(item[order]) == 0)
    if same.any():
        first = order[np.flatnonzero(same)[0]]
        raise ValueError(f"record {record[first]} and item {item[first]} are a pair twice")
    return order


def _numbered(values: Indices) -> Indices:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _margins(
    place: Indices, item: Indices, loss: Floats, taken: npt.NDArray[np.bool_], records: int
) -> Floats:
    """For each record: the least loss of its other pairs, and of others' pairs with its item."""
    margin = np.full(records, np.inf)
    other = np.flatnonzero(~taken & np.isfinite(loss))
    np.minimum.at(margin, place[other], loss[other])
    holder = np.flatnonzero(taken)
    holder = holder[np.argsort(item[holder])]
    where = np.searchsorted(item[holder], item[other])
    held = where < len(holder)
    held[held] = item[holder[where[held]]] == item[other[held]]
    np.minimum.at(margin, place[holder[where[held]]], loss[other[held]])
    return margin


def _solve(
    rows: Indices, columns: Indices, gain: Floats, clear: float
) -> tuple[Floats, npt.NDArray[np.bool_], int, int]:
    """Loss and choice of each pair, sorted by row, then column; the largest component; bounded."""
    n, k = int(rows.max()) + 1, int(columns.max()) + 1
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, n + columns)), shape=(n + k,) * 2)
    component = connected_components(graph, directed=False)[1].astype(np.int64)
    of_pair = component[rows]
    total = int(component.max()) + 1
    row_count = np.bincount(component[:n], minlength=total)
    column_count = np.bincount(component[n:], minlength=total)
    # one record, or one item: the best pair is taken, and any other loses the difference
    best = np.zeros(total)
    np.maximum.at(best, of_pair, gain)
    loss = best[of_pair] - gain
    chosen = np.zeros(len(rows), dtype=bool)
    first_best = np.full(total, len(rows))
    np.minimum.at(first_best, of_pair[loss == 0], np.flatnonzero(loss == 0))
    star = (row_count == 1) | (column_count == 1)
    chosen[first_best[star]] = True
    bounded = 0
    for places in _portions(of_pair, row_count, ~star):
        row, column = _numbered(rows[places]), _numbered(columns[places])
        if row.max() < DENSE:
            chosen[places] = matched_densely(row, column, gain[places])
            loss[places] = losses_dense(row, column, gain[places], chosen[places])
        else:
            chosen[places] = matched_sparsely(row, column, gain[places])
            reach = clear if row.max() >= EXACT else np.inf
            loss[places], least = losses_sparse(row, column, gain[places], chosen[places], reach)
            bounded += int(least.sum())
    return loss, chosen, int(row_count.max()), bounded


def _portions(
    of_pair: Indices, row_count: Indices, wanted: npt.NDArray[np.bool_]
) -> Iterator[Indices]:
    """Pairs of several small components together, or of a large one by itself."""
    pairs = np.flatnonzero(wanted[of_pair])
    if not len(pairs):
        return
    pairs = pairs[np.argsort(of_pair[pairs], kind="stable")]
    components = np.flatnonzero(wanted)
    begins = np.searchsorted(of_pair[pairs], components)
    ends = np.r_[begins[1:], len(pairs)].astype(np.int64)
    start = rows = 0
    for begin, end, count in zip(begins, ends, row_count[components], strict=True):
        if rows and rows + count > DENSE:
            yield np.sort(pairs[start:begin])
            start, rows = begin, 0
        rows += count
        if end == len(pairs):
            yield np.sort(pairs[start:end])
