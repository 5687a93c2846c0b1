"""Writing back: empty places only, all in one transaction, and a refusal in words elsewhere."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from migrate.errors import InputError, RunError
from migrate.store.address import read_address
from migrate.store.registry import WriteBack, write_back

CODES = {f"D{number}": f"{10**19 + number}" for number in range(1, 6)}


class Registry:
    """A registry of five degrees: D1 empty, D2 NULL, D3 blank, D4 its own code, D5 another."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.engine: Engine = create_engine(read_address(address, "NONE"))

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def make(
        self, code: str = "TEXT", key: str = "TEXT PRIMARY KEY", name: str = "degrees"
    ) -> None:
        self.run(f"CREATE TABLE {name} (degree_id {key}, other TEXT, validity_code {code})")
        with self.engine.begin() as connection:
            connection.execute(
                text(f"INSERT INTO {name} (degree_id, validity_code) VALUES (:d, :c)"),
                [
                    {"d": "D1", "c": ""},
                    {"d": "D2", "c": None},
                    {"d": "D3", "c": "   "},
                    {"d": "D4", "c": CODES["D4"]},
                    {"d": "D5", "c": "HELD"},
                ],
            )

    def held(self, name: str = "degrees") -> dict[object, object]:
        with self.engine.begin() as connection:
            rows = connection.exec_driver_sql(f"SELECT degree_id, validity_code FROM {name}")
            return {row[0]: row[1] for row in rows}


BEFORE = {"D1": "", "D2": None, "D3": "   ", "D4": CODES["D4"], "D5": "HELD"}
AFTER = CODES | {"D5": "HELD"}


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    else:
        address = request.getfixturevalue("postgres")
    made = Registry(address)
    yield made
    made.engine.dispose()


def test_only_empty_places_are_filled(registry: Registry) -> None:
    registry.make()
    result = write_back(registry.address, "degrees", CODES | {"D9": "9" * 20})
    assert result == WriteBack(
        written=3, kept=1, conflicts=(("D5", "HELD"),), refused=None, missing=("D9",)
    )
    assert registry.held() == AFTER


def test_writing_back_again_changes_nothing(registry: Registry) -> None:
    registry.make()
    write_back(registry.address, "degrees", CODES)
    again = write_back(registry.address, "degrees", CODES)
    assert again == WriteBack(written=0, kept=4, conflicts=(("D5", "HELD"),))
    assert registry.held() == AFTER


def test_degrees_that_are_not_asked_for_stay_as_they_are(registry: Registry) -> None:
    registry.make()
    assert write_back(registry.address, "degrees", {"D2": CODES["D2"]}).written == 1
    assert registry.held() == BEFORE | {"D2": CODES["D2"]}
    assert write_back(registry.address, "degrees", {}) == WriteBack()


def test_columns_are_found_as_intake_finds_them(registry: Registry) -> None:
    registry.run(
        'CREATE TABLE "grads 57" ("Degree ID" TEXT, "VALIDITY_CODE" VARCHAR(30))',
        "INSERT INTO \"grads 57\" VALUES ('D1', NULL)",
    )
    assert write_back(registry.address, "grads 57", CODES).written == 1


@pytest.mark.parametrize("type_", ["VARCHAR(20)", "CHAR(24)", "VARCHAR"])
def test_every_kind_of_text_takes_a_code(registry: Registry, type_: str) -> None:
    registry.make(code=type_)
    result = write_back(registry.address, "degrees", CODES)
    assert (result.written, result.kept, len(result.conflicts)) == (3, 1, 1)
    again = write_back(registry.address, "degrees", CODES)
    assert (again.written, again.kept) == (0, 4)
    assert {k: str(v).strip() for k, v in registry.held().items()} == AFTER


@pytest.mark.parametrize("type_", ["BIGINT", "INTEGER", "NUMERIC(20)", "REAL", "DOUBLE PRECISION"])
def test_a_column_of_numbers_is_refused(registry: Registry, type_: str) -> None:
    registry.run(
        f"CREATE TABLE degrees (degree_id TEXT, validity_code {type_})",
        "INSERT INTO degrees VALUES ('D1', NULL)",
    )
    refused = write_back(registry.address, "degrees", CODES).refused
    assert refused is not None
    assert "a code is text" in refused
    assert registry.held() == {"D1": None}


