"""The desk as a browser without scripts sees it: a day's work, conflicts, and what is kept of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk_room import DeskRoom, desk, furnish_desk
from sqlalchemy import text

from migrate.review.roles import Viewer
from migrate.store import desk_cases
from migrate.store.cases import save_cases
from migrate.store.engine import open_store


@pytest.fixture
def room(address: str, tmp_path: Path) -> DeskRoom:
    return furnish_desk(address, tmp_path)


@pytest.fixture
def browse(room: DeskRoom) -> Iterator[Any]:
    with desk(room) as browser:
        yield browser


def standing(room: DeskRoom, case_id: str) -> Any:
    engine = open_store(room.address)
    try:
        held = desk_cases.open_case(engine, Viewer("x", "auditor", None), case_id)
        assert held is not None
        return held
    finally:
        engine.dispose()


def run(room: DeskRoom, statement: str, **values: object) -> None:
    engine = open_store(room.address)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement), values)
    finally:
        engine.dispose()


def test_a_clerk_decides_skips_and_takes_back(room: DeskRoom, browse: Any) -> None:
    clerk = browse("z.karimi")
    assert "از ۱۲ پرونده" in clerk.text
    queue = sorted(one.case_id for one in room.mine)
    clerk.post("/review/next")
    assert clerk.path == f"/review/case/{queue[0]}"
    clerk.post("/review/next", after=queue[0])
    assert clerk.path == f"/review/case/{queue[1]}"
    name = room.named("mismatch")[0]
    clerk.get(f"/review/case/{name}").decide(
        name, "refuse", "other_person", comment="دفتر  دیده شد"
    )
    assert clerk.status == 200
    assert "ثبت شد" in clerk.text
    held = standing(room, name)
    assert held.state == "decided"
    assert held.standing.decision.reason == "مربوط به شخص دیگری است: دفتر دیده شد"
    assert json.loads(held.standing.decision.body)["score_shown"] is False
    clerk.post(f"/review/case/{name}/undo")
    assert clerk.path.startswith(f"/review/case/{name}?said=undone")
    # what was said is there to be mended
    assert 'value="refuse" required data-key="r" checked' in clerk.text
    assert "دفتر دیده شد</textarea>" in clerk.text
    clerk.decide(name, "refuse", "other_degree")
    assert standing(room, name).standing.decision.reason == "مدرک دیگری از همین شخص است"
    clerk.get(f"/review/case/{name}/history")
    assert clerk.text.count('<li class="card superseded">') == 2
    assert "مربوط به شخص دیگری است: دفتر دیده شد" in clerk.text


def test_each_kind_of_case_is_answered_by_its_own_words(room: DeskRoom, browse: Any) -> None:
    clerk = browse("z.karimi")
    wanted = {
        "ambiguous": ("choose:2", "twin", "choose"),
        "degree_missing": ("register_degree", "never_registered", "new_degree"),
        "person_missing": ("register_person", "never_registered", "new_graduate"),
    }
    for outcome, (answer, reason, verdict) in wanted.items():
        name = room.named(outcome)[0]
        clerk.get(f"/review/case/{name}").decide(name, answer, reason)
        assert clerk.status == 200, clerk.text
        made = standing(room, name).standing.decision
        assert made.verdict == verdict
        assert made.actor == "z.karimi"
    chosen = standing(room, room.named("ambiguous")[0]).standing.decision
    assert chosen.degree_id.endswith("2")


def test_a_right_value_corrects_the_side_that_says_otherwise(room: DeskRoom, browse: Any) -> None:
    clerk, name = browse("z.karimi"), room.named("mismatch")[0]
    clerk.get(f"/review/case/{name}")
    for rights, status in (
        ({}, 422),
        ({"right_birth_date": "نمی‌دانم"}, 422),
        # what stands on both sides is no correction
        ({"right_birth_place": "شیراز"}, 422),
    ):
        clerk.decide(name, "correct", "keying_error", comment="مانده", **rights)
        assert clerk.status == status
        assert "مانده</textarea>" in clerk.text
        for value in rights.values():
            assert f'value="{value}"' in clerk.text
    clerk.decide(name, "confirm", "spelling", right_father_name="حسین")
    assert clerk.status == 422
    clerk.decide(
        name, "correct", "keying_error", right_father_name="حسین", right_birth_date="۳/۷/۱۳۳۶"
    )
    assert clerk.status == 200
    made = standing(room, name)
    assert made.state == "awaiting"
    assert json.loads(made.standing.decision.body)["corrections"] == {
        "record": {"father_name": "حسین"},
        "registry": {"birth_date": "1336-07-03"},
    }


def test_the_score_is_nowhere_until_asked_for_and_that_is_written_down(
    room: DeskRoom, browse: Any
) -> None:
    clerk, name = browse("z.karimi"), room.named("mismatch")[0]
    clerk.get(f"/review/case/{name}")
    assert "۸۳" not in clerk.text
    assert "0.83" not in clerk.text
    clerk.decide(name, "refuse", "", comment="نیمه‌کاره", do="score")
    assert "۸۳٫۰٪" in clerk.text or "۸۳.۰٪" in clerk.text
    # what was typed is still there, and nothing was kept
    assert "نیمه‌کاره</textarea>" in clerk.text
    assert standing(room, name).standing is None
    clerk.decide(name, "refuse", "other_person")
    assert json.loads(standing(room, name).standing.decision.body)["score_shown"] is True


def test_a_score_that_was_seen_stays_seen_by_whoever_saw_it(room: DeskRoom, browse: Any) -> None:
    clerk, other = browse("z.karimi"), browse("r.moradi")
    name, *_, next_one = room.named("mismatch")
    clerk.get(f"/review/case/{name}").decide(name, "", "", do="score")
    assert "۸۳.۰٪" in clerk.text
    # twice is once, away and back is no way round
    clerk.decide(name, "", "", do="score")
    assert clerk.status == 200
    clerk.post(f"/review/case/{name}/release")
    other.get(f"/review/case/{name}")
    assert "۸۳.۰٪" not in other.text
    # who cannot answer sees none, and has seen none
    clerk.get(f"/review/case/{name}").decide(name, "", "", do="score")
    assert "۸۳.۰٪" not in clerk.text
    stranger = browse("a.tehrani")
    stranger.get(f"/review/case/{room.theirs[0].case_id}")
    stranger.post(f"/review/case/{name}", do="score")
    assert stranger.status == 404
    other.decide(name, "refuse", "other_person")
    assert json.loads(standing(room, name).standing.decision.body)["score_shown"] is False
    other.post(f"/review/case/{name}/undo")
    other.post(f"/review/case/{name}/release")
    clerk.get(f"/review/case/{next_one}")
    assert "۸۳.۰٪" not in clerk.text
    clerk.decide(next_one, "refuse", "other_person", score_shown="1")
    assert json.loads(standing(room, next_one).standing.decision.body)["score_shown"] is False
    clerk.get(f"/review/case/{name}")
    assert "۸۳.۰٪" in clerk.text
    clerk.decide(name, "refuse", "other_person", score_shown="")
    assert json.loads(standing(room, name).standing.decision.body)["score_shown"] is True
    engine = open_store(room.address)
    for user, seen in (("z.karimi", True), ("r.moradi", False), ("a.tehrani", False)):
        held = desk_cases.open_case(engine, Viewer(user, "clerk", "shiraz"), name)
        assert held is not None
        assert held.score_seen is seen
    engine.dispose()


def test_an_approver_approves_and_returns_and_the_clerk_sees_why(
    room: DeskRoom, browse: Any
) -> None:
    clerk, approver = browse("z.karimi"), browse("m.hosseini")
    first, second = room.named("degree_missing")
    for name in (first, second):
        clerk.get(f"/review/case/{name}").decide(name, "register_degree", "never_registered")
    approver.get("/review/approvals")
    assert first in approver.text
    assert second in approver.text
    approver.get("/review/approvals/1")
    assert "زهرا کریمی" in approver.text
    approver.post("/review/approvals/1", verdict="approved", reason="")
    assert approver.status == 422
    approver.post("/review/approvals/1", verdict="approved", reason="file_seen", comment="")
    assert approver.path == "/review/approvals/2?said=approved"
    approver.post(
        "/review/approvals/2", verdict="returned", reason="other", comment="دفتر را ببینید"
    )
    assert approver.path == "/review/approvals?said=approved"
    assert standing(room, first).state == "decided"
    assert standing(room, second).state == "open"
    clerk.get(f"/review/case/{second}/history")
    assert "دفتر را ببینید" in clerk.text
    approver.get("/review/approvals/2")
    approver.client.post(
        "/review/approvals/2", data={"csrf": approver.token, "verdict": "approved"}
    )
    assert standing(room, second).state == "open"
    # an own decision waits for somebody else
    approver.get(f"/review/case/{second}").decide(second, "refuse_degree", "not_issued")
    assert standing(room, second).state == "decided"
    approver.get(f"/review/case/{second}/history")
    approver.post(
        f"/review/case/{second}/reopen", supersedes=approver.value("supersedes"), reason="اعتراض"
    )
    assert standing(room, second).state == "open"
    approver.get(f"/review/case/{second}").decide(second, "register_degree", "file_checked")
    seq = standing(room, second).standing.decision.seq
    approver.get(f"/review/approvals/{seq}")
    assert "خود شماست" in approver.text
    approver.post(f"/review/approvals/{seq}", verdict="approved", reason="file_seen")
    assert approver.status == 409
    assert standing(room, second).state == "awaiting"


@pytest.mark.parametrize("what", ["lease", "decided", "version"])
def test_what_happened_meanwhile_is_told_and_nothing_typed_is_lost(
    room: DeskRoom, browse: Any, what: str
) -> None:
    clerk, other, name = browse("z.karimi"), browse("r.moradi"), room.named("mismatch")[0]
    clerk.get(f"/review/case/{name}")
    if what == "version":
        newer = next(one for one in room.mine if one.case_id == name)
        engine = open_store(room.address)
        save_cases(engine, [replace(newer, version=2, contradicts=("father_name",))])
        engine.dispose()
    else:
        run(room, "UPDATE case_work SET leased_until = 1 WHERE case_id = :id", id=name)
        other.get(f"/review/case/{name}")
        if what == "decided":
            other.decide(name, "refuse", "other_person")
    clerk.decide(name, "correct", "keying_error", comment="نوشتهٔ من", right_father_name="حسین")
    assert clerk.status == 409
    assert ("رضا مرادی" in clerk.text) == (what != "version")
    assert "نوشتهٔ من" in clerk.text
    assert "حسین" in clerk.text
    assert (standing(room, name).standing is None) == (what != "decided")
    if what == "version":
        # what was typed is answered to what stands now
        clerk.decide(name, "correct", "keying_error", right_father_name="حسین")
        assert clerk.status == 200
        assert standing(room, name).standing.decision.case_version == 2


def test_what_was_typed_outlives_a_session_that_ran_out(room: DeskRoom, browse: Any) -> None:
    clerk, name = browse("z.karimi"), room.named("mismatch")[0]
    clerk.get(f"/review/case/{name}")
    run(room, "DELETE FROM sessions")
    clerk.decide(name, "refuse", "other_person", comment="نوشته‌ام می‌ماند")
    assert clerk.status == 401
    from html import unescape

    kept = unescape(clerk.value("kept"))
    assert "csrf" not in kept
    clerk.post(
        "/review/sign-in",
        user="z.karimi",
        password="four words that differ 4",
        next=clerk.value("next"),
        kept=kept,
    )
    assert clerk.status == 200
    assert "نوشته‌ام می‌ماند</textarea>" in clerk.text
    assert standing(room, name).standing is None
    clerk.decide(name, "refuse", "other_person", comment="نوشته‌ام می‌ماند")
    assert standing(room, name).state == "decided"


def test_lists_are_filtered_and_searched(room: DeskRoom, browse: Any) -> None:
    clerk = browse("z.karimi")
    clerk.get("/review/cases?outcome=ambiguous")
    assert all(name in clerk.text for name in room.named("ambiguous"))
    assert not any(name in clerk.text for name in room.named("mismatch"))
    clerk.get("/review/cases?search=احمدي نژاد")
    found = [one.case_id for one in room.mine if one.legacy_read["last_name"] == "احمدی‌نژاد"]
    assert found
    for one in room.mine:
        assert (one.case_id in clerk.text) == (one.case_id in found)
    clerk.get("/review/cases?search=" + room.mine[2].case_id)
    assert clerk.text.count("/review/case/C-") == 1
    assert clerk.get("/review/cases?search=نژاد احمدی").text.count("/review/case/C-") == len(found)
    decided = room.named("mismatch")[0]
    clerk.get(f"/review/case/{decided}").decide(decided, "refuse", "other_person")
    for query, shown in (
        ("", False),
        ("state=open", False),
        ("state=all", True),
        ("state=", True),
        ("state=decided", True),
        ("overdue=1&state=all", False),
        # what is named is there, whatever the form says besides
        (f"state=open&overdue=1&search={decided}", True),
    ):
        assert (decided in clerk.get(f"/review/cases?{query}").text) == shown, query
    clerk.get("/review/cases?state=awaiting&search=موسوی")
    assert '<a href="/review/cases?state=all&amp;search=' in clerk.text
    clerk.get("/review/cases?field=father_name&state=all")
    assert all(name in clerk.text for name in room.named("mismatch"))
    for odd in (
        "after=x",
        "after=2026-01-01~",
        "state=%00",
        "search=%25",
        "search=%00",
        "search=%F4%8F%BF%BF",
        "search=%ED%A0%80",
        "outcome=<b>",
        "search=" + "x" * 500,
    ):
        assert clerk.get(f"/review/cases?{odd}").status == 200


def test_the_ministry_sees_all_and_decides_nothing_and_an_auditor_only_reads(
    room: DeskRoom, browse: Any
) -> None:
    for user in ("vezarat", "hesabres"):
        one = browse(user)
        assert "دانشگاه شیراز" in one.text
        assert "دانشگاه تهران" in one.text
        one.get("/review?university=tehran")
        assert "از ۶ پرونده" in one.text
        name = room.theirs[0].case_id
        one.get(f"/review/case/{name}")
        assert one.status == 200
        assert 'name="answer"' not in one.text
        assert one.get("/review/approvals").status == (200 if user == "vezarat" else 403)
