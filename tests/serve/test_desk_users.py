"""`migrate user`: who is registered, and that no password is ever an argument."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desk_room import PASSWORD
from typer.testing import CliRunner

from migrate.cli import app
from migrate.store import sign_ins
from migrate.store.engine import open_store

ADD = ["user", "add", "z.karimi", "--name", "Z. Karimi", "--role", "clerk", "--by", "admin"]


@pytest.fixture
def store(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    open_store(address).dispose()
    return address


def run(store: str, *arguments: str, ends: int = 0, typed: str | None = None) -> str:
    done = CliRunner().invoke(app, [*arguments, "--store", store], input=typed)
    code = done.exit_code
    if done.exception is not None and hasattr(done.exception, "exit_code"):
        code = done.exception.exit_code
    assert code == ends, (done.output, done.exception)
    return done.output + str(done.exception or "")


def let_in(store: str, password: str) -> bool:
    engine = open_store(store)
    try:
        return sign_ins.sign_in(engine, "z.karimi", password, address="x").user is not None
    finally:
        engine.dispose()


def test_a_user_is_added_listed_reset_and_disabled(store: str, tmp_path: Path) -> None:
    assert "no user is registered" in run(store, "user", "list")
    held = tmp_path / "password"
    held.write_text(PASSWORD + "\n", encoding="utf-8")
    said = run(store, *ADD, "--university", "shiraz", "--password-file", str(held))
    assert "z.karimi  Z. Karimi  clerk  shiraz  by password  in force" in said
    assert PASSWORD not in said
    assert let_in(store, PASSWORD)
    run(
        store,
        "user",
        "reset-password",
        "z.karimi",
        "--password-file",
        "-",
        typed="another one of 15\n",
    )
    assert not let_in(store, PASSWORD)
    assert let_in(store, "another one of 15")
    (user,) = json.loads(run(store, "user", "list", "--json"))
    assert (user["user_id"], user["university"], user["disabled_at"]) == (
        "z.karimi",
        "shiraz",
        None,
    )
    assert "hash" not in str(user)
    assert run(store, "user", "purge").startswith("0 tries")
    assert "disabled" in run(store, "user", "disable", "z.karimi", "--by", "admin")
    assert not let_in(store, "another one of 15")


def test_a_password_is_asked_for_and_never_taken_from_the_command(store: str) -> None:
    said = run(store, *ADD, "--university", "shiraz", ends=2)
    assert "no terminal" in said
    for option in ("--password", "-p"):
        assert "No such option" in run(store, *ADD, option, PASSWORD, ends=2)
    said = run(
        store, *ADD, "--university", "shiraz", "--password-file", "-", typed="short\n", ends=2
    )
    assert "15 to 128" in said
    assert "no user is registered" in run(store, "user", "list")


def test_a_user_of_a_provider_needs_no_password(store: str) -> None:
    given = ("--oidc-issuer", "https://id.example", "--oidc-subject", "17")
    said = run(store, *ADD, "--university", "shiraz", *given)
    assert "by https://id.example" in said
    assert not let_in(store, "")


def test_a_user_of_no_store_makes_none(tmp_path: Path) -> None:
    missing = tmp_path / "missing.sqlite"
    run(f"sqlite:///{missing}", "user", "list", ends=2)
    assert not missing.exists()
