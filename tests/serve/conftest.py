"""The service over a store on each database that it can be on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serve_room import WIDE, Room, TestClient, furnish, served

from migrate.serve.stores import open_for_serving


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    return str(request.getfixturevalue("postgres_store"))


@pytest.fixture
def room(address: str) -> Room:
    return furnish(address)


@pytest.fixture
def client(room: Room) -> Iterator[TestClient]:
    with served(room.address, limits=WIDE) as client:
        yield client


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A furnished store on SQLite and the file beside it, closed: to be copied."""
    address = f"sqlite:///{tmp_path_factory.mktemp('furnished') / 'store.sqlite'}"
    room = furnish(address)
    open_for_serving(address).close()
    return room


def copied(room: Room, folder: Path) -> Room:
    source = Path(room.address.removeprefix("sqlite:///"))
    for path in source.parent.glob("store*.sqlite"):
        shutil.copy(path, folder / path.name)
    return replace(room, address=f"sqlite:///{folder / source.name}")


@pytest.fixture
def lite(furnished: Room, tmp_path: Path) -> Room:
    """A furnished store on SQLite, where the database is not the point."""
    return copied(furnished, tmp_path)


@pytest.fixture(scope="module")
def shared(furnished: Room, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The store that ``quick`` serves."""
    return copied(furnished, tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def quick(shared: Room) -> Iterator[TestClient]:
    """A service that tests of one file share, where no limit is the point."""
    with served(shared.address, limits=WIDE) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed: the pages were not looked at")
        pytest.skip("chromium is not installed: the pages were not looked at")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        held = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield held
        held.close()
