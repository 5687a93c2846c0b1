"""The audit finds what somebody who owns the database may do to it, and says what it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from audited_store import (
    NAME,
    Keys,
    Shelf,
    append_sealed,
    event,
    fill,
    fill_tail,
    make_keys,
    payload,
    requests,
    reseal,
    run,
    tampering,
    unguarded,
)
from sqlalchemy import Connection, Engine

from migrate.codes import checkpoint, keyring
from migrate.codes.issuing import canonical_json
from migrate.codes.keys import SigningKey
from migrate.errors import InputError, RunError
from migrate.store import heads, lifecycle
from migrate.store.audit import Audit, verify, verify_within
from migrate.store.codes import issue
from migrate.store.engine import open_store, reading

# what fill and fill_tail leave: events, the sizes of heads signed by the first key and the second
EVENTS, TAIL = 613, 616
SIGNED = (1, 301, 309, 310, 613, 616)


@pytest.fixture(scope="session")
def ledger_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, ledger_keys: Keys) -> Iterator[Shelf]:
    if request.param == "sqlite":
        yield request.getfixturevalue("file_shelf")
        return
    home = sa.make_url(request.getfixturevalue("postgres_server").get_uri())
    admin = sa.create_engine(
        sa.URL.create(
            "postgresql+psycopg", home.username, database=home.database, query=home.query
        ),
        isolation_level="AUTOCOMMIT",
    )

    def copied(name: str, source: str | None) -> str:
        template = sa.make_url(source).database if source else "template0"
        with admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return admin.url.set(database=name).render_as_string(hide_password=False)

    # the copies go with the server
    yield filled(Shelf(copied), ledger_keys)
    admin.dispose()


@pytest.fixture(scope="session")
def file_shelf(ledger_keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("audited")

    def copied(name: str, source: str | None) -> str:
        path = folder / f"{name}.sqlite"
        if source is not None:
            shutil.copyfile(source.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    return filled(Shelf(copied), ledger_keys)


def filled(shelf: Shelf, ledger_keys: Keys) -> Shelf:
    shelf.build("before the tail", lambda engine: fill(engine, ledger_keys))
    shelf.build("whole", lambda engine: fill_tail(engine, ledger_keys), on="before the tail")
    return shelf


@pytest.fixture(scope="session")
def owned(shelf: Shelf) -> Iterator[Engine]:
    """A copy that is tampered with in transactions which are undone."""
    engine = unguarded(shelf.copy("whole"))
    yield engine
    engine.dispose()


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    """A transaction of the database's owner, of which nothing stays."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()


def audited(address: str, **options: Any) -> Audit:
    engine = open_store(address)
    try:
        return verify(engine, **options)
    finally:
        engine.dispose()


def newest_head(engine: Engine) -> str:
    with reading(engine) as connection:
        newest = heads.newest(connection)
    assert newest is not None
    return newest.note


def held(tmp_path: Path, note: str) -> Path:
    path = tmp_path / "held.txt"
    path.write_bytes(note.encode())
    return path


def sign_again(connection: Connection, size: int, key: SigningKey) -> None:
    """Sign the head of a size as it stands now, as whoever has the key can."""
    root = run(connection, "SELECT root FROM tree_heads WHERE size = :s", s=size).scalar_one()
    note = checkpoint.head(NAME, size, bytes.fromhex(root), "2026-11-28T00:00:00Z").signed(key)
    run(
        connection,
        "UPDATE signed_heads SET note = :n WHERE size = :s AND key_id = :k",
        n=note.note(),
        s=size,
        k=key.public.key_id.hex(),
    )


def test_a_store_in_which_all_has_happened_fits(
    shelf: Shelf, ledger_keys: Keys, tmp_path: Path
) -> None:
    address = shelf.copy("whole")
    engine = open_store(address)
    with reading(engine) as connection:
        earlier = heads.newest(connection, upto=EVENTS)
    engine.dispose()
    assert earlier is not None
    witness = held(tmp_path, earlier.note)
    done: list[tuple[int, int, str]] = []
    found = audited(
        address,
        witnesses=[witness],
        keys=[ledger_keys.first.public],
        progress=lambda *told: done.append(told),
    )
    assert found.findings == ()
    assert (found.count, found.size, found.signed) == (0, TAIL, TAIL)
    assert (found.codes, found.signed_heads, found.witnesses) == (607, len(SIGNED), 1)
    assert done == [(TAIL, TAIL, "events")]
    # said, not refused: a person must look at that code
    (words,) = found.warnings
    assert "suspended) was issued on decision 2, which decision 3 has superseded since" in words
    # a key that took over is vouched for by the first; the first is not by the second
    assert audited(address, keys=[ledger_keys.second.public]).count == 0
    stranger = audited(address, keys=[ledger_keys.stranger.public]).findings
    assert [(one.kind, one.table) for one in stranger] == [("forged signature", "signed_heads")]


