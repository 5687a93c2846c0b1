"""A holder fetches the sheet of a code in force; nobody else does, or learns more by trying."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from serve_room import (
    FACTS,
    MISTYPED,
    NATIONAL_ID,
    OTHER_ID,
    SECRETS,
    UNKNOWN,
    WIDE,
    Room,
    TestClient,
    running,
    served,
    sign,
)
from sqlalchemy import event

from migrate.codes import sheet as drawing
from migrate.codes.issuing import IssueRequest
from migrate.codes.numbers import format_code, new_code
from migrate.errors import InputError
from migrate.persian.letters import to_persian_digits
from migrate.serve import pace
from migrate.serve.desk import Desk
from migrate.serve.gate import Caller
from migrate.serve.lines import JsonLines
from migrate.serve.settings import Settings, checked
from migrate.store import codes, lifecycle
from migrate.store.engine import open_store

URL = "https://testserver"
PATHS = ("/holder/sheet", "/en/holder/sheet")
NAME = 'attachment; filename="degree-validity-sheet.pdf"'


@pytest.fixture
def signed(room: Room, tmp_path: Path) -> Room:
    """A store on each database, with a signed head."""
    sign(room, tmp_path)
    return room


@pytest.fixture
def signed_lite(lite: Room, tmp_path: Path) -> Room:
    sign(lite, tmp_path)
    return lite


@contextmanager
def making(room: Room, **settings: Any) -> Iterator[TestClient]:
    with served(room.address, **{"limits": WIDE, "public_url": URL, **settings}) as client:
        yield client


def ask(client: TestClient, code: str, national_id: str = NATIONAL_ID, path: str = PATHS[1]) -> Any:
    return client.post(path, data={"code": code, "national_id": national_id})


def tool(name: str, *arguments: str, given: bytes | None = None) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and CI must have it")
        pytest.skip(f"{name} is not installed")
    run = subprocess.run([found, *arguments], input=given, capture_output=True, check=True)
    return run.stdout.decode()


def test_a_holder_gets_the_sheet_as_a_file_that_names_nobody(signed: Room, tmp_path: Path) -> None:
    typed = to_persian_digits(format_code(signed.valid)).replace(" ", "-")
    with making(signed) as client:
        for path in PATHS:
            response = ask(client, typed, "۰۰۱-۲۳۴۵۶۷-۹", path)
            assert response.status_code == 200
            assert response.headers["content-type"] == "application/pdf"
            assert response.headers["content-disposition"] == NAME
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "noindex" in response.headers["x-robots-tag"]
            csp = response.headers["content-security-policy"]
            assert csp.startswith("default-src 'none'")
            assert "script" not in csp
            assert response.content.startswith(b"%PDF-")
    text = tool("pdftotext", "-", "-", given=response.content)
    assert format_code(signed.valid) in text
    assert "codes.example/log" in text
    assert FACTS["first_name"] in text
    assert not [secret for secret in SECRETS if secret in text or to_persian_digits(secret) in text]
    at = str(tmp_path / "sheet")
    tool("pdftoppm", "-r", "100", "-png", "-gray", "-", at, given=response.content)
    (image,) = tmp_path.glob("sheet-*.png")
    read = tool("zbarimg", "-q", "--raw", "--nodbus", str(image)).split()
    assert read == [f"{URL}/c/{signed.valid}"]


def test_a_wrong_pair_and_no_code_at_all_are_one_answer(signed: Room) -> None:
    said = []
    with making(signed) as client:
        for code, national_id in (
            (signed.valid, OTHER_ID),
            (signed.valid, ""),
            (signed.valid, NATIONAL_ID[:-1] + "8"),
            (signed.suspended, OTHER_ID),
            (signed.superseded, OTHER_ID),
            (signed.bare, NATIONAL_ID),
            (UNKNOWN, NATIONAL_ID),
            (MISTYPED, NATIONAL_ID),
        ):
            for response in (
                ask(client, code, national_id),
                client.post("/en/holder", data={"code": code, "national_id": national_id}),
            ):
                assert response.status_code == 200
                assert response.headers["content-type"].startswith("text/html")
                page = response.text.replace(format_code(code), "CODE").replace(code, "CODE")
                said.append(page.partition("Time of inquiry")[0])
        malformed = ask(client, "12 34")
    assert len(set(said)) == 1
    assert "was not found with this national ID" in said[0]
    assert "20 digits" in malformed.text


def test_the_desk_does_the_same_work_for_both(signed: Room) -> None:
    with making(signed) as client:
        desk: Desk = client.app.app.state.pace.desk  # type: ignore[attr-defined]
        asked: list[str] = []
        for engine in (desk._stores.codes, desk._stores.journal):
            event.listen(engine, "before_cursor_execute", lambda *args: asked.append(str(args[2])))
        # the log is written by a thread of its own: it has no part in the time
        desk._journal.close()
        caller = Caller("203.0.113.7")

        def statements(code: str, national_id: str) -> list[str]:
            asked.clear()
            desk.sheet(code, national_id, URL, caller)
            return list(asked)

        statements(signed.bare, NATIONAL_ID)
        unknown = statements(new_code(), NATIONAL_ID)
        assert len(unknown) >= 3
        assert unknown == statements(signed.valid, OTHER_ID)
        assert unknown == statements(signed.revoked, OTHER_ID)
        assert unknown == statements(signed.bare, NATIONAL_ID)
        assert len(statements(signed.valid, NATIONAL_ID)) > len(unknown)


def test_an_answer_waits_for_its_step_whatever_it_is(signed_lite: Room) -> None:
    import time

    with making(signed_lite, grid=200) as client:
        for code in (UNKNOWN, signed_lite.valid):
            began = time.monotonic()
            ask(client, code, OTHER_ID)
            assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(
    ("name", "title", "text"),
    [
        ("suspended", "This code is suspended", "while the code is under review"),
        ("revoked", "This code was revoked", "a code that was revoked"),
        ("superseded", "A newer code replaced this one", "Fetch one with the newer code"),
    ],
)
def test_a_code_that_is_not_in_force_has_a_page_instead(
    signed_lite: Room, name: str, title: str, text: str
) -> None:
    with making(signed_lite) as client:
        response = ask(client, getattr(signed_lite, name))
        persian = ask(client, getattr(signed_lite, name), path=PATHS[0])
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "content-disposition" not in response.headers
    assert title in response.text
    assert text in response.text
    assert "ساخته نمی‌شود" in persian.text
    assert 'dir="rtl"' in persian.text
    said = response.text + persian.text
    assert not [fact for fact in FACTS.values() if fact in said]
    assert "a reason nobody sees" not in said
    assert (format_code(signed_lite.successor) in response.text) == (name == "superseded")


def test_without_a_signed_head_there_is_no_sheet(lite: Room) -> None:
    with making(lite) as client:
        response = ask(client, lite.valid)
        assert "the ledger is not signed yet" in response.text
        assert "No sheet was made" in response.text
        assert response.headers["content-type"].startswith("text/html")
        assert FACTS["first_name"] not in response.text
        # somebody else is told nothing of it
        assert "signed" not in ask(client, lite.valid, OTHER_ID).text


def test_a_damaged_head_is_not_printed(signed_lite: Room) -> None:
    engine = open_store(signed_lite.address)
    with engine.begin() as connection:
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name='signed_heads'"
        for (name,) in connection.exec_driver_sql(asked).all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.exec_driver_sql("UPDATE signed_heads SET note = 'forged'")
    engine.dispose()
    with making(signed_lite) as client:
        response = ask(client, signed_lite.valid)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        assert response.headers["content-type"].startswith("text/html")
        # all else goes on
        right = {"code": signed_lite.valid, "national_id": NATIONAL_ID}
        assert "Look-ups in all" in client.post("/en/holder", data=right).text


@pytest.mark.parametrize("url", ["", "http://testserver"])
def test_a_service_that_does_not_know_its_address_makes_none(
    signed_lite: Room, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, "migrate.serve"),
        making(signed_lite, public_url=url) as client,
    ):
        assert "PDF" not in client.get("/en/holder").text
        response = ask(client, signed_lite.valid)
        assert response.status_code == 404
        assert "This service makes no sheets" in response.text
        # whoever asks writes the Host: what stands there is never printed
        forged = client.post(
            PATHS[0],
            data={"code": signed_lite.valid, "national_id": NATIONAL_ID},
            headers={"host": "testserver", "x-forwarded-host": "evil.example"},
        )
        assert forged.status_code == 404
        assert "این سامانه برگه نمی‌سازد" in forged.text
    said = [JsonLines().format(record) for record in caplog.records]
    assert sum('"no sheets"' in line and "--public-url" in line for line in said) == 1


def test_the_form_offers_it_where_it_is_made(quick: TestClient, signed_lite: Room) -> None:
    with making(signed_lite) as client:
        for path, action in (("/holder", "/holder/sheet"), ("/en/holder", "/en/holder/sheet")):
            page = client.get(path).text
            assert f'formaction="{action}"' in page
            # a page that is loaded again asks with GET
            again = client.get(action)
            assert again.status_code == 200
            assert again.text == page
            right = {"code": signed_lite.valid, "national_id": NATIONAL_ID}
            shown = client.post(path, data=right).text
            assert f'formaction="{action}"' in shown
            assert NATIONAL_ID not in shown
    assert "formaction" not in quick.get("/holder").text


def test_a_sheet_has_a_cost_of_its_own(signed_lite: Room, tmp_path: Path) -> None:
    slow = tmp_path / "limits.yaml"
    slow.write_text("rates: {address: {per_minute: 0.1, burst: 40}}")
    with making(signed_lite, limits=str(slow)) as client:
        got = [ask(client, signed_lite.valid).status_code for _ in range(5)]
        assert got == [200, 200, 200, 200, 429]
        page = ask(client, signed_lite.valid)
        assert int(page.headers["retry-after"]) >= 1
        assert "Too many questions" in page.text
    dear = tmp_path / "dear.yaml"
    dear.write_text("costs: {sheet: 41}")
    with pytest.raises(InputError, match="not above the burst"):
        checked(Settings(signed_lite.address, limits=str(dear)))


def test_a_pair_cannot_be_guessed_by_asking_for_sheets(signed_lite: Room, tmp_path: Path) -> None:
    wide = tmp_path / "limits.yaml"
    wide.write_text("rates: {address: {per_minute: 60000, burst: 10000}}")
    with making(signed_lite, limits=str(wide)) as client:
        for _ in range(5):
            assert ask(client, signed_lite.valid, OTHER_ID).status_code == 200
            wrong = {"code": signed_lite.valid, "national_id": OTHER_ID}
            assert client.post("/holder", data=wrong).status_code == 200
        # the two ways share the ten that a code has
        assert ask(client, signed_lite.valid).status_code == 429
        assert ask(client, UNKNOWN).status_code == 200


def test_a_wrong_pair_is_dearer(signed_lite: Room, tmp_path: Path) -> None:
    slow = tmp_path / "limits.yaml"
    slow.write_text("rates: {address: {per_minute: 0.1, burst: 30}}")
    with making(signed_lite, limits=str(slow)) as client:
        # 10 and 4 more, twice; two are left
        assert [ask(client, UNKNOWN).status_code for _ in range(3)] == [200, 200, 429]


def test_a_sheet_is_no_look_up_of_somebody_else(signed_lite: Room) -> None:
    with making(signed_lite) as client:
        assert ask(client, signed_lite.valid).content.startswith(b"%PDF")
        right = {"code": signed_lite.valid, "national_id": NATIONAL_ID}
        assert "Look-ups in all: <b>0</b>" in client.post("/en/holder", data=right).text


def test_a_name_that_cannot_be_printed_is_told(signed_lite: Room) -> None:
    engine = open_store(signed_lite.address)
    facts = {**FACTS, "last_name": "王"}
    wanted = [IssueRequest("degree-x", "legacy-x", "batch-1", facts)]
    code = codes.issue(engine, wanted, batch="batch-1", actor="test").issued[0].code
    engine.dispose()
    with making(signed_lite) as client:
        response = ask(client, code)
    assert response.status_code == 200
    assert "a character that cannot be printed" in response.text
    assert "王" not in response.text


def test_a_code_that_fell_while_it_was_asked_for_has_no_sheet(
    signed_lite: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from migrate.serve import desk

    read = desk.sheet_values

    def late(*given: Any, **named: Any) -> Any:
        engine = open_store(signed_lite.address)
        lifecycle.revoke(engine, signed_lite.valid, actor="test", reason="forged")
        engine.dispose()
        return read(*given, **named)

    monkeypatch.setattr(desk, "sheet_values", late)
    with making(signed_lite) as client:
        response = ask(client, signed_lite.valid)
    assert "No sheet is made for a code that was revoked" in response.text


def test_look_ups_go_on_while_a_sheet_is_drawn_and_only_so_many_wait(
    signed_lite: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_DRAWING_WAITING", 2)
    begun, go_on, drawn = threading.Semaphore(0), threading.Event(), []

    def slowly(values: Any) -> bytes:
        begun.release()
        assert go_on.wait(15)
        drawn.append(threading.current_thread().name)
        return b"%PDF-slow"

    monkeypatch.setattr(drawing, "render", slowly)
    found: list[int] = []

    def fetch() -> None:
        found.append(ask(client, signed_lite.valid).status_code)

    with making(signed_lite, threads=1) as client:
        asking = [threading.Thread(target=fetch) for _ in range(2)]
        try:
            asking[0].start()
            assert begun.acquire(timeout=30)
            asking[1].start()
            lane = client.app.app.state.pace._drawing  # type: ignore[attr-defined]
            for _ in range(500):
                if lane.taken < 2:
                    threading.Event().wait(0.01)
            assert lane.taken == 2
            response = client.post("/api/v1/inquiry", json={"code": signed_lite.valid})
            assert response.json()["answer"] == "valid"
            refused = ask(client, signed_lite.valid)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            # one at a time, and never on the loop
            assert not begun.acquire(blocking=False)
        finally:
            go_on.set()
            for thread in asking:
                thread.join(30)
    assert found == [200, 200]
    assert {name.startswith("desk-drawing") for name in drawn} == {True}


def test_the_log_holds_neither_code_nor_national_id_nor_name(
    signed_lite: Room, caplog: pytest.LogCaptureFixture
) -> None:
    # all that the service's command writes: its own lines, and warnings of whatever it uses
    with caplog.at_level(logging.INFO, "migrate"), making(signed_lite) as client:
        ask(client, signed_lite.valid)
        ask(client, signed_lite.valid, OTHER_ID)
        ask(client, signed_lite.revoked)
        ask(client, f"x{signed_lite.valid}", NATIONAL_ID)
    lines = [
        JsonLines().format(record)
        for record in caplog.records
        if record.name.startswith("migrate") or record.levelno >= logging.WARNING
    ]
    said = "\n".join(lines)
    for secret in (signed_lite.valid, signed_lite.revoked, NATIONAL_ID, OTHER_ID, *FACTS.values()):
        assert secret not in said
        assert to_persian_digits(secret) not in said
    routes = [line for line in lines if '"route": "sheet"' in line]
    answers = [re.findall(r'"answer": "(\w+)"', line) for line in routes]
    assert answers == [["sheet"], ["not_found"], ["revoked"], ["malformed"]]


def test_a_telephone_without_scripts_downloads_it(
    signed_lite: Room, tmp_path: Path, chromium: str
) -> None:
    options = ("--public-url", "http://127.0.0.1:8000")
    with running(signed_lite, tmp_path / "log", *options) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": 360, "height": 740}, java_script_enabled=False, locale="fa-IR"
        )
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{url}/holder")
        page.fill("#code", signed_lite.valid)
        page.fill("#national_id", NATIONAL_ID)
        with page.expect_download() as download:
            page.get_by_role("button", name="دریافت برگه").click()
        assert download.value.suggested_filename == "degree-validity-sheet.pdf"
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
        # the way that Enter takes is still the count
        page.fill("#national_id", NATIONAL_ID)
        page.press("#national_id", "Enter")
        assert "شمار استعلام‌ها" in page.locator("h1").inner_text()
        assert NATIONAL_ID not in page.url
        assert not [line for line in said if "Content Security Policy" in line]
        browser.close()
    assert signed_lite.valid not in (tmp_path / "log").read_text()
