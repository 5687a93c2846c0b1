"""A small batch for the tests of the batch room and of the command: run once a session, then copied.

Everything is real: the command, Papermill, the kernels, Great Expectations, the databases.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from python_calamine import CalamineWorkbook

from migrate.batch import run as runs
from migrate.batch import samples
from migrate.batch.project import STAGES
from migrate.batch.settings import Settings
from migrate.intake.files import sha256
from migrate.review.columns import heading

COMMAND = Path(sys.executable).parent / "migrate"
BATCH = "b"
ROWS, DEGREES = 60, 300


@dataclass(frozen=True)
class Room:
    """A sample and the reports of a batch on it, under one folder that can be copied elsewhere."""

    root: Path

    @property
    def source(self) -> Path:
        return self.root / "sample" / "legacy.csv"

    @property
    def registry_file(self) -> Path:
        return self.root / "sample" / "registry.sqlite"

    @property
    def registry(self) -> str:
        return f"sqlite:///{self.registry_file}#degrees"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def folder(self) -> Path:
        return self.reports / BATCH

    @property
    def store_file(self) -> Path:
        return self.reports / "store.sqlite"

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.folder / "manifest.json").read_text())

    @property
    def options(self) -> list[str]:
        """What begins the batch on the command line."""
        return [
            *("--source", str(self.source), "--registry", self.registry),
            *("--batch", BATCH, "--reports", str(self.reports)),
        ]

    @property
    def resume(self) -> list[str]:
        """What goes on with it."""
        return ["run", "--resume", BATCH, "--reports", str(self.reports)]

    def copied(self, target: Path) -> Room:
        """The same, all of it, under ``target``; the manifest's addresses follow."""
        shutil.copytree(self.root, target, dirs_exist_ok=True, copy_function=_copy)
        moved = Room(target)
        manifest = moved.folder / "manifest.json"
        if manifest.is_file():
            parameters = json.loads(manifest.read_text())["parameters"]
            old = str(Path(parameters["source"]).parent.parent)
            manifest.write_text(manifest.read_text().replace(old, str(target)))
        return moved


def _copy(source: str, target: str) -> None:
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        # what SQLite keeps beside a database while another worker's test looks into it
        if not source.endswith(("-wal", "-shm")):
            raise


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def refused(self, code: int) -> str:
        """The one line that it left on stderr, once it is sure that it is one clear line."""
        assert self.code == code, self
        assert self.out == ""
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("migrate: ")
        return lines[0]

    def failed(self, code: int = 1) -> str:
        """The last line on stderr of a run that had begun: the others say which stages it did."""
        assert self.code == code, self
        assert "Traceback" not in self.err
        *before, last = self.err.splitlines()
        assert all(line[:2] in {f"{number}-" for number in range(1, 7)} for line in before), before
        assert last.startswith("migrate: ")
        return last


def environment(**more: str) -> dict[str, str]:
    """The environment of a command: this one's, without what a developer may have set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MIGRATE_", "PG", "PYTEST_"))
    }
    return kept | more


def migrate(*arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Ended:
    """Run the command to its end."""
    done = subprocess.run(
        [COMMAND, *arguments],
        env=environment(**(env or {})),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class Running:
    """A command at work, to be watched and killed."""

    def __init__(self, *arguments: str, log: Path, **more: str) -> None:
        self.log = log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [COMMAND, *arguments],
                env=environment(**more),
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
            )

    def wait_for(self, happened: Callable[[], object], what: str) -> None:
        """Wait until something has happened; fail when the command ends first."""
        until = time.monotonic() + 120
        while not happened():
            assert self.process.poll() is None, f"ended before {what}: {self.log.read_text()}"
            assert time.monotonic() < until, f"no {what}: {self.log.read_text()}"
            time.sleep(0.01)

    def started(self, stage: str) -> bool:
        return f"{stage} …" in self.log.read_text()

    def kill(self, *, kernel: bool = True) -> None:
        """SIGKILL, to the command alone or to its kernel too (which is in a session of its own)."""
        family = psutil.Process(self.process.pid).children(recursive=True) if kernel else []
        self.process.kill()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


def at_work(folder: Path) -> bool:
    """Whether the kernel of a stage holds the batch's folder."""
    with (folder / ".stage.lock").open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def write_locked(database: Path) -> Iterator[None]:
    """Hold the right to write to an SQLite database, so that another writer waits."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def artefacts(room: Room) -> dict[str, str]:
    """The recorded SHA-256 of all that a batch made, but for the codes, which are random.

    A packet carries tokens of its store and the day it was handed out: its digest here is of the rest.
    """
    stages = room.manifest["stages"].values()
    found = {name: digest for stage in stages for name, digest in stage["artefacts"].items()}
    found.pop("codes.csv", None)
    packets = {name: room.folder / name for name in found if name.startswith("packets/")}
    return found | {name: packet_digest(path) for name, path in packets.items() if path.exists()}


def packet_digest(path: Path) -> str:
    """A digest of a packet's workbook or page without what its store put into it."""
    if path.suffix == ".html":
        rest = re.sub(r'<(span class="meta"|p class="when")>[^\n]*', "", path.read_text())
    else:
        (name,) = CalamineWorkbook.from_path(path).sheet_names[1:2]
        rows = CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
        own = [rows[0].index(heading(column)) for column in ("token", "opened_on", "due_on")]
        kept = [[cell for at, cell in enumerate(row) if at not in own] for row in rows]
        rest = json.dumps(kept)
    return hashlib.sha256(rest.encode()).hexdigest()


