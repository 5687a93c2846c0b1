"""The page says what the workbook says, in a browser, with nothing fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from handed_out import handed_out
from playwright.sync_api import Page, sync_playwright

from migrate.review.cases import Case
from migrate.review.page import render_page
from migrate.review.workbook import Contents


@pytest.fixture(scope="module")
def html(cases: list[Case]) -> str:
    return render_page(
        Contents(cases, "دانشگاه <b>شیراز</b>", "b1", handed_out(cases)), workbook="cases.xlsx"
    )


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """The addresses that the browser asked for."""
    return []


@pytest.fixture(scope="module")
def page(
    html: str, chromium: str, asked: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    path: Path = tmp_path_factory.mktemp("page") / "cases.html"
    path.write_text(html, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.evaluate("document.fonts.ready")
        yield page
        browser.close()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_same_cases_give_the_same_page(cases: list[Case], html: str) -> None:
    contents = Contents(list(cases), "دانشگاه <b>شیراز</b>", "b1", handed_out(cases))
    assert render_page(contents, workbook="cases.xlsx") == html


def test_the_page_is_well_formed_persian_and_right_to_left(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    assert not tags.open
    assert ("html", {"lang": "fa", "dir": "rtl"}) in tags.seen
    assert all("scope" in attributes for tag, attributes in tags.seen if tag == "th")
    ids = [attributes["id"] for _, attributes in tags.seen if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_nothing_is_run_and_nothing_is_fetched(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in tags.seen}
    assert all(found.startswith("data:") for found in re.findall(r"url\((.*?)\)", html))
    assert not re.search(r"https?://", html)


def test_values_cannot_become_markup(html: str) -> None:
    assert "دانشگاه &lt;b&gt;شیراز" in html
    assert "&#x27; /C calc" in html or "&#39; /C calc" in html


def test_every_case_stands_on_the_page_once(html: str, cases: list[Case]) -> None:
    for case in cases:
        assert html.count(f'id="{case.case_id}"') == 1


def test_chromium_lays_it_out_right_to_left_in_its_own_typeface(page: Page) -> None:
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert page.evaluate("document.fonts.check('16px Vazirmatn', 'پرونده')")
    loaded = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family).join()"
    assert "Vazirmatn" in page.evaluate(loaded)


def test_chromium_asks_the_network_for_nothing(page: Page, asked: list[str]) -> None:
    assert [url for url in asked if url.startswith("file:")] == [page.url]
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_the_page_does_not_scroll_sideways_on_a_desk_or_a_phone(page: Page) -> None:
    for width in (1200, 800, 360):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
    page.set_viewport_size({"width": 1200, "height": 900})


def test_marked_letters_stand_out_without_colour(page: Page) -> None:
    style = page.evaluate(
        "(() => { const s = getComputedStyle(document.querySelector('mark'));"
        " return [s.textDecorationLine, Number(s.fontWeight)] })()"
    )
    assert style[0] == "underline"
    assert style[1] >= 700
    assert page.locator("article").first.locator("mark").all_text_contents() == ["ی", "۶", "۸"]


def test_an_identifier_keeps_its_order_among_persian(page: Page, cases: list[Case]) -> None:
    token = page.locator(".id bdi").first
    assert token.text_content() == cases[0].case_id
    assert token.evaluate("e => getComputedStyle(e).direction") == "ltr"
