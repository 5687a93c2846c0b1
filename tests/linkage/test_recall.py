"""Blocking judged: recall counted where truth is known, bounded where it is not; rules proposed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkage_problem import MODEL, draw

from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.model import LinkageModel, model_of
from migrate.linkage.proposals import pool, propose, table_of
from migrate.linkage.recall import judge, missed_at_least, sure_links, true_links

Problem = tuple[Linkage, pa.Table, pa.Table, np.ndarray, np.ndarray]


def problem_of(model: LinkageModel) -> Problem:
    left, right, truth = draw(600, seed=13)
    return link_tables(left, right, model), left, right, np.arange(600), np.array(truth)


@pytest.fixture(scope="module")
def problem(model: LinkageModel) -> Problem:
    return problem_of(model)


def keys(table: pa.Table, columns: tuple[str, ...]) -> list[tuple[Any, ...] | None]:
    """Each row's key, None where a part of it is missing."""
    rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
    return [None if None in row else row for row in rows]


def test_a_rule_proposes_the_true_links_that_agree_on_its_columns(problem: Problem) -> None:
    linkage, left, right, one, other = problem
    judged = judge(linkage, left, right, true_links(linkage, one, other))
    owners = right["owner_id"].to_pylist()
    for rule, row in zip(linkage.model.rules, judged.table.to_dict("records"), strict=True):
        ours, theirs = keys(left, rule.left), keys(right, rule.right)
        # a rule proposes an owner by any of their boats
        of_owner: dict[str, set[Any]] = {}
        for owner, key in zip(owners, theirs, strict=True):
            of_owner.setdefault(owner, set()).add(key)
        by_hand = sum(
            ours[record] is not None and ours[record] in of_owner[owners[boat]]
            for record, boat in zip(one, other, strict=True)
        )
        assert row["links"] == by_hand, rule.name
        assert row["recall"] == pytest.approx(by_hand / 600)


def test_recall_without_a_rule_is_what_linking_without_it_finds(problem: Problem) -> None:
    linkage, left, right, one, other = problem
    judged = judge(linkage, left, right, true_links(linkage, one, other))
    for place, row in enumerate(judged.table.to_dict("records")):
        rules = [rule for n, rule in enumerate(MODEL["blocking"]) if n != place]
        fewer = link_tables(left, right, model_of({**MODEL, "blocking": rules}))
        again = judge(fewer, left, right, true_links(fewer, one, other))
        assert row["recall without it"] == pytest.approx(again.recall)
        assert judged.found - row["by it alone"] == again.found


def test_the_missed_are_those_that_are_no_candidates(problem: Problem) -> None:
    linkage, left, right, one, other = problem
    known = true_links(linkage, one, other)
    pairs = set(zip(linkage.left.tolist(), linkage.right.tolist(), strict=True))
    by_hand = [pair not in pairs for pair in zip(one.tolist(), other.tolist(), strict=True)]
    assert known.missed.tolist() == by_hand
    judged = judge(linkage, left, right, known)
    assert (judged.links, judged.missed) == (600, sum(by_hand))
    assert f"{sum(by_hand):,} missed" in judged.text()


def test_chao_s_bound_by_hand() -> None:
    # caught once: 3, 2 and 1 by three rules, twice: 4, three times: 1; (36 - 14) / (2 * 5)
    rules = np.array([1, 1, 1, 2, 2, 4, 3, 5, 6, 3, 7], dtype=np.uint64)
    assert missed_at_least(rules) == pytest.approx(2.2)
    # none caught twice: (9 - 3) / 2
    assert missed_at_least(np.array([1, 2, 4, 7], dtype=np.uint64)) == 3.0
    assert missed_at_least(np.zeros(0, dtype=np.uint64)) == 0.0


def caught(dice: np.random.Generator, rates: np.ndarray) -> np.ndarray:
    """The bits of links that rules catch at ``rates``, of shape (rules, links), each apart."""
    hit = (dice.random(rates.shape) < rates).astype(np.uint64)
    places = np.arange(len(rates), dtype=np.uint64)[:, None]
    return np.bitwise_or.reduce(hit << places, axis=0)


@given(st.integers(0, 2**32), st.lists(st.floats(0.3, 0.8), min_size=4, max_size=7))
def test_it_is_what_unequal_rules_that_catch_apart_miss(seed: int, reach: list[float]) -> None:
    rules = caught(np.random.default_rng(seed), np.repeat(np.array(reach)[:, None], 20_000, axis=1))
    missed = int((rules == 0).sum())
    assert abs(missed_at_least(rules[rules > 0]) - missed) <= 0.3 * missed + 40


