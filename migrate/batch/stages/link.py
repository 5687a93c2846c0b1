"""Stage 3: link each record to its degree, and say what became of each row."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from migrate.batch import corrections, progress
from migrate.batch import manifest as manifests
from migrate.batch.project import suite
from migrate.batch.stages import checks
from migrate.batch.stages.folder import at_work, write_csv, write_parquet
from migrate.diplomas.link import Linked, link
from migrate.diplomas.outcomes import Thresholds
from migrate.diplomas.terms import OUTCOMES
from migrate.intake.files import write_atomically
from migrate.intake.quarantine import read_quarantine
from migrate.linkage.link import Linkage

STAGE = "3-link"


@dataclass(frozen=True)
class Linking:
    """What the notebook shows.

    ``counts``: rows an outcome. ``blocking``: what each rule proposed. ``weights``: a row a record's
    best candidate (person_weight, degree_weight in bits, probability, outcome). ``levels``: m, u and
    weight of each field's levels. ``explained``: a few candidates, field by field.
    """

    counts: pd.DataFrame
    thresholds: pd.DataFrame
    blocking: pd.DataFrame
    weights: pd.DataFrame
    levels: pd.DataFrame
    explained: list[tuple[str, pd.DataFrame]]
    checks: pd.DataFrame


def run(batch: str, reports: str, *, accept: float = 0.9999, threads: int | None = None) -> Linking:
    """Link a batch's staged rows; write ``candidates.parquet``, ``outcomes.csv``, ``model.json``.

    ``accept`` is the least probability of a right link for `linked`. The outcomes are held against
    their own suite before anything later may use them. Raises InputError, RunError.
    """
    thresholds = Thresholds(accept=accept)
    with at_work(reports, batch, STAGE, after="2-expectations") as (folder, known):
        manifests.require_stage(folder, "1-intake")
        tell = progress.reporter()
        staged = pq.read_table(folder / "staged.parquet")
        registry = pq.read_table(folder / "registry.parquet")
        done = link(
            staged,
            registry,
            problems=read_quarantine(folder / "quarantine.csv"),
            thresholds=thresholds,
            threads=threads,
            progress=tell,
        )
        checked = checks.validated(
            done.outcomes,
            suite("outcomes"),
            folder,
            key="row",
            parameters={"rows": known["counts"]["rows"], "accept": accept},
        )
        artefacts = [
            write_parquet(done.candidates, folder / "candidates.parquet"),
            write_parquet(done.outcomes, folder / "outcomes.parquet"),
            write_csv(done.outcomes.drop_columns(["row"]), folder / "outcomes.csv"),
            folder / "model.json",
        ]
        with write_atomically(folder / "model.json") as partial:
            partial.write_text(_model_json(done, thresholds), encoding="utf-8")
        tally = done.outcomes.column("outcome").to_pandas().value_counts().to_dict()
        if "corrects" in known["inputs"]:
            corrections.settle(folder, known, done.outcomes)
        manifests.record_stage(
            folder,
            STAGE,
            artefacts,
            counts={"outcomes": {name: int(tally.get(name, 0)) for name in OUTCOMES}},
        )
    rows = max(done.outcomes.num_rows, 1)
    return Linking(
        counts=pd.DataFrame(
            [(name, tally.get(name, 0), tally.get(name, 0) / rows) for name in OUTCOMES],
            columns=["outcome", "rows", "share"],
        ),
        thresholds=pd.DataFrame(
            [(name, f"{value:g}") for name, value in asdict(thresholds).items()],
            columns=["threshold", "value"],
        ),
        blocking=_blocking(done.linkage),
        weights=_weights(done),
        levels=levels_table(done.linkage),
        explained=_explained(done, staged.to_pandas(), registry.to_pandas()),
        checks=checked,
    )


def _model_json(done: Linked, thresholds: Thresholds) -> str:
    """The model as it was learned on this batch, with the digest of the model it began from."""
    content: dict[str, Any] = {"thresholds": asdict(thresholds)}
    if done.linkage is not None:
        model, learned = done.linkage.model, done.linkage.learned
        content |= {
            "version": model.version,
            "model_sha256": model.digest,
            "priors": learned.priors,
            "fields": {
                field.name: [
                    {
                        "level": level.name,
                        "m": round(float(learned.m[field.name][position]), 9),
                        "u": round(float(learned.u[field.name][position]), 9),
                    }
                    for position, level in enumerate(field.levels)
                ]
                for field in model.fields
            },
        }
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def levels_table(linkage: Linkage | None) -> pd.DataFrame:
    """One row a level: m, u and the weight in bits, as learned."""
    columns = ["group", "field", "level", "m", "u", "weight (bits)"]
    if linkage is None:
        return pd.DataFrame(columns=columns)
    learned = linkage.learned
    return pd.DataFrame(
        [
            (
                field.group,
                field.name,
                level.name,
                learned.m[field.name][position],
                learned.u[field.name][position],
                learned.weights(field.name)[position],
            )
            for field in linkage.model.fields
            for position, level in enumerate(field.levels)
        ],
        columns=columns,
    )


def _blocking(linkage: Linkage | None) -> pd.DataFrame:
    reports = [asdict(report) for report in linkage.blocking] if linkage is not None else []
    return pd.DataFrame(
        reports, columns=["rule", "pairs", "new_pairs", "blocks_split", "pairs_left_out"]
    )


def _weights(done: Linked) -> pd.DataFrame:
    frame = done.outcomes.to_pandas()
    frame = frame[frame["person_weight"].notna()]
    numbers = ["person_weight", "degree_weight", "probability"]
    return frame[["outcome", *numbers]].astype(dict.fromkeys(numbers, np.float64))


def _explained(
    done: Linked, staged: pd.DataFrame, registry: pd.DataFrame
) -> list[tuple[str, pd.DataFrame]]:
    """The first record of each outcome that has candidates, value beside value, bit by bit."""
    if done.linkage is None:
        return []
    outcomes = done.outcomes.to_pandas()
    candidates = done.candidates.to_pandas()
    best = candidates[candidates["rank"] == 1].set_index("row")
    legacy, degrees = staged.set_index("row"), registry.set_index("degree_id")
    shown = []
    for outcome in OUTCOMES[:7]:
        rows = outcomes[(outcomes["outcome"] == outcome) & outcomes["row"].isin(best.index)]
        if rows.empty:
            continue
        line = rows.iloc[0]
        candidate = best.loc[line["row"]]
        record, degree = legacy.loc[line["row"]], degrees.loc[candidate["degree_id"]]
        table = pd.DataFrame(
            [
                (
                    field.name,
                    record[f"raw_{field.name}"],
                    degree[f"raw_{field.name}"],
                    candidate[f"level_{field.name}"],
                    candidate[f"weight_{field.name}"],
                )
                for field in done.linkage.model.fields
            ]
            + [("fields that agree together", "", "", "", candidate["together_weight"])],
            columns=["field", "legacy record", "degree", "level", "weight (bits)"],
        ).fillna("")
        shown.append((f"{outcome}: record {line['legacy_id']}. {line['reason']}", table))
    return shown
