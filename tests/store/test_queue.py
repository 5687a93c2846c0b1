"""The queue: nobody gets what another has, no university sees another's, and a list is whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from desk_store import (
    APPROVER,
    AUDITOR,
    CLERK,
    MINE,
    MINISTRY,
    OF_ALL,
    OTHER_CLERK,
    STRANGER,
    THEIRS,
    case,
    change,
    fill,
    in_queue,
)
from sqlalchemy import Engine, text

from migrate.errors import InputError
from migrate.review.roles import Viewer
from migrate.review.status import status
from migrate.store import case_list, case_words, desk_cases, queue
from migrate.store.case_list import list_cases
from migrate.store.case_rows import Wanted
from migrate.store.cases import save_cases
from migrate.store.engine import reading
from migrate.store.late_cases import late_cases
from migrate.store.queue import Place
from migrate.store.review_status import counts


def listed(engine: Engine, viewer: Viewer, **wanted: Any) -> list[str]:
    return [one.case_id for one in list_cases(engine, viewer, Wanted(**wanted)).entries]


def test_two_clerks_never_get_the_same_case(engine: Engine) -> None:
    own, _ = fill(engine, 30, 5)
    clerks = [Viewer(f"clerk.{n}", "clerk", MINE) for n in range(4)]

    def work(clerk: Viewer) -> list[str]:
        got, after = [], None
        # as they skip: what was left stays taken here, so that none comes twice
        while len(got) < 8 and (found := queue.take_next(engine, clerk, after=after)):
            got.append(found)
            after = found
        return got

    with ThreadPoolExecutor(4) as pool:
        taken = [one for got in pool.map(work, clerks) for one in got]
    assert len(taken) == len(set(taken)) == 30
    assert set(taken) == {one.case_id for one in own}


def test_the_queue_goes_on_where_one_is_and_begins_again_at_its_end(engine: Engine) -> None:
    own, _ = fill(engine, 3, 1)
    first, second, third = in_queue(engine, own)
    assert queue.take_next(engine, CLERK) == first
    # the page loaded again, or the clerk came back
    assert queue.take_next(engine, CLERK) == first
    assert queue.take_next(engine, OTHER_CLERK) == second
    assert queue.release(engine, CLERK, first)
    assert queue.take_next(engine, CLERK, after=first) == third
    assert queue.release(engine, CLERK, third)
    assert queue.take_next(engine, CLERK, after=third) == first
    assert queue.release(engine, OTHER_CLERK, second)
    # alone with one case, it comes back
    change(engine, "UPDATE case_work SET state = 'decided' WHERE case_id <> :id", id=first)
    queue.release(engine, CLERK, first)
    assert queue.take_next(engine, CLERK, after=first) is None
    assert queue.take_next(engine, CLERK) == first


def test_the_most_urgent_comes_first(engine: Engine) -> None:
    own, _ = fill(engine, 4, 2)
    last = in_queue(engine, own)[-1]
    change(engine, "UPDATE case_work SET due_on = '2020-01-01' WHERE case_id = :id", id=last)
    assert queue.take_next(engine, CLERK) == last
    assert listed(engine, CLERK)[0] == last
    assert listed(engine, CLERK, overdue=True) == [last]


def test_a_lease_ends_by_itself_and_is_renewed_by_its_holder_only(engine: Engine) -> None:
    own, _ = fill(engine, 1, 1)
    name = own[0].case_id
    assert queue.take(engine, CLERK, name)
    assert not queue.take(engine, OTHER_CLERK, name)
    assert queue.take_next(engine, OTHER_CLERK) is None
    assert not queue.release(engine, OTHER_CLERK, name)
    change(engine, "UPDATE case_work SET leased_until = leased_until - :n", n=queue.LEASE - 30)
    assert queue.take(engine, CLERK, name)
    change(engine, "UPDATE case_work SET leased_until = leased_until - :n", n=queue.LEASE)
    assert queue.take(engine, OTHER_CLERK, name)
    assert not queue.take(engine, CLERK, name)


def test_only_open_cases_are_taken_and_only_by_who_decides(engine: Engine) -> None:
    own, _ = fill(engine, 2, 1)
    change(engine, "UPDATE case_work SET state = 'awaiting' WHERE case_id = :id", id=own[0].case_id)
    assert not queue.take(engine, CLERK, own[0].case_id)
    assert queue.take_next(engine, APPROVER) == own[1].case_id
    for viewer in OF_ALL:
        with pytest.raises(InputError, match="may not do this"):
            queue.take(engine, viewer, own[1].case_id)
        with pytest.raises(InputError, match="may not do this"):
            queue.take_next(engine, viewer)


def test_another_university_can_neither_see_nor_take_nor_leave_a_case(engine: Engine) -> None:
    own, theirs = fill(engine, 3, 2)
    names = {one.case_id for one in own}
    assert queue.take(engine, CLERK, own[0].case_id)
    for one in own:
        assert not queue.take(engine, STRANGER, one.case_id)
        assert not queue.release(engine, STRANGER, one.case_id)
        # as a place to go on from it is nothing either
        found = queue.take_next(engine, STRANGER, after=one.case_id)
        assert found in {None, *(other.case_id for other in theirs)}
        # neither the case's own name, nor its record's, nor its holder's, nor a university's
        for wanted in (
            {"search": one.case_id},
            {"search": one.legacy_id},
            {"search": "محمد"},
            {"search": "%"},
            {"search": "' OR 1=1 --"},
            {"university": MINE},
            {"university": "%"},
            {"outcome": "mismatch"},
            {"state": "open"},
            {"batch": "b1"},
            {"field": "father_name"},
        ):
            assert not names & set(listed(engine, STRANGER, **wanted)), wanted
    assert listed(engine, STRANGER, university=MINE) == []
    assert {row.university for row in queue.progress(engine, STRANGER)} == {THEIRS}
    assert queue.progress(engine, STRANGER, university=MINE) == []
    # a lease that its holder did not leave stands
    assert not queue.take(engine, OTHER_CLERK, own[0].case_id)


def test_a_user_of_the_same_name_elsewhere_leaves_no_lease(engine: Engine) -> None:
    own, _ = fill(engine, 1, 1)
    assert queue.take(engine, CLERK, own[0].case_id)
    twin = Viewer(CLERK.user_id, "clerk", THEIRS)
    assert not queue.release(engine, twin, own[0].case_id)


def test_the_ministry_and_auditors_see_all(engine: Engine) -> None:
    own, theirs = fill(engine, 3, 2)
    for viewer in OF_ALL:
        assert set(listed(engine, viewer)) == {one.case_id for one in (*own, *theirs)}
        assert set(listed(engine, viewer, university=THEIRS)) == {one.case_id for one in theirs}
        counts = {row.university: row.count for row in queue.progress(engine, viewer)}
        assert counts == {MINE: 3, THEIRS: 2}
        only = queue.progress(engine, viewer, university=MINE)
        assert [row.university for row in only] == [MINE]


def test_names_are_found_in_any_spelling(engine: Engine) -> None:
    own, _ = fill(engine, 8, 2)
    by_name = {one.legacy_id: one.case_id for one in own}
    for typed in ("یوسفی", "يوسفي", " علی  يوسفى ", "يوسفی علي"):
        assert set(listed(engine, CLERK, search=typed)) == {by_name["L2"], by_name["L6"]}, typed
    for typed in ("محمدرضا", "محمد‌رضا", "كریمي"):
        assert set(listed(engine, CLERK, search=typed)) == {by_name["L4"], by_name["L8"]}, typed
    assert listed(engine, CLERK, search="L٣") == [by_name["L3"]]
    assert listed(engine, CLERK, search=by_name["L5"].lower()) == [by_name["L5"]]
    assert listed(engine, CLERK, search="نیست") == []


def test_filters_are_what_they_say(engine: Engine) -> None:
    save_cases(
        engine,
        [
            case(1, outcome="ambiguous"),
            case(2, outcome="mismatch", batch="b2"),
            case(3, outcome="person_missing"),
        ],
    )
    names = {n: case(n).case_id for n in (1, 2, 3)}
    assert listed(engine, CLERK, outcome="ambiguous") == [names[1]]
    assert listed(engine, CLERK, batch="b2") == [names[2]]
    assert set(listed(engine, CLERK, field="father_name")) == {names[1], names[3]}
    assert listed(engine, CLERK, field="father_name", outcome="person_missing") == [names[3]]
    assert listed(engine, CLERK, state="decided") == []
    assert queue.batches(engine, CLERK) == ["b1", "b2"]
    assert queue.batches(engine, MINISTRY) == ["b1", "b2"]
    assert queue.batches(engine, STRANGER) == []
    assert queue.take_next(engine, CLERK, outcome="person_missing") == names[3]
    assert queue.take_next(engine, OTHER_CLERK, batch="b2") == names[2]


@pytest.mark.parametrize("wanted", [{}, {"state": "open"}, {"search": "کریمی"}])
def test_pages_hold_each_case_once_and_all_of_them(engine: Engine, wanted: dict[str, str]) -> None:
    own, _ = fill(engine, 23, 3)
    whole = [one.case_id for one in own if not wanted.get("search") or one.row % 4 == 0]
    got: list[str] = []
    after: Place | None = None
    while True:
        page = list_cases(engine, CLERK, Wanted(**wanted), after=after, limit=2)
        got += [one.case_id for one in page.entries]
        after = page.next
        if after is None:
            break
        assert len(page.entries) == 2
    assert got == sorted(whole)


@pytest.mark.parametrize("wanted", [{"field": "birth_date"}, {"search": "کریمی"}])
def test_what_is_read_case_by_case_is_no_more_than_may_be_and_goes_on_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, str]
) -> None:
    own, _ = fill(engine, 12, 0)
    monkeypatch.setattr(case_list, "_CHUNK", 2)
    monkeypatch.setattr(case_list, "MOST_READ", 4)
    # of a name that too many have
    monkeypatch.setattr(case_words, "MOST_FOUND", 2)
    got, after = [], None
    for _ in range(4):
        page = list_cases(engine, CLERK, Wanted(**wanted), after=after)
        got += [one.case_id for one in page.entries]
        after = page.next
        assert page.cut == (after is not None)
    assert after is None
    every = 4 if "search" in wanted else 2
    assert got == sorted(one.case_id for one in own if one.row % every == 0)


SEARCHES = (
    *("کریمی", "رضا", "رضا محمد", "رضامحمد", "کر", "م", "کریمی محمد رضا", "کریمی محمدرضا", "رضاکریمی"),
    *("حسین زاده", "حسینزاده", "زاده", "زاده زهرا", "حسین زا", "زهرا ز", "آحمدی"),
    *("احمدي مریم", "مریم م", "یوسف علی", "سید علی", "یی", "%", "_", "محمد٪", "؟", " "),
    *("کریمی' OR 1=1 --", "ک" * 99, "م م م م م م"),
)  # fmt: skip


@pytest.mark.parametrize("viewer", [CLERK, STRANGER, MINISTRY], ids=lambda one: one.user_id)
def test_the_index_finds_what_reading_every_case_finds(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, viewer: Viewer
) -> None:
    own, theirs = fill(engine, 9, 5)
    seen = [*own, *theirs] if viewer is MINISTRY else own if viewer is CLERK else theirs
    by_index = {one: listed(engine, viewer, search=one) for one in SEARCHES}
    for typed, found in by_index.items():
        wanted = case_words.alternatives(typed)
        words = {one.case_id: case_words.words_of(one.legacy, one.legacy_read) for one in seen}
        assert found == sorted(name for name in words if case_words.fits(words[name], wanted))
    monkeypatch.setattr(case_words, "MOST_FOUND", 0)
    assert by_index == {one: listed(engine, viewer, search=one) for one in SEARCHES}
    assert by_index["رضا محمد"]
    assert by_index["حسین زا"]
    assert by_index["زهرا ز"]
    assert by_index["یی"] == by_index["%"] == by_index["_"] == by_index["؟"] == []


def test_the_ministry_searches_one_university_where_it_asks_for_one(engine: Engine) -> None:
    own, theirs = fill(engine, 4, 4)
    for university, cases in ((MINE, own), (THEIRS, theirs), ("", [*own, *theirs])):
        expected = sorted(one.case_id for one in cases if one.row % 4 == 0)
        assert listed(engine, MINISTRY, search="کریمی", university=university) == expected
    assert listed(engine, MINISTRY, search="کریمی", university="tehran") == []
    # who has one is not asked which
    assert listed(engine, CLERK, search="کریمی", university=THEIRS) == []


def test_a_score_that_is_asked_for_on_many_pages_at_once_is_seen_once(engine: Engine) -> None:
    own, theirs = fill(engine, 1, 1)
    name = own[0].case_id
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: desk_cases.see_score(engine, CLERK, name), range(16)))
    # not one's own case, and none at all
    desk_cases.see_score(engine, CLERK, theirs[0].case_id)
    desk_cases.see_score(engine, CLERK, "C-AAAA-AAAA-AAAA")
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT case_id, user_id FROM score_views"))
        assert [tuple(row) for row in rows] == [(name, CLERK.user_id)]
    for viewer, seen in ((CLERK, True), (OTHER_CLERK, False), (MINISTRY, False)):
        held = desk_cases.open_case(engine, viewer, name)
        assert held is not None
        assert held.score_seen is seen


def test_words_left_behind_show_nothing_of_another_university(engine: Engine) -> None:
    """Were the index wrong, the queue would still not be another's."""
    own, _ = fill(engine, 4, 1)
    change(engine, "UPDATE case_words SET university = :u", u=THEIRS)
    assert not {one.case_id for one in own} & set(listed(engine, STRANGER, search="کریمی"))


