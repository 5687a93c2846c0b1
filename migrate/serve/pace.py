"""When an answer is given: at a multiple of the time grid after its question came.

What an answer took then tells little of how it was found, and nothing where all ways take less than
one step of the grid, as all do when the service is not overloaded.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from migrate.serve.desk import Desk

_T = TypeVar("_T")
_SLOW = 2
_SLOW_WAITING = 8


class BusyError(Exception):
    """Too many wait already for what takes long."""


class Pace:
    """Takes questions to the desk in threads, and gives answers on the grid.

    :param threads: how many questions are answered at once.
    :param grid: seconds; 0 gives answers at once.
    """

    def __init__(self, desk: Desk, threads: int, grid: float) -> None:
        self.desk = desk
        self._threads = ThreadPoolExecutor(threads, "desk")
        # what waits for an issuer or reads a file has threads of its own, so that nobody waits for it
        self._slow_threads = ThreadPoolExecutor(_SLOW, "desk-slow")
        self._slow = 0
        self._grid = grid

    async def ask(self, question: Callable[[Desk], _T]) -> _T:
        """The desk's answer, or what it raised, not before the next step of the grid."""
        return await self._ask(self._threads, question)

    async def ask_slowly(self, question: Callable[[Desk], _T]) -> _T:
        """As :meth:`ask`, for what may take seconds. Raises BusyError where too many wait."""
        if self._slow >= _SLOW_WAITING:
            raise BusyError
        self._slow += 1
        try:
            return await self._ask(self._slow_threads, question)
        finally:
            self._slow -= 1

    def close(self) -> None:
        """Wait for what has begun, and end all threads."""
        self._threads.shutdown()
        self._slow_threads.shutdown()

    async def _ask(self, threads: ThreadPoolExecutor, question: Callable[[Desk], _T]) -> _T:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await loop.run_in_executor(threads, question, self.desk)
        finally:
            if self._grid:
                took = loop.time() - began
                await asyncio.sleep(max(1, math.ceil(took / self._grid)) * self._grid - took)
