"""What attacks share: a service without limits in their way, its log, and what must be in neither."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serve_room import FACTS, SECRETS, Room, TestClient

from migrate.serve.lines import JsonLines

# as good as none
OPEN = """
rates:
  address: {per_minute: 6000000, burst: 1000000}
  code: {per_minute: 6000000, burst: 1000000}
  overall: {per_minute: 6000000, burst: 1000000}
"""
# what tells of the inside: stack traces, SQL, paths, drivers
INSIDE = (
    "Traceback",
    "sqlalchemy",
    "psycopg",
    "sqlite3",
    "site-packages",
    "SELECT ",
    "INSERT INTO",
    "syntax error",
    '.py"',
    "/work/",
    "/tmp/",
    "pydantic",
)


def open_limits(folder: Path) -> str:
    """The path of a file of limits that refuse nothing."""
    path = folder / "open.yaml"
    path.write_text(OPEN, encoding="utf-8")
    return str(path)


@contextmanager
def logged(path: Path) -> Iterator[Path]:
    """All that is logged, by anybody, as the service formats it, into a file."""
    # the attacker's own log is not the service's
    logging.getLogger("httpx").setLevel(logging.WARNING)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    root, level = logging.getLogger(), logging.getLogger().level
    served = logging.getLogger("migrate.serve")
    held = served.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    served.setLevel(logging.DEBUG)
    try:
        yield path
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        served.setLevel(held)
        handler.close()


def private(room: Room) -> tuple[str, ...]:
    """What no log may hold: codes, in every spelling, and facts."""
    codes = [value for name, value in vars(room).items() if name != "address"]
    spelled = [f"{code[:4]} {code[4:8]}" for code in codes] + [code[2:18] for code in codes]
    # the forms themselves list degrees
    facts = [FACTS[name] for name in ("first_name", "last_name", "university")]
    return (*codes, *spelled, *facts, *SECRETS)


def tells_nothing(text: str, *more: str, asked: str = "") -> None:
    """Assert that a body or a log names nothing of the inside, and none of ``more``.

    :param asked: what was sent: a page gives a mistyped code back to be mended, as text.
    """
    for word in (*INSIDE, *more):
        assert word not in text or word in asked, f"{word!r} in {text[:400]!r}"


def is_well(client: TestClient, room: Room) -> None:
    """Assert that the service still answers, and rightly."""
    answer = client.post("/api/v1/inquiry", json={"code": room.valid})
    assert answer.status_code == 200
    assert answer.json()["answer"] == "valid"
