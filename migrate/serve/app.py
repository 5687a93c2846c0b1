"""The application: pages and API over one store, behind the guard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import FastAPI

from migrate.codes.claims import CLAIMS, match
from migrate.serve import sheet
from migrate.serve.api import health_router, router
from migrate.serve.desk import Desk, UnavailableError
from migrate.serve.guard import Guard
from migrate.serve.openapi import describe
from migrate.serve.pace import Pace
from migrate.serve.page_routes import page_routes
from migrate.serve.pages import error_page, static_files
from migrate.serve.problems import HANDLERS
from migrate.serve.review.room import Room
from migrate.serve.review.routes import review_routes
from migrate.serve.settings import Settings, load_limits
from migrate.serve.stores import open_for_serving
from migrate.store.public_lookup import PublicRecord

_LOG = logging.getLogger("migrate.serve")
# seconds between two purges of empty buckets, a process
_PURGE = 300.0
_HEALTH_SECONDS = 1.0


def make_app(settings: Settings) -> Guard:
    """The service as an ASGI application; the store is opened when it starts.

    :param settings: as :func:`migrate.serve.settings.checked` gives them.
    :returns: the guard around the application, which is its ``app``.
    """
    app = FastAPI(
        title="Degree validity inquiry",
        # no page that would fetch its parts from elsewhere
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        redirect_slashes=False,
        exception_handlers=HANDLERS,
        lifespan=lambda app: _lifespan(app, settings),
    )
    # programs ask most, so their routes are tried first
    app.include_router(router)
    app.include_router(health_router)
    app.router.routes.extend(page_routes())
    if settings.desk:
        app.router.routes.extend(review_routes())
    app.state.sheet_url = settings.sheet_url
    app.openapi = lambda: describe(app, settings.public_url)  # type: ignore[method-assign]
    return Guard(app, settings)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    stores = open_for_serving(settings.store, pool=settings.threads + 4, desk=settings.desk)
    desk = Desk(stores, load_limits(settings.limits))
    pace = app.state.pace = Pace(desk, settings.threads, settings.grid / 1000)
    app.state.health = _health(pace)
    review = app.state.review = Room(stores.review, settings) if stores.review else None
    # lists and templates are read now, not while somebody waits: the first answer is as quick as any
    await asyncio.to_thread(warm)
    if settings.sheet_url:
        await asyncio.to_thread(sheet.warm)
    else:
        _LOG.info("no sheets", extra={"line": {"why": "--public-url is not an https address"}})
    app.openapi()
    purging = asyncio.create_task(_purge(desk))
    try:
        yield
    finally:
        purging.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await purging
        pace.close()
        if review is not None:
            review.close()
        desk.close()
        stores.close()


def warm() -> None:
    """Read what is read once: the curated lists, words and templates."""
    claims = dict.fromkeys(CLAIMS, "مهندسی عمران")
    facts = dict.fromkeys((*claims, "graduation_year"), "مهندسی برق")
    match(PublicRecord("active", "diploma", facts, None), claims)
    error_page("/", 500, {})
    static_files()


def _health(pace: Pace) -> Callable[[], Awaitable[bool]]:
    """Whether the databases answer, asked at most once a second, by one question at a time."""
    lock = asyncio.Lock()
    held: dict[str, Any] = {"at": float("-inf"), "well": False}

    async def ask() -> bool:
        async with lock:
            if time.monotonic() - held["at"] > _HEALTH_SECONDS:
                held["well"] = await pace.ask(Desk.is_well)
                held["at"] = time.monotonic()
            return bool(held["well"])

    return ask


async def _purge(desk: Desk) -> None:
    while True:
        await asyncio.sleep(_PURGE)
        with contextlib.suppress(UnavailableError):
            await asyncio.to_thread(desk.purge)
