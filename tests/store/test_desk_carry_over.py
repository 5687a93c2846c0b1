"""A store of before the desk's index: its cases are found as new ones are, and scores stay seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk_store import CLERK, MINE, MINISTRY, STRANGER, THEIRS, case
from old_store import at_revision
from sqlalchemy import Engine, text

from migrate.codes.issuing import canonical_json
from migrate.review.roles import Viewer
from migrate.store.case_list import list_cases
from migrate.store.case_rows import Wanted
from migrate.store.case_words import words_of
from migrate.store.cases import save_cases
from migrate.store.desk_cases import open_case
from migrate.store.engine import open_store, reading, writing

# more than are carried over in one go
COUNT = 2100
OLD = [case(n, MINE if n % 3 else THEIRS) for n in range(1, COUNT + 1)]
# of two versions only the newer one's names are searched by
NEWER = case(8, version=2, legacy={"first_name": "پروانه", "last_name": "نوری"}, legacy_read={})


def old_store(address: str) -> None:
    """A store of revision 0004: cases in the queue, and decisions by who saw the score or not."""
    engine = at_revision(address, "0004")
    cases = [
        {
            name: getattr(one, name)
            for name in ("case_id", "version", "legacy_id", "row", "university")
        }
        | {"digest": one.digest(), "body": one.canonical_json()}
        for one in (*OLD, NEWER)
    ]
    with writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO cases VALUES (:case_id, :version, 'b1', :legacy_id, :row,"
                " 'mismatch', :university, :university, :digest, :body)"
            ),
            cases,
        )
        connection.execute(
            text(
                "INSERT INTO case_work VALUES (:case_id, :version, 'b1', :legacy_id, :row,"
                " :university, 'mismatch', 'open', '2026-01-01', '2026-03-02', '', NULL, NULL)"
            ),
            list({one["case_id"]: one for one in cases}.values()),
        )
        for seq, shown in enumerate((True, False, None), start=1):
            body = {"answer": "refuse"} | ({} if shown is None else {"score_shown": shown})
            connection.execute(
                text(
                    "INSERT INTO decisions VALUES (:seq, :case, 1, 'refuse', NULL, 'clerk.one',"
                    " '2026-01-02T08:00:00Z', 'r', 'd', NULL, 0, :body)"
                ),
                {"seq": seq, "case": OLD[seq - 1].case_id, "body": canonical_json(body)},
            )
    engine.dispose()


@pytest.fixture
def carried(address: str) -> Iterator[Engine]:
    old_store(address)
    engine = open_store(address)
    yield engine
    engine.dispose()


def found(engine: Engine, viewer: Viewer, search: str) -> list[str]:
    entries = list_cases(engine, viewer, Wanted(search=search), limit=COUNT).entries
    return [one.case_id for one in entries]


def test_cases_of_before_are_found_as_new_ones_are(carried: Engine) -> None:
    with reading(carried) as connection:
        held = connection.execute(text("SELECT case_id, university, word FROM case_words"))
        kept = sorted(tuple(row) for row in held)
    newest = {one.case_id: one for one in (*OLD, NEWER)}
    assert kept == sorted(
        (name, one.university, word)
        for name, one in newest.items()
        for word in words_of(one.legacy, one.legacy_read)
    )
    for viewer, of in ((CLERK, [MINE]), (STRANGER, [THEIRS]), (MINISTRY, [MINE, THEIRS])):
        ali = sorted(one.case_id for one in OLD if one.row % 4 == 2 and one.university in of)
        assert found(carried, viewer, "يوسفی علي") == ali
    assert found(carried, CLERK, "نوری پرو") == [NEWER.case_id]
    assert NEWER.case_id not in found(carried, MINISTRY, "محمد رضا")
    # and what comes later is found beside them
    later = case(2202)
    assert save_cases(carried, [*OLD, NEWER, later]) == 1
    assert later.case_id in found(carried, CLERK, "علی")


def test_who_decided_with_the_score_in_sight_has_seen_it(carried: Engine) -> None:
    for one, seen in zip(OLD[:4], (True, False, False, False), strict=True):
        for user in ("clerk.one", "clerk.two"):
            held = open_case(carried, Viewer(user, "clerk", one.university), one.case_id)
            assert held is not None
            assert held.score_seen is (seen and user == "clerk.one")
    with reading(carried) as connection:
        at = connection.execute(text("SELECT at FROM score_views")).scalars().all()
    assert at == ["2026-01-02T08:00:00Z"]


def test_an_empty_store_is_brought_forward(address: str) -> None:
    at_revision(address, "0004").dispose()
    engine = open_store(address)
    save_cases(engine, [case(2)])
    assert found(engine, CLERK, "علی") == [case(2).case_id]
    engine.dispose()
