"""A service opens a store with the least it needs, and never one that is not ready."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from serve_room import NATIONAL_ID, UNKNOWN, WIDE, Room, furnish, served, sign
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from migrate.errors import InputError
from migrate.serve.stores import inquiries_file, open_for_serving
from migrate.store.engine import open_store

GRANTS = Path(__file__).parents[2] / "docs" / "inquiry.md"


def refused(engine: Engine, statement: str) -> str:
    with engine.connect() as connection, pytest.raises(DBAPIError) as error:
        connection.execute(sa.text(statement))
    return str(error.value.orig)


def test_codes_are_read_and_never_written(room: Room) -> None:
    stores = open_for_serving(room.address)
    for statement in (
        "UPDATE codes SET state = 'active'",
        "DELETE FROM codes",
        "INSERT INTO inquiries (at, code_digest, kind, answer) VALUES ('a', 'b', 'c', 'd')",
    ):
        said = refused(stores.codes, statement)
        assert "read-only" in said or "readonly" in said
    stores.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_store_that_is_not_there_is_neither_made_nor_served(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    if kind == "postgresql":
        # a database in which nothing stands yet
        address = request.getfixturevalue("postgres")
    with pytest.raises(InputError):
        open_for_serving(address)
    assert not list(tmp_path.glob("*.sqlite*"))
    engine = sa.create_engine(address)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_an_older_store_is_refused_and_left_as_it_is(address: str, tmp_path: Path) -> None:
    open_store(address).dispose()
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE migrate_version SET version_num = '0001'"))
    with pytest.raises(InputError, match="older than this program"):
        open_for_serving(address)
    with engine.connect() as connection:
        held = connection.execute(sa.text("SELECT version_num FROM migrate_version")).scalar_one()
    engine.dispose()
    assert held == "0001"
    assert not list(tmp_path.glob("*-inquiries.sqlite"))


@pytest.mark.parametrize("bad", ["mysql://x/y", "sqlite://", "store.sqlite", "sqlite:////no/x"])
def test_an_address_of_no_store_is_refused(bad: str) -> None:
    with pytest.raises(InputError):
        open_for_serving(bad)


def test_look_ups_on_sqlite_stand_in_a_file_of_their_own(lite: Room, tmp_path: Path) -> None:
    with served(lite.address) as client:
        client.post("/api/v1/inquiry", json={"code": lite.valid})
    beside = inquiries_file(tmp_path / "store.sqlite")
    assert beside.name == "store-inquiries.sqlite"
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    for path, expected in ((beside, 1), (tmp_path / "store.sqlite", 0)):
        connection = sqlite3.connect(path)
        assert connection.execute("SELECT count(*) FROM inquiries").fetchone() == (expected,)
        connection.close()


def test_look_ups_go_on_while_a_bulk_issue_holds_the_store(room: Room) -> None:
    from migrate.store.engine import writing

    engine = open_store(room.address)
    with served(room.address, limits=WIDE) as client, writing(engine):
        for _ in range(3):
            found = client.post("/api/v1/inquiry", json={"code": room.valid}).json()
            assert found["answer"] == "valid"
        right = {"code": room.valid, "national_id": NATIONAL_ID}
        assert "Look-ups in all" in client.post("/en/holder", data=right).text
    engine.dispose()


def test_requests_wait_for_another_writer_only_so_long(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from migrate.serve import stores
    from migrate.store.engine import writing
    from migrate.store.requests import REQUESTS

    monkeypatch.setattr(stores, "_REQUEST", 300)
    monkeypatch.setattr(stores, "_STATEMENT", 300)
    body = {"first_name": "مریم", "last_name": "احمدی", "university": "دانشگاه شیراز"}
    engine = open_store(room.address)
    with served(room.address, limits=WIDE) as client:
        with writing(engine, lock=REQUESTS):
            response = client.post("/api/v1/requests", json=body)
            assert response.status_code == 503
            assert response.headers["retry-after"]
        assert client.post("/api/v1/requests", json=body).status_code == 201
    engine.dispose()


_STEP = """INSERT INTO request_events (tracking_no, n, state, at, actor, batch, legacy_id, reason)
    SELECT tracking_no, :n, :state, :at, 'test', 'batch-1', tracking_no, 'degree-0'
    FROM requests WHERE tracking_no = :number"""


def test_a_server_that_dropped_its_connections_is_asked_again(postgres: str) -> None:
    room = furnish(postgres)
    owner = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with served(postgres, limits=WIDE) as client:
        for _ in range(3):
            found = client.post("/api/v1/inquiry", json={"code": room.valid})
            assert (found.status_code, found.json()["answer"]) == (200, "valid")
            with owner.connect() as connection:
                connection.execute(sa.text(_DROP))
        assert client.get("/healthz").status_code in (200, 503)
        right = {"code": room.valid, "national_id": NATIONAL_ID}
        assert "Look-ups in all: <b>3</b>" in client.post("/en/holder", data=right).text
    owner.dispose()


_DROP = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def grants() -> list[str]:
    """The statements that docs/inquiry.md tells an administrator to run."""
    block = GRANTS.read_text(encoding="utf-8").partition("```sql\n")[2].partition("```")[0]
    return [line.strip() for line in block.split(";") if line.strip()]


def test_a_role_with_the_grants_of_the_document_serves_and_can_do_no_more(
    postgres: str, tmp_path: Path
) -> None:
    room = furnish(postgres)
    sign(room, tmp_path)
    owner = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    role = f"serve_{os.getpid()}"
    with owner.connect() as connection:
        for statement in grants():
            connection.execute(sa.text(statement.replace("migrate_serve", role)))
    address = sa.make_url(postgres).set(username=role).render_as_string(hide_password=False)
    try:
        with served(address, limits=WIDE, public_url="https://testserver") as client:
            for code in (*list(vars(room).values())[1:], UNKNOWN):
                assert client.post("/api/v1/inquiry", json={"code": code}).status_code == 200
            claims = {"national_id": NATIONAL_ID}
            body = {"code": room.valid, "claims": claims}
            assert client.post("/api/v1/match", json=body).json()["fields"] == {
                "national_id": "yes"
            }
            right = {"code": room.valid, "national_id": NATIONAL_ID}
            assert "Look-ups in all" in client.post("/en/holder", data=right).text
            assert client.post("/en/holder/sheet", data=right).content.startswith(b"%PDF-")
            asked = {"first_name": "مریم", "last_name": "احمدی", "university": "دانشگاه شیراز"}
            number = client.post("/api/v1/requests", json=asked).json()["tracking_no"]
            assert client.get(f"/api/v1/requests/{number}").json()["state"] == "received"
            for n, state in enumerate(("linking", "with_university", "issued"), start=2):
                step = {"n": n, "number": number, "state": state, "at": "2026-01-01T00:00:00Z"}
                with owner.connect() as connection:
                    connection.execute(sa.text(_STEP), step)
                # decisions, corrected batches and codes are asked now
                found = client.get(f"/api/v1/requests/{number}")
                assert (found.status_code, found.json()["state"]) == (200, state)
            bearer = {"Authorization": "Bearer migrate-key-x"}
            answer = client.post("/api/v1/inquiry", json={"code": room.valid}, headers=bearer)
            assert answer.status_code == 401
            assert client.get("/healthz").status_code == 200
            client.app.app.state.pace.desk.purge()  # type: ignore[attr-defined]
        as_role = sa.create_engine(address, isolation_level="AUTOCOMMIT")
        for statement in (
            "UPDATE codes SET state = 'active'",
            "SELECT replaces FROM codes",
            "SELECT decision_seq FROM codes",
            "SELECT payload FROM code_events",
            "SELECT * FROM users",
            "SELECT * FROM store_secrets",
            "DELETE FROM signed_heads",
            "INSERT INTO signed_heads SELECT * FROM signed_heads",
            "SELECT * FROM tree_heads",
            "SELECT * FROM batches",
            "SELECT * FROM code_events",
            "INSERT INTO code_events (seq) VALUES (1)",
            "SELECT body FROM cases",
            "DELETE FROM inquiries",
            "UPDATE inquiries SET code_digest = ''",
            "INSERT INTO verifiers (verifier_id) VALUES ('x')",
            "UPDATE requests SET channel = 'archive'",
            "DELETE FROM request_events",
            "CREATE TABLE mine (x int)",
            "TRUNCATE limits",
        ):
            assert "permission denied" in refused(as_role, statement), statement
        as_role.dispose()
    finally:
        with owner.connect() as connection:
            connection.execute(sa.text(f"DROP OWNED BY {role}"))
            connection.execute(sa.text(f"DROP ROLE {role}"))
        owner.dispose()
