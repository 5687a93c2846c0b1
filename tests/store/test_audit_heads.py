"""Heads are signed by the key whose turn it is, and keys follow each other as the log tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from audited_store import NAME, Keys, make_keys, requests
from sqlalchemy import Engine

from migrate.codes import checkpoint, keys
from migrate.codes.keys import SigningKey
from migrate.errors import InputError, RunError
from migrate.store import heads, ledger, log_keys
from migrate.store.audit import verify
from migrate.store.batches import begin
from migrate.store.codes import issue
from migrate.store.engine import reading

BY = {"actor": "Z. Karimi", "reason": "letter 12"}


@pytest.fixture
def ring(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


def sizes(engine: Engine) -> list[tuple[int, str]]:
    with reading(engine) as connection:
        return [(one.size, one.key_id) for one in heads.signed(connection)]


def id_of(key: SigningKey) -> str:
    return key.public.key_id.hex()


def codes(engine: Engine, count: int) -> None:
    begin(engine, "b1", "1" * 64)
    issue(engine, requests("b1", range(count)), batch="b1", actor="test")


def test_nothing_is_signed_before_the_first_key(engine: Engine, ring: Keys) -> None:
    with pytest.raises(InputError, match="no key yet"):
        heads.sign(engine, ring.first)
    with pytest.raises(InputError, match="no key yet"):
        log_keys.rotate(engine, ring.first, ring.second, **BY)
    with pytest.raises(InputError, match="no key that could be lost"):
        log_keys.declare_loss(engine, ring.first, **BY)
    assert sizes(engine) == []


def test_the_first_key_signs_from_its_own_leaf_on(engine: Engine, ring: Keys) -> None:
    codes(engine, 3)
    signed = log_keys.add_first_key(engine, ring.first, **BY)
    assert (signed.size, signed.key_id) == (4, id_of(ring.first))
    note = checkpoint.parse(signed.note)
    assert note.signed_by(ring.first.public)
    assert (note.origin, note.size, note.at) == (NAME, 4, signed.at)
    with reading(engine) as connection:
        tree = ledger.head(connection)
        event = ledger.events(connection, 4)[0]
    assert tree is not None
    assert note.root == tree.root
    assert (event.event, event.code, event.batch, event.actor) == ("key_added", "", "", "Z. Karimi")
    assert ring.first.public.text() in event.payload
    with pytest.raises(InputError, match="has a key already"):
        log_keys.add_first_key(engine, ring.second, **BY)
    with pytest.raises(InputError, match="who does it and why"):
        log_keys.rotate(engine, ring.first, ring.second, actor=" ", reason="x")
    assert len(sizes(engine)) == 1
    assert verify(engine).count == 0


def test_one_size_is_signed_once(engine: Engine, ring: Keys) -> None:
    first = log_keys.add_first_key(engine, ring.first, **BY)
    assert heads.sign(engine, ring.first) == first
    codes(engine, 2)
    second = heads.sign(engine, ring.first)
    assert second.size == 3
    assert heads.sign(engine, ring.first) == second
    assert sizes(engine) == [(1, id_of(ring.first)), (3, id_of(ring.first))]


def test_a_key_that_takes_over_is_vouched_for_by_the_old_one(engine: Engine, ring: Keys) -> None:
    log_keys.add_first_key(engine, ring.first, **BY)
    codes(engine, 2)
    with pytest.raises(InputError, match="does not sign this log now"):
        heads.sign(engine, ring.second)
    log_keys.rotate(engine, ring.first, ring.second, **BY)
    assert sizes(engine) == [
        (1, id_of(ring.first)),
        (4, id_of(ring.first)),
        (5, id_of(ring.second)),
    ]
    with pytest.raises(InputError, match="does not sign this log now"):
        heads.sign(engine, ring.first)
    with reading(engine) as connection:
        old, new = heads.keys(connection)
    assert (old.added, old.how, old.retired) == (1, "first", 5)
    assert (new.added, new.how, new.retired) == (4, "rotation", None)
    # of every size just one key may sign the head
    for size in range(1, 9):
        assert [old.may_sign(size), new.may_sign(size)] == [size <= 4, size >= 5]
    assert verify(engine).count == 0


def test_a_key_does_not_come_back_and_has_the_logs_name(
    engine: Engine, ring: Keys, tmp_path: Path
) -> None:
    log_keys.add_first_key(engine, ring.first, **BY)
    with pytest.raises(InputError, match="had this key before"):
        log_keys.rotate(engine, ring.first, ring.first, **BY)
    log_keys.rotate(engine, ring.first, ring.second, **BY)
    with pytest.raises(InputError, match="had this key before"):
        log_keys.rotate(engine, ring.second, ring.first, **BY)
    keys.create(tmp_path / "other.pem", "other.example/log")
    other = keys.load(tmp_path / "other.pem")
    for change in (
        lambda: log_keys.rotate(engine, ring.second, other, **BY),
        lambda: log_keys.declare_loss(engine, other, **BY),
    ):
        with pytest.raises(InputError, match=f"--name {NAME}"):
            change()
    assert len(sizes(engine)) == 3


def test_a_lost_key_is_declared_and_nobody_vouches_for_the_next(engine: Engine, ring: Keys) -> None:
    log_keys.add_first_key(engine, ring.first, **BY)
    codes(engine, 2)
    signed = log_keys.declare_loss(engine, ring.second, **BY)
    assert (signed.size, signed.key_id) == (5, id_of(ring.second))
    with reading(engine) as connection:
        old, new = heads.keys(connection)
        told = [event.event for event in ledger.events(connection, 4)]
    assert told == ["key_retired", "key_added"]
    assert (old.retired, new.how, new.added) == (4, "loss", 5)
    assert not any(key.may_sign(4) for key in (old, new))
    with pytest.raises(InputError, match="does not sign this log now"):
        heads.sign(engine, ring.first)
    found = verify(engine)
    assert found.count == 0
    assert "declared lost: nothing in the log vouches for it" in found.warnings[0]
    assert verify(engine, keys=[ring.first.public]).findings[0].kind == "forged signature"
    assert verify(engine, keys=[ring.second.public]).count == 0


def test_what_another_holds_must_be_continued(engine: Engine, ring: Keys) -> None:
    log_keys.add_first_key(engine, ring.first, **BY)
    codes(engine, 4)
    good = checkpoint.parse(heads.sign(engine, ring.first).note)
    issue(engine, requests("b1", range(4, 6)), batch="b1", actor="test")
    forked = checkpoint.head(NAME, 5, bytes(32), "2026-11-28T00:00:00Z").signed(ring.first)
    longer = checkpoint.head(NAME, 9, bytes(32), "2026-11-28T00:00:00Z").signed(ring.first)
    stranger = checkpoint.head(NAME, 5, good.root, "2026-11-28T00:00:00Z").signed(ring.stranger)
    for note, words in (
        (forked, "does not continue the signed head of 5"),
        (longer, "does not continue the signed head of 9"),
        (stranger, "signed by no key of this log"),
    ):
        for act in (
            lambda held: heads.sign(engine, ring.first, held=[held]),
            lambda held: log_keys.rotate(engine, ring.first, ring.second, held=[held], **BY),
        ):
            with pytest.raises(RunError, match=words):
                act(note)
    other = checkpoint.head("other.example", 5, good.root, "2026-11-28T00:00:00Z")
    with pytest.raises(InputError, match="of another log"):
        heads.sign(engine, ring.first, held=[other.signed(ring.first)])
    assert len(sizes(engine)) == 2
    assert heads.sign(engine, ring.first, held=[good]).size == 7


def test_a_failed_rotation_leaves_nothing(
    engine: Engine, ring: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_keys.add_first_key(engine, ring.first, **BY)

    class Broken:
        def sign(self, message: bytes) -> bytes:
            raise OSError("the token was pulled out")

    spoilt = SigningKey(ring.second.public, Broken())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="pulled out"):
        log_keys.rotate(engine, ring.first, spoilt, **BY)
    assert sizes(engine) == [(1, id_of(ring.first))]
    with reading(engine) as connection:
        assert len(heads.keys(connection)) == 1
    assert verify(engine).size == 1