def test_a_type_that_sqlite_takes_for_a_number_is_refused(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    # SQLite gives a column of type STRING numeric affinity: 20 digits would become a float
    registry.make(code="STRING")
    refused = write_back(registry.address, "degrees", CODES).refused
    assert refused is not None
    assert "a code is text" in refused
    registry.engine.dispose()


def test_a_column_that_is_too_short_is_refused(registry: Registry) -> None:
    registry.make(code="VARCHAR(10)") if registry.engine.dialect.name == "sqlite" else registry.run(
        "CREATE TABLE degrees (degree_id TEXT, validity_code VARCHAR(10))"
    )
    refused = write_back(registry.address, "degrees", CODES).refused
    assert refused == "validity_code holds 10 characters: a code has 20"


def test_what_is_not_there_is_refused_in_words(registry: Registry) -> None:
    registry.make()
    registry.run("CREATE TABLE bare (degree_id TEXT)", "CREATE TABLE keyless (validity_code TEXT)")
    said = {
        name: write_back(registry.address, name, CODES).refused
        for name in ("bare", "keyless", "nowhere", "no.where", None)
    }
    assert said == {
        "bare": "bare has no column validity_code",
        "keyless": "keyless has no column degree_id",
        "nowhere": "there is no table nowhere",
        "no.where": "there is no table no.where",
        None: "no table of the registry is named",
    }


def test_a_view_is_refused_though_it_might_take_it(registry: Registry) -> None:
    registry.make()
    registry.run("CREATE VIEW seen AS SELECT degree_id, validity_code FROM degrees")
    refused = write_back(registry.address, "seen", CODES).refused
    assert refused == "seen is a view: only a table can be written to"
    assert registry.held() == BEFORE


def test_a_trigger_that_forbids_it_is_a_refusal_and_nothing_is_written(registry: Registry) -> None:
    registry.make()
    if registry.engine.dialect.name == "sqlite":
        registry.run(
            "CREATE TRIGGER t BEFORE UPDATE ON degrees WHEN OLD.degree_id = 'D2'"
            " BEGIN SELECT RAISE(ABORT, 'sealed'); END"
        )
    else:
        registry.run(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'sealed'; END$$",
            "CREATE TRIGGER t BEFORE UPDATE ON degrees FOR EACH ROW"
            " WHEN (OLD.degree_id = 'D2') EXECUTE FUNCTION f()",
        )
    result = write_back(registry.address, "degrees", CODES)
    assert result.refused is not None
    assert "sealed" in result.refused
    assert "\n" not in result.refused
    assert (result.written, result.kept) == (0, 0)
    assert registry.held() == BEFORE


def test_a_refusal_after_some_chunks_undoes_them(registry: Registry) -> None:
    registry.run("CREATE TABLE degrees (degree_id TEXT PRIMARY KEY, validity_code TEXT UNIQUE)")
    with registry.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO degrees (degree_id) VALUES (:d)"),
            [{"d": f"D{number:04d}"} for number in range(1200)],
        )
    codes = {f"D{number:04d}": f"{10**19 + number}" for number in range(1200)}
    codes["D1199"] = codes["D0000"]
    result = write_back(registry.address, "degrees", codes)
    assert result.refused is not None
    assert set(registry.held().values()) == {None}


def test_a_key_of_numbers_is_found_by_its_text(registry: Registry) -> None:
    registry.run(
        "CREATE TABLE degrees (degree_id BIGINT PRIMARY KEY, validity_code TEXT)",
        "INSERT INTO degrees VALUES (1, NULL), (2, ''), (30, 'HELD'), (7, '')",
    )
    codes = {"1": "1" * 20, "2": "2" * 20, "30": "3" * 20, "007": "7" * 20, "x": "8" * 20}
    result = write_back(registry.address, "degrees", codes)
    assert result == WriteBack(written=2, kept=0, conflicts=(("30", "HELD"),), missing=("007", "x"))
    assert registry.held() == {1: "1" * 20, 2: "2" * 20, 7: "", 30: "HELD"}


@pytest.mark.parametrize("type_", ["UUID", "NUMERIC(12)", "CHAR(40)"])
def test_keys_of_other_types_are_found_on_postgresql(postgres: str, type_: str) -> None:
    registry = Registry(postgres)
    key = "6f9619ff-8b86-d011-b42d-00c04fc964ff" if type_ == "UUID" else "123"
    registry.run(
        f"CREATE TABLE degrees (degree_id {type_}, validity_code TEXT)",
        f"INSERT INTO degrees VALUES ('{key}', NULL)",
    )
    result = write_back(postgres, "degrees", {key: "1" * 20, "other": "2" * 20})
    assert result == WriteBack(written=1, missing=("other",))
    registry.engine.dispose()


def test_a_degree_id_on_two_rows_is_left_alone(registry: Registry) -> None:
    registry.make(key="TEXT")
    registry.run("INSERT INTO degrees (degree_id) VALUES ('D2')")
    result = write_back(registry.address, "degrees", CODES)
    assert result.conflicts == (("D2", "2 rows hold this degree_id"), ("D5", "HELD"))
    assert registry.held()["D2"] is None


