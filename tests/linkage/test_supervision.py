"""Labels mend a start that EM alone cannot, move m where they point, and harm nothing held out."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from linkage_problem import MODEL, draw

from migrate.linkage import supervision
from migrate.linkage.labels import Labelled
from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.model import LinkageModel, model_of
from migrate.linkage.supervision import learn_with

LABELLED = 100
HELD_OUT = 300


def upside_down() -> LinkageModel:
    """The model with its m the wrong way round: agreement rare among right links, and few of them."""
    data = copy.deepcopy(MODEL)
    data["groups"]["owner"]["prior"] = 0.02
    for field in data["fields"].values():
        values = [level["m"] for level in field["levels"]]
        for level, m in zip(field["levels"], reversed(values), strict=True):
            level["m"] = m
    return model_of(data)


def linked(model: LinkageModel) -> tuple[Linkage, np.ndarray]:
    """1,500 records linked, and which candidates are right."""
    left, right, truth = draw(1500, seed=11, names=40)
    linkage = link_tables(left, right, model)
    return linkage, linkage.right == np.array(truth)[linkage.left]


def labels_of(linkage: Linkage, right: np.ndarray, weight: float = 1.0) -> Labelled:
    """True labels of all candidates of the first records."""
    pairs = np.flatnonzero(linkage.left < LABELLED)
    return Labelled(pairs, right[pairs], weight=weight)


def brier(linkage: Linkage, right: np.ndarray) -> float:
    """Of candidates whose records no label is of."""
    probability = linkage.shares.entity_share * linkage.shares.item_share
    return float((((probability - right) ** 2)[linkage.left >= HELD_OUT]).mean())


def found(linkage: Linkage, right: np.ndarray) -> tuple[float, int]:
    """The share of right links found among the held out, and how many wrong ones."""
    held_out = linkage.left >= HELD_OUT
    taken = linkage.shares.entity_share * linkage.shares.item_share > 0.5
    recall = (taken & right & held_out).sum() / (right & held_out).sum()
    return float(recall), int((taken & ~right & held_out).sum())


def test_a_hundred_labelled_records_mend_a_start_that_is_upside_down() -> None:
    alone, right = linked(upside_down())
    assert found(alone, right)[0] == 0
    mended = learn_with(alone, labels_of(alone, right))
    recall, wrong = found(mended, right)
    assert recall > 0.97
    assert wrong == 0
    assert mended.learned.m["name"][0] == pytest.approx(0.9, abs=0.03)
    assert mended.learned.priors["owner"] > 0.9


def test_labels_harm_nothing_that_was_learned_well(model: LinkageModel) -> None:
    alone, right = linked(model)
    helped = learn_with(alone, labels_of(alone, right))
    assert brier(helped, right) <= brier(alone, right) + 1e-6
    assert found(helped, right)[0] >= found(alone, right)[0]


def test_m_moves_further_to_the_labels_the_more_they_weigh(model: LinkageModel) -> None:
    alone, right = linked(model)
    pairs = np.flatnonzero((alone.left < LABELLED) & right)
    position = [field.name for field in model.fields].index("name")
    shown = alone.compared.levels[position][pairs]
    agrees = (shown == 0).mean()
    m = [
        learn_with(alone, labels_of(alone, right, weight)).learned.m["name"][0]
        for weight in (1.0, 100.0)
    ]
    assert abs(m[1] - agrees) < abs(m[0] - agrees)
    assert m[1] == pytest.approx(agrees, abs=0.01)


def test_what_was_refused_is_never_linked_and_a_match_is_not_forced(model: LinkageModel) -> None:
    alone, right = linked(model)
    probability = alone.shares.entity_share * alone.shares.item_share
    sure, doubtful = np.argmax(probability), np.argmin(np.where(right, probability, 2))
    known = Labelled(
        np.sort([sure, doubtful]), np.array([sure, doubtful])[np.argsort([sure, doubtful])] != sure
    )
    after = learn_with(alone, known)
    held = after.shares.entity_share * after.shares.item_share
    assert held[sure] == 0
    assert held[doubtful] == pytest.approx(probability[doubtful], abs=0.05)


def test_learning_from_a_part_of_the_records_keeps_the_labelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone, right = linked(upside_down())
    monkeypatch.setattr(supervision, "TRAINING_PAIRS", len(right) // 3)
    mended = learn_with(alone, labels_of(alone, right))
    assert found(mended, right)[0] > 0.97
