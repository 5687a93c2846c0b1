"""A sheet is filled from the store: the code as it stands, the newest head, and no national ID."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from migrate.codes.issuing import IssueRequest
from migrate.codes.keys import create, load
from migrate.codes.sheet import SheetHead, render
from migrate.errors import InputError, RunError
from migrate.store import heads, lifecycle, log_keys
from migrate.store.code_tables import SignedHeadRow
from migrate.store.codes import issue
from migrate.store.engine import open_store, reading
from migrate.store.sheets import sheet_values

NATIONAL_ID = "0012345679"
FACTS = {
    "national_id": NATIONAL_ID,
    "first_name": "لاله",
    "last_name": "محمدی",
    "university": "دانشگاه تهران",
    "field_of_study": None,
    "degree": "کارشناسی",
    "graduation_year": "1370",
}
URL = "https://codes.example"


@pytest.fixture
def code(engine: Engine) -> str:
    request = IssueRequest("D1", "L1", "b1", FACTS, document_type="diploma")
    return issue(engine, [request], batch="b1", actor="test").issued[0].code


def test_it_holds_what_the_code_stands_for_and_leaves_the_national_id(
    engine: Engine, code: str
) -> None:
    with reading(engine) as connection:
        values = sheet_values(connection, f" {code[:4]}-{code[4:]} ", public_url=URL, lookups=3)
    assert (values.code, values.state, values.document_type) == (code, "active", "diploma")
    assert (values.first_name, values.field_of_study, values.graduation_year) == (
        "لاله",
        None,
        "1370",
    )
    assert (values.event_seq, values.head, values.lookups) == (1, None, 3)
    assert values.made_at >= values.issued_at
    assert NATIONAL_ID not in repr(asdict(values))
    assert render(values).startswith(b"%PDF")


def test_the_head_is_the_newest_that_is_signed(engine: Engine, code: str, tmp_path: Path) -> None:
    create(tmp_path / "key", "codes.example/log")
    key = load(tmp_path / "key")
    log_keys.add_first_key(engine, key, actor="test", reason="the first")
    lifecycle.suspend(engine, code, actor="test", reason="asked for")
    lifecycle.reinstate(engine, code, actor="test", reason="answered")
    with reading(engine) as connection:
        first = sheet_values(connection, code, public_url=URL).head
    signed = heads.sign(engine, key)
    with reading(engine) as connection:
        second = sheet_values(connection, code, public_url=URL).head
    assert first is not None
    assert second is not None
    assert (first.size, second.size, second.at) == (2, 4, signed.at)
    assert second.key_name == f"codes.example/log {key.public.key_id.hex()}"
    assert first.root != second.root
    assert isinstance(second, SheetHead)
    assert len(second.root) == 64


@pytest.mark.parametrize("step", ["suspend", "revoke"])
def test_no_sheet_is_made_of_a_code_that_is_not_in_force(
    engine: Engine, code: str, step: str
) -> None:
    getattr(lifecycle, step)(engine, code, actor="test", reason="a forged paper")
    with reading(engine) as connection:
        values = sheet_values(connection, code, public_url=URL)
    with pytest.raises(InputError, match="no sheet is made"):
        render(values)


@pytest.mark.parametrize("asked", ["", "12", "48213390567712045863", "' OR 1=1 --", "۱" * 20])
def test_what_was_never_issued_has_no_sheet(engine: Engine, code: str, asked: str) -> None:
    with reading(engine) as connection, pytest.raises(InputError, match="no such code was issued"):
        sheet_values(connection, asked, public_url=URL)


@pytest.mark.parametrize("damage", ["not a note", "size", "key"])
def test_a_damaged_head_is_told_and_not_printed(address: str, tmp_path: Path, damage: str) -> None:
    engine = open_store(address)
    request = IssueRequest("D1", "L1", "b1", FACTS)
    code = issue(engine, [request], batch="b1", actor="test").issued[0].code
    create(tmp_path / "key", "codes.example/log")
    signed = log_keys.add_first_key(engine, load(tmp_path / "key"), actor="test", reason="first")
    # as somebody with the database's own rights may do
    change = {
        "not a note": {"note": "forged"},
        "size": {"size": 1},
        "key": {"key_id": "00000000"},
    }[damage]
    assert signed.size == 2
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE signed_heads DISABLE TRIGGER USER")
        else:
            rows = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name='signed_heads'"
            )
            for (name,) in rows.all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.execute(update(SignedHeadRow).values(**change))
    with reading(engine) as connection, pytest.raises(RunError, match="signed head is damaged"):
        sheet_values(connection, code, public_url=URL)
    engine.dispose()
