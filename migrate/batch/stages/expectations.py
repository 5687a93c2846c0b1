"""Stage 2: hold the source and the registry against what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch import progress
from migrate.batch.project import suite
from migrate.batch.stages import checks
from migrate.batch.stages.folder import at_work
from migrate.errors import InputError
from migrate.intake import quarantine
from migrate.intake.expectations import Validation, facts, problems, validate, write_page
from migrate.persian import typeface

STAGE = "2-expectations"


@dataclass(frozen=True)
class Expectations:
    """What the notebook shows: each suite's checks, and why rows are quarantined."""

    legacy: pd.DataFrame
    registry: pd.DataFrame
    quarantined: pd.DataFrame
    page: Path


def run(batch: str, reports: str) -> Expectations:
    """Check the staged rows and the registry; write ``quarantine.csv`` and ``expectations.html``.

    A row that breaks a row's expectation is quarantined with the reason in words. Raises InputError
    when the source or the registry as a whole breaks an expectation: the batch stops before linking.
    """
    with at_work(reports, batch, STAGE, after="1-intake") as (folder, known):
        tell = progress.reporter()
        tell(0, 3, "legacy suite")
        staged = facts(pq.read_table(folder / "staged.parquet"))
        counts = known["counts"]
        # rows in = rows staged + rows that could not be read
        due = counts["rows"] - counts["unreadable"]
        legacy = validate(staged, suite("legacy"), key="row", parameters={"rows": due})
        tell(1, 3, "registry suite")
        registry_table = pq.read_table(folder / "registry.parquet")
        registry = validate(facts(registry_table), suite("registry"), key="row")
        tell(2, 3, "quarantine")
        page = folder / "expectations.html"
        write_page(
            [legacy, registry],
            page,
            title=f"Expectations of batch {batch}",
            css=typeface.css(),
        )
        _stop_when_broken(legacy, folder, "source")
        _stop_when_broken(registry, folder, "registry")
        found = quarantine.read_quarantine(folder / "unreadable.csv")
        found += problems(legacy, staged)
        found.sort(key=lambda problem: (problem.row or 0, problem.rule))
        quarantine.write_quarantine(folder / "quarantine.csv", found, batch=batch)
        rows = {problem.row for problem in found}
        manifests.record_stage(
            folder, STAGE, [page, folder / "quarantine.csv"], counts={"quarantined": len(rows)}
        )
    reasons = pd.DataFrame([(p.rule, p.reason) for p in found], columns=["rule", "reason"])
    return Expectations(
        legacy=checks.frame(legacy),
        registry=checks.frame(registry),
        quarantined=reasons.value_counts().rename("rows").reset_index(),
        page=page,
    )


def _stop_when_broken(validation: Validation, folder: Path, what: str) -> None:
    if not validation.broken:
        return
    check = validation.broken[0]
    raise InputError(
        f"the {what} as a whole breaks expectation {check.rule}: {check.reason}; "
        "nothing was linked",
        file=folder / "expectations.html",
        column=check.column,
        found=check.observed,
        fix="Mend the source, or its profile, and run it as another batch",
    )
