"""Chance agreement is what counting all pairs would give."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from linkage_problem import draw

from migrate.linkage.chance import neighbours, term_adjustment, u_at_random, within_entity
from migrate.linkage.compare import code_field
from migrate.linkage.model import LinkageModel


def test_equality_by_chance_is_the_sum_of_squares_of_shares(model: LinkageModel) -> None:
    given = model.fields[0]
    left, right, _ = draw(200, seed=2)
    u = u_at_random(code_field(given, left, right), seed=1, pairs=2000)
    ours, theirs = left.column("given").to_pylist(), right.column("given").to_pylist()
    brute = sum(ours.count(v) * theirs.count(v) for v in set(ours)) / (len(ours) * len(theirs))
    assert u[0] == pytest.approx(brute, rel=0.01)
    assert u.sum() - u[1] == pytest.approx(1.0, abs=1e-4)
    assert u[1] == u[0]


def test_u_of_a_field_nobody_holds_is_even(model: LinkageModel) -> None:
    left, right, _ = draw(10, seed=2)
    blank = left.set_column(2, "born", pa.nulls(10, pa.string()))
    assert u_at_random(code_field(model.fields[2], blank, right), seed=1).tolist() == [0.5, 0.5]


def test_a_rare_value_adds_bits_and_a_common_one_takes_some(model: LinkageModel) -> None:
    name = model.fields[0]
    right = pa.table(
        {
            "given": ["ali"] * 98 + ["zal", "ali"],
            "name": ["x"] * 100,
            "born": ["1"] * 100,
            "born_unread": [False] * 100,
        }
    )
    coded = code_field(name, right, right)
    bits = term_adjustment(coded, u_at_random(coded, seed=1, pairs=1000))[0]
    values = coded.right_values.column("given").to_pylist()
    assert bits[values.index("zal")] == pytest.approx(np.log2(0.9802 / 0.02), abs=0.1)
    assert bits[values.index("ali")] < 0.1


def test_between_items_of_one_entity_only_their_own_fields_differ(model: LinkageModel) -> None:
    _, right, _ = draw(500, seed=4)
    owners = right.column("owner_id").to_pylist()
    one, other = neighbours(right, model, seed=1)
    assert all(owners[a] == owners[b] for a, b in zip(one, other, strict=True))
    assert len(one) == right.num_rows - len(set(owners))
    u, _ = within_entity(right, model, seed=1)
    assert u.keys() == {"built"}
    # fifty years, drawn evenly
    assert u["built"][0] == pytest.approx(1 / 50, abs=0.02)
