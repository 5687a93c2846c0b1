"""A verifier's key is told once, kept as a digest, and can be revoked once and for ever."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from migrate.errors import InputError
from migrate.store import verifiers
from migrate.store.engine import reading
from migrate.store.public_tables import VerifierRow


def find(engine: Engine, key: str) -> verifiers.Verifier | None:
    with reading(engine) as connection:
        return verifiers.find(connection, key)


def test_a_key_opens_what_it_was_made_for(engine: Engine) -> None:
    made, key = verifiers.add(engine, "  سفارت  نمونه ", per_minute=120, by="کریمی")
    assert made.name == "سفارت نمونه"
    assert find(engine, key) == made
    for other in ("", key[:-1], key + "x", key.upper(), "migrate-key-", "' OR 1=1 --", "\ud800"):
        assert find(engine, other) is None


def test_the_key_is_nowhere_in_the_store(engine: Engine) -> None:
    _, key = verifiers.add(engine, "A", by="B")
    with engine.connect() as connection:
        row = connection.execute(sa.select(VerifierRow.__table__)).one()
    assert key not in repr(row)
    assert key.removeprefix(verifiers.KEY_PREFIX) not in repr(row)


def test_keys_have_256_random_bits(engine: Engine) -> None:
    keys = {verifiers.add(engine, "A", by="B")[1] for _ in range(5)}
    assert len(keys) == 5
    # 32 bytes in base64 without padding
    assert {len(key.removeprefix("migrate-key-")) for key in keys} == {43}


def test_a_revoked_key_opens_nothing_and_stays_revoked(engine: Engine) -> None:
    made, key = verifiers.add(engine, "A", by="B")
    kept, other = verifiers.add(engine, "C", by="B")
    revoked = verifiers.revoke(engine, made.verifier_id, by="D")
    assert revoked.revoked_by == "D"
    assert revoked.revoked_at
    assert find(engine, key) is None
    assert find(engine, other) == kept
    with pytest.raises(InputError, match="was revoked at"):
        verifiers.revoke(engine, made.verifier_id, by="E")
    assert {one.verifier_id: one.revoked_by for one in verifiers.registered(engine)} == {
        made.verifier_id: "D",
        kept.verifier_id: None,
    }


def test_an_unknown_verifier_is_not_revoked(engine: Engine) -> None:
    with pytest.raises(InputError, match="no such verifier"):
        verifiers.revoke(engine, "v-000000000000", by="D")


@pytest.mark.parametrize(
    ("name", "per_minute", "by"),
    [("", 1, "B"), ("x" * 201, 1, "B"), ("A", 0, "B"), ("A", 100_001, "B"), ("A", 1, " ")],
)
def test_what_makes_no_sense_is_refused(
    engine: Engine, name: str, per_minute: int, by: str
) -> None:
    with pytest.raises(InputError):
        verifiers.add(engine, name, per_minute=per_minute, by=by)
    assert verifiers.registered(engine) == []
