"""The staged file of a source: read, normalised and written batch by batch, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.errors import RunError
from migrate.intake.ahead import ahead
from migrate.intake.files import write_atomically
from migrate.intake.quarantine import Problem, quarantining
from migrate.intake.readers.rows import SIZE, Progress
from migrate.intake.sources import RawBatch
from migrate.intake.staging import Staging

# where staged.parquet has the SHA-256 of the source its rows are of, among the file's metadata
SOURCE = "source_sha256"


@dataclass(frozen=True)
class Staged:
    """What became of the rows of a source: ``rows`` = ``staged`` + ``unreadable``."""

    rows: int
    staged: int
    unreadable: int


class Batches(Protocol):
    """A source that is read in batches, see ``sources.OpenSource``."""

    rows: int

    def batches(self, *, size: int = SIZE, progress: Progress | None = None) -> Iterator[RawBatch]:
        """The rows, about ``size`` at a time."""


def write_staged(
    source: Batches,
    staging: Staging,
    path: Path,
    unreadable: Path,
    *,
    metadata: Mapping[str, str],
    beside: Sequence[str] = (),
    look: Callable[[pa.Table], None] | None = None,
    size: int = SIZE,
    progress: Progress | None = None,
) -> Staged:
    """Write the staged rows of a source as Parquet, and what could not be read as CSV.

    Reading, normalising and writing overlap, each in a thread of its own; the files are the same
    as if they did not. Both are written whole or not at all.

    :param staging: how the raw rows are staged.
    :param beside: columns of the raw batches that stand at the end of the staged ones as they are.
    :param path: the Parquet file: a row group a batch.
    :param unreadable: the file of problems, as ``quarantine.write_quarantine`` writes it.
    :param metadata: what stands beside the rows, ``SOURCE`` above all.
    :param look: called with each staged batch, in order.
    :param size: about how many rows a batch holds at most.
    :param progress: called with rows read, rows in all (about), and a word.
    :raises InputError: the source is damaged further on, or holds no rows.
    :raises RunError: the rows do not add up.
    """
    count = told = 0

    def staged() -> Iterator[tuple[pa.Table, tuple[Problem, ...]]]:
        with closing(ahead(source.batches(size=size, progress=progress))) as batches:
            for batch in batches:
                table = staging.stage(batch.table)
                for name in beside:
                    table = table.append_column(name, batch.table.column(name))
                yield table, batch.unreadable

    with (
        quarantining(unreadable) as quarantine,
        parquet_writer(path, metadata, staging.repeating) as write,
        closing(ahead(staged())) as tables,
    ):
        for table, problems in tables:
            if look is not None:
                look(table)
            write(table)
            quarantine(problems)
            count += table.num_rows
            told += len({problem.row for problem in problems})
        if source.rows != count + told:
            raise RunError(
                f"{source.rows:,} rows were read, but {count:,} staged and {told:,} set aside: a row "
                "was lost or doubled",
                file=path,
                fix="This is a fault of the program: report it, and do not use the batch",
            )
    return Staged(source.rows, count, told)


@contextmanager
def parquet_writer(
    path: Path, metadata: Mapping[str, str] | None = None, repeating: Sequence[str] = ()
) -> Iterator[Callable[[pa.Table], None]]:
    """Give a function that writes one table after another, each a row group; at least one.

    The file is written whole or not at all. The same tables give the same bytes.

    :param metadata: texts that stand in the schema of the file, beside its rows.
    :param repeating: columns whose values repeat, for which a dictionary pays.
    """
    writer: pq.ParquetWriter | None = None
    with write_atomically(path) as partial:

        def write(table: pa.Table) -> None:
            nonlocal writer
            if writer is None:
                schema = table.schema.with_metadata(dict(metadata or {}))
                writer = pq.ParquetWriter(
                    partial,
                    schema,
                    compression="zstd",
                    use_dictionary=cast(Any, [n for n in repeating if n in schema.names]),
                    # no reader of ours asks for those of texts, and they take a sixth of the time
                    write_statistics=["row"],
                )
            if table.num_rows:
                writer.write_table(table.replace_schema_metadata(dict(metadata or {})))

        try:
            yield write
        finally:
            if writer is not None:
                writer.close()
