"""Blocking judged: what share of known links each rule proposes, and how many links all rules miss.

Where truth is known, recall is counted. Where it is not, the sure links stand for it, and what all
rules miss is estimated by capture and recapture: rules are occasions, a link that a rule proposes
is caught by it. Links that are harder to catch than others make Chao's estimate a lower bound (Chao,
Estimating the population size for capture-recapture data with unequal catchability, Biometrics 43,
1987); rules that reach unequally far are allowed for as in Chao, Estimating population size for
sparse data in capture-recapture experiments, Biometrics 45, 1989.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from migrate.linkage.link import Linkage
from migrate.linkage.model import BlockingRule

Indices = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
SURE = 0.999
COLUMNS = (
    "rule",
    "pairs",
    "new pairs",
    "blocks split",
    "pairs left out",
    "links",
    "links left out",
    "recall",
    "by it alone",
    "recall without it",
)


@dataclass(frozen=True)
class KnownLinks:
    """Links as rows of the two tables, one a link, and the rules that proposed each, as bits.

    ``basis`` is truth, or sure links. ``rules`` is 0 where none did.
    """

    basis: str
    left: Indices
    right: Indices
    rules: Bits

    @property
    def missed(self) -> npt.NDArray[np.bool_]:
        """Where no rule proposed the link."""
        return np.asarray(self.rules == 0, dtype=bool)

    @property
    def on_one_rule(self) -> npt.NDArray[np.bool_]:
        """Where exactly one rule did: the links that are nearest to being missed."""
        return np.asarray(np.bitwise_count(self.rules) == 1, dtype=bool)


def true_links(linkage: Linkage, left: Indices, right: Indices) -> KnownLinks:
    """Known true links ``left[i]``, ``right[i]``, held against the candidates."""
    width = int(max(linkage.right.max(initial=0), right.max(initial=0))) + 1
    pairs = linkage.left.astype(np.int64) * width + linkage.right
    order = np.argsort(pairs, kind="stable")
    asked = left.astype(np.int64) * width + right
    place = np.searchsorted(pairs[order], asked)
    inside = np.minimum(place, max(len(pairs) - 1, 0))
    rules = np.zeros(len(asked), dtype=np.uint64)
    if len(pairs):
        found = pairs[order[inside]] == asked
        rules[found] = linkage.rules[order[inside[found]]]
    return KnownLinks("truth", left.astype(np.int64), right.astype(np.int64), rules)


def sure_links(linkage: Linkage, least: float = SURE) -> KnownLinks:
    """The pairs of a probability of at least ``least``: no two of one record, where it is over 0.5."""
    probability = linkage.shares.entity_share * linkage.shares.item_share
    sure = np.flatnonzero(probability >= least)
    return KnownLinks(
        "sure links",
        linkage.left[sure].astype(np.int64),
        linkage.right[sure].astype(np.int64),
        linkage.rules[sure].astype(np.uint64),
    )


def missed_at_least(rules: Bits) -> float:
    """Chao's lower bound of how many links no rule caught, from the bits of those that were.

    (f1² - Σ z²) / (2 (f2 + 1)): f1 and f2 are links that exactly one and exactly two rules caught, z
    those that one rule alone did. Without the sum, unequal rules would make it too great.
    """
    caught = np.bitwise_count(rules)
    once, twice = rules[caught == 1], float((caught == 2).sum())
    alone = np.unique(once, return_counts=True)[1].astype(np.float64)
    return float((alone.sum() ** 2 - (alone**2).sum()) / (2 * (twice + 1)))


@dataclass(frozen=True)
class Judged:
    """The rules of a model, judged by known links.

    ``table`` has one row a rule and COLUMNS. ``links`` are how many are known, ``found`` how many of
    them are candidates; ``missed`` how many are not: counted where truth is known, else Chao's lower
    bound. ``left_out`` of those that are known agree with a rule, in a block over its budget.
    """

    basis: str
    table: pd.DataFrame
    links: int
    found: int
    missed: float
    left_out: int

    @property
    def recall(self) -> float:
        """The share of links that are candidates; an upper bound where truth is not known."""
        total = self.found + self.missed
        return self.found / total if total else 1.0

    def text(self) -> str:
        """What was counted, in words."""
        if self.basis == "truth":
            return (
                f"{self.links:,} true links, {self.found:,} of them candidates: recall "
                f"{self.recall:.4%}; {self.missed:,.0f} missed, {self.left_out:,} of them in blocks "
                "over a rule's budget"
            )
        return (
            f"no truth given: judged by {self.links:,} sure links. All rules miss at least "
            f"{self.missed:,.1f} more (Chao 1989, rules as occasions): recall at most "
            f"{self.recall:.4%}"
        )


def judge(linkage: Linkage, left: pa.Table, right: pa.Table, known: KnownLinks) -> Judged:
    """Judge every rule of a linkage's model by known links; the tables are those that were linked.

    Recall is a share of the known links, or of the sure links and those that Chao's bound adds.
    """
    links, found = len(known.rules), int((~known.missed).sum())
    missed = links - found if known.basis == "truth" else missed_at_least(known.rules)
    total = max(found + missed, 1)
    rows = []
    lost = np.zeros(links, dtype=bool)
    for place, (rule, report) in enumerate(zip(linkage.model.rules, linkage.blocking, strict=True)):
        bit = np.uint64(1 << place)
        by_it = (known.rules & bit) != 0
        alone = int((known.rules == bit).sum())
        left_out = _agrees(rule, left, right, known) & ~by_it
        lost |= left_out & known.missed
        rows.append(
            (
                report.rule,
                report.pairs,
                report.new_pairs,
                report.blocks_split,
                report.pairs_left_out,
                int(by_it.sum()),
                int(left_out.sum()),
                int(by_it.sum()) / total,
                alone,
                (found - alone) / total,
            )
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return Judged(known.basis, table, links, found, float(missed), int(lost.sum()))


def _agrees(
    rule: BlockingRule, left: pa.Table, right: pa.Table, known: KnownLinks
) -> npt.NDArray[np.bool_]:
    """Which known links agree on a rule's columns; a missing value agrees with nothing."""
    one, other = pa.array(known.left), pa.array(known.right)
    same = np.ones(len(known.left), dtype=bool)
    for column, mate in zip(rule.left, rule.right, strict=True):
        ours = left.column(column).take(one).cast(pa.string())
        theirs = right.column(mate).take(other).cast(pa.string())
        equal = pc.fill_null(pc.equal(ours, theirs), False)
        same &= np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)
    return same
