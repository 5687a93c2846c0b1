"""What each worker process of the service starts with."""

from __future__ import annotations

import os

from migrate.serve.app import make_app
from migrate.serve.guard import Guard
from migrate.serve.settings import VARIABLE, Settings


def application() -> Guard:
    """The application, by the settings that the command left in the environment."""
    return make_app(Settings.from_json(os.environ[VARIABLE]))
