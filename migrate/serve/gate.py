"""What a question costs, and whether whoever asks may still ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from migrate.serve.addresses import bucket_of
from migrate.serve.overall import Overall
from migrate.serve.settings import Limits
from migrate.store.limits import Charge, Rate, Verdict, charge, fits, take
from migrate.store.verifiers import Verifier

# refusals that a process remembers; more are asked of the database again
_REMEMBERED = 10_000
# rows of a file that count as one question to the whole service: they share their statements
_ROWS = 100


@dataclass(frozen=True)
class Caller:
    """Who asks: an address as text, and the verifier whose key came along."""

    address: str
    verifier: Verifier | None = None

    @property
    def verifier_id(self) -> str | None:
        """The verifier's id, where there is one."""
        return self.verifier.verifier_id if self.verifier else None


class LimitedError(Exception):
    """A limit refuses: ask again after so many seconds. ``scope``: address, key, code or overall."""

    def __init__(self, scope: str, retry_after: int) -> None:
        super().__init__(f"limited by {scope}")
        self.scope = scope
        self.retry_after = retry_after


class Gate:
    """The limits as one process applies them. Any failure of the database is the caller's to refuse."""

    def __init__(
        self, engine: Engine, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._overall = Overall(engine, limits.rates["overall"], clock)
        self._lock = threading.Lock()
        self._refused: dict[str, tuple[float, int]] = {}

    def admit(
        self, caller: Caller, kind: str, *, code_digest: str | None = None, rows: int = 1
    ) -> None:
        """Charge a question before it is looked at.

        :param kind: the name of its cost.
        :param code_digest: where the code has a limit of its own too.
        :param rows: codes in a file.
        :raises LimitedError: where the address or the key, the code, or the service is at its limit;
            nothing is charged then.
        """
        charges = [self._of_caller(caller, self._limits.costs[kind] * rows)]
        if code_digest is not None:
            charges.append(Charge(f"c:{code_digest[:32]}", self._limits.rates["code"], 1))
        self._refuse_remembered(charges)
        share = -(-rows // _ROWS)
        verdict = self._overall.take(share)
        if verdict.allowed:
            verdict = take(self._engine, charges)
            if verdict.allowed:
                return
            self._overall.give_back(share)
        self._remember(verdict, charges)
        raise LimitedError(_scope(verdict.bucket), verdict.retry_after)

    def charge_more(self, caller: Caller, name: str, times: int = 1) -> None:
        """Charge what an answer cost beyond its question; the next questions wait for it."""
        cost = self._limits.costs[name] * times
        charge(self._engine, [self._of_caller(caller, cost)])

    def admit_key(self, caller: Caller) -> None:
        """Refuse an address that has tried too many keys that open nothing.

        What the address asks without a key, and with one that opens, has no part in it.

        :raises LimitedError: before the key is looked at.
        """
        wrong = self._of_wrong_keys(caller)
        self._refuse_remembered([wrong])
        verdict = fits(self._engine, wrong)
        if not verdict.allowed:
            self._remember(verdict, [wrong])
            raise LimitedError("address", verdict.retry_after)

    def charge_wrong_key(self, caller: Caller) -> None:
        """Charge an address for a key that opens nothing."""
        charge(self._engine, [self._of_wrong_keys(caller)])

    def _of_wrong_keys(self, caller: Caller) -> Charge:
        bucket = f"w:{bucket_of(caller.address)}"
        return Charge(bucket, self._limits.rates["address"], self._limits.costs["wrong_key"])

    def _of_caller(self, caller: Caller, cost: int) -> Charge:
        if caller.verifier:
            rate = Rate(caller.verifier.per_minute, caller.verifier.per_minute)
            return Charge(f"k:{caller.verifier.verifier_id}", rate, cost)
        return Charge(bucket_of(caller.address), self._limits.rates["address"], cost)

    def _refuse_remembered(self, charges: list[Charge]) -> None:
        """Hold a client to the time it was told, without asking the database again."""
        now = self._clock()
        for one in charges:
            until, cost = self._refused.get(one.bucket, (0.0, 0))
            if until > now and one.cost >= cost:
                raise LimitedError(_scope(one.bucket), max(1, round(until - now)))

    def _remember(self, verdict: Verdict, charges: list[Charge]) -> None:
        cost = next((one.cost for one in charges if one.bucket == verdict.bucket), None)
        if cost is None:
            return
        now = self._clock()
        with self._lock:
            if len(self._refused) >= _REMEMBERED:
                self._refused = {
                    name: held for name, held in self._refused.items() if held[0] > now
                }
            if len(self._refused) < _REMEMBERED:
                self._refused[verdict.bucket] = (now + verdict.retry_after, cost)


def _scope(bucket: str) -> str:
    return {"a": "address", "w": "address", "k": "key", "c": "code"}.get(
        bucket.partition(":")[0], "overall"
    )
