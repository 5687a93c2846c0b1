"""Staged tables as linkage reads them: the columns it looks at, each distinct text held once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.diplomas.keys import COMPUTED, asks_for
from migrate.linkage.coding import columns_of
from migrate.linkage.model import LinkageModel

# what outcomes say of a row beyond what the model compares
_PLAIN = ("row", "legacy_id", "degree_id", "person_id", "validity_code", "coded_in_store")
_TOLD = ("document_type",)


def read_for_linking(path: Path, model: LinkageModel) -> pa.Table:
    """Read from a staged Parquet file the columns that linking by ``model`` needs, and no others.

    Texts are dictionary-encoded, identifiers of rows are plain. A column that the file has not is
    left to whoever misses it. Raises OSError, pyarrow.ArrowException where the file cannot be read.
    """
    wanted = columns_of(model)
    wanted |= {name for column in wanted & COMPUTED for name in asks_for(column)}
    wanted |= {*_PLAIN, *_TOLD}
    schema = pq.read_schema(path)
    chosen = [field for field in schema if field.name in wanted]
    encoded = [f.name for f in chosen if f.name not in _PLAIN and pa.types.is_string(f.type)]
    return pq.read_table(path, columns=[f.name for f in chosen], read_dictionary=encoded)
