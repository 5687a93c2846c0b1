"""Calibration keeps the order, leaves alone what labels do not speak of, and mends what they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from migrate.linkage.calibration import calibrate, calibrated
from migrate.linkage.reliability import interval, reliability

SAID = st.one_of(
    st.floats(0, 1), st.sampled_from([0.0, 1e-12, 0.5, 0.9999, 1 - 1e-7, 1 - 1e-15, 1.0])
)
SEVERAL = st.integers(0, 40).flatmap(
    lambda n: st.tuples(arrays(np.float64, n, elements=SAID), arrays(np.bool_, n))
)


@given(SEVERAL, arrays(np.float64, 30, elements=SAID))
def test_the_order_of_probabilities_is_kept(
    labels: tuple[np.ndarray, np.ndarray], probability: np.ndarray
) -> None:
    corrected = calibrated(np.sort(probability), calibrate(*labels))
    assert (np.diff(corrected) >= -1e-15).all()
    assert ((corrected >= 0) & (corrected <= 1)).all()


@given(SEVERAL, arrays(np.float64, 30, elements=SAID))
def test_no_probability_is_made_surer_than_labels_support(
    labels: tuple[np.ndarray, np.ndarray], probability: np.ndarray
) -> None:
    said, right = labels
    corrected = calibrated(probability, calibrate(said, right))
    sure = said >= 0.5
    supported = 1 - interval(int((~right & sure).sum()), int(sure.sum()))[1]
    refuted = interval(int((right & ~sure).sum()), int((~sure).sum()))[1]
    assert (corrected <= np.maximum(probability, max(supported, 0.5)) + 1e-15).all()
    assert (corrected >= np.minimum(probability, min(refuted, 0.5)) - 1e-15).all()


@given(arrays(np.float64, 30, elements=SAID))
def test_nothing_changes_without_labels(probability: np.ndarray) -> None:
    nothing = calibrate(np.zeros(0), np.zeros(0, dtype=bool))
    assert calibrated(probability, nothing) == pytest.approx(probability, rel=1e-9, abs=1e-15)
    assert calibrated(probability, None) is probability


def test_right_labels_alone_change_nothing_at_the_sure_end() -> None:
    probability = np.array([0.99995, 0.999999, 1 - 1e-9, 1.0])
    learned = calibrate(np.full(400, 0.99999), np.ones(400, dtype=bool))
    assert calibrated(probability, learned).tolist() == probability.tolist()


def test_a_few_labels_change_little() -> None:
    learned = calibrate(np.array([0.95]), np.array([False]))
    # the model counts as 20 labels: (20 × 0.05 + 1) / 21 are wrong by then
    assert calibrated(np.array([0.95]), learned)[0] == pytest.approx(1 - 2 / 21)


def test_one_wrong_label_among_the_surest_lowers_all_as_sure() -> None:
    said = np.full(180, 1 - 1e-9)
    right = np.ones(180, dtype=bool)
    right[7] = False
    corrected = calibrated(np.array([0.95, 1 - 1e-9, 1 - 1e-14, 1.0]), calibrate(said, right))
    # pooled with the four bins under it that have no label, each 20 of the model's own: 1 wrong and
    # 20 × (0.0032 + 0.00032 + 0.000032 + 0.0000032) of 280
    assert corrected[1:] == pytest.approx(1 - (1 + 20 * 0.003555) / 280, abs=1e-5)
    assert corrected[0] == pytest.approx(0.95, abs=0.01)


def test_probabilities_that_say_too_much_are_mended_on_pairs_never_seen() -> None:
    dice = np.random.default_rng(3)
    odds = dice.normal(2, 3, 40_000)
    right = dice.random(40_000) < 1 / (1 + np.exp(-odds))
    # twice the log-odds: every probability is too sure
    said = 1 / (1 + np.exp(-2 * odds))
    learned = calibrate(said[:2_000], right[:2_000])
    before = reliability(said[2_000:], right[2_000:])
    after = reliability(calibrated(said[2_000:], learned), right[2_000:])
    true = reliability(1 / (1 + np.exp(-odds[2_000:])), right[2_000:])
    assert after.log_loss - true.log_loss < 0.15 * (before.log_loss - true.log_loss)
    assert after.brier < before.brier


def test_labels_drawn_unevenly_by_bin_teach_the_same() -> None:
    dice = np.random.default_rng(4)
    odds = dice.normal(2, 3, 60_000)
    right = dice.random(60_000) < 1 / (1 + np.exp(-odds))
    said = 1 / (1 + np.exp(-2 * odds))
    # nearly all that is drawn is doubtful
    taken = dice.random(60_000) < np.where((said > 0.1) & (said < 0.9), 0.9, 0.1)
    even, uneven = calibrate(said, right), calibrate(said[taken], right[taken])
    probability = np.array([0.05, 0.3, 0.7, 0.95, 0.995])
    assert calibrated(probability, uneven) == pytest.approx(calibrated(probability, even), abs=0.04)
