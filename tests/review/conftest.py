"""The invented batch as fixtures, and the programs that tests look at packets through."""

from __future__ import annotations

import os
import shutil

import pytest
from invented_batch import Tables, invented_batch

from migrate.review.cases import Case


@pytest.fixture(scope="session")
def tables() -> Tables:
    return invented_batch()


@pytest.fixture(scope="session")
def cases(tables: Tables) -> list[Case]:
    return tables.cases()


def program(name: str) -> str:
    """The path of a program that a test looks through; else skip, or in CI fail."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed: what it would open was not looked at"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def soffice() -> str:
    return program("soffice")


@pytest.fixture(scope="session")
def chromium() -> str:
    return program("chromium")
