"""Whatever is typed, sent or left out: an answer below 500, nothing told, and a store that is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from attack_room import is_well, logged, open_limits, private, tells_nothing
from serve_room import Room, TestClient, served
from sqlalchemy import inspect, select, text

from migrate.codes.claims import CLAIMS
from migrate.codes.requests import FIELDS, REQUIRED
from migrate.store import verifiers
from migrate.store.code_tables import CodeRow
from migrate.store.engine import open_store

SQL = (
    "'",
    '"',
    "' OR '1'='1",
    "' OR 1=1 --",
    "1' UNION SELECT code, facts, state, 1, 1 FROM codes --",
    "'; DROP TABLE codes; --",
    "'; UPDATE codes SET state='revoked'; --",
    "') OR code LIKE '%' --",
    "1; SELECT pg_sleep(9) --",
    "$$; COPY codes TO PROGRAM 'id'; $$",
    "\\'; DELETE FROM limits; --",
    "%27%20OR%201=1",
    "%",
    "_" * 20,
    ":code",
    "%(code)s",
    "{code}",
    "{{7*7}}",
    "${jndi:ldap://a}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../../../etc/passwd",
    "file:///etc/passwd",
    "\x00",
    "12345678901234567890\x00",
    "\ud7ff\ue000",
    "\u202e" * 30,
    "١٢٣٤٥٦٧٨٩٠" * 2,
    "1" * 20,
    "9" * 199,
    "-1",
    "NaN",
    "True",
    "A" * 199,
    "لا" * 90,
    "😀" * 50,
)
PAGES = ("/", "/match", "/holder", "/request", "/en", "/en/match", "/en/holder", "/en/request")


@pytest.fixture
def open_room(room: Room, tmp_path: Path) -> Iterator[tuple[TestClient, Room, Path]]:
    """A service that refuses nothing by number, on both databases, and its log."""
    with (
        logged(tmp_path / "log") as log,
        served(room.address, limits=open_limits(tmp_path)) as client,
    ):
        yield client, room, log


@pytest.fixture
def quick_open(quick: TestClient, shared: Room) -> tuple[TestClient, Room]:
    """The service that the tests of this file share, and its codes."""
    return quick, shared


def harmless(response: httpx.Response, room: Room, *, asked: str = "") -> None:
    """Assert what holds of any answer to an attack."""
    assert response.status_code < 500, (asked, response.status_code)
    tells_nothing(response.text, *private(room), asked=asked)
    assert response.headers["x-content-type-options"] == "nosniff"
    if response.headers["content-type"].startswith("text/html"):
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "<script" not in response.text
        assert "<img src=x" not in response.text


def test_no_field_takes_sql_or_markup_for_anything_but_text(
    open_room: tuple[TestClient, Room, Path],
) -> None:
    client, room, log = open_room
    for word in SQL:
        answers = [
            client.post("/api/v1/inquiry", json={"code": word}),
            client.get(f"/api/v1/requests/{quote(word, safe='', errors='surrogatepass')}"),
            client.get(f"/c/{quote(word, safe='', errors='surrogatepass')}"),
            client.get(f"/en/c/{quote(word, safe='', errors='surrogatepass')}"),
            client.post("/api/v1/bulk", headers={"Authorization": f"Bearer {quote(word)[:200]}"}),
            client.get("/", headers={"User-Agent": quote(word), "Accept-Language": quote(word)}),
            client.get(f"/?code={quote(word, safe='')}&{quote(word, safe='')}=1"),
            client.get(f"/static/{quote(word, safe='')}"),
        ]
        answers += [
            client.post(path, data={"code": word, "national_id": word, "tracking": word})
            for path in PAGES[:4]
        ]
        for answer in answers:
            harmless(answer, room, asked=word)
    for word in SQL[:12]:
        for name in CLAIMS:
            claims = {"code": room.valid, "claims": {name: word}}
            answer = client.post("/api/v1/match", json=claims)
            assert answer.status_code < 500
            tells_nothing(answer.text, *private(room), asked=word + room.valid)
        for name in FIELDS:
            body = dict.fromkeys(REQUIRED, "علی") | {name: word}
            harmless(client.post("/api/v1/requests", json=body), room, asked=word)
    is_well(client, room)
    stands(room)
    tells_nothing(log.read_text(encoding="utf-8"), *private(room))


def stands(room: Room) -> None:
    """Assert that the store has all its tables and the codes their states."""
    engine = open_store(room.address)
    try:
        assert {"codes", "code_events", "limits", "inquiries"} <= set(
            inspect(engine).get_table_names()
        )
        with engine.connect() as connection:
            held = dict(connection.execute(select(CodeRow.code, CodeRow.state)).tuples().all())
            assert connection.execute(text("SELECT count(*) FROM code_events")).scalar_one() >= 6
        assert held[room.valid] == "active"
        assert held[room.revoked] == "revoked"
        assert len(held) == 6
    finally:
        engine.dispose()


JSON = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"code"',
    b"1e999",
    b"NaN",
    b'{"code": NaN}',
    b'{"code": null}',
    b'{"code": 48213390567712045863}',
    b'{"code": true}',
    b'{"code": ["48213390567712045863"]}',
    b'{"code": {"$ne": ""}}',
    b'{"code": "1", "code": "2"}',
    b'{"code": "1", "admin": true}',
    b'{"code": "\xff\xfe"}',
    b'{"code": "\xed\xa0\x80"}',
    b'{"code": "\\ud800"}',
    b'{"code": "\\u0000"}',
    b"\xef\xbb\xbf" + b'{"code": "1"}',
    '{"code": "1"}'.encode("utf-16"),
    '{"code": "1"}'.encode("utf-32"),
    b"[" * 30_000,
    b'{"code":' * 5_000,
    b'{"code": "' + b"9" * 60_000 + b'"}',
    b'{"code": ' + b"9" * 60_000 + b"}",
    b'{"code": "1"}' + b" " * 50_000,
    b'{"code": "1"} {"code": "2"}',
    b"\x00" * 100,
    b'{"__proto__": {"x": 1}, "code": "1"}',
)


@pytest.mark.parametrize("path", ["/api/v1/inquiry", "/api/v1/match", "/api/v1/requests"])
def test_json_that_is_none_or_odd_is_refused_in_words(
    quick_open: tuple[TestClient, Room], path: str
) -> None:
    client, room = quick_open
    for body in JSON:
        for kind in ("application/json", "text/plain", "application/xml", ""):
            headers = {"content-type": kind} if kind else {}
            answer = client.post(path, content=body, headers=headers)
            harmless(answer, room, asked=body.decode("utf-8", "replace"))
            assert answer.status_code in (200, 400, 413, 415, 422), (body[:40], answer.status_code)
            if answer.status_code != 200:
                assert answer.headers["content-type"] == "application/problem+json"
                assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}
    is_well(client, room)


FORMS = (
    b"",
    b"=",
    b"&&&&",
    b"code",
    b"code=%",
    b"code=%zz",
    b"code=%ff%fe",
    b"code=%ed%a0%80",
    b"code=%00",
    b"code=1&code=2",
    b"code=" + b"9" * 60_000,
    b"&".join(b"f%d=1" % number for number in range(2_000)),
    b"code=\xff\xfe",
    b"code=1;national_id=2",
    b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n1\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="code"; filename="../../a"\r\n\r\n1',
)
KINDS = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 5_000,
    "application/json",
    "text/html",
    "",
    ";;;",
)


@pytest.mark.parametrize("path", PAGES)
def test_forms_that_are_none_or_odd_are_refused_as_pages(
    quick_open: tuple[TestClient, Room], path: str
) -> None:
    client, room = quick_open
    for body in FORMS:
        for kind in KINDS:
            headers = {"content-type": kind} if kind else {}
            answer = client.post(path, content=body, headers=headers)
            harmless(answer, room, asked=body.decode("utf-8", "replace"))
            assert answer.status_code in (200, 400, 413, 415, 422), (body[:40], answer.status_code)
            assert answer.headers["content-type"].startswith("text/html")
    is_well(client, room)


CSV = (
    b"",
    b"code\n",
    b"\xff\xfe\x00",
    "code\n1".encode("utf-16"),
    b'code\n"unclosed',
    b"a,b,c\n1,2,3\n",
    b"code,code\n1,2\n",
    b"code\n" + b"1" * 200_000,
    b"code\n" + b"," * 100_000,
    b"code\n" + b'"' * 10_001,
    b"=cmd|' /C calc'!A0\n",
    b"\x00\x00\n",
    b"code\n" + "۱۲۳۴۵۶۷۸۹۰۱۲۳۴۵۶۷۸۹۰\n".encode() * 500,
    b"\n" * 50_000,
    b"code\r" * 1_000,
)


def test_files_that_are_none_or_odd_are_refused_or_answered_row_by_row(
    quick_open: tuple[TestClient, Room],
) -> None:
    client, room = quick_open
    engine = open_store(room.address)
    key = verifiers.add(engine, "an employer", per_minute=60_000, by="test")[1]
    engine.dispose()
    for body in CSV:
        for wanted in ("application/json", "text/csv"):
            headers = {
                "authorization": f"Bearer {key}",
                "content-type": "text/csv",
                "accept": wanted,
            }
            answer = client.post("/api/v1/bulk", content=body, headers=headers)
            assert answer.status_code in (200, 400, 413, 422), (body[:40], answer.status_code)
            tells_nothing(answer.text, *private(room), key)
            if answer.status_code == 200 and wanted == "text/csv":
                # a spreadsheet must not run what somebody typed
                assert not any(
                    line.startswith(("=", "+", "@")) for line in answer.text.splitlines()
                )
    is_well(client, room)


def test_other_methods_and_paths_are_refused_and_tell_nothing(
    quick_open: tuple[TestClient, Room],
) -> None:
    client, room = quick_open
    paths = (
        *PAGES,
        "/api/v1/inquiry",
        "/api/v1/bulk",
        "/healthz",
        "/c/1",
        "/nothing",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/api/v1/",
        "/api/v2/inquiry",
        "/.git/config",
        "/..%2f..%2fetc/passwd",
        "/static/..%2fsettings.py",
        "/static/../settings.py",
        "/%00",
        "//",
        "/c/",
        "/c/1/2",
        f"/c/{room.valid}/",
    )
    for path in paths:
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "HEAD", "PROPFIND", "X" * 40):
            answer = client.request(method, path)
            assert answer.status_code < 500, (method, path)
            if method == "HEAD":
                assert answer.content == b""
            if method in ("PUT", "DELETE", "PATCH", "PROPFIND"):
                assert answer.status_code in (404, 405), (method, path, answer.status_code)
            assert answer.headers.get("access-control-allow-origin") is None
            assert "server" not in answer.headers
            tells_nothing(answer.text, *private(room))
    assert json.loads(client.get("/api/v1/openapi.json").text)["openapi"].startswith("3.")
