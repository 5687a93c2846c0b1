"""A run is a process of its own: its memory, its children's, its end and its limit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MB = 1_000_000


def measured(command: list[str], log: Path, limit: float = 60) -> dict[str, Any]:
    """``run`` as called from a small process, as it must be: this one may be big."""
    code = (
        f"import json, sys; sys.path.insert(0, {str(HERE)!r}); import linkage_process; "
        "from pathlib import Path; "
        f"done = linkage_process.run({command!r}, Path({str(log)!r}), limit={limit}); "
        "print(json.dumps(vars(done)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_peak_of_a_process_is_measured(tmp_path: Path) -> None:
    done = measured([sys.executable, "-c", f"x = bytearray({150 * MB})"], tmp_path / "log")
    assert done["code"] == 0
    assert 140 < done["memory"] < 250


def test_children_count_beside_their_parent(tmp_path: Path) -> None:
    # parent and child hold 100 MB each, at once
    child = f"import time; x = bytearray({100 * MB}); time.sleep(2)"
    parent = (
        f"import subprocess, sys; x = bytearray({100 * MB}); "
        f"subprocess.run([sys.executable, '-c', {child!r}])"
    )
    done = measured([sys.executable, "-c", parent], tmp_path / "log")
    assert done["code"] == 0
    assert 190 < done["memory"] < 300


def test_a_run_over_its_limit_is_stopped_with_its_children(tmp_path: Path) -> None:
    parent = "import subprocess; subprocess.run(['sleep', '60'])"
    done = measured([sys.executable, "-c", parent], tmp_path / "log", limit=1)
    assert done["code"] is None
    assert done["wall"] < 30


def test_a_failure_is_told_with_its_last_words(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "raise SystemExit('no such column')"]
    done = measured(failing, tmp_path / "log")
    assert (done["code"], done["words"]) == (1, "no such column")
