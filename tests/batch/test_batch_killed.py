"""A run that is killed at any moment goes on to what an undisturbed run would have left."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from batch_room import (
    BATCH,
    Room,
    Running,
    Whole,
    active_codes,
    assert_whole,
    at_work,
    held_codes,
    migrate,
    write_locked,
)

from migrate.batch.project import STAGES

Before = Callable[[str], Room]


def test_a_run_killed_in_every_stage_in_turn_goes_on_to_the_same_end(
    before: Before, whole: Whole, tmp_path: Path
) -> None:
    room = before("1-intake")
    for stage in STAGES:
        if stage in room.manifest["notebooks"]:
            # the last kill came after it was done
            continue
        done = list(room.manifest["notebooks"])
        assert done == list(STAGES[: STAGES.index(stage)])

        # the stage has started, its kernel hardly
        running = Running(*room.resume, log=tmp_path / f"{stage}-first.log")
        running.wait_for(partial(running.started, stage), f"start of {stage}")
        running.kill()
        assert list(room.manifest["notebooks"]) == done

        # the kernel is at work; now it is left without the command that started it
        running = Running(*room.resume, log=tmp_path / f"{stage}-second.log")
        running.wait_for(partial(at_work, room.folder), f"work in {stage}")
        running.kill(kernel=False)
        assert list(room.manifest["notebooks"]) == done

        # at any moment later, perhaps in a later stage
        running = Running(*room.resume, log=tmp_path / f"{stage}-third.log")
        running.wait_for(partial(running.started, stage), f"start of {stage}")
        running.wait_for(partial(at_work, room.folder), f"work in {stage}")
        time.sleep(random.uniform(0, 1.5))
        running.kill()

        # and as soon as the stage is done
        if stage not in room.manifest["notebooks"] and stage != STAGES[-1]:
            running = Running(*room.resume, log=tmp_path / f"{stage}-fourth.log")
            running.wait_for(partial(_done, room, stage), f"end of {stage}")
            running.kill()

    resumed = migrate(*room.resume)
    assert resumed.code == 0, resumed.err
    assert_whole(room, whole.room)


def _done(room: Room, stage: str) -> bool:
    return stage in room.manifest["notebooks"]


def test_a_run_killed_before_codes_are_committed_leaves_none(
    before: Before, whole: Whole, tmp_path: Path
) -> None:
    room = before("5-issue")
    with write_locked(room.store_file):
        running = Running(*room.resume, log=tmp_path / "log")
        running.wait_for(lambda: at_work(room.folder), "work in 5-issue")
        # long enough for the stage to come to the lock and wait for it
        time.sleep(5)
        assert running.started("5-issue")
        running.kill()
    assert active_codes(room.store_file) == {}
    assert migrate(*room.resume).code == 0
    assert_whole(room, whole.room)


@pytest.mark.parametrize("kernel", [True, False], ids=["both", "the command alone"])
def test_codes_committed_before_a_kill_are_the_codes_of_the_batch(
    kernel: bool, before: Before, whole: Whole, tmp_path: Path
) -> None:
    room = before("5-issue")
    held = held_codes(room.registry_file)
    with write_locked(room.registry_file):
        running = Running(*room.resume, log=tmp_path / "log")
        # the stage commits its codes, and then waits for the registry
        running.wait_for(lambda: active_codes(room.store_file), "codes in the store")
        running.kill(kernel=kernel)
        committed = active_codes(room.store_file)
    assert len(committed) == whole.room.manifest["counts"]["codes"]
    if kernel:
        assert held_codes(room.registry_file) == held
    resumed = migrate(*room.resume)
    assert resumed.code == 0, resumed.err
    assert active_codes(room.store_file) == committed
    assert_whole(room, whole.room)


def test_a_run_killed_before_it_began_a_manifest_begins_anew(sample: Room, tmp_path: Path) -> None:
    room = sample.copied(tmp_path / "room")
    room.folder.mkdir(parents=True)
    (room.folder / ".run.lock").touch()
    (room.folder / ".manifest.abc.part.json").write_text("{")
    assert "there is no such batch" in migrate(*room.resume).refused(2)
    running = Running("run", *room.options, log=tmp_path / "log")
    running.wait_for(lambda: running.started("1-intake"), "start")
    running.kill()
    assert room.manifest["batch"] == BATCH


def test_ctrl_c_stops_a_run_with_one_line_and_it_can_go_on(before: Before, tmp_path: Path) -> None:
    import signal

    room = before("5-issue")
    with write_locked(room.store_file):
        running = Running(*room.resume, log=tmp_path / "log")
        running.wait_for(lambda: at_work(room.folder), "work in 5-issue")
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) == 1
    started, last = running.log.read_text().splitlines()
    assert started == "5-issue …"
    assert last.startswith("migrate: stopped by the keyboard")
    assert migrate(*room.resume).code == 0


def test_two_runs_of_one_batch_at_once_are_refused(
    before: Before, whole: Whole, tmp_path: Path
) -> None:
    room = before("5-issue")
    with write_locked(room.store_file):
        running = Running(*room.resume, log=tmp_path / "log")
        running.wait_for(lambda: at_work(room.folder), "work in 5-issue")
        for second in (
            room.resume,
            ["run", *room.options],
            ["issue", "b", room.resume[-2], room.resume[-1]],
        ):
            line = migrate(*second).refused(1)
            assert "another process is at work on this batch" in line
    assert running.process.wait(120) == 0
    assert_whole(room, whole.room)
