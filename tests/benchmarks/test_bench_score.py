"""Thresholds found with the truth, and what they accept: worked out by hand."""

from __future__ import annotations

import numpy as np
from linkage_score import at, best, best_with_margin, highest_f1

#                  sure   right  wrong  right  right, its score shared with a wrong one
SCORE = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 5.0])
RIGHT = np.array([True, True, False, True, True, False])


def test_a_threshold_accepts_what_reaches_it() -> None:
    point = at(SCORE, RIGHT, 7.0, total=8)
    assert (point.accepted, point.right, point.wrong) == (3, 2, 1)
    assert point.precision == 2 / 3
    assert point.recall == 2 / 8


def test_the_lowest_threshold_that_keeps_a_precision_is_found() -> None:
    # 3 of the 4 best are right: the third alone would be 2 of 3
    point = best(SCORE, RIGHT, 0.75, total=8)
    assert (point.threshold, point.accepted, point.right) == (6.0, 4, 3)


def test_nothing_wrong_is_accepted_where_nothing_may_be() -> None:
    point = best(SCORE, RIGHT, 1.0, total=8)
    assert (point.threshold, point.right, point.wrong) == (8.0, 2, 0)


def test_equal_scores_are_accepted_together_or_not_at_all() -> None:
    # with one of the two equal ones 4 of 5 would be right, which is not for any threshold to take
    point = best(SCORE, RIGHT, 0.8, total=8)
    assert (point.threshold, point.accepted) == (8.0, 2)


def test_where_the_best_is_wrong_nothing_is_accepted() -> None:
    point = best(np.array([2.0, 1.0]), np.array([False, True]), 0.99, total=2)
    assert (point.accepted, point.precision, point.recall) == (0, 1.0, 0.0)


def test_no_links_at_all_is_not_an_error() -> None:
    point = best(np.array([]), np.array([], dtype=bool), 0.99, total=5)
    assert (point.accepted, point.recall) == (0, 0.0)


def test_a_margin_may_keep_out_what_no_threshold_can() -> None:
    # the wrong link has the next candidate on its heels; a link without a next is clear of it
    margin = np.array([20.0, 20.0, 0.5, 20.0, np.nan, 0.5])
    point = best_with_margin(SCORE, margin, RIGHT, 1.0, total=8)
    assert (point.right, point.wrong, point.margin) == (4, 0, 1.0)


def test_the_threshold_of_the_greatest_f1_is_found() -> None:
    # of 4 there are to find: F1 at 8 is 4/6, at 7 4/7, at 6 6/8, at 5 8/10
    point = highest_f1(SCORE, RIGHT, total=4)
    assert (point.threshold, point.right, point.wrong) == (5.0, 4, 2)
