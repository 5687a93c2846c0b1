"""Stage 3: link each record to its degree, and say what became of each row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch import progress
from migrate.batch.project import suite
from migrate.batch.stages.folder import at_work, write_csv, write_parquet
from migrate.diplomas.link import Linked, LinkSettings, link
from migrate.errors import RunError
from migrate.intake.expectations import validate
from migrate.intake.files import write_atomically

STAGE = "3-link"


@dataclass(frozen=True)
class Linking:
    """What the notebook shows: the linkage, and the counts of its outcomes."""

    linked: Linked
    counts: pd.DataFrame
    checks: pd.DataFrame


def run(batch: str, reports: str, *, accept: float, threads: int | None = None) -> Linking:
    """Link the staged rows of a batch; write ``candidates.parquet``, ``outcomes.csv``, ``model.json``.

    ``accept`` is the least probability of a right link for ``linked``. The outcomes are checked
    against their own suite before anything later may use them. Raises InputError, RunError.
    """
    with at_work(reports, batch, after="2-expectations") as (folder, known):
        tell = progress.reporter()
        staged = pq.read_table(folder / "staged.parquet")
        registry = pq.read_table(folder / "registry.parquet")
        unusable = pc.read_csv(folder / "quarantine.csv").select(["row"]).column(0)
        quarantined = {row for row in unusable.to_pylist() if row is not None}
        settings = LinkSettings(accept=accept)
        done = link(
            staged, registry, quarantined=quarantined, settings=settings, progress=tell,
            threads=threads,
        )
        outcomes = done.outcomes
        rows = known["counts"]["rows"]
        checked = validate(
            outcomes.to_pandas(), suite("outcomes"), key="row", parameters={"rows": rows}
        )
        if not checked.success:
            raise RunError("the outcomes break their own suite", file=folder, found=checked.broken)
        artefacts = [
            write_parquet(done.candidates, folder / "candidates.parquet"),
            write_csv(outcomes, folder / "outcomes.csv"),
        ]
        with write_atomically(folder / "model.json") as partial:
            partial.write_text(_json(done.trained), encoding="utf-8")
        artefacts.append(folder / "model.json")
        counts = outcomes.column("outcome").value_counts().to_pylist()
        tally = {entry["values"]: entry["counts"] for entry in counts}
        manifests.record_stage(folder, STAGE, artefacts, counts={"outcomes": tally})
    return Linking(done, pd.DataFrame(), pd.DataFrame())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _unused(table: pa.Table) -> None:
    return None
