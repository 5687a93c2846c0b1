"""A disk that fills up: one clear line, nothing half-written, and a resume once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_room import Room, Running, Whole, assert_whole, migrate, partial_files

from migrate.batch.project import STAGES

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 64 MB until it is made smaller."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


# how much is left to a stage, in KiB: none for its notebook, or too little for what it makes
FULL = [("1-intake", 8), ("1-intake", 120), ("3-link", 40), ("4-mismatches", 300), ("5-issue", 16)]
ROOM = 64 << 20


def test_a_disk_that_is_full_stops_a_run_that_goes_on_once_there_is_room(
    disk: Path, kept: Path, whole: Whole, tmp_path: Path
) -> None:
    room = Room(kept / "1-intake").copied(disk / "room")
    for stage, left in FULL:
        done = up_to(room, stage, tmp_path / f"before-{stage}-{left}.log")
        resize(disk, shutil.disk_usage(disk).used + left * 1024)
        line = migrate(*room.resume).failed(1)
        assert "the disk is full" in line
        assert list(room.manifest["notebooks"])[: len(done)] == done
        assert "6-summary" not in room.manifest["notebooks"]
        assert partial_files(room.folder) == []
        for entry in room.manifest["stages"].values():
            for name in entry["artefacts"]:
                assert (room.folder / name).stat().st_size > 0
        resize(disk, ROOM)
    resumed = migrate(*room.resume)
    assert resumed.code == 0, resumed.err
    assert_whole(room, whole.room)


def up_to(room: Room, stage: str, log: Path) -> list[str]:
    """Go on with a batch until all before a stage is done, and stop it there; give what is done."""
    before = list(STAGES[: STAGES.index(stage)])

    def there() -> bool:
        return list(room.manifest["notebooks"])[: len(before)] == before

    if not there():
        running = Running(*room.resume, log=log)
        running.wait_for(there, f"end of all before {stage}")
        running.kill()
    assert stage not in room.manifest["notebooks"]
    return list(room.manifest["notebooks"])


def test_a_disk_that_is_full_from_the_start_holds_no_batch(sample: Room, disk: Path) -> None:
    room = sample.copied(disk / "room")
    (disk / "ballast").write_bytes(b"")
    resize(disk, shutil.disk_usage(disk).used + 4096)
    (disk / "ballast").write_bytes(b"x" * 4000)
    ended = migrate("run", *room.options)
    assert ended.code in (1, 2)
    assert "the disk is full" in ended.err or "No space left" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (room.folder / "manifest.json").exists()
    assert partial_files(disk) == []
