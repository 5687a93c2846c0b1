"""The verbs beside `run`: what they print for a person and for a machine."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_room import (
    BATCH,
    COMMAND,
    Room,
    Whole,
    active_codes,
    assert_whole,
    environment,
    migrate,
)

from migrate import __version__
from migrate.intake.files import sha256

VERBS = ("run", "issue", "status", "sample")


def test_the_version_is_the_package_s() -> None:
    ended = migrate("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"migrate {__version__}\n", "")


def test_help_names_every_verb_and_the_exit_codes() -> None:
    ended = migrate("--help")
    assert ended.code == 0
    for verb in VERBS:
        assert re.search(rf"^│ {verb} ", ended.out, flags=re.MULTILINE)
    assert "Exit codes" in ended.out
    assert migrate("-h").out == ended.out
    bare = migrate()
    assert bare.code == 2
    assert bare.out.strip() == ended.out.strip()


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_every_option_explained(verb: str) -> None:
    ended = migrate(verb, "--help", env={"COLUMNS": "160"})
    assert ended.code == 0
    assert ended.err == ""
    options = re.findall(r"^│ \*?\s*(?:(--[a-z-]+)\S*\s+.*?)│$", ended.out, flags=re.MULTILINE)
    assert "--json" in options
    if verb == "run":
        wanted = {"--source", "--registry", "--batch", "--resume", "--store", "--reports"}
        assert wanted | {"--profile", "--issue", "--write-back"} <= set(options)
        assert "MIGRATE_STORE_PASSWORD" in ended.out
        assert "MIGRATE_REGISTRY_PASSWORD" in ended.out


def test_status_tells_of_each_batch(whole: Whole) -> None:
    counts = whole.room.manifest["counts"]
    reports = ["--reports", str(whole.room.reports)]
    shown = migrate("status", *reports)
    assert (shown.code, shown.err) == (0, "")
    heading, line = shown.out.splitlines()
    assert heading.split() == ["batch", "state", "rows", "linked", "cases", "codes", "packets"]
    assert line.split() == [
        BATCH,
        "finished",
        *(
            str(number)
            for number in (
                counts["rows"],
                counts["outcomes"]["linked"],
                counts["cases"],
                counts["codes"],
                counts["packets"],
            )
        ),
    ]
    told = json.loads(migrate("status", "--json", *reports).out)
    assert told == json.loads(migrate("status", BATCH, "--json", *reports).out)
    assert told[0]["outcomes"] == counts["outcomes"]
    assert told[0]["state"] == "finished"
    assert told[0]["folder"] == str(whole.room.folder)


def test_status_of_a_stopped_batch_names_the_stage(before: Callable[[str], Room]) -> None:
    room = before("3-link")
    told = json.loads(migrate("status", "--json", "--reports", str(room.reports)).out)
    assert told[0]["state"] == "stopped before 3-link"
    assert told[0]["done"] == ["1-intake", "2-expectations"]
    assert told[0]["codes"] is None
    assert "stopped before 3-link" in migrate("status", "--reports", str(room.reports)).out


def test_status_looks_and_changes_nothing(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "room")
    files = {path: path.stat().st_mtime_ns for path in room.root.rglob("*")}
    assert migrate("status", "--reports", str(room.reports)).code == 0
    assert {path: path.stat().st_mtime_ns for path in room.root.rglob("*")} == files


def test_codes_left_for_later_are_issued_later(before: Callable[[str], Room], whole: Whole) -> None:
    # as `run --no-issue` begins a batch
    room = before("4-mismatches")
    path = room.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"issue": False}))
    early = migrate("issue", BATCH, "--reports", str(room.reports))
    assert "4-mismatches is not done" in early.refused(2)

    done = migrate(*room.resume)
    assert done.code == 0, done.err
    assert "codes issued: none yet; `migrate issue b` issues them" in done.out
    assert active_codes(room.store_file) == {}
    assert not (room.folder / "codes.csv").exists()
    status = json.loads(migrate("status", "--json", "--reports", str(room.reports)).out)
    assert status[0]["state"] == "not issued"

    issued = migrate("issue", BATCH, "--reports", str(room.reports), "--json")
    assert issued.code == 0, issued.err
    assert issued.err == ""
    assert json.loads(issued.out) == room.manifest
    assert_whole(room, whole.room)


def test_json_is_all_that_a_run_prints(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "room")
    ended = migrate("run", *room.options, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out) == room.manifest


def test_a_sample_is_the_same_each_time_and_made_once(tmp_path: Path) -> None:
    size = ["--degrees", "200", "--records", "40"]
    made = {}
    for name in ("one", "two"):
        ended = migrate("sample", str(tmp_path / name), *size, "--json")
        assert (ended.code, ended.err) == (0, "")
        made[name] = json.loads(ended.out)
    for key in ("source", "truth"):
        assert sha256(Path(made["one"][key])) == sha256(Path(made["two"][key]))
    registry = tmp_path / "one" / "registry.sqlite"
    assert made["one"]["registry"] == f"sqlite:///{registry}#degrees"
    assert sha256(registry) == sha256(tmp_path / "two" / "registry.sqlite")

    # what a run has written into it since stays
    registry.write_bytes(registry.read_bytes() + b"used")
    again = migrate("sample", str(tmp_path / "one"), *size)
    assert again.code == 0
    assert [line.split(maxsplit=1) for line in again.out.splitlines()] == [
        [key, made["one"][key]] for key in ("source", "registry", "truth")
    ]
    assert registry.read_bytes().endswith(b"used")

    other = migrate("sample", str(tmp_path / "one"), *size, "--seed", "7").refused(2)
    assert "another sample" in other
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").touch()
    assert "no sample" in migrate("sample", str(tmp_path / "mine"), *size).refused(2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "one", "two"]


def test_a_terminal_shows_a_bar_a_stage(before: Callable[[str], Room]) -> None:
    room = before("6-summary")
    terminal, child = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *room.resume],
        env=environment(TERM="xterm-256color", COLUMNS="120"),
        stdout=child,
        stderr=child,
        stdin=child,
    )
    os.close(child)
    shown = b""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        ready, _, _ = select.select([terminal], [], [], 1)
        try:
            piece = os.read(terminal, 65536) if ready else b""
        except OSError:
            break
        if ready and not piece:
            break
        shown += piece
    os.close(terminal)
    assert process.wait(10) == 0
    text = shown.decode()
    # the bar was drawn, moved, and its end is marked
    assert text.count("6-summary") > 3
    assert "━" in text
    assert "✓" in text
    assert "batch b: 60 rows" in text


HEAVY = ("pandas", "numpy", "pyarrow", "duckdb", "sqlalchemy", "papermill", "great_expectations")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["status", "--reports", "."]])
def test_a_look_loads_nothing_heavy_and_takes_no_half_second(
    arguments: list[str], tmp_path: Path
) -> None:
    script = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr))\n"
        f"sys.argv = ['migrate', *{arguments!r}]\n"
        "from migrate.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "[]"
    # its own time, so that a busy machine does not count
    before = os.times()
    migrate(*arguments, cwd=tmp_path)
    after = os.times()
    used = after.children_user + after.children_system
    assert used - before.children_user - before.children_system < 0.5
