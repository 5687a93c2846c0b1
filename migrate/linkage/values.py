"""The distinct values of a field, in the forms that operators ask for, each made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_T = TypeVar("_T")
Indices = npt.NDArray[np.int64]
FULL_DATE = len("1362-07-03")


class Values:
    """A table of distinct values, one a row, that remembers what was made of its columns."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._made: dict[tuple[str, str], Any] = {}
        self._shared: dict[tuple[int, str], tuple[Values, Indices, Indices]] = {}

    @property
    def num_rows(self) -> int:
        """How many distinct values there are."""
        return self.table.num_rows

    def column(self, name: str) -> Any:
        """A column as it stands in the table."""
        return self.table.column(name)

    def texts(self, column: str) -> npt.NDArray[Any]:
        """A column as Python texts, None where there is none: an object array."""
        return self._once("texts", column, self._texts)

    def lengths(self, column: str) -> Indices:
        """The length of each text, -1 where there is none."""
        return self._once("lengths", column, self._lengths)

    def in_parts(self, column: str) -> npt.NDArray[np.bool_]:
        """Whether each text has a space in it."""
        return self._once("in_parts", column, self._in_parts)

    def integers(self, column: str) -> Indices:
        """Each text as a whole number of at most 18 digits, -1 where it is none."""
        return self._once("integers", column, self._integers)

    def dates(self, column: str) -> npt.NDArray[np.uint8]:
        """The ten characters of each full date, YYYY-MM-DD: shape (values, 10); zeros for others."""
        return self._once("dates", column, self._dates)

    def days(self, column: str) -> npt.NDArray[np.float64]:
        """A column of dates as days, NaN where there is none."""
        return self._once("days", column, self._days)

    def codes(self, other: Values, column: str) -> tuple[Indices, Indices]:
        """Numbers for the texts of both, the same for the same text; -1 where there is none."""
        key = (id(other), column)
        if key not in self._shared:
            ours: Any = self.table.column(column).combine_chunks().cast(pa.string())
            theirs: Any = other.table.column(column).combine_chunks().cast(pa.string())
            encoded = pa.concat_arrays([ours, theirs]).dictionary_encode()
            numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            numbers = numbers.astype(np.int64)
            # the other is kept, so that its id stays its own
            self._shared[key] = (other, numbers[: len(ours)], numbers[len(ours) :])
        return self._shared[key][1:]

    def _once(self, form: str, column: str, make: Callable[[str], _T]) -> _T:
        key = (form, column)
        if key not in self._made:
            self._made[key] = make(column)
        return cast(_T, self._made[key])

    def _texts(self, column: str) -> npt.NDArray[Any]:
        return np.array(self.table.column(column).to_pylist(), dtype=object)

    def _lengths(self, column: str) -> Indices:
        texts = self.texts(column)
        return np.array([-1 if text is None else len(text) for text in texts], dtype=np.int64)

    def _in_parts(self, column: str) -> npt.NDArray[np.bool_]:
        return np.array([text is not None and " " in text for text in self.texts(column)], bool)

    def _integers(self, column: str) -> Indices:
        return np.array(
            [
                int(text) if text is not None and text.isdecimal() and len(text) <= 18 else -1
                for text in self.texts(column)
            ],
            dtype=np.int64,
        )

    def _dates(self, column: str) -> npt.NDArray[np.uint8]:
        blank = "\0" * FULL_DATE
        joined = "".join(
            text if text is not None and len(text) == FULL_DATE and text.isascii() else blank
            for text in self.texts(column)
        )
        flat = np.frombuffer(joined.encode("ascii"), dtype=np.uint8)
        return flat.reshape(self.num_rows, FULL_DATE)

    def _days(self, column: str) -> npt.NDArray[np.float64]:
        days = self.table.column(column).cast(pa.int32()).to_numpy()
        return np.asarray(days, dtype=np.float64)
