"""The desk in a real browser: whole days, two at one queue, keys alone, no scripts, zoom, phone, axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from desk_room import PASSWORD, DeskRoom, furnish_desk
from playwright.sync_api import Page
from serve_room import WIDE, running

from migrate.review.roles import Viewer
from migrate.store import desk_cases
from migrate.store.engine import open_store

WIDTH = {"width": 1280, "height": 860}
PHONE = {"width": 360, "height": 740}
# what a window of 1280 shows at 200%
ZOOMED = {"width": 640, "height": 430}
_CASE = re.compile(r"/review/case/(C-[A-Z0-9-]+)")


@pytest.fixture
def room(tmp_path: Path) -> DeskRoom:
    return furnish_desk(f"sqlite:///{tmp_path / 'store.sqlite'}", tmp_path)


@pytest.fixture
def site(room: DeskRoom, tmp_path: Path) -> Iterator[str]:
    options = ("--desk", "--scans", str(room.scans), "--limits", WIDE)
    with running(room, tmp_path / "log", *options) as url:  # type: ignore[arg-type]
        yield url


@pytest.fixture
def person(browser: Any, site: str) -> Iterator[Any]:
    """Somebody at a browser of their own; what the policy refuses or a script throws is an error."""
    contexts, said = [], []

    def sit_down(user: str = "", **given: Any) -> Page:
        context = browser.new_context(**({"viewport": WIDTH, "locale": "fa-IR"} | given))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(f"error {error}"))
        page.goto(f"{site}/review")
        if user:
            page.fill("#user", user)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_selector(".who")
        return page

    yield sit_down
    for context in contexts:
        context.close()
    assert not [line for line in said if "Content Security Policy" in line or "error" in line[:6]]


def at(page: Page) -> str:
    found = _CASE.search(page.url)
    assert found, page.url
    return found[1]


def standing(room: DeskRoom, case_id: str) -> Any:
    engine = open_store(room.address)
    try:
        return desk_cases.open_case(engine, Viewer("x", "auditor", None), case_id)
    finally:
        engine.dispose()


def checked(page: Page, what: str) -> None:
    """No finding of axe that hinders anybody seriously, and no scrolling sideways."""
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"][:120] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious, (what, serious)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], what
    assert page.locator("h1").count() == 1, what


def test_a_clerks_whole_day_by_keys_alone(room: DeskRoom, person: Any) -> None:
    page = person("z.karimi")
    page.keyboard.press("n")
    page.wait_for_url(_CASE)
    decided = []
    for _ in range(len(room.mine)):
        name = at(page)
        outcome = next(one.outcome for one in room.mine if one.case_id == name)
        # what a screen reader says first is whose case it is
        assert page.evaluate("document.activeElement.id") == "title"
        page.keyboard.press({"ambiguous": "2", "mismatch": "r"}.get(outcome, "c"))
        assert page.locator("input[name=answer]:checked").count() == 1
        assert page.evaluate("document.activeElement.id") == "reason"
        page.keyboard.press("ArrowDown")
        # in a list and in a text the keys are letters
        page.keyboard.press("Tab")
        page.keyboard.type("src دفتر ۳")
        assert at(page) == name
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".notice.good, .notice[role=status]")
        decided.append(name)
        if not _CASE.search(page.url):
            break
        assert at(page) != name
    assert sorted(decided) == sorted(one.case_id for one in room.mine)
    assert "پروندهٔ بازی نمانده است" in page.inner_text("main")
    held = standing(room, decided[0])
    assert held.standing.decision.reason.endswith(": src دفتر ۳")
    # the last one is taken back, and comes again as it was answered
    page.keyboard.press("u")
    page.wait_for_url(_CASE)
    assert at(page) == decided[-1]
    assert page.locator("input[name=answer]:checked").count() == 1
    assert page.input_value("#comment") == "src دفتر ۳"
    assert standing(room, decided[-1]).state == "open"


def test_keys_are_shown_turned_off_and_never_a_trap(room: DeskRoom, person: Any) -> None:
    page = person("z.karimi")
    page.keyboard.press("n")
    page.wait_for_url(_CASE)
    first = at(page)
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    # behind the help nothing is pressed
    page.keyboard.press("s")
    assert at(page) == first
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("s")
    page.wait_for_function(f"!location.pathname.includes('{first}')")
    second = at(page)
    page.keyboard.press("?")
    page.click("dialog [data-keys-toggle]")
    page.keyboard.press("Escape")
    page.reload()
    for key in "scer1n":
        page.keyboard.press(key)
    assert at(page) == second
    assert page.locator("input[name=answer]:checked").count() == 0
    # every part is reached by Tab, and the end of the page too
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
        if page.evaluate("document.activeElement === document.body"):
            break
    assert {"answer", "reason", "comment", "do", "SUMMARY"} <= seen


def test_a_right_value_is_marked_as_it_is_typed(room: DeskRoom, person: Any, site: str) -> None:
    page = person("z.karimi")
    name = room.named("mismatch")[0]
    page.goto(f"{site}/review/case/{name}")
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.id") == "right_father_name"
    page.keyboard.type("حسین")
    sides = page.locator(".right:has(#right_father_name) [data-side]")
    assert sides.nth(1).locator("mark").count() == 0
    page.fill("#right_father_name", "حسن")
    assert sides.nth(0).locator("mark").count() == 0
    assert sides.nth(1).locator("mark").inner_text() == "ی"
    # a focused field is never hidden by what stays in place
    for field in page.locator(".right input").all():
        field.focus()
        hidden = field.evaluate(
            "e => { const r = e.getBoundingClientRect();"
            " const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);"
            " return top !== e; }"
        )
        assert not hidden
    page.select_option("#reason", "keying_error")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".notice.good")
    body = standing(room, name).standing.decision.body
    assert '"registry":{"father_name":"حسن"}' in body


def test_an_approvers_whole_day(room: DeskRoom, person: Any, site: str) -> None:
    clerk, approver = person("z.karimi"), person("m.hosseini")
    names = room.named("degree_missing")
    for name in names:
        clerk.goto(f"{site}/review/case/{name}")
        clerk.keyboard.press("c")
        clerk.select_option("#reason", "never_registered")
        clerk.keyboard.press("Control+Enter")
        clerk.wait_for_selector(".notice.good")
        assert "نفر دوم" in clerk.inner_text(".notice.good")
    approver.goto(f"{site}/review")
    approver.get_by_role("link", name="دیدن تصمیم‌های در انتظار").click()
    assert approver.locator(".list tbody tr").count() == 2
    approver.locator(".list tbody a").first.click()
    approver.wait_for_selector("form[data-answer]")
    assert "زهرا کریمی" in approver.inner_text(".first-person")
    first = approver.inner_text(".title bdi")
    approver.keyboard.press("a")
    approver.select_option("#reason", "file_seen")
    approver.keyboard.press("Control+Enter")
    approver.wait_for_selector(".notice.good")
    second = approver.inner_text(".title bdi")
    assert second != first
    approver.keyboard.press("b")
    approver.select_option("#reason", "other")
    approver.keyboard.press("Control+Enter")
    approver.wait_for_selector(".notice.bad")
    assert "توضیح" in approver.inner_text(".notice.bad")
    assert approver.evaluate("document.activeElement.id") == "failed"
    approver.fill("#comment", "دفتر را هم ببینید")
    approver.keyboard.press("Control+Enter")
    approver.wait_for_selector("main .notice.good")
    assert "تصمیمی در انتظار شما نیست" in approver.inner_text("main")
    assert standing(room, first).state == "decided"
    assert standing(room, second).state == "open"
    # an own decision is another's to approve
    approver.goto(f"{site}/review/case/{second}")
    approver.keyboard.press("c")
    approver.select_option("#reason", "file_checked")
    approver.keyboard.press("Control+Enter")
    approver.wait_for_selector(".notice.good")
    approver.goto(f"{site}/review/approvals")
    assert "تصمیمی در انتظار شما نیست" in approver.inner_text("main")


def test_two_clerks_on_one_queue_never_meet(room: DeskRoom, person: Any) -> None:
    pages = [person("z.karimi"), person("r.moradi")]
    for page in pages:
        page.keyboard.press("n")
        page.wait_for_url(_CASE)
    done: dict[str, list[str]] = {"z": [], "r": []}
    for _ in range(len(room.mine)):
        for whose, page in zip("zr", pages, strict=True):
            if not _CASE.search(page.url):
                continue
            assert len({at(one) for one in pages if _CASE.search(one.url)}) == sum(
                bool(_CASE.search(one.url)) for one in pages
            )
            name = at(page)
            page.locator("input[name=answer]").last.check()
            page.locator("#reason").select_option(index=1)
            page.keyboard.press("Control+Enter")
            page.wait_for_selector(".notice.good")
            done[whose].append(name)
    both = done["z"] + done["r"]
    assert len(both) == len(set(both)) == len(room.mine)
    assert min(map(len, done.values())) >= 4


def test_a_conflict_is_told_and_keeps_what_was_typed(
    room: DeskRoom, person: Any, site: str
) -> None:
    one, other, name = person("z.karimi"), person("r.moradi"), room.named("mismatch")[0]
    one.goto(f"{site}/review/case/{name}")
    one.keyboard.press("c")
    one.select_option("#reason", "spelling")
    one.fill("#comment", "نوشتهٔ بلند من")
    engine = open_store(room.address)
    with engine.begin() as connection:
        from sqlalchemy import text

        connection.execute(text("UPDATE case_work SET leased_until = 1"))
    engine.dispose()
    other.goto(f"{site}/review/case/{name}")
    other.keyboard.press("r")
    other.select_option("#reason", "other_person")
    other.keyboard.press("Control+Enter")
    other.wait_for_selector(".notice.good")
    one.focus("#comment")
    one.keyboard.press("Control+Enter")
    one.wait_for_selector(".notice.bad")
    assert "رضا مرادی" in one.inner_text(".notice.bad")
    assert one.input_value("#kept") == "نوشتهٔ بلند من"
    assert standing(room, name).standing.decision.actor == "r.moradi"


def test_another_university_sees_nothing(room: DeskRoom, person: Any, site: str) -> None:
    stranger = person("a.tehrani")
    for one in room.mine[:3]:
        for end in ("", "/history"):
            answer = stranger.goto(f"{site}/review/case/{one.case_id}{end}")
            assert answer.status == 404
            assert "از آنِ دانشگاه شما نیست" in stranger.inner_text("main")
    stranger.goto(f"{site}/review/cases")
    shown = stranger.inner_text("main")
    assert all(one.case_id in shown for one in room.theirs)
    assert not any(one.case_id in shown for one in room.mine)
    # no script reads the session
    assert stranger.evaluate("document.cookie") == ""


def test_all_of_it_works_without_scripts(room: DeskRoom, person: Any, site: str) -> None:
    page = person("z.karimi", java_script_enabled=False)
    page.get_by_role("button", name="آغاز یا ادامهٔ بررسی").click()
    name = at(page)
    page.get_by_role("button", name="بماند برای بعد").click()
    assert at(page) != name
    name = room.named("mismatch")[0]
    page.goto(f"{site}/review/case/{name}")
    page.get_by_role("button", name="امتیاز را نشان بده").click()
    assert "۸۳" in page.inner_text(".score")
    # away and back
    page.get_by_role("button", name="بماند برای بعد").click()
    assert at(page) != name
    page.goto(f"{site}/review/case/{name}")
    assert "۸۳" in page.inner_text(".score")
    assert "سطر" not in page.inner_text(".decide")
    page.locator("input[value=correct]").check()
    page.select_option("#reason", "keying_error")
    page.locator("details.rights summary").click()
    page.fill("#right_father_name", "حسین")
    page.get_by_role("button", name="ثبت تصمیم").click()
    assert '"score_shown":true' in standing(room, name).standing.decision.body
    page.get_by_role("button", name="پس گرفتن").click()
    assert at(page) == name
    assert page.input_value("#right_father_name") == "حسین"
    page.goto(f"{site}/review/help")
    assert "Ctrl+Enter" in page.inner_text("main")
    page.get_by_role("button", name="خروج").click()
    assert "/review/sign-in" in page.url


def test_every_screen_passes_axe_at_every_size(
    room: DeskRoom, person: Any, site: str, browser: Any
) -> None:
    clerk, approver, ministry = person("z.karimi"), person("m.hosseini"), person("vezarat")
    waits = room.named("degree_missing")[0]
    clerk.goto(f"{site}/review/case/{waits}")
    clerk.keyboard.press("c")
    clerk.select_option("#reason", "never_registered")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector(".notice.good")
    checked(clerk, "after a decision")
    screens = {
        clerk: [
            "/review", "/review/cases", "/review/cases?search=zzz", "/review/help", "/review/x",
            f"/review/case/{room.mine[0].case_id}", f"/review/case/{room.named('ambiguous')[0]}",
            f"/review/case/{room.named('person_missing')[0]}", f"/review/case/{waits}",
            f"/review/case/{waits}/history", "/review/approvals",
        ],
        approver: ["/review/approvals", "/review/approvals/1", f"/review/case/{waits}/history"],
        ministry: ["/review", "/review?university=shiraz", "/review/cases"],
    }  # fmt: skip
    narrow = (f"/review/case/{room.mine[0].case_id}", "/review/approvals/1", "/review/cases")
    for page, paths in screens.items():
        for path in paths:
            page.set_viewport_size(WIDTH)
            page.goto(site + path)
            if path != "/review/x":
                checked(page, path)
            unnamed = (
                "e => e.filter(f => f.getClientRects().length && f.labels.length !== 1).length"
            )
            fields = page.locator("main input:not([type=hidden]), main select, main textarea")
            assert fields.evaluate_all(unnamed) == 0
            for size in (ZOOMED, PHONE):
                page.set_viewport_size(size)
                if path in narrow:
                    checked(page, f"{path} at {size}")
                else:
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= size["width"], (path, size)
    clerk.set_viewport_size(WIDTH)
    clerk.goto(f"{site}/review/case/{room.mine[0].case_id}")
    clerk.keyboard.press("e")
    checked(clerk, "correcting")
    clerk.keyboard.press("Escape")
    clerk.locator("#title").focus()
    clerk.keyboard.press("?")
    checked(clerk, "help")
    nobody = person()
    checked(nobody, "sign-in")
    nobody.fill("#user", "x")
    nobody.fill("#password", "x")
    nobody.press("#password", "Enter")
    nobody.wait_for_selector("#failed")
    checked(nobody, "refused")


def test_the_public_pages_pass_axe(person: Any, site: str) -> None:
    page = person()
    for path in ("/", "/match", "/holder", "/request"):
        for prefix, size in (("", PHONE), ("/en", WIDTH)):
            page.set_viewport_size(size)
            page.goto(f"{site}{prefix}{'' if prefix and path == '/' else path}")
            checked(page, f"{prefix}{path}")
    page.goto(f"{site}/c/12345678901234567890")
    checked(page, "an answer")


def test_on_a_phone_a_case_is_read(room: DeskRoom, person: Any, site: str) -> None:
    page = person("hesabres", viewport=PHONE)
    page.goto(f"{site}/review/case/{room.mine[0].case_id}")
    # what differs is told by more than colour, on the phone too
    for mark in page.locator("mark").all():
        assert "underline" in mark.evaluate("e => getComputedStyle(e).textDecorationLine")
    assert page.locator("tr.clash .verdict.differs").first.is_visible()
    assert page.locator("img").count() == 1
    assert page.locator("form[data-answer]").count() == 0
