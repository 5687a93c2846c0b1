"""Blocking proposes what brute force would, within its budgets, and counts what it leaves out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_problem import MODEL

from migrate.errors import RunError
from migrate.linkage.blocking import block, entities, propose
from migrate.linkage.coding import code_tables
from migrate.linkage.model import BlockingRule, LinkageModel, model_of


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
    rule = BlockingRule("a", ("a",), ("a",), split=("b",), budget=1)
    found = block(LEFT, RIGHT, one_rule(model, rule))
    # each record of the block of x meets two rows: only 0-0 agrees on b as well
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(0, 0), (2, 2)]
    report = found.reports[0]
    assert (report.pairs, report.blocks_split, report.pairs_left_out) == (2, 1, 3)


def test_a_block_over_budget_without_a_split_is_left_out_and_counted(model: LinkageModel) -> None:
    rule = BlockingRule("a", ("a",), ("a",), budget=1)
    found = block(LEFT, RIGHT, one_rule(model, rule))
    assert found.left.tolist() == [2]
    assert found.reports[0].pairs_left_out == 4
    assert found.reports[0].crowded == 2
    assert found.crowd.tolist() == [2, 2, 0, 0]


def test_two_further_columns_split_what_one_does_not(
    model: LinkageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrate.linkage.blocks.SLACK", 1)
    left = pa.table({"a": ["x"] * 3, "b": ["1", "1", None], "c": ["p", "q", "q"]})
    right = pa.table(
        {
            "a": ["x"] * 4,
            "b": ["1", "1", "1", "2"],
            "c": ["p", "q", "q", "q"],
            "owner_id": ["k", "l", "m", "n"],
        }
    )
    rule = BlockingRule("a", ("a",), ("a",), split=("b", "c"), budget=1)
    found = block(left, right, one_rule(model, rule))
    # row 0 is alone with its c; row 1 meets three by b, three by c and two by both;
    # row 2 has no b that could narrow the three of its c
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(0, 0)]
    assert found.crowd.tolist() == [0, 2, 3]


@settings(deadline=None)
@given(st.data())
def test_within_its_budget_a_rule_proposes_what_brute_force_would(data: st.DataObject) -> None:
    cells = st.lists(st.sampled_from([None, "x", "y", "z"]), min_size=1, max_size=12)
    ones, others = data.draw(cells), data.draw(cells)
    budget = data.draw(st.integers(1, 12))
    left = pa.table({"a": pa.array(ones, pa.string())})
    right = pa.table(
        {
            "a": pa.array(others, pa.string()),
            "owner_id": [f"o{n}" for n in range(len(others))],
        }
    )
    rule = BlockingRule("a", ("a",), ("a",), budget=budget)
    found = block(left, right, one_rule(model_of(MODEL), rule))
    brute = [
        (i, j)
        for i, one in enumerate(ones)
        for j, other in enumerate(others)
        if one is not None and one == other and others.count(one) <= budget
    ]
    assert sorted(zip(found.left.tolist(), found.right.tolist(), strict=True)) == brute
    meant = sum(others.count(one) for one in ones if one is not None)
    assert found.reports[0].pairs + found.reports[0].pairs_left_out == meant


def test_a_table_is_blocked_against_itself_once_a_pair(model: LinkageModel) -> None:
    table = pa.table({"a": ["x", "y", "x", "x"], "owner_id": ["p", "q", "r", "s"]})
    rules = one_rule(model, BlockingRule("a", ("a",), ("a",)))
    coding = code_tables(table, table, (), rules)
    found = propose(coding, entities(table, rules)[0], rules, same=True)
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [
        (0, 2),
        (0, 3),
        (2, 3),
    ]


def test_each_pair_says_which_rules_proposed_it(model: LinkageModel) -> None:
    rules = (BlockingRule("a", ("a",), ("a",)), BlockingRule("b", ("b",), ("b",)))
    found = block(LEFT, RIGHT, dataclasses.replace(model, rules=rules))
    for left, right, bits in zip(found.left, found.right, found.rules, strict=True):
        for place, column in enumerate("ab"):
            one, other = LEFT[column][int(left)].as_py(), RIGHT[column][int(right)].as_py()
            assert bool(int(bits) >> place & 1) == (one is not None and one == other)


def test_everybody_of_one_name_and_year_is_split_not_scored_whole(model: LinkageModel) -> None:
    dice = np.random.default_rng(3)
    number = 200_000
    right = pa.table(
        {
            "a": ["x"] * number,
            "b": dice.integers(0, 400, number).astype(str),
            "c": dice.integers(0, 400, number).astype(str),
            "owner_id": np.arange(number).astype(str),
        }
    )
    left = right.slice(0, 20_000)
    rule = BlockingRule("a", ("a",), ("a",), split=("b", "c"), budget=20)
    found = block(left, right, one_rule(model, rule))
    # each meets 1.25 rows by both columns; the whole block is 4,000,000,000 pairs
    assert len(found.left) < 100_000
    own = found.left == found.right
    assert own.sum() == 20_000
    assert found.reports[0].pairs + found.reports[0].pairs_left_out == number * 20_000


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
