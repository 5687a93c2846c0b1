"""The API answers each code once and rightly, and tells nobody more than the page would."""

from __future__ import annotations

import json
from typing import Any

import pytest
from serve_room import FACTS, MISTYPED, NATIONAL_ID, OTHER_ID, SECRETS, UNKNOWN, Room, TestClient

from migrate.store import verifiers
from migrate.store.engine import open_store


def ask(client: TestClient, code: str, **headers: str) -> dict[str, Any]:
    response = client.post("/api/v1/inquiry", json={"code": code}, headers=headers)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_each_state_has_its_answer(client: TestClient, room: Room) -> None:
    for name in ("valid", "suspended", "revoked", "superseded"):
        found = ask(client, getattr(room, name))
        assert found["answer"] == name
        assert (found["facts"] is not None) == (name == "valid")
    assert ask(client, room.successor)["answer"] == "valid"
    assert ask(client, UNKNOWN)["answer"] == "not_found"
    assert ask(client, MISTYPED)["answer"] == "mistyped"
    assert ask(client, "12 34")["reason"] == "too_short"


def test_a_superseded_code_names_its_successor_and_nothing_else(
    client: TestClient, room: Room
) -> None:
    found = ask(client, room.superseded)
    assert found["superseded_by"] == room.successor
    assert FACTS["first_name"] not in json.dumps(found, ensure_ascii=False)


def test_no_answer_holds_what_nobody_may_see(client: TestClient, room: Room) -> None:
    claims = {"first_name": "مریم", "national_id": OTHER_ID, "year": "1300"}
    for code in (*vars(room).values(), UNKNOWN, MISTYPED):
        said = client.post("/api/v1/inquiry", json={"code": code}).text
        said += client.post("/api/v1/match", json={"code": code, "claims": claims}).text
        said += client.get(f"/c/{code[:30]}").text
        assert not [secret for secret in SECRETS if secret in said]
        assert "a reason nobody sees" not in said


def test_a_code_is_taken_in_any_digits(quick: TestClient, shared: Room) -> None:
    persian = shared.valid.translate({48 + n: 0x06F0 + n for n in range(10)})
    grouped = "-".join(persian[start : start + 4] for start in range(0, 20, 4))
    assert ask(quick, grouped)["code"] == shared.valid


def test_a_match_says_yes_or_no_and_shows_nothing(client: TestClient, room: Room) -> None:
    claims = {
        "first_name": "مريم",
        "last_name": "احمدی نژاد",
        "national_id": NATIONAL_ID,
        "university": "دانشگاه پهلوی",
        "degree": "فوق لیسانس",
        "year": "۱۳۶۲",
        "document": "دانشنامه",
        "field_of_study": "کیمیاگری",
    }
    body = {"code": room.valid, "claims": claims}
    response = client.post("/api/v1/match", json=body)
    found = response.json()
    assert found["fields"] == {
        "first_name": "yes",
        "last_name": "yes",
        "national_id": "yes",
        "degree": "no",
        "field_of_study": "cannot",
        "university": "yes",
        "year": "yes",
        "document": "yes",
    }
    assert not [fact for fact in FACTS.values() if fact in response.text]
    for code in (room.revoked, room.suspended, UNKNOWN):
        held = client.post("/api/v1/match", json={"code": code, "claims": claims}).json()
        assert held["fields"] == {}
        assert held["answer"] in ("revoked", "suspended", "not_found")


def test_a_match_needs_a_claim(quick: TestClient, shared: Room) -> None:
    for claims in ({}, {"first_name": "  "}, {"first_name": None}):
        response = quick.post("/api/v1/match", json={"code": shared.valid, "claims": claims})
        assert response.status_code == 422


def test_a_holder_sees_how_often_the_code_was_looked_up(client: TestClient, room: Room) -> None:
    for _ in range(3):
        ask(client, room.valid)
    right = {"code": room.valid, "national_id": "۰۰۱-۲۳۴۵۶۷-۹"}
    page = client.post("/en/holder", data=right).text
    assert "Look-ups in all: <b>3</b>" in page
    # looking at it is not counted
    assert "Look-ups in all: <b>3</b>" in client.post("/en/holder", data=right).text


def test_a_wrong_pair_and_no_code_at_all_are_one_answer(client: TestClient, room: Room) -> None:
    said = []
    for code, national_id in (
        (room.valid, OTHER_ID),
        (UNKNOWN, NATIONAL_ID),
        (MISTYPED, NATIONAL_ID),
        (room.bare, NATIONAL_ID),
        (room.valid, ""),
        (room.valid, "0012345678"),
    ):
        page = client.post("/en/holder", data={"code": code, "national_id": national_id})
        assert page.status_code == 200
        grouped = " ".join(code[start : start + 4] for start in range(0, 20, 4))
        assert grouped in page.text
        said.append(page.text.replace(grouped, "CODE").replace(code, "CODE"))
    # but for the minute that it was asked in
    assert len({"".join(page.split("Time of inquiry")[0]) for page in said}) == 1
    assert "was not found with this national ID" in said[0]


