"""A batch from start to end: each stage's notebook in turn, from where the last run stopped."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from migrate.batch import manifest as manifests
from migrate.batch import notebook, progress
from migrate.batch.lock import hold
from migrate.batch.manifest import Manifest
from migrate.batch.project import ISSUE, STAGES, SUMMARY
from migrate.batch.project import notebook as notebook_of
from migrate.batch.settings import Settings
from migrate.batch.signing import sign_if_told
from migrate.errors import InputError, RunError
from migrate.intake.files import PARTIAL, sha256, write_atomically


class Watch(Protocol):
    """Who is told how a run goes: the command line's bars, or nobody."""

    def stage_started(self, stage: str) -> None: ...

    def stage_progress(self, stage: str, done: int, total: int, what: str) -> None: ...

    def stage_ended(self, stage: str, seconds: float) -> None: ...


class Silent:
    """A watch that says nothing."""

    def stage_started(self, stage: str) -> None:
        """A stage's notebook starts."""

    def stage_progress(self, stage: str, done: int, total: int, what: str) -> None:
        """A stage has come to ``done`` of ``total``."""

    def stage_ended(self, stage: str, seconds: float) -> None:
        """A stage's notebook ended well, after ``seconds``."""


def run(settings: Settings, *, issue: bool = True, watch: Watch | None = None) -> Manifest:
    """Run a batch, or go on with it where an earlier run of the same settings stopped.

    A finished batch is only checked: nothing is changed and nothing issued. With ``issue`` false no
    code is issued until :func:`issue_codes`. Gives the manifest. Raises InputError before anything
    is written when the settings or inputs cannot be used, RunError or NotebookFailed later.
    """
    if manifests.read(settings.folder) is None:
        preflight(settings)
    with hold(settings.folder, "run"):
        # only now is it sure that no other run begins this batch
        known = manifests.read(settings.folder)
        if known is None:
            known = manifests.new(settings) | {"issue": issue}
            manifests.write(settings.folder, known)
        else:
            refuse_other_settings(known, settings)
        return _run_stages(settings, pending(settings.folder, known), watch or Silent())


def resume(batch: str, reports: Path, *, watch: Watch | None = None) -> Manifest:
    """Go on with the batch named ``batch`` where it stopped. Raises as :func:`run` does."""
    settings = stored_settings(batch, reports)
    return run(settings, watch=watch)


def issue_codes(batch: str, reports: Path, *, watch: Watch | None = None) -> Manifest:
    """Issue the codes of a batch whose earlier stages are done, and sum it up again.

    Safe to repeat: a degree that has its code gets no other. What was decided, suspended or revoked
    since the last time shows in ``codes.csv`` then; the ledger keeps what it was before. Raises as
    :func:`run` does.
    """
    settings = stored_settings(batch, reports)
    folder = settings.folder
    with hold(folder, "run"):
        known = manifests.required(folder)
        before = tuple(stage for stage in STAGES if stage not in (ISSUE, SUMMARY))
        left = pending(folder, known, before)
        if left:
            raise InputError(
                f"batch {batch} has not come to issuing: {left[0]} is not done",
                file=folder,
                fix=f"Run `migrate run --resume {batch}`",
            )
        for stage in (ISSUE, SUMMARY):
            _refuse_changed_artefacts(folder, known, stage)
        # no longer done: these two are made anew, and what they give may differ from the last time
        done = {name: entry for name, entry in known["notebooks"].items() if name in before}
        manifests.write(folder, known | {"issue": True, "notebooks": done})
        return _run_stages(settings, [ISSUE, SUMMARY], watch or Silent())


def stored_settings(batch: str, reports: Path) -> Settings:
    """The settings a batch was begun with, as its manifest holds them. Raises InputError."""
    folder = reports / batch
    known = manifests.required(folder)
    # the folder may have been moved since: where it stands now is what counts
    parameters = known["parameters"] | {"reports": str(reports.resolve())}
    return Settings.from_dict(parameters, file=folder / manifests.NAME)


def preflight(settings: Settings) -> None:
    """Look at all that a run needs before anything is written: inputs, store, reports folder.

    Raises InputError with one clear line about the first that cannot be used.
    """
    from migrate.batch.inputs import check

    check(settings)


def pending(folder: Path, known: Manifest, stages: Sequence[str] = STAGES) -> list[str]:
    """The stages still to run of those given: the first that is not done, and all after it.

    A stage is done when its notebook ended well and its artefacts are as it wrote them. Raises
    RunError when an artefact of a done stage was changed: a resume must not paper over that.
    """
    wanted = [stage for stage in stages if known.get("issue", True) or stage != ISSUE]
    for position, stage in enumerate(wanted):
        if stage not in known["notebooks"]:
            return wanted[position:]
        _refuse_changed_artefacts(folder, known, stage)
        _refuse_changed_notebook(folder, known, stage)
    return []


def _refuse_changed_artefacts(folder: Path, known: Manifest, stage: str) -> None:
    """Raise RunError where an artefact of a stage is gone or was changed."""
    changed = manifests.changed_artefacts(folder, known, stage)
    if changed:
        raise RunError(
            f"this artefact of stage {stage} is gone or no longer what that stage wrote",
            file=folder / changed[0],
            fix="Restore it, or delete the batch's folder and run the batch again",
        )


