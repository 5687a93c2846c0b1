"""A change set applied: only where the old value is there, all or nothing, once, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from migrate.errors import InputError, RunError
from migrate.review.cases import Case, CaseCandidate
from migrate.review.change_set import read_proposals
from migrate.store import registry_apply
from migrate.store.address import read_address
from migrate.store.cases import save_cases
from migrate.store.change_sets import export
from migrate.store.decisions import approve, decide
from migrate.store.engine import open_store
from migrate.store.proposals import proposals
from migrate.store.registry_apply import Application
from migrate.store.registry_edits import IdRule

PEOPLE = {
    "D1": ("P1", "0084575948", "محمد‌رضا", "کریمی", "حسن", "مرد", "1336-07-03", "دانشگاه شیراز"),
    "D2": ("P2", None, "زهرا", "احمدي", "علی", "زن", "1340-01-01", "دانشگاه تهران"),
}
COLUMNS = (
    "degree_id, person_id, national_id, first_name, last_name, father_name, sex, birth_date, "
    "university, field_of_study, degree, graduation_date, diploma_no, validity_code"
)
READ = {
    "legacy_id": "L", "first_name": "علی", "last_name": "ناشناس", "father_name": "تقی", "sex": "m",
    "birth_date": "1330-02-03", "university": "دانشگاه شیراز", "field_of_study": "فیزیک",
    "degree": "کارشناسی", "graduation_date": "1355-06-31",
}  # fmt: skip


class Room:
    """A store, a registry of two degrees, and the file that was exported."""

    def __init__(self, engine: Engine, address: str, folder: Path) -> None:
        self.engine, self.address, self.folder = engine, address, folder
        self.registry = sa.create_engine(read_address(address, "NONE"))
        self.made = 0

    def run(self, *statements: str) -> None:
        with self.registry.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def make(self, key: str = "TEXT PRIMARY KEY", person: str = "TEXT NOT NULL") -> None:
        columns = COLUMNS.replace("degree_id", f"degree_id {key}", 1)
        columns = columns.replace("person_id", f"person_id {person}", 1)
        parts = [part if " " in part else f"{part} TEXT" for part in columns.split(", ")]
        self.run(f"CREATE TABLE degrees ({', '.join(parts)}, owner_note TEXT)")
        with self.registry.begin() as connection:
            for degree, values in PEOPLE.items():
                row = (degree, *values, "فیزیک", "کارشناسی", "1358-06-31", "45/123", "")
                names = [name.strip() for name in COLUMNS.split(",")]
                marks = ", ".join(f":{name}" for name in names)
                connection.execute(
                    sa.text(f"INSERT INTO degrees ({COLUMNS}) VALUES ({marks})"),
                    dict(zip(names, row, strict=True)),
                )

    def rows(self) -> dict[str, dict[str, Any]]:
        with self.registry.connect() as connection:
            found = connection.exec_driver_sql("SELECT * FROM degrees").mappings().all()
        return {str(row["degree_id"]): dict(row) for row in found}

    def case(self, outcome: str, degree: str | None = None) -> str:
        self.made += 1
        candidates = []
        if degree is not None:
            names = COLUMNS.split(", ")
            row = self.rows()[degree]
            values = {name: str(row[name]) for name in names if row[name]}
            values["sex"] = {"مرد": "m", "زن": "f"}[values["sex"]]
            candidates = [
                CaseCandidate(degree, values["person_id"], 1, 0.9, 9.0, 5.0, values, {}, {})
            ]
        save_cases(
            self.engine,
            [
                Case(
                    case_id=f"C{self.made}", version=1, batch="b", row=self.made,
                    legacy_id=f"L{self.made}", outcome=outcome, university_id="shiraz",
                    university="دانشگاه شیراز", legacy=READ | {"diploma_no": "۱۲/۷"},
                    legacy_read=READ | {"diploma_no": "127"}, candidates=tuple(candidates),
                    contradicts=(), reason="", page_ref=None,
                )
            ],
        )  # fmt: skip
        return f"C{self.made}"

    def decide(self, case_id: str, verdict: str, degree: str | None = None, **registry: str) -> int:
        made = decide(
            self.engine, case_id, verdict, version=1, actor="clerk", reason="seen",
            degree_id=degree, body={"corrections": {"registry": registry}},
        )  # fmt: skip
        approve(self.engine, made.seq, "approved", actor="approver", reason="seen")
        return made.seq

    def correct(self, degree: str, **registry: str) -> int:
        return self.decide(self.case("mismatch", degree), "correct", degree, **registry)

    def export(self, name: str = "set.csv") -> Path:
        path = self.folder / name
        export(self.engine, path, actor="exporter")
        return path

    def apply(self, path: Path, **options: Any) -> Application:
        sha256, seqs = read_proposals(path)
        given = {"ids": IdRule("D", "P"), "actor": "owner"} | options
        return registry_apply.apply(self.engine, self.address, "degrees", sha256, seqs, **given)

    def states(self) -> list[list[str]]:
        return [[event.state for event in one.events] for one in proposals(self.engine)]


@pytest.fixture(params=["sqlite", "postgresql"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    else:
        address = request.getfixturevalue("postgres")
    made = Room(engine, address, tmp_path)
    yield made
    made.registry.dispose()
    engine.dispose()


def whats(done: Application) -> list[str]:
    return [one.what for one in done.results]


def test_a_change_is_made_where_the_old_value_is_there_and_only_there(room: Room) -> None:
    room.make()
    room.correct("D1", father_name="حسین", birth_date="۱۳۳۷/۷/۳", sex="مرد")
    room.correct("D2", national_id="۰۰۱۲۳۴۵۶۷۹")
    before, path = room.rows(), room.export()
    done = room.apply(path)
    assert (whats(done), done.done) == (["written"] * 3, True)
    changed = {"father_name": "حسین", "birth_date": "1337-07-03"}
    assert room.rows() == {
        "D1": before["D1"] | changed,
        "D2": before["D2"] | {"national_id": "0012345679"},
    }
    assert room.states() == [["exported", "applying", "applied"]] * 3
    again = room.apply(path)
    assert (whats(again), room.states()[0][-1]) == (["held"] * 3, "applied")
    assert len(room.states()[0]) == 3


def test_a_value_that_reads_the_same_counts_as_the_old_one(room: Room) -> None:
    room.make()
    room.correct("D1", university="دانشگاه تهران", first_name="سید محمد‌رضا")
    path = room.export()
    # the same university and name in other letters
    room.run(
        "UPDATE degrees SET university = 'پهلوي', first_name = 'محمد رضا' WHERE degree_id = 'D1'"
    )
    assert whats(room.apply(path)) == ["written", "written"]
    row = room.rows()["D1"]
    assert (row["university"], row["first_name"]) == ("دانشگاه تهران", "سید محمد\u200cرضا")


def test_one_conflict_leaves_the_registry_as_it_was_unless_asked_otherwise(room: Room) -> None:
    room.make()
    room.correct("D1", father_name="حسین")
    room.correct("D2", father_name="تقی")
    path = room.export()
    room.run("UPDATE degrees SET father_name = 'نقی' WHERE degree_id = 'D2'")
    before = room.rows()
    done = room.apply(path)
    assert (whats(done), done.done) == (["written", "refused"], False)
    assert "father_name of D2 is 'نقی' by now, and was 'علی'" in done.results[1].words
    assert room.rows() == before
    assert room.states() == [["exported"]] * 2
    done = room.apply(path, partial=True)
    assert (whats(done), done.done) == (["written", "refused"], True)
    assert room.rows() == before | {"D1": before["D1"] | {"father_name": "حسین"}}
    assert [states[-1] for states in room.states()] == ["applied", "refused"]


def test_new_degrees_and_graduates_get_the_next_ids_and_the_persons_own_values(room: Room) -> None:
    room.make()
    room.decide(room.case("degree_missing", "D2"), "new_degree", "D2")
    room.decide(room.case("person_missing"), "new_graduate")
    path = room.export("set.json")
    done = room.apply(path, dry_run=True)
    assert (whats(done), done.done, len(room.rows())) == (["written"] * 3, False, 2)
    done = room.apply(path)
    assert [one.degree_id for one in done.results] == ["D3", "D4", "D4"]
    added = room.rows()["D3"]
    own = ("person_id", "first_name", "last_name", "father_name", "sex", "birth_date")
    assert {name: added[name] for name in own} == {name: room.rows()["D2"][name] for name in own}
    assert (added["university"], added["diploma_no"]) == ("دانشگاه شیراز", "12/7")
    graduate = room.rows()["D4"]
    assert (graduate["person_id"], graduate["last_name"], graduate["sex"]) == (
        "P3",
        "ناشناس",
        "مرد",
    )
    assert whats(room.apply(path)) == ["held"] * 3
    assert len(room.rows()) == 4


def test_what_is_there_by_now_is_not_added_again(room: Room) -> None:
    """Two records of one new degree, two of one new graduate: the second of each is refused."""
    room.make()
    for _ in range(2):
        room.decide(room.case("degree_missing", "D2"), "new_degree", "D2")
        room.decide(room.case("person_missing"), "new_graduate")
    done = room.apply(room.export(), partial=True)
    assert whats(done) == ["written"] * 3 + ["refused"] * 3
    assert "P2 has this degree by now, as D3" in done.results[3].words
    assert "somebody who agrees in all, as P3" in done.results[4].words
    assert len(room.rows()) == 4


def test_ids_that_cannot_be_made_are_refused(room: Room) -> None:
    room.make()
    room.decide(room.case("person_missing"), "new_graduate")
    path = room.export()
    for ids, said in (
        (IdRule(), "makes no person_id by itself: say how with --person-ids"),
        (IdRule(person="P"), "makes no degree_id by itself: say how with --degree-ids"),
        (IdRule("", ""), "no id of it can begin with ''"),
    ):
        done = room.apply(path, ids=ids)
        assert not done.done
        assert said in done.results[0].words
    assert len(room.rows()) == 2
    assert [one.degree_id for one in room.apply(path, ids=IdRule("NEW-", "X")).results] == [
        "NEW-1",
        "NEW-1",
    ]


def test_a_key_that_the_database_makes_is_taken(room: Room) -> None:
    sqlite = room.registry.dialect.name == "sqlite"
    kind = "INTEGER PRIMARY KEY" if sqlite else "INTEGER GENERATED BY DEFAULT AS IDENTITY"
    names = COLUMNS.split(", ")[1:]
    room.run(f"CREATE TABLE degrees (degree_id {kind}, {', '.join(f'{n} TEXT' for n in names)})")
    room.decide(room.case("person_missing"), "new_graduate")
    path = room.export()
    done = room.apply(path, ids=IdRule(person="P"))
    assert [one.degree_id for one in done.results] == ["1", "1"]
    assert room.rows()["1"]["person_id"] == "P1"
    assert whats(room.apply(path, ids=IdRule(person="P"))) == ["held", "held"]


def test_a_file_that_was_edited_or_is_of_another_store_is_refused(
    room: Room, tmp_path: Path
) -> None:
    room.make()
    room.correct("D1", father_name="حسین")
    path, before = room.export(), room.rows()
    edited = tmp_path / "edited.csv"
    edited.write_bytes(path.read_bytes().replace("حسین".encode(), "حسن".encode()))
    with pytest.raises(InputError, match="not as it was exported"):
        room.apply(edited)
    edited.write_bytes(path.read_bytes().replace(b"\r\n1,", b"\r\n7,"))
    with pytest.raises(InputError, match="of another store"):
        room.apply(edited)
    assert room.rows() == before


def test_a_decision_that_fell_after_the_export_changes_nothing(room: Room) -> None:
    room.make()
    seq = room.correct("D1", father_name="حسین")
    path, before = room.export(), room.rows()
    again = {"version": 1, "actor": "clerk", "reason": "a slip"}
    decide(room.engine, "C1", "reopen", supersedes=seq, **again)
    done = room.apply(path)
    assert "does not stand any more" in done.results[0].words
    assert room.rows() == before
    made = export(room.engine, room.folder / "none.csv", actor="x")
    assert (made.proposals, (room.folder / "none.csv").exists()) == (0, False)


def test_a_registry_that_changed_its_shape_is_refused_in_words(room: Room) -> None:
    room.make()
    room.correct("D1", diploma_no="77")
    path = room.export()
    room.run("ALTER TABLE degrees DROP COLUMN diploma_no")
    assert "has no column diploma_no" in room.apply(path).results[0].words
    room.run("ALTER TABLE degrees RENAME TO others")
    with pytest.raises(InputError, match="there is no table degrees"):
        room.apply(path)
    room.run("CREATE VIEW degrees AS SELECT * FROM others")
    with pytest.raises(InputError, match="is a view"):
        room.apply(path)


def test_one_who_may_only_read_changes_nothing(room: Room, tmp_path: Path) -> None:
    room.make()
    room.correct("D1", father_name="حسین")
    path, before = room.export(), room.rows()
    if room.registry.dialect.name == "sqlite":
        (tmp_path / "registry.sqlite").chmod(0o444)
        with pytest.raises(InputError, match="read-only"):
            room.apply(path)
    else:
        name = f"reader_{os.getpid()}"
        room.run(f"CREATE ROLE {name} LOGIN", f"GRANT SELECT ON degrees TO {name}")
        url = sa.make_url(room.address).set(username=name)
        room.address = url.render_as_string(hide_password=False)
        try:
            done = room.apply(path)
            assert "the database refused: permission denied" in done.results[0].words
        finally:
            room.run(f"REVOKE ALL ON degrees FROM {name}", f"DROP ROLE {name}")
    assert room.rows() == before
    assert room.states() == [["exported"]]


def test_what_the_registry_makes_of_a_value_is_not_taken_for_it(room: Room) -> None:
    room.make()
    room.correct("D1", father_name="حسین")
    path = room.export()
    if room.registry.dialect.name == "sqlite":
        room.run(
            "CREATE TRIGGER spoil AFTER UPDATE OF father_name ON degrees BEGIN UPDATE degrees "
            "SET father_name = 'x' WHERE degree_id = NEW.degree_id; END"
        )
    else:
        room.run(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.father_name = 'x'; RETURN NEW; END $$",
            "CREATE TRIGGER spoil BEFORE UPDATE ON degrees FOR EACH ROW EXECUTE FUNCTION spoil()",
        )
    done = room.apply(path)
    assert "does not keep 'حسین'" in done.results[0].words
    assert room.rows()["D1"]["father_name"] == "حسن"


def test_a_commit_that_fails_is_told_and_the_same_file_goes_on(room: Room) -> None:
    room.make()
    room.correct("D1", father_name="حسین")
    room.decide(room.case("person_missing"), "new_graduate")
    path, before = room.export(), room.rows()
    address = room.registry.url.database
    real = sa.engine.Connection._commit_impl

    def fails(self: sa.Connection) -> None:
        if self.engine.url.database == address:
            raise sa.exc.OperationalError("COMMIT", None, Exception("the server is gone"))
        real(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sa.engine.Connection, "_commit_impl", fails)
        with pytest.raises(RunError, match="failed while it was changed"):
            room.apply(path)
    assert room.rows() == before
    assert [states[-1] for states in room.states()] == ["applying"] * 3
    assert whats(room.apply(path)) == ["written"] * 3
    assert len(room.rows()) == 3


KILLED = """
import os, signal, sys
from pathlib import Path
from migrate.review.change_set import read_proposals
from migrate.store import proposals, registry_apply
from migrate.store.engine import open_store
from migrate.store.registry_edits import IdRule
store, address, path, state = sys.argv[1:]
record = proposals.record
def killed(connection, said, reasons, *, actor):
    if said == state:
        os.kill(os.getpid(), signal.SIGKILL)
    record(connection, said, reasons, actor=actor)
proposals.record = killed
sha256, seqs = read_proposals(Path(path))
registry_apply.apply(open_store(store), address, "degrees", sha256, seqs, actor="owner",
                     ids=IdRule("D", "P"))
"""


@pytest.mark.parametrize(("state", "there"), [("applying", 2), ("applied", 3)])
def test_a_kill_in_between_loses_and_doubles_nothing(room: Room, state: str, there: int) -> None:
    """Killed before the registry's commit nothing is there; after it, the next time finds it there."""
    room.make()
    room.correct("D1", father_name="حسین")
    room.decide(room.case("person_missing"), "new_graduate")
    path = room.export()
    store = f"sqlite:///{room.folder / 'store.sqlite'}"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, store, room.address, str(path), state], timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    assert len(room.rows()) == there
    done = room.apply(path)
    assert set(whats(done)) == {"written" if there == 2 else "held"}
    assert done.done
    assert [states[-1] for states in room.states()] == ["applied"] * 3
    rows = room.rows()
    assert (len(rows), rows["D1"]["father_name"], rows["D3"]["person_id"]) == (3, "حسین", "P3")
    event = json.loads(proposals(room.engine)[-1].events[-1].reason)
    assert event["row"]["last_name"] == "ناشناس"
