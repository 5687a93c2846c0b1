"""What a batch reads: looked at before anything is written, named by content afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrate.batch import secrets
from migrate.batch.settings import Settings
from migrate.errors import InputError
from migrate.intake.files import sha256

if TYPE_CHECKING:
    from migrate.intake.sources import OpenSource


def check(settings: Settings) -> None:
    """Look at the folders, the source, its corrections, the registry and the store; change nothing.

    Raises InputError with one clear line about the first that cannot be used.
    """
    from migrate.batch.corrections import take
    from migrate.diplomas.schema import LEGACY, REGISTRY
    from migrate.intake.registry import check_registry
    from migrate.intake.sources import check_source
    from migrate.store.engine import check_store

    _check_free(settings.folder)
    with _reports_folder(Path(settings.reports)):
        check_source(settings.source, LEGACY, profile=profile_path(settings))
        if settings.corrections:
            take(settings)
        check_registry(settings.registry, REGISTRY)
        check_store(settings.store)


def _check_free(folder: Path) -> None:
    """Refuse a folder that holds something else: `--batch sample` beside the folder of the sample."""
    if folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise InputError(
            "this folder is there already and holds no batch",
            file=folder,
            fix="Choose another name for --batch, or move the folder away",
        )


@contextmanager
def _reports_folder(folder: Path) -> Iterator[None]:
    """Make the reports folder where there is none, and take it away again when the block fails."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "the reports folder cannot be made",
            file=folder,
            found=error.strerror,
            fix="Name another with --reports",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            "the reports folder may not be written to", file=folder, fix="Name another: --reports"
        )
    try:
        yield
    except BaseException:
        for path in missing:
            # a folder that somebody has filled meanwhile stays
            with suppress(OSError):
                path.rmdir()
        raise


def profile_path(settings: Settings) -> Path | None:
    """The source profile, or None where headings map by themselves."""
    return Path(settings.profile) if settings.profile else None


def described_source(address: str, source: OpenSource) -> dict[str, Any]:
    """How a source stands in the manifest: a database's rows have a SHA-256 as a file has.

    A DBF table's memo file, which holds part of its rows, stands beside it as ``memo``.

    :param address: the source as it stands in the settings.
    :param source: the same, opened. All rows of a database are read once for their digest.
    """
    entry = described(address)
    if "sha256" in entry:
        memo = source.memo
        return entry | ({"memo": described(str(memo))} if memo else {})
    _, _, table = address.partition("#")
    held = {"query": source.query} if source.query else {"table": table}
    return entry | held | {"sha256": source.digest()}


def described(address: str) -> dict[str, Any]:
    """How an input stands in the manifest: its address, and a file's size and SHA-256."""
    path = Path(address)
    if "://" in address or not path.is_file():
        return {"address": secrets.mask(address)}
    return {"address": address, "bytes": path.stat().st_size, "sha256": sha256(path)}
