"""What the linkage model asks of staged tables beyond staging: years, and what is unread."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.linkage.coding import encoded
from migrate.persian.letters import is_blank

# canonical value -> the column that is null where the raw value could not be read
_UNREAD = {
    "sex": "sex",
    "national_id": "national_id",
    "birth_cert_no": "birth_cert_no",
    "birth_date": "birth_date",
    "degree": "degree_level",
    "graduation_date": "graduation_date",
    "diploma_no": "diploma_no",
}
_YEARS = {"birth_year": "birth_date", "graduation_year": "graduation_date"}
COMPUTED = {*_YEARS, *(f"{field}_unread" for field in _UNREAD)}


def asks_for(computed: str) -> tuple[str, ...]:
    """The staged columns that a column of COMPUTED is made of."""
    if computed in _YEARS:
        return (_YEARS[computed],)
    field = computed.removesuffix("_unread")
    return _UNREAD[field], f"raw_{field}"


def with_keys(table: pa.Table) -> pa.Table:
    """A staged table with ``<field>_unread`` (bool), ``birth_year`` and ``graduation_year`` too.

    ``<field>_unread`` is true where a value stood in the source and could not be read: that is
    *could not be compared*, which is neither *missing* nor *different*. Texts may be
    dictionary-encoded.
    """
    for field, column in _UNREAD.items():
        unread = _unread(table.column(column), table.column(f"raw_{field}"))
        table = table.append_column(f"{field}_unread", unread)
    for name, column in _YEARS.items():
        table = table.append_column(name, _year(table.column(column)))
    return table


def _unread(canonical: Any, raw: Any) -> pa.ChunkedArray[Any]:
    # only what has no canonical value need be looked at: most raw values are all different
    lacking = pc.is_null(canonical).combine_chunks().to_numpy(zero_copy_only=False)
    chunks = []
    begin = 0
    for chunk in raw.chunks:
        looked_at = np.flatnonzero(lacking[begin : begin + len(chunk)])
        begin += len(chunk)
        unread = np.zeros(len(chunk), dtype=bool)
        if not pa.types.is_dictionary(chunk.type):
            chunk = chunk.take(pa.array(looked_at)).dictionary_encode()
            numbers = pc.fill_null(chunk.indices, -1).to_numpy()
        else:
            numbers = pc.fill_null(chunk.indices, -1).to_numpy()[looked_at]
        there = np.bincount(numbers[numbers >= 0], minlength=len(chunk.dictionary)) > 0
        blank = np.ones(len(there) + 1, dtype=bool)
        texts = chunk.dictionary.filter(pa.array(there)).to_pylist()
        blank[:-1][there] = [is_blank(text) for text in texts]
        unread[looked_at] = ~blank[numbers]
        chunks.append(pa.array(unread))
    return pa.chunked_array(chunks, pa.bool_())


def _year(dates: Any) -> pa.Array[Any]:
    numbers, texts = encoded(dates)
    years: Any = pc.utf8_slice_codeunits(texts, 0, 4)
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), years)
