"""Clusters of the rows of one table that are the same entity, from the probabilities of its pairs.

Linked pairs form chains: a with b, b with c. Following every chain, one wrong link makes one person
of two families. Here a component of linked rows is put together from below, and two parts of it
join only where their pairs, taken together, speak for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
# bits of log-odds that one pair counts for at most: one sure pair does not outvote several
MOST_BITS = 20.0
# rows of a component that are put together at once: bounds the memory of its distances
LARGEST = 2_000
# small components are put together in one go, up to this many rows
TOGETHER = 96


@dataclass(frozen=True)
class Clusters:
    """``label``, one a row: the first row of its cluster, so a row by itself has its own number.

    ``cut`` are the numbers of pairs at the threshold or over it whose rows are in two clusters: the
    links that were not believed, for a person to look at. ``raised`` tells, of each component over
    2,000 rows, how many it had and the probability that its pairs had to have instead of
    ``threshold`` for it to fall into parts that are not; 1.0: some part never did, and is one cluster.
    """

    label: Indices
    cut: Indices
    raised: tuple[tuple[int, float], ...]


def cluster(
    rows: int,
    left: npt.NDArray[Any],
    right: npt.NDArray[Any],
    probability: npt.NDArray[Any],
    *,
    threshold: float = 0.5,
    uncompared: float = 0.05,
    method: Literal["average", "complete"] = "average",
    order: npt.NDArray[Any] | None = None,
) -> Clusters:
    """Clusters of ``rows`` rows from pairs ``left[i]``, ``right[i]`` that match by ``probability[i]``.

    Rows that pairs of at least ``threshold`` connect form a component. Within it, clusters are
    joined, the likeliest two first, while the log-odds of the pairs between them are on average
    (``average``: Sokal and Michener 1958) or every one (``complete``) at least those of
    ``threshold``. A pair that nothing proposed counts as one of probability ``uncompared``.

    ``order`` ranks the rows by something that stays with them, such as their key, and settles what
    is otherwise equal, so that the same rows in another order give the same clusters; without it
    their numbers do. Raises ValueError: arrays of unequal length, a row paired with itself, a pair
    given twice, a probability outside [0, 1].
    """
    rank = np.arange(rows) if order is None else np.argsort(np.argsort(order, kind="stable"))
    one, other = _checked(rank, left, right, probability)
    bits = _bits(probability)
    floor, unknown = float(_bits(threshold)), float(_bits(uncompared))
    strong = bits >= floor
    component = _components(rows, one[strong], other[strong])
    component, raised = _fitting(rows, one, other, bits, component, floor)
    label = component.copy()
    inside = component[one] == component[other]
    size = np.bincount(component, minlength=rows)
    linked = np.bincount(component[one[inside & strong]], minlength=rows)
    # where every pair is linked there is nothing to settle
    open_ = (linked < size * (size - 1) // 2) & (size <= LARGEST)
    members = np.argsort(component, kind="stable")
    members = members[open_[component[members]]]
    place = np.full(rows, -1)
    place[members] = np.arange(len(members))
    pairs = np.flatnonzero(inside & open_[component[one]])
    pairs = pairs[np.argsort(place[one[pairs]], kind="stable")]
    i, j = place[one[pairs]], place[other[pairs]]
    for begin, end in _spans(size[open_]):
        rows_here, among = members[begin:end], slice(*np.searchsorted(i, (begin, end)))
        ends = i[among] - begin, j[among] - begin
        parts = _parts(component[rows_here], *ends, bits[pairs[among]], floor, unknown, method)
        label[rows_here] = rows + begin + parts
    # up to here rows were numbered by rank; a cluster is called by the row that ranks first
    first = np.full(rows + len(members), rows)
    np.minimum.at(first, label, np.arange(rows))
    row_of_rank = np.argsort(rank)
    by_row = row_of_rank[first[label]][rank]
    cut = np.flatnonzero(strong & (by_row[left] != by_row[right]))
    return Clusters(by_row.astype(np.int64), cut.astype(np.int64), raised)


def _checked(
    rank: Indices, left: npt.NDArray[Any], right: npt.NDArray[Any], probability: npt.NDArray[Any]
) -> tuple[Indices, Indices]:
    """Both rows of each pair by their ranks, the lower one first."""
    if not len(left) == len(right) == len(probability):
        raise ValueError("left, right and probability must be of one length")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError("probabilities must be from 0 to 1")
    one, other = np.minimum(rank[left], rank[right]), np.maximum(rank[left], rank[right])
    if (one == other).any():
        raise ValueError(f"row {left[np.flatnonzero(one == other)[0]]} is paired with itself")
    if len(np.unique(one * len(rank) + other)) < len(one):
        raise ValueError("a pair of rows is given twice")
    return one, other


def _bits(probability: npt.NDArray[Any] | float) -> Floats:
    given = np.asarray(probability, dtype=np.float64)
    with np.errstate(divide="ignore"):
        odds = np.log2(given) - np.log2(1 - given)
    return np.asarray(np.clip(odds, -MOST_BITS, MOST_BITS), dtype=np.float64)


def _components(rows: int, one: Indices, other: Indices) -> Indices:
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(rows, rows))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _fitting(
    rows: int, one: Indices, other: Indices, bits: Floats, component: Indices, floor: float
) -> tuple[Indices, tuple[tuple[int, float], ...]]:
    """Components of at most LARGEST rows: what is larger is taken apart at a higher threshold."""
    raised = []
    for number in np.flatnonzero(np.bincount(component) > LARGEST):
        members = np.flatnonzero(component == number)
        within = np.flatnonzero((component[one] == number) & (component[other] == number))
        i, j = np.searchsorted(members, one[within]), np.searchsorted(members, other[within])
        step, largest = floor, len(members)
        while largest > LARGEST and step < MOST_BITS:
            step = min(step + 1, MOST_BITS)
            kept = bits[within] >= step
            parts = _components(len(members), i[kept], j[kept])
            largest = int(np.bincount(parts).max())
        raised.append((len(members), 1.0 if largest > LARGEST else float(1 / (1 + 2.0**-step))))
        component = component.copy()
        component[members] = component.max() + 1 + parts
    return _numbered(component), tuple(raised)


def _numbered(values: Indices) -> Indices:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _spans(sizes: Indices) -> Iterator[tuple[int, int]]:
    """Where to cut rows that stand by component: several small ones together, a large one alone."""
    begin = end = 0
    for size in sizes.tolist():
        if end > begin and end + size - begin > TOGETHER:
            yield begin, end
            begin = end
        end += size
    if end > begin:
        yield begin, end


def _parts(
    component: Indices,
    one: Indices,
    other: Indices,
    bits: Floats,
    floor: float,
    unknown: float,
    method: str,
) -> Indices:
    """Which cluster each row is in: numbers of no meaning under the number of rows."""
    # rows of two components are further apart than any threshold asks
    apart = np.where(component[:, None] == component, MOST_BITS - unknown, 4 * MOST_BITS)
    apart[one, other] = MOST_BITS - bits
    tree = linkage(apart[np.triu_indices(len(component), 1)], method=method)
    return np.asarray(fcluster(tree, MOST_BITS - floor, criterion="distance") - 1, dtype=np.int64)
