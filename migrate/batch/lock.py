"""Locks on a batch's folder: one run at a time, one stage at a time.

The kernel frees a lock when its process ends, however it ends, so a killed run leaves none behind.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrate.errors import RunError


@contextmanager
def hold(folder: Path, name: str, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock ``.<name>.lock`` in ``folder``; wait up to ``wait`` seconds for it.

    Raises RunError when another process holds it for longer.
    """
    # a batch's folder holds personal data
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + wait
    with (folder / f".{name}.lock").open("a") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise RunError(
                        "another process is at work on this batch",
                        file=folder,
                        fix="Wait for it to end, or stop it, and try again",
                    ) from None
                time.sleep(0.1)
        yield
