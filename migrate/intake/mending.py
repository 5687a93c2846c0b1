"""Rows on their way into a batch: watched for damaged text, or repaired where a profile says how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import pyarrow as pa

from migrate.intake import mojibake
from migrate.intake.readers.rows import Rows
from migrate.persian.bulk import map_distinct

# texts of each column that are looked at in each batch
_LOOKED_AT = 100


class Watch(Protocol):
    """What rows pass through."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was seen, once all rows have passed."""

    def see(self, rows: Rows) -> Rows:
        """The rows as they go on."""


class Watching:
    """Looks at the first texts of each batch, and changes nothing."""

    def __init__(self) -> None:
        self._suspicion = mojibake.Suspicion()

    @property
    def notes(self) -> tuple[str, ...]:
        """The repairs that are offered."""
        return self._suspicion.notes

    def see(self, rows: Rows) -> Rows:
        """The same rows."""
        for column in rows.columns:
            self._suspicion.add(column.slice(0, _LOOKED_AT).to_pylist())
        return rows


class Mending:
    """Repairs each text that has the damage that a profile names; the others pass as they are."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._texts = self._mended = 0
        self._example: tuple[str, str] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """How many texts were repaired, with an example."""
        words = mojibake.REPAIRS[self._name].words
        if self._example is None:
            return (f"the source profile says that texts are {words}; none was, none was changed",)
        before, after = self._example
        return (
            f"{self._mended:,} of {self._texts:,} texts beyond ASCII were {words}, and were repaired "
            f"as the source profile says: '{before}' became '{after}'",
        )

    def see(self, rows: Rows) -> Rows:
        """The rows, repaired."""
        return replace(rows, columns=tuple(self._column(column) for column in rows.columns))

    def _column(self, column: Any) -> Any:
        counts = {}
        for entry in column.value_counts().to_pylist():
            text = entry["values"]
            if text and not text.isascii():
                counts[text] = entry["counts"]
        mended = {text: mojibake.repair(text, self._name) for text in counts}
        self._texts += sum(counts.values())
        for before, after in mended.items():
            if before != after:
                self._mended += counts[before]
                if self._example is None or len(self._example[1]) < len(after) <= 20:
                    self._example = before, after
        if all(before == after for before, after in mended.items()):
            return column
        return map_distinct(column, lambda text: mended.get(text or "", text), pa.string())


def watch(repair: str | None) -> Watch:
    """What the rows of a source pass through.

    :param repair: the repair that its profile names, None where it names none.
    """
    return Watching() if repair is None else Mending(repair)
