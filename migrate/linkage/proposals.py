"""Blocking rules proposed: columns whose agreement would bring links that no rule, or one, proposes.

The pool is every pair and every three of the model's columns. How many pairs a rule would make is
counted before any is made; a record that would meet more rows than the budget is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from migrate.linkage.coding import code_columns
from migrate.linkage.model import LinkageModel
from migrate.linkage.recall import KnownLinks

Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]
# rows of the right table that a record may meet by one rule, and what one more link may cost in pairs
BUDGET, PRICE = 100, 10_000.0
# rules whose pairs are counted, of those that promise most
COUNTED, SHOWN = 150, 10
# a rule that would make this many times the budget by chance is not worth counting
_HOPELESS = 20.0


@dataclass(frozen=True)
class Proposal:
    """A rule that the model has not: its columns, pairs it would make, links it would bring.

    ``left_out`` are pairs in blocks over the budget; ``links`` those not brought by a proposal
    before it in the list.
    """

    columns: tuple[str, ...]
    pairs: int
    left_out: int
    links: int


@dataclass(frozen=True)
class _Coded:
    """The model's text columns as numbers, the same for the same text on both sides; -1 is absent."""

    left: dict[str, Codes]
    right: dict[str, Codes]


def table_of(proposals: Sequence[Proposal], known: KnownLinks) -> pd.DataFrame:
    """One row a proposal, best first: columns, pairs, pairs left out, links, links so far."""
    said = "new links" if known.basis == "truth" else "links on one rule"
    rows = [(" + ".join(one.columns), one.pairs, one.left_out, one.links) for one in proposals]
    found = pd.DataFrame(rows, columns=["rule", "pairs", "pairs left out", said])
    return found.assign(**{"pairs a link": (found["pairs"] / found[said].clip(lower=1)).round(1)})


def propose(
    model: LinkageModel,
    left: pa.Table,
    right: pa.Table,
    known: KnownLinks,
    *,
    budget: int = BUDGET,
    price: float = PRICE,
) -> list[Proposal]:
    """Propose rules, the best first: at each step the one whose new links are worth most over its pairs.

    Where truth is known, links are the true ones that no rule proposes; else the sure ones that only
    one rule does, for what is like them is what is missed. ``budget`` is the most rows of the right
    table that a record may meet by a rule, ``price`` how many pairs one more link may cost. Greedy,
    and deterministic.
    """
    wanted = known.missed if known.basis == "truth" else known.on_one_rule
    one, other = known.left[wanted], known.right[wanted]
    coded = _coded(model, left, right)
    agrees = {
        name: (coded.left[name][one] >= 0) & (coded.left[name][one] == coded.right[name][other])
        for name in coded.left
    }
    counted = []
    for columns in _promising(model, coded, agrees, budget):
        pairs, left_out, meets = _count(coded, columns, budget)
        brings = np.logical_and.reduce([agrees[name] for name in columns]) & (meets[one] <= budget)
        if brings.any():
            counted.append((columns, pairs, left_out, brings))
    return list(_greedy(counted, price))


def pool(model: LinkageModel, left: pa.Table, right: pa.Table) -> tuple[str, ...]:
    """The text columns of both tables that the model's rules and levels look at, in its order."""
    named = [name for rule in model.rules for name in rule.left + rule.right + rule.split]
    for field in model.fields:
        named += [str(level.column) for level in field.levels if level.operator == "equal"]
    return tuple(
        name
        for name in dict.fromkeys(named)
        if all(name in table.column_names and _is_text(table, name) for table in (left, right))
    )


def _is_text(table: pa.Table, name: str) -> bool:
    kind = table.schema.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _coded(model: LinkageModel, left: pa.Table, right: pa.Table) -> _Coded:
    ours, theirs = {}, {}
    for name in pool(model, left, right):
        column = code_columns(left, right, [name])[name]
        ours[name], theirs[name] = column.left, column.right
    return _Coded(ours, theirs)


def _promising(
    model: LinkageModel, coded: _Coded, agrees: dict[str, Flags], budget: int
) -> list[tuple[str, ...]]:
    """The rules that promise most links, of those that chance does not fill beyond measure."""
    field_of = {field.value: field.name for field in model.fields}
    field_of |= {str(one.column): field.name for field in model.fields for one in field.levels}
    standing = {frozenset(rule.left) for rule in model.rules if rule.left == rule.right}
    rows = len(next(iter(coded.right.values()), np.zeros(0)))
    meets = {name: rows * _chance(coded.right[name]) / max(rows, 1) for name in coded.right}
    found = []
    for size in (2, 3):
        for columns in combinations(coded.left, size):
            if any(rule <= frozenset(columns) for rule in standing):
                continue
            if len({field_of.get(name, name) for name in columns}) < size:
                # two forms of one value: the second forgives nothing and narrows nothing
                continue
            expected = rows * float(np.prod([meets[name] for name in columns]))
            if expected > budget * _HOPELESS:
                continue
            promise = int(np.logical_and.reduce([agrees[name] for name in columns]).sum())
            if promise:
                found.append((-promise, size, columns))
    return [columns for _, _, columns in sorted(found)[:COUNTED]]


def _chance(codes: Codes) -> float:
    """How likely two rows drawn at random agree on a column."""
    counts = np.bincount(codes[codes >= 0])
    return float((counts / max(len(codes), 1)) @ (counts / max(len(codes), 1)))


def _count(coded: _Coded, columns: tuple[str, ...], budget: int) -> tuple[int, int, Indices]:
    """Pairs within budget, pairs over it, and how many right rows each left row meets."""
    rows = len(coded.left[columns[0]])
    both = [np.concatenate([coded.left[name], coded.right[name]]) for name in columns]
    present = np.logical_and.reduce([codes >= 0 for codes in both])
    key = np.zeros(len(present), dtype=np.int64)
    for codes in both:
        # numbered anew at each column, so that no product runs over
        key = pd.factorize(key * (int(codes.max(initial=0)) + 1) + codes)[0].astype(np.int64)
    size = np.bincount(key[rows:][present[rows:]], minlength=int(key.max(initial=0)) + 1)
    meets = np.where(present[:rows], size[key[:rows]], 0)
    within = meets <= budget
    return int(meets[within].sum()), int(meets[~within].sum()), meets


def _greedy(
    counted: Sequence[tuple[tuple[str, ...], int, int, Flags]], price: float
) -> Iterator[Proposal]:
    if not counted:
        return
    open_ = np.ones(len(counted[0][3]), dtype=bool)
    for _ in range(SHOWN):
        best = min(
            counted,
            key=lambda one: (one[1] / price - int((one[3] & open_).sum()), len(one[0]), one[0]),
        )
        columns, pairs, left_out, brings = best
        links = int((brings & open_).sum())
        if links <= pairs / price:
            return
        yield Proposal(columns, pairs, left_out, links)
        open_ &= ~brings
