"""Seconds by phase of one linkage run, for every tool alike. Imports the standard library only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# in the order of the table; a tool that does two at once says so under the later one
PHASES = ("load", "block", "train", "compare", "decide")
NAME = "phases.json"


@dataclass
class Phases:
    """Seconds of the wall clock by phase, from after the imports, and what the tool counted."""

    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    notes: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the seconds of a block of code to the phase ``name``, one of PHASES."""
        if name not in PHASES:
            raise ValueError(f"there is no phase {name!r}")
        begun = time.perf_counter()
        yield
        spent = time.perf_counter() - begun
        self.seconds[name] = self.seconds.get(name, 0.0) + spent
        print(f"{name}: {spent:.2f} s", flush=True)

    def write(self, folder: Path) -> None:
        """Write ``phases.json`` into ``folder``."""
        text = json.dumps({"seconds": self.seconds, "counts": self.counts, "notes": self.notes})
        (folder / NAME).write_text(text, encoding="utf-8")
