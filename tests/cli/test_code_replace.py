"""`migrate code replace --registry`: what changed is shown first, and nothing changes unanswered for."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from migrate.batch.stages.facts import facts_of_row
from migrate.cli import app
from migrate.codes.issuing import IssueRequest
from migrate.errors import InputError
from migrate.review.registry_values import canonical_row
from migrate.store.audit import verify
from migrate.store.batches import begin
from migrate.store.codes import issue
from migrate.store.engine import open_store

COLUMNS = (
    "degree_id", "person_id", "national_id", "first_name", "last_name", "university",
    "field_of_study", "degree", "graduation_date",
)  # fmt: skip
ROW = ("7", "P1", "0084575948", "علی", "كريمي", "دانشگاه تهران", "فیزیک", "لیسانس", "1362/6/31")
SAID = ("--by", "Z. Karimi", "--reason", "a wrong name")


class Desk:
    """A store with one code, and the registry that it was issued against, in any kind of place."""

    def __init__(self, folder: Path, address: str | None = None, key: str = "TEXT") -> None:
        self.folder = folder
        self.address = address or f"sqlite:///{folder / 'registry.sqlite'}"
        self.registry = sa.create_engine(self.address)
        columns = ", ".join(f"{name} TEXT" for name in COLUMNS[1:])
        self.run(f"CREATE TABLE degrees (degree_id {key}, {columns})")
        self.add(ROW)
        row = canonical_row(dict(zip(COLUMNS, ROW, strict=True)))
        self.store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
        begin(self.store, "b", "1" * 64)
        asked = IssueRequest("7", "L1", "b", facts_of_row(row))
        self.code = issue(self.store, [asked], batch="b", actor="test").issued[0].code

    def run(self, statement: str, **values: str) -> None:
        with self.registry.begin() as connection:
            connection.execute(sa.text(statement), values)

    def add(self, row: tuple[str, ...]) -> None:
        names = ", ".join(f":{name}" for name in COLUMNS[1:])
        self.run(
            f"INSERT INTO degrees VALUES ({int(row[0])}, {names})",
            **dict(zip(COLUMNS[1:], row[1:], strict=True)),
        )

    def replace(self, *more: str, registry: str = "", code: str = "") -> str:
        where = registry or f"{self.address}#degrees"
        arguments = ["code", "replace", code or self.code, *SAID, "--registry", where, *more]
        done = CliRunner().invoke(app, [*arguments, "--reports", str(self.folder)])
        if done.exception is not None:
            raise done.exception
        return done.output

    def said(self, *more: str) -> Any:
        return json.loads(self.replace(*more, "--json"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.registry.dispose()
    made.store.dispose()


def test_a_registry_that_says_the_same_is_no_reason_for_a_new_code(desk: Desk) -> None:
    """It is read as a batch reads it: other letters, digits and names are the same facts."""
    with pytest.raises(InputError, match="nothing to replace it for"):
        desk.replace()
    assert verify(desk.store).size == 1


def test_what_would_change_is_shown_and_then_done(desk: Desk) -> None:
    desk.run("UPDATE degrees SET last_name = 'کریمیان', graduation_date = '1363-01-01'")
    with pytest.raises(InputError, match="--accept last_name"):
        desk.replace()
    dry = desk.replace("--accept", "last_name", "--dry-run")
    assert "would change  last_name: کریمی → کریمیان, accepted by whoever replaces it" in dry
    assert "would change  graduation_year: 1362 → 1363, by no decision" in dry
    assert re.search(r"state +active", dry)
    assert verify(desk.store).size == 1
    said = desk.said("--accept", "last_name")
    assert (said["replaces"], said["state"]) == (desk.code, "active")
    assert said["facts"]["last_name"] == "کریمیان"
    assert said["changed"][1] == {
        "name": "last_name",
        "old": "کریمی",
        "new": "کریمیان",
        "decision": None,
        "accepted": True,
    }
    payload = said["events"][0]["payload"]
    assert payload["facts_from"]["changed"] == {"graduation_year": "shown", "last_name": "accepted"}
    assert verify(desk.store).findings == ()
    shown = CliRunner().invoke(app, ["code", "show", desk.code, "--reports", str(desk.folder)])
    assert "superseded" in shown.output


def test_a_dry_run_shows_what_forbids_it_too(desk: Desk) -> None:
    desk.run("UPDATE degrees SET national_id = '0012345679'")
    arguments = ["code", "replace", desk.code, *SAID, "--registry", f"{desk.address}#degrees"]
    done = CliRunner().invoke(app, [*arguments, "--dry-run", "--reports", str(desk.folder)])
    assert "would change  national_id: 0084575948 → 0012345679, by no decision" in done.output
    assert isinstance(done.exception, InputError)


def test_every_kind_of_registry_gives_the_same_facts(desk: Desk, tmp_path: Path) -> None:
    """A file; a view; a table whose key is written in another way than it is read."""
    line = ",".join(("۷", *ROW[1:3], "علی", "کریمیان", *ROW[5:]))
    (tmp_path / "registry.csv").write_text(f"{','.join(COLUMNS)}\n{line}\n", encoding="utf-8")
    desk.run("UPDATE degrees SET last_name = 'کریمیان'")
    desk.run("CREATE VIEW seen AS SELECT * FROM degrees")
    others = ", ".join(COLUMNS[1:])
    desk.run(f"CREATE TABLE spaced AS SELECT ' ۷ ' AS degree_id, {others} FROM degrees")
    places = [
        str(tmp_path / "registry.csv"),
        *(f"{desk.address}#{name}" for name in ("degrees", "seen", "spaced")),
    ]
    more = ("--accept", "last_name", "--dry-run", "--json")
    found = [json.loads(desk.replace(*more, registry=place))["changed"] for place in places]
    assert [[one["new"] for one in each] for each in found] == [["کریمیان"]] * 4


def test_a_key_of_numbers_on_a_server_is_found(postgres: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, postgres, key="bigint PRIMARY KEY")
    desk.add(("8", *ROW[1:]))
    desk.run("UPDATE degrees SET last_name = 'کریمیان' WHERE degree_id = 7")
    assert desk.said("--accept", "last_name")["facts"]["last_name"] == "کریمیان"
    desk.registry.dispose()
    desk.store.dispose()


REFUSED = {
    "gone": ("DELETE FROM degrees WHERE degree_id = '7'", "this registry has no such degree"),
    "twice": ("INSERT INTO degrees SELECT * FROM degrees", "this registry has 2 rows"),
    "of nobody": ("UPDATE degrees SET person_id = NULL", "registry-person-id-present"),
    "unreadable": ("UPDATE degrees SET last_name = '????'", "registry-last-name-share"),
    "without a column": ("ALTER TABLE degrees DROP COLUMN university", "university"),
    "without a table": ("DROP TABLE degrees", "there is no table or view 'degrees'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_degree_that_a_batch_would_not_take_is_refused(desk: Desk, case: str) -> None:
    statement, words = REFUSED[case]
    desk.add(("8", *ROW[1:]))
    desk.run(statement)
    with pytest.raises(InputError, match=words):
        desk.replace("--accept", "last_name")
    assert verify(desk.store).size == 1


def test_options_that_mean_nothing_are_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="a code has no such fact"):
        desk.replace("--accept", "father_name")
    with pytest.raises(InputError, match="no such code"):
        desk.replace(code="1" * 20)
    with pytest.raises(InputError, match="names no table"):
        desk.replace(registry=desk.address)
    arguments = ["code", "replace", desk.code, *SAID, "--accept", "last_name"]
    done = CliRunner().invoke(app, [*arguments, "--reports", str(desk.folder)])
    assert "Add --registry" in str(done.exception)


def test_a_registry_is_only_read(desk: Desk, tmp_path: Path) -> None:
    desk.run("UPDATE degrees SET last_name = 'کریمیان'")
    path = tmp_path / "registry.sqlite"
    shutil.copy(path, tmp_path / "before.sqlite")
    path.chmod(0o444)
    desk.replace("--accept", "last_name")
    assert path.read_bytes() == (tmp_path / "before.sqlite").read_bytes()
    with closing(sqlite3.connect(path)) as held:
        assert held.execute("SELECT count(*) FROM degrees").fetchone() == (1,)
