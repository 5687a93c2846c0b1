"""One-to-one assignment: the best total, its near ties, and nothing of the order of pairs."""

from __future__ import annotations

import time
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.linkage import assignment, matching
from migrate.linkage.assignment import Assignment, assign

Pair = tuple[int, int, float]


def run(pairs: list[Pair], clear: float = 1.0, unassigned: float = 0.0) -> Assignment:
    record, item, weight = zip(*pairs, strict=True) if pairs else ((), (), ())
    return assign(
        np.array(record, dtype=np.int64),
        np.array(item, dtype=np.int64),
        np.array(weight, dtype=np.float64),
        unassigned=unassigned,
        clear=clear,
    )


def got(pairs: list[Pair], found: Assignment) -> dict[int, int | None]:
    return {
        int(record): pairs[place][1] if place >= 0 else None
        for record, place in zip(found.record, found.pair, strict=True)
    }


def best(pairs: list[Pair], holding: int | None = None) -> float:
    """The greatest total of any assignment, with one pair held, by trying all of them."""
    worth = {(record, item): weight for record, item, weight in pairs}
    fixed = pairs[holding] if holding is not None else None
    records = sorted({p[0] for p in pairs} - ({fixed[0]} if fixed else set()))
    items: list[int | None] = sorted({p[1] for p in pairs} - ({fixed[1]} if fixed else set()))
    items += [None] * len(records)
    total = max(
        sum(max(worth.get((r, i), 0.0), 0.0) for r, i in zip(records, tried, strict=True))  # type: ignore[arg-type]
        for tried in permutations(items, len(records))
    )
    return total + (fixed[2] if fixed else 0.0)


problems = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    # few different weights, in eighths, so that ties are common
    st.integers(-4, 16).map(lambda n: n / 8),
    max_size=9,
).map(lambda d: [(r, i, w) for (r, i), w in d.items()])


def check_against_all_assignments(pairs: list[Pair]) -> None:
    found = run(pairs, clear=0.25)
    chosen = [place for place in found.pair.tolist() if place >= 0]
    assert len({pairs[place][1] for place in chosen}) == len(chosen)
    assert all(pairs[place][2] > 0 for place in chosen)
    most = best(pairs)
    assert sum(pairs[place][2] for place in chosen) == most
    for place, (_, _, weight) in enumerate(pairs):
        expected = most - best(pairs, holding=place) if weight > 0 else np.inf
        assert found.loss[place] == expected
        assert found.rival[place] == (expected < 0.25 and place not in chosen)


@settings(max_examples=150, deadline=None)
@given(problems)
def test_the_total_is_the_greatest_and_each_loss_exact(pairs: list[Pair]) -> None:
    check_against_all_assignments(pairs)


@settings(max_examples=100, deadline=None)
@given(problems)
def test_the_sparse_way_is_as_exact(pairs: list[Pair]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "DENSE", 1)
        patch.setattr(matching, "SOURCES", 2)
        check_against_all_assignments(pairs)


