"""The sample as a stage of its own: made once in a folder, then left as it is."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from migrate.batch.progress import Progress
from migrate.errors import InputError

_NOTE = "sample.json"


def make_once(
    folder: Path,
    *,
    degrees: int = 50_000,
    records: int = 10_000,
    seed: int = 1403,
    form: str = "paper",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make the sample in ``folder`` unless that very sample is there; give its paths and parameters.

    The registry of a sample that was run holds codes by now, so it is never made over. The sample
    appears whole or not at all. Raises InputError when the folder holds anything else.
    """
    from migrate.diplomas import sample

    wanted = {"degrees": degrees, "records": records, "seed": seed, "form": form}
    if form not in ("paper", "design"):
        raise InputError("there is no such form", found=form, fix="Use 'paper' or 'design'")
    note = folder / _NOTE
    if note.is_file():
        made = json.loads(note.read_text(encoding="utf-8"))
        if made["parameters"] != wanted:
            raise InputError(
                "this folder holds another sample",
                file=folder,
                found=made["parameters"],
                fix="Name another folder, or delete this one",
            )
        return _placed(made, folder)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(
            "this folder is not empty and holds no sample", file=folder, fix="Name another folder"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        made_sample = sample.make(
            partial,
            degrees=degrees,
            records=records,
            seed=seed,
            form="design" if form == "design" else "paper",
            progress=progress,
        )
        registry = str(made_sample.registry)
        made = {
            "parameters": wanted,
            "source": str(Path(made_sample.source).relative_to(partial)),
            "registry": registry.replace(f"{partial}/", ""),
            "truth": str(Path(made_sample.truth).relative_to(partial)),
        }
        (partial / _NOTE).write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return _placed(made, folder)


def _placed(made: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The sample's paths as they stand from its folder."""
    registry = made["registry"]
    if registry.startswith("sqlite:///"):
        registry = f"sqlite:///{folder / registry.removeprefix('sqlite:///')}"
    else:
        registry = str(folder / registry)
    return {
        "parameters": made["parameters"],
        "source": str(folder / made["source"]),
        "registry": registry,
        "truth": str(folder / made["truth"]),
    }
