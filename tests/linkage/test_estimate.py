"""EM finds the probabilities that made the data, and candidates share out one record's certainty."""

from __future__ import annotations

import numpy as np
import pytest
from linkage_problem import draw

from migrate.linkage.estimate import Compared, Probabilities, learn, shares
from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.model import LinkageModel


@pytest.fixture(scope="module")
def linkage(model: LinkageModel) -> Linkage:
    left, right, _ = draw(1500, seed=11)
    return link_tables(left, right, model)


def test_m_is_near_the_rates_the_data_were_made_with(linkage: Linkage) -> None:
    m = linkage.learned.m
    # one surname in ten has its last letter changed; birth and building year are never changed
    assert m["name"][0] == pytest.approx(0.90, abs=0.04)
    assert m["given"][0] > 0.95
    assert m["born"][0] > 0.95
    assert m["built"][0] > 0.95


def test_u_of_the_item_is_agreement_between_two_items_of_one_entity(linkage: Linkage) -> None:
    # two boats of one owner are built in the same one of 50 years by chance alone
    assert linkage.learned.u["built"][0] == pytest.approx(1 / 50, abs=0.02)


def test_shares_of_a_records_entities_never_sum_over_one(linkage: Linkage) -> None:
    begins, records = linkage.compared.starts()
    total = np.add.reduceat(linkage.shares.entity_share[begins], records)
    assert total.max() <= 1 + 1e-9
    items = np.add.reduceat(linkage.shares.item_share, begins)
    assert items.max() <= 1 + 1e-9
    assert linkage.shares.entity_share.min() >= 0


def test_two_equal_entities_get_equal_shares(model: LinkageModel) -> None:
    start = {f.name: np.array([level.m for level in f.levels]) for f in model.fields}
    u = {name: np.full(len(m), 1 / len(m)) for name, m in start.items()}
    u["given"] = u["name"] = np.array([0.001, 0.001, 0.01, 0.988])
    u["born"] = np.array([0.01, 0.99])
    learned = Probabilities(start, u, {"owner": 0.9, "boat": 0.95}, u)
    levels = np.zeros((4, 2), dtype=np.int8)
    compared = Compared(levels, {}, np.zeros(2, np.int64), np.array([0, 1]), 1000)
    found = shares(compared, model, learned)
    assert found.entity_share[0] == found.entity_share[1]
    assert 0.4 < found.entity_share[0] < 0.5


def test_a_weight_is_log2_of_m_over_u_and_absence_weighs_nothing() -> None:
    learned = Probabilities({"x": np.array([0.8, 0.2])}, {"x": np.array([0.1, 0.9])}, {})
    weights = learned.weights("x")
    assert weights[0] == pytest.approx(3.0)
    assert weights[-1] == weights[-2] == 0.0


def test_nothing_is_learned_from_nothing(model: LinkageModel) -> None:
    empty = Compared(
        np.zeros((4, 0), np.int8),
        {},
        np.zeros(0, np.int64),
        np.zeros(0, np.int64),
        10,
    )
    u = {f.name: np.full(len(f.levels), 1 / len(f.levels)) for f in model.fields}
    learned = learn(empty, model, u, u)
    assert learned.m["born"].tolist() == [0.95, 0.05]
    assert learned.priors == {"owner": 0.9, "boat": 0.95}
