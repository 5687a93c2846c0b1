"""What people decided is kept in order, never goes against a list, and a batch keeps to its own."""

from __future__ import annotations

import pytest
from old_store import at_revision
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from migrate.errors import InputError
from migrate.store import aliases, batches
from migrate.store.base import VERSION_TABLE
from migrate.store.engine import open_store, reading, writing

OLD_NAME = "هنرسرای عالی تهران‌نو"


@pytest.fixture
def sharif() -> str:
    from migrate.persian.institutions import lookup_university

    found = lookup_university("صنعتی شریف")
    assert found is not None
    return found.id


def test_an_alias_stands_until_it_is_retired(engine: Engine, sharif: str) -> None:
    entry = aliases.add(
        engine, "university", OLD_NAME, sharif, decided_by="Zahra", source="letter 12/3"
    )
    assert (entry.seq, entry.target, entry.decided_by) == (1, sharif, "Zahra")
    assert aliases.standing(engine).meanings() == {"university": {entry.key: sharif}}
    aliases.retire(engine, "university", OLD_NAME, decided_by="Ali")
    assert aliases.standing(engine).meanings() == {}
    again = aliases.add(engine, "university", OLD_NAME, sharif, decided_by="Ali")
    assert again.seq == 3
    assert [(one.target, one.decided_by) for one in aliases.log(engine)] == [
        (sharif, "Zahra"),
        (None, "Ali"),
        (sharif, "Ali"),
    ]


def test_spacing_and_letters_make_no_other_alias(engine: Engine, sharif: str) -> None:
    aliases.add(engine, "university", OLD_NAME, sharif, decided_by="Zahra")
    with pytest.raises(InputError, match=f"stands for {sharif} already, as Zahra decided"):
        aliases.add(engine, "university", "هنرسراي عالي تهران نو", sharif, decided_by="Ali")
    aliases.retire(engine, "university", "هنر سراي عالي تهران نو", decided_by="Ali")
    with pytest.raises(InputError, match="no alias stands"):
        aliases.retire(engine, "university", OLD_NAME, decided_by="Ali")


def test_a_target_may_be_given_by_its_name(engine: Engine, sharif: str) -> None:
    entry = aliases.add(engine, "university", OLD_NAME, "دانشگاه صنعتی شریف", decided_by="Z")
    assert entry.target == sharif
    degree = aliases.add(engine, "degree", "دیپلم عالی هنر", "لیسانس", decided_by="Z")
    assert degree.target == "bachelor"


def test_what_cannot_be_an_alias_is_refused(engine: Engine, sharif: str) -> None:
    with pytest.raises(InputError, match=r"no such id or name.*Perhaps"):
        aliases.add(engine, "university", OLD_NAME, "صنعتی شرف", decided_by="Z")
    # آریامهر is Sharif by the list; a person cannot make it another by an alias
    with pytest.raises(InputError, match=f"knows this text already, as {sharif}"):
        aliases.add(engine, "university", "آریامهر", "دانشگاه تهران", decided_by="Z")
    for blank in ("", "  ", "-", "ندارد"):
        with pytest.raises(InputError, match="an alias has a text"):
            aliases.add(engine, "university", blank, sharif, decided_by="Z")
    with pytest.raises(InputError, match="who decided"):
        aliases.add(engine, "university", OLD_NAME, sharif, decided_by=" ")
    assert aliases.log(engine) == []


def test_a_batch_keeps_to_the_aliases_that_it_began_with(engine: Engine, sharif: str) -> None:
    first = aliases.add(engine, "university", OLD_NAME, sharif, decided_by="Z")
    batches.begin(engine, "one", "a" * 64)
    aliases.add(engine, "field_of_study", "راه و پل", "civil-engineering", decided_by="Z")
    aliases.retire(engine, "university", OLD_NAME, decided_by="Z")
    batches.begin(engine, "two", "b" * 64)
    # begun again, by an auditor say
    batches.begin(engine, "one", "a" * 64)
    of_one = aliases.of_batch(engine, "one")
    assert of_one.as_of == 1
    assert of_one.meanings() == {"university": {first.key: sharif}}
    assert list(aliases.of_batch(engine, "two").meanings()) == ["field_of_study"]
    assert of_one.sha256 != aliases.of_batch(engine, "two").sha256
    assert aliases.of_batch(engine, "never").entries == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE aliases SET target = 'other'",
        "UPDATE aliases SET decided_by = 'x' WHERE seq = 1",
        "DELETE FROM aliases",
        "INSERT INTO aliases SELECT * FROM aliases",
        "INSERT INTO aliases SELECT 2, 'place', key, text, target, decided_by, source, at"
        " FROM aliases",
    ],
)
def test_the_database_refuses_to_change_the_log(
    engine: Engine, sharif: str, statement: str
) -> None:
    aliases.add(engine, "university", OLD_NAME, sharif, decided_by="Z")
    before = aliases.log(engine)
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text(statement))
    assert aliases.log(engine) == before


def test_the_databases_own_ways_round_are_closed(engine: Engine, sharif: str) -> None:
    aliases.add(engine, "university", OLD_NAME, sharif, decided_by="Z")
    before = aliases.log(engine)
    ways = {
        "sqlite": [
            "REPLACE INTO aliases SELECT * FROM aliases",
            "INSERT OR REPLACE INTO aliases SELECT * FROM aliases",
        ],
        "postgresql": [
            "TRUNCATE aliases",
            "SET LOCAL session_replication_role = replica; DELETE FROM aliases",
        ],
    }
    for statement in ways[engine.dialect.name]:
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert aliases.log(engine) == before


def test_a_store_from_before_is_brought_forward_and_keeps_what_it_holds(address: str) -> None:
    fresh = at_revision(address, "0001")
    with writing(fresh) as connection:
        connection.execute(
            text("INSERT INTO batches VALUES ('old', :sha, '2026-01-01T00:00:00Z')"),
            {"sha": "c" * 64},
        )
    fresh.dispose()
    opened = open_store(address)
    try:
        with reading(opened) as connection:
            held = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))
            assert held.scalar_one() == "0005"
        assert batches.begin(opened, "old", "c" * 64) == ()
        assert aliases.of_batch(opened, "old").as_of == 0
        with pytest.raises(DBAPIError), opened.begin() as connection:
            connection.execute(text("UPDATE batches SET aliases_seq = 7"))
    finally:
        opened.dispose()
