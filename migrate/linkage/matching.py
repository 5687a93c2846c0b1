"""The matching of greatest weight in one component, and what each pair of it would cost.

``row`` and ``column`` are one a pair, numbered from 0 without gaps; ``gain`` is whole numbers over
0, as float64, so that every sum is exact. To leave a row or a column unmatched is worth nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra, min_weight_full_bipartite_matching

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Choice = npt.NDArray[np.bool_]
# sources of shortest paths looked at together: bounds the memory of their distances
SOURCES = 256
# steps of shortest paths (sources times edges) in one component: about ten seconds
WORK = 300_000_000


def matched_densely(row: Indices, column: Indices, gain: Floats) -> Choice:
    """Which pairs are matched: by the whole matrix (Crouse 2016), for some tens of rows."""
    n, k = int(row.max()) + 1, int(column.max()) + 1
    # to go without is a column of its own, worth nothing; what is no pair is worth less than that
    worth = np.zeros((n, k + n))
    worth[:, :k] = -1
    worth[row, column] = gain
    held = linear_sum_assignment(worth, maximize=True)[1]
    return np.asarray(held[row] == column, dtype=bool)


def matched_sparsely(row: Indices, column: Indices, gain: Floats) -> Choice:
    """The same by the pairs alone (Jonker and Volgenant 1987), for any number of rows."""
    n, k = int(row.max()) + 1, int(column.max()) + 1
    every = np.arange(n)
    # the same for all of a row's choices changes nothing, and a weight of 0 would be no edge
    weight = np.r_[gain, np.zeros(n)] + 1.0
    graph = csr_array((weight, (np.r_[row, every], np.r_[column, k + every])), shape=(n, k + n))
    held = min_weight_full_bipartite_matching(graph, maximize=True)[1]
    return np.asarray(held[row] == column, dtype=bool)


def _exchanges(
    row: Indices, column: Indices, gain: Floats, chosen: Choice
) -> tuple[Indices, Floats, Floats]:
    """Whose column each pair would take, and at what loss; what each row has now.

    A column that nobody holds, and going without, are one more owner: the last.
    """
    n = int(row.max()) + 1
    owner = np.full(int(column.max()) + 1, n)
    owner[column[chosen]] = row[chosen]
    now = np.zeros(n)
    now[row[chosen]] = gain[chosen]
    return owner[column], now[row] - gain, now


def losses_dense(row: Indices, column: Indices, gain: Floats, chosen: Choice) -> Floats:
    """What the total loses if each pair is matched after all: 0 for those that are.

    A pair costs the difference to what its row has, and the cheapest way for whoever holds its
    column to find another place, or for what its row leaves to be of use (Floyd and Warshall).
    """
    owner, cost, now = _exchanges(row, column, gain, chosen)
    n = len(now)
    way = np.full((n + 1, n + 1), np.inf)
    # to leave what one has to nobody costs nothing; to go without costs what one has
    way[n, :], way[:n, n] = 0, now
    np.fill_diagonal(way, 0)
    others = owner != row
    np.minimum.at(way, (row[others], owner[others]), cost[others])
    # no exchange all the way round gains, or the assignment were not the best
    for middle in range(n + 1):
        np.minimum(way, way[:, middle, None] + way[None, middle], out=way)
    loss: Floats = cost + way[owner, row]
    return loss


def losses_sparse(
    row: Indices, column: Indices, gain: Floats, chosen: Choice, reach: float
) -> tuple[Floats, Choice]:
    """The same by Johnson's (1977) shortest paths, and which of them are least losses only.

    Losses of ``reach`` or more are not worked out further than to be that; nor is any where the
    paths would be more than WORK steps, so that ties may be called that are none, never missed.
    """
    owner, cost, now = _exchanges(row, column, gain, chosen)
    n = len(now)
    every, nobody = np.arange(n), np.full(n, n)
    others = owner != row
    tail = np.r_[row[others], every, nobody]
    head = np.r_[owner[others], nobody, every]
    length = np.r_[cost[others], now, np.zeros(n)]
    # potentials make every length 0 or more without changing any way round
    potential = np.zeros(n + 1)
    while True:
        nearer = potential.copy()
        np.minimum.at(nearer, head, potential[tail] + length)
        if (nearer == potential).all():
            break
        potential = nearer
    length = length + potential[tail] - potential[head]
    shortest = np.lexsort((length, head, tail))
    edge = shortest[np.r_[True, (np.diff(tail[shortest]) != 0) | (np.diff(head[shortest]) != 0)]]
    edge = edge[length[edge] < reach]
    graph = csr_array((length[edge], (tail[edge], head[edge])), shape=(n + 1, n + 1))
    # what a pair costs by itself; the way back only adds to it
    loss = np.where(others, cost + potential[row] - potential[owner], 0.0)
    least = others & (loss >= reach)
    open_ = np.flatnonzero(others & ~least)
    wanted = np.unique(owner[open_])
    if len(wanted) * len(edge) > WORK:
        least[open_] = True
        return loss, least
    for begin in range(0, len(wanted), SOURCES):
        sources = wanted[begin : begin + SOURCES]
        distance = dijkstra(graph, indices=sources, limit=reach)
        of = open_[np.isin(owner[open_], sources)]
        back = distance[np.searchsorted(sources, owner[of]), row[of]]
        least[of] = ~np.isfinite(back)
        loss[of] = np.where(least[of], np.maximum(loss[of], reach), loss[of] + back)
    return loss, least
