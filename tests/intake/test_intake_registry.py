"""The registry by file, SQLite and PostgreSQL: read whole, in one order, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from migrate.diplomas.schema import REGISTRY
from migrate.errors import InputError
from migrate.intake.readers import database
from migrate.intake.registry import check_registry, read_registry

ROWS = [
    {"degree_id": "D-3", "person_id": "P-1", "first_name": "علی", "last_name": "رضایی"},
    {"degree_id": "D-1", "person_id": "P-2", "first_name": "مینا", "last_name": None},
    {"degree_id": "D-2", "person_id": "P-1", "first_name": "علی", "last_name": "رضایی"},
]


def fill(address: str, *, reverse: bool = False) -> None:
    engine = sa.create_engine(address)
    text = sa.Text()
    names = ("degree_id", "person_id", "first_name", "last_name", "university", "note")
    degrees = sa.Table("degrees", sa.MetaData(), *(sa.Column(name, text) for name in names))
    with engine.begin() as connection:
        degrees.create(connection)
        rows = [row | {"university": "دانشگاه تهران", "note": "x"} for row in ROWS]
        connection.execute(degrees.insert(), rows[::-1] if reverse else rows)
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'registry.sqlite'}"


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_a_database_is_read_sorted_by_its_key(address: str) -> None:
    fill(address)
    check_registry(f"{address}#degrees", REGISTRY)
    source = read_registry(f"{address}#degrees", REGISTRY)
    assert source.rows == 3
    assert source.table_name == "degrees"
    assert source.table.column("row").to_pylist() == [1, 2, 3]
    assert source.table.column("raw_degree_id").to_pylist() == ["D-1", "D-2", "D-3"]
    assert source.table.column("raw_last_name").to_pylist() == [None, "رضایی", "رضایی"]
    assert source.table.column("raw_father_name").to_pylist() == [None] * 3
    assert "father_name" in source.findings.missing
    assert ("note", None) in source.findings.headings


def test_the_order_of_a_database_does_not_matter(tmp_path: Path) -> None:
    addresses = [f"sqlite:///{tmp_path / name}" for name in ("a.sqlite", "b.sqlite")]
    for address, reverse in zip(addresses, (False, True), strict=True):
        fill(address, reverse=reverse)
    one, other = (read_registry(f"{address}#degrees", REGISTRY) for address in addresses)
    assert one.table.equals(other.table)


def test_rows_come_in_batches(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BATCH", 2)
    fill(sqlite)
    told: list[tuple[int, int, str]] = []
    source = read_registry(f"{sqlite}#degrees", REGISTRY, progress=lambda *step: told.append(step))
    assert [step[:2] for step in told] == [(2, 3), (3, 3)]
    assert source.table.column("raw_degree_id").to_pylist() == ["D-1", "D-2", "D-3"]


def test_files_stand_in_their_own_order(tmp_path: Path) -> None:
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    table = pa.table(columns | {"university": ["x"] * 3})
    pq.write_table(table, tmp_path / "registry.parquet")
    text = "\n".join(
        [",".join(table.column_names)]
        + [",".join(cell or "" for cell in row.values()) for row in table.to_pylist()]
    )
    (tmp_path / "registry.csv").write_text(text, encoding="utf-8")
    for name in ("registry.parquet", "registry.csv"):
        check_registry(str(tmp_path / name), REGISTRY)
        source = read_registry(str(tmp_path / name), REGISTRY)
        assert source.table.column("raw_degree_id").to_pylist() == ["D-3", "D-1", "D-2"]
        assert source.table.column("row").to_pylist() == [2, 3, 4]
        assert source.rows == 3
        assert source.table_name is None


def refused(address: str, *said: str) -> None:
    for function in (check_registry, read_registry):
        with pytest.raises(InputError) as caught:
            function(address, REGISTRY)
        for words in said:
            assert words in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert caught.value.exit_code == 2


def test_a_registry_without_its_key_is_refused(address: str) -> None:
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE d (person_id text, first_name text, last_name text, university text)"
            )
        )
    engine.dispose()
    refused(f"{address}#d", "no column for degree_id", "person_id | first_name")


def test_a_file_without_its_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    path.write_text("person_id,first_name,last_name,university\n1,a,b,c\n", encoding="utf-8")
    refused(str(path), "no column for degree_id")


def test_a_file_with_a_row_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    heading = "degree_id,person_id,first_name,last_name,university\n"
    path.write_text(heading + "1,2,a,b,c\n3,4\n5,6,a,b,c\n7\n", encoding="utf-8")
    check_registry(str(path), REGISTRY)
    with pytest.raises(InputError, match=r"row 3: 2 row\(s\) .* too few cells: 2"):
        read_registry(str(path), REGISTRY)


def test_no_such_table_is_told_with_those_that_are_there(address: str) -> None:
    fill(address)
    refused(f"{address}#graduates", "no table or view 'graduates'", "degrees")
    refused(f'{address}#degrees"; DROP TABLE degrees; --', "no table or view")
    refused(f"{address}#nowhere.degrees", "no table or view")
    assert read_registry(f"{address}#degrees", REGISTRY).rows == 3


def test_an_empty_table_is_told(sqlite: str) -> None:
    fill(sqlite)
    engine = sa.create_engine(sqlite)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM degrees"))
    engine.dispose()
    refused(f"{sqlite}#degrees", "no rows")


def test_an_address_without_a_table_is_told(sqlite: str) -> None:
    refused(sqlite, "names no table", "#TABLE")
    refused("postgresql://u:s3cret@localhost/x#", "names no table")
