"""FEBRL4 (two tables, 5,000 rows each) and FEBRL3 (one table with doubles) as cleaned inputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.linkage.model import LinkageModel

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "febrl"
GUIDE = ROOT / "docs" / "link-any-tables.md"


def febrl4(folder: Path) -> dict[str, Any]:
    """Write ``left.parquet`` and ``right.parquet`` into ``folder``; return the facts of the input."""
    left, right = _read("dataset4a"), _read("dataset4b")
    _write(left, folder / "left.parquet")
    _write(right, folder / "right.parquet")
    return {"task": "febrl4", "left": len(left), "right": len(right), "findable": len(right)}


def febrl3(folder: Path) -> dict[str, Any]:
    """Write ``left.parquet``, a table with doubles, into ``folder``; return the facts of the input."""
    table = _read("dataset3")
    _write(table, folder / "left.parquet")
    sizes = np.unique(people(table["id"]), return_counts=True)[1]
    return {
        "task": "febrl3",
        "left": len(table),
        "right": 0,
        "findable": int((sizes * (sizes - 1) // 2).sum()),
    }


def people(ids: pd.Series) -> np.ndarray:
    """Who each row is: ``rec-1070-dup-0`` is of 1070. For scoring only."""
    return ids.str.split("-").str[1].to_numpy(dtype=np.int64)


def guide_model() -> LinkageModel:
    """The model of the 25 lines in ``docs/link-any-tables.md``, as they stand there."""
    page = GUIDE.read_text(encoding="utf-8")
    (block, *_) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    session: dict[str, Any] = {}
    exec(block.partition("a, b = read")[0], session)
    model: LinkageModel = session["model"]
    return model


def _read(name: str) -> pd.DataFrame:
    table = pd.read_csv(DATA / f"{name}.csv.xz", skipinitialspace=True, dtype=str)
    return table.rename(columns=str.strip).assign(id=table["rec_id"])


def _write(table: pd.DataFrame, path: Path) -> None:
    columns = {name: pa.array(table[name], pa.string(), from_pandas=True) for name in table.columns}
    pq.write_table(pa.table(columns), path)