def test_it_is_less_than_what_is_missed_where_some_links_are_hard_to_catch() -> None:
    rates = np.r_[np.full(5_000, 0.8), np.full(500, 0.15)] * np.array([[1.0], [0.7], [1.1], [0.4]])
    rules = caught(np.random.default_rng(4), rates)
    missed = int((rules == 0).sum())
    assert 0 < missed_at_least(rules[rules > 0]) < missed


def test_without_truth_the_sure_links_stand_for_it(problem: Problem) -> None:
    linkage, left, right, _, _ = problem
    known = sure_links(linkage)
    assert len(np.unique(known.left)) == len(known.left)
    judged = judge(linkage, left, right, known)
    assert judged.basis == "sure links"
    assert judged.found == judged.links == len(known.left)
    assert judged.recall == pytest.approx(judged.links / (judged.links + judged.missed))
    assert "Chao 1989" in judged.text()


def test_a_proposal_taken_up_makes_the_pairs_it_said_and_brings_the_links() -> None:
    fewer = model_of({**MODEL, "blocking": MODEL["blocking"][1:2]})
    linkage, left, right, one, other = problem_of(fewer)
    known = true_links(linkage, one, other)
    judged = judge(linkage, left, right, known)
    found = propose(fewer, left, right, known)
    rule = {"name": "proposed", "columns": list(found[0].columns), "budget": 100}
    more = model_of({**MODEL, "blocking": [*MODEL["blocking"][1:2], rule]})
    again = link_tables(left, right, more)
    report = again.blocking[1]
    assert (report.pairs, report.pairs_left_out) == (found[0].pairs, found[0].left_out)
    # another boat of theirs may bring an owner too
    assert (
        judge(again, left, right, true_links(again, one, other)).found
        >= judged.found + found[0].links
    )
    assert found[0].links > 0


def test_proposals_bring_links_of_their_own_at_the_price(problem: Problem) -> None:
    linkage, left, right, one, other = problem
    known = true_links(linkage, one, other)
    for price in (50.0, 10_000.0):
        found = propose(linkage.model, left, right, known, price=price)
        assert all(one.links > one.pairs / price for one in found)
        assert sum(one.links for one in found) <= known.missed.sum()
        worth = [one.links - one.pairs / price for one in found]
        assert all(a >= b for a, b in pairwise(worth))
    assert len(table_of(found, known)) == len(found)


def test_no_proposal_is_a_rule_of_the_model_made_narrower(problem: Problem) -> None:
    linkage, left, right, _, _ = problem
    found = propose(linkage.model, left, right, sure_links(linkage))
    standing = [set(rule.left) for rule in linkage.model.rules if rule.left == rule.right]
    assert not any(rule <= set(one.columns) for one in found for rule in standing)
    assert pool(linkage.model, left, right) == ("given", "name", "born", "built")


def test_links_in_blocks_over_the_budget_are_counted() -> None:
    left, right, truth = draw(300, seed=17, no_birth=0.0)
    rules = [
        {"name": "built", "columns": ["built"], "split": ["born"], "budget": 5},
        {"name": "names", "columns": ["given", "name"], "budget": 100},
    ]
    linkage = link_tables(left, right, model_of({**MODEL, "blocking": rules}))
    known = true_links(linkage, np.arange(300), np.array(truth))
    judged = judge(linkage, left, right, known)
    # every true link agrees on the year the boat was built
    built, names = judged.table.to_dict("records")
    assert built["links left out"] == 300 - built["links"]
    assert names["links left out"] == 0
    assert judged.left_out == judged.missed
    assert f"{judged.left_out:,} of them in blocks over a rule's budget" in judged.text()


def test_nothing_is_proposed_where_nothing_is_missed() -> None:
    left, right, truth = draw(50, seed=1, no_birth=0.0)
    rules = [{"name": "built", "columns": ["built"], "budget": 10_000}]
    linkage = link_tables(left, right, model_of({**MODEL, "blocking": rules}))
    known = true_links(linkage, np.arange(50), np.array(truth))
    assert not known.missed.any()
    assert propose(linkage.model, left, right, known) == []
    assert table_of([], known).empty
