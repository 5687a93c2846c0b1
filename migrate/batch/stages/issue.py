"""Stage 5: a code for each degree that an outcome or a decision supports, once, with its event."""

from __future__ import annotations

from collections.abc import Mapping
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
from migrate.batch.stages.facts import facts_of, facts_of_row
from migrate.batch.stages.folder import at_work, read_csv, write_csv
from migrate.codes.documents import document_of
from migrate.codes.issuing import ARCHIVE, SUPPORTING, IssuedCode, IssueRequest, IssueResult
from migrate.codes.numbers import is_well_formed
from migrate.errors import RunError
from migrate.store import codes as store_codes
from migrate.store.engine import open_store
from migrate.store.grounds import Ground
from migrate.store.registry import WriteBack, write_back
from migrate.store.request_batches import channels_of_batch
from migrate.store.standing import grounds_of_batch

STAGE = "5-issue"
_DOCUMENT = ["legacy_id", "document_type"]
COLUMNS = ("legacy_id", "degree_id", "code", "scheme", "issued_at")


@dataclass(frozen=True)
class Issuing:
    """What the notebook shows. None of it tells how many runs it took to get there."""

    codes: pd.DataFrame
    refused: pd.DataFrame
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
        registry = pq.read_table(folder / "registry.parquet")
        documents = documents_of(pq.read_table(folder / "staged.parquet", columns=_DOCUMENT))
        parameters = known["parameters"]
        engine = open_store(parameters["store"])
        try:
            decided = grounds_of_batch(engine, batch)
            ways = channels_of_batch(engine, batch)
            requests = requests_of(outcomes, registry, batch, decided, documents, ways)
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
            # decisions that support a code, and what no code was given on
            "decided": len(requests) - _linked(outcomes).num_rows,
            "refused": len(result.refused),
            # another record of the batch stands for the same degree
            "shared": len(requests) - _answered(result),
            "outranked": len(result.outranked),
            "written_back": None,
            "write_back_refused": None if returned is None else returned.refused,
        }
        if returned is not None and returned.refused is None:
            counts["written_back"] = returned.written + returned.kept
        manifests.record_stage(folder, STAGE, artefacts, counts=counts)
    return Issuing(
        codes=table.to_pandas(),
        refused=_refused_frame(result),
        by_university=_by_university(table, folder),
        registry=_registry_frame(returned, parameters),
        checks=validation,
    )


def requests_of(
    outcomes: pa.Table,
    registry: pa.Table,
    batch: str,
    decided: Mapping[str, tuple[int, Ground]] | None = None,
    documents: Mapping[str, str] | None = None,
    ways: Mapping[str, tuple[str, str | None]] | None = None,
) -> list[IssueRequest]:
    """A request for each record that supports a code: first those linked, then those decided.

    :param outcomes: with the columns of outcomes.csv. :param registry: with those of
        registry.parquet; the degree's facts are taken as they stand there, but for a degree that a
        decision added or corrected: its are as the registry had them then.
    :param decided: the standing decision, by its number, and the degree that it supports, of each
        record that has one, by ``legacy_id``.
    :param documents: the kind of document that each record is, by ``legacy_id``.
    :param ways: the channel and the date of application of each record that came as a request, by
        ``legacy_id``; of all others they are the archive's.
    :raises RunError: when an outcome or a decision names a degree that the registry's snapshot
        does not hold.
    """
    decided, documents, ways = decided or {}, documents or {}, ways or {}
    asked: list[tuple[str, str, int | None]] = []
    for row in _linked(outcomes).to_pylist():
        # a linked record has a decision where somebody opened a case of it
        seq, ground = decided.get(row["legacy_id"], (None, None))
        confirmed = ground is not None and ground.degree_id == row["degree_id"]
        asked.append((row["legacy_id"], row["degree_id"], seq if confirmed else None))
    linked = {legacy_id for legacy_id, _, _ in asked}
    for legacy_id in filter(None, outcomes.column("legacy_id").to_pylist()):
        if legacy_id in decided and legacy_id not in linked:
            seq, ground = decided[legacy_id]
            asked.append((legacy_id, ground.degree_id, seq))
    facts = facts_of(registry, {degree_id for _, degree_id, _ in asked if degree_id})
    for _, ground in decided.values():
        if ground.row is not None:
            facts[ground.degree_id] = facts_of_row(ground.row)
    requests = []
    for legacy_id, degree_id, seq in asked:
        if degree_id not in facts:
            raise RunError(
                f"{'an outcome' if seq is None else f'decision {seq}'} names a degree that is not "
                "in the registry's snapshot",
                file="outcomes.csv",
                column="degree_id",
                found=degree_id,
                fix="Restore the batch's folder, or run the batch again",
            )
        channel, applied_on = ways.get(legacy_id, (ARCHIVE, None))
        requests.append(
            IssueRequest(
                degree_id=degree_id,
                legacy_id=legacy_id,
                batch=batch,
                degree_facts=facts[degree_id],
                document_type=document_of(documents.get(legacy_id)),
                decision_seq=seq,
                channel=channel,
                applied_on=applied_on,
            )
        )
    return requests


def _linked(outcomes: pa.Table) -> pa.Table:
    linked = outcomes.filter(pc.field("outcome").isin(SUPPORTING))
    return linked.select(["legacy_id", "degree_id"])


def documents_of(staged: pa.Table) -> dict[str, str]:
    """The kind of document of each record that says it, by ``legacy_id``."""
    said = staged.filter(pc.is_valid(staged.column("document_type")))
    return {row["legacy_id"]: row["document_type"] for row in said.select(_DOCUMENT).to_pylist()}


def in_source_order(issued: list[IssuedCode], outcomes: pa.Table) -> list[IssuedCode]:
    """The codes of a batch in the order of its records."""
    place = {name: at for at, name in enumerate(outcomes.column("legacy_id").to_pylist())}
    return sorted(
        (code for code in issued if code.legacy_id in place), key=lambda code: place[code.legacy_id]
    )


def codes_table(issued: list[IssuedCode]) -> pa.Table:
    """Codes as a table of strings with ``COLUMNS``: a code is text, never a number."""
    return pa.table(
        {
            name: pa.array([str(getattr(code, name)) for code in issued], pa.string())
            for name in COLUMNS
        }
    )


def _answered(result: IssueResult) -> int:
    return sum(map(len, (result.issued, result.repeated, result.elsewhere, result.refused)))


def _refused_frame(result: IssueResult) -> pd.DataFrame:
    rows = [
        (one.request.legacy_id, one.request.degree_id, one.rule, one.words)
        for one in result.refused
    ]
    return pd.DataFrame(rows, columns=["legacy_id", "degree_id", "rule", "why"])


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
