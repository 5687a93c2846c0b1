"""The running batches of requests: pending ones taken in, run as any batch, and settled after it.

Each step can be killed and done again. A request is taken into a batch in one transaction, after the
batch's source was written here; what became of it is recorded in one transaction, after the batch
has ended. In between the batch is resumed like any other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.batch import manifest as manifests
from migrate.batch import run as runs
from migrate.batch.lock import hold
from migrate.batch.settings import Settings
from migrate.codes.policy import day_in_tehran, ruling
from migrate.codes.request_states import (
    ALREADY_CODED,
    BOTH,
    ISSUED,
    LINKED,
    QUARANTINED,
    REFUSED,
    WITH_UNIVERSITY,
    reason_of,
)
from migrate.diplomas.schema import LEGACY
from migrate.diplomas.terms import CASES, FOUND
from migrate.errors import InputError
from migrate.intake.files import write_atomically
from migrate.intake.quarantine import read_quarantine
from migrate.store import request_batches
from migrate.store.engine import now, open_store, reading
from migrate.store.request_batches import Settled
from migrate.store.request_facts import coded_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from migrate.batch.run import Watch
    from migrate.store.requests import Pending

# the folder in the reports folder that holds the sources of the batches of requests
FOLDER = "requests"
ACTOR = "migrate request run"


@dataclass(frozen=True)
class Ran:
    """A batch of requests that was run to its end.

    ``states`` counts its requests by the state they came to; ``left`` are those that could not be
    settled: linked, and not issued for a reason that is neither a code nor a rule.
    """

    batch: str
    states: Mapping[str, int]
    left: int


@dataclass(frozen=True)
class Running:
    """What ``migrate request run`` did: batches in order, and those that are another machine's."""

    ran: tuple[Ran, ...]
    elsewhere: tuple[str, ...]


def run(
    registry: str,
    store: str,
    reports: Path,
    *,
    write_back: bool = True,
    accept: float = 0.9999,
    model: str = "",
    watch: Watch | None = None,
) -> Running:
    """Go on with batches of requests that were stopped, then take all pending ones into a new one.

    A batch that was stopped goes on with the registry it was begun with. One process at a time works
    on a reports folder; with others, in other folders over the same store, requests are shared out.

    :param registry: the address of the graduate database. :param store: of the store.
    :raises InputError: before a request is taken, where an input cannot be used.
    :raises RunError: when another process is at work here, or a batch fails; see ``batch.run``.
    """
    _check(registry, store)
    reports = reports.resolve()
    begun = Settings(
        batch="",
        reports=str(reports),
        source="",
        registry=registry,
        store=store,
        write_back=write_back,
        accept=accept,
        model=model,
    )
    ran, elsewhere = [], []
    with hold(reports / FOLDER, "run"):
        with _opened(store) as engine:
            stopped = list(request_batches.unsettled(engine))
        for batch in stopped:
            if source_of(reports, batch).is_file():
                ran.append(_run(begun, batch, watch))
            else:
                elsewhere.append(batch)
        with _opened(store) as engine:
            taken = request_batches.take(
                engine,
                lambda batch, requests: write_source(source_of(reports, batch), requests),
                actor=ACTOR,
                is_free=lambda batch: not (reports / batch).exists(),
            )
        if taken:
            ran.append(_run(begun, taken[0], watch))
    return Running(tuple(ran), tuple(elsewhere))


def release(batch: str, store: str, reports: Path, *, actor: str, reason: str, lost: bool) -> int:
    """Take the requests out of a batch that cannot go on, see ``request_batches.release``.

    :param lost: whether its folder, which is not here, is lost for good.
    :raises InputError: when its folder is not here and not lost.
    :raises RunError: when a process is at work on it.
    """
    reports = reports.resolve()
    if not source_of(reports, batch).is_file() and not lost:
        raise InputError(
            f"batch {batch} was not begun in this reports folder",
            file=reports / FOLDER,
            fix="Name the folder it was begun in with --reports; where that is lost, say --lost",
        )
    with hold(reports / FOLDER, "run"), ExitStack() as held:
        if (reports / batch).is_dir():
            held.enter_context(hold(reports / batch, "run"))
        engine = held.enter_context(_opened(store))
        return request_batches.release(engine, batch, actor=actor, reason=reason)


