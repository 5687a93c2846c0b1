"""Blocking proposes what brute force would, within its budgets, and counts what it leaves out."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest

from migrate.errors import RunError
from migrate.linkage.blocking import block
from migrate.linkage.model import BlockingRule, LinkageModel


def one_rule(model: LinkageModel, rule: BlockingRule) -> LinkageModel:
    return dataclasses.replace(model, rules=(rule,))


LEFT = pa.table({"a": ["x", "x", "y", None], "b": ["1", "2", "1", "1"]})
RIGHT = pa.table(
    {"a": ["x", "x", "y", None], "b": ["1", "3", "1", "1"], "owner_id": ["p", "q", "r", "s"]}
)


def test_pairs_agree_on_the_key_and_a_null_key_agrees_with_nothing(model: LinkageModel) -> None:
    found = block(LEFT, RIGHT, one_rule(model, BlockingRule("a", ("a",), ("a",))))
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (2, 2),
    ]
    assert found.reports[0].pairs == 5
    assert found.reports[0].pairs_left_out == 0


def test_a_block_over_budget_is_split_and_the_rest_is_counted(model: LinkageModel) -> None:
    rule = BlockingRule("a", ("a",), ("a",), split=("b",), budget=3)
    found = block(LEFT, RIGHT, one_rule(model, rule))
    # the block of x has four pairs: only 0-0 agrees on b as well
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(0, 0), (2, 2)]
    report = found.reports[0]
    assert (report.pairs, report.blocks_split, report.pairs_left_out) == (2, 1, 3)


def test_a_block_over_budget_without_a_split_is_left_out_and_counted(model: LinkageModel) -> None:
    rule = BlockingRule("a", ("a",), ("a",), budget=3)
    found = block(LEFT, RIGHT, one_rule(model, rule))
    assert found.left.tolist() == [2]
    assert found.reports[0].pairs_left_out == 4


def test_every_item_of_a_proposed_entity_is_a_candidate(model: LinkageModel) -> None:
    right = RIGHT.set_column(2, "owner_id", pa.array(["p", "q", "p", "q"]))
    found = block(LEFT.slice(2, 1), right, one_rule(model, BlockingRule("a", ("a",), ("a",))))
    assert found.right.tolist() == [0, 2]


def test_a_rule_counts_only_pairs_that_no_earlier_rule_had(model: LinkageModel) -> None:
    rules = (BlockingRule("a", ("a",), ("a",)), BlockingRule("b", ("b",), ("b",)))
    found = block(LEFT, RIGHT, dataclasses.replace(model, rules=rules))
    brute = {
        (i, j)
        for i in range(4)
        for j in range(4)
        for column in ("a", "b")
        if LEFT[column][i].is_valid and LEFT[column][i].as_py() == RIGHT[column][j].as_py()
    }
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == brute
    assert sum(report.new_pairs for report in found.reports) == len(brute)


def test_a_rule_on_a_column_that_is_absent_is_refused_by_name(model: LinkageModel) -> None:
    with pytest.raises(RunError, match="column zip"):
        block(LEFT, RIGHT, one_rule(model, BlockingRule("z", ("zip",), ("a",))))
