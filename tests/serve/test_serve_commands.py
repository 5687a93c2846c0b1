"""The verbs of the service on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from serve_room import FACTS, MISTYPED, NATIONAL_ID, UNKNOWN, Room
from typer.testing import CliRunner

from migrate.cli import app
from migrate.store import verifiers
from migrate.store.engine import open_store, reading


def run(*arguments: str, ends: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == ends, (done.output, done.exception)
    return done.output


def test_a_code_is_answered_on_the_terminal_as_on_the_page(room: Room) -> None:
    said = run("inquire", room.valid, "--store", room.address)
    assert "این کد معتبر است" in said
    assert "کارشناسی" in said
    assert NATIONAL_ID not in said
    said = run("inquire", room.revoked, "--english", "--store", room.address)
    assert "This code was revoked" in said
    assert FACTS["first_name"] not in said


def test_several_codes_and_files_are_answered_in_order(lite: Room, tmp_path: Path) -> None:
    codes = [lite.valid, UNKNOWN, MISTYPED, "12", lite.superseded]
    answers = ["valid", "not_found", "mistyped", "malformed", "superseded"]
    said = run("inquire", *codes, "--json", "--store", lite.address)
    assert [json.loads(line)["answer"] for line in said.splitlines()] == answers
    path = tmp_path / "codes.csv"
    path.write_text("code\n" + "\n".join(codes), encoding="utf-8")
    said = run("inquire", "--file", str(path), "--json", "--store", lite.address)
    found = [json.loads(line) for line in said.splitlines()]
    assert [(one["row"], one["answer"]) for one in found] == list(enumerate(answers, start=2))
    assert found[-1]["superseded_by"] == lite.successor


def test_a_question_without_a_code_is_refused(lite: Room, tmp_path: Path) -> None:
    for arguments in ([], ["1", "--file", "x"], ["--file", str(tmp_path / "none.csv")]):
        done = CliRunner().invoke(app, ["inquire", *arguments, "--store", lite.address])
        assert done.exit_code != 0
    missing = tmp_path / "none.sqlite"
    done = CliRunner().invoke(app, ["inquire", lite.valid, "--store", f"sqlite:///{missing}"])
    assert done.exit_code != 0
    assert not missing.exists()


def test_a_verifier_is_registered_listed_and_revoked(room: Room) -> None:
    store = ["--store", room.address]
    made = json.loads(run("verifier", "add", "سفارت", "--by", "test", "--json", *store))
    engine = open_store(room.address)
    with reading(engine) as connection:
        found = verifiers.find(connection, made["key"])
    assert found is not None
    assert found.verifier_id == made["verifier_id"]
    listed = run("verifier", "list", *store)
    assert made["verifier_id"] in listed
    assert made["key"] not in listed
    run("verifier", "revoke", made["verifier_id"], "--by", "test", *store)
    with reading(engine) as connection:
        assert verifiers.find(connection, made["key"]) is None
    engine.dispose()
    assert "revoked" in run("verifier", "list", *store)


def test_old_look_ups_are_purged_where_the_service_keeps_them(room: Room) -> None:
    from serve_room import served

    with served(room.address) as client:
        client.post("/api/v1/inquiry", json={"code": room.valid})
    assert "0 look-ups deleted" in run("inquiries", "purge", "--store", room.address)


@pytest.mark.parametrize("verb", [["serve"], ["inquire"], ["verifier", "add"], ["inquiries"]])
def test_each_verb_explains_itself(verb: list[str]) -> None:
    assert CliRunner().invoke(app, [*verb, "--help"]).exit_code == 0
