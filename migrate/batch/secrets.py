"""Passwords: taken from the environment, and kept out of every artefact."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import quote, quote_plus

STORE_PASSWORD = "MIGRATE_STORE_PASSWORD"
REGISTRY_PASSWORD = "MIGRATE_REGISTRY_PASSWORD"
SOURCE_PASSWORD = "MIGRATE_SOURCE_PASSWORD"
_VARIABLES = (STORE_PASSWORD, REGISTRY_PASSWORD, SOURCE_PASSWORD, "PGPASSWORD")
_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@'\"]*):([^\s/@'\"]+)@")


def keep_in_environment(variable: str, password: str | None) -> None:
    """Put a password that stood in an address where the kernels find it, unless one is there."""
    if password is not None:
        os.environ[variable] = password


def mask(text: str) -> str:
    """The text with every known password, and any password in an address, replaced by ``***``.

    A known password shorter than 4 characters is masked only within an address: replacing it
    everywhere would spoil ordinary words.
    """
    masked = _IN_ADDRESS.sub(r"\1:***@", text)
    for variable in _VARIABLES:
        value = os.environ.get(variable, "")
        if len(value) >= 4:
            # also as addresses and reprs write it
            written = {value, quote(value), quote(value, safe=""), quote_plus(value)}
            written |= {repr(value)[1:-1]}
            for form in sorted(written, key=len, reverse=True):
                masked = masked.replace(form, "***")
    return masked


def mask_all(value: Any) -> Any:
    """A tree of dicts and lists, as JSON holds it, with every text in it masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(key): mask_all(held) for key, held in value.items()}
    if isinstance(value, list):
        return [mask_all(held) for held in value]
    return value
