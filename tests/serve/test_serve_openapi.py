"""The document says what the service does: every route, every error, examples that are true."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from serve_room import TestClient

from migrate.codes.numbers import is_well_formed
from migrate.serve import models


@pytest.fixture(scope="module")
def document(quick: TestClient) -> dict[str, Any]:
    response = quick.get("/api/v1/openapi.json")
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_api_is_there_whole_and_pages_are_not(document: dict[str, Any]) -> None:
    assert {(path, method) for path, method, _ in operations(document)} == {
        ("/api/v1/inquiry", "post"),
        ("/api/v1/match", "post"),
        ("/api/v1/bulk", "post"),
        ("/api/v1/requests", "post"),
        ("/api/v1/requests/{tracking_no}", "get"),
        ("/healthz", "get"),
    }


def test_every_error_is_a_problem_with_an_example_of_its_own(document: dict[str, Any]) -> None:
    schema = {**document["components"]["schemas"]["Problem"], "components": document["components"]}
    for path, _, operation in operations(document):
        if path == "/healthz":
            continue
        statuses = set(operation["responses"])
        assert {"422", "429", "503"} <= statuses, path
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            assert list(response["content"]) == ["application/problem+json"]
            held = response["content"]["application/problem+json"]
            assert held["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert held["example"]["status"] == int(status)
            jsonschema.validate(held["example"], schema)
            if status in ("429", "503"):
                assert "Retry-After" in response["headers"]


def test_examples_of_answers_fit_their_schemas(document: dict[str, Any]) -> None:
    count = 0
    for _, _, operation in operations(document):
        held = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        for example in held.get("examples", {}).values():
            schema = {**held["schema"], "components": document["components"]}
            jsonschema.validate(example["value"], schema)
            count += 1
    assert count == 3
    assert is_well_formed(models.VALID_EXAMPLE["code"])  # type: ignore[arg-type]


def test_answers_fit_their_schemas(document: dict[str, Any], quick: TestClient) -> None:
    response = quick.post("/api/v1/inquiry", json={"code": "1"})
    schema = document["components"]["schemas"]["InquiryOut"]
    jsonschema.validate(response.json(), {**schema, "components": document["components"]})


def test_a_key_is_needed_for_files_alone(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        needed = operation.get("security")
        if path == "/api/v1/bulk":
            assert needed == [{"verifierKey": []}]
        elif path in ("/api/v1/inquiry", "/api/v1/match"):
            assert needed == [{}, {"verifierKey": []}]
        else:
            assert needed is None
    assert document["components"]["securitySchemes"]["verifierKey"]["scheme"] == "bearer"


def test_no_page_fetches_its_parts_from_elsewhere(quick: TestClient) -> None:
    for path in ("/docs", "/redoc", "/api/v1/docs"):
        assert quick.get(path).status_code == 404
    assert "://" not in quick.get("/").text.replace("http://testserver", "")
