"""A sample is drawn by probability alone, the same in any order, and comes back as it was written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import InputError
from migrate.linkage.clerical import (
    DESIGN,
    ClericalSample,
    draw,
    read_sample,
    tally,
    write_sample,
)
from migrate.linkage.reliability import BOUNDS

NUMBER = 6_000
DICE = np.random.default_rng(2)
PROBABILITY = np.r_[
    1 - 10.0 ** -DICE.uniform(4, 9, 5_000), 1 - 10.0 ** -DICE.uniform(0.05, 4, NUMBER - 5_000)
]
ACCEPTED = PROBABILITY >= 0.9999
LEFT = [f"r{number}" for number in range(NUMBER)]
RIGHT = [f"d{number * 7 % NUMBER}" for number in range(NUMBER)]


@pytest.fixture(scope="module")
def sample() -> ClericalSample:
    return draw(PROBABILITY, ACCEPTED, LEFT, RIGHT, size=400)


def test_strata_hold_every_link_that_may_be_drawn_once(sample: ClericalSample) -> None:
    near = ~ACCEPTED & (PROBABILITY >= 0.1)
    populations = {True: 0, False: 0}
    for stratum in sample.strata:
        populations[stratum.accepted] += stratum.population
        inside = (stratum.low <= PROBABILITY) & (stratum.high > PROBABILITY)
        assert stratum.population == (inside & (stratum.accepted == ACCEPTED)).sum()
    assert populations == {True: ACCEPTED.sum(), False: near.sum()}


def test_the_sample_is_as_large_as_asked_and_three_in_four_are_accepted(
    sample: ClericalSample,
) -> None:
    assert len(set(sample.places.tolist())) == 400
    assert ACCEPTED[sample.places].sum() == 300
    for stratum in sample.strata:
        here = sample.places[sample.stratum == stratum.number]
        assert len(here) == stratum.drawn
        assert stratum.inclusion == stratum.drawn / stratum.population
        assert (PROBABILITY[here] >= stratum.low).all()
        assert (PROBABILITY[here] <= stratum.high).all()
        assert (ACCEPTED[here] == stratum.accepted).all()


def test_a_stratum_gets_its_share_by_the_square_root_of_its_links() -> None:
    probability = np.r_[np.full(900, 0.99995), np.full(10_000, 0.9999999)]
    found = draw(probability, np.ones(10_900, bool), range_ids(10_900), range_ids(10_900), size=260)
    # √900 : √10,000 = 30 : 100, and no near misses to draw
    assert [stratum.drawn for stratum in found.strata] == [60, 200]


def range_ids(number: int) -> list[str]:
    return [str(place) for place in range(number)]


@given(st.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter(random: object) -> None:
    order = np.arange(300)
    random.shuffle(order)  # type: ignore[attr-defined]
    some = slice(4_900, 5_200)
    straight = draw(PROBABILITY[some], ACCEPTED[some], LEFT[some], RIGHT[some], size=50)
    mixed = draw(
        PROBABILITY[some][order],
        ACCEPTED[some][order],
        [LEFT[some][place] for place in order],
        [RIGHT[some][place] for place in order],
        size=50,
    )
    assert order[mixed.places].tolist() == straight.places.tolist()
    assert mixed.strata == straight.strata


def test_another_seed_draws_other_links(sample: ClericalSample) -> None:
    other = draw(PROBABILITY, ACCEPTED, LEFT, RIGHT, size=400, seed=21)
    assert len(set(other.places.tolist()) & set(sample.places.tolist())) < 200


def test_every_link_of_a_stratum_is_as_likely_to_be_drawn() -> None:
    probability = np.full(40, 0.99995)
    times = np.zeros(40)
    for seed in range(400):
        found = draw(probability, np.ones(40, bool), LEFT[:40], RIGHT[:40], size=10, seed=seed)
        times[found.places] += 1
    # 100 expected of each; a standard deviation is √75, and 40 are looked at
    assert np.abs(times - 100).max() < 4 * np.sqrt(75)


def test_a_small_batch_is_drawn_whole() -> None:
    found = draw(PROBABILITY[:30], ACCEPTED[:30], LEFT[:30], RIGHT[:30], size=400)
    assert sorted(found.places.tolist()) == list(range(30))
    assert all(stratum.inclusion == 1 for stratum in found.strata)


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw(np.zeros(0), np.zeros(0, bool), [], []).strata == ()


def test_a_link_that_stands_twice_is_refused() -> None:
    with pytest.raises(InputError, match="stands twice"):
        draw(np.full(2, 0.99999), np.ones(2, bool), ["a", "a"], ["x", "x"])


def written(path: Path, sample: ClericalSample) -> Path:
    values = pd.DataFrame(
        {"name (record)": ["=1+1", "علی", None, *["x"] * (len(sample.places) - 3)]}, dtype=object
    )
    write_sample(path, sample, PROBABILITY, LEFT, RIGHT, values)
    return path


def test_the_file_opens_in_a_spreadsheet_and_runs_nothing(
    tmp_path: Path, sample: ClericalSample
) -> None:
    path = written(tmp_path / "s.csv", sample)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfleft_id,right_id,label,who,when,note,")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["name (record)"] for line in lines[:3]] == ["'=1+1", "علی", ""]
    assert {line["label"] for line in lines} == {""}
    assert [line["left_id"] for line in lines] == [LEFT[place] for place in sample.places]
    again = written(tmp_path / "again.csv", sample)
    assert again.read_bytes() == path.read_bytes()


def labelled(path: Path, words: dict[int, str]) -> Path:
    """The file with ``words`` as the labels of its lines, by their number from 0."""
    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    for place, word in words.items():
        frame.loc[place, "label"] = word
    frame.to_csv(path, index=False, encoding="utf-8")
    return path


def test_labels_come_back_with_their_strata(tmp_path: Path, sample: ClericalSample) -> None:
    words = {0: "match", 3: "no match", 5: "unsure"}
    strata, judged = read_sample(labelled(written(tmp_path / "s.csv", sample), words))
    assert strata == sample.strata
    assert [(entry.label.left_id, entry.label.label) for entry in judged] == [
        (LEFT[sample.places[place]], word) for place, word in words.items()
    ]
    for entry, place in zip(judged, words, strict=True):
        assert entry.stratum.number == sample.stratum[place]
        assert entry.probability == PROBABILITY[sample.places[place]]
    counted = np.sum([tally(judged, stratum) for stratum in strata], axis=0)
    assert counted.tolist() == [1, 1, 1]


@pytest.mark.parametrize("column", DESIGN)
def test_a_design_that_was_changed_is_refused(
    tmp_path: Path, sample: ClericalSample, column: str
) -> None:
    path = written(tmp_path / "s.csv", sample)
    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    frame.loc[2, column] = "changed"
    frame.to_csv(path, index=False)
    with pytest.raises(InputError, match="row 4: the columns that say how") as caught:
        read_sample(path)
    assert caught.value.row == 4


def test_bounds_of_strata_are_those_of_the_reliability_table(sample: ClericalSample) -> None:
    assert all(stratum.low in BOUNDS and stratum.high in BOUNDS for stratum in sample.strata)
