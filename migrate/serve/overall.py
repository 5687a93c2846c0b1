"""The limit of the whole service, taken from the shared bucket in leases.

Every request of every process would otherwise write to one row. That row would be fast while the
database can forget its old versions, and slower with each of them while a long transaction (a
backup, a bulk issue) keeps them all. A process takes units for many requests at once instead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine

from migrate.store.limits import ALLOWED, Charge, Rate, Verdict, take

BUCKET = "overall"
# units of one lease, as a part of the burst; what is leased and not used is lost after a second
_PART = 20
_SECONDS = 1.0


class Overall:
    """The units that this process holds of the shared bucket.

    All processes together never spend more than the rate and the burst allow, and at most one lease
    a process of it later than it was charged.
    """

    def __init__(
        self, engine: Engine, rate: Rate, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._held = 0
        self._until = 0.0
        self.lease = max(1, rate.burst // _PART)

    def take(self, cost: int) -> Verdict:
        """Spend units, from those held or from a new lease.

        :raises sqlalchemy.exc.DBAPIError: when the database fails; the caller must then refuse.
        """
        with self._lock:
            if self._clock() > self._until:
                self._held = 0
            if self._held < cost:
                wanted = max(self.lease, cost - self._held)
                verdict = self._lease(wanted)
                if not verdict.allowed:
                    return verdict
            self._held -= cost
            return ALLOWED

    def give_back(self, cost: int) -> None:
        """Let units be spent again: those of a request that another limit refused."""
        with self._lock:
            self._held += cost

    def _lease(self, wanted: int) -> Verdict:
        verdict = take(self._engine, [Charge(BUCKET, self._rate, wanted)])
        if verdict.allowed:
            self._held += wanted
            self._until = self._clock() + _SECONDS
        return verdict
