"""A stage at work in a batch's folder: one at a time, on artefacts that are as they were written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch.lock import hold
from migrate.batch.manifest import Manifest
from migrate.errors import RunError
from migrate.intake.files import write_atomically

ROW_GROUP = 128 * 1024


@contextmanager
def at_work(
    reports: str, batch: str, stage: str, *, after: str | None
) -> Iterator[tuple[Path, Manifest]]:
    """Hold the batch's folder for ``stage``; give the folder and the manifest.

    ``after`` is the stage whose artefacts this one reads: it must have run and be unchanged. The
    kernel of a killed run may still be ending, so the lock is waited for. A stage that a finished
    notebook stands for may be run again, by an auditor: where it gives other artefacts the old ones
    are put back. Raises InputError, RunError.
    """
    folder = Path(reports).resolve() / batch
    manifests.required(folder)
    with hold(folder, "stage", wait=60):
        known = manifests.required(folder)
        if after is not None:
            known = manifests.require_stage(folder, after)
        with _evidence_kept(folder, known, stage):
            yield folder, known


@contextmanager
def _evidence_kept(folder: Path, known: Manifest, stage: str) -> Iterator[None]:
    """Put a finished stage's artefacts back, and say so, when running it again gives others."""
    if stage not in known["notebooks"]:
        yield
        return
    manifests.require_stage(folder, stage)
    recorded: dict[str, str] = known["stages"][stage]["artefacts"]
    with tempfile.TemporaryDirectory(prefix=".again-", dir=folder) as kept:
        for number, name in enumerate(recorded):
            # artefacts are replaced, never written into, so a second name keeps the first content
            os.link(folder / name, Path(kept) / str(number))
        differing: list[str] = []
        try:
            yield
            again: dict[str, str] = manifests.required(folder)["stages"][stage]["artefacts"]
            differing = sorted(
                name
                for name in recorded.keys() | again.keys()
                if recorded.get(name) != again.get(name)
            )
        except BaseException:
            _put_back(folder, known, recorded, Path(kept))
            raise
        if differing:
            _put_back(folder, known, recorded, Path(kept))
            raise RunError(
                f"run again, stage {stage} gives another {' and '.join(differing)} than this "
                "batch holds; the batch was left as it was",
                file=folder,
                fix="Compare the inputs, the versions and the registry of today with those in "
                "manifest.json, or give the new run a name of its own",
            )


def _put_back(folder: Path, known: Manifest, recorded: dict[str, str], kept: Path) -> None:
    for number, name in enumerate(recorded):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(kept / str(number), folder / name)
    manifests.write(folder, known)


def write_parquet(table: pa.Table, path: Path) -> Path:
    """Write a table as Parquet, whole or not at all; the same table gives the same bytes."""
    with write_atomically(path) as partial:
        schema = _plain(table.schema)
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for begin in range(0, max(table.num_rows, 1), ROW_GROUP):
                writer.write_table(table.slice(begin, ROW_GROUP).cast(schema), ROW_GROUP)
    return path


def _plain(schema: pa.Schema) -> pa.Schema:
    """Text as text: how it is held in memory is nothing to a reader of the file."""
    return pa.schema(
        [
            field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
            for field in schema
        ]
    )


def write_csv(table: pa.Table, path: Path) -> Path:
    """Write a table of text as UTF-8 CSV with a heading row, whole or not at all; null is empty."""
    with write_atomically(path) as partial:
        table.to_pandas().to_csv(partial, index=False, lineterminator="\n", encoding="utf-8")
    return path


def read_csv(path: Path) -> pa.Table:
    """Read a CSV artefact back, every column as text: an identifier is never taken for a number."""
    with path.open("rb") as stream:
        heading = stream.readline().decode("utf-8-sig").strip()
    types = {name.strip('"'): pa.string() for name in heading.split(",")}
    options = pc.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    parsing = pc.ParseOptions(newlines_in_values=True)
    return pc.read_csv(path, convert_options=options, parse_options=parsing)
