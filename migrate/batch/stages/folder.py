"""A stage at work in a batch's folder: one at a time, on artefacts that are as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from migrate.batch import manifest as manifests
from migrate.batch.lock import hold
from migrate.batch.manifest import Manifest
from migrate.intake.files import write_atomically


@contextmanager
def at_work(reports: str, batch: str, *, after: str | None) -> Iterator[tuple[Path, Manifest]]:
    """Hold the batch's folder for one stage; give the folder and the manifest.

    ``after`` is the stage whose artefacts this one reads: it must have run and be unchanged. The
    kernel of a killed run may still be ending, so the lock is waited for. Raises InputError,
    RunError.
    """
    folder = Path(reports).resolve() / batch
    manifests.required(folder)
    with hold(folder, "stage", wait=60):
        known = manifests.required(folder)
        if after is not None:
            known = manifests.require_stage(folder, after)
        yield folder, known


def write_parquet(table: pa.Table, path: Path) -> Path:
    """Write a table as Parquet, whole or not at all; the same table gives the same bytes."""
    with write_atomically(path) as partial:
        pq.write_table(table, partial, compression="zstd", row_group_size=128 * 1024)
    return path


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
