"""A file of codes has an answer a row, for those with a key alone, and no row stops another."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from serve_room import MISTYPED, SECRETS, UNKNOWN, Room, TestClient

from migrate.codes.inquiry import Answer
from migrate.errors import InputError
from migrate.serve.bulk import MOST_ROWS, read_codes, write_answers
from migrate.store import verifiers
from migrate.store.engine import open_store

CSV = {"content-type": "text/csv"}


def key_for(room: Room, per_minute: int = 1_000) -> dict[str, str]:
    engine = open_store(room.address)
    try:
        _, key = verifiers.add(engine, "سفارت", per_minute=per_minute, by="test")
    finally:
        engine.dispose()
    return {**CSV, "Authorization": f"Bearer {key}"}


def send(client: TestClient, text: str, headers: dict[str, str]) -> Any:
    return client.post("/api/v1/bulk", content=text.encode(), headers=headers)


def test_each_row_has_an_answer_of_its_own_in_order(client: TestClient, room: Room) -> None:
    rows = [room.valid, UNKNOWN, "x", room.revoked, "", MISTYPED, room.superseded, room.valid]
    response = send(client, "name,code\n" + "\n".join(f"n,{row}" for row in rows), key_for(room))
    assert response.status_code == 200
    found = response.json()
    assert [(row["row"], row["answer"]) for row in found["rows"]] == [
        (2, "valid"),
        (3, "not_found"),
        (4, "malformed"),
        (5, "revoked"),
        (6, "malformed"),
        (7, "mistyped"),
        (8, "superseded"),
        (9, "valid"),
    ]
    assert found["counts"] == {
        "valid": 2,
        "not_found": 1,
        "malformed": 2,
        "revoked": 1,
        "mistyped": 1,
        "superseded": 1,
    }
    assert not [secret for secret in SECRETS if secret in response.text]


def test_answers_come_as_csv_where_that_is_asked_for(client: TestClient, room: Room) -> None:
    headers = {**key_for(room), "accept": "text/csv"}
    response = send(client, f"{room.valid}\n{room.bare}\n", headers)
    assert response.headers["content-type"].startswith("text/csv")
    assert response.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert rows[0]["code"] == room.valid
    assert rows[0]["last_name"] == "احمدی‌نژاد"
    assert rows[1]["degree"] == "طلبگی"


def test_a_look_up_by_file_is_logged_for_the_holder_with_its_verifier(
    client: TestClient, room: Room
) -> None:
    headers = key_for(room)
    send(client, "\n".join([room.valid] * 4), headers)
    from serve_room import NATIONAL_ID

    page = client.post("/en/holder", data={"code": room.valid, "national_id": NATIONAL_ID}).text
    assert "Look-ups in all: <b>4</b>" in page


def test_nobody_without_a_key_sends_a_file_and_none_is_read(quick: TestClient) -> None:
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        for _ in range(10):
            read += 1
            yield b"1" * 100_000

    for headers in (CSV, {**CSV, "Authorization": "Bearer migrate-key-x"}):
        assert quick.post("/api/v1/bulk", content=body(), headers=headers).status_code == 401


def test_a_file_is_not_larger_than_its_key_allows(quick: TestClient, shared: Room) -> None:
    headers = key_for(shared, per_minute=5)
    response = send(quick, "\n".join([UNKNOWN] * 6), headers)
    assert response.status_code == 422
    assert "5 codes a minute" in response.json()["detail"]
    assert send(quick, "\n".join([shared.valid] * 5), headers).status_code == 200
    refused = send(quick, shared.valid, headers)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 12


def test_codes_that_are_not_there_are_dearer(quick: TestClient, shared: Room) -> None:
    headers = key_for(shared, per_minute=60)
    assert send(quick, "\n".join([UNKNOWN] * 20), headers).status_code == 200
    refused = send(quick, shared.valid, headers)
    # 20 rows at 1 + 4 each are 100 of 60 a minute
    assert refused.status_code == 429
    assert 20 <= int(refused.headers["retry-after"]) <= 41


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"\n\n , ,\n", 422), (b"\xff\xfe1\x00", 422), (b"a\x00b", 422), (b'"1', 422)],
)
def test_a_file_that_cannot_be_read_is_a_problem(
    quick: TestClient, shared: Room, body: bytes, status: int
) -> None:
    response = quick.post("/api/v1/bulk", content=body, headers=key_for(shared))
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_file_has_a_size(quick: TestClient, shared: Room) -> None:
    headers = key_for(shared, per_minute=100_000)
    assert send(quick, "1\n" * 600_000, headers).status_code == 413
    response = send(quick, "1\n" * (MOST_ROWS + 1), headers)
    assert response.status_code == 422
    assert "10,000 codes" in response.json()["detail"]
    other = {**headers, "content-type": "application/json"}
    assert send(quick, "1", other).status_code == 415


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("1\n2\n", [(1, "1"), (2, "2")]),
        ("\ufeffcode\r\n1\r\n\r\n2", [(2, "1"), (4, "2")]),
        ("نام;کد صحت\nالف;۱۲\n", [(2, "۱۲")]),
        ("a\tVALIDITY CODE\nx\t1", [(2, "1")]),
        ('code,x\n"1 2",y\n', [(2, "1 2")]),
        ("name,code\nonly\n", [(2, "")]),
    ],
)
def test_files_of_spreadsheets_are_read(text: str, codes: list[tuple[int, str]]) -> None:
    assert read_codes(text.encode()) == codes


def test_a_broken_row_is_named() -> None:
    with pytest.raises(InputError) as refused:
        read_codes(b"1\n2\n\xff\n")
    assert refused.value.row == 3


def test_no_cell_is_a_formula() -> None:
    shown = {"first_name": "=1+1", "last_name": "@x", "degree": "-2", "university": "+3"}
    written = write_answers([(1, Answer("valid", "1" * 20, shown=shown))])
    row = next(csv.reader(io.StringIO(written.partition("\n")[2])))
    assert [row[3], row[4], row[5]] == ["'=1+1", "'@x", "'-2"]
