"""Stage 4: cases for what the linker could not settle, and a packet for each university."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch import progress
from migrate.batch.stages.folder import at_work, write_csv
from migrate.review.cases import build_cases
from migrate.review.packets import summary, write_packets
from migrate.store.cases import save_cases
from migrate.store.engine import open_store
from migrate.store.imports import handed

STAGE = "4-mismatches"


@dataclass(frozen=True)
class Mismatches:
    """What the notebook shows: the cases, and the packets of each university."""

    cases: pd.DataFrame
    packets: pd.DataFrame
    contradictions: pd.DataFrame


def run(batch: str, reports: str) -> Mismatches:
    """Make a case of each outcome that a university must decide; write the packets and ``cases.csv``.

    The cases are kept in the store too, where they outlive the batch; a case that is there already
    is left as it is. Raises InputError, RunError.
    """
    with at_work(reports, batch, STAGE, after="3-link") as (folder, known):
        tell = progress.reporter()
        outcomes = pq.read_table(folder / "outcomes.parquet")
        cases = build_cases(
            outcomes,
            pq.read_table(folder / "candidates.parquet"),
            pq.read_table(folder / "staged.parquet"),
            pq.read_table(folder / "registry.parquet"),
            batch=batch,
        )
        linked_by = known["stages"]["3-link"]["artefacts"]
        engine = open_store(known["parameters"]["store"])
        try:
            # cases first: the packets carry the day they were put to their university
            save_cases(engine, cases, model=linked_by.get("trained.json", ""))
            out = handed(engine, cases)
        finally:
            engine.dispose()
        packets = write_packets(cases, folder / "packets", batch=batch, handed=out, progress=tell)
        table = pa.table(
            {
                "case_id": [case.case_id for case in cases],
                "version": [str(case.version) for case in cases],
                "legacy_id": [case.legacy_id for case in cases],
                "outcome": [case.outcome for case in cases],
                "university": [case.university for case in cases],
                "contradicts": [";".join(case.contradicts) for case in cases],
            }
        )
        artefacts = [write_csv(table, folder / "cases.csv")]
        artefacts += [path for packet in packets for path in packet.files]
        manifests.record_stage(
            folder, STAGE, artefacts, counts={"cases": len(cases), "packets": len(packets)}
        )
    frame = table.to_pandas()
    named = frame["contradicts"].str.split(";").explode()
    contradictions = named[named != ""].value_counts().rename("cases").reset_index()
    return Mismatches(cases=frame, packets=summary(packets), contradictions=contradictions)
