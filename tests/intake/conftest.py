"""The programs that tests of intake compare with, and readers in a process with little memory."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def soffice() -> str:
    """The path of LibreOffice; without it the test is skipped, or in CI fails."""
    found = shutil.which("soffice")
    if found is None:
        reason = "soffice is not installed: what it reads was not compared"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
