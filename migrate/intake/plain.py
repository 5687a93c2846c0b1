"""Values that stand as they should, read a whole column at a time: most identifiers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# of n texts: which of them were read, and by suffix what they give (of the others, anything)
Plain = Callable[[Any], tuple[Any, dict[str, Any]]]

_WEIGHTS = np.arange(10, 1, -1, dtype=np.int32)


def as_it_stands(pattern: str, without: str | None = None) -> Plain:
    """Take texts that match a pattern as they are.

    :param pattern: RE2, anchored.
    :param without: what is taken out of those that match, as RE2.
    """

    def plain(column: Any) -> tuple[Any, dict[str, Any]]:
        matched = pc.match_substring_regex(column, pattern)
        if without is None:
            return matched, {"": column}
        return matched, {"": pc.replace_substring_regex(column, without, "")}

    return plain


def national_ids(column: Any) -> tuple[Any, dict[str, Any]]:
    """Ten ASCII digits whose check digit holds; see ``identifiers.is_valid_national_id``."""
    ten = pc.fill_null(pc.match_substring_regex(column, "^[0-9]{10}$"), False)
    digits = _digits(column.filter(ten))
    rest = digits[:, :9].astype(np.int32) @ _WEIGHTS % 11
    holds = digits[:, 9] == np.where(rest < 2, rest, 11 - rest)
    holds &= (digits[:, 3:9] != 0).any(axis=1) & (digits != digits[:, :1]).any(axis=1)
    valid = np.zeros(len(column), dtype=bool)
    valid[np.flatnonzero(ten.to_numpy(zero_copy_only=False))] = holds
    return pa.array(valid), {"": column, "_state": pa.repeat(pa.scalar("valid"), len(column))}


def _digits(column: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Texts of ten ASCII digits as n rows of ten numbers."""
    data = column.buffers()[2]
    if not len(column) or data is None:
        return np.zeros((0, 10), dtype=np.uint8)
    start = int(np.frombuffer(column.buffers()[1], np.int32, 1, 4 * column.offset)[0])
    flat = np.frombuffer(data, np.uint8, 10 * len(column), start)
    return (flat - ord("0")).reshape(-1, 10)
