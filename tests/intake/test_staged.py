"""The staged file holds each readable row once, whatever the size of its batches; none is lost."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.quarantine import read_quarantine
from migrate.intake.sources import open_source, read_source
from migrate.intake.staged import SOURCE, Staged, write_staged
from migrate.intake.staging import Staging, stage

HEADING = "شناسه,نام,نام خانوادگی,دانشگاه,تاریخ تولد\n"


def ledger(tmp_path: Path, rows: int = 500) -> Path:
    lines = [f"{n},علی,رضایی {n % 7},تهران,13{n % 90 + 10}/7/3\n" for n in range(rows)]
    # too few cells, and no value at all
    lines[20::100] = ["x,علی\n"] * len(lines[20::100])
    lines[50::100] = [",,,,\n"] * len(lines[50::100])
    path = tmp_path / "ledger.csv"
    path.write_text(HEADING + "".join(lines), encoding="utf-8")
    return path


def written(path: Path, tmp_path: Path, size: int) -> tuple[Staged, pa.Table, list[int | None]]:
    target, unreadable = tmp_path / f"{size}.parquet", tmp_path / f"{size}.csv"
    source = open_source(path, LEGACY)
    seen: list[int] = []
    done = write_staged(
        source,
        Staging(LEGACY),
        target,
        unreadable,
        metadata={SOURCE: "ab" * 32},
        look=lambda table: seen.append(table.num_rows),
        size=size,
    )
    table = pq.read_table(target)
    assert sum(seen) == table.num_rows
    assert pq.read_metadata(target).num_row_groups == sum(map(bool, seen))
    return done, table, [problem.row for problem in read_quarantine(unreadable)]


@pytest.mark.parametrize("size", [1, 7, 100, 65_536])
def test_the_file_is_the_staged_table_of_the_whole_source(tmp_path: Path, size: int) -> None:
    path = ledger(tmp_path)
    whole = read_source(path, LEGACY)
    done, table, told = written(path, tmp_path, size)
    assert table.replace_schema_metadata().equals(stage(whole.table, LEGACY))
    assert told == [problem.row for problem in whole.unreadable] == [22, 122, 222, 322, 422]
    assert done == Staged(rows=495, staged=490, unreadable=5)
    assert table.schema.metadata == {SOURCE.encode(): b"ab" * 32}


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    path = ledger(tmp_path)
    files = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        written(path, tmp_path / name, 100)
        files.append((tmp_path / name / "100.parquet").read_bytes())
    assert files[0] == files[1]


def test_a_source_that_turns_out_broken_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "blank.csv"
    path.write_text(HEADING + ",,,,\n" * 3 + "\u200f,,,,\n", encoding="utf-8")
    with pytest.raises(InputError, match="no rows"):
        written(path, tmp_path, 100)
    assert [found.name for found in tmp_path.iterdir()] == ["blank.csv"]


def test_rows_that_cannot_be_read_at_all_are_told_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(HEADING + "1,a\n" * 300, encoding="utf-8")
    done, table, told = written(path, tmp_path, 100)
    assert done == Staged(rows=300, staged=0, unreadable=300)
    assert table.num_rows == 0
    assert told == list(range(2, 302))
