"""The whole way of a proposal: decided, approved, exported, applied to the registry, and coded."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from batch_room import BATCH, Ended, Room, Whole, active_codes, migrate, rows_of
from sqlalchemy import Engine

from migrate.store.decisions import approve, decide
from migrate.store.engine import open_store

IDS = ("--degree-ids", "M", "--person-ids", "M", "--by", "registry office")


@pytest.fixture
def room(whole: Whole, tmp_path: Path) -> Room:
    return whole.room.copied(tmp_path / "room")


def cases(room: Room, outcome: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(room.store_file)) as store:
        rows = store.execute("SELECT body FROM cases WHERE outcome = ? ORDER BY row", (outcome,))
        return [json.loads(body) for (body,) in rows]


def decided(
    engine: Engine, case: dict[str, Any], verdict: str, degree: str | None = None, **body: Any
) -> int:
    """A decision that a second person has approved, by its number."""
    made = decide(
        engine, case["case_id"], verdict, version=1, actor="مریم", reason="دفتر دیده شد",
        degree_id=degree, body=body,
    )  # fmt: skip
    if made.needs_second:
        approve(engine, made.seq, "approved", actor="زهرا", reason="دیدم")
    return made.seq


def registry(room: Room, *arguments: str) -> Ended:
    return migrate("registry", *arguments, "--reports", str(room.reports))


def issued(room: Room) -> dict[str, dict[str, str]]:
    ended = migrate("issue", BATCH, "--reports", str(room.reports))
    assert ended.code == 0, ended.err
    return {row["legacy_id"]: row for row in rows_of(room.folder / "codes.csv")}


def degree(room: Room, degree_id: str) -> dict[str, str]:
    with closing(sqlite3.connect(room.registry_file)) as held:
        held.row_factory = sqlite3.Row
        row = held.execute("SELECT * FROM degrees WHERE degree_id = ?", (degree_id,)).fetchone()
        return dict(row)


def test_what_is_decided_comes_into_the_registry_and_gets_its_code(
    room: Room, tmp_path: Path
) -> None:
    """A correction, a new degree and a new graduate, each to its code, and nothing twice."""
    before = {row["legacy_id"] for row in rows_of(room.folder / "codes.csv")}
    held = active_codes(room.store_file)
    wrong = next(
        case
        for case in cases(room, "mismatch")
        if case["candidates"][0]["degree_id"] not in held and not case["contested_by"]
    )
    more, nobody = cases(room, "degree_missing")[0], cases(room, "person_missing")[0]
    of = wrong["candidates"][0]["degree_id"]
    engine = open_store(f"sqlite:///{room.store_file}")
    right = {"father_name": "هوشنگ", "national_id": "۰۰۸۴۵۷۵۹۴۸"}
    decided(engine, wrong, "correct", of, corrections={"registry": right})
    decided(engine, more, "new_degree", more["candidates"][0]["degree_id"])
    decided(engine, nobody, "new_graduate")
    engine.dispose()

    # nothing of it supports a code before the registry has it
    assert issued(room).keys() == before

    file = tmp_path / "changes.csv"
    told = registry(room, "export", "--out", str(file), "--by", "Z. Karimi")
    assert "2 changes, 2 new degrees, 1 new graduates" in told.out
    manifest = json.loads((tmp_path / "changes.csv.manifest.json").read_text())
    assert manifest["proposals"] == 5
    assert manifest["sha256"] in told.out
    lines = rows_of(file)
    assert {line["decided_by"] for line in lines} == {"مریم"}
    assert {line["approved_by"] for line in lines} == {"زهرا"}

    source = room.registry_file.read_bytes()
    dry = registry(
        room, "apply", str(file), "--registry", room.registry, "--dry-run", "--json", *IDS
    )
    assert {one["what"] for one in json.loads(dry.out)["results"]} == {"written"}
    assert room.registry_file.read_bytes() == source

    done = registry(room, "apply", str(file), "--registry", room.registry, *IDS)
    assert done.code == 0, done.err
    assert "5 written, 0 held, 0 refused; applied" in done.out
    assert degree(room, of)["father_name"] == "هوشنگ"
    assert degree(room, of)["national_id"] == "0084575948"
    assert degree(room, "M1")["person_id"] == more["candidates"][0]["person_id"]
    assert degree(room, "M2")["person_id"] == "M1"
    applied = room.registry_file.read_bytes()

    again = registry(room, "apply", str(file), "--registry", room.registry, *IDS)
    assert "0 written, 5 held, 0 refused" in again.out
    assert room.registry_file.read_bytes() == applied

    codes = issued(room)
    assert codes.keys() - before == {one["legacy_id"] for one in (wrong, more, nobody)}
    assert codes[wrong["legacy_id"]]["degree_id"] == of
    assert codes[more["legacy_id"]]["degree_id"] == "M1"
    assert codes[nobody["legacy_id"]]["degree_id"] == "M2"
    for legacy_id in (wrong["legacy_id"], more["legacy_id"], nobody["legacy_id"]):
        row = codes[legacy_id]
        assert degree(room, row["degree_id"])["validity_code"] == row["code"]
    with closing(sqlite3.connect(room.store_file)) as store:
        (facts,) = store.execute("SELECT facts FROM codes WHERE degree_id = ?", (of,)).fetchone()
    assert json.loads(facts)["national_id"] == "0084575948"
    verified = migrate("audit", "verify", "--reports", str(room.reports))
    assert verified.code == 0, verified.err + verified.out
    assert issued(room) == codes

    # an appeal: the code falls, and what the registry has is told, not undone
    reopened = migrate(
        *("review", "decide", nobody["case_id"], "refuse", "--by", "ناظر", "--reason", "جعلی"),
        *("--supersedes", "3", "--reports", str(room.reports)),
    )
    assert reopened.code == 0, reopened.err
    assert nobody["legacy_id"] not in issued(room)
    fallen = tmp_path / "fallen.json"
    said = registry(room, "export", "--out", str(fallen), "--fallen", "--by", "Z")
    assert "1 new degrees, 1 new graduates" in said.out
    refused = registry(room, "apply", str(fallen), "--registry", room.registry, *IDS)
    assert "not as it was exported" in refused.refused(2)
    # what it comes of is void where it was not applied: there is nothing to export
    left = registry(room, "export", "--out", str(tmp_path / "left.csv"), "--by", "Z")
    assert left.out == "nothing is proposed that the registry has not\n"
    assert not (tmp_path / "left.csv").exists()


def test_a_linked_record_that_is_doubted_has_no_code_until_it_is_confirmed(room: Room) -> None:
    row = rows_of(room.folder / "codes.csv")[0]
    record, code = row["legacy_id"], row["code"]
    said = ("--by", "Z. Karimi", "--reason", "a label", "--reports", str(room.reports))
    opened = migrate("review", "open", BATCH, record, *said, "--json")
    assert opened.code == 0, opened.err
    case_id = json.loads(opened.out)["case_id"]
    assert json.loads(opened.out)["suspended"] == code
    assert record not in issued(room)
    assert room.manifest["counts"]["refused"] == 1
    assert f"has case {case_id}" in migrate("review", "open", BATCH, record, *said).refused(2)
    confirmed = migrate(
        *("review", "decide", case_id, "confirm", "--by", "مریم", "--reason", "دیدم"),
        *("--reports", str(room.reports)),
    )
    assert confirmed.code == 0, confirmed.err
    lifted = migrate(
        *("code", "reinstate", code, "--by", "Z", "--reason", "confirmed"),
        *("--store", f"sqlite:///{room.store_file}"),
    )
    assert lifted.code == 0, lifted.err
    assert issued(room)[record] == row
    assert migrate("audit", "verify", "--reports", str(room.reports)).code == 0


def test_a_code_whose_registry_was_corrected_is_told_and_replaced(
    room: Room, tmp_path: Path
) -> None:
    """From the doubt to the inquiry: a wrong name is corrected, and the new code has the right one."""
    row = rows_of(room.folder / "codes.csv")[0]
    record, code, of = row["legacy_id"], row["code"], row["degree_id"]
    at = ("--reports", str(room.reports))
    said = ("--by", "Z. Karimi", "--reason", "a letter", *at)
    opened = migrate("review", "open", BATCH, record, *said, "--json")
    case = {"case_id": json.loads(opened.out)["case_id"]}
    engine = open_store(f"sqlite:///{room.store_file}")
    seq = decided(
        engine, case, "correct", of,
        corrections={"registry": {"last_name": "نامدرست", "national_id": "0084575948"}},
    )  # fmt: skip
    engine.dispose()
    file = tmp_path / "changes.csv"
    registry(room, "export", "--out", str(file), "--by", "Z")
    apply = ("apply", str(file), "--registry", room.registry, *IDS)
    dry = registry(room, *apply, "--dry-run")
    assert f"code {code} (suspended) of degree {of} would stand for another last_name" in dry.out
    done = registry(room, *apply)
    assert f"code {code} (suspended) of degree {of} stands for another" in done.out
    assert f"migrate code replace CODE --registry '{room.registry}' --by" in done.out
    # names of facts only: it may be kept
    assert "نامدرست" not in done.out
    assert "0084575948" not in done.out
    again = json.loads(registry(room, *apply, "--json").out)
    facts = ["last_name", "national_id"]
    assert again["outdated_codes"] == [
        {"code": code, "degree_id": of, "state": "suspended", "facts": facts}
    ]
    given = (code, "--registry", room.registry, *said, "--json")
    replaced = migrate("code", "replace", *given)
    assert replaced.code == 0, replaced.err
    new = json.loads(replaced.out)
    assert [(one["name"], one["new"], one["decision"]) for one in new["changed"]] == [
        ("last_name", "نامدرست", seq),
        ("national_id", "0084575948", seq),
    ]
    assert (new["decision_seq"], new["replaces"]) == (seq, code)
    assert "نامدرست" in migrate("inquire", new["code"], *at).out
    assert issued(room)[record]["code"] == new["code"]
    assert json.loads(registry(room, *apply, "--json").out)["outdated_codes"] == []
    assert migrate("audit", "verify", *at).code == 0


def test_only_a_linked_record_can_be_doubted(room: Room) -> None:
    said = ("--by", "Z", "--reason", "?", "--reports", str(room.reports))
    case = cases(room, "mismatch")[0]
    assert "the record is mismatch" in migrate(
        "review", "open", BATCH, case["legacy_id"], *said
    ).refused(2)
    assert "no such record" in migrate("review", "open", BATCH, "none", *said).refused(2)


REFUSED = {
    "no table": (("--registry", "sqlite:///{registry}"), "names no table"),
    "a folder": (("--registry", "sqlite:///{reports}#degrees"), "this is a folder"),
    "no such table": (("--registry", "sqlite:///{registry}#other"), "there is no table other"),
    "nobody": (("--registry", "sqlite:///{registry}#degrees", "--by", " "), "must be named"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_applied_is_refused_in_one_line(
    room: Room, case: str, tmp_path: Path
) -> None:
    engine = open_store(f"sqlite:///{room.store_file}")
    one = cases(room, "degree_missing")[0]
    decided(engine, one, "new_degree", one["candidates"][0]["degree_id"])
    engine.dispose()
    file = tmp_path / "changes.json"
    registry(room, "export", "--out", str(file), "--by", "Z")
    options, said = REFUSED[case]
    given = [each.format(registry=room.registry_file, reports=room.reports) for each in options]
    ended = registry(room, "apply", str(file), *IDS, *given)
    assert said in ended.refused(2)


def test_decisions_train_the_linker_and_speak_for_names(room: Room, tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{room.store_file}")
    agreed = 0
    for case in cases(room, "mismatch"):
        decided(engine, case, "confirm", case["candidates"][0]["degree_id"])
        agreed += 1
    shown = 0
    for case in cases(room, "ambiguous"):
        decided(engine, case, "refuse")
        shown += len(case["candidates"])
    engine.dispose()
    assert agreed + shown > 0
    model = tmp_path / "model.json"
    at = ("--batch", BATCH, "--reports", str(room.reports))
    trained = migrate("link", *at, "--train", str(model), "--decisions", "--json")
    assert trained.code == 0, trained.err
    assert json.loads(trained.out)["labels"] == agreed + shown
    assert json.loads(model.read_text())["trained_on"]["labels"] == agreed + shown
    alone = migrate("link", *at, "--decisions", "--blocking-report").refused(2)
    assert "--decisions goes with --train" in alone
    proposed = migrate("alias", "propose", "--min", "1", "--json", "--reports", str(room.reports))
    assert proposed.code == 0, proposed.err
    for one in json.loads(proposed.out):
        assert one["kind"] in ("university", "field_of_study", "degree")
        assert one["read_as"] not in one["targets"]
    assert migrate("alias", "list", "--reports", str(room.reports)).out == "no alias stands\n"
