"""Opening a store: what cannot be used is told in one line, before anything is made or changed."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, inspect, text
from sqlalchemy.dialects import registry

from migrate.errors import InputError, RunError
from migrate.store.address import read_address, shown
from migrate.store.base import VERSION_TABLE, Base
from migrate.store.engine import check_store, now, open_store, reading, writing


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def refused(address: str) -> str:
    """What check_store and open_store both say of an address."""
    said = []
    for function in (check_store, open_store):
        with pytest.raises(InputError) as error:
            function(address)
        line = str(error.value)
        assert "\n" not in line
        assert error.value.exit_code == 2
        said.append(line)
    assert said[0] == said[1]
    return said[0]


def test_a_fresh_store_has_its_tables_and_opens_again(address: str) -> None:
    check_store(address)
    for _ in range(2):
        engine = open_store(address)
        assert {VERSION_TABLE, *Base.metadata.tables} <= set(inspect(engine).get_table_names())
        engine.dispose()
        check_store(address)


def test_check_store_makes_and_changes_nothing(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    check_store(address)
    assert tree(tmp_path) == {}
    engine = open_store(address)
    engine.dispose()
    before = tree(tmp_path)
    check_store(address)
    assert tree(tmp_path) == before
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    check_store(f"sqlite:///{empty}")
    assert empty.read_bytes() == b""


def test_check_store_makes_nothing_on_a_server(postgres: str) -> None:
    check_store(postgres)
    engine = create_engine(postgres)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_check_store_reads_a_store_that_is_open_and_written_to(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    engine = open_store(address)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE other (a INTEGER)"))
        check_store(address)
    engine.dispose()


def test_sqlite_is_set_for_many_readers_and_for_power_cuts(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with reading(engine) as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 60_000,
    }


def test_one_missing_folder_is_made_and_no_more(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'reports' / 'store.sqlite'}"
    check_store(address)
    assert tree(tmp_path) == {}
    open_store(address).dispose()
    assert (tmp_path / "reports" / "store.sqlite").is_file()
    assert "the folder does not exist" in refused(f"sqlite:///{tmp_path}/no/such/store.sqlite")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("store.sqlite", "not an address of a database"),
        ("", "not an address of a database"),
        ("postgresql://host:port/db", "not an address of a database"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "plain path"),
        ("klingon://host/db", "no database of the kind klingon"),
        ("postgresql+klingon://host/db", "no database of the kind"),
        ("postgresql+psycopg2://host/db", "driver for postgresql+psycopg2 is not installed"),
        ("sqlite+aiosqlite:///x.sqlite", "driver for sqlite+aiosqlite is not installed"),
        ("mysql+pymysql://host/db", "driver for mysql+pymysql is not installed"),
        ("postgresql://host/db?no_such_option=1", "cannot be opened"),
    ],
)
def test_an_address_that_cannot_be_a_store_is_refused(address: str, words: str) -> None:
    assert words in refused(address)


def test_a_database_of_another_kind_is_refused_though_its_driver_is_here() -> None:
    registry.register("other", "sqlalchemy.dialects.sqlite.pysqlite", "SQLiteDialect_pysqlite")
    try:
        assert "cannot be a database of the kind other" in refused("other:///x")
    finally:
        registry.impls.pop("other")


def test_files_that_are_no_store_are_refused_and_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.sqlite").write_text("legacy_id,first_name\n" * 100)
    (tmp_path / "short").write_text("x")
    (tmp_path / "torn.sqlite").write_bytes(b"SQLite format 3\x00" + b"\x07" * 4000)
    other = sqlite3.connect(tmp_path / "registry.sqlite")
    other.execute("CREATE TABLE degrees (degree_id TEXT)")
    other.close()
    before = tree(tmp_path)
    for name, words in {
        "folder": "this is a folder",
        "text.sqlite": "not an SQLite database",
        "short": "not an SQLite database",
        "torn.sqlite": "not an SQLite database",
        "registry.sqlite": "holds other tables (found: degrees)",
    }.items():
        assert words in refused(f"sqlite:///{tmp_path / name}")
    assert tree(tmp_path) == before


def test_a_read_only_file_or_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "store.sqlite"
    open_store(f"sqlite:///{path}").dispose()
    path.chmod(0o444)
    assert "read-only" in refused(f"sqlite:///{path}")
    path.chmod(0o644)
    folder.chmod(0o555)
    try:
        assert "read-only" in refused(f"sqlite:///{path}")
        assert "may not be written to" in refused(f"sqlite:///{folder / 'new.sqlite'}")
    finally:
        folder.chmod(0o755)


def test_a_store_of_a_newer_version_is_refused_and_stays_as_it_is(address: str) -> None:
    engine = open_store(address)
    with writing(engine) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    line = refused(address)
    assert "newer version" in line
    assert "9999" in line
    with reading(engine) as connection:
        held = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()
    engine.dispose()
    assert held == "9999"


def test_a_store_whose_tables_are_gone_is_refused(address: str) -> None:
    engine = open_store(address)
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE corrections"))
    engine.dispose()
    assert "damaged: tables are missing (found: corrections)" in refused(address)


def test_a_server_database_may_be_shared_but_not_its_names(postgres: str) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE degrees (degree_id TEXT)"))
    check_store(postgres)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE codes (a INTEGER)"))
    engine.dispose()
    assert "holds other tables (found: codes)" in refused(postgres)


def test_a_user_who_may_not_create_or_write_is_refused(postgres: str) -> None:
    url = read_address(postgres, "NONE")
    admin = create_engine(url)
    user = f"reader_{os.getpid()}"
    with admin.begin() as connection:
        connection.execute(text(f"CREATE ROLE {user} LOGIN"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    theirs = url.set(username=user).render_as_string(hide_password=False)
    try:
        assert "may not write to the store" in refused(theirs)
        open_store(postgres).dispose()
        with admin.begin() as connection:
            connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}"))
        with pytest.raises(InputError, match="may not write to the store"):
            check_store(theirs)
        with admin.begin() as connection:
            connection.execute(text(f"ALTER ROLE {user} SET default_transaction_read_only = on"))
        with pytest.raises(InputError, match="the database is read-only"):
            check_store(theirs)
    finally:
        with admin.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {user}"))
            connection.execute(text(f"DROP ROLE {user}"))
        admin.dispose()


def test_a_database_that_is_not_there_is_refused(postgres: str) -> None:
    url = read_address(postgres, "NONE").set(database="no_such_database")
    assert "no_such_database" in refused(url.render_as_string(hide_password=False))


def test_a_server_that_is_down_is_refused_at_once_and_no_password_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    start = time.monotonic()
    secret = "p@ss/w:rd 1403"
    quoted = "p%40ss%2Fw%3Ard+1403"
    lines = [refused(f"postgresql://user:{quoted}@127.0.0.1:{port}/db")]
    lines.append(refused(f"postgresql://user@127.0.0.1:{port}/db?password={quoted}"))
    monkeypatch.setenv("MIGRATE_STORE_PASSWORD", secret)
    lines.append(refused(f"postgresql://user@127.0.0.1:{port}/db"))
    assert time.monotonic() - start < 10
    for line in lines:
        assert "cannot be opened" in line
        assert secret not in line
        assert quoted not in line
        assert "1403" not in line


def test_a_server_that_never_answers_is_given_up_within_ten_seconds() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        start = time.monotonic()
        with pytest.raises(InputError, match="cannot be opened"):
            check_store(f"postgresql://user@127.0.0.1:{deaf.getsockname()[1]}/db")
        assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://user:hunter22@host:port/db",
        "postgresql://user:hun@ter22@host:port/db",
        "user:hunter22@host/db",
        "host/db?password=hunter22",
    ],
)
def test_a_password_in_an_address_that_cannot_be_read_is_not_shown(address: str) -> None:
    line = refused(address)
    assert "not an address of a database" in line
    assert "host" in line
    assert "ter22" not in line


def test_a_path_may_hold_any_characters(tmp_path: Path) -> None:
    folder = tmp_path / "دفتر ۱ %41 #2"
    folder.mkdir()
    # the URL's own quoting: a bare % would be read as one of its escapes
    path = str(folder / "store & more.sqlite")
    address = URL.create("sqlite", database=path).render_as_string()
    open_store(address).dispose()
    check_store(address)
    assert [path.name for path in folder.iterdir()] == ["store & more.sqlite"]


def test_a_store_that_a_killed_process_left_open_can_be_checked_and_opened(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    script = """
import os, signal, sys
from sqlalchemy import text
from migrate.store.engine import open_store, writing
with writing(open_store(sys.argv[1])) as connection:
    connection.execute(text("CREATE TABLE other (a INTEGER)"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script, address], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "store.sqlite-wal").stat().st_size > 0
    check_store(address)
    engine = open_store(address)
    assert "other" in inspect(engine).get_table_names()
    engine.dispose()


