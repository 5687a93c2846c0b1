"""The service over a store on each database that it can be on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_room import WIDE, Room, TestClient, furnish, served


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def room(address: str) -> Room:
    return furnish(address)


@pytest.fixture
def client(room: Room) -> Iterator[TestClient]:
    with served(room.address, limits=WIDE) as client:
        yield client


@pytest.fixture
def lite(tmp_path: Path) -> Room:
    """A furnished store on SQLite, where the database is not the point."""
    return furnish(f"sqlite:///{tmp_path / 'store.sqlite'}")


@pytest.fixture
def quick(lite: Room) -> Iterator[TestClient]:
    with served(lite.address, limits=WIDE) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed: the pages were not looked at")
        pytest.skip("chromium is not installed: the pages were not looked at")
    return found
