"""A function over many batches of a column, called once for each distinct value it remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

# distinct values remembered of one column
LIMIT = 262_144


class Recall:
    """Reads texts into rows of Arrow columns, and remembers what the last distinct ones gave.

    When ``limit`` distinct values are remembered, all are forgotten and it begins again: memory is
    bounded, and a value that comes often is soon back.

    :param read: a pure function of one text (or None): one value for each column, or None for nulls.
    :param columns: Arrow types of the results.
    """

    def __init__(
        self,
        read: Callable[[str | None], tuple[object, ...] | None],
        columns: list[pa.DataType],
        limit: int = LIMIT,
    ) -> None:
        self._read = read
        self._columns = columns
        self._limit = limit
        self._forget()

    def __call__(self, texts: Any) -> list[Any]:
        """The columns of n texts.

        :param texts: a string array, n rows, nulls allowed.
        :returns: for each column an array of n rows.
        """
        encoded = texts.dictionary_encode(null_encoding="encode")
        distinct = encoded.dictionary.to_pylist()
        if len(self._places) + len(distinct) > self._limit:
            self._forget()
        places = self._places
        known = [places.get(text, -1) for text in distinct]
        new = [text for text, place in zip(distinct, known, strict=True) if place < 0]
        if new:
            self._learn(new)
            known = [places[text] for text in distinct]
        rows = pa.array(np.array(known, np.int64)).take(encoded.indices)
        return [column.take(rows) for column in self._results]

    def _learn(self, texts: list[str | None]) -> None:
        read, nothing = self._read, (None,) * len(self._columns)
        found = [read(text) or nothing for text in texts]
        for n, (column, values) in enumerate(
            zip(self._results, zip(*found, strict=True), strict=True)
        ):
            self._results[n] = pa.concat_arrays([column, pa.array(values, column.type)])
        first = len(self._places)
        self._places.update(zip(texts, range(first, first + len(texts)), strict=True))

    def _forget(self) -> None:
        self._places: dict[str | None, int] = {}
        self._results: list[Any] = [pa.array([], type) for type in self._columns]
