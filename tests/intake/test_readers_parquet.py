"""Parquet files: columns of any plain type, as text."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.diplomas.schema import REGISTRY
from migrate.errors import InputError
from migrate.intake.sources import check_source, read_source

REQUIRED = {"person_id": ["p", "q"], "first_name": ["a", "b"], "last_name": ["c", "d"]}


def written(tmp_path: Path, **columns: Any) -> Path:
    path = tmp_path / "registry.parquet"
    table = pa.table({"degree_id": [1, 2], **REQUIRED, "university": ["u", "v"], **columns})
    pq.write_table(table, path, row_group_size=1)
    return path


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, None], pa.int64()), ["1", None]),
        (pa.array([2**63 + 1, None], pa.uint64()), ["9223372036854775809", None]),
        (pa.array([1362.0, float("nan")]), ["1362", None]),
        (pa.array([12.5, None]), ["12.5", None]),
        (pa.array([Decimal("12345678901234567890"), None]), ["12345678901234567890", None]),
        (pa.array([datetime.date(1983, 9, 25), None]), ["1983-09-25", None]),
        (pa.array([datetime.datetime(1983, 9, 25), None]), ["1983-09-25", None]),
        (pa.array([True, None]), ["TRUE", None]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array(["a", "a"]).dictionary_encode(), ["a", "a"]),
        (pa.nulls(2), [None, None]),
    ],
    ids=str,
)
def test_each_plain_type(tmp_path: Path, column: Any, expected: list[str | None]) -> None:
    path = written(tmp_path, birth_cert_no=column)
    check_source(path, REGISTRY)
    source = read_source(path, REGISTRY)
    assert source.table.column("raw_birth_cert_no").to_pylist() == expected
    assert source.table.schema.field("raw_birth_cert_no").type == pa.string()
    assert source.table.column("raw_degree_id").to_pylist() == ["1", "2"]
    assert source.table.column("row").to_pylist() == [2, 3]
    assert source.rows == 2
    assert source.findings.kind == "Parquet"


def test_a_number_beyond_a_double_is_noted(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, validity_code=[1.2345678901234568e19, 1.0]), REGISTRY)
    assert any("validity_code: 1 number(s)" in note for note in source.findings.notes)


def test_lists_and_bytes_are_refused(tmp_path: Path) -> None:
    for column in ([[1], [2]], [b"\xff", b"x"]):
        with pytest.raises(InputError, match="no plain values"):
            read_source(written(tmp_path, sex=column), REGISTRY)


def test_a_damaged_file_and_one_without_rows_are_told(tmp_path: Path) -> None:
    path = written(tmp_path)
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(InputError, match="column names and no rows"):
        check_source(path, REGISTRY)
    path.write_bytes(written(tmp_path).read_bytes()[:-20])
    with pytest.raises(InputError, match="damaged"):
        check_source(path, REGISTRY)
