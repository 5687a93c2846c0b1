"""Chance agreement is what counting all pairs would give."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from linkage_problem import draw

from migrate.linkage.blocking import entities
from migrate.linkage.chance import neighbours, term_adjustment, u_at_random, within_entity
from migrate.linkage.coding import Coding, code_tables
from migrate.linkage.model import LinkageModel


def coded(left: pa.Table, right: pa.Table, model: LinkageModel) -> Coding:
    return code_tables(left, right, model.fields, model, blocking=False)


def test_equality_by_chance_is_the_sum_of_squares_of_shares(model: LinkageModel) -> None:
    given = model.fields[0]
    left, right, _ = draw(200, seed=2)
    u = u_at_random(given, coded(left, right, model), seed=1, pairs=2000)
    ours, theirs = left.column("given").to_pylist(), right.column("given").to_pylist()
    brute = sum(ours.count(v) * theirs.count(v) for v in set(ours)) / (len(ours) * len(theirs))
    assert u[0] == pytest.approx(brute, rel=0.01)
    assert u.sum() - u[1] == pytest.approx(1.0, abs=1e-4)
    assert u[1] == u[0]


def test_u_of_a_field_nobody_holds_is_even(model: LinkageModel) -> None:
    left, right, _ = draw(10, seed=2)
    blank = left.set_column(2, "born", pa.nulls(10, pa.string()))
    coding = coded(blank, right, model)
    assert u_at_random(model.fields[2], coding, seed=1).tolist() == [0.5, 0.5]


def test_a_rare_value_adds_bits_and_a_common_one_takes_some(model: LinkageModel) -> None:
    name = model.fields[0]
    right = pa.table(
        {
            "given": ["ali"] * 98 + ["zal", "ali"],
            "name": ["x"] * 100,
            "born": ["1"] * 100,
            "built": ["1"] * 100,
            "born_unread": [False] * 100,
        }
    )
    coding = coded(right, right, model)
    bits = term_adjustment(name, coding, u_at_random(name, coding, seed=1, pairs=1000))[0]
    values = coding.columns["given"].texts.to_pylist()
    assert bits[values.index("zal")] == pytest.approx(np.log2(0.9802 / 0.02), abs=0.1)
    assert bits[values.index("ali")] < 0.1


def test_between_items_of_one_entity_only_their_own_fields_differ(model: LinkageModel) -> None:
    _, right, _ = draw(500, seed=4)
    owners = right.column("owner_id").to_pylist()
    entity, count = entities(right, model)
    assert count == len(set(owners))
    one, other = neighbours(entity, seed=1)
    assert all(owners[a] == owners[b] for a, b in zip(one, other, strict=True))
    assert len(one) == right.num_rows - len(set(owners))
    u, _ = within_entity(coded(right, right, model), entity, model, seed=1)
    assert u.keys() == {"built"}
    # fifty years, drawn evenly
    assert u["built"][0] == pytest.approx(1 / 50, abs=0.02)
