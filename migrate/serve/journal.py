"""The log of look-ups, written by a thread of its own, many at a time.

Nobody waits for it, and a look-up costs the database a part of a statement. A killed process loses
what came in the last twentieth of a second. What cannot be written stays, and soon no question is
answered any more: no look-up goes by unseen because the log is full.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from migrate.store.inquiries import Entry, log

_LOG = logging.getLogger("migrate.serve")
_SECONDS = 0.05
# seconds until what could not be written is tried again
_AGAIN = 1.0
# look-ups that may wait: about two seconds of the busiest service
_MOST = 2_000


class JournalError(Exception):
    """The log cannot be written, and too many look-ups wait for it."""


class Journal:
    """Takes look-ups from any thread. Close it, so that the last ones are written."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[Entry] = []
        self._failed = False
        self._lock = threading.Lock()
        # who flushes holds it, so that a flush ends only when all that was there is written
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def add(self, entries: Sequence[Entry]) -> None:
        """Write look-ups down soon.

        :raises JournalError: where the log has failed and is full; nothing was taken then.
        """
        with self._lock:
            if self._failed and len(self._waiting) + len(entries) > _MOST:
                raise JournalError
            self._waiting.extend(entries)

    def flush(self) -> None:
        """Write what this process has taken, before a holder asks for it.

        :raises sqlalchemy.exc.SQLAlchemyError: when the database fails; nothing is lost then.
        """
        with self._writing:
            with self._lock:
                taken, self._waiting = self._waiting, []
            if not taken:
                return
            try:
                log(self._engine, taken)
                self._failed = False
            except BaseException:
                with self._lock:
                    self._waiting = taken + self._waiting
                    self._failed = True
                raise

    def close(self) -> None:
        """Write the last look-ups, and end."""
        self._ending = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending:
            self._wake.wait(_AGAIN if self._failed else _SECONDS)
            self._try_flush()
        self._try_flush()

    def _try_flush(self) -> None:
        try:
            self.flush()
        except SQLAlchemyError as error:
            _LOG.error("journal", extra={"line": {"error": type(error).__name__}})