def test_what_is_written_meanwhile_is_not_seen(
    shelf: Shelf, ledger_keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_store(shelf.copy("whole"))
    monkeypatch.setattr("migrate.store.audit._CHUNK", 100)
    left = iter(lifecycle_codes(engine))

    def write(*_: object) -> None:
        # codes that were read already, and some that were not yet
        code = next(left, None)
        if code is not None:
            lifecycle.suspend(engine, code, actor="test", reason="while it is read")
            issue(engine, requests("b3", range(5)), batch="b3", actor="test")
            heads.sign(engine, ledger_keys.second)

    found = verify(engine, progress=write)
    assert (found.findings, found.size) == ((), TAIL)
    assert next(left, None) is None
    again = verify(engine)
    assert (again.findings, again.size) == ((), TAIL + 5)
    engine.dispose()


def test_an_empty_store_fits_and_nobody_vouches_for_it(address: str) -> None:
    found = audited(address)
    assert (found.count, found.size, found.codes) == (0, 0, 0)
    assert found.root == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert found.warnings == (
        "no head is signed: only this store itself says that it is as it was",
    )


# --- one row at a time ---

Tamper = Callable[[Connection], None]
CASES: dict[str, tuple[Tamper, str, str, str]] = {}


def tampers(kind: str, table: str, words: str) -> Callable[[Tamper], Tamper]:
    """A way to tamper, and the kind, the table and words of the first finding it must give."""

    def enter(function: Tamper) -> Tamper:
        CASES[function.__name__] = (function, kind, table, words)
        return function

    return enter


def change(column: str, value: str, seq: int = 5) -> Tamper:
    return lambda connection: run(
        connection, f"UPDATE code_events SET {column} = :v WHERE seq = :s", v=value, s=seq
    )


for _column, _value in {
    "event": "revoked",
    "code": "00000000000000000000",
    "degree_id": "D-other",
    "legacy_id": "L-other",
    "batch": "b2",
    "actor": "nobody",
    "at": "2020-01-01T00:00:00Z",
    "payload": "{}",
    "salt": "0" * 32,
    "leaf_hash": "0" * 64,
}.items():
    CASES[f"edit {_column}"] = (change(_column, _value), "edited", "code_events", "seq 5")
CASES["edit a salt into nonsense"] = (
    change("salt", "not hexadecimal"),
    "edited",
    "code_events",
    "values that no leaf can have",
)
CASES["edit a leaf hash into nonsense"] = (change("leaf_hash", "x"), "edited", "code_events", "5")
CASES["edit the last event"] = (change("actor", "x", TAIL), "edited", "code_events", f"seq {TAIL}")
for _column in ("code", "degree_id", "legacy_id"):
    CASES[f"give a key's event a {_column}"] = (
        change(_column, "1" * 20, 1),
        "edited",
        "code_events",
        "seq 1: ",
    )
CASES["edit a key's reason"] = (
    change("payload", "not even JSON", 1),
    "edited",
    "code_events",
    "seq 1",
)


@tampers("edited", "log_nodes", "of events 2 to 256")
def edit_and_hash_the_leaf_anew(connection: Connection) -> None:
    change("degree_id", "D-other")(connection)
    reseal(connection, nodes=False, tree_heads=False)


@tampers("edited", "tree_heads", "events 2 to 301")
def edit_and_hash_leaf_and_nodes_anew(connection: Connection) -> None:
    change("degree_id", "D-other", 300)(connection)
    change("degree_id", "D-other", 5)(connection)
    reseal(connection, tree_heads=False)


@tampers("edited", "signed_heads", "written anew since")
def write_the_whole_log_anew_but_for_the_signatures(connection: Connection) -> None:
    change("degree_id", "D-other")(connection)
    run(connection, "UPDATE codes SET degree_id = 'D-other' WHERE event_seq = 5")
    reseal(connection)


@tampers("deleted", "code_events", "expected event 5, found event 6 next")
def delete_an_event(connection: Connection) -> None:
    run(connection, "DELETE FROM code_events WHERE seq = 5")


@tampers("deleted", "code_events", "expected event 1, found event 2 next")
def delete_the_first_event(connection: Connection) -> None:
    run(connection, "DELETE FROM code_events WHERE seq = 1")


@tampers("deleted", "code_events", "expected event 610, found what was written as event 611")
def delete_an_event_and_move_the_later_ones_up(connection: Connection) -> None:
    run(connection, "DELETE FROM code_events WHERE seq = 610")
    run(connection, "UPDATE code_events SET seq = seq + 1000 WHERE seq > 610")
    run(connection, "UPDATE code_events SET seq = seq - 1001 WHERE seq > 1000")


@tampers("truncated", "code_events", "expected 616 events, as the newest tree head has, found 615")
def cut_off_the_last_event(connection: Connection) -> None:
    run(connection, "DELETE FROM code_events WHERE seq = 616")


@tampers("rolled back", "signed_heads", "expected 616 events, as were signed, found 613")
def cut_off_the_last_transaction_but_for_its_signature(connection: Connection) -> None:
    cut_off(connection, EVENTS, signed=False)


def cut_off(connection: Connection, size: int, *, signed: bool = True) -> None:
    run(connection, "DELETE FROM codes WHERE event_seq > :s", s=size)
    run(connection, "DELETE FROM code_events WHERE seq > :s", s=size)
    run(connection, "DELETE FROM tree_heads WHERE size > :s", s=size)
    if signed:
        run(connection, "DELETE FROM signed_heads WHERE size > :s", s=size)


def swap_seqs(connection: Connection) -> None:
    for old, new in ((5, 9999), (200, 5), (9999, 200)):
        run(connection, "UPDATE code_events SET seq = :n WHERE seq = :o", n=new, o=old)


CASES["swap two events"] = (
    swap_seqs,
    "reordered",
    "code_events",
    "expected event 5, found what was written as event 200",
)


@tampers("reordered", "code_events", "expected event 5, found what was written as event 6")
def swap_what_two_events_say_and_leave_their_hashes(connection: Connection) -> None:
    fields = ("code", "degree_id", "legacy_id", "payload", "salt", "actor", "at", "batch")
    rows = {seq: event(connection, seq) for seq in (5, 6)}
    for seq, other in ((5, 6), (6, 5)):
        values = {name: getattr(rows[other], name) for name in fields}
        names = ", ".join(f"{name} = :{name}" for name in fields)
        run(connection, f"UPDATE code_events SET {names} WHERE seq = :seq", seq=seq, **values)


@tampers("edited", "log_nodes", "of events 2 to 256")
def swap_two_events_and_hash_them_anew(connection: Connection) -> None:
    swap_seqs(connection)
    reseal(connection, nodes=False, tree_heads=False)


@tampers("added", "code_events", "no event after the newest tree head, of 616")
def write_an_event_past_the_program(connection: Connection) -> None:
    last = event(connection, TAIL)
    append_sealed(connection, **vars_of(last), event="revoked")
    run(connection, "DELETE FROM tree_heads WHERE size = 617")
    run(
        connection,
        "UPDATE codes SET state = 'revoked', state_seq = 617 WHERE code = :c",
        c=last.code,
    )


def vars_of(made: Any) -> dict[str, Any]:
    names = ("code", "degree_id", "legacy_id", "batch", "actor", "at", "payload")
    return {name: getattr(made, name) for name in names}


@tampers("edited", "code_events", "an event that a code may have that is revoked")
def revive_a_revoked_code_by_an_event(connection: Connection) -> None:
    # event 304 revoked the code of event 3
    code = code_of(connection, 3)
    new = append_sealed(connection, **vars_of(event(connection, 304)), event="reinstated")
    run(
        connection,
        "UPDATE codes SET state = 'active', state_seq = :s WHERE code = :c",
        s=new,
        c=code,
    )


# --- the tree and its heads ---


@tampers("edited", "log_nodes", "level 1 position 1")
def edit_a_node(connection: Connection) -> None:
    run(connection, "UPDATE log_nodes SET hash = :h WHERE position = 1", h="0" * 64)


@tampers("deleted", "log_nodes", "level 1 position 0")
def delete_a_node(connection: Connection) -> None:
    run(connection, "DELETE FROM log_nodes WHERE position = 0")


@tampers("added", "log_nodes", "expected 2 nodes, found 3")
def add_a_node(connection: Connection) -> None:
    run(connection, "INSERT INTO log_nodes VALUES (2, 0, :h)", h="0" * 64)


@tampers("edited", "tree_heads", "size 308: expected the root")
def edit_a_root(connection: Connection) -> None:
    run(connection, "UPDATE tree_heads SET root = :h WHERE size = 308", h="0" * 64)


@tampers("edited", "tree_heads", "size 308: expected the frontier")
def edit_a_frontier(connection: Connection) -> None:
    run(connection, "UPDATE tree_heads SET frontier = '' WHERE size = 308")


@tampers("deleted", "tree_heads", "size 613")
def delete_a_head_that_is_signed(connection: Connection) -> None:
    run(connection, "DELETE FROM tree_heads WHERE size = 613")


@tampers("forged signature", "signed_heads", "size 613")
def change_a_signature(connection: Connection) -> None:
    note = run(connection, "SELECT note FROM signed_heads WHERE size = 613").scalar_one()
    spoilt = note[:-9] + ("A" if note[-9] != "A" else "B") + note[-8:]
    run(connection, "UPDATE signed_heads SET note = :n WHERE size = 613", n=spoilt)


@tampers("forged signature", "signed_heads", "does not hold")
def change_the_time_that_was_signed(connection: Connection) -> None:
    note = run(connection, "SELECT note FROM signed_heads WHERE size = 613").scalar_one()
    run(
        connection,
        "UPDATE signed_heads SET note = :n WHERE size = 613",
        n=note.replace("time 20", "time 19"),
    )


@tampers("forged signature", "signed_heads", "it is of 613 events")
def put_a_signed_head_in_the_place_of_another(connection: Connection) -> None:
    note = run(connection, "SELECT note FROM signed_heads WHERE size = 613").scalar_one()
    run(connection, "UPDATE signed_heads SET note = :n WHERE size = 616", n=note)


@tampers("forged signature", "signed_heads", "kept as of another key")
def keep_a_signed_head_as_of_another_key(connection: Connection) -> None:
    run(connection, "UPDATE signed_heads SET key_id = '00000000' WHERE size = 613")


@tampers("forged signature", "signed_heads", "not")
def write_nonsense_for_a_note(connection: Connection) -> None:
    run(connection, "UPDATE signed_heads SET note = 'signed, honestly' WHERE size = 613")


@tampers("forged signature", "signed_heads", "by which the key before vouches for")
def delete_the_head_that_vouches_for_a_key(connection: Connection) -> None:
    run(connection, "DELETE FROM signed_heads WHERE size = 309")


# --- codes, and what they rest on ---


def code_of(connection: Connection, seq: int) -> str:
    return str(run(connection, "SELECT code FROM codes WHERE event_seq = :s", s=seq).scalar_one())


for _column, _value in {
    "degree_id": "D-other",
    "legacy_id": "L-other",
    "batch": "b2",
    "issued_at": "2020-01-01T00:00:00Z",
    "document_type": "diploma",
    "facts": '{"first_name":"رضا"}',
    "state": "suspended",
    "replaces": "00000000000000000000",
    "scheme": 2,
}.items():
    CASES[f"edit a code's {_column}"] = (
        lambda connection, column=_column, value=_value: run(  # type: ignore[misc]
            connection, f"UPDATE codes SET {column} = :v WHERE event_seq = 7", v=value
        ),
        "edited",
        "codes",
        _column,
    )


@tampers("edited", "codes", "state_seq")
def let_a_code_name_another_event_for_its_state(connection: Connection) -> None:
    run(connection, "UPDATE codes SET state_seq = 302 WHERE event_seq = 7")


@tampers("edited", "codes", "expected state ")
def swap_the_states_of_two_codes(connection: Connection) -> None:
    revoked = code_of(connection, 3)
    swap = "UPDATE codes SET state = :state, state_seq = :seq WHERE code = :code"
    rows = {
        code: run(connection, "SELECT state, state_seq FROM codes WHERE code = :c", c=code).one()
        for code in (revoked, code_of(connection, 7))
    }
    for code, other in zip(rows, reversed(list(rows.values())), strict=True):
        run(connection, swap, state=other.state, seq=other.state_seq, code=code)


@tampers("edited", "codes", "state revoked by event 304, found active")
def let_a_revoked_code_be_active(connection: Connection) -> None:
    run(connection, "UPDATE codes SET state = 'active', state_seq = event_seq WHERE event_seq = 3")


@tampers("edited", "codes", "superseded_by")
def let_a_code_be_superseded_by_another(connection: Connection) -> None:
    run(
        connection,
        "UPDATE codes SET superseded_by = :c WHERE state = 'superseded'",
        c=code_of(connection, 7),
    )


@tampers("edited", "codes", "to replace it, found that it does not")
def supersede_a_code_by_one_that_does_not_replace_it(connection: Connection) -> None:
    by = code_of(connection, 9)
    said = vars_of(event(connection, 7)) | {"payload": canonical_json({"superseded_by": by})}
    new = append_sealed(connection, **said, event="superseded")
    run(
        connection,
        "UPDATE codes SET state = 'superseded', state_seq = :s, superseded_by = :b"
        " WHERE event_seq = 7",
        s=new,
        b=by,
    )


@tampers("deleted", "codes", "the code that event 7 issued")
def delete_a_code(connection: Connection) -> None:
    run(connection, "DELETE FROM codes WHERE event_seq = 7")


@tampers("added", "codes", "an event that issued it, found none at seq 302")
def add_a_code(connection: Connection) -> None:
    copy_code(connection, 302)


@tampers("added", "codes", "an event that issued it, found none at seq 5000")
def add_a_code_of_no_event(connection: Connection) -> None:
    copy_code(connection, 5000)


def copy_code(connection: Connection, seq: int) -> None:
    row = dict(run(connection, "SELECT * FROM codes WHERE event_seq = 7").one()._mapping)
    row |= {"code": "9" * 20, "degree_id": "D-new", "event_seq": seq, "state_seq": seq}
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    run(connection, f"INSERT INTO codes ({names}) VALUES ({values})", **row)


@tampers("edited", "codes", "code ")
def change_the_number_of_a_code(connection: Connection) -> None:
    # told from both sides: a code without an event, and an event without its code
    run(connection, "UPDATE codes SET code = :c WHERE event_seq = 7", c="9" * 20)


CASES["change_the_number_of_a_code"] = (
    change_the_number_of_a_code,
    "added",
    "codes",
    f"code {'9' * 20}",
)


@tampers("added", "codes", "one code in force for its degree, found 2")
def let_two_codes_be_in_force_for_a_degree(connection: Connection) -> None:
    run(connection, "DROP INDEX uq_codes_held_degree")
    told = event(connection, 7)
    said = payload(connection, 7)
    facts = run(connection, "SELECT facts FROM codes WHERE event_seq = 7").scalar_one()
    values = {**vars_of(told), "code": "9" * 20, "payload": canonical_json(said)}
    new = append_sealed(connection, **values, event="issued")
    row = dict(run(connection, "SELECT * FROM codes WHERE event_seq = 7").one()._mapping)
    row |= {"code": "9" * 20, "event_seq": new, "state_seq": new, "facts": facts}
    names = ", ".join(row)
    run(
        connection,
        f"INSERT INTO codes ({names}) VALUES ({', '.join(f':{name}' for name in row)})",
        **row,
    )


@tampers("deleted", "decisions", "seq 1: expected the decision")
def delete_a_decision(connection: Connection) -> None:
    run(connection, "DELETE FROM decisions WHERE seq = 1")


@tampers("edited", "decisions", "seq 1: expected a decision for degree DC1")
def turn_a_decision_round(connection: Connection) -> None:
    run(connection, "UPDATE decisions SET verdict = 'refuse' WHERE seq = 1")


@tampers("edited", "approvals", "a second person's approval, before code")
def let_a_decision_have_needed_a_second_person(connection: Connection) -> None:
    run(connection, "UPDATE decisions SET needs_second = 1 WHERE seq = 1")


@tampers("edited", "decisions", "seq 1: expected the decision, and its approval")
def let_a_decision_have_another_reason(connection: Connection) -> None:
    run(connection, "UPDATE decisions SET reason = 'seen by nobody' WHERE seq = 1")


@tampers("edited", "decisions", "seq 1: expected the decision, and its approval")
def let_somebody_else_have_decided(connection: Connection) -> None:
    run(connection, "UPDATE decisions SET actor = 'somebody else' WHERE seq = 1")


@tampers("edited", "codes", "decision_seq")
def let_a_code_rest_on_another_decision(connection: Connection) -> None:
    run(connection, "UPDATE codes SET decision_seq = 2 WHERE decision_seq = 1")


@tampers("deleted", "batches", "batch b2: expected the batch of event 311")
def delete_a_batch(connection: Connection) -> None:
    run(connection, "DELETE FROM batches WHERE batch = 'b2'")


@pytest.mark.parametrize("name", CASES)
def test_what_was_done_to_the_store_is_found(
    owned: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper, kind, table, words = CASES[name]
    with undone(owned) as connection:
        tamper(connection)
        found = verify_within(connection)
        # wherever one read ends and the next begins
        monkeypatch.setattr("migrate.store.audit._CHUNK", 41)
        again = verify_within(connection)
    assert set(again.findings) == set(found.findings)
    assert (again.findings[0].kind, again.findings[0].table) == (kind, table)
    assert found.count >= 1
    first = found.findings[0]
    assert (first.kind, first.table) == (kind, table), found.findings[:5]
    assert words in first.text()
    # what is told of is told to anybody: nothing of a person is in it
    assert not any(word in one.text() for one in found.findings for word in ("علی", "رضا"))


def test_what_somebody_wrote_into_the_database_cannot_move_a_terminal(owned: Engine) -> None:
    with undone(owned) as connection:
        change("batch", "\x1b[2J\u202eb1\n")(connection)
        found = verify_within(connection)
    texts = [one.text() for one in found.findings]
    assert any("\\x1b[2J\\u202eb1\\n" in text for text in texts)
    assert all(text.isprintable() for text in texts)


COLUMNS = {
    (
        "code_events",
        "seq = 5",
    ): "event code degree_id legacy_id batch actor at payload salt leaf_hash",
    ("code_events", "seq = 1"): "event payload salt leaf_hash",
    (
        "codes",
        "event_seq = 7",
    ): "code scheme degree_id legacy_id batch issued_at document_type facts"
    " decision_seq replaces state state_seq superseded_by",
    ("signed_heads", "size = 613"): "key_id note",
    ("tree_heads", "size = 613"): "root frontier",
    ("log_nodes", "position = 0"): "hash",
    ("decisions", "seq = 1"): "degree_id verdict actor at reason case_digest body",
}


@pytest.mark.parametrize(("table", "where"), COLUMNS)
def test_whatever_stands_in_a_column_is_told_and_not_stumbled_over(
    owned: Engine, table: str, where: str
) -> None:
    if owned.dialect.name != "sqlite":
        pytest.skip("PostgreSQL holds each column to its type")
    for column in COLUMNS[table, where].split():
        for value in (b"\x00\xff", 8, 1.5, "", "\ud7ff\x00"):
            with undone(owned) as connection:
                run(connection, "PRAGMA ignore_check_constraints = 1")
                run(connection, f"UPDATE {table} SET {column} = :v WHERE {where}", v=value)
                found = verify_within(connection)
            assert found.count >= 1, (column, value)
            assert all(one.text().isprintable() for one in found.findings)


def test_many_rows_that_do_not_fit_are_counted_and_a_hundred_kept(owned: Engine) -> None:
    with undone(owned) as connection:
        run(connection, "UPDATE code_events SET actor = 'x' WHERE seq > 100")
        # further down than what is kept: the first ones stay as they are
        run(connection, "UPDATE codes SET scheme = 2 WHERE event_seq > 400")
        found = verify_within(connection)
    assert found.count >= TAIL - 100
    assert len(found.findings) == 100
    assert [one.row for one in found.findings] == [f"seq {seq}" for seq in range(101, 201)]
    assert {one.kind for one in found.findings} == {"edited"}


# --- what only somebody outside can find ---


def test_a_log_that_was_cut_off_clean_is_found_by_a_witness_only(
    owned: Engine, tmp_path: Path
) -> None:
    witness = held(tmp_path, newest_head(owned))
    with undone(owned) as connection:
        cut_off(connection, EVENTS)
        alone = verify_within(connection)
        found = verify_within(connection, witnesses=[witness])
    assert alone.count == 0
    assert [one.kind for one in found.findings] == ["rolled back"]
    assert (
        "616 events: expected a log that continues it, found a log of 613"
        in found.findings[0].text()
    )


def test_a_store_put_back_to_an_old_copy_is_found_by_a_witness_and_not_signed(
    file_shelf: Shelf, ledger_keys: Keys, tmp_path: Path
) -> None:
    newer = open_store(file_shelf.copy("whole"))
    note = newest_head(newer)
    newer.dispose()
    address = file_shelf.copy("before the tail")
    assert audited(address).count == 0
    assert audited(address, witnesses=[held(tmp_path, note)]).findings[0].kind == "rolled back"
    engine = open_store(address)
    issue(engine, requests("b3", range(9)), batch="b3", actor="test")
    with pytest.raises(RunError, match="does not continue the signed head of 616"):
        heads.sign(engine, ledger_keys.second, held=[checkpoint.parse(note)])
    assert checkpoint.parse(newest_head(engine)).size == EVENTS
    engine.dispose()


def test_two_copies_that_went_different_ways_are_found_by_each_others_witness(
    shelf: Shelf, ledger_keys: Keys, tmp_path: Path
) -> None:
    notes = []
    addresses = [shelf.copy("whole"), shelf.copy("whole")]
    for number, address in enumerate(addresses):
        engine = open_store(address)
        code = list(lifecycle_codes(engine))[number]
        lifecycle.revoke(engine, code, actor="test", reason="one way")
        notes.append(heads.sign(engine, ledger_keys.second).note)
        engine.dispose()
    for address, own, other in zip(addresses, notes, reversed(notes), strict=True):
        assert audited(address).count == 0
        assert audited(address, witnesses=[held(tmp_path, own)]).count == 0
        found = audited(address, witnesses=[held(tmp_path, other)])
        assert [one.kind for one in found.findings] == ["forked"]


def lifecycle_codes(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        asked = "SELECT code FROM codes WHERE event_seq BETWEEN 400 AND 402 ORDER BY event_seq"
        return list(connection.execute(sa.text(asked)).scalars())


def test_a_log_written_anew_and_signed_anew_is_found_by_a_witness_only(
    owned: Engine, ledger_keys: Keys, tmp_path: Path
) -> None:
    witness = held(tmp_path, newest_head(owned))
    with undone(owned) as connection:
        change("legacy_id", "L-other", 600)(connection)
        run(connection, "UPDATE codes SET legacy_id = 'L-other' WHERE event_seq = 600")
        reseal(connection)
        for size in (613, 616):
            sign_again(connection, size, ledger_keys.second)
        alone = verify_within(connection, keys=[ledger_keys.first.public])
        found = verify_within(connection, witnesses=[witness])
    assert alone.count == 0
    assert [one.kind for one in found.findings] == ["forked"]


def test_keys_that_were_swapped_in_the_whole_log_are_found_by_published_ones(
    owned: Engine, ledger_keys: Keys, tmp_path: Path
) -> None:
    witness = held(tmp_path, newest_head(owned))
    mine, next_one = ledger_keys.stranger, make_keys(tmp_path).stranger
    with undone(owned) as connection:
        for seq, key, how in (
            (1, mine, "first"),
            (309, next_one, "rotation"),
            (310, mine, "rotation"),
        ):
            change("payload", keyring.payload(key.public, how, "so it was"), seq)(connection)
        reseal(connection)
        run(connection, "DELETE FROM signed_heads")
        for size, key in ((309, mine), (616, next_one)):
            values = {"s": size, "k": key.public.key_id.hex(), "at": "2026-11-28T00:00:00Z"}
            run(connection, "INSERT INTO signed_heads VALUES (:s, :k, '', :at)", **values)
            sign_again(connection, size, key)
        alone = verify_within(connection)
        by_key = [
            verify_within(connection, keys=[key.public])
            for key in (ledger_keys.first, ledger_keys.second)
        ]
        by_witness = verify_within(connection, witnesses=[witness])
    # a log of its own, and nobody who was told another key can be deceived by it
    assert alone.count == 0
    for found in by_key:
        assert [one.kind for one in found.findings] == ["forged signature"]
        assert "published key" in found.findings[0].text()
    assert [one.kind for one in by_witness.findings] == ["forged signature"]
    assert "signed by no key of this log" in by_witness.findings[0].text()


def test_one_key_that_was_swapped_is_found_by_the_signatures(
    owned: Engine, ledger_keys: Keys
) -> None:
    with undone(owned) as connection:
        said = keyring.payload(ledger_keys.stranger.public, "rotation", "once a year")
        change("payload", said, 309)(connection)
        reseal(connection)
        found = verify_within(connection)
    # the heads of before do not hold that key; from its leaf on nothing that was signed fits
    assert (found.findings[0].kind, found.findings[0].table) == ("edited", "signed_heads")
    assert "size 309" in found.findings[0].text()
    assert "forged signature" in {one.kind for one in found.findings}


def test_a_forged_head_is_no_witness(owned: Engine, ledger_keys: Keys, tmp_path: Path) -> None:
    good = checkpoint.parse(newest_head(owned))

    def judged(note: checkpoint.Checkpoint) -> tuple[str, str]:
        with undone(owned) as connection:
            (one,) = verify_within(connection, witnesses=[held(tmp_path, note.note())]).findings
        return one.kind, one.text()

    forged = replace(good, root=bytes(32), signatures=()).signed(ledger_keys.stranger)
    spoilt = replace(good, root=bytes(32))
    other_log = replace(good, origin="other.example/log", signatures=()).signed(ledger_keys.second)
    for note in (forged, spoilt, other_log):
        assert judged(note)[0] == "forged signature"
    # one that says it is of a longer log may be a lie, or a log that was put back: a person looks
    longer = replace(good, size=5000, signatures=()).signed(ledger_keys.stranger)
    kind, text = judged(longer)
    assert kind == "rolled back"
    assert "signed by no key of this log" in text
    (tmp_path / "held.txt").write_text("not a note")
    for name, words in (("held.txt", "not a signed head"), ("none.txt", "cannot be read")):
        with undone(owned) as connection, pytest.raises(InputError, match=words):
            verify_within(connection, witnesses=[tmp_path / name])


def test_a_tree_head_between_two_that_is_gone_changes_nothing(owned: Engine) -> None:
    # it can be worked out from the events: what is proved is proved by the others
    with undone(owned) as connection:
        run(connection, "DELETE FROM tree_heads WHERE size = 305")
        assert verify_within(connection).count == 0


def test_what_does_not_fit_is_not_signed(file_shelf: Shelf, ledger_keys: Keys) -> None:
    def rewrite(connection: Connection) -> None:
        change("degree_id", "D-other")(connection)
        reseal(connection)

    def cut(connection: Connection) -> None:
        cut_off(connection, EVENTS, signed=False)

    def spoil_node(connection: Connection) -> None:
        # with nothing signed, only the root tells
        run(connection, "UPDATE log_nodes SET hash = :h WHERE position = 1", h="0" * 64)
        run(connection, "DELETE FROM signed_heads")

    def spoil_root(connection: Connection) -> None:
        run(connection, "UPDATE tree_heads SET root = :h WHERE size = 616", h="0" * 64)
        run(connection, "DELETE FROM signed_heads")

    for tamper, words in (
        (rewrite, "does not continue"),
        (cut, "does not continue"),
        (spoil_node, "do not give the root"),
        (spoil_root, "do not give the root"),
    ):
        address = file_shelf.copy("whole")
        with tampering(address) as connection:
            tamper(connection)
            before = run(connection, "SELECT count(*) FROM signed_heads").scalar_one()
        engine = open_store(address)
        with pytest.raises(RunError, match=words):
            heads.sign(engine, ledger_keys.second)
        with reading(engine) as connection:
            after = run(connection, "SELECT count(*) FROM signed_heads").scalar_one()
        assert after == before
        engine.dispose()
