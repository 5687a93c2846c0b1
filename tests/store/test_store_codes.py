"""Issuing: one code a degree, whole or not at all, each with its event in the ledger."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from whole_log import whole

from migrate.codes import numbers
from migrate.codes.issuing import IssuedCode, IssueRequest, IssueResult
from migrate.errors import RunError
from migrate.store import codes as module
from migrate.store import issued
from migrate.store.batches import begin
from migrate.store.codes import active_codes, codes_of_batch, disputed, issue, ledger
from migrate.store.engine import open_store
from migrate.store.lifecycle import revoke

ALI = {"national_id": "0012345679", "first_name": "علی", "last_name": "محمدی", "degree": None}


def request_for(number: int, batch: str = "b1", **facts: str | None) -> IssueRequest:
    return IssueRequest(f"D{number:05d}", f"L{number}", batch, ALI | facts)


def give(engine: Engine, numbers_: range, batch: str = "b1") -> IssueResult:
    requests = [request_for(number, batch) for number in numbers_]
    return issue(engine, requests, batch=batch, actor="test")


def test_each_degree_gets_a_well_formed_code_in_the_order_asked(engine: Engine) -> None:
    result = give(engine, range(1200))
    assert [code.degree_id for code in result.issued] == [f"D{n:05d}" for n in range(1200)]
    assert [code.legacy_id for code in result.issued] == [f"L{n}" for n in range(1200)]
    assert len({code.code for code in result.issued}) == 1200
    assert all(numbers.is_well_formed(code.code) for code in result.issued)
    assert {(code.scheme, code.batch) for code in result.issued} == {(1, "b1")}
    assert all(re.fullmatch(r"[-0-9]{10}T[:0-9]{8}Z", code.issued_at) for code in result.issued)
    assert (result.repeated, result.elsewhere) == ((), ())
    assert codes_of_batch(engine, "b1") == list(result.issued)
    assert list(active_codes(engine).values()) == list(result.issued)


def test_issuing_again_gives_the_same_codes_and_no_event(engine: Engine) -> None:
    first = give(engine, range(700))
    again = give(engine, range(700))
    assert again == IssueResult(issued=(), repeated=first.issued, elsewhere=())
    assert len(ledger(engine)) == 700


def test_a_record_gets_no_second_code_when_its_source_is_run_again(engine: Engine) -> None:
    for batch, source in (("b1", "a" * 64), ("b2", "a" * 64), ("b3", "b" * 64)):
        begin(engine, batch, source)
    first = give(engine, range(3))
    # the same paper, taken for another degree by another profile, say
    other = [replace(request_for(1, "b2"), degree_id="D9"), request_for(7, "b2")]
    second = issue(engine, other, batch="b2", actor="test")
    assert [code.legacy_id for code in second.issued] == ["L7"]
    assert second.elsewhere == (first.issued[1],)
    assert "D9" not in active_codes(engine)
    # L1 of another source is another record
    third = issue(engine, [replace(other[0], batch="b3")], batch="b3", actor="test")
    assert [code.degree_id for code in third.issued] == ["D9"]
    # and a code that is no longer active stands in nobody's way
    revoke(engine, first.issued[1].code, actor="test", reason="wrong paper")
    again = replace(request_for(1, "b2"), degree_id="D10")
    assert len(issue(engine, [again], batch="b2", actor="test").issued) == 1


def test_a_degree_keeps_the_code_of_another_batch(engine: Engine) -> None:
    first = give(engine, range(3))
    second = give(engine, range(1, 5), "b2")
    assert second.elsewhere == first.issued[1:]
    assert [code.degree_id for code in second.issued] == ["D00003", "D00004"]
    assert codes_of_batch(engine, "b2") == list(second.issued)
    assert set(active_codes(engine)) == {f"D{n:05d}" for n in range(5)}


def test_no_requests_give_no_codes(engine: Engine) -> None:
    assert issue(engine, [], batch="b1", actor="test") == IssueResult((), (), ())
    assert codes_of_batch(engine, "b1") == []
    assert active_codes(engine) == {}


def test_each_code_has_its_event_and_the_chain_holds(engine: Engine) -> None:
    codes = [*give(engine, range(3)).issued, *give(engine, range(3, 5), "b2").issued]
    events = ledger(engine)
    assert whole(engine) == 5
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    for entry, code in zip(events, codes, strict=True):
        assert entry.event == "issued"
        assert entry.actor == "test"
        assert (entry.code, entry.degree_id, entry.legacy_id, entry.batch, entry.at) == (
            code.code,
            code.degree_id,
            code.legacy_id,
            code.batch,
            code.issued_at,
        )
        facts = '{"degree":null,"first_name":"علی","last_name":"محمدی","national_id":"0012345679"}'
        assert json.loads(entry.payload) == {
            "channel": "archive",
            "document_type": "",
            "facts_sha256": hashlib.sha256(facts.encode()).hexdigest(),
            "scheme": 1,
        }


def test_a_degree_asked_for_twice_in_one_call_gets_one_code_for_the_first(engine: Engine) -> None:
    twin = replace(request_for(1), legacy_id="L9")
    result = issue(engine, [request_for(1), twin], batch="b1", actor="test")
    assert [code.legacy_id for code in result.issued] == ["L1"]
    assert result.repeated == ()


@pytest.mark.parametrize("name", ["national_id", "first_name", "last_name"])
def test_a_degree_id_of_somebody_else_is_refused_and_nothing_is_issued(
    engine: Engine, name: str
) -> None:
    give(engine, range(3))
    other = request_for(1, "b2", **{name: "دیگری"})
    with pytest.raises(RunError) as error:
        issue(engine, [request_for(8, "b2"), other], batch="b2", actor="test")
    line = str(error.value)
    assert "D00001" in line
    assert name in line
    assert "دیگری" in line
    assert str(ALI[name]) in line
    assert "batch b1" in line
    assert set(active_codes(engine)) == {"D00000", "D00001", "D00002"}
    assert len(ledger(engine)) == 3
    assert disputed(engine, {"D00001": other.degree_facts, "D00008": ALI}) == {"D00001": (name,)}


def test_the_same_batch_name_does_not_excuse_other_facts(engine: Engine) -> None:
    give(engine, range(3))
    with pytest.raises(RunError, match="D00002"):
        issue(engine, [request_for(2, first_name="زهرا")], batch="b1", actor="test")


def test_a_fact_that_is_only_missing_does_not_refuse(engine: Engine) -> None:
    first = give(engine, range(1))
    again = request_for(0, "b2", national_id=None, degree="کارشناسی")
    assert issue(engine, [again], batch="b2", actor="test").elsewhere == first.issued
    assert disputed(engine, {"D00000": again.degree_facts}) == {}


def test_two_records_of_one_call_with_other_facts_are_refused(engine: Engine) -> None:
    requests = [request_for(1), replace(request_for(1, first_name="رضا"), legacy_id="L9")]
    with pytest.raises(RunError, match=r"D00001.*record L1"):
        issue(engine, requests, batch="b1", actor="test")
    assert ledger(engine) == []


def test_a_request_of_another_batch_is_a_mistake_of_the_caller(engine: Engine) -> None:
    with pytest.raises(ValueError, match="batch"):
        issue(engine, [request_for(1, "b2")], batch="b1", actor="test")


def test_a_code_that_falls_on_an_old_one_is_drawn_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = give(engine, range(1)).issued[0].code
    one, two = (numbers.new_code(lambda _below, n=n: n) for n in (1, 2))
    draws: Iterator[str] = iter([old, one, one, old, two])
    monkeypatch.setattr(issued, "new_code", lambda: next(draws))
    result = give(engine, range(1, 3))
    assert {code.code for code in result.issued} == {one, two}
    assert whole(engine) == len(ledger(engine))


def test_a_random_source_that_repeats_itself_is_told(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = give(engine, range(1)).issued[0].code
    monkeypatch.setattr(issued, "new_code", lambda: old)
    with pytest.raises(RunError, match="random source is broken"):
        give(engine, range(1, 3))
    assert len(ledger(engine)) == 1


def test_a_writer_that_takes_no_lock_makes_it_look_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeing = module._held
    asked = []

    def blind_at_first(connection: object, degree_ids: list[str]) -> Iterator[object]:
        asked.append(degree_ids)
        return iter(()) if len(asked) == 1 else seeing(connection, degree_ids)  # type: ignore[arg-type]

    first = give(engine, range(2))
    monkeypatch.setattr(module, "_held", blind_at_first)
    again = give(engine, range(3))
    assert again.repeated == first.issued
    assert [code.degree_id for code in again.issued] == ["D00002"]
    assert len(asked) == 2
    assert whole(engine) == len(ledger(engine))


def test_an_error_on_the_way_issues_nothing(engine: Engine) -> None:
    def stop(done: int, _total: int, _what: str) -> None:
        if done == 1000:
            raise KeyboardInterrupt

    requests = [request_for(number) for number in range(1200)]
    with pytest.raises(KeyboardInterrupt):
        issue(engine, requests, batch="b1", actor="test", progress=stop)
    assert active_codes(engine) == {}
    assert ledger(engine) == []


def test_progress_is_told_to_the_end(engine: Engine) -> None:
    told: list[tuple[int, int, str]] = []
    requests = [request_for(number) for number in range(1200)]
    issue(engine, requests, batch="b1", actor="test", progress=lambda *args: told.append(args))
    assert told[-1] == (1200, 1200, "codes")
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})


def test_a_degree_whose_code_was_revoked_gets_no_other_by_itself(engine: Engine) -> None:
    first = give(engine, range(2)).issued
    revoke(engine, first[0].code, actor="test", reason="forged")
    assert codes_of_batch(engine, "b1") == [first[1]]
    again = give(engine, range(2), "b2")
    assert again.issued == ()
    assert again.elsewhere == (first[1],)
    assert [(one.rule, one.request.degree_id) for one in again.refused] == [("revoked", "D00000")]
    assert first[0].code in again.refused[0].words


def test_ten_thousand_codes_take_under_two_seconds_on_sqlite(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    start = time.process_time()
    result = give(engine, range(10_000))
    taken = time.process_time() - start
    engine.dispose()
    assert len(result.issued) == 10_000
    assert taken < 2


def test_codes_come_back_as_text(engine: Engine) -> None:
    code = give(engine, range(1)).issued[0]
    found = active_codes(engine)[code.degree_id]
    assert found == code
    assert isinstance(found, IssuedCode)
    assert isinstance(found.code, str)


def test_a_full_disk_is_told_in_one_line_and_issues_nothing(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    give(engine, range(10))
    engine.dispose()

    def limit(connection: Any, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 5}")

    event.listen(engine, "connect", limit)
    with pytest.raises(RunError, match="full") as error:
        give(engine, range(3000))
    assert "\n" not in str(error.value)
    assert len(active_codes(engine)) == 10
    assert len(ledger(engine)) == 10
    engine.dispose()
