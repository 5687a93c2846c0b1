"""A bulk form gives what the scalar gives, row for row, and asks once for each value."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.persian.bulk import map_distinct
from migrate.persian.letters import fold, key

cells = st.lists(st.one_of(st.none(), st.sampled_from(["علي", "علی", "", "رضا", "۱۲"])), max_size=8)


@given(st.lists(cells, max_size=4))
def test_bulk_is_the_scalar_row_for_row(chunks: list[list[str | None]]) -> None:
    column = pa.chunked_array(chunks, pa.string())
    mapped = map_distinct(column, key, pa.string())
    assert mapped.to_pylist() == [key(cell) for chunk in chunks for cell in chunk]
    assert [len(c) for c in mapped.chunks if len(c)] == [len(c) for c in column.chunks if len(c)]
    assert mapped.type == pa.string()


@given(st.lists(cells, max_size=4))
def test_the_function_is_called_once_for_each_value(chunks: list[list[str | None]]) -> None:
    calls: Counter[str | None] = Counter()

    def count(cell: str | None) -> int:
        calls[cell] += 1
        return len(cell or "")

    map_distinct(pa.chunked_array(chunks, pa.string()), count, pa.int64())
    assert calls == dict.fromkeys({cell for chunk in chunks for cell in chunk}, 1)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["علي", None, "علي"]),
        pa.array(["علي", None, "علي"], pa.large_string()),
        pa.array(["علي", None, "علي"]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["علي", None, "علي"])),
        pa.chunked_array([pa.array(["علي"]), pa.array([None, "علي"], pa.string())]),
    ],
)
def test_every_kind_of_text_column_is_taken(column: pa.ChunkedArray | pa.Array) -> None:
    assert map_distinct(column, fold, pa.string()).to_pylist() == ["علی", "", "علی"]


def test_columns_of_nothing_are_taken() -> None:
    assert map_distinct(pa.chunked_array([], pa.string()), fold, pa.string()).to_pylist() == []
    assert map_distinct(pa.array([], pa.string()), fold, pa.string()).to_pylist() == []
    assert map_distinct(pa.nulls(2), fold, pa.string()).to_pylist() == ["", ""]


def test_a_struct_gives_several_results_of_one_call() -> None:
    kind = pa.struct([("folded", pa.string()), ("length", pa.int8())])
    mapped = map_distinct(
        pa.array(["علي", None]), lambda c: {"folded": fold(c), "length": len(c or "")}, kind
    )
    folded, length = mapped.flatten()
    assert folded.to_pylist() == ["علی", ""]
    assert length.to_pylist() == [3, 0]


def test_more_values_than_one_slice() -> None:
    many = [str(n) for n in range(70_000)]
    assert map_distinct(pa.array(many), lambda c: f"{c}!", pa.string()).to_pylist() == [
        f"{cell}!" for cell in many
    ]
