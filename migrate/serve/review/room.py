"""What the desk's pages work with: the store, threads to wait in, a provider of identities, scans."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from migrate.errors import RunError
from migrate.serve.desk import UnavailableError
from migrate.serve.pace import BusyError
from migrate.serve.review.oidc import Provider, secret
from migrate.serve.settings import Settings
from migrate.store.sign_ins import Attempt, sign_in

_T = TypeVar("_T")
# passwords that are looked at at once: each takes 64 MiB for a tenth of a second
_PASSWORDS = 2
_PASSWORDS_WAITING = 20
# seconds: a sign-in is answered at a multiple of it after it came
_GRID = 0.25


class Room:
    """One process's part of the desk. Its questions wait for the database in threads of their own."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.secure = settings.secure
        self.public_url = settings.public_url
        self.scans = Path(settings.scans).resolve() if settings.scans else None
        self.provider = None
        if settings.oidc_issuer:
            self.provider = Provider(
                settings.oidc_issuer,
                settings.oidc_client,
                secret(),
                f"{settings.public_url}/review/oidc/return",
            )
        self._grid = _GRID if settings.grid else 0.0
        self._threads = ThreadPoolExecutor(settings.threads, "review")
        self._slow = ThreadPoolExecutor(_PASSWORDS, "review-passwords")
        self._waiting = 0

    def close(self) -> None:
        """Wait for what has begun."""
        self._threads.shutdown()
        self._slow.shutdown()

    async def ask(self, question: Callable[..., _T], *given: Any, **named: Any) -> _T:
        """What a question of the store, the engine its first argument, is answered.

        :raises UnavailableError: when the database does not answer.
        """
        return await self._in(self._threads, lambda: question(self.engine, *given, **named))

    async def sign_in(self, user_id: str, password: str, address: str) -> Attempt:
        """Look at a name and a password; as long for one that there is as for one that there is not.

        :raises BusyError: where too many wait for it.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await self.slowly(
                lambda: sign_in(self.engine, user_id, password, address=address)
            )
        finally:
            if self._grid:
                took = loop.time() - began
                await asyncio.sleep(max(1, math.ceil(took / self._grid)) * self._grid - took)

    async def slowly(self, question: Callable[[], _T]) -> _T:
        """As :meth:`ask`, for what takes long: passwords, and a provider far away."""
        if self._waiting >= _PASSWORDS_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            return await self._in(self._slow, question)
        finally:
            self._waiting -= 1

    async def _in(self, threads: ThreadPoolExecutor, question: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, question)
        except (SQLAlchemyError, RunError) as error:
            raise UnavailableError from error


def room_of(request: Request) -> Room:
    """The room of the application that a request came to."""
    room: Room = request.app.state.review
    return room
