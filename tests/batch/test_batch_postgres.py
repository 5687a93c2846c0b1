"""A batch between databases on a server: end to end, and no password in anything that is left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
import sqlalchemy as sa
from batch_room import BATCH, Room, Whole, migrate, rows_of

# a quote and a sign that addresses write otherwise: each form must be masked
PASSWORD = "Zagros'74/ملی"
ROLE = "migrate_keeper"


def files_with(folder: Path, password: str) -> list[str]:
    """Files in which a password stands, in any way that an address, JSON or HTML may write it."""
    forms = {
        password,
        quote(password),
        quote(password, safe=""),
        json.dumps(password)[1:-1],
        password.replace("'", "&#39;"),
        password.replace("'", "&#x27;"),
    }
    return [
        f"{path}: {form}"
        for path in folder.rglob("*")
        if path.is_file()
        for form in forms
        if form.encode() in path.read_bytes()
    ]


@pytest.fixture
def server(postgres: str) -> Iterator[sa.URL]:
    """A database of a role with a password; the server trusts it with any."""
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP ROLE IF EXISTS {ROLE}"))
        connection.execute(sa.text(f"CREATE ROLE {ROLE} LOGIN SUPERUSER"))
    yield sa.make_url(postgres).set(username=ROLE)
    with engine.connect() as connection:
        connection.execute(sa.text(f"REASSIGN OWNED BY {ROLE} TO CURRENT_USER"))
        connection.execute(sa.text(f"DROP ROLE {ROLE}"))
    engine.dispose()


def given(url: sa.URL) -> str:
    return url.set(password=PASSWORD).render_as_string(hide_password=False)


def test_a_batch_on_a_server_leaves_its_codes_there_and_no_password_anywhere(
    server: sa.URL, sample: Room, whole: Whole, tmp_path: Path
) -> None:
    room = sample.copied(tmp_path / "room")
    with closing(sqlite3.connect(room.registry_file)) as connection:
        degrees = pd.read_sql("SELECT * FROM degrees", connection)
    engine = sa.create_engine(server)
    degrees.to_sql("degrees", engine, index=False)
    held = dict(
        degrees[degrees["validity_code"].fillna("") != ""][["degree_id", "validity_code"]].values
    )

    options = list(room.options)
    # the registry's password in its address, the store's in the environment
    options[options.index("--registry") + 1] = f"{given(server)}#degrees"
    store = server.render_as_string(hide_password=False)
    done = migrate(
        "run", *options, "--store", store, "--no-issue", env={"MIGRATE_STORE_PASSWORD": PASSWORD}
    )
    assert done.code == 0, done.err
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM codes")).scalar_one() == 0
    issued = migrate("issue", *room.resume[2:], env={"MIGRATE_REGISTRY_PASSWORD": PASSWORD})
    assert issued.code == 0, issued.err

    assert (room.folder / "outcomes.csv").read_bytes() == (
        whole.room.folder / "outcomes.csv"
    ).read_bytes()
    assert room.manifest["counts"] == whole.room.manifest["counts"]
    codes = {row["degree_id"]: row["code"] for row in rows_of(room.folder / "codes.csv")}
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT degree_id, code FROM codes"))
        assert dict(stored.all()) == codes
        registry = connection.execute(
            sa.text("SELECT degree_id, validity_code FROM degrees WHERE validity_code <> ''")
        )
        assert dict(registry.all()) == held | codes
        events = connection.execute(sa.text("SELECT count(*) FROM code_events")).scalar_one()
        assert events == len(codes)
    engine.dispose()
    assert not (room.store_file).exists()
    assert files_with(room.root, PASSWORD) == []
    for ended in (done, issued):
        assert PASSWORD not in ended.out + ended.err
        assert quote(PASSWORD, safe="") not in ended.out + ended.err


@pytest.mark.parametrize("which", ["registry", "store"])
@pytest.mark.parametrize("in_address", [True, False], ids=["address", "environment"])
def test_a_refused_connection_tells_no_password(
    which: str, in_address: bool, sample: Room, tmp_path: Path
) -> None:
    room = sample.copied(tmp_path / "room")
    url = sa.URL.create("postgresql", ROLE, host="127.0.0.1", port=1, database="db")
    address = given(url) if in_address else url.render_as_string(hide_password=False)
    options = [*room.options, "--store", address]
    if which == "registry":
        options = list(room.options)
        options[options.index("--registry") + 1] = f"{address}#degrees"
    variable = f"MIGRATE_{which.upper()}_PASSWORD"
    line = migrate("run", *options, env={} if in_address else {variable: PASSWORD}).refused(2)
    assert "127.0.0.1" in line
    assert PASSWORD not in line
    assert quote(PASSWORD, safe="") not in line
    assert files_with(room.root, PASSWORD) == []


def test_a_connection_that_fails_within_a_notebook_tells_no_password(
    kept: Path, tmp_path: Path
) -> None:
    room = Room(kept / "4-mismatches").copied(tmp_path / "room")
    path = room.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parameters"]["store"] = f"postgresql+psycopg://{ROLE}@127.0.0.1:1/db"
    path.write_text(json.dumps(manifest))
    ended = migrate(*room.resume, env={"MIGRATE_STORE_PASSWORD": PASSWORD})
    line = ended.failed(2)
    assert "notebook 4-mismatches" in line
    assert "127.0.0.1" in line
    assert (room.folder / "notebooks" / "4-mismatches.html").is_file()
    assert PASSWORD not in ended.out + ended.err
    assert files_with(room.root, PASSWORD) == []
    assert BATCH in room.manifest["batch"]
