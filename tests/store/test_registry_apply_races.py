"""A change set applied from a server, while its decision falls, or while another applies it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from at_once import at_once
from sqlalchemy import Engine
from test_registry_apply import KILLED, Room, whats

from migrate.errors import RunError
from migrate.store.change_sets import export
from migrate.store.decisions import decide, decide_within
from migrate.store.engine import DECISIONS, open_store, writing
from migrate.store.proposals import proposals
from migrate.store.registry_apply import Application
from migrate.store.registry_edits import Edits

NEW = "حسین"


@pytest.fixture
def room(engine: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    """A store and a registry that are both on SQLite, or both on PostgreSQL."""
    address = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    if engine.dialect.name == "postgresql":
        address = request.getfixturevalue("postgres")
    made = Room(engine, address, tmp_path)
    made.make()
    yield made
    made.registry.dispose()


@pytest.fixture
def served(postgres_store: str, postgres: str, tmp_path: Path) -> Iterator[Room]:
    """Both on PostgreSQL."""
    engine = open_store(postgres_store)
    made = Room(engine, postgres, tmp_path)
    made.make()
    yield made
    made.registry.dispose()
    engine.dispose()


def reopen(room: Room, seq: int, case_id: str = "C1") -> int:
    return decide(
        room.engine, case_id, "reopen", version=1, actor="clerk", reason="a slip", supersedes=seq
    ).seq


def fallen(room: Room) -> int:
    """How many changes the owner is told of whose decision fell after they were applied."""
    path = room.folder / f"fallen-{time.monotonic_ns()}.csv"
    return export(room.engine, path, actor="x", fallen=True).proposals


def father(room: Room, degree: str = "D1") -> str:
    return str(room.rows()[degree]["father_name"])


def test_all_kinds_are_applied_once_from_a_store_on_a_server(served: Room) -> None:
    served.correct("D1", father_name=NEW)
    served.decide(served.case("degree_missing", "D2"), "new_degree", "D2")
    served.decide(served.case("person_missing"), "new_graduate")
    path = served.export()
    assert whats(served.apply(path, dry_run=True)) == ["written"] * 4
    assert (len(served.rows()), served.states()) == (2, [["exported"]] * 4)
    done = served.apply(path)
    assert (whats(done), done.done) == (["written"] * 4, True)
    assert {one.degree_id for one in done.results} == {"D1", "D3", "D4"}
    assert done.rows["D1"]["father_name"] == NEW
    assert served.states() == [["exported", "applying", "applied"]] * 4
    again = served.apply(path)
    assert (whats(again), len(served.rows())) == (["held"] * 4, 4)
    assert served.states() == [["exported", "applying", "applied"]] * 4


def test_one_conflict_on_a_server_leaves_both_databases_as_they_were(served: Room) -> None:
    served.correct("D1", father_name=NEW)
    served.correct("D2", father_name="تقی")
    path = served.export()
    served.run("UPDATE degrees SET father_name = 'نقی' WHERE degree_id = 'D2'")
    before = served.rows()
    done = served.apply(path)
    assert (whats(done), done.done, done.rows) == (["written", "refused"], False, {})
    assert (served.rows(), served.states()) == (before, [["exported"]] * 2)
    assert served.apply(path, partial=True).done
    assert [states[-1] for states in served.states()] == ["applied", "refused"]


@pytest.mark.parametrize(("state", "there"), [("applying", 2), ("applied", 3)])
def test_a_kill_between_two_servers_loses_and_doubles_nothing(
    served: Room, postgres_store: str, state: str, there: int
) -> None:
    served.correct("D1", father_name=NEW)
    served.decide(served.case("person_missing"), "new_graduate")
    path = served.export()
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, postgres_store, served.address, str(path), state], timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    # the server ends what the killed process had open once it sees that nobody is there
    served.run("SELECT 1")
    assert len(served.rows()) == there
    done = served.apply(path)
    assert set(whats(done)) == {"written" if there == 2 else "held"}
    assert [states[-1] for states in served.states()] == ["applied"] * 3
    rows = served.rows()
    assert (len(rows), rows["D1"]["father_name"], rows["D3"]["person_id"]) == (3, NEW, "P3")
    event = json.loads(proposals(served.engine)[-1].events[-1].reason)
    assert event["row"]["last_name"] == "ناشناس"


def test_two_who_apply_one_file_at_once_add_each_row_once(served: Room) -> None:
    for turn in range(3):
        served.correct("D1", father_name=(NEW, "حسن")[turn % 2])
        served.decide(served.case("degree_missing", "D2"), "new_degree", "D2")
        served.run("DELETE FROM degrees WHERE degree_id NOT IN ('D1', 'D2')")
        path = served.export(f"{turn}.csv")
        came = at_once(lambda path=path: served.apply(path), lambda path=path: served.apply(path))
        for done in came:
            assert isinstance(done, Application), done
            assert done.done, [one.words for one in done.results]
        assert sorted(what for done in came for what in whats(done)) == [
            "held",
            "held",
            "written",
            "written",
        ]
        assert sorted(served.rows()) == ["D1", "D2", "D3"]
        assert {states[-1] for states in served.states()} == {"applied"}


def test_who_comes_between_the_two_commits_of_another_waits_and_finds_all_there(
    served: Room,
) -> None:
    served.decide(served.case("person_missing"), "new_graduate")
    path, real, came = served.export(), sa.engine.Connection._commit_impl, list[Application]()
    other = threading.Thread(target=lambda: came.append(served.apply(path)))
    registry, here = served.registry.url.database, threading.current_thread()

    def commit(self: sa.Connection) -> None:
        if self.engine.url.database == registry and threading.current_thread() is here:
            other.start()
            time.sleep(0.4)
            assert other.is_alive()
        real(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sa.engine.Connection, "_commit_impl", commit)
        assert whats(served.apply(path)) == ["written"] * 2
        other.join()
    assert whats(came[0]) == ["held"] * 2
    assert len(served.rows()) == 3
    assert {states[-1] for states in served.states()} == {"applied"}


def test_who_reopens_waits_for_who_applies_and_is_told_that_it_is_there(room: Room) -> None:
    """The decision falls after the change: it stays in the registry, and the owner is told."""
    seq, waited = room.correct("D1", father_name=NEW), list[bool]()
    path, real = room.export(), Edits.make
    other = threading.Thread(target=reopen, args=(room, seq))

    def make(self: Edits, unit: list[object]) -> tuple[str, bool]:
        other.start()
        time.sleep(0.3)
        waited.append(other.is_alive())
        return real(self, unit)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Edits, "make", make)
        done = room.apply(path)
    other.join()
    assert (waited, whats(done), father(room)) == ([True], ["written"], NEW)
    assert room.states() == [["exported", "applying", "applied"]]
    assert not proposals(room.engine)[0].stands
    assert fallen(room) == 1


def test_who_applies_waits_for_who_reopens_and_changes_nothing(room: Room) -> None:
    seq, came = room.correct("D1", father_name=NEW), list[Application]()
    path = room.export()
    other = threading.Thread(target=lambda: came.append(room.apply(path)))
    with writing(room.engine, lock=DECISIONS) as store:
        other.start()
        time.sleep(0.3)
        assert other.is_alive()
        said = {"actor": "clerk", "reason": "a slip", "supersedes": seq}
        decide_within(store, "C1", "reopen", version=1, **said)  # type: ignore[arg-type]
    other.join()
    assert whats(came[0]) == ["refused"]
    assert "does not stand any more" in came[0].results[0].words
    assert (father(room), room.states(), fallen(room)) == ("حسن", [["exported"]], 0)


@pytest.mark.parametrize("there", [True, False])
def test_a_decision_that_falls_between_the_two_commits(room: Room, there: bool) -> None:
    """The store has noted what is about to be there. Whether it is, is found out the next time."""
    seq = room.correct("D1", father_name=NEW)
    path, real = room.export(), sa.engine.Connection._commit_impl
    registry = room.registry.url.database

    def commit(self: sa.Connection) -> None:
        if self.engine.url.database != registry:
            real(self)
            return
        if there:
            real(self)
        raise sa.exc.OperationalError("COMMIT", None, Exception("the server is gone"))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sa.engine.Connection, "_commit_impl", commit)
        with pytest.raises(RunError, match="failed while it was changed"):
            room.apply(path)
    reopen(room, seq)
    assert (father(room), fallen(room)) == (NEW if there else "حسن", 0)
    done = room.apply(path)
    if there:
        # it cannot be taken back by a machine, so the owner must hear of it
        assert (whats(done), room.states()[0][-1], fallen(room)) == (["held"], "applied", 1)
    else:
        assert (whats(done), father(room), fallen(room)) == (["refused"], "حسن", 0)
        assert "does not stand any more" in done.results[0].words


@pytest.mark.parametrize("there", [True, False])
def test_a_new_degree_whose_decision_fell_between_the_two_commits(room: Room, there: bool) -> None:
    seq = room.decide(room.case("person_missing"), "new_graduate")
    path, real = room.export(), sa.engine.Connection._commit_impl
    registry = room.registry.url.database

    def commit(self: sa.Connection) -> None:
        if there or self.engine.url.database != registry:
            real(self)
        if self.engine.url.database == registry:
            raise sa.exc.OperationalError("COMMIT", None, Exception("the server is gone"))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sa.engine.Connection, "_commit_impl", commit)
        with pytest.raises(RunError, match="failed while it was changed"):
            room.apply(path)
    reopen(room, seq)
    done = room.apply(path)
    assert whats(done) == ["held" if there else "refused"] * 2
    assert (len(room.rows()), fallen(room)) == ((3, 2) if there else (2, 0))


def test_a_reopening_at_any_moment_is_before_or_after(served: Room) -> None:
    """What the registry has, what the store says of it and what the owner is told go together."""
    before = 0
    for turn in range(6):
        old, new = father(served), (NEW, "تقی")[turn % 2]
        case = served.case("mismatch", "D1")
        seq = served.decide(case, "correct", "D1", father_name=new)
        path = served.export(f"{turn}.csv")
        done, fell = at_once(
            lambda path=path: served.apply(path),
            lambda seq=seq, case=case: reopen(served, seq, case),
        )
        assert isinstance(fell, int), fell
        assert isinstance(done, Application), done
        state = served.states()[-1][-1]
        if done.done:
            before += 1
            assert (state, father(served), fallen(served)) == ("applied", new, before)
        else:
            assert (state, father(served), fallen(served)) == ("exported", old, before)
            served.run(f"UPDATE degrees SET father_name = '{new}' WHERE degree_id = 'D1'")


def test_one_who_may_change_and_not_add_may_still_change(served: Room) -> None:
    served.correct("D1", father_name=NEW)
    served.decide(served.case("person_missing"), "new_graduate")
    path, name = served.export(), f"clerk_{os.getpid()}"
    served.run(
        f"CREATE ROLE {name} LOGIN",
        f"GRANT SELECT, UPDATE (father_name, owner_note) ON degrees TO {name}",
    )
    url = sa.make_url(served.address).set(username=name)
    served.address = url.render_as_string(hide_password=False)
    try:
        done = served.apply(path, partial=True)
    finally:
        served.run(f"REVOKE ALL ON degrees FROM {name}", f"DROP ROLE {name}")
    assert whats(done) == ["written", "refused", "refused"]
    assert "permission denied" in done.results[1].words
    assert (father(served), len(served.rows())) == (NEW, 2)
