"""A finished batch opened again from its own folder, to be looked into; nothing in it is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch.stages.link import STAGE
from migrate.diplomas.inspection import Inspected, inspect
from migrate.diplomas.link import Progress, diploma_model
from migrate.diplomas.outcomes import Thresholds
from migrate.errors import InputError
from migrate.linkage.estimate import Probabilities


@dataclass(frozen=True)
class Reopened:
    """The tables of a batch that has linked. ``model`` is its ``model.json``."""

    folder: Path
    staged: pa.Table
    registry: pa.Table
    outcomes: pa.Table
    model: dict[str, Any]

    @property
    def thresholds(self) -> Thresholds:
        """Those the batch was decided by."""
        said = self.model.get("thresholds", {})
        known = {field.name for field in fields(Thresholds)}
        return Thresholds(**{name: float(said[name]) for name in sorted(known & said.keys())})

    @property
    def note(self) -> str | None:
        """A warning where the batch was linked by another model than this program's."""
        made_by, ours = self.model.get("model_sha256"), diploma_model().digest
        if made_by in (None, ours):
            return None
        return (
            f"note: batch {self.folder.name} was linked by another model (sha256 "
            f"{str(made_by)[:12]}…, here {ours[:12]}…): what follows is by the one here"
        )

    def inspect(
        self,
        *,
        learned: Probabilities | None = None,
        only: str | None = None,
        progress: Progress | None = None,
    ) -> Inspected:
        """Link it again: ``migrate.diplomas.inspection.inspect`` says what with."""
        return inspect(
            self.staged,
            self.registry,
            self.outcomes,
            thresholds=self.thresholds,
            learned=learned,
            only=only,
            progress=progress,
        )


def reopen(reports: Path, batch: str) -> Reopened:
    """Open a batch whose stage 3-link is done.

    Raises InputError where there is no such batch or it has not come so far, RunError where one of
    its files is not what its stage wrote.
    """
    folder = reports / batch
    for stage in ("1-intake", STAGE):
        manifests.require_stage(folder, stage)
    try:
        model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("this cannot be read", file=folder / "model.json", found=error) from error
    staged, registry, outcomes = (
        pq.read_table(folder / f"{name}.parquet") for name in ("staged", "registry", "outcomes")
    )
    return Reopened(folder, staged, registry, outcomes, model)