def test_the_password_comes_from_the_environment_when_the_address_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIGRATE_STORE_PASSWORD", "from environment")
    variable = "MIGRATE_STORE_PASSWORD"
    assert read_address("postgresql://u@h/d", variable).password == "from environment"
    assert read_address("postgresql://u:own@h/d", variable).password == "own"
    assert read_address("postgresql://u@h/d?password=own", variable).password is None
    assert read_address("sqlite:///x.sqlite", variable).password is None
    for address in ("postgresql://u@h/d", "postgres://u@h/d", "postgresql+psycopg://u@h/d"):
        url = read_address(address, variable)
        assert url.drivername == "postgresql+psycopg"
        assert "from environment" not in shown(url)


def test_the_time_is_the_databases_in_utc_to_the_second(address: str) -> None:
    engine = open_store(address)
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL timezone = 'Asia/Tehran'"))
        said = now(connection)
    after = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    engine.dispose()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said)
    assert before <= said <= after


def test_an_error_undoes_a_transaction_and_is_told_in_one_line(address: str) -> None:
    engine = open_store(address)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE first (a INTEGER)"))

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE other (a INTEGER)"))
            connection.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(RunError) as error:
        fail()
    assert "no_such_table" in str(error.value)
    names = set(inspect(engine).get_table_names())
    assert "first" in names
    assert "other" not in names
    engine.dispose()


