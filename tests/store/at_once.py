"""Steps of several people that begin together."""

from __future__ import annotations

import threading
from collections.abc import Callable


def at_once(*steps: Callable[[], object]) -> list[object]:
    """What came of steps that begin together: what each gave, or the error it ended with."""
    ready, came = threading.Barrier(len(steps)), [None] * len(steps)  # type: list[object]

    def run(place: int, step: Callable[[], object]) -> None:
        ready.wait()
        try:
            came[place] = step()
        except Exception as error:
            came[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came
