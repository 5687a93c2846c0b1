"""Returned workbooks in the store: all or nothing, once, on both databases, whoever is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

sys.path.insert(0, str(Path(__file__).parent.parent / "review"))

from filled_in import Filled, fill, label, packet, reason, workbook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented_batch import invented_batch

from migrate.errors import InputError, RunError
from migrate.review import words
from migrate.review.answers import verdict_of
from migrate.review.cases import Case
from migrate.review.decisions import Standing
from migrate.review.returned import Returned, Row, read_returned
from migrate.store.cases import save_cases
from migrate.store.decisions import approve, decide
from migrate.store.engine import open_store, reading
from migrate.store.imports import handed, open_cases, packet_secret
from migrate.store.standing import standing
from migrate.store.taking import Taking, look, take_in

BY = "م. حسینی"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case for case in invented_batch().cases() if case.university_id == "shiraz"]


def answers(cases: list[Case]) -> dict[str, Filled]:
    """One case of each outcome answered; the last one left blank."""
    right = {"father_name": "حسین", "birth_date": "۱۳۳۶/۷/۳"}
    return {
        cases[0].case_id: Filled(
            label(cases[0], "correct"), reason("keying_error"), "صفحهٔ ۱۲", right
        ),
        cases[1].case_id: Filled(label(cases[1], "choose", 2), reason("twin")),
        cases[2].case_id: Filled(label(cases[2], "refuse_degree"), reason("not_issued")),
    }


@pytest.fixture
def filled(engine: Engine, cases: list[Case], tmp_path: Path) -> Path:
    path = packet(engine, cases, tmp_path / "cases.xlsx")
    return fill(path, answers(cases), tmp_path / "filled.xlsx")


def rows(engine: Engine, table: str) -> int:
    with reading(engine) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def kinds(taking: Taking) -> list[str]:
    return [fate.kind for fate in taking.fates]


def test_a_file_is_decided_whole_with_who_why_and_where_from(
    engine: Engine, cases: list[Case], filled: Path
) -> None:
    returned = read_returned(filled)
    seen = look(engine, returned)
    assert (seen.state, rows(engine, "decisions")) == ("taken", 0)
    done = take_in(engine, returned, actor=f" {BY} ")
    assert kinds(done) == kinds(seen) == ["awaits", "taken", "taken", "blank"]
    made = standing(engine, cases[0].case_id)
    assert made is not None
    assert (made.decision.verdict, made.decision.degree_id, made.state) == (
        "correct",
        "D1",
        "awaiting",
    )
    assert (made.decision.actor, made.decision.reason) == (BY, "keying_error: صفحهٔ ۱۲")
    assert f'"imported":"{returned.sha256}"' in made.decision.body
    assert '"record":{"father_name":"حسین"}' in made.decision.body
    assert '"registry":{"birth_date":"1336-07-03"}' in made.decision.body
    assert '"via":"workbook"' in made.decision.body
    assert done.decisions[cases[0].case_id] == made.decision.seq
    assert standing(engine, cases[3].case_id) is None


def test_the_same_file_again_and_the_same_answers_again_do_nothing(
    engine: Engine, cases: list[Case], filled: Path, tmp_path: Path
) -> None:
    take_in(engine, read_returned(filled), actor=BY)
    renamed = filled.rename(tmp_path / "پاسخ نهایی.xlsx")
    again = take_in(engine, read_returned(renamed), actor="other")
    assert again.state == "repeated"
    assert again.before is not None
    assert (again.before.actor, again.before.file) == (BY, "filled.xlsx")
    # saved once more it is another file, with the same answers
    other = fill(renamed, {}, tmp_path / "saved.xlsx")
    other = fill(other, {cases[3].case_id: Filled(reason=reason("not_found"))})
    same = take_in(engine, read_returned(other), actor=BY)
    assert (same.state, kinds(same)) == ("nothing", ["same", "same", "same", "undecided"])
    assert (rows(engine, "decisions"), rows(engine, "imports")) == (3, 1)


def test_one_bad_answer_refuses_the_file_unless_asked_otherwise(
    engine: Engine, cases: list[Case], filled: Path
) -> None:
    fill(filled, {cases[1].case_id: Filled(reason="چون دیدم")})
    returned = read_returned(filled)
    done = take_in(engine, returned, actor=BY)
    assert done.state == "refused"
    assert (rows(engine, "decisions"), rows(engine, "imports")) == (0, 0)
    assert look(engine, returned, partial=True).state == "part"
    part = take_in(engine, returned, actor=BY, partial=True)
    assert (part.state, len(part.decisions)) == ("part", 2)
    assert (rows(engine, "decisions"), rows(engine, "imports")) == (2, 1)


def test_a_case_that_was_decided_otherwise_says_by_whom(
    engine: Engine, cases: list[Case], filled: Path
) -> None:
    decide(
        engine, cases[2].case_id, "new_degree", version=1, actor="زهرا", reason="r", degree_id="D4"
    )
    done = take_in(engine, read_returned(filled), actor=BY)
    (refused,) = done.of("refused")
    assert (done.state, refused.kind, refused.details["by"]) == ("refused", "conflict", "زهرا")


def test_a_case_sent_back_is_answered_from_a_new_packet_only(
    engine: Engine, cases: list[Case], filled: Path, tmp_path: Path
) -> None:
    first = take_in(engine, read_returned(filled), actor=BY)
    seq = first.decisions[cases[0].case_id]
    approve(engine, seq, "returned", actor="approver", reason="صفحهٔ دیگر را ببینید")
    old = fill(filled, {cases[0].case_id: Filled(comment="باز هم همین")}, tmp_path / "old.xlsx")
    assert [fate.kind for fate in look(engine, read_returned(old)).of("refused")] == ["reopened"]
    still, out, today = open_cases(engine, "shiraz")
    assert {case.case_id for case in still} == {cases[0].case_id, cases[3].case_id}
    assert out[cases[0].case_id].returned == "صفحهٔ دیگر را ببینید"
    assert out[cases[3].case_id].returned == ""
    assert today >= "2026-01-01"
    new = fill(
        workbook(still, out, tmp_path / "new.xlsx"),
        {cases[0].case_id: Filled("رد", reason("other_person"))},
    )
    done = take_in(engine, read_returned(new), actor=BY)
    assert done.state == "taken"
    now = standing(engine, cases[0].case_id)
    assert now is not None
    assert (now.decision.verdict, now.decision.supersedes) == ("refuse", seq)


def test_a_new_version_makes_the_old_packet_stale_and_is_open_to_a_new_one(
    engine: Engine, cases: list[Case], filled: Path, tmp_path: Path
) -> None:
    take_in(engine, read_returned(filled), actor=BY)
    newer = replace(cases[2], version=2)
    save_cases(engine, [newer])
    old = fill(filled, {}, tmp_path / "old.xlsx")
    assert kinds(look(engine, read_returned(old)))[2] == "stale"
    new = fill(
        workbook([newer], handed(engine, [newer]), tmp_path / "new.xlsx"),
        {newer.case_id: Filled(label(newer, "register_degree"), reason("file_checked"))},
    )
    done = take_in(engine, read_returned(new), actor=BY)
    assert kinds(done) == ["awaits"]


def test_another_universitys_case_is_refused(
    engine: Engine, cases: list[Case], tmp_path: Path
) -> None:
    other = replace(cases[0], case_id="C-AAAA-BBBB-CCCC", university_id="tehran")
    both = [*cases, other]
    path = packet(engine, both, tmp_path / "both.xlsx")
    choice = Filled("رد", reason("other_person"))
    fill(path, {cases[0].case_id: choice, other.case_id: choice})
    returned = read_returned(path)
    with pytest.raises(InputError, match="several universities"):
        take_in(engine, returned, actor=BY)
    done = take_in(engine, returned, actor=BY, university="shiraz")
    assert [fate.kind for fate in done.of("refused")] == ["elsewhere"]
    assert rows(engine, "decisions") == 0
    alone = take_in(engine, returned, actor=BY, university="shiraz", partial=True)
    assert list(alone.decisions) == [cases[0].case_id]


def test_a_workbook_of_another_store_is_refused(
    engine: Engine, filled: Path, cases: list[Case], tmp_path: Path
) -> None:
    elsewhere = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    try:
        assert {*kinds(look(elsewhere, read_returned(filled)))} == {"unknown", "blank"}
        save_cases(elsewhere, cases)
        packet_secret(elsewhere)
        assert {*kinds(look(elsewhere, read_returned(filled)))} == {"forged", "blank"}
    finally:
        elsewhere.dispose()


def test_the_secret_is_made_once_and_the_same_store_gives_the_same_tokens(
    engine: Engine, cases: list[Case]
) -> None:
    save_cases(engine, cases)
    assert packet_secret(engine) == packet_secret(engine)
    first = handed(engine, cases)
    decide(engine, cases[0].case_id, "refuse", version=1, actor="a", reason="r")
    assert handed(engine, cases) == first


TAKE = """
import sys
from migrate.review.returned import read_returned
from migrate.store import taking
from migrate.store.engine import open_store
import os, signal
address, path, kill_at = sys.argv[1:4]
engine = open_store(address)
returned = read_returned(__import__("pathlib").Path(path))
decide, left = taking.decide_within, [int(kill_at)]
def step(*given, **named):
    made = decide(*given, **named)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return made
