"""The registry by file, SQLite and PostgreSQL: read whole, in one order, or refused in one line."""

from __future__ import annotations

import datetime
import sqlite3
from decimal import Decimal
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


def fill(address: str, *, reverse: bool = False, table: str = "degrees") -> None:
    engine = sa.create_engine(address)
    text = sa.Text()
    names = ("degree_id", "person_id", "first_name", "last_name", "university", "note")
    degrees = sa.Table(table, sa.MetaData(), *(sa.Column(name, text) for name in names))
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


def test_a_view_and_a_schema_are_read(postgres: str) -> None:
    fill(postgres)
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE VIEW seen AS SELECT * FROM degrees"))
        connection.execute(sa.text("CREATE SCHEMA archive"))
        connection.execute(sa.text('CREATE TABLE archive."My Table" AS SELECT * FROM degrees'))
    engine.dispose()
    assert read_registry(f"{postgres}#seen", REGISTRY).findings.kind == "postgresql view"
    source = read_registry(f"{postgres}#archive.My Table", REGISTRY)
    assert source.rows == 3
    assert source.table_name == "archive.My Table"


def test_types_of_a_database_become_text(postgres: str) -> None:
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE degrees (degree_id uuid, person_id bigint, first_name varchar,"
                " last_name text, university text, birth_date date, birth_cert_no numeric,"
                " validity_code char(20), sex boolean, diploma_no double precision)"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO degrees VALUES ('12345678-1234-5678-1234-567812345678', 7, 'a', 'b',"
                " 'c', :day, :number, '01234567890123456789', true, 45)"
            ),
            {"day": datetime.date(1983, 9, 25), "number": Decimal("12")},
        )
    engine.dispose()
    row = read_registry(f"{postgres}#degrees", REGISTRY).table.to_pylist()[0]
    assert row["raw_degree_id"] == "12345678-1234-5678-1234-567812345678"
    assert row["raw_person_id"] == "7"
    assert row["raw_birth_date"] == "1983-09-25"
    assert row["raw_birth_cert_no"] == "12"
    assert row["raw_validity_code"] == "01234567890123456789"
    assert row["raw_sex"] == "TRUE"
    assert row["raw_diploma_no"] == "45"


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


def test_text_that_sqlite_cannot_decode_is_told(sqlite: str) -> None:
    fill(sqlite)
    engine = sa.create_engine(sqlite)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE degrees SET first_name = CAST(x'ff' AS TEXT)"))
    engine.dispose()
    with pytest.raises(InputError, match="Could not decode to UTF-8"):
        read_registry(f"{sqlite}#degrees", REGISTRY)


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


def test_a_database_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    refused(f"sqlite:///{tmp_path / 'none.sqlite'}#degrees", "no such database file")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    path.write_text("degree_id,person_id\n" * 100, encoding="utf-8")
    refused(f"sqlite:///{path}#degrees", "cannot be read", "not a database")


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    refused("postgresql://user:s3cret@127.0.0.1:1/x#degrees", "cannot be read", "refused")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nosuch://user:s3cret@host/x#t", "no driver for such a database"),
        ("mysql+pymysql://user:s3cret@host/x#t", "not installed: pymysql"),
        ("postgresql://user:s3cret@host:port/x#t", "not a database's address"),
    ],
)
def test_a_driver_that_is_not_there_is_told(address: str, said: str) -> None:
    refused(address, said)


def test_the_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def create(url: sa.URL, **_: object) -> object:
        seen.append(url.password)
        raise sa.exc.ArgumentError("stop")

    monkeypatch.setattr(database.sa, "create_engine", create)
    monkeypatch.setenv("MIGRATE_REGISTRY_PASSWORD", "s3cret")
    for address in ("postgresql://u@h/d#t", "postgresql://u:own@h/d#t"):
        with pytest.raises(InputError):
            check_registry(address, REGISTRY)
    assert seen == ["s3cret", "own"]


def test_a_wrong_password_in_an_error_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> object:
        raise sa.exc.OperationalError("x", {}, Exception("no entry for u:s3cret\nmore"))

    monkeypatch.setattr(sa.Engine, "connect", fail)
    refused("postgresql://u:s3cret@h/d#t", "no entry for u:***")


def test_reading_changes_nothing_and_waits_for_nobody(tmp_path: Path, sqlite: str) -> None:
    fill(sqlite)
    before = (tmp_path / "registry.sqlite").read_bytes()
    writer = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert read_registry(f"{sqlite}#degrees", REGISTRY).rows == 3
    writer.rollback()
    writer.close()
    assert (tmp_path / "registry.sqlite").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["registry.sqlite"]
