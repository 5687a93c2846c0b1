"""Cleaned inputs for all tools alike: ``left.parquet``, ``right.parquet``, ``truth.parquet``.

The diplomas are the project's own sample, staged by its intake, less the columns of raw text and the
rows that no linker can use: no name, no university, or an identifier that stands twice. What remains of
a raw column is what has no canonical value: *could not be read* is not *missing*. Rows keep the
columns of keys by sound and shape, identifiers, dates and years, for whoever wants them.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import linkage_febrl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.diplomas.sample import make
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.intake.registry import open_registry
from migrate.intake.sources import open_source
from migrate.intake.staged import parquet_writer, write_staged
from migrate.intake.staging import Staging

NAME = "input.json"
# field -> the column that is null where a value could not be read
_READ = {
    **{name: name for name in ("sex", "national_id", "birth_cert_no", "birth_date")},
    **{name: name for name in ("graduation_date", "diploma_no")},
    "degree": "degree_level",
}
_YEARS = {"year_of_birth": "birth_date", "year_of_graduation": "graduation_date"}


def diplomas(folder: Path, records: int, degrees: int, seed: int) -> dict[str, Any]:
    """Make and stage a sample in ``folder``; seconds and memory of both are in what is returned."""
    begun = time.perf_counter()
    sample = make(folder / "sample", degrees=degrees, records=records, seed=seed, form="design")
    made = time.perf_counter()
    made_memory = _memory()
    staged, registry = folder / "staged.parquet", folder / "registry.parquet"
    write_staged(
        open_source(sample.source, LEGACY),
        Staging(LEGACY),
        staged,
        folder / "unreadable.csv",
        metadata={},
    )
    _stage_registry(sample.registry, registry)
    done = time.perf_counter()
    facts = {
        "task": "diplomas",
        "records": records,
        "degrees": degrees,
        "seed": seed,
        "seconds": {"sample": made - begun, "staging": done - made},
        "memory": {"sample": made_memory, "staging": _memory()},
    }
    facts |= clean(folder, staged, registry, sample.truth)
    # what the cleaned tables came of is big, and made again by the same seed
    shutil.rmtree(folder / "sample")
    for path in (staged, registry):
        path.unlink()
    return facts


def clean(folder: Path, staged: Path, registry: Path, truth: Path) -> dict[str, int]:
    """Write the cleaned tables of staged ones and their truth; return the numbers of rows."""
    left = _usable(pq.read_table(staged))
    rows = left.num_rows
    pq.write_table(_cleaned(left, "legacy_id"), folder / "left.parquet")
    known = _truth(left, truth)
    pq.write_table(known, folder / "truth.parquet")
    del left
    right = pq.ParquetFile(registry)
    writer: pq.ParquetWriter | None = None
    # as pyarrow writes by default, which every tool reads fast
    for batch in right.iter_batches(batch_size=500_000):
        table = _cleaned(pa.Table.from_batches([batch]), "degree_id")
        writer = writer or pq.ParquetWriter(folder / "right.parquet", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    relations = _csv(truth.parent / "relations.csv")
    pq.write_table(
        relations.select(["degree_id", "person_id", "family", "namesake"]),
        folder / "relations.parquet",
    )
    return {
        "left": rows,
        "right": right.metadata.num_rows,
        "findable": known.num_rows - known.column("degree_id").null_count,
    }


def _stage_registry(address: str, path: Path) -> None:
    staging = Staging(REGISTRY)
    with parquet_writer(path, repeating=staging.repeating) as write:
        for batch in open_registry(address, REGISTRY).batches():
            table = staging.stage(batch)
            coded = pa.array([False] * table.num_rows, pa.bool_())
            write(table.append_column("coded_in_store", coded))


def _usable(table: pa.Table) -> pa.Table:
    """Rows with an identifier of their own, a surname and a university."""
    ids = table.column("legacy_id")
    counts = pc.value_counts(pc.drop_null(ids).combine_chunks())
    once = counts.field("values").filter(pc.equal(counts.field("counts"), 1))
    kept = pc.is_in(ids, value_set=once)
    for name in ("last_name_key", "university"):
        kept = pc.and_(kept, pc.is_valid(table.column(name)))
    return table.filter(kept)


def _cleaned(table: pa.Table, key: str) -> pa.Table:
    """The canonical columns; raw ones only where there is no canonical value; years; ``id``."""
    unread = {}
    for name, canonical in _READ.items():
        lacking = pc.is_null(table.column(canonical))
        unread[f"raw_{name}"] = pc.if_else(lacking, table.column(f"raw_{name}"), None)
    unused = ("raw_", "sheet", "page_ref")
    kept = [name for name in table.column_names if not name.startswith(unused)]
    table = table.select([name for name in kept if not name.endswith("_note")])
    for raw, column in unread.items():
        table = table.append_column(raw, column)
    for name, date in _YEARS.items():
        table = table.append_column(name, pc.utf8_slice_codeunits(table.column(date), 0, 4))
    return table.append_column("id", table.column(key)).combine_chunks()


def _truth(left: pa.Table, path: Path) -> pa.Table:
    """What is true of the rows of ``left``, in their order."""
    truth = _csv(path)
    places = pc.index_in(
        pc.cast(left.column("row"), pa.string()), value_set=truth.column("row").combine_chunks()
    )
    return truth.take(places).append_column("id", left.column("legacy_id"))


def _csv(path: Path) -> pa.Table:
    from pyarrow import csv

    names = path.read_text(encoding="utf-8").partition("\n")[0].strip().split(",")
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
    )
    return csv.read_csv(path, convert_options=options)


def _memory() -> float:
    """Peak resident set of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder: Path, name: str, seed: int) -> None:
    """Make the input ``name`` (RECORDSxDEGREES, febrl4 or febrl3) in ``folder``."""
    if name in ("febrl4", "febrl3"):
        facts = getattr(linkage_febrl, name)(folder)
    else:
        records, degrees = map(int, name.split("x"))
        facts = diplomas(folder, records, degrees, seed)
    # last, because it says that the rest is there
    (folder / NAME).write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