def active_codes(store: Path) -> dict[str, str]:
    """The active code of each degree, as an SQLite store holds it."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT degree_id, code FROM codes WHERE state = 'active'")
        return dict(rows.fetchall())


def held_codes(registry: Path) -> dict[str, str]:
    """The validity_code of each degree that has one, as an SQLite registry holds it."""
    with closing(sqlite3.connect(registry)) as connection:
        rows = connection.execute(
            "SELECT degree_id, validity_code FROM degrees WHERE trim(validity_code) <> ''"
        )
        return dict(rows.fetchall())


def assert_whole(room: Room, undisturbed: Room) -> None:
    """A batch ended as the undisturbed one did, and nothing about its codes is lost or doubled."""
    manifest, wanted = room.manifest, undisturbed.manifest
    assert list(manifest["notebooks"]) == list(STAGES)
    assert manifest["counts"] == wanted["counts"]
    assert (room.folder / "outcomes.csv").read_bytes() == (
        undisturbed.folder / "outcomes.csv"
    ).read_bytes()
    assert artefacts(room) == artefacts(undisturbed)
    for stage in manifest["stages"].values():
        for name, digest in stage["artefacts"].items():
            assert sha256(room.folder / name) == digest, name
    issued = rows_of(room.folder / "codes.csv")
    named = [(row["legacy_id"], row["degree_id"]) for row in issued]
    assert named == [
        (row["legacy_id"], row["degree_id"]) for row in rows_of(undisturbed.folder / "codes.csv")
    ]
    codes = {row["degree_id"]: row["code"] for row in issued}
    assert len(set(codes.values())) == len(codes) == len(issued) == manifest["counts"]["codes"]
    assert active_codes(room.store_file) == codes
    held = held_codes(room.registry_file)
    before = held_codes(undisturbed.root / "sample" / "registry.before.sqlite")
    assert held == before | codes
    with closing(sqlite3.connect(room.store_file)) as connection:
        events = connection.execute("SELECT count(*) FROM code_events").fetchone()[0]
        cases = connection.execute("SELECT count(*) FROM cases").fetchone()[0]
    assert events == len(codes)
    assert cases == manifest["counts"]["cases"]
    assert partial_files(room.folder) == []


def partial_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".part" in path.name]


def _shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that is made once, even where pytest-xdist runs several workers."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / f"shared-{name}"
    with (base / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            folder.mkdir()
            make(folder)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A sample on which nothing has run."""

    def make(folder: Path) -> None:
        samples.make_once(folder / "room" / "sample", degrees=DEGREES, records=ROWS)
        kept = folder / "room" / "sample" / "registry.sqlite"
        shutil.copy(kept, kept.with_name("registry.before.sqlite"))

    return Room(_shared(tmp_path_factory, "sample", make) / "room")


@dataclass(frozen=True)
class Whole:
    """A batch that the command ran from start to end, undisturbed."""

    room: Room
    ended: Ended
    left_in_tmp: list[str]


@pytest.fixture(scope="session")
def whole(sample: Room, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The batch as the command runs it."""

    def make(folder: Path) -> None:
        room = sample.copied(folder / "room")
        scratch = folder / "tmp"
        scratch.mkdir()
        ended = migrate("run", *room.options, env={"TMPDIR": str(scratch)})
        left = sorted(str(path.relative_to(scratch)) for path in scratch.rglob("*"))
        told = {"code": ended.code, "out": ended.out, "err": ended.err, "left": left}
        (folder / "ended.json").write_text(json.dumps(told))

    folder = _shared(tmp_path_factory, "whole", make)
    told = json.loads((folder / "ended.json").read_text())
    ended = Ended(told["code"], told["out"], told["err"])
    assert ended.code == 0, ended.err
    return Whole(Room(folder / "room"), ended, told["left"])


class _Keep(runs.Silent):
    def __init__(self, room: Room, folder: Path) -> None:
        self.room, self.folder = room, folder

    def stage_started(self, stage: str) -> None:
        shutil.copytree(self.room.root, self.folder / stage)


@pytest.fixture(scope="session")
def kept(sample: Room, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second run of the batch, through the API: a folder a stage, as all stood before it began.

    The folder ``end`` holds the finished batch.
    """

    def make(folder: Path) -> None:
        room = sample.copied(folder / "end")
        settings = Settings(
            batch=BATCH,
            reports=str(room.reports),
            source=str(room.source),
            registry=room.registry,
            store=f"sqlite:///{room.store_file}",
        )
        runs.run(settings, watch=_Keep(room, folder))

    return _shared(tmp_path_factory, "kept", make)


@pytest.fixture
def before(kept: Path, tmp_path: Path) -> Callable[[str], Room]:
    """A function that gives a batch of one's own, stopped before the stage that it is told."""
    return lambda stage: Room(kept / stage).copied(tmp_path / f"before-{stage}")
