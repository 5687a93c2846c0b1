"""A scalar function over a whole Arrow column, called once for each distinct value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

# distinct values that stand as Python objects at one time
_SLICE = 65_536


def map_distinct(
    column: pa.ChunkedArray[Any] | pa.Array[Any],
    function: Callable[[str | None], Any],
    type: pa.DataType,
) -> pa.ChunkedArray[Any]:
    """Apply a function to each distinct value of a column, and spread the results over its rows.

    A column of names or dates repeats itself: 1.15M rows of birth places are 2,000 values. Where
    several results come from one value, let the function return a dict and give a ``pa.struct``
    type: ``map_distinct(...)`` then holds all of them, and the value is parsed once.

    :param column: text (string, large_string or dictionary of them), n rows, nulls allowed.
    :param function: a pure function of one value; it is called with None too where nulls stand.
    :param type: Arrow type of the results.
    :returns: n rows of `type`, in the chunks of the column (one for an Array; none where it is empty).
    :raises pyarrow.ArrowInvalid: where a result does not fit `type`.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    chunked = pa.chunked_array(chunks, column.type)
    if pa.types.is_dictionary(chunked.type):
        # a dictionary may hold a value twice, or null as a value
        chunked = chunked.cast(chunked.type.value_type)
    if not (pa.types.is_string(chunked.type) or pa.types.is_large_string(chunked.type)):
        chunked = chunked.cast(pa.string())
    encoded: Any = chunked.dictionary_encode().unify_dictionaries()
    if not encoded.num_chunks:
        return _chunked([], type)
    distinct = encoded.chunk(0).dictionary
    results = [
        pa.array([function(value) for value in distinct.slice(at, _SLICE).to_pylist()], type=type)
        for at in range(0, len(distinct), _SLICE)
    ]
    if encoded.null_count:
        results.append(pa.array([function(None)], type=type))
    values: Any = pa.concat_arrays(results) if results else pa.array([], type=type)
    null_at = pa.scalar(len(distinct), pa.int32())
    return _chunked(
        [values.take(pc.fill_null(chunk.indices, null_at)) for chunk in encoded.chunks], type
    )


def _chunked(chunks: list[Any], type: pa.DataType) -> pa.ChunkedArray[Any]:
    whole: pa.ChunkedArray[Any] = pa.chunked_array(chunks, type)  # type: ignore[call-overload]
    return whole
