"""Why a known pair was missed: what each blocking rule asks that it has not, or where it lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from migrate.linkage.evidence import pairs_of, same_value
from migrate.linkage.explain import explain, text_at
from migrate.linkage.explanation import Explanation, isolated
from migrate.linkage.link import Linkage
from migrate.linkage.model import BlockingRule, LinkageModel


@dataclass(frozen=True)
class Column:
    """How a pair stands in one column of a rule; ``state`` is agrees, differs or missing."""

    name: str
    left: str | None
    right: str | None

    @property
    def state(self) -> str:
        """*Missing* is not *different*: either keeps a rule from proposing the pair."""
        if self.left is None or self.right is None:
            return "missing"
        return "agrees" if self.left == self.right else "differs"

    @property
    def verb(self) -> str:
        """The state as a sentence ends."""
        return "is missing" if self.state == "missing" else self.state

    def said(self) -> str:
        """The column and its values in words."""
        return f"{self.name} {self.verb} ({isolated(self.left)} | {isolated(self.right)})"


@dataclass(frozen=True)
class RuleStanding:
    """How a pair stands to one blocking rule.

    ``lacks`` are the columns that keep the rule from it. Where there are none, ``block`` is how many
    right rows the record meets in its block, ``budget`` how many it may, and ``split`` the rule's
    split columns, for a block over its budget. ``proposed`` is whether the rule proposed the pair's
    entity, by this row or by another of its rows.
    """

    rule: str
    columns: tuple[Column, ...]
    split: tuple[Column, ...]
    block: int | None
    budget: int
    proposed: bool

    @property
    def lacks(self) -> tuple[Column, ...]:
        """The columns that differ or are missing."""
        return _lacks(self.columns)

    def said(self) -> str:
        """In one line of English, what came of the rule."""
        if self.lacks:
            said = "; ".join(column.said() for column in self.lacks)
            return f"{said}; another row of its entity was proposed" if self.proposed else said
        over = self.block is not None and self.block > self.budget
        if self.proposed:
            return "proposed it" + (", its block split" if over else "")
        if not over:
            return "agrees, and did not propose it"
        size = f"its block of {self.block:,} rows is over the budget of {self.budget:,}"
        shared = [column.name for column in self.split if column.state == "agrees"]
        if not self.split:
            return f"left out: {size}, and the rule has no split columns"
        if not shared:
            return f"left out: {size}, and it agrees on no split column: " + "; ".join(
                column.said() for column in self.split
            )
        return f"left out: {size}, also where it is split by {', '.join(shared)}"


@dataclass(frozen=True)
class Missed:
    """A known pair that was not taken. ``rules`` in the model's order; ``lost`` in words."""

    pair: Explanation
    rules: tuple[RuleStanding, ...]
    lost: str

    @property
    def nearest(self) -> RuleStanding:
        """The rule that lacks least; among equals the one that has most, then the first."""
        return min(self.rules, key=lambda rule: (len(rule.lacks), -len(rule.columns)))

    def table(self) -> pd.DataFrame:
        """One row a rule: whether it proposed the pair, how many columns it lacks, and why."""
        return pd.DataFrame(
            [(rule.rule, rule.proposed, len(rule.lacks), rule.said()) for rule in self.rules],
            columns=["rule", "proposed", "lacks", "why"],
        )

    def text(self) -> str:
        """The step at which the pair was lost, and each rule, as lines of text."""
        lines = [self.lost, "The blocking rules:"]
        for rule in self.rules:
            lines.append(f"  {'yes' if rule.proposed else 'no ':<4} {rule.rule}: {rule.said()}")
        return "\n".join(lines) + "\n"


def why_missed(
    linkage: Linkage,
    left: pa.Table,
    right: pa.Table,
    pair: tuple[int, int],
    *,
    accept: float = 0.5,
    raw: str | None = None,
    names: str | None = None,
) -> Missed:
    """Say at which step a pair was lost: blocking, its rivals, a contradiction, the threshold.

    ``accept`` is the least probability of a link. All else is as in :func:`explain`.
    """
    explained = explain(linkage, left, right, pair, raw=raw, names=names)
    bits = _proposed(linkage, right, pair)
    rules = tuple(
        _standing(rule, bool(bits >> place & 1), left, right, pair)
        for place, rule in enumerate(linkage.model.rules)
    )
    found = Missed(explained, rules, "")
    lost = _lost(explained, accept) if explained.candidate else _never_proposed(found.nearest)
    return Missed(explained, rules, lost)


def _never_proposed(nearest: RuleStanding) -> str:
    return f"No rule proposes it. The nearest is '{nearest.rule}': {nearest.said()}."


def _lost(pair: Explanation, accept: float) -> str:
    """The first step at which a candidate falls."""
    for question in pair.questions:
        best = question.competitors[0]
        # a tie is no win
        if best.share >= question.share:
            return (
                f"A candidate, and lost the question of the {question.group}: {best.name} has "
                f"share {best.share:.5f}, it has {question.share:.5f}."
            )
    if pair.contradicts:
        return f"A candidate and the likeliest, but contradicted by {', '.join(pair.contradicts)}."
    if pair.probability < accept:
        return (
            f"A candidate and the likeliest, but its probability {pair.probability:.8f} is under "
            f"{accept:g}."
        )
    return f"Not missed: a candidate of probability {pair.probability:.8f}, and the likeliest."


def _proposed(linkage: Linkage, right: pa.Table, pair: tuple[int, int]) -> int:
    """The bits of the rules that proposed the pair's entity; 0 where it is no candidate."""
    pairs = pairs_of(linkage, pair[0])
    found = pairs[linkage.right[pairs] == pair[1]]
    return int(linkage.rules[found[0]]) if len(found) else 0


def lacking(
    model: LinkageModel, left: pa.Table, right: pa.Table, pairs: Iterable[tuple[int, int]]
) -> dict[str, int]:
    """What keeps pairs from their nearest rules: how many lack each column, the most first.

    A key is the column's name with `is missing` or `differs`; the nearest rule is the one that lacks
    least, among equals the one that has most, then the first.
    """
    counts: Counter[str] = Counter()
    for pair in pairs:
        standings = [_columns(rule, left, right, pair) for rule in model.rules]
        nearest = min(standings, key=lambda columns: (len(_lacks(columns)), -len(columns)))
        counts.update(f"{column.name} {column.verb}" for column in _lacks(nearest))
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _lacks(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(column for column in columns if column.state != "agrees")


def _columns(
    rule: BlockingRule, left: pa.Table, right: pa.Table, pair: tuple[int, int]
) -> tuple[Column, ...]:
    return tuple(
        _column(left, right, pair, one, other)
        for one, other in zip(rule.left, rule.right, strict=True)
    )


def _standing(
    rule: BlockingRule, proposed: bool, left: pa.Table, right: pa.Table, pair: tuple[int, int]
) -> RuleStanding:
    columns = _columns(rule, left, right, pair)
    block = None
    if not _lacks(columns):
        same = [same_value(right, name, pair[1]) for name in rule.right]
        block = int(np.logical_and.reduce(same).sum())
    split = tuple(_column(left, right, pair, name, name) for name in rule.split)
    return RuleStanding(rule.name, columns, split, block, rule.budget, proposed)


def _column(left: pa.Table, right: pa.Table, pair: tuple[int, int], one: str, other: str) -> Column:
    name = one if one == other else f"{one}/{other}"
    return Column(name, text_at(left, pair[0], one), text_at(right, pair[1], other))