def test_a_new_version_is_found_by_its_own_names_in_its_own_university(engine: Engine) -> None:
    save_cases(engine, [case(4), case(8)])
    newer = case(4, THEIRS, version=2, legacy={"first_name": "پروانه"}, legacy_read={})
    assert save_cases(engine, [newer]) == 1
    assert listed(engine, CLERK, search="کریمی") == [case(8).case_id]
    assert listed(engine, MINISTRY, search="محمد") == [case(8).case_id]
    assert listed(engine, STRANGER, search="پروانه") == [newer.case_id]
    # an older one that comes late changes nothing
    save_cases(engine, [case(4, version=1), case(4, version=0)])
    assert listed(engine, STRANGER, search="پروانه") == [newer.case_id]


def test_a_list_of_all_states_is_in_the_order_of_the_queue(engine: Engine) -> None:
    own, theirs = fill(engine, 9, 3)
    names = in_queue(engine, own)
    for name, state in zip(names, ("open", "awaiting", "decided") * 3, strict=True):
        change(engine, "UPDATE case_work SET state = :s WHERE case_id = :c", s=state, c=name)
    assert listed(engine, CLERK) == names
    both = sorted(one.case_id for one in (*own, *theirs))
    for size in (1, 2, 5):
        got: list[str] = []
        after: Place | None = None
        while True:
            page = list_cases(engine, MINISTRY, Wanted(), after=after, limit=size)
            got += [one.case_id for one in page.entries]
            after = page.next
            if after is None:
                break
        assert got == both
    # a case or a record that is named is shown whatever its state
    assert listed(engine, CLERK, search=names[2], state="open", overdue=True) == [names[2]]
    assert listed(engine, CLERK, search="کریمی", state="decided") == sorted(
        one.case_id for one in own if one.row % 4 == 0 and names.index(one.case_id) % 3 == 2
    )


