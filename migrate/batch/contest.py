"""A case of a record that was linked, made when somebody doubts the link."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.codes.issuing import SUPPORTING
from migrate.errors import InputError
from migrate.review.cases import Case, build_cases
from migrate.store.contested import contest as keep
from migrate.store.engine import open_store


def contest(
    reports: Path, batch: str, legacy_id: str, *, actor: str, reason: str
) -> tuple[Case, str | None]:
    """Open a case of a linked record, as a mismatch with the degree that it was linked to.

    Until a decision confirms the degree the record gets no code, and the one that it got stands for
    nothing.

    :param reports: the folder that holds a folder a batch.
    :param actor: who doubts it. :param reason: why.
    :returns: the case, and the code that was suspended.
    :raises InputError: no such batch or record; a record that is not linked, or has a case.
    """
    if not actor.strip() or not reason.strip():
        raise InputError("a doubt names who has it and why", fix="Give both --by and --reason")
    folder = reports / batch
    known = manifests.require_stage(folder, "3-link")
    manifests.require_stage(folder, "1-intake")
    case = replace(
        _case(folder, batch, legacy_id), reason=f"opened by {actor.strip()}: {reason.strip()}"
    )
    engine = open_store(known["parameters"]["store"])
    try:
        return case, keep(engine, case, actor=actor, reason=reason)
    finally:
        engine.dispose()


def _case(folder: Path, batch: str, legacy_id: str) -> Case:
    outcomes = pq.read_table(folder / "outcomes.parquet")
    own = outcomes.filter(pc.field("legacy_id") == legacy_id).to_pylist()
    if len(own) != 1:
        raise InputError(
            "the batch has no such record" if not own else "the batch has this record twice",
            file=folder / "outcomes.parquet",
            column="legacy_id",
            found=legacy_id,
        )
    row, outcome, degree_id = own[0]["row"], own[0]["outcome"], own[0]["degree_id"]
    if outcome not in SUPPORTING:
        raise InputError(
            f"the record is {outcome}: only of a linked one a case can be opened",
            file=folder / "outcomes.parquet",
            found=legacy_id,
            fix="It gets no code by itself; `migrate review history` shows what was decided of a case",
        )
    # those that stand for the same degree are told on the case; only this one becomes one
    claims = outcomes.filter(pc.field("degree_id") == degree_id)
    words = pa.array(
        ["mismatch" if at == row else outcome for at in claims.column("row").to_pylist()]
    )
    claims = claims.set_column(claims.column_names.index("outcome"), "outcome", words)
    candidates = pq.read_table(folder / "candidates.parquet", filters=pc.field("row") == row)
    degrees = {degree_id, *candidates.column("degree_id").to_pylist()}
    return build_cases(
        claims,
        candidates,
        pq.read_table(folder / "staged.parquet", filters=pc.field("row") == row),
        pq.read_table(
            folder / "registry.parquet", filters=pc.field("degree_id").isin(sorted(degrees))
        ),
        batch=batch,
    )[0]
