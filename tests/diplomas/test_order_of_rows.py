"""Rows in any order, on any number of threads: the same bytes for each record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.diplomas.link import Linked, diploma_model, link
from migrate.diplomas.sample import make
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.diplomas.tables import read_for_linking
from migrate.intake.registry import read_registry
from migrate.intake.sources import read_source
from migrate.intake.staging import stage

ROWS, DEGREES = 600, 3_000


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, pa.Table]:
    folder = tmp_path_factory.mktemp("order")
    sample = make(folder, records=ROWS, degrees=DEGREES, seed=606, form="design")
    staged = stage(read_source(Path(sample.source), LEGACY).table, LEGACY)
    # records without an identifier of their own are quarantined before they are linked
    ids = staged.column("legacy_id").to_pylist()
    once = pa.array([name is not None and ids.count(name) == 1 for name in ids])
    registry = stage(read_registry(sample.registry, REGISTRY).table, REGISTRY)
    coded = pa.array([False] * registry.num_rows)
    return staged.filter(once), registry.append_column("coded_in_store", coded)


def told(found: Linked) -> list[tuple[object, ...]]:
    """All that outcomes say, by record; a reason names other rows by their place, so not that."""
    rows = found.outcomes.drop_columns(["row", "reason"]).to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def evidence(found: Linked) -> list[tuple[object, ...]]:
    rows = found.candidates.drop_columns(["row"]).to_pylist()
    return sorted(tuple(map(str, row.values())) for row in rows)


def test_shuffled_tables_give_each_record_the_same(tables: tuple[pa.Table, pa.Table]) -> None:
    staged, registry = tables
    dice = np.random.default_rng(8)
    straight = link(staged, registry)
    shuffled = link(
        staged.take(dice.permutation(staged.num_rows)),
        registry.take(dice.permutation(registry.num_rows)),
    )
    assert told(shuffled) == told(straight)
    assert evidence(shuffled) == evidence(straight)


def test_any_number_of_threads_gives_the_same(tables: tuple[pa.Table, pa.Table]) -> None:
    one, three = (link(*tables, threads=number) for number in (1, 3))
    assert one.outcomes.equals(three.outcomes)
    assert one.candidates.equals(three.candidates)


def test_texts_held_once_give_the_same_as_texts_held_each(
    tables: tuple[pa.Table, pa.Table], tmp_path: Path
) -> None:
    held = []
    for number, table in enumerate(tables):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(table, path, row_group_size=250)
        held.append(read_for_linking(path, diploma_model()))
        assert pa.types.is_dictionary(held[-1].schema.field("last_name_key").type)
        assert "raw_last_name" not in held[-1].column_names
    assert told(link(*held)) == told(link(*tables))
