"""What a sample shows is never more than it can: exact where all was looked at, wide where little."""

from __future__ import annotations

import numpy as np
import pytest

from migrate.linkage.clerical import Judged, Stratum, draw
from migrate.linkage.labels import Label
from migrate.linkage.reliability import interval
from migrate.linkage.verdict import verdict


def judged(stratum: Stratum, *words: str, probability: float = 0.99995) -> list[Judged]:
    return [
        Judged(Label(f"{stratum.number}-{place}", "d", word), stratum, probability)
        for place, word in enumerate(words)
    ]


ONE = Stratum(1, True, 0.9999, 0.99999, 1_000, 50)
TWO = Stratum(2, True, 0.99999, 1.0, 9_000, 150)
NEAR = Stratum(3, False, 0.9, 0.99, 100, 20)


def test_one_stratum_gives_the_exact_interval() -> None:
    found = verdict([TWO], judged(TWO, *["match"] * 148, "no match", "match"))
    lower, upper = interval(1, 150)
    assert (found.lower, found.upper) == pytest.approx((lower, upper))
    assert found.wrong_rate == pytest.approx(1 / 150)
    assert found.answer == "refuted"


def test_strata_count_by_their_size_and_hold_all_at_once() -> None:
    labels = judged(ONE, *["match"] * 48, "no match", "no match") + judged(TWO, *["match"] * 150)
    found = verdict([ONE, TWO, NEAR], labels)
    assert found.wrong_rate == pytest.approx(0.1 * 2 / 50)
    # half of the 5% for each of two strata
    parts = [interval(2, 50, 0.975), interval(0, 150, 0.975)]
    assert found.lower == pytest.approx(0.1 * parts[0][0])
    assert found.upper == pytest.approx(0.1 * parts[0][1] + 0.9 * parts[1][1])
    assert (found.population, found.looked, found.wrong) == (10_000, 200, 2)


def test_a_few_hundred_right_ones_show_no_one_in_ten_thousand() -> None:
    found = verdict([ONE, TWO], judged(ONE, *["match"] * 50) + judged(TWO, *["match"] * 150))
    assert found.answer == "open"
    assert found.lower == 0
    assert 0.02 < found.upper < 0.04
    # of 10,000 links all must be looked at; of a million, 36,887
    assert found.to_look == 10_000
    large = Stratum(1, True, 0.9999, 1.0, 1_000_000, 50)
    assert verdict([large], judged(large, "match")).to_look == 36_887
    assert "neither show nor refute 1 in 10,000" in found.text()


def test_a_stratum_looked_at_whole_has_no_interval() -> None:
    whole = Stratum(1, True, 0.9999, 1.0, 4, 4)
    found = verdict([whole], judged(whole, "match", "match", "match", "no match"))
    assert (found.lower, found.upper, found.wrong_rate) == (0.25, 0.25, 0.25)
    right = verdict([whole], judged(whole, *["match"] * 4))
    assert (right.upper, right.answer) == (0.0, "shown")


def test_unsure_is_right_at_the_lower_end_and_wrong_at_the_upper() -> None:
    whole = Stratum(1, True, 0.9999, 1.0, 4, 4)
    found = verdict([whole], judged(whole, "match", "match", "unsure", "no match"))
    assert (found.lower, found.upper) == (0.25, 0.5)
    assert found.wrong_rate == pytest.approx(1 / 3)


def test_a_stratum_nobody_looked_at_may_be_all_wrong() -> None:
    found = verdict([ONE, TWO], judged(TWO, *["match"] * 150))
    assert found.upper > 0.1
    assert found.wrong_rate is None
    assert "unknown" in found.text()


def test_one_wrong_label_contradicts_a_model_that_was_all_but_certain() -> None:
    labels = judged(TWO, *["match"] * 149, "no match", probability=1 - 1e-6)
    found = verdict([TWO], labels)
    assert found.expected_wrong == pytest.approx(150e-6)
    assert found.surprise == pytest.approx(150e-6, rel=1e-3)
    assert found.model_doubted
    assert "do not mean what they say" in found.text()
    assert not verdict([TWO], judged(TWO, *["match"] * 150)).model_doubted


def test_near_misses_are_told_apart_from_the_accepted() -> None:
    labels = judged(NEAR, *["match"] * 19, "no match") + judged(TWO, "match")
    found = verdict([TWO, NEAR], labels, accepted=False)
    assert (found.population, found.wrong, found.wrong_rate) == (100, 1, 0.05)


def test_nothing_is_said_of_nothing() -> None:
    found = verdict([], [])
    assert (found.lower, found.upper, found.looked, found.wrong_rate) == (0.0, 1.0, 0, None)


def test_the_interval_holds_the_truth_at_least_as_often_as_it_says() -> None:
    dice = np.random.default_rng(8)
    probability = np.r_[np.full(300, 0.99995), np.full(2_700, 0.9999999)]
    wrong = np.r_[dice.random(300) < 0.1, dice.random(2_700) < 0.004]
    ids = [str(place) for place in range(3_000)]
    held = 0
    for seed in range(200):
        sample = draw(probability, np.ones(3_000, bool), ids, ids, size=200, seed=seed)
        of = {stratum.number: stratum for stratum in sample.strata}
        labels = [
            Judged(
                Label(ids[place], "d", "no match" if wrong[place] else "match"),
                of[int(number)],
                float(probability[place]),
            )
            for place, number in zip(sample.places, sample.stratum, strict=True)
        ]
        found = verdict(sample.strata, labels)
        held += found.lower <= wrong.mean() <= found.upper
        assert found.frame()["looked"].sum() == 200
    assert held >= 190
