"""Clusters: rows that belong together, though no chain is believed further than its pairs."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.linkage import clusters
from migrate.linkage.clusters import Clusters, cluster

Pair = tuple[int, int, float]
SURE = 1 - 2.0**-15


def run(rows: int, pairs: list[Pair], **options: object) -> Clusters:
    left, right, probability = zip(*pairs, strict=True) if pairs else ((), (), ())
    return cluster(
        rows,
        np.array(left, dtype=np.int64),
        np.array(right, dtype=np.int64),
        np.array(probability, dtype=np.float64),
        **options,  # type: ignore[arg-type]
    )


def sets(found: Clusters, names: list[int] | None = None) -> set[frozenset[int]]:
    called = names or list(range(len(found.label)))
    return {
        frozenset(called[row] for row in np.flatnonzero(found.label == label))
        for label in found.label
    }


def clique(rows: list[int], probability: float = SURE) -> list[Pair]:
    return [(a, b, probability) for n, a in enumerate(rows) for b in rows[n + 1 :]]


def test_rows_that_nothing_pairs_stand_alone() -> None:
    assert run(3, []).label.tolist() == [0, 1, 2]


def test_a_cluster_is_called_by_its_first_row() -> None:
    found = run(5, [(4, 1, SURE), (3, 0, SURE)])
    assert found.label.tolist() == [0, 1, 2, 0, 1]


def test_a_pair_under_the_threshold_joins_nothing() -> None:
    assert sets(run(2, [(0, 1, 0.5)])) == {frozenset({0, 1})}
    assert sets(run(2, [(0, 1, 0.49)])) == {frozenset({0}), frozenset({1})}
    assert sets(run(2, [(0, 1, 0.8)], threshold=0.9)) == {frozenset({0}), frozenset({1})}


def test_one_weak_bridge_does_not_make_one_person_of_two() -> None:
    pairs = [*clique([0, 1, 2]), *clique([3, 4, 5]), (2, 3, 0.9)]
    found = run(6, pairs)
    assert sets(found) == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}
    # and it is said which link was not believed
    assert [pairs[place] for place in found.cut] == [(2, 3, 0.9)]


def test_one_strong_bridge_does_not_either_where_other_pairs_speak_against_it() -> None:
    against = [(a, b, 0.001) for a in (0, 1, 2) for b in (3, 4, 5) if (a, b) != (2, 3)]
    found = run(6, [*clique([0, 1, 2]), *clique([3, 4, 5]), (2, 3, SURE), *against])
    assert sets(found) == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}


def test_a_pair_that_blocking_missed_does_not_part_what_others_hold_together() -> None:
    # 15 bits each for 0-1 and 1-2; nothing proposed 0-2, which counts about 4 against
    assert sets(run(3, [(0, 1, SURE), (1, 2, SURE)])) == {frozenset({0, 1, 2})}
    # 1 bit each is too little
    weak = run(3, [(0, 1, 2 / 3), (1, 2, 2 / 3)])
    assert len(sets(weak)) == 2
    assert len(weak.cut) == 1


def test_complete_linkage_wants_every_pair() -> None:
    pairs = [(0, 1, SURE), (1, 2, 0.9), (0, 2, 0.4)]
    assert sets(run(3, pairs)) == {frozenset({0, 1, 2})}
    assert sets(run(3, pairs, method="complete")) == {frozenset({0, 1}), frozenset({2})}


def test_a_component_too_large_is_taken_apart_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "LARGEST", 4)
    pairs = [*clique([0, 1, 2]), *clique([3, 4, 5]), (2, 3, 0.9)]
    found = run(6, pairs)
    assert sets(found) == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}
    # 0.9 is 3.17 bits, so 4 bits were asked for: 16 to 1
    assert found.raised == ((6, 16 / 17),)
    assert [pairs[place] for place in found.cut] == [(2, 3, 0.9)]


def test_what_cannot_be_taken_apart_is_one_cluster_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clusters, "LARGEST", 4)
    found = run(6, [(n, n + 1, 1.0) for n in range(5)])
    assert sets(found) == {frozenset(range(6))}
    assert found.raised == ((6, 1.0),)


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        ([(1, 1, 0.5)], "row 1 is paired with itself"),
        ([(0, 1, 0.5), (1, 0, 0.5)], "twice"),
        ([(0, 1, 1.5)], "from 0 to 1"),
        ([(0, 1, float("nan"))], "from 0 to 1"),
    ],
)
def test_what_is_no_pair_is_refused(pairs: list[Pair], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        run(2, pairs)


problems = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda p: p[0] < p[1]),
    st.sampled_from([0.01, 0.3, 0.5, 0.7, 0.9, 0.999]),
    max_size=14,
).map(lambda d: [(a, b, p) for (a, b), p in d.items()])


@settings(max_examples=150, deadline=None)
@given(problems, st.permutations(range(7)), st.randoms(use_true_random=False))
def test_the_same_rows_in_another_order_give_the_same_clusters(
    pairs: list[Pair], place: list[int], dice: object
) -> None:
    moved = [(place[a], place[b], p) for a, b, p in pairs]
    dice.shuffle(moved)  # type: ignore[attr-defined]
    key = [place.index(row) for row in range(7)]
    one, other = run(7, pairs), run(7, moved, order=np.array(key))
    assert sets(one) == sets(other, key)
    assert sorted(pairs[n] for n in one.cut) == sorted(
        (*sorted((key[a], key[b])), p) for a, b, p in (moved[n] for n in other.cut)
    )


@settings(max_examples=100, deadline=None)
@given(problems)
def test_clusters_never_reach_across_components(pairs: list[Pair]) -> None:
    found = run(7, pairs)
    reach = np.eye(7, dtype=bool)
    for a, b, p in pairs:
        if p >= 0.5:
            reach[a, b] = reach[b, a] = True
    for _ in range(3):
        reach = reach @ reach
    assert reach[np.arange(7), found.label].all()
    assert found.label[found.label].tolist() == found.label.tolist()


@settings(max_examples=150, deadline=None)
@given(problems, problems)
def test_other_rows_change_no_cluster(pairs: list[Pair], others: list[Pair]) -> None:
    beside = [(a + 7, b + 7, p) for a, b, p in pairs]
    both = run(14, [*others, *beside]).label.tolist()
    assert [label - 7 for label in both[7:]] == run(7, pairs).label.tolist()
    assert both[:7] == run(7, others).label.tolist()


def test_a_hundred_thousand_chains_take_seconds() -> None:
    first = np.arange(100_000) * 3
    begin = time.process_time()
    found = cluster(
        300_000,
        np.r_[first, first + 1],
        np.r_[first + 1, first + 2],
        np.full(200_000, 0.99),
    )
    assert time.process_time() - begin < 10
    assert (found.label == np.repeat(first, 3)).all()