@settings(max_examples=100, deadline=None)
@given(problems, st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_nothing(pairs: list[Pair], dice: object) -> None:
    shuffled = pairs.copy()
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = run(pairs), run(shuffled)
    assert got(pairs, one) == got(shuffled, other)
    assert one.margin.tolist() == other.margin.tolist()
    assert one.tied.tolist() == other.tied.tolist()


@settings(max_examples=100, deadline=None)
@given(problems, st.permutations(range(4)), st.permutations(range(4)))
def test_other_numbers_change_only_what_is_tied(
    pairs: list[Pair], records: list[int], items: list[int]
) -> None:
    renamed = [(records[r], items[i], w) for r, i, w in pairs]
    one, other = run(pairs), run(renamed)
    first, second = got(pairs, one), got(renamed, other)
    assert one.loss.tolist() == other.loss.tolist()
    place = {record: n for n, record in enumerate(other.record.tolist())}
    for record, margin, tied in zip(one.record, one.margin, one.tied, strict=True):
        assert other.margin[place[records[record]]] == margin
        assert other.tied[place[records[record]]] == tied
        if not tied:
            item = first[record]
            assert second[records[record]] == (None if item is None else items[item])


def test_the_best_pair_first_would_lose_six_bits() -> None:
    # greedily: 0 takes item 0 for 10, 1 goes without: 10. Together: 9 + 7
    pairs = [(0, 0, 10.0), (0, 1, 9.0), (1, 0, 7.0)]
    found = run(pairs)
    assert got(pairs, found) == {0: 1, 1: 0}
    # record 0 on item 0 leaves record 1 with nothing: 16 - 10
    assert found.margin.tolist() == [6, 6]
    assert not found.tied.any()


def test_twins_on_each_others_item_are_tied_with_both_rivals() -> None:
    pairs = [(0, 0, 20.0), (0, 1, 19.5), (1, 0, 19.5), (1, 1, 19.25), (2, 2, 30.0)]
    found = run(pairs)
    # as they are: 39.25; exchanged: 39
    assert got(pairs, found) == {0: 0, 1: 1, 2: 2} or got(pairs, found) == {0: 1, 1: 0, 2: 2}
    assert found.margin.tolist() == [0.25, 0.25, np.inf]
    assert found.tied.tolist() == [True, True, False]
    assert found.rival.sum() == 2


def test_a_record_that_loses_its_item_narrowly_is_tied_with_who_got_it() -> None:
    pairs = [(0, 0, 12.0), (1, 0, 11.5), (2, 0, 3.0)]
    found = run(pairs)
    assert got(pairs, found) == {0: 0, 1: None, 2: None}
    assert found.margin.tolist() == [0.5, 0.5, 9.0]
    assert found.tied.tolist() == [True, True, False]


def test_going_without_is_no_rival() -> None:
    pairs = [(0, 0, 3.01)]
    found = run(pairs, clear=5, unassigned=3.0)
    assert got(pairs, found) == {0: 0}
    assert not found.tied[0]


def test_a_pair_not_over_the_floor_of_its_record_is_not_assigned() -> None:
    found = assign(
        np.array([0, 1]),
        np.array([0, 1]),
        np.array([5.0, 5.0]),
        unassigned=np.array([5.0, 4.0]),
        clear=1,
    )
    assert found.pair.tolist() == [-1, 1]
    assert found.loss.tolist() == [np.inf, 0]


def test_no_pairs_are_no_records() -> None:
    found = run([])
    assert len(found.record) == len(found.loss) == found.largest == 0


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        ([(0, 0, 1.0), (0, 0, 2.0)], "twice"),
        ([(0, 0, float("nan"))], "numbers"),
        ([(0, 0, float("inf"))], "numbers"),
    ],
)
def test_what_cannot_be_weighed_is_refused(pairs: list[Pair], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        run(pairs)


def ring(records: int) -> list[Pair]:
    """One component: every record fits its own item, and the next one's a little worse."""
    return [
        pair
        for n in range(records)
        for pair in ((n, n, 8.0 + n % 3), (n, (n + 1) % records, 8.0 + n % 3 - 0.5))
    ]


def test_a_large_component_is_exact() -> None:
    found = run(ring(300))
    assert (found.pair >= 0).all()
    assert found.largest == 300
    assert found.bounded == 0
    # a record on the next item costs half a bit, and the holder goes without its 8, 9 or 10 bits, or
    # moves on in its turn for half a bit more until one of 8 goes without
    expected = {0: 0.5 + 8, 1: 0.5 + 9, 2: 0.5 + 0.5 + 8}
    own = found.loss[1::2]
    assert found.loss[0::2].max() == 0
    assert own.tolist() == [expected[(n + 1) % 3] for n in range(300)]


def test_a_component_too_large_for_exact_losses_says_so() -> None:
    exact = run(ring(300), clear=3.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "EXACT", 200)
        found = run(ring(300), clear=3.0)
    assert found.pair.tolist() == exact.pair.tolist()
    assert found.bounded == 300
    assert (found.loss <= exact.loss).all()
    assert found.loss[1::2].min() >= 3.0
    assert not found.tied.any()


@settings(max_examples=100, deadline=None)
@given(problems)
def test_of_a_large_component_what_is_under_clear_is_exact(pairs: list[Pair]) -> None:
    exact = run(pairs, clear=0.25)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "DENSE", 1)
        patch.setattr(assignment, "EXACT", 1)
        found = run(pairs, clear=0.25)
    assert found.tied.tolist() == exact.tied.tolist()
    near = exact.loss < 0.25
    assert found.loss[near].tolist() == exact.loss[near].tolist()
    assert (found.loss[~near] >= 0.25).all()


@settings(max_examples=100, deadline=None)
@given(problems)
def test_what_is_too_much_work_is_called_tied_rather_than_missed(pairs: list[Pair]) -> None:
    exact = run(pairs, clear=0.25)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "DENSE", 1)
        patch.setattr(matching, "WORK", -1)
        found = run(pairs, clear=0.25)
    total = sum(pairs[place][2] for place in found.pair if place >= 0)
    assert total == sum(pairs[place][2] for place in exact.pair if place >= 0)
    assert (found.tied | ~exact.tied).all()
    assert (found.loss <= exact.loss).all()


def test_three_hundred_thousand_records_take_under_a_second() -> None:
    dice = np.random.default_rng(7)
    record = np.repeat(np.arange(300_000), 3)
    item = dice.permutation(900_000)
    weight = dice.uniform(1, 40, 900_000)
    begin = time.process_time()
    found = assign(record, item, weight, clear=6.6)
    assert time.process_time() - begin < 1.0
    expected = weight.reshape(-1, 3).max(axis=1)
    assert np.abs(weight[found.pair] - expected).max() == 0
