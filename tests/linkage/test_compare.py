"""Missing, different and could-not-be-compared stay apart; distinct pairs give what all pairs would."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from linkage_problem import draw

from migrate.linkage.coding import code_tables
from migrate.linkage.compare import (
    MISSING_CODE,
    UNCOMPARABLE_CODE,
    compare,
    compare_field,
    compare_rows,
)
from migrate.linkage.model import LinkageModel


def people(given: list[str | None], name: list[str | None], born: list[str | None]) -> pa.Table:
    table = pa.table(
        {
            "given": pa.array(given, pa.string()),
            "name": pa.array(name, pa.string()),
            "born": pa.array(born, pa.string()),
            "built": pa.array([None] * len(given), pa.string()),
        }
    )
    return table.append_column("born_unread", pa.array([False] * len(given)))


def field(model: LinkageModel, name: str):  # type: ignore[no-untyped-def]
    return next(entry for entry in model.fields if entry.name == name)


def test_missing_different_and_uncomparable_are_three_levels(model: LinkageModel) -> None:
    left = people(["a"] * 4, ["b"] * 4, ["1960", "1961", None, None]).set_column(
        4, "born_unread", pa.array([False, False, False, True])
    )
    right = people(["a"], ["b"], ["1960"])
    coding = code_tables(left, right, model.fields, model, blocking=False)
    found = compare_field(field(model, "born"), coding, np.arange(4), np.zeros(4, dtype=np.int64))
    assert found.tolist() == [0, 1, MISSING_CODE, UNCOMPARABLE_CODE]


def test_missing_on_one_side_is_missing_whatever_the_other_holds(model: LinkageModel) -> None:
    left = people(["a"], ["b"], [None]).set_column(4, "born_unread", pa.array([True]))
    right = people(["a"], ["b"], [None])
    coding = code_tables(left, right, model.fields, model, blocking=False)
    zero = np.zeros(1, dtype=np.int64)
    assert compare_field(field(model, "born"), coding, zero, zero).tolist() == [MISSING_CODE]


def test_names_in_each_others_place_are_swapped_in_both_fields(model: LinkageModel) -> None:
    left = people(["karlo", "karlo"], ["renmi", "renmi"], [None, None])
    right = people(["renmi", "karlo"], ["karlo", "renmi"], [None, None])
    levels = compare_rows(left, right, model, np.array([0, 1]), np.array([0, 1]))
    assert levels[0].tolist() == [1, 0]
    assert levels[1].tolist() == [1, 0]


def test_a_name_that_is_given_and_surname_alike_is_not_swapped(model: LinkageModel) -> None:
    left, right = people(["karlo"], ["karlo"], [None]), people(["karlo"], ["karlo"], [None])
    zero = np.zeros(1, dtype=np.int64)
    assert compare_rows(left, right, model, zero, zero)[:2, 0].tolist() == [0, 0]


def test_levels_by_distinct_pairs_are_those_of_pairs_one_by_one(model: LinkageModel) -> None:
    left, right, _ = draw(60, seed=3)
    coding = code_tables(left, right, model.fields, model)
    dice = np.random.default_rng(1)
    one, other = dice.integers(0, 60, 500), dice.integers(0, right.num_rows, 500)
    together = compare(coding, model, one, other)
    singly = [
        compare(coding, model, one[i : i + 1], other[i : i + 1])[:, 0].tolist() for i in range(500)
    ]
    assert together.T.tolist() == singly
