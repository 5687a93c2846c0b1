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
# threads of each kind of work that takes long, and how many may wait for it or be at it
_SLOW, _SLOW_WAITING = 2, 8
# a sheet is drawn by the processor alone: two at once would only hold up look-ups twice as long
_DRAWING, _DRAWING_WAITING = 1, 8


class _Lane:
    """Threads of its own for work that takes long, so that nobody else waits for it."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self.threads = ThreadPoolExecutor(threads, name)
        self.most = waiting
        self.taken = 0


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
        self._slow = _Lane("desk-slow", _SLOW, _SLOW_WAITING)
        self._drawing = _Lane("desk-drawing", _DRAWING, _DRAWING_WAITING)
        self._grid = grid

    async def ask(self, question: Callable[[Desk], _T]) -> _T:
        """The desk's answer, or what it raised, not before the next step of the grid."""
        return await self._ask(self._threads, question)

    async def ask_slowly(self, question: Callable[[Desk], _T]) -> _T:
        """As :meth:`ask`, for what waits for an issuer or reads a file.

        :raises BusyError: where too many wait for the same.
        """
        return await self._ask_in(self._slow, question)

    async def ask_drawn(self, question: Callable[[Desk], _T]) -> _T:
        """As :meth:`ask`, for what draws a sheet, one at a time.

        :raises BusyError: where too many wait for the same.
        """
        return await self._ask_in(self._drawing, question)

    def close(self) -> None:
        """Wait for what has begun, and end all threads."""
        for threads in (self._threads, self._slow.threads, self._drawing.threads):
            threads.shutdown()

    async def _ask_in(self, lane: _Lane, question: Callable[[Desk], _T]) -> _T:
        if lane.taken >= lane.most:
            raise BusyError
        lane.taken += 1
        try:
            return await self._ask(lane.threads, question)
        finally:
            lane.taken -= 1

    async def _ask(self, threads: ThreadPoolExecutor, question: Callable[[Desk], _T]) -> _T:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await loop.run_in_executor(threads, question, self.desk)
        finally:
            if self._grid:
                took = loop.time() - began
                await asyncio.sleep(max(1, math.ceil(took / self._grid)) * self._grid - took)
