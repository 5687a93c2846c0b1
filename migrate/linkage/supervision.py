"""A linkage learned again with labels: what people said of some candidates mends what EM found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from migrate.linkage.estimate import learn, shares
from migrate.linkage.labels import Labelled, held
from migrate.linkage.link import TRAINING_PAIRS, Linkage


def learn_with(linkage: Linkage, known: Labelled, *, threads: int = 1) -> Linkage:
    """The same candidates, weighed by probabilities learned with labels.

    :param linkage: as ``link_tables`` gave it; its u, stranger and joint stay as they are.
    :param known: its labelled candidates, from ``labelled``; their ``weight`` is how many records a
        labelled one counts for.
    :param threads: to weigh with; the answer is the same on any number.

    A pair that a person refused has share 0, and its rivals gain. A pair called a match is no surer
    than its evidence: a label in a sample must not issue a code.
    """
    compared, record = linkage.compared, linkage.compared.record
    # as for learning without labels: every n-th record where there are more than are needed
    step = max(-(-len(record) // TRAINING_PAIRS), 1)
    kept = (record % step == 0) | np.isin(record, record[known.pairs])
    learned = learn(
        compared if step == 1 else compared.part(kept),
        linkage.model,
        linkage.learned.u,
        linkage.learned.stranger,
        linkage.learned.joint,
        known if step == 1 else known.within(kept),
    )
    found = shares(compared, linkage.model, learned, threads=threads)
    return replace(linkage, learned=learned, shares=held(found, compared, known, matches=False))
