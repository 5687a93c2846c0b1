"""The manifest: what a batch was made of, what it made, and the SHA-256 of each.

It is the authority on a batch. It holds no time of day, so that the same inputs and parameters give
the same manifest; when each stage ran and how long it took stands in ``run.json`` beside it.
"""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrate import __version__
from migrate.errors import InputError, RunError
from migrate.intake.files import sha256, write_atomically

if TYPE_CHECKING:
    from migrate.batch.settings import Settings

FORMAT = 1
NAME = "manifest.json"
_LIBRARIES = (
    "duckdb",
    "great-expectations",
    "numpy",
    "pandas",
    "papermill",
    "persiantools",
    "pyarrow",
    "rapidfuzz",
    "sqlalchemy",
    "xlsxwriter",
)

Manifest = dict[str, Any]


def new(settings: Settings) -> Manifest:
    """A manifest of a batch in which nothing has run yet."""
    return {
        "format": FORMAT,
        "batch": settings.batch,
        "parameters": settings.to_dict(),
        "versions": versions(),
        "inputs": {},
        "counts": {},
        "stages": {},
        "notebooks": {},
    }


def versions() -> dict[str, str]:
    """Versions of this program, of Python and of every library that touches the data."""
    found = {name: metadata.version(name) for name in _LIBRARIES}
    return {"migrate": __version__, "python": platform.python_version(), **found}


def read(folder: Path) -> Manifest | None:
    """The manifest in a batch's folder, or None where there is none. Raises InputError."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            "the manifest cannot be read", file=path, found=error, fix="Restore it from a backup"
        ) from error
    if manifest.get("format") != FORMAT:
        raise InputError(
            "the manifest is of another version of this program",
            file=path,
            column="format",
            found=manifest.get("format"),
            fix=f"This program reads format {FORMAT}",
        )
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest whole, or leave the old one as it was."""
    with write_atomically(folder / NAME) as partial:
        text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)
        partial.write_text(text + "\n", encoding="utf-8")


def record_stage(
    folder: Path,
    stage: str,
    artefacts: list[Path],
    *,
    counts: dict[str, Any] | None = None,
    inputs: dict[str, Any] | None = None,
) -> None:
    """Record what a stage made: the hash of each artefact (paths in ``folder``), and its counts."""
    manifest = required(folder)
    manifest["stages"][stage] = {
        "artefacts": {
            path.relative_to(folder).as_posix(): sha256(path) for path in sorted(artefacts)
        }
    }
    manifest["counts"].update(counts or {})
    manifest["inputs"].update(inputs or {})
    manifest["versions"] = versions()
    write(folder, manifest)


def required(folder: Path) -> Manifest:
    """The manifest of a batch that must exist. Raises InputError where it does not."""
    manifest = read(folder)
    if manifest is None:
        raise InputError(
            "there is no such batch",
            file=folder,
            fix="Run notebook 1-intake first, or `migrate run` with --source and --registry",
        )
    return manifest


def require_stage(folder: Path, stage: str) -> Manifest:
    """The manifest, once ``stage`` is recorded and its artefacts are as they were written.

    Raises InputError when the stage has not run, RunError when an artefact was changed or is gone.
    """
    manifest = required(folder)
    if stage not in manifest["stages"]:
        raise InputError(
            f"stage {stage} of batch {manifest['batch']} has not run",
            file=folder,
            fix=f"Run notebook {stage} first, or `migrate run --resume {manifest['batch']}`",
        )
    changed = changed_artefacts(folder, manifest, stage)
    if changed:
        raise RunError(
            f"an artefact of stage {stage} is not what that stage wrote",
            file=folder / changed[0],
            fix="Restore it, or delete the batch's folder and run the batch again",
        )
    return manifest


def changed_artefacts(folder: Path, manifest: Manifest, stage: str) -> list[str]:
    """Names of a stage's artefacts that are gone or whose SHA-256 is no longer the recorded one."""
    recorded = manifest["stages"].get(stage, {}).get("artefacts", {})
    return [
        name
        for name, digest in recorded.items()
        if not (folder / name).is_file() or sha256(folder / name) != digest
    ]
