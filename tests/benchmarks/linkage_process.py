"""One command in a process of its own: how long it took, and how much memory it and its children had.

The caller must be small itself: a process that has just been forked counts its parent's memory as its
own peak, so whatever is big (pandas, scoring, pictures) runs in processes of its own too.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# seconds between two looks at the resident sets of a process and its descendants
EVERY = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Finished:
    """Exit code (None: stopped at its limit), seconds from start to end, peak MB, last words."""

    code: int | None
    wall: float
    memory: float
    words: str


def run(command: Sequence[str], log: Path, *, limit: float) -> Finished:
    """Run ``command``, its output into ``log``; stop it after ``limit`` seconds.

    Memory is the greater of the largest process's peak, as the kernel has it, and the greatest sum
    seen of the resident sets of the process and its descendants, which counts shared pages twice.
    """
    begun = time.perf_counter()
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        watch = _Watch(process.pid)
        watch.start()
        stopped = threading.Timer(limit, _stop, [process.pid])
        stopped.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        late = not stopped.is_alive()
        stopped.cancel()
        watch.ended.set()
        watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    # ru_maxrss is in KiB on Linux
    memory = max(usage.ru_maxrss / 1024, watch.peak / 1e6 if watch.forked else 0.0)
    words = log.read_text(encoding="utf-8", errors="replace").strip()
    return Finished(None if late else process.returncode, wall, memory, words[-2000:])


class _Watch(threading.Thread):
    """Looks at a process and its descendants until it ends; ``peak`` is in bytes."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.forked, self.ended = root, 0.0, False, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(EVERY):
            family = descendants(self.root)
            self.forked |= len(family) > 1
            self.peak = max(self.peak, float(sum(_resident(pid) for pid in family)))


def descendants(root: int) -> list[int]:
    """The process ``root`` and all that came of it."""
    family, seen = [root], 0
    while seen < len(family):
        try:
            path = Path(f"/proc/{family[seen]}/task")
            for task in path.iterdir():
                family += map(int, (task / "children").read_text().split())
        except OSError:
            pass
        seen += 1
    return family


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _stop(root: int) -> None:
    for pid in reversed(descendants(root)):
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue
