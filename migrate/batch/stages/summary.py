"""Stage 6: what a manager and an auditor read: counts that add up, timings, versions, hashes."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch.project import STAGES
from migrate.batch.stages.folder import at_work, read_csv
from migrate.diplomas.terms import CASES, OUTCOMES
from migrate.errors import RunError

STAGE = "6-summary"


@dataclass(frozen=True)
class Summary:
    """What the notebook shows."""

    outcomes: pd.DataFrame
    balance: pd.DataFrame
    inputs: pd.DataFrame
    parameters: pd.DataFrame
    timings: pd.DataFrame
    versions: pd.DataFrame
    artefacts: pd.DataFrame
    next_steps: tuple[str, ...]


def run(batch: str, reports: str) -> Summary:
    """Sum a batch up, and check that its numbers add up and its artefacts are as they were written.

    Raises RunError naming the sum that is off or the artefact that was changed.
    """
    with at_work(reports, batch, STAGE, after="4-mismatches") as (folder, known):
        for stage in known["stages"]:
            manifests.require_stage(folder, stage)
        outcomes = read_csv(folder / "outcomes.csv")
        staged = pq.read_metadata(folder / "staged.parquet").num_rows
        counted = pc.value_counts(outcomes.column("outcome")).to_pylist()
        tally = {entry["values"]: entry["counts"] for entry in counted}
        counts = known["counts"]
        sums = [
            (
                "rows of the source = rows staged + rows that could not be read",
                counts["rows"],
                staged + counts["unreadable"],
            ),
            ("rows of the source = lines of outcomes.csv", counts["rows"], outcomes.num_rows),
            (
                "lines of outcomes.csv = sum of the eight outcomes",
                outcomes.num_rows,
                sum(tally.get(name, 0) for name in OUTCOMES),
            ),
            (
                "rows quarantined = outcomes `quarantined`",
                counts["quarantined"],
                tally.get("quarantined", 0),
            ),
            (
                "cases = outcomes that a university decides",
                counts["cases"],
                sum(tally.get(name, 0) for name in CASES),
            ),
        ]
        if known.get("issue", True):
            codes = read_csv(folder / "codes.csv")
            sums.append(
                (
                    "outcomes `linked` + decisions that support a code = codes.csv + coded by "
                    "another batch + refused + of a degree that another record stands for",
                    tally.get("linked", 0) + counts.get("decided", 0),
                    codes.num_rows
                    + counts["coded_elsewhere"]
                    + counts.get("refused", 0)
                    + counts.get("shared", 0),
                )
            )
        for what, left, right in sums:
            if left != right:
                raise RunError(
                    f"the numbers do not add up: {what}",
                    file=folder,
                    found=f"{left} and {right}",
                    fix="This is a defect of the program: keep the folder and report it",
                )
        manifests.record_stage(folder, STAGE, [], counts={})
        known = manifests.required(folder)
        times = (
            json.loads((folder / "run.json").read_text()) if (folder / "run.json").is_file() else {}
        )
    rows = counts["rows"]
    return Summary(
        outcomes=pd.DataFrame(
            [
                (name, tally.get(name, 0), tally.get(name, 0) / rows if rows else 0.0)
                for name in OUTCOMES
            ],
            columns=["outcome", "rows", "share"],
        ),
        balance=pd.DataFrame(sums, columns=["sum", "left", "right"]),
        inputs=pd.DataFrame(known["inputs"]).T.rename_axis("input").reset_index().fillna(""),
        parameters=_pairs(known["parameters"], "parameter"),
        timings=_timings(times),
        versions=_pairs(known["versions"], "version of"),
        artefacts=pd.DataFrame(
            [
                (stage, name, digest)
                for stage in STAGES
                if stage in known["stages"]
                for name, digest in known["stages"][stage]["artefacts"].items()
            ],
            columns=["stage", "artefact", "sha256"],
        ),
        next_steps=_next_steps(known, tally),
    )


def _pairs(values: dict[str, object], name: str) -> pd.DataFrame:
    return pd.DataFrame([(key, str(value)) for key, value in values.items()], columns=[name, ""])


def _timings(times: dict[str, list[dict[str, dict[str, float]]]]) -> pd.DataFrame:
    """Seconds of each stage, as last run; the summary itself is still running."""
    last: dict[str, float] = {}
    for run_entry in times.get("runs", []):
        last |= run_entry["seconds"]
    return pd.DataFrame(
        [(stage, last[stage]) for stage in STAGES if stage in last], columns=["stage", "seconds"]
    )


def _next_steps(known: manifests.Manifest, tally: dict[str, int]) -> tuple[str, ...]:
    steps = []
    if tally.get("quarantined"):
        steps.append(
            f"{tally['quarantined']:,} rows are in quarantine.csv: send them back to the source."
        )
    if known["counts"]["packets"]:
        steps.append(
            f"{known['counts']['packets']:,} packets wait in packets/: send each to its university."
        )
    if not known.get("issue", True):
        steps.append(
            f"No code was issued: run `migrate issue {known['batch']}` when you are ready."
        )
    return tuple(steps)
