"""Stage 3: link each record to its degree, and say what became of each row."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.batch import corrections, progress
from migrate.batch import manifest as manifests
from migrate.batch.project import suite
from migrate.batch.stages import checks
from migrate.batch.stages.folder import at_work, write_csv, write_parquet
from migrate.diplomas.link import Linked, diploma_model, link
from migrate.diplomas.outcomes import Thresholds
from migrate.diplomas.tables import read_for_linking
from migrate.diplomas.terms import OUTCOMES
from migrate.intake.files import sha256, write_atomically
from migrate.intake.quarantine import read_quarantine
from migrate.linkage.link import Linkage
from migrate.linkage.trained import read_trained, trained_of, write_trained

STAGE = "3-link"
TRAINED = "trained.json"


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


def run(
    batch: str,
    reports: str,
    *,
    accept: float = 0.9999,
    model: str = "",
    threads: int | None = None,
) -> Linking:
    """Link a batch's staged rows; write ``candidates.parquet``, ``outcomes.csv``, ``trained.json``.

    ``accept`` is the least probability of a right link for `linked`. ``model`` is the path of a
    trained model; without one, this batch is learned from. The outcomes are held against their own
    suite before anything later may use them. Raises InputError, RunError.
    """
    thresholds = Thresholds(accept=accept)
    declared = diploma_model()
    trained = read_trained(Path(model), declared) if model else None
    with at_work(reports, batch, STAGE, after="2-expectations") as (folder, known):
        manifests.require_stage(folder, "1-intake")
        tell = progress.reporter()
        staged = read_for_linking(folder / "staged.parquet", declared)
        registry = read_for_linking(folder / "registry.parquet", declared)
        done = link(
            staged,
            registry,
            problems=read_quarantine(folder / "quarantine.csv"),
            thresholds=thresholds,
            model=declared,
            trained=trained,
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
        if done.linkage is not None:
            write_trained(folder / TRAINED, trained or trained_of(done.linkage))
            artefacts.append(folder / TRAINED)
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
            inputs={"model": {"address": model, "sha256": sha256(Path(model))}} if model else None,
        )
        explained = _explained(done, folder)
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
        explained=explained,
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


def _explained(done: Linked, folder: Path) -> list[tuple[str, pd.DataFrame]]:
    """The first record of each outcome that has candidates, value beside value, bit by bit."""
    if done.linkage is None:
        return []
    firsts = done.candidates.filter(pc.equal(done.candidates.column("rank"), 1)).to_pandas()
    best = firsts.drop_duplicates("row").set_index("row")
    outcomes = done.outcomes.to_pandas()
    outcomes = outcomes[outcomes["row"].isin(best.index)]
    lines = [
        of_one.iloc[0]
        for outcome in OUTCOMES[:7]
        if not (of_one := outcomes[outcomes["outcome"] == outcome]).empty
    ]
    legacy = _raw(folder / "staged.parquet", "row", [int(line["row"]) for line in lines])
    chosen = [best.loc[line["row"]]["degree_id"] for line in lines]
    degrees = _raw(folder / "registry.parquet", "degree_id", chosen)
    shown = []
    for line, degree in zip(lines, chosen, strict=True):
        candidate = best.loc[line["row"]]
        table = pd.DataFrame(
            [
                (
                    field.name,
                    legacy[line["row"]][f"raw_{field.name}"],
                    degrees[degree][f"raw_{field.name}"],
                    candidate[f"level_{field.name}"],
                    candidate[f"weight_{field.name}"],
                )
                for field in done.linkage.model.fields
            ]
            + [("fields that agree together", "", "", "", candidate["together_weight"])],
            columns=["field", "legacy record", "degree", "level", "weight (bits)"],
        ).fillna("")
        shown.append((f"{line['outcome']}: record {line['legacy_id']}. {line['reason']}", table))
    return shown


def _raw(path: Path, key: str, wanted: list[Any]) -> dict[Any, dict[str, Any]]:
    """The raw values of a few rows of a staged file, by their key."""
    columns = [name for name in pq.read_schema(path).names if name.startswith("raw_")]
    if not wanted:
        return {}
    rows = pq.read_table(path, columns=[key, *columns], filters=pc.field(key).isin(wanted))
    return {row[key]: row for row in rows.to_pylist()}
