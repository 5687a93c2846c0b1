"""A database is reached, read and left as it was, or an error says in one line why not."""

from __future__ import annotations

import datetime
import sqlite3
from decimal import Decimal
from pathlib import Path

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


def fill(address: str) -> None:
    engine = sa.create_engine(address)
    text = sa.Text()
    names = ("degree_id", "person_id", "first_name", "last_name", "university", "note")
    degrees = sa.Table("degrees", sa.MetaData(), *(sa.Column(name, text) for name in names))
    with engine.begin() as connection:
        degrees.create(connection)
        connection.execute(degrees.insert(), [row | {"university": "x"} for row in ROWS])
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'registry.sqlite'}"


def refused(address: str, *said: str) -> None:
    for function in (check_registry, read_registry):
        with pytest.raises(InputError) as caught:
            function(address, REGISTRY)
        for words in said:
            assert words in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert caught.value.exit_code == 2


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


def test_text_that_sqlite_cannot_decode_is_told(sqlite: str) -> None:
    fill(sqlite)
    engine = sa.create_engine(sqlite)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE degrees SET first_name = CAST(x'ff' AS TEXT)"))
    engine.dispose()
    with pytest.raises(InputError, match="Could not decode to UTF-8"):
        read_registry(f"{sqlite}#degrees", REGISTRY)


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
