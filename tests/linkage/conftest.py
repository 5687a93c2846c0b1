"""The model of the small linkage problem, for every test of this room."""

from __future__ import annotations

import pytest
from linkage_problem import MODEL

from migrate.linkage.model import LinkageModel, model_of


@pytest.fixture(scope="session")
def model() -> LinkageModel:
    return model_of(MODEL)
