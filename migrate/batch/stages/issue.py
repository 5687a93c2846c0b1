"""Stage 5: a code for each degree whose outcome is `linked`, once, with its row in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch import progress
from migrate.batch.manifest import Manifest
from migrate.batch.project import suite
from migrate.batch.stages import checks
from migrate.batch.stages.facts import facts_of
from migrate.batch.stages.folder import at_work, read_csv, write_csv
from migrate.codes.issuing import SUPPORTING, IssuedCode, IssueRequest
from migrate.codes.numbers import is_well_formed
from migrate.errors import RunError
from migrate.store import codes as store_codes
from migrate.store.engine import open_store
from migrate.store.registry import WriteBack, write_back

STAGE = "5-issue"
COLUMNS = ("legacy_id", "degree_id", "code", "scheme", "issued_at")


@dataclass(frozen=True)
class Issuing:
    """What the notebook shows. None of it tells how many runs it took to get there."""

    codes: pd.DataFrame
    by_university: pd.DataFrame
    registry: pd.DataFrame
    checks: pd.DataFrame


def run(batch: str, reports: str) -> Issuing:
    """Issue the codes of a batch into its store, and write ``codes.csv``.

    A degree that has an active code gets no other, so the stage is safe to repeat. Where the
    registry is a database that allows it, its empty ``validity_code`` is filled; a value that is
    there is never written over. Raises InputError, RunError.
    """
    with at_work(reports, batch, STAGE, after="3-link") as (folder, known):
        tell = progress.reporter()
        outcomes = read_csv(folder / "outcomes.csv")
        requests = requests_of(outcomes, pq.read_table(folder / "registry.parquet"), batch)
        parameters = known["parameters"]
        engine = open_store(parameters["store"])
        try:
            result = store_codes.issue(
                engine, requests, batch=batch, actor="migrate issue", progress=tell
            )
            issued = store_codes.codes_of_batch(engine, batch)
        finally:
            engine.dispose()
        issued_in_order = in_source_order(issued, outcomes)
        table = codes_table(issued_in_order)
        validation = checks.validated(
            table.append_column(
                "check_digits_ok",
                pa.array([is_well_formed(code.code) for code in issued_in_order]),
            ),
            suite("codes"),
            folder,
        )
        artefacts = [write_csv(table, folder / "codes.csv")]
        returned = _write_back(known, issued, tell)
        counts: dict[str, object] = {
            "codes": table.num_rows,
            # coded by another batch since this one read the store
            "coded_elsewhere": len(result.elsewhere),
            "written_back": None,
            "write_back_refused": None if returned is None else returned.refused,
        }
        if returned is not None and returned.refused is None:
            counts["written_back"] = returned.written + returned.kept
        manifests.record_stage(folder, STAGE, artefacts, counts=counts)
    return Issuing(
        codes=table.to_pandas(),
        by_university=_by_university(table, folder),
        registry=_registry_frame(returned, parameters),
        checks=validation,
    )


def requests_of(outcomes: pa.Table, registry: pa.Table, batch: str) -> list[IssueRequest]:
    """One request a record whose outcome supports a code, with the degree's facts as they stand.

    ``outcomes`` has the columns of outcomes.csv, ``registry`` those of registry.parquet. Raises
    RunError when an outcome names a degree that the registry's snapshot does not hold.
    """
    supported = outcomes.filter(pc.field("outcome").isin(SUPPORTING))
    facts = facts_of(registry, set(filter(None, supported.column("degree_id").to_pylist())))
    requests = []
    for row in supported.select(["legacy_id", "degree_id"]).to_pylist():
        if row["degree_id"] not in facts:
            raise RunError(
                "an outcome names a degree that is not in the registry's snapshot",
                file="outcomes.csv",
                column="degree_id",
                found=row["degree_id"],
                fix="Restore the batch's folder, or run the batch again",
            )
        requests.append(
            IssueRequest(
                degree_id=row["degree_id"],
                legacy_id=row["legacy_id"],
                batch=batch,
                degree_facts=facts[row["degree_id"]],
            )
        )
    return requests


def in_source_order(issued: list[IssuedCode], outcomes: pa.Table) -> list[IssuedCode]:
    """The codes of a batch in the order of its outcomes, one a degree that is `linked`."""
    by_degree = {code.degree_id: code for code in issued}
    linked = outcomes.filter(pc.field("outcome").isin(SUPPORTING)).column("degree_id")
    return [by_degree[degree] for degree in linked.to_pylist() if degree in by_degree]


def codes_table(issued: list[IssuedCode]) -> pa.Table:
    """Codes as a table of strings with ``COLUMNS``: a code is text, never a number."""
    return pa.table(
        {
            name: pa.array([str(getattr(code, name)) for code in issued], pa.string())
            for name in COLUMNS
        }
    )


def _write_back(
    known: Manifest, issued: list[IssuedCode], tell: progress.Progress
) -> WriteBack | None:
    parameters = known["parameters"]
    if not parameters["write_back"] or "://" not in parameters["registry"]:
        return None
    address, _, _ = parameters["registry"].partition("#")
    return write_back(
        address,
        known["inputs"]["registry"]["table"],
        {code.degree_id: code.code for code in issued},
        progress=tell,
    )


def _registry_frame(returned: WriteBack | None, parameters: dict[str, object]) -> pd.DataFrame:
    if returned is None:
        why = "not asked for" if not parameters["write_back"] else "the registry is a file"
        return pd.DataFrame([("not written back", why)], columns=["registry", ""])
    if returned.refused is not None:
        return pd.DataFrame([("not written back", returned.refused)], columns=["registry", ""])
    rows: list[tuple[str, object]] = [
        ("degrees that hold the code of this batch", returned.written + returned.kept),
        ("degrees that held another value, left as they were", len(returned.conflicts)),
        ("degrees that the registry has no longer", len(returned.missing)),
    ]
    return pd.DataFrame(rows, columns=["registry", ""])


def _by_university(table: pa.Table, folder: Path) -> pd.DataFrame:
    registry = pq.read_table(folder / "registry.parquet", columns=["degree_id", "university"])
    joined = table.to_pandas().merge(
        registry.to_pandas(), on="degree_id", how="left", validate="1:1"
    )
    counted = joined.groupby("university", dropna=False).size().sort_values(ascending=False)
    return counted.rename("codes").reset_index()