def source_of(reports: Path, batch: str) -> Path:
    """The source file of a batch of requests."""
    return reports / FOLDER / f"{batch}.csv"


def write_source(path: Path, requests: Sequence[Pending]) -> None:
    """Write requests as a ledger with the project's own headings, whole or not at all.

    The tracking number is the record's ``legacy_id``; all else stands as it was sent.
    """
    with (
        write_atomically(path) as partial,
        partial.open("w", encoding="utf-8-sig", newline="") as stream,
    ):
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(LEGACY.names)
        for one in requests:
            record = {**one.record, LEGACY.key: one.tracking_no}
            lines.writerow([record.get(name, "") for name in LEGACY.names])


def settled(engine: Engine, folder: Path, batch: str) -> dict[str, Settled]:
    """What became of each request of a batch that has ended, by tracking number.

    One that was linked and has no code is left out, unless a rule of the policy says why.
    """
    outcomes = _rows(folder / "outcomes.csv")
    coded = coded_of(engine, batch, [row["degree_id"] for row in outcomes if row["degree_id"]])
    channels = request_batches.channels_of_batch(engine, batch)
    cases = {row["legacy_id"]: row["case_id"] for row in _rows(folder / "cases.csv")}
    why: dict[str, list[str]] = {}
    for problem in read_quarantine(folder / "quarantine.csv"):
        english, _, persian = problem.reason.partition(BOTH)
        name = f"{problem.column}: " if problem.column else ""
        text = f"{name}{english}{BOTH}{persian or english}".replace("\n", " ")
        why.setdefault(problem.legacy_id or "", []).append(text)
    with reading(engine) as connection:
        today = day_in_tehran(now(connection))
    found: dict[str, Settled] = {}
    for row in outcomes:
        number, outcome, degree = row["legacy_id"], row["outcome"], row["degree_id"]
        if outcome in CASES:
            found[number] = Settled(WITH_UNIVERSITY, outcome, cases.get(number))
        elif outcome == "quarantined":
            found[number] = Settled(REFUSED, QUARANTINED, "\n".join(why.get(number, [])))
        elif number in coded.records:
            found[number] = Settled(ISSUED, LINKED, degree)
        elif outcome in FOUND and (outcome == "already_coded" or degree in coded.degrees):
            found[number] = Settled(ISSUED, ALREADY_CODED, degree)
        elif number in channels:
            channel, applied_on = channels[number]
            said = ruling(channel, applied_on=applied_on, on=today, act="issuing")
            if not said.allowed:
                found[number] = Settled(REFUSED, said.rule, reason_of(said.words))
    return found


def _run(begun: Settings, batch: str, watch: Watch | None) -> Ran:
    reports = Path(begun.reports)
    if manifests.read(reports / batch) is None:
        source = str(source_of(reports, batch))
        runs.run(replace(begun, batch=batch, source=source), watch=watch)
    else:
        runs.resume(batch, reports, watch=watch)
    with _opened(begun.store) as engine:
        found = settled(engine, reports / batch, batch)
        due = request_batches.unsettled(engine).get(batch, 0)
        done = request_batches.settle(engine, batch, found, actor=ACTOR)
    states: dict[str, int] = {}
    for one in found.values():
        states[one.state] = states.get(one.state, 0) + 1
    return Ran(batch, states, due - done)


@contextmanager
def _opened(store: str) -> Iterator[Engine]:
    """The store for one step. Never open while a batch runs: it looks at the store's file.

    Whoever closes an SQLite file in any way loses this process its locks on it
    (sqlite.org/howtocorrupt.html, 2.2), and a kernel that ends would then take its log away.
    """
    engine = open_store(store)
    try:
        yield engine
    finally:
        engine.dispose()


def _check(registry: str, store: str) -> None:
    from migrate.diplomas.schema import REGISTRY
    from migrate.intake.registry import check_registry
    from migrate.store.engine import check_store

    check_registry(registry, REGISTRY)
    check_store(store)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
