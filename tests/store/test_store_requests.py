"""Requests in the store: each received once, refused by rule where it must be, none lost."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select, text

from migrate.codes.requests import Request, Scan, request_of
from migrate.codes.tracking import normalise_tracking_no
from migrate.errors import RunError
from migrate.store import requests as module
from migrate.store.engine import open_store, reading, writing
from migrate.store.public_tables import RequestEventRow, RequestRow
from migrate.store.request_status import listed, status
from migrate.store.requests import pending, submit, submit_all

RECORD = {"first_name": "مریم", "last_name": "کاظمی", "university": "دانشگاه تهران"}


def asked(number: int = 1, channel: str = "graduate", applied_on: str = "") -> Request:
    return request_of({**RECORD, "diploma_no": f"{number}"}, channel=channel, applied_on=applied_on)


def events(engine: Engine) -> list[tuple[str, int, str]]:
    with reading(engine) as connection:
        columns = (RequestEventRow.tracking_no, RequestEventRow.n, RequestEventRow.state)
        return [tuple(row) for row in connection.execute(select(*columns))]


def test_a_request_is_received_and_waits(engine: Engine) -> None:
    scan = Scan("ab" * 32, "scans/1.jpg")
    request = request_of(RECORD, channel="graduate", applied_on="1405-01-01", scans=[scan])
    receipt = submit(engine, request)
    assert normalise_tracking_no(receipt.tracking_no) == receipt.tracking_no
    assert (receipt.state, receipt.rule, receipt.instead) == ("received", "graduate-always", None)
    assert not receipt.repeated
    (waiting,) = pending(engine)
    assert waiting.tracking_no == receipt.tracking_no
    assert (waiting.channel, waiting.applied_on) == ("graduate", "1405-01-01")
    assert waiting.record == RECORD
    with reading(engine) as connection:
        row = connection.execute(select(*RequestRow.__table__.columns)).one()
    assert (row.digest, row.body) == (request.digest(), request.body())
    assert json.loads(row.scans) == [{"path": scan.path, "sha256": scan.sha256}]


def test_the_same_request_again_gets_the_number_it_has(engine: Engine) -> None:
    first = submit_all(engine, [asked(1), asked(2), asked(1)])
    assert first[0].tracking_no == first[2].tracking_no != first[1].tracking_no
    assert [one.repeated for one in first] == [False, False, True]
    again = submit_all(engine, [asked(2), asked(1), asked(3)])
    assert [one.tracking_no for one in again[:2]] == [first[1].tracking_no, first[0].tracking_no]
    assert [one.repeated for one in again] == [True, True, False]
    assert len(pending(engine)) == 3
    assert len(events(engine)) == 3


@pytest.mark.parametrize(
    ("channel", "applied_on", "rule"),
    [
        ("letter", "1402-05-01", "letter-no-more"),
        # a letter of Tir is not answered any more either
        ("letter", "1402-04-31", "letter-no-more"),
        ("letter", "", "letter-no-more"),
        ("university", "1402-05-01", "university-no-more"),
        ("graduate", "1449-12-29", "not-before-its-date"),
    ],
)
def test_what_the_policy_does_not_allow_is_kept_as_refused(
    engine: Engine, channel: str, applied_on: str, rule: str
) -> None:
    receipt = submit(engine, asked(1, channel, applied_on))
    assert (receipt.state, receipt.rule) == ("refused", rule)
    assert receipt.instead is not None
    assert pending(engine) == []
    number = receipt.tracking_no
    assert sorted(events(engine)) == [(number, 1, "received"), (number, 2, "refused")]
    again = submit(engine, asked(1, channel, applied_on))
    assert (again.tracking_no, again.state, again.rule) == (number, "refused", rule)
    assert again.repeated
    told = status(engine, number)
    assert told is not None
    assert (told.state, told.rule, told.instead) == ("refused", rule, receipt.instead)
    assert receipt.words.fa in told.words.fa
    assert receipt.words.en in told.words.en
    assert [one.rule for one in listed(engine, "refused")] == [rule]
    # the graduate can still apply, as another request
    if channel != "graduate":
        assert submit(engine, asked(1)).state == "received"


def test_a_university_s_request_of_tir_1402_is_still_received(engine: Engine) -> None:
    receipt = submit(engine, asked(1, "university", "1402-04-31"))
    assert (receipt.state, receipt.rule) == ("received", "university-in-time")


def test_a_request_without_a_date_is_of_the_day_of_receipt_for_ever(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at, day in (("2026-11-28T20:29:59Z", "1405-09-07"), ("2026-11-29T20:30:00Z", "1405-09-09")):
        monkeypatch.setattr(module, "now", lambda _, at=at: at)
        receipt = submit(engine, asked(1))
        assert receipt.repeated == (day != "1405-09-07")
    assert [one.applied_on for one in pending(engine)] == ["1405-09-07"]


def test_all_are_received_or_none(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = module.event
    calls = []

    def fail(*arguments: object, **options: object) -> dict[str, object]:
        calls.append(arguments)
        if len(calls) == 700:
            raise KeyboardInterrupt
        return made(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "event", fail)
    with pytest.raises(KeyboardInterrupt):
        submit_all(engine, [asked(n) for n in range(1, 1001)])
    assert pending(engine) == []
    assert events(engine) == []
    monkeypatch.undo()
    receipts = submit_all(engine, [asked(n) for n in range(1, 1001)])
    assert len({one.tracking_no for one in receipts}) == 1000
    assert [one.tracking_no for one in pending(engine)] == sorted(
        one.tracking_no for one in receipts
    )


def test_a_number_is_never_given_twice(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    first = submit(engine, asked(1)).tracking_no
    other = "2" * 15 + "2"
    drawn = iter([first, other, other, first])
    monkeypatch.setattr(module, "new_tracking_no", lambda: next(drawn))
    assert submit(engine, asked(2)).tracking_no == other
    monkeypatch.setattr(module, "new_tracking_no", lambda: first)
    with pytest.raises(RunError, match="random source is broken"):
        submit(engine, asked(3))
    assert len(pending(engine)) == 2


def test_many_who_send_the_same_at_once_get_one_number(engine: Engine, address: str) -> None:
    def send(_: int) -> list[str]:
        own = open_store(address)
        try:
            return [one.tracking_no for one in submit_all(own, [asked(n) for n in range(1, 40)])]
        finally:
            own.dispose()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert all(one == answers[0] for one in answers)
    assert len(pending(engine)) == 39


@pytest.mark.parametrize("table", ["requests", "request_events"])
def test_what_was_received_is_never_changed_or_deleted(engine: Engine, table: str) -> None:
    submit(engine, asked(1))
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET tracking_no = 'x'"):
        with pytest.raises(RunError), writing(engine) as connection:
            connection.execute(text(statement))
    assert len(pending(engine)) == 1
