"""Each operator of a level holds where its docstring says, and nowhere else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from migrate.linkage.coding import Pairs, code_tables
from migrate.linkage.levels import holds
from migrate.linkage.model import FieldComparison, Level, LinkageModel


def held(left: pa.Table, right: pa.Table, level: Level) -> list[bool]:
    """Whether the level holds between the rows of two tables, first with first and so on."""
    last = Level("different", m=0.5)
    field = FieldComparison("f", "g", left.column_names[0], (level, last))
    coding = code_tables(left, right, [field], LinkageModel(1, (), (field,), ()), blocking=False)
    rows = np.arange(left.num_rows)
    return [bool(flag) for flag in holds(level, Pairs(coding, rows, rows))]


def texts(operator: str, pairs: list[tuple[Any, Any]], bound: float = 0.0) -> list[bool]:
    left = pa.table({"c": pa.array([one for one, _ in pairs], pa.string())})
    right = pa.table({"c": pa.array([other for _, other in pairs], pa.string())})
    return held(left, right, Level("x", m=0.5, operator=operator, column="c", bound=bound))


def dates(operator: str, left: tuple[str, str], right: tuple[str, str], bound: float = 0) -> bool:
    def table(first: str, last: str) -> pa.Table:
        return pa.table(
            {
                "d": pa.array([first], pa.string()),
                "d_first": pa.array([dt.date.fromisoformat(first)], pa.date32()),
                "d_last": pa.array([dt.date.fromisoformat(last)], pa.date32()),
            }
        )

    level = Level("x", m=0.5, operator=operator, column="d", bound=bound)
    return held(table(*left), table(*right), level)[0]


def test_equal_needs_a_value_on_both_sides() -> None:
    assert texts("equal", [("a", "a"), ("a", "b"), (None, None), ("a", None)]) == [
        True,
        False,
        False,
        False,
    ]


def test_a_level_does_not_hold_where_its_unless_column_differs() -> None:
    left = pa.table({"c": ["x", "x", "x"], "u": ["north", "north", None]})
    right = pa.table({"c": ["x", "x", "x"], "u": ["north", "south", "south"]})
    level = Level("x", m=0.5, operator="equal", column="c", unless="u")
    assert held(left, right, level) == [True, False, True]


def test_a_slip_is_one_changed_exchanged_added_or_dropped_digit() -> None:
    pairs = [("1234", "1235"), ("1234", "1243"), ("1234", "12345"), ("1234", "124")]
    assert texts("slip", pairs, 1) == [True] * 4
    assert texts("slip", [("1234", "1265"), ("1234", "4321")], 1) == [False, False]


def test_a_number_of_two_digits_has_no_slips() -> None:
    assert texts("slip", [("12", "13"), ("7", "1")], 1) == [False, False]


def test_a_short_slip_is_one_of_a_number_of_one_or_two_digits() -> None:
    pairs = [("12", "13"), ("7", "1"), ("12", "34"), ("123", "124"), ("12", "123")]
    assert texts("short_slip", pairs, 1) == [True, True, False, False, True]


def test_a_name_is_within_another_that_has_all_its_parts_and_more() -> None:
    pairs = [("رضا", "محمد رضا"), ("محمد رضا", "رضا"), ("رضا", "رضا"), ("علی", "محمد رضا")]
    assert texts("within", pairs) == [True, False, False, False]


def test_neighbours_are_different_numbers_in_a_row() -> None:
    pairs = [("1445", "1446"), ("1446", "1444"), ("1445", "1445"), ("1445", "1448"), ("12a", "12")]
    assert texts("neighbour", pairs, 2) == [True, True, False, False, False]


def test_subset_holds_when_a_part_of_a_compound_was_dropped() -> None:
    assert texts("subset", [("محمد رضا", "رضا"), ("رضا", "محمد رضا")]) == [True, True]
    assert texts("subset", [("محمد رضا", "محمد علی"), ("رضا", "علی")]) == [False, False]


def test_similar_is_jaro_winkler_against_its_bound() -> None:
    # Winkler's own example: MARTHA and MARHTA are 0.961
    assert texts("similar", [("MARTHA", "MARHTA")], 0.96) == [True]
    assert texts("similar", [("MARTHA", "MARHTA")], 0.97) == [False]


def test_a_date_slip_is_one_digit_or_day_and_month_exchanged() -> None:
    assert texts("date_slip", [("1362-07-03", "1363-07-03")], 1) == [True]
    assert texts("date_slip", [("1362-07-03", "1362-03-07")], 1) == [True]
    assert texts("date_slip", [("1362-07-03", "1371-07-13")], 1) == [False]
    assert texts("date_slip", [("1362", "1363")], 1) == [False]


DAY, YEAR = ("1983-09-25", "1983-09-25"), ("1983-03-21", "1984-03-19")


def test_a_date_known_to_the_year_overlaps_its_days_and_is_not_the_same_day() -> None:
    assert dates("overlap", YEAR, DAY)
    assert dates("overlap", DAY, YEAR)
    assert not dates("same_day", YEAR, DAY)
    assert not dates("same_day", YEAR, YEAR)
    assert dates("same_day", DAY, DAY)


@pytest.mark.parametrize(("days", "holds_"), [(30, True), (29, False)])
def test_within_days_measures_the_gap_between_intervals(days: int, holds_: bool) -> None:
    later = ("1984-04-18", "1984-04-18")
    assert dates("within_days", YEAR, later, days) is holds_
    assert dates("within_days", later, YEAR, days) is holds_
