"""What is too large, too slow, misdirected or broken is refused in one shape, with every header."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serve_room import FACTS, NATIONAL_ID, UNKNOWN, WIDE, Room, TestClient, served
from starlette.exceptions import HTTPException

from migrate.serve import guard
from migrate.serve.addresses import bucket_of, client_of, networks
from migrate.serve.lines import JsonLines

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PATHS = [
    "/",
    "/en",
    "/match",
    "/en/match",
    "/holder",
    "/request",
    f"/c/{UNKNOWN}",
    f"/en/c/{UNKNOWN}",
    "/healthz",
    "/robots.txt",
    "/api/v1/openapi.json",
    "/api/v1/requests/2222222222222222",
    "/nowhere",
    "/api/nowhere",
    "/static/nothing",
]


def is_guarded(headers: Any) -> None:
    csp = headers["content-security-policy"]
    assert "default-src 'none'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "script-src" not in csp
    assert "unsafe" not in csp
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "set-cookie" not in headers
    assert "server" not in headers
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_every_answer_has_the_headers_and_no_cookie(quick: TestClient, method: str) -> None:
    for path in (*PATHS, "/api/v1/inquiry", "/api/v1/match", "/api/v1/bulk", "/api/v1/requests"):
        response = quick.request(method, path)
        is_guarded(response.headers)
        assert response.status_code < 500, (method, path)
        if method == "HEAD":
            assert response.content == b""
        if response.status_code == 405:
            assert response.headers["allow"]
        if method == "OPTIONS" and response.status_code != 404:
            assert response.status_code == 204
            assert response.headers["allow"]


def test_answers_are_not_for_search_engines(quick: TestClient, shared: Room) -> None:
    assert "noindex" in quick.get(f"/c/{shared.valid}").headers["x-robots-tag"]
    assert "x-robots-tag" not in quick.get("/").headers
    assert "Disallow: /c/" in quick.get("/robots.txt").text


def test_files_are_cached_by_their_content(quick: TestClient) -> None:
    path = quick.get("/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    response = quick.get(path)
    assert response.headers["content-type"].startswith("text/css")
    assert "immutable" in response.headers["cache-control"]
    fonts = [part.partition(")")[0] for part in response.text.split("url(")[1:]]
    assert fonts
    for font in fonts:
        assert quick.get(font).content[:4] == b"wOF2"


def test_hsts_is_said_behind_tls_only(lite: Room) -> None:
    with served(lite.address) as client:
        assert "strict-transport-security" not in client.get("/").headers
        # nobody but a trusted proxy can say so
        forged = client.get("/", headers={"x-forwarded-proto": "https"})
        assert "strict-transport-security" not in forged.headers
    with served(lite.address, public_url="https://testserver") as client:
        assert "max-age=31536000" in client.get("/").headers["strict-transport-security"]
        missing = client.get("/nowhere")
        assert "strict-transport-security" in missing.headers


def test_only_its_own_name_is_answered(lite: Room) -> None:
    with served(lite.address, public_url="https://codes.example") as client:
        for host in ("evil.example", "codes.example.evil.example", "", "127.0.0.1", "[::1]"):
            response = client.get("/", headers={"host": host})
            assert response.status_code in (400, 421), host
            assert "evil" not in response.text
        for host in ("codes.example", "CODES.example:443", "codes.example."):
            assert client.get("/", headers={"host": host}).status_code == 200
        # whoever watches the service comes by an address
        assert client.get("/healthz", headers={"host": "127.0.0.1:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"), [("/api/v1/inquiry", JSON), ("/", FORM), ("/api/v1/requests", JSON)]
)
def test_a_body_is_counted_while_it_comes(
    quick: TestClient, path: str, kind: dict[str, str]
) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"x" * 10_000

    assert quick.post(path, content=chunks(), headers=kind).status_code == 413
    assert quick.post(path, content=b"x" * 70_000, headers=kind).status_code == 413
    lying = {**kind, "content-length": "10"}
    assert quick.post(path, content=b"x" * 70_000, headers=lying).status_code in (400, 413)
    for length in ("-1", "ten", "1e3", " "):
        response = quick.post(path, content=b"x", headers={**kind, "content-length": length})
        assert response.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 60_000,
        b'{"code":' * 8_000,
        b'{"code": "1"} more',
        b"\xff\xfe",
        b'{"code": NaN}',
        b'{"code": "1", "code": "2"}',
        b"\x00" * 100,
    ],
)
def test_broken_json_is_a_problem(quick: TestClient, body: bytes) -> None:
    response = quick.post("/api/v1/inquiry", content=body, headers=JSON)
    if b'"2"' in body:
        # the last of two wins, and is malformed as a code
        assert response.status_code == 200
        return
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in response.text


def test_another_kind_of_content_is_refused(quick: TestClient, shared: Room) -> None:
    body = json.dumps({"code": shared.valid}).encode()
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml"):
        for path in ("/", "/holder", "/en/match", "/request"):
            assert quick.post(path, content=body, headers={"content-type": kind}).status_code == 415
        answer = quick.post("/api/v1/inquiry", content=body, headers={"content-type": kind})
        assert answer.status_code in (415, 422)


@pytest.mark.parametrize(
    "form",
    [
        "code=1&code=2",
        "code",
        "code=%FF%FE",
        "&".join(f"a{n}=1" for n in range(30)),
        "code=" + "1" * 600,
        "کد=۱",
    ],
)
def test_a_broken_form_is_a_page_that_says_so(quick: TestClient, form: str) -> None:
    response = quick.post("/", content=form.encode(), headers=FORM)
    assert response.status_code == 400
    assert 'dir="rtl"' in response.text
    assert "1" * 100 not in response.text


def test_headers_have_a_number_and_a_size(quick: TestClient) -> None:
    many = {f"x-{n}": "1" for n in range(guard.MOST_HEADERS + 1)}
    assert quick.get("/", headers=many).status_code == 431
    assert quick.get("/", headers={"x-long": "x" * 13_000}).status_code == 431
    assert quick.get("/", headers={"cookie": "x" * 8_000}).status_code == 200
    assert quick.get("/?" + "q" * 2_000).status_code == 400
    assert quick.get("/c/" + "1" * 2_000).status_code == 400


def test_too_many_at_once_are_told_to_come_back(
    quick: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_WAITING", 0)
    response = quick.post("/api/v1/inquiry", json={"code": UNKNOWN})
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0


def test_a_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.05)

    async def drip() -> dict[str, Any]:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def read() -> int:
        body = guard._Body(drip, most=1_000)
        for _ in range(100):
            await body()
        return 100

    with pytest.raises(HTTPException) as refused:
        asyncio.run(read())
    assert refused.value.status_code == 408


def test_a_failure_says_nothing_and_is_written_down_without_words(
    quick: TestClient,
    shared: Room,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from migrate.serve import page_routes

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"a secret {shared.valid} {NATIONAL_ID}")

    monkeypatch.setattr(page_routes.views, "shown", fail)
    with caplog.at_level(logging.INFO, "migrate.serve"):
        response = quick.get(f"/c/{shared.valid}")
    assert response.status_code == 500
    is_guarded(response.headers)
    assert "RuntimeError" not in response.text
    said = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert '"error": "RuntimeError"' in said
    assert "page_routes.py:" in said
    assert shared.valid not in said
    assert NATIONAL_ID not in said


def test_no_secret_is_in_any_line_of_the_log(lite: Room, caplog: pytest.LogCaptureFixture) -> None:
    from migrate.store import verifiers
    from migrate.store.engine import open_store

    engine = open_store(lite.address)
    made, key = verifiers.add(engine, "A", by="B")
    engine.dispose()
    with caplog.at_level(logging.DEBUG, "migrate"), served(lite.address, limits=WIDE) as client:
        bearer = {"Authorization": f"Bearer {key}", "X-Forwarded-For": "203.0.113.7"}
        client.post("/api/v1/inquiry", json={"code": lite.valid}, headers=bearer)
        client.post("/api/v1/inquiry", json={"code": lite.valid + "x"}, headers=bearer)
        client.post("/api/v1/inquiry", content=f'{{"code": "{lite.valid}', headers=JSON)
        claims = {"national_id": NATIONAL_ID, "first_name": FACTS["first_name"]}
        client.post("/api/v1/match", json={"code": lite.valid, "claims": claims})
        client.post("/holder", data={"code": lite.valid, "national_id": NATIONAL_ID})
        client.get(f"/c/{lite.valid}")
        client.get(f"/nowhere/{lite.valid}?id={NATIONAL_ID}")
        client.post(
            "/api/v1/bulk", content=lite.valid, headers={**bearer, "content-type": "text/csv"}
        )
        client.request(f"X{NATIONAL_ID}", "/")
    lines = [
        JsonLines().format(record)
        for record in caplog.records
        if record.name.startswith(("migrate", "uvicorn"))
    ]
    assert len(lines) >= 9
    said = "\n".join(lines)
    for secret in (lite.valid, NATIONAL_ID, key, key[12:], FACTS["first_name"], "203.0.113.7"):
        assert secret not in said
    assert made.verifier_id in said
    assert '"route": "/api/v1/match"' in said
    for line in lines:
        assert json.loads(line)["at"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["1.1.1.1"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        # what a client wrote itself stands before what the proxy wrote
        ("127.0.0.1", ["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["203.0.113.7, 10.1.2.3"], "203.0.113.7"),
        ("127.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("127.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["6.6.6.6" + ", 10.1.2.3" * 40], "10.1.2.3"),
        (None, ["203.0.113.7"], ""),
        ("testclient", ["203.0.113.7"], ""),
    ],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_alone(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    assert client_of(peer, forwarded, networks(["127.0.0.1", "10.1.0.0/16"])) == client


def test_one_customer_has_one_bucket() -> None:
    assert bucket_of("2001:db8:1:2::1") == bucket_of("2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert bucket_of("2001:db8:1:2::1") != bucket_of("2001:db8:1:3::1")
    assert bucket_of("203.0.113.7") == bucket_of("::ffff:203.0.113.7")
    assert bucket_of("203.0.113.7") != bucket_of("203.0.113.8")
    assert bucket_of("") == bucket_of("nonsense")


@pytest.mark.parametrize(
    "settings",
    [
        {"public_url": "codes.example"},
        {"public_url": "https://codes.example/under"},
        {"public_url": "ftp://codes.example"},
        {"trusted_proxies": ("10.0.0.1/8",)},
        {"trusted_proxies": ("proxy",)},
        {"grid": -1},
        {"threads": 0},
        {"limits": "nowhere.yaml"},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    from migrate.errors import InputError
    from migrate.serve.settings import Settings, checked

    with pytest.raises(InputError):
        checked(Settings("sqlite:///x", **settings))


@pytest.mark.parametrize(
    "text",
    [
        "rates: {nobody: {per_minute: 1, burst: 1}}",
        "rates: {address: {per_minute: 0, burst: 1}}",
        "rates: {address: 5}",
        "costs: {inquiry: 0}",
        "costs: {inquiry: many}",
        "costs: {match: 1000}",
        "limits: {}",
        "- 1",
        "rates: [",
    ],
)
def test_limits_that_make_no_sense_are_refused(tmp_path: Path, text: str) -> None:
    from migrate.errors import InputError
    from migrate.serve.settings import load_limits

    path = tmp_path / "limits.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        load_limits(str(path))
