"""What a batch reads: looked at before anything is written, named by content afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrate.batch import secrets
from migrate.batch.settings import Settings
from migrate.intake.files import sha256


def check(settings: Settings) -> None:
    """Look at the source, the registry and the store without changing anything.

    Raises InputError with one clear line about the first that cannot be used.
    """
    from migrate.diplomas.schema import LEGACY, REGISTRY
    from migrate.intake.registry import check_registry
    from migrate.intake.sources import check_source
    from migrate.store.engine import check_store

    check_source(Path(settings.source), LEGACY, profile=profile_path(settings))
    check_registry(settings.registry, REGISTRY)
    check_store(settings.store)


def profile_path(settings: Settings) -> Path | None:
    """The source profile, or None where headings map by themselves."""
    return Path(settings.profile) if settings.profile else None


def described(address: str) -> dict[str, Any]:
    """How an input stands in the manifest: its address, and a file's size and SHA-256."""
    path = Path(address)
    if "://" in address or not path.is_file():
        return {"address": secrets.mask(address)}
    return {"address": address, "bytes": path.stat().st_size, "sha256": sha256(path)}