def test_not_found_says_the_same_for_every_code(quick: TestClient) -> None:
    from migrate.codes.numbers import new_code

    bodies = set()
    for _ in range(3):
        code = new_code()
        response = quick.post("/api/v1/inquiry", json={"code": code})
        bodies.add(response.text.replace(code, "CODE"))
    assert len(bodies) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": 5},
        {"code": None},
        {"code": ["1"]},
        {"code": "1" * 201},
        {"code": "1", "more": 1},
        [],
        "text",
        None,
    ],
)
def test_a_body_of_another_shape_is_a_problem_that_repeats_nothing(
    quick: TestClient, body: Any
) -> None:
    response = quick.post("/api/v1/inquiry", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert set(found) == {"type", "title", "status", "detail", "errors"}
    assert found["status"] == 422
    assert "1" * 50 not in response.text


def test_the_name_of_an_unknown_field_is_not_said_back(quick: TestClient) -> None:
    secret = "0012345679" * 3
    for body in (
        {"code": "1", secret: 1},
        {"code": "1", f"{secret}2": 1, f"{secret}3": {}, "x" * 60_000: []},
    ):
        response = quick.post("/api/v1/inquiry", json=body)
        assert response.status_code == 422
        # that there are such is said once, with where they stood
        assert response.json()["errors"] == [{"where": "body", "message": "Unknown field"}]
        assert len(response.content) < 400
    body = {"code": "1", "claims": {"year": "1362", secret: "1"}}
    response = quick.post("/api/v1/match", json=body)
    assert response.json()["errors"] == [{"where": "body.claims", "message": "Unknown field"}]
    both = quick.post("/api/v1/inquiry", json={secret: "1"}).json()["errors"]
    assert both == [
        {"where": "body.code", "message": "Field required"},
        {"where": "body", "message": "Unknown field"},
    ]


@pytest.mark.parametrize("code", ["\\ud800", "\\u0000", "\\uffff", "'; DROP TABLE codes; --", "%s"])
def test_hostile_texts_are_texts(quick: TestClient, code: str) -> None:
    response = quick.post(
        "/api/v1/inquiry",
        content=b'{"code": "%s"}' % code.encode(),
        headers={"content-type": "application/json"},
    )
    # half of a character is no text
    assert response.status_code == (422 if "ud800" in code else 200)
    assert response.json().get("answer", "malformed") == "malformed"
    body = b'{"code": "1", "claims": {"first_name": "%s", "university": "%s"}}'
    response = quick.post(
        "/api/v1/match",
        content=body % (code.encode(), code.encode()),
        headers={"content-type": "application/json"},
    )
    assert response.status_code in (200, 422)


def test_a_key_has_limits_of_its_own_and_a_wrong_one_opens_nothing(
    client: TestClient, room: Room
) -> None:
    engine = open_store(room.address)
    made, key = verifiers.add(engine, "سفارت", per_minute=3, by="test")
    bearer = {"Authorization": f"Bearer {key}"}
    for _ in range(3):
        assert ask(client, room.valid, **bearer)["answer"] == "valid"
    refused = client.post("/api/v1/inquiry", json={"code": room.valid}, headers=bearer)
    assert refused.status_code == 429
    assert "this key" in refused.json()["detail"]
    # the address has its own
    assert ask(client, room.valid)["answer"] == "valid"
    for wrong in ("Bearer x", "Bearer", "Basic eDp5", f"Bearer {key}x", f"bearer  {key[:-1]}"):
        response = client.post(
            "/api/v1/inquiry", json={"code": room.valid}, headers={"Authorization": wrong}
        )
        assert response.status_code == 401
        assert "Bearer" in response.headers["www-authenticate"]
        assert key[:-1] not in response.text
    verifiers.revoke(engine, made.verifier_id, by="test")
    engine.dispose()
    response = client.post("/api/v1/inquiry", json={"code": room.valid}, headers=bearer)
    assert response.status_code in (401, 429)


def test_a_request_is_received_once_and_can_be_followed(client: TestClient) -> None:
    body = {"first_name": "مریم", "last_name": "احمدی", "university": "دانشگاه شیراز"}
    first = client.post("/api/v1/requests", json=body)
    assert first.status_code == 201
    tracking = first.json()["tracking_no"]
    again = client.post("/api/v1/requests", json=body).json()
    assert (again["tracking_no"], again["repeated"]) == (tracking, True)
    found = client.get(f"/api/v1/requests/{tracking.lower()}")
    assert found.json()["state"] == "received"
    assert "احمدی" not in found.text
    page = client.post("/en/request", data={"tracking": tracking}).text
    assert "The request was received" in page
    assert "احمدی" not in page
    assert client.get("/api/v1/requests/2222222222222222").status_code == 404
    assert "no request of this number" in client.post("/en/request", data={"tracking": "x"}).text


@pytest.mark.parametrize(
    "body",
    [
        {"first_name": "مریم"},
        {"first_name": "Maryam", "last_name": "احمدی", "university": "دانشگاه شیراز"},
        {
            "first_name": "مریم",
            "last_name": "احمدی",
            "university": "دانشگاه شیراز",
            "national_id": "0012345678",
        },
        {
            "first_name": "مریم",
            "last_name": "احمدی",
            "university": "دانشگاه شیراز",
            "channel": "archive",
        },
        {
            "first_name": "مریم",
            "last_name": "احمدی",
            "university": "دانشگاه شیراز",
            "scans": [{"sha256": "0" * 64, "path": "../../etc/passwd"}],
        },
    ],
)
def test_a_request_that_cannot_be_is_refused_without_repeating_it(
    quick: TestClient, body: dict[str, Any]
) -> None:
    response = quick.post("/api/v1/requests", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]
    assert "0012345678" not in response.text
    assert "passwd" not in response.text


def test_health_tells_whether_the_database_answers(client: TestClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "database": True})
