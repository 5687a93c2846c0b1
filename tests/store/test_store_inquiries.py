"""The log of look-ups counts for the holder what others asked, and forgets in time."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert, select

from migrate.codes.inquiry import code_digest
from migrate.store.engine import reading
from migrate.store.inquiries import Count, Entry, count, log, purge
from migrate.store.public_tables import InquiryRow

MINE, OTHER = code_digest("1" * 20), code_digest("2" * 20)


def counted(engine: Engine, digest: str = MINE) -> Count:
    with reading(engine) as connection:
        return count(connection, digest)


def put(engine: Engine, *days: str, kind: str = "inquiry") -> None:
    rows = [
        {"at": f"{day}T23:59:59Z", "code_digest": MINE, "kind": kind, "answer": "valid"}
        for day in days
    ]
    with engine.begin() as connection:
        connection.execute(insert(InquiryRow), rows)


def test_a_look_up_is_written_with_its_time_and_nothing_of_who_asked(engine: Engine) -> None:
    log(engine, [Entry(MINE, "inquiry", "valid"), Entry(MINE, "bulk", "valid", "v-1")])
    with engine.connect() as connection:
        rows = connection.execute(select(InquiryRow.__table__).order_by(InquiryRow.seq)).all()
    assert [(row.code_digest, row.kind, row.answer, row.verifier_id) for row in rows] == [
        (MINE, "inquiry", "valid", None),
        (MINE, "bulk", "valid", "v-1"),
    ]
    assert all(row.at.endswith("Z") and len(row.at) == 20 for row in rows)
    assert set(rows[0]._mapping) == {"seq", "at", "code_digest", "kind", "answer", "verifier_id"}


def test_a_code_is_counted_by_solar_month_newest_first(engine: Engine) -> None:
    # Nowruz of 1405 was 21 March 2026
    put(engine, "2026-03-20", "2026-03-21", "2026-04-20", "2026-04-21")
    assert counted(engine) == Count(4, (("1405-02", 1), ("1405-01", 2), ("1404-12", 1)))
    assert counted(engine, OTHER) == Count(0, ())


def test_the_holder_s_own_view_is_not_counted(engine: Engine) -> None:
    log(engine, [Entry(MINE, kind, "valid") for kind in ("inquiry", "match", "bulk", "holder")])
    assert counted(engine).total == 3


def test_a_kind_that_is_none_is_refused_and_nothing_is_written(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no kind"):
        log(engine, [Entry(MINE, "inquiry", "valid"), Entry(MINE, "guess", "valid")])
    assert counted(engine).total == 0


def test_many_are_written_at_once(engine: Engine) -> None:
    log(engine, [Entry(MINE, "bulk", "not_found", "v-1")] * 2_500)
    assert counted(engine).total == 2_500
    log(engine, [])


def test_a_purge_takes_what_is_older_than_its_days(engine: Engine) -> None:
    put(engine, *["2020-01-01"] * 3)
    log(engine, [Entry(MINE, "inquiry", "valid")])
    assert purge(engine, keep_days=30) == 3
    assert purge(engine, keep_days=30) == 0
    assert counted(engine).total == 1
    with pytest.raises(ValueError, match="one day"):
        purge(engine, keep_days=0)