def test_the_desk_counts_as_overdue_what_reports_count(engine: Engine) -> None:
    own, _ = fill(engine, 8, 2)
    for one, state in zip(own, ("open", "awaiting", "decided", "open") * 2, strict=True):
        change(
            engine,
            "UPDATE case_work SET state = :s, due_on = :d WHERE case_id = :c",
            s=state, c=one.case_id, d="2020-01-01" if one.row <= 6 else "2999-01-01",
        )  # fmt: skip
    late = {one.case_id for one in own if one.row in (1, 2, 4, 5, 6)}
    assert set(listed(engine, CLERK, overdue=True)) == late
    rows = queue.progress(engine, CLERK)
    assert {row.state: row.overdue for row in rows} == {"open": 3, "awaiting": 2, "decided": 0}
    told = status(counts(engine, university=MINE)).total
    assert told.overdue + told.escalated == sum(row.overdue for row in rows) == len(late)
    assert [(one.overdue + one.escalated) for one in late_cases(engine)] == [len(late)]
    awaits = {one.case_id for one in own if one.row in (2, 6)}
    assert set(listed(engine, CLERK, overdue=True, state="awaiting")) == awaits
    assert listed(engine, CLERK, overdue=True, state="decided") == []


@pytest.mark.parametrize("viewer", [CLERK, MINISTRY], ids=lambda one: one.user_id)
def test_a_search_by_name_goes_by_the_index(engine: Engine, viewer: Viewer) -> None:
    fill(engine, 4, 4)
    with reading(engine) as connection:
        asked = case_words.found(connection, viewer, case_words.alternatives("علی یوسفی"))
        assert asked is not None
        plan = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        if engine.dialect.name == "postgresql":
            # a table of a few rows is read whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        text_of = str(asked.compile(engine, compile_kwargs={"literal_binds": True}))
        # the percent sign of a driver, of which there is none here
        told = "\n".join(str(row) for row in connection.exec_driver_sql(f"{plan} {text_of}"))
    if engine.dialect.name == "postgresql":
        assert told.count("pk_case_words") == told.count("Index Cond: ((university") == 3
        assert "(word >= " in told
        assert "Seq Scan" not in told
    else:
        assert told.count("USING PRIMARY KEY (university=? AND word>? AND word<?)") == 3
        assert "SCAN case_words" not in told


def test_who_is_at_a_case_stands_in_the_list(engine: Engine) -> None:
    own, _ = fill(engine, 2, 0)
    queue.take(engine, CLERK, own[0].case_id)
    held = {one.case_id: one.leased_by for one in list_cases(engine, AUDITOR, Wanted()).entries}
    assert held == {own[0].case_id: "clerk.one", own[1].case_id: None}
    change(engine, "UPDATE case_work SET leased_until = 1 WHERE leased_by IS NOT NULL")
    held = {one.case_id: one.leased_by for one in list_cases(engine, MINISTRY, Wanted()).entries}
    assert set(held.values()) == {None}
