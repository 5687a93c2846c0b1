"""The links of a linkage, one to one, as a table of rows that belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from migrate.linkage.assignment import assign

if TYPE_CHECKING:
    from migrate.linkage.link import Linkage

# a rival is whatever is not at least a hundred times less likely: 6.64 bits
CLEAR = float(np.log2(100))


def one_to_one(linkage: Linkage, *, accept: float = 0.99, clear: float = CLEAR) -> pa.Table:
    """Each row of the left table with its row of the right one, neither taken twice.

    ``linkage`` is that of two tables by a model of one group. ``accept`` is the least probability of
    a pair to be taken at all. Among those, the assignment of greatest total weight is taken, where
    going without weighs what *nobody* does. A link is ``tied`` where another assignment, that gives
    one of its rows to another, is worth less than ``clear`` bits less: let a person decide those.

    One row a link, by ``left``: ``left`` and ``right`` (int64, row numbers of the two tables),
    ``probability``, ``weight`` and ``margin`` (float64; the last two bits; infinite where nothing
    rivals the link) and ``tied`` (bool). Raises ValueError for a model of two groups.
    """
    if len(linkage.model.groups) > 1:
        raise ValueError("a model of two groups asks which entity, then which item: not one to one")
    probability, weight = linkage.shares.entity_share, linkage.shares.entity_weight
    prior = linkage.learned.priors[linkage.model.groups[0].name]
    nobody = float(np.log2(linkage.compared.entities * (1 - prior) / prior))
    sure = np.flatnonzero(probability >= accept)
    found = assign(
        linkage.left[sure], linkage.right[sure], weight[sure], unassigned=nobody, clear=clear
    )
    taken = found.pair >= 0
    pair = sure[found.pair[taken]]
    return pa.table(
        {
            "left": linkage.left[pair].astype(np.int64),
            "right": linkage.right[pair].astype(np.int64),
            "probability": probability[pair].astype(np.float64),
            "weight": weight[pair].astype(np.float64),
            "margin": found.margin[taken],
            "tied": found.tied[taken],
        }
    )
