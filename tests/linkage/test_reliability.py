"""Intervals are exact, bins add up, and no more wrong links are accepted than the rate allows."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from migrate.linkage.reliability import (
    BOUNDS,
    at_least,
    interval,
    looks_to_show,
    reliability,
    threshold_for,
)

PROBABILITIES = arrays(
    np.float64,
    st.integers(0, 60),
    elements=st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 0.9999, 1 - 1e-9, 1.0])),
)


def tail(hits: int, trials: int, rate: float) -> float:
    return sum(
        comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(hits, trials + 1)
    )


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (1, 10), (5, 10), (10, 10), (3, 400)])
def test_the_interval_is_where_the_binomial_tails_are_a_fortieth(hits: int, trials: int) -> None:
    lower, upper = interval(hits, trials)
    if hits:
        assert tail(hits, trials, lower) == pytest.approx(0.025, rel=1e-6)
    else:
        assert lower == 0
    if hits < trials:
        assert 1 - tail(hits + 1, trials, upper) == pytest.approx(0.025, rel=1e-6)
    else:
        assert upper == 1


def test_the_interval_is_as_published() -> None:
    # Newcombe 1998, table I: 81 of 263, Clopper-Pearson 0.2527 to 0.3676; 0 of 20, 0 to 0.1684
    assert interval(81, 263) == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert interval(0, 20) == pytest.approx((0, 0.1684), abs=5e-5)
    assert interval(0, 0) == (0.0, 1.0)


def test_one_in_ten_thousand_takes_thirty_seven_thousand_looks() -> None:
    # ln 0.025 / ln 0.9999 = 3.688879 / 0.000100005 = 36,886.95
    looks = looks_to_show(1e-4)
    assert looks == 36_887
    assert interval(0, looks)[1] <= 1e-4 < interval(0, looks - 1)[1]


@pytest.mark.parametrize("hits", [0, 1, 3])
def test_the_chance_of_so_many_is_the_binomial_tail(hits: int) -> None:
    assert at_least(hits, 12, 0.07) == pytest.approx(tail(hits, 12, 0.07))


def test_a_table_worked_out_by_hand() -> None:
    probability = np.array([0.2, 0.4, 0.95, 0.97, 1.0])
    right = np.array([False, True, True, True, True])
    table = reliability(probability, right)
    assert [(entry.low, entry.high, entry.pairs, entry.wrong) for entry in table.bins] == [
        (0.1, 0.5, 2, 1),
        (0.9, 0.99, 2, 0),
        (0.999999, 1.0, 1, 0),
    ]
    assert table.bins[0].predicted == pytest.approx(0.3)
    assert table.bins[0].expected_wrong == pytest.approx(1.4)
    assert table.brier == pytest.approx((0.04 + 0.36 + 0.0025 + 0.0009) / 5)
    assert table.log_loss == pytest.approx(-np.log([0.8, 0.4, 0.95, 0.97, 1.0]).mean())
    assert table.frame()["pairs"].tolist() == [2, 2, 1]
    assert "| 0.9 to 0.99 | 2 |" in table.text()


def test_a_probability_that_does_not_mean_what_it_says_is_marked() -> None:
    table = reliability(np.full(100, 0.95), np.arange(100) < 50)
    assert not table.bins[0].holds
    assert "←" in table.text()
    assert reliability(np.full(100, 0.95), np.arange(100) < 95).bins[0].holds


@given(PROBABILITIES)
def test_every_pair_is_in_one_bin(probability: np.ndarray) -> None:
    right = probability > 0.7
    table = reliability(probability, right)
    assert sum(entry.pairs for entry in table.bins) == len(probability)
    assert sum(entry.wrong for entry in table.bins) == int((~right).sum())
    for entry in table.bins:
        assert entry.low - 1e-12 <= entry.predicted <= entry.high + 1e-12


def test_bounds_step_evenly_at_the_sure_end() -> None:
    doubt = 1 - np.array(BOUNDS[4:-1])
    assert doubt[:-1] / doubt[1:] == pytest.approx(10)


@given(PROBABILITIES, st.sampled_from([1e-4, 1e-3, 0.05, 0.3]), st.sampled_from([0.0, 0.9]))
def test_the_threshold_is_the_lowest_that_keeps_the_rate(
    probability: np.ndarray, rate: float, least: float
) -> None:
    found = threshold_for(probability, rate=rate, least=least)

    def expected(accept: float) -> float:
        taken = probability[probability >= accept]
        return float((1 - taken).sum() / len(taken)) if len(taken) else 0.0

    assert found.accept >= least
    assert expected(found.accept) <= rate * (1 + 1e-9)
    assert found.pairs in ((probability >= found.accept).sum(), 0)
    lower = [p for p in probability.tolist() if least <= p < found.accept]
    assert all(expected(p) > rate * (1 - 1e-9) for p in lower)


def test_no_link_hides_behind_the_average_of_its_company() -> None:
    probability = np.r_[np.ones(100_000), 0.6]
    # its 0.4 expected wrong among 100,001 would be well under 1 in 10,000
    assert threshold_for(probability, least=0.0).accept == 0.6
    assert threshold_for(probability).accept == 1.0


def test_nothing_is_accepted_where_nothing_may_be() -> None:
    found = threshold_for(np.full(50, 0.9995))
    assert (found.accept, found.pairs, found.expected_rate) == (1.0, 0, 0.0)