def test_a_table_in_a_schema_is_found(postgres: str) -> None:
    registry = Registry(postgres)
    registry.run("CREATE SCHEMA national")
    registry.make(name="national.degrees")
    assert write_back(postgres, "national.degrees", CODES).written == 3
    assert registry.held("national.degrees") == AFTER
    registry.engine.dispose()


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    registry = Registry(f"sqlite:///{path}")
    registry.make()
    registry.engine.dispose()
    before = path.read_bytes()
    path.chmod(0o444)
    assert write_back(registry.address, "degrees", CODES).refused == (
        "the registry's file is read-only"
    )
    path.chmod(0o644)
    assert path.read_bytes() == before


def test_the_journal_mode_of_a_registry_is_not_changed(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    registry.make()
    write_back(registry.address, "degrees", CODES)
    with registry.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
    registry.engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == ["registry.sqlite"]


def test_a_user_without_permission_and_a_read_only_session_are_refused(postgres: str) -> None:
    registry = Registry(postgres)
    registry.make()
    user = f"clerk_{os.getpid()}"
    registry.run(f"CREATE ROLE {user} LOGIN", f"GRANT SELECT ON degrees TO {user}")
    url = read_address(postgres, "NONE")
    theirs = url.set(username=user).render_as_string(hide_password=False)
    try:
        refused = write_back(theirs, "degrees", CODES).refused
        assert refused is not None
        assert "permission denied" in refused
        registry.run(
            f"GRANT UPDATE ON degrees TO {user}",
            f"ALTER ROLE {user} SET default_transaction_read_only = on",
        )
        refused = write_back(theirs, "degrees", CODES).refused
        assert refused is not None
        assert "read-only transaction" in refused
        assert registry.held() == BEFORE
    finally:
        registry.run(f"DROP OWNED BY {user}", f"DROP ROLE {user}")
        registry.engine.dispose()


def test_a_registry_that_is_gone_is_an_error_not_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        write_back(f"sqlite:///{tmp_path / 'gone.sqlite'}", "degrees", CODES)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_down_is_an_error_without_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIGRATE_REGISTRY_PASSWORD", "hunter22")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(InputError, match="cannot be reached") as error:
        write_back(f"postgresql://clerk@127.0.0.1:{port}/grads", "degrees", CODES)
    assert "hunter22" not in str(error.value)
    assert "MIGRATE_REGISTRY_PASSWORD" in str(error.value)


def test_rows_locked_by_another_are_waited_for(registry: Registry) -> None:
    registry.make()
    other = registry.engine.connect()
    other.exec_driver_sql("UPDATE degrees SET other = 'x'")

    def end_soon() -> None:
        time.sleep(0.5)
        other.rollback()

    if registry.engine.dialect.name == "sqlite":
        # its connections stay in the thread that made them
        other.close()
        path = registry.address.removeprefix("sqlite:///")
        locker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        locker.execute("BEGIN IMMEDIATE")
        thread = threading.Timer(0.5, locker.rollback)
    else:
        thread = threading.Timer(0, end_soon)
    thread.start()
    assert write_back(registry.address, "degrees", CODES).written == 3
    thread.join()
    other.close()


def test_rows_locked_for_too_long_are_an_error(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(postgres)
    registry.make()
    monkeypatch.setattr("migrate.store.registry._LOCK_TIMEOUT", 1)
    with registry.engine.connect() as other:
        other.exec_driver_sql("UPDATE degrees SET other = 'x'")
        with pytest.raises(RunError, match="stays as it was"):
            write_back(postgres, "degrees", CODES)
        other.rollback()
    assert registry.held() == BEFORE
    registry.engine.dispose()


def test_a_table_without_an_index_is_not_read_once_for_each_degree(registry: Registry) -> None:
    registry.run("CREATE TABLE degrees (degree_id TEXT, validity_code TEXT)")
    with registry.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO degrees (degree_id) VALUES (:d)"),
            [{"d": f"D{number:06d}"} for number in range(20_000)],
        )
    codes = {f"D{number:06d}": f"{10**19 + number}" for number in range(0, 20_000, 5)}
    told: list[tuple[int, int, str]] = []
    start = time.monotonic()
    result = write_back(
        registry.address, "degrees", codes, progress=lambda *args: told.append(args)
    )
    # one pass over the table a degree would take minutes
    assert time.monotonic() - start < 10
    assert result.written == 4000
    assert told[-1] == (4000, 4000, "registry")
    held = registry.held()
    assert {key: value for key, value in held.items() if value} == codes
