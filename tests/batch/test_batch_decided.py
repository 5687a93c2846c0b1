"""Codes on decisions: issued when a university confirms, taken back when its word falls."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from batch_room import BATCH, Room, Whole, active_codes, artefacts, migrate, rows_of


@pytest.fixture
def room(whole: Whole, tmp_path: Path) -> Room:
    return whole.room.copied(tmp_path / "room")


def a_case(room: Room, outcome: str) -> tuple[str, str, str]:
    """The first case of an outcome: its id, its record, and the degree it is about."""
    with sqlite3.connect(room.store_file) as store:
        rows = store.execute(
            "SELECT case_id, legacy_id, body FROM cases WHERE outcome = ? ORDER BY row", (outcome,)
        ).fetchall()
    held = active_codes(room.store_file)
    for case_id, legacy_id, body in rows:
        degrees = [one["degree_id"] for one in json.loads(body)["candidates"]]
        free = [degree for degree in degrees if degree not in held]
        if free:
            return case_id, legacy_id, free[0]
    raise AssertionError(f"no case of {outcome} with a degree that has no code")


def decide(room: Room, case_id: str, verdict: str, *more: str) -> int:
    """Keep a decision by the command, approved where it needs that, and give its number."""
    ended = migrate(
        *("review", "decide", case_id, verdict, "--by", "مریم حسینی", "--reason", "دفتر دیده شد"),
        *("--store", f"sqlite:///{room.store_file}", "--json", *more),
    )
    assert ended.code == 0, ended.err
    made = json.loads(ended.out)[0]["decision"]
    if made["needs_second"]:
        approved = migrate(
            *("review", "approve", str(made["seq"]), "--by", "زهرا کریمی", "--reason", "دیدم"),
            *("--store", f"sqlite:///{room.store_file}"),
        )
        assert approved.code == 0, approved.err
    return int(made["seq"])


def issue(room: Room) -> dict[str, dict[str, str]]:
    """Issue the batch's codes again, and give codes.csv by record."""
    ended = migrate("issue", BATCH, "--reports", str(room.reports))
    assert ended.code == 0, ended.err
    return {row["legacy_id"]: row for row in rows_of(room.folder / "codes.csv")}


def test_confirmed_cases_get_their_codes_at_the_next_issuing(room: Room) -> None:
    before = {row["legacy_id"]: row for row in rows_of(room.folder / "codes.csv")}
    decided = {}
    for outcome, verdict in (("mismatch", "confirm"), ("ambiguous", "choose")):
        case_id, record, degree = a_case(room, outcome)
        decide(room, case_id, verdict, "--degree", degree)
        decided[record] = degree
    assert len(set(decided.values())) == 2
    after = issue(room)
    assert {
        record: after[record]["degree_id"] for record in after.keys() - before.keys()
    } == decided
    assert {name: after[name] for name in before} == before
    counts = room.manifest["counts"]
    assert (counts["decided"], counts["refused"], counts["shared"]) == (2, 0, 0)
    # once more: the same bytes
    held = artefacts(room)
    assert issue(room) == after
    assert artefacts(room) == held


def test_a_code_whose_decision_falls_is_gone_from_the_list_and_its_degree_gets_no_other(
    room: Room,
) -> None:
    before = (room.folder / "codes.csv").read_bytes()
    case_id, record, degree = a_case(room, "mismatch")
    first = decide(room, case_id, "confirm", "--degree", degree)
    assert record in issue(room)
    second = decide(room, case_id, "refuse", "--supersedes", str(first))
    issue(room)
    assert (room.folder / "codes.csv").read_bytes() == before
    # confirmed again, its code is still suspended until a person lifts that
    decide(room, case_id, "confirm", "--degree", degree, "--supersedes", str(second))
    assert record not in issue(room)
    assert room.manifest["counts"]["refused"] == 1
    with sqlite3.connect(room.store_file) as store:
        (code,) = store.execute("SELECT code FROM codes WHERE degree_id = ?", (degree,)).fetchone()
    lifted = migrate(
        *("code", "reinstate", code, "--by", "approver", "--reason", "confirmed again"),
        *("--store", f"sqlite:///{room.store_file}"),
    )
    assert lifted.code == 0, lifted.err
    assert "state     active" in lifted.out
    assert issue(room)[record]["code"] == code
    assert room.manifest["counts"]["refused"] == 0


def test_an_issuing_that_fails_can_be_repeated(room: Room) -> None:
    case_id, record, degree = a_case(room, "mismatch")
    decide(room, case_id, "confirm", "--degree", degree)
    store = room.store_file
    store.rename(store.with_suffix(".away"))
    store.write_text("not a database")
    ended = migrate("issue", BATCH, "--reports", str(room.reports))
    assert ended.code == 2
    assert "not an SQLite database" in ended.err
    store.unlink()
    store.with_suffix(".away").rename(store)
    assert record in issue(room)


def test_a_changed_list_of_codes_is_not_issued_over(room: Room) -> None:
    path = room.folder / "codes.csv"
    path.write_text(path.read_text().replace("1", "2", 1))
    ended = migrate("issue", BATCH, "--reports", str(room.reports))
    assert "no longer what that stage wrote" in ended.failed()


def test_the_ledgers_head_is_signed_after_an_issuing_where_the_key_is(
    room: Room, tmp_path: Path
) -> None:
    key, store = tmp_path / "key.pem", f"sqlite:///{room.store_file}"
    named = {"MIGRATE_LEDGER_KEY": str(key)}
    options = ("issue", BATCH, "--reports", str(room.reports))
    # a key that the log does not know: the codes stand, and that is said
    made = migrate("audit", "key", "new", str(key), "--name", "ledger.example.org")
    assert made.code == 0, made.err
    line = migrate(*options, env=named).failed()
    assert "the codes are issued, and the ledger's head was not signed" in line
    added = migrate(
        *("audit", "key", "add", str(key), "--by", "a", "--reason", "ceremony"),
        *("--store", store),
    )
    assert added.code == 0, added.err
    case_id, _record, degree = a_case(room, "mismatch")
    decide(room, case_id, "confirm", "--degree", degree)
    ended = migrate(*options, env=named)
    assert ended.code == 0, ended.err
    with sqlite3.connect(room.store_file) as opened:
        (size,) = opened.execute("SELECT max(seq) FROM code_events").fetchone()
        (signed,) = opened.execute("SELECT max(size) FROM signed_heads").fetchone()
    assert signed == size
    assert migrate("audit", "verify", "--store", store).code == 0
