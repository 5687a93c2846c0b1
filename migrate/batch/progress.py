"""How far a stage has come, told from a notebook's kernel to the command that runs it.

A kernel has no terminal, so it writes one small JSON file that the command reads for its bar.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

VARIABLE = "MIGRATE_PROGRESS"
Progress = Callable[[int, int, str], None]


def reporter(every: float = 0.2) -> Progress:
    """A function ``(done, total, what)`` that leaves word for the command, at most every ``every`` s.

    Outside a run (a notebook by hand) it does nothing.
    """
    target = os.environ.get(VARIABLE)
    if not target:
        return lambda done, total, what: None
    path = Path(target)
    last = [0.0]

    def report(done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if now - last[0] < every and done < total:
            return
        last[0] = now
        # progress is a courtesy: a full disk or a vanished folder must not fail the stage
        try:
            partial = path.with_suffix(".part")
            partial.write_text(json.dumps([int(done), int(total), what]), encoding="utf-8")
            partial.replace(path)
        except OSError:
            return

    return report


def read(path: Path) -> tuple[int, int, str] | None:
    """The last word left at ``path`` as (done, total, what), or None."""
    try:
        done, total, what = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return int(done), int(total), str(what)
