"""schemathesis over the whole OpenAPI document: no 500, no answer that the document does not have."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from attack_room import logged, open_limits, private, tells_nothing
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.python import asgi
from serve_room import Room, furnish

from migrate.serve.app import make_app
from migrate.serve.settings import Settings, checked
from migrate.store import verifiers
from migrate.store.engine import open_store

# of each operation, as the document has it and against it: some 10 s
EXAMPLES = int(os.environ.get("ATTACK_EXAMPLES", "100"))
load_all_checks()
# what a schema cannot say: one claim at least that is not blank, a name that is not blank, and that
# any text is a file of codes, each row with an answer of its own
BEYOND = {
    "/api/v1/match": ("positive_data_acceptance",),
    "/api/v1/requests": ("positive_data_acceptance",),
    "/api/v1/bulk": ("positive_data_acceptance", "negative_data_rejection"),
}


@dataclass(frozen=True)
class Target:
    """A running service as schemathesis knows it, a verifier's key, and the service's log."""

    schema: Any
    room: Room
    key: str
    log: Path


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with tempfile.TemporaryDirectory() as folder, logged(Path(folder) / "log") as log:
        address = f"sqlite:///{folder}/store.sqlite"
        room = furnish(address)
        engine = open_store(address)
        key = verifiers.add(engine, "an employer", per_minute=50_000, by="test")[1]
        engine.dispose()
        limits = open_limits(Path(folder))
        app = make_app(checked(Settings(store=address, grid=0, limits=limits)))
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
        yield Target(schema, room, key, log)
        asgi.shutdown_lifespans()


def operations() -> list[tuple[str, str]]:
    """(path, method) of all that the document names."""
    app: Any = make_app(Settings(store="sqlite:///nowhere.sqlite")).app
    return [(path, name) for path, held in app.openapi()["paths"].items() for name in held]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "method"), operations())
def test_every_operation_answers_as_its_document_says(
    target: Target, path: str, method: str, mode: GenerationMode
) -> None:
    operation = target.schema[path][method]
    key = {"Authorization": f"Bearer {target.key}"} if path.endswith("/bulk") else None
    beyond = [CHECKS.get_one(name) for name in BEYOND.get(path, ())]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attack(case: Case) -> None:
        response = case.call_and_validate(headers=key, excluded_checks=beyond)
        assert response.status_code < 500
        tells_nothing(response.text, "degree-", "legacy-", asked=repr(case.body))
        if response.status_code >= 400:
            assert response.headers["content-type"][0].startswith("application/problem+json")
            # nobody's facts are in an error, but for what this client sent
            tells_nothing(response.text, *private(target.room), asked=repr(case.body))

    try:
        attack()
    except Unsatisfiable:
        # what takes nothing cannot be asked wrongly
        assert (path, mode) == ("/healthz", GenerationMode.NEGATIVE)


def test_the_log_of_all_that_holds_no_secret(target: Target) -> None:
    case = target.schema["/api/v1/inquiry"]["post"].Case(body={"code": target.room.valid})
    assert case.call().json()["answer"] == "valid"
    text = target.log.read_text(encoding="utf-8")
    assert "valid" in text
    tells_nothing(text, *private(target.room), target.key)
    assert '"level": "error"' not in text
