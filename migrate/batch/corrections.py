"""A batch of corrections: rows of an earlier batch's quarantine, taken up again as people mended them.

It reads the same source by the same profile, only these rows of it, and keeps their places. The
earlier batch is not touched. A row is settled once: the store refuses it to any later batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine

from migrate.batch import manifest as manifests
from migrate.batch.inputs import described
from migrate.batch.manifest import Manifest
from migrate.batch.project import ISSUE
from migrate.batch.settings import Settings
from migrate.batch.stages.folder import read_csv, write_csv
from migrate.codes.issuing import canonical_json
from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.corrected import Change
from migrate.intake.corrections import Correction, agree, over, read_lines
from migrate.intake.files import sha256
from migrate.intake.quarantine import read_quarantine
from migrate.store import corrections as store_corrections
from migrate.store.batches import Corrects
from migrate.store.corrections import SettledRow
from migrate.store.engine import open_store

# the artefact: what was corrected, cell by cell, with what stood in the source
NAME = "corrections.csv"
_COLUMNS = (
    "row",
    "sheet",
    "sheet_row",
    "legacy_id",
    "column",
    "original",
    "corrected",
    "corrected_by",
)


@dataclass(frozen=True)
class Taken:
    """What a batch takes up: the batch it corrects, and all that its rows are corrected by.

    Where that batch was one of corrections itself, what it corrected is among ``corrections``.
    """

    corrects: Corrects
    corrections: tuple[Correction, ...]


def settings_of(path: Path, reports: Path, batch: str = "") -> Settings:
    """The settings of a batch that takes up a corrected file: those of the batch it is of.

    :param path: the corrected file.
    :param reports: the folder that holds the earlier batch, and will hold this one.
    :param batch: a name; that of the earlier batch with ``-corrected`` if empty.
    :raises InputError: no such file, or no such batch.
    """
    corrects, _ = read_lines(path)
    _refuse_itself(path, corrects, batch)
    folder, known = _corrected_batch(path, corrects, reports)
    parameters = known["parameters"] | {"reports": str(reports.resolve())}
    before = Settings.from_dict(parameters, file=folder / manifests.NAME)
    return replace(before, batch=batch or f"{corrects}-corrected", corrections=str(path.resolve()))


def take(settings: Settings) -> Taken:
    """Read and check the corrected file of a batch, changing nothing.

    :raises InputError: as ``intake.corrections.agree``; the earlier batch is not here, has not come
        to its end, or is of another source or profile than this one.
    :raises RunError: an artefact of the earlier batch was changed.
    """
    path = Path(settings.corrections)
    corrects, lines = read_lines(path)
    _refuse_itself(path, corrects, settings.batch)
    folder, known = _corrected_batch(path, corrects, Path(settings.reports))
    manifests.require_stage(folder, "1-intake")
    manifests.require_stage(folder, "2-expectations")
    if ISSUE not in known["stages"]:
        # two records may claim one degree: only a code that is there makes the second wait
        raise InputError(
            f"batch {corrects} has not issued its codes",
            file=folder,
            fix=f"Run `migrate issue {corrects}` first, or resume the batch where it stopped",
        )
    _same_inputs(known, settings)
    corrections = agree(path, lines, read_quarantine(folder / "quarantine.csv"), LEGACY)
    earlier = known["inputs"].get("corrects")
    if earlier:
        corrections = over(_read(folder / NAME), corrections)
    return Taken(Corrects(corrects, sha256(path)), corrections)


def inputs_of(settings: Settings, taken: Taken) -> dict[str, Any]:
    """How the corrected file, and the batch it corrects, stand in the manifest."""
    folder = Path(settings.reports) / taken.corrects.batch
    held = manifests.required(folder)["stages"]["2-expectations"]["artefacts"]["quarantine.csv"]
    return {
        "corrections": described(settings.corrections),
        "corrects": {
            "batch": taken.corrects.batch,
            "quarantine_sha256": held,
            "cells": len(taken.corrections),
        },
    }


def record(folder: Path, changes: Sequence[Change], staged: pa.Table) -> Path:
    """Write ``corrections.csv``: a line a cell, with its place, and what stood there.

    :param folder: the batch's.
    :param changes: as they were applied. :param staged: the staged rows of the batch.
    """
    names = ["row", "sheet", "sheet_row", "legacy_id"]
    places = {place["row"]: place for place in staged.select(names).to_pylist()}
    lines = [places[one.row] | vars(one) for one in changes]
    table = pa.table(
        {name: pa.array([_text(line[name]) for line in lines], pa.string()) for name in _COLUMNS}
    )
    return write_csv(table, folder / NAME)


def refuse_doubles(
    engine: Engine, settings: Settings, source_sha256: str, staged: pa.Table, corrects: str
) -> None:
    """Refuse rows that are settled, and identifiers that other rows of the source have.

    :param engine: the store. :param staged: the corrected rows, staged.
    :param corrects: the batch in whose quarantine they were.
    :raises InputError: naming the row.
    """
    ids: dict[int, str | None] = dict(
        zip(*(staged.column(name).to_pylist() for name in ("row", "legacy_id")), strict=True)
    )
    store_corrections.refuse_settled(engine, settings.batch, source_sha256, ids)
    settled = store_corrections.settled_ids(engine, source_sha256)
    wanted = {legacy_id: row for row, legacy_id in ids.items() if legacy_id}
    held = _ids_of_source(Path(settings.reports), corrects, wanted)
    # a row that was corrected before has the identifier it was corrected to
    others = {row: legacy_id for row, legacy_id in held if row not in settled} | settled
    for row, legacy_id in sorted(others.items()):
        if row not in ids and legacy_id in wanted:
            raise InputError(
                f"row {row} of the source has the same identifier",
                file=settings.corrections,
                row=wanted[legacy_id],
                column="legacy_id",
                found=legacy_id,
                fix="Correct the identifier of one, both in one file of corrections where both "
                "are in quarantine",
            )


def settle(folder: Path, known: Manifest, outcomes: pa.Table) -> None:
    """Remember in the store which corrected rows this batch has settled.

    Rows that are in quarantine again are not: they can be corrected once more.

    :param outcomes: ``row``, ``legacy_id`` and ``outcome`` of each row of the batch.
    :raises RunError: another batch has settled one meanwhile.
    """
    settled = outcomes.filter(pc.field("outcome") != "quarantined")
    lines: dict[int, list[dict[str, Any]]] = {}
    for line in read_csv(folder / NAME).to_pylist():
        lines.setdefault(int(line["row"]), []).append(line)
    rows = []
    for entry in settled.select(["row", "legacy_id"]).to_pylist():
        of_row = lines[entry["row"]]
        changes = [
            {name: line[name] for name in ("column", "original", "corrected", "corrected_by")}
            for line in of_row
        ]
        place = of_row[0]["sheet_row"]
        rows.append(
            SettledRow(
                row=entry["row"],
                sheet=of_row[0]["sheet"],
                sheet_row=int(place) if place else None,
                legacy_id=entry["legacy_id"],
                changes=canonical_json(changes),
            )
        )
    inputs = known["inputs"]
    engine = open_store(known["parameters"]["store"])
    try:
        store_corrections.settle(
            engine, known["batch"], inputs["source"]["sha256"], inputs["corrects"]["batch"], rows
        )
    finally:
        engine.dispose()


def _refuse_itself(path: Path, corrects: str, batch: str) -> None:
    if corrects == batch:
        raise InputError(
            "a batch cannot correct itself",
            file=path,
            column="batch",
            found=corrects,
            fix="Give the corrections a batch of their own with another --batch name",
        )


def _corrected_batch(path: Path, corrects: str, reports: Path) -> tuple[Path, Manifest]:
    folder = reports / corrects
    # a name from a file that people send is not to lead out of the folder
    known = manifests.read(folder) if Path(corrects).name == corrects else None
    if known is None:
        raise InputError(
            f"batch {corrects}, which this file is of, is not in {reports}",
            file=path,
            column="batch",
            fix="Name the folder that holds it with --reports",
        )
    return folder, known


def _same_inputs(known: Manifest, settings: Settings) -> None:
    for what, address in (("source", settings.source), ("profile", settings.profile)):
        recorded = known["inputs"].get(what, {})
        digest = recorded.get("sha256")
        path = Path(address)
        if what == "source" and (not digest or "://" in address):
            raise InputError(
                "only a source that is a file can be corrected: it is known again by its content",
                file=address,
                fix="Export the table to a file, and run that as a batch",
            )
        if (sha256(path) if address and path.is_file() else None) != digest:
            raise InputError(
                f"this {what} is not what batch {known['batch']} was run with",
                file=address or None,
                found=f"not the file of SHA-256 {str(digest)[:16]}…",
                fix="Corrections are of the very same source, read the very same way",
            )


def _read(path: Path) -> list[Correction]:
    return [
        Correction(int(line["row"]), line["column"], line["corrected"], line["corrected_by"])
        for line in read_csv(path).to_pylist()
    ]


def _ids_of_source(
    reports: Path, corrects: str, wanted: Iterable[str]
) -> Iterator[tuple[int, str]]:
    """Row and identifier of those rows of the whole source that have an identifier of ``wanted``."""
    folder, seen = reports / corrects, {corrects}
    while earlier := manifests.required(folder)["inputs"].get("corrects"):
        if earlier["batch"] in seen:
            break
        seen.add(earlier["batch"])
        folder = reports / earlier["batch"]
    manifests.require_stage(folder, "1-intake")
    ids = pa.array(sorted(wanted), pa.string())
    file = pq.ParquetFile(folder / "staged.parquet")
    for batch in file.iter_batches(columns=["row", "legacy_id"]):
        kept = batch.filter(pc.is_in(batch.column("legacy_id"), ids))
        yield from zip(
            kept.column("row").to_pylist(), kept.column("legacy_id").to_pylist(), strict=True
        )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