def _refuse_changed_notebook(folder: Path, known: Manifest, stage: str) -> None:
    """Raise RunError where an executed notebook or its page is gone or was changed."""
    recorded: dict[str, str] = known["notebooks"][stage]
    for name, digest in (("ipynb", "executed_sha256"), ("html", "page_sha256")):
        path = folder / "notebooks" / f"{stage}.{name}"
        # a batch of an earlier version recorded no page
        if digest in recorded and (not path.is_file() or sha256(path) != recorded[digest]):
            raise RunError(
                f"this notebook of stage {stage} is gone or no longer what was executed",
                file=path,
                fix="Restore it, or delete the batch's folder and run the batch again",
            )


def parameters_of(stage: str, settings: Settings) -> dict[str, Any]:
    """What the notebook of ``stage`` is given; no secret is ever among it."""
    given: dict[str, Any] = {"batch": settings.batch, "reports": settings.reports}
    if stage == STAGES[0]:
        given |= {
            "source": settings.source,
            "registry": settings.registry,
            "store": settings.store,
            "profile": settings.profile,
            "write_back": settings.write_back,
            "accept": settings.accept,
        }
        if settings.corrections:
            given["corrections"] = settings.corrections
        if settings.model:
            given["model"] = settings.model
    if stage == "3-link":
        given["accept"] = settings.accept
        if settings.model:
            given["model"] = settings.model
    return given


def refuse_other_settings(known: Manifest, settings: Settings) -> None:
    """Raise InputError where a batch was begun with other settings, or another source's content."""
    now = settings.to_dict()
    # a parameter that this program has learned since the batch was begun had its default then
    begun = Settings.from_dict(known["parameters"], file=settings.folder / manifests.NAME)
    before = begun.to_dict()
    for name in now:
        if name != "reports" and before.get(name) != now[name]:
            raise InputError(
                f"batch {settings.batch} exists and was begun with another {name}",
                file=settings.folder,
                column=name,
                found=f"{now[name]!r}, not {before.get(name)!r}",
                fix="Give this run another --batch name, or resume the batch as it was begun",
            )
    held = known["inputs"]
    memo = held.get("source", {}).get("memo", {})
    for recorded, address in (
        (held.get("source", {}).get("sha256"), settings.source),
        (memo.get("sha256"), memo.get("address", "")),
        (held.get("corrections", {}).get("sha256"), settings.corrections),
        (held.get("model", {}).get("sha256"), settings.model),
    ):
        path = Path(address)
        if not recorded or not path.is_file() or sha256(path) == recorded:
            continue
        raise InputError(
            f"this file is not what batch {settings.batch} was begun with",
            file=path,
            fix="Give the new file a batch of its own with another --batch name",
        )


def _run_stages(settings: Settings, stages: list[str], watch: Watch) -> Manifest:
    folder = settings.folder
    _remove_leftovers(folder)
    times: dict[str, float] = {}
    started = datetime.now(UTC)
    try:
        for stage in stages:
            begun = time.monotonic()
            watch.stage_started(stage)
            _write_times(folder, started, times)
            with tempfile.TemporaryDirectory(prefix="migrate-word-") as word_folder:
                word = Path(word_folder) / "progress.json"
                output = folder / "notebooks" / f"{stage}.ipynb"
                with _polled(word, stage, watch):
                    notebook.execute(stage, parameters_of(stage, settings), output, word=word)
            _record_notebook(folder, stage, output)
            times[stage] = round(time.monotonic() - begun, 2)
            watch.stage_ended(stage, times[stage])
    finally:
        if stages:
            _write_times(folder, started, times)
    if ISSUE in stages:
        sign_if_told(settings.store)
    return manifests.required(folder)


def _record_notebook(folder: Path, stage: str, output: Path) -> None:
    """Mark a stage done: only now would a resume pass it by."""
    known = manifests.required(folder)
    later = STAGES[STAGES.index(stage) + 1 :]
    known["notebooks"] = {
        name: entry for name, entry in known["notebooks"].items() if name not in later
    }
    known["notebooks"][stage] = {
        "source_sha256": sha256(notebook_of(stage)),
        "executed_sha256": sha256(output),
        "page_sha256": sha256(output.with_suffix(".html")),
    }
    manifests.write(folder, known)


def _remove_leftovers(folder: Path) -> None:
    for partial in folder.rglob(f".*{PARTIAL}*"):
        partial.unlink(missing_ok=True)


def _write_times(folder: Path, started: datetime, times: dict[str, float]) -> None:
    """Keep when this run began and how long each stage took, beside the manifest, not in it."""
    path = folder / "run.json"
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    except (OSError, ValueError, KeyError):
        runs = []
    begun = started.isoformat(timespec="seconds")
    runs = [entry for entry in runs if entry["started"] != begun]
    runs.append({"started": begun, "seconds": times})
    with write_atomically(path) as partial:
        partial.write_text(json.dumps({"runs": runs}, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _polled(word: Path, stage: str, watch: Watch) -> Iterator[None]:
    """Pass the kernel's word of its progress on to ``watch``, from a thread, until the block ends."""
    ended = threading.Event()

    def poll() -> None:
        while not ended.wait(0.2):
            said = progress.read(word)
            if said is not None:
                watch.stage_progress(stage, *said)

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
