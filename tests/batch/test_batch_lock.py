"""A lock is held by one process at a time, and by none that has ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrate.batch.lock import hold
from migrate.errors import RunError

HOLD = """
import sys, time
from pathlib import Path
from migrate.batch.lock import hold
with hold(Path(sys.argv[1]), "run"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_until_the_first_is_gone_even_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        begun = time.monotonic()
        with pytest.raises(RunError, match="another process"), hold(tmp_path, "run", wait=0.3):
            pass
        assert time.monotonic() - begun >= 0.3
        with hold(tmp_path, "stage"):
            pass
        first.send_signal(signal.SIGKILL)
        first.wait()
        with hold(tmp_path, "run"):
            pass


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path, "run"):
        raise ZeroDivisionError
    with hold(tmp_path, "run"):
        pass
