"""The page in a real browser: without scripts, on a phone, by keyboard, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from serve_room import MISTYPED, NATIONAL_ID, UNKNOWN, WIDE, Room, furnish, running

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1100, "height": 900}
PAGES = ("/", "/match", "/holder", "/request", "/en", "/en/match", "/en/holder", "/en/request")
PERSIAN = {48 + n: 0x06F0 + n for n in range(10)}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return furnish(f"sqlite:///{tmp_path_factory.mktemp('browser') / 'store.sqlite'}")


@pytest.fixture(scope="module")
def site(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(room, tmp_path_factory.mktemp("log") / "log", "--limits", WIDE) as url:
        yield url


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    """A phone whose browser runs no script; what it is refused is an error here."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="fa-IR")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    context.close()
    assert not [line for line in said if "Content Security Policy" in line]


def grouped(code: str) -> str:
    return " ".join(code[start : start + 4] for start in range(0, 20, 4))


def test_a_code_typed_in_persian_with_dashes_is_answered(page: Page, site: str, room: Room) -> None:
    page.goto(site)
    page.get_by_label("کد صحت").fill(grouped(room.valid).replace(" ", "-").translate(PERSIAN))
    page.get_by_role("button", name="استعلام").click()
    assert page.locator("h1").inner_text() == "این کد معتبر است"
    facts = page.locator(".facts dd").all_inner_texts()
    assert facts == ["مریم", "احمدی‌نژاد", "کارشناسی", "شیمی", "دانشگاه شیراز", "۱۳۶۲", "دانشنامه"]
    # the code stands in no address
    assert page.url.rstrip("/") == site
    assert page.locator(".meta bdi").inner_text() == grouped(room.valid).translate(PERSIAN)
    assert page.context.cookies() == []


def test_the_page_turns_english_and_keeps_the_answer(page: Page, site: str, room: Room) -> None:
    page.goto(site)
    page.fill("#code", room.valid)
    page.click(".ask button")
    page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("dir") == "ltr"
    assert page.locator("h1").inner_text() == "This code is valid"
    assert "1362 (1983/84)" in page.locator(".facts").inner_text()
    assert room.valid not in page.url
    page.goto(f"{site}/c/{room.valid}")
    page.get_by_role("link", name="English").click()
    assert page.url == f"{site}/en/c/{room.valid}"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("suspended", "این کد تعلیق شده است"),
        ("revoked", "این کد باطل شده است"),
        ("superseded", "کد تازه‌ای جایگزین شده است"),
    ],
)
def test_a_code_by_qr_mark_is_answered_at_once(
    page: Page, site: str, room: Room, name: str, title: str
) -> None:
    page.goto(f"{site}/c/{getattr(room, name)}")
    assert page.locator("h1").inner_text() == title
    assert "مریم" not in page.content()


def test_a_superseded_code_leads_to_its_successor(page: Page, site: str, room: Room) -> None:
    page.goto(f"{site}/c/{room.superseded}")
    page.get_by_role("button", name="استعلام کد تازه").click()
    assert page.locator("h1").inner_text() == "این کد معتبر است"
    assert page.locator(".meta bdi").inner_text() == grouped(room.successor).translate(PERSIAN)


def test_what_was_typed_wrong_is_there_to_be_mended(page: Page, site: str) -> None:
    page.goto(site)
    for typed, title in (("۱۲۳۴", "کد صحت ۲۰ رقم دارد"), (MISTYPED, "این کد درست وارد نشده است")):
        page.fill("#code", typed)
        page.click(".ask button")
        assert page.locator("h1").inner_text() == title
        assert page.input_value("#code") == typed
        assert page.locator("#code").get_attribute("aria-invalid") == "true"
    page.fill("#code", UNKNOWN)
    page.click(".ask button")
    assert page.locator("h1").inner_text() == "چنین کدی پیدا نشد"
    assert page.input_value("#code") == ""


def test_a_name_that_is_markup_is_shown_as_text(page: Page, site: str, room: Room) -> None:
    page.goto(f"{site}/c/{room.bare}")
    assert page.locator(".facts b").count() == 0
    assert "<b>رضایی</b>" in page.locator(".facts").inner_text()
    assert page.locator(".facts dd.none").count() == 5


