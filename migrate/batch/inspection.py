"""A finished batch opened again from its own folder, to be looked into; nothing in it is changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch.stages.link import STAGE, TRAINED
from migrate.diplomas.inspection import AsRead, Inspected, Values, inspect
from migrate.diplomas.link import Progress, diploma_model
from migrate.diplomas.outcomes import Thresholds
from migrate.diplomas.tables import read_for_linking
from migrate.errors import InputError
from migrate.linkage.labels import Label
from migrate.linkage.trained import Trained, read_trained
from migrate.review.learning import labels_of
from migrate.store.decided_cases import decided_cases
from migrate.store.engine import open_store

_RAW = "raw_"


@dataclass(frozen=True)
class Reopened:
    """A batch that has linked. ``model`` is its ``model.json``."""

    folder: Path
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

    @property
    def trained(self) -> Trained | None:
        """The trained model that the batch was linked by, its own or another's.

        None where it holds none, or was linked by another declarative model: see :attr:`note`.
        """
        file = self.folder / TRAINED
        if not file.is_file() or self.note is not None:
            return None
        return read_trained(file, diploma_model())

    def staged(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of the legacy rows, as staged."""
        return pq.read_table(self._file("staged"), columns=list(columns))

    def registry(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of the registry, as staged."""
        return pq.read_table(self._file("registry"), columns=list(columns))

    def decided(self) -> list[Label]:
        """Labels of what universities decided of the batch's cases, out of its store."""
        engine = open_store(manifests.required(self.folder)["parameters"]["store"])
        try:
            return labels_of(decided_cases(engine, self.folder.name))
        finally:
            engine.dispose()

    @property
    def as_read(self) -> AsRead:
        """The values of one record or degree as read, looked up in the files: never all at once."""
        return AsRead(
            lambda row: _values(self._file("staged"), pc.field("row") == row),
            lambda degree: _values(self._file("registry"), pc.field("degree_id") == degree),
        )

    def inspect(
        self,
        *,
        trained: Trained | None = None,
        only: str | None = None,
        progress: Progress | None = None,
    ) -> Inspected:
        """Link it again: ``migrate.diplomas.inspection.inspect`` says what with."""
        model = diploma_model()
        return inspect(
            read_for_linking(self._file("staged"), model),
            read_for_linking(self._file("registry"), model),
            self.outcomes,
            thresholds=self.thresholds,
            trained=trained,
            only=only,
            progress=progress,
        )

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"


def _values(file: Path, wanted: pc.Expression) -> Values:
    """The raw values of the one row that is wanted, by field."""
    names = [name for name in pq.read_schema(file).names if name.startswith(_RAW)]
    found: list[dict[str, Any]] = pq.read_table(file, columns=names, filters=wanted).to_pylist()
    return {name.removeprefix(_RAW): value for name, value in found[0].items()} if found else {}


def reopen(reports: Path, batch: str) -> Reopened:
    """Open a batch whose stage 3-link is done.

    Raises InputError where there is no such batch or it has not come so far, RunError where one of
    its files is not what its stage wrote.
    """
    folder = reports / batch
    manifests.require_stage(folder, "1-intake")
    manifests.require_stage(folder, STAGE)
    try:
        model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("this cannot be read", file=folder / "model.json", found=error) from error
    return Reopened(folder, pq.read_table(folder / "outcomes.parquet"), model)