def test_alembic_says_nothing_and_leaves_logging_alone(address: str) -> None:
    script = """
import logging, sys
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
before = (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").level)
from migrate.store.engine import open_store
open_store(sys.argv[1]).dispose()
after = (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").level)
assert before == after
assert not logging.getLogger("migrate").disabled
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, address], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert logging.getLogger("alembic").level == logging.NOTSET


OPEN = """
import sys
from migrate.store.engine import open_store
print("ready", flush=True)
sys.stdin.readline()
open_store(sys.argv[1]).dispose()
"""


def test_many_processes_may_open_a_fresh_store_at_once(address: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    check_store(address)


def test_a_kill_in_the_middle_of_a_migration_leaves_no_half_schema(address: str) -> None:
    script = """
import os, signal, sys
from alembic import command
whole = command.upgrade
def upgrade(*given):
    whole(*given)
    os.kill(os.getpid(), signal.SIGKILL)
command.upgrade = upgrade
from migrate.store.engine import open_store
open_store(sys.argv[1])
"""
    done = subprocess.run([sys.executable, "-c", script, address], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    probe = create_engine(read_address(address, "NONE"))
    assert inspect(probe).get_table_names() == []
    probe.dispose()
    open_store(address).dispose()
    check_store(address)


def test_looking_at_a_store_takes_no_lock_from_those_who_have_it_open(tmp_path: Path) -> None:
    # POSIX drops all locks of a process on a file when any of its descriptors is closed
    address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    script = """
import sys
from migrate.store.batches import begin
from migrate.store.engine import open_store
engine = open_store(sys.argv[1])
for number in range(200):
    begin(engine, f"{sys.argv[2]}-{number}", f"{number:064d}")
engine.dispose()
"""
    held = open_store(address)

    def count() -> int:
        with reading(held) as connection:
            return int(connection.execute(text("SELECT count(*) FROM batches")).scalar_one())

    assert count() == 0
    check_store(address)
    for place, name in enumerate(("one", "two", "three"), 1):
        subprocess.run([sys.executable, "-c", script, address, name], check=True)
        assert count() == 200 * place
    held.dispose()
