"""Counts of the review summed up: nothing lost, nothing counted twice, no more said than is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.diplomas.terms import CASES
from migrate.review.agreement import (
    BANDS,
    LEAST_PAIRS,
    Share,
    agrees,
    bands,
    kappa,
    twice,
)
from migrate.review.decisions import ANSWERS
from migrate.review.status import Counts, WorkCount, late, percentile, status

TODAY = "2026-11-28"
EMPTY = Counts(TODAY, (), (), (), (), (), (), ())


def work(university: str, state: str, due: str, count: int = 1, **more: Any) -> WorkCount:
    opened = more.get("opened", "2026-09-29")
    return WorkCount(university, more.get("outcome", "mismatch"), state, opened, due, count)


rows = st.lists(
    st.builds(
        WorkCount,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(CASES),
        st.sampled_from(["open", "awaiting", "decided"]),
        st.dates().map(str),
        st.dates().map(str),
        st.integers(1, 1000),
    )
)


@given(rows)
def test_the_universities_add_up_to_the_whole_and_each_case_is_somewhere_once(
    counted: list[WorkCount],
) -> None:
    found = status(replace(EMPTY, work=tuple(counted)))
    assert found.total.cases == sum(one.count for one in counted)
    for name in ("open", "awaiting", "overdue", "escalated", "decided", "cases"):
        assert getattr(found.total, name) == sum(getattr(one, name) for one in found.universities)
    total = found.total
    assert total.overdue + total.escalated <= total.open + total.awaiting
    assert sum(sum(one.values()) for one in total.by_outcome.values()) == total.cases


def test_only_what_is_not_decided_is_late_and_the_due_day_itself_is_not() -> None:
    counted = (
        work("a", "open", "2026-11-28", 1),
        work("a", "open", "2026-11-27", 2),
        work("a", "awaiting", "2026-10-29", 4),
        work("a", "awaiting", "2026-10-28", 8),
        work("b", "decided", "2001-01-01", 16),
    )
    assert late(counted, TODAY) == {"in_time": 1, "overdue": 6, "escalated": 8}
    found = status(replace(EMPTY, work=counted, names={"a": "الف"}))
    assert [(one.name, one.overdue, one.escalated) for one in found.universities] == [
        ("الف", 6, 8),
        ("b", 0, 0),
    ]
    assert found.universities[0].age == (60, 60, 60)
    assert found.universities[1].age is None


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([0.5, 0.9, 1.0]))
def test_a_percentile_is_the_nearest_rank(values: list[int], share: float) -> None:
    counted = {value: values.count(value) for value in values}
    found = percentile(counted, share)
    assert found is not None
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)
    assert percentile({}, share) is None


def test_days_and_second_persons_are_those_of_each_university() -> None:
    found = status(
        replace(
            EMPTY,
            work=(work("a", "decided", TODAY, 3), work("b", "decided", TODAY, 2)),
            days=(("a", 4, 2), ("a", 90, 1), ("b", 10, 2)),
            seconds=(("a", "approved", 3), ("a", "returned", 1), ("b", "returned", 5)),
        )
    )
    by_name = {one.university: one for one in found.universities}
    assert (by_name["a"].days, by_name["b"].days, found.total.days) == (4, 10, 10)
    assert by_name["a"].approved == Share(3, 4)
    assert by_name["b"].approved == Share(0, 5)
    assert found.total.approved == Share(3, 9)


@pytest.mark.parametrize(
    ("outcome", "verdict", "of_first", "right"),
    [
        ("mismatch", "confirm", True, True),
        ("mismatch", "correct", True, True),
        ("mismatch", "refuse", True, False),
        ("ambiguous", "choose", True, True),
        ("ambiguous", "choose", False, False),
        ("ambiguous", "refuse", False, False),
        ("degree_missing", "new_degree", True, True),
        ("degree_missing", "choose", True, False),
        ("degree_missing", "refuse", False, True),
        ("person_missing", "new_graduate", False, True),
        ("person_missing", "new_degree", True, False),
        ("person_missing", "choose", True, False),
    ],
)
def test_what_agrees_with_the_linker(
    outcome: str, verdict: str, of_first: bool, right: bool
) -> None:
    assert verdict in ANSWERS[outcome]
    assert agrees(outcome, verdict, of_first) is right


def test_agreement_is_told_by_the_first_candidate_s_probability_where_one_is_named() -> None:
    found = status(
        replace(
            EMPTY,
            first=(
                ("mismatch", "confirm", True, 3, 8, 7.6),
                ("mismatch", "refuse", False, 3, 2, 1.9),
                ("ambiguous", "choose", True, 2, 1, 0.6),
                ("degree_missing", "new_degree", True, 2, 5, 3.0),
                ("degree_missing", "choose", True, 2, 1, 0.6),
            ),
        )
    )
    assert found.first == {"mismatch": Share(8, 10), "ambiguous": Share(1, 1)}
    assert found.absent == {"degree_missing": Share(5, 6), "person_missing": Share(0, 0)}
    low, high = found.bands
    assert (low.low, low.high, low.agreed, low.predicted) == (0.5, 0.9, Share(1, 1), 0.6)
    assert (high.low, high.agreed, high.predicted) == (0.9, Share(8, 10), 0.95)


def test_the_interval_is_clopper_and_pearson_s() -> None:
    # R's binom.test(8, 10)
    assert Share(8, 10).interval == pytest.approx((0.4439045, 0.9747893), abs=1e-6)
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 0).share is None
    assert Share(8, 10).as_json()["share"] == 0.8


def test_kappa_is_cohen_s_and_silent_where_it_would_mean_nothing() -> None:
    # the example of 50 proposals, 20 and 15 of them agreed
    told = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    assert kappa(told) == pytest.approx(0.4)
    assert kappa({("yes", "yes"): LEAST_PAIRS - 2, ("no", "no"): 1}) is None
    assert kappa({("yes", "yes"): 500}) is None
    assert kappa({("yes", "no"): 300, ("no", "no"): 300}) is None
    assert kappa({("yes", "yes"): 300, ("no", "no"): 300}) == 1.0
    assert kappa({}) is None


def test_two_people_agree_where_verdict_and_degree_are_the_same() -> None:
    found = twice(
        [
            ("choose", "choose", True, 3),
            ("choose", "choose", False, 2),
            ("choose", "refuse", False, 1),
            ("refuse", "refuse", True, 4),
        ]
    )
    assert found.same == Share(7, 10)
    assert found.pairs == (
        ("choose", "choose", 5),
        ("choose", "refuse", 1),
        ("refuse", "refuse", 4),
    )
    assert found.kappa is None


def test_the_bands_cover_all_probabilities_once() -> None:
    assert (BANDS[0], BANDS[-1]) == (0.0, 1.0)
    assert list(BANDS) == sorted(set(BANDS))
    assert bands([]) == ()