taking.decide_within = step
if int(kill_at) == 9:
    from sqlalchemy import event
    @event.listens_for(engine, "commit")
    def commit(connection):
        if left[0] < 9:
            os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
sys.stdin.readline()
print(taking.take_in(engine, returned, actor="p").state, flush=True)
"""


def start(address: str, path: Path, kill_at: int = -1) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, address, str(path), str(kill_at)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("kill_at", [1, 3, 9])
def test_a_kill_at_any_point_leaves_nothing(
    engine: Engine, address: str, filled: Path, kill_at: int
) -> None:
    process = start(address, filled, kill_at)
    process.communicate("go\n", timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert (rows(engine, "decisions"), rows(engine, "imports")) == (0, 0)
    assert take_in(engine, read_returned(filled), actor=BY).state == "taken"


def test_two_imports_of_one_file_at_once_are_one(
    engine: Engine, address: str, filled: Path
) -> None:
    both = [start(address, filled) for _ in range(2)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=60)[0].strip() for process in both)
    assert said == ["repeated", "taken"]
    assert (rows(engine, "decisions"), rows(engine, "imports")) == (3, 1)


def test_a_failing_database_leaves_nothing(engine: Engine, filled: Path) -> None:
    def fail(*given: object) -> None:
        if "INSERT INTO imports" in str(given[2]):
            raise OSError("disk full")

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises((OSError, RunError)):
        take_in(engine, read_returned(filled), actor=BY)
    event.remove(engine, "before_cursor_execute", fail)
    assert (rows(engine, "decisions"), rows(engine, "imports")) == (0, 0)


@pytest.fixture(scope="module")
def handed_once(
    cases: list[Case], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Returned]]:
    folder = tmp_path_factory.mktemp("once")
    engine = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    yield engine, read_returned(packet(engine, cases, folder / "cases.xlsx"))
    engine.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_answers_in_any_order_of_rows_give_exactly_these_decisions(
    handed_once: tuple[Engine, Returned], cases: list[Case], data: st.DataObject
) -> None:
    engine, returned = handed_once
    chosen = {}
    for case in data.draw(st.lists(st.sampled_from(cases), unique_by=lambda one: one.case_id)):
        choices = words.decisions(case.outcome, len(case.candidates))
        choice = data.draw(st.sampled_from([one for one in choices if "correct" not in one.id]))
        why = data.draw(
            st.sampled_from([one for one in words.reasons(case.outcome) if one.id != "other"])
        )
        chosen[case.case_id] = (choice, why)
    written = [
        replace(
            row,
            cells=row.cells | {"decision": chosen[name][0].label, "reason": chosen[name][1].label},
        )
        if row.cells["side"] == "سند کاغذی" and (name := row.cells["case_id"]) in chosen
        else row
        for row in returned.rows
    ]
    order = data.draw(st.permutations(written))
    shuffled: tuple[Row, ...] = tuple(replace(row, number=at) for at, row in enumerate(order, 2))
    found = look(engine, replace(returned, rows=shuffled))
    assert not found.of("refused")
    by_id = {case.case_id: case for case in cases}
    assert {
        fate.case_id: (fate.answer.verdict, fate.answer.degree_id, fate.answer.reason)
        for fate in found.fates
        if fate.answer is not None
    } == {
        name: (*verdict_of(choice.id, choice.candidate, by_id[name]), why.id)
        for name, (choice, why) in chosen.items()
    }
    assert len(found.fates) == len(cases)


def test_what_stands_is_what_was_decided(engine: Engine, cases: list[Case], filled: Path) -> None:
    done = take_in(engine, read_returned(filled), actor=BY)
    for case_id, seq in done.decisions.items():
        found = standing(engine, case_id)
        assert isinstance(found, Standing)
        assert found.decision.seq == seq