def test_claims_are_compared_and_a_holder_sees_the_count(page: Page, site: str, room: Room) -> None:
    page.goto(f"{site}/match")
    page.fill("#code", room.valid)
    page.fill("#first_name", "مريم")
    page.fill("#year", "۱۳۶۳")
    page.select_option("#degree", "bachelor")
    page.fill("#university", "جایی دیگر")
    page.click(".ask button")
    verdicts = page.locator(".verdicts dd").all_inner_texts()
    assert [verdict.strip() for verdict in verdicts] == ["یکسان", "یکسان", "سنجیده نشد", "متفاوت"]
    page.goto(f"{site}/holder")
    page.fill("#code", room.valid)
    page.fill("#national_id", NATIONAL_ID.translate(PERSIAN))
    page.click(".ask button")
    assert "شمار استعلام‌ها" in page.locator("h1").inner_text()
    assert page.locator("tbody tr").count() >= 1


def test_no_page_scrolls_sideways_and_all_have_one_heading(
    browser: Any, site: str, room: Room
) -> None:
    for viewport in (PHONE, {"width": 320, "height": 600}, DESK):
        context = browser.new_context(viewport=viewport)
        page = context.new_page()
        for path in (*PAGES, f"/c/{room.valid}", f"/en/c/{room.superseded}", "/nowhere"):
            page.goto(site + path)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= viewport["width"], (path, viewport)
            assert page.locator("h1").count() == 1
            assert page.locator("main").count() == 1
            ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
            assert len(ids) == len(set(ids))
            # every field has a label, and fields are large enough to tap and not to be zoomed into
            for field in page.locator("main input:not([type=hidden]), main select").all():
                held = field.evaluate(
                    "e => [e.labels.length, e.getBoundingClientRect().height,"
                    " parseFloat(getComputedStyle(e).fontSize)]"
                )
                assert held[0] == 1
                assert held[1] >= 44
                assert held[2] >= 16
        context.close()


def test_persian_is_right_to_left_in_the_shipped_typeface(browser: Any, site: str) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site)
    page.evaluate("document.fonts.ready")
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    loaded = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family).join()"
    assert "Vazirmatn" in page.evaluate(loaded)
    # nothing comes from anywhere else
    assert all(url.startswith((site, "data:")) for url in asked)
    assert page.evaluate("getComputedStyle(document.querySelector('#code')).direction") == "ltr"
    context.close()


def test_the_page_is_used_by_keyboard_alone(browser: Any, site: str, room: Room) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(site)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "code"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.type(room.revoked)
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    assert page.locator("h1").inner_text() == "این کد باطل شده است"
    context.close()


# WCAG 2.1 relative luminance and contrast, of each text against the nearest opaque ground
_CONTRAST = """() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const lum = c => { const [r, g, b] = rgb(c).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    const v = rgb(c); if (v.length < 4 || v[3] === 1) return c; } return 'rgb(255,255,255)'; };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !e.getClientRects().length) continue;
    const a = lum(getComputedStyle(e).color), b = lum(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([e.tagName, e.className, ratio, e.textContent.slice(0, 30)]);
  }
  return found; }"""


def test_every_text_stands_out_from_its_ground(browser: Any, site: str, room: Room) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    answers = [f"/c/{code}" for code in list(vars(room).values())[1:]]
    for path in (*PAGES, *answers, f"/c/{UNKNOWN}", f"/c/{MISTYPED}", "/c/1", "/nowhere"):
        page.goto(site + path)
        assert page.evaluate(_CONTRAST) == [], path
    page.goto(f"{site}/match")
    page.fill("#code", room.valid)
    page.fill("#first_name", "زهرا")
    page.fill("#last_name", "احمدی نژاد")
    page.fill("#university", "جایی دیگر")
    page.click(".ask button")
    assert page.evaluate(_CONTRAST) == []
    # what an answer is does not rest on colour alone: a sign and words stand with it
    assert page.locator(".verdicts svg").count() == 3
    context.close()


def test_paper_shows_the_answer_and_no_form(browser: Any, site: str, room: Room) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{site}/c/{room.valid}")
    page.emulate_media(media="print")
    assert page.locator(".card").is_visible()
    assert not page.locator("form.other, .ask").first.is_visible()
    context.close()
