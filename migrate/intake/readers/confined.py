"""A process of its own, with fixed memory and time, for parsers that a hostile file could stop.

A Rust parser that asks for more memory than there is ends its process at once: no exception can be
caught. So it runs in a process that may end, and the answer comes back as lines of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Literal

# what a confined program ends with when it has said itself why, see ``refuse``
REFUSED = 3
_STARVED = 4
_OUT_OF_TIME = -getattr(signal, "SIGXCPU", 0)
# what the kernel sends to a process for which a machine has no memory left
_KILLED = -getattr(signal, "SIGKILL", 0)
# what Rust and Python say when they have none
_NO_MEMORY = ("memory allocation of", "MemoryError")
_SAID = "said: "
_AT = "at: "


@dataclass(frozen=True)
class Limits:
    """Address space in bytes and processor time in seconds that a process may take."""

    memory: int = 4 << 30
    seconds: int = 600


class Confined(Exception):
    """A confined program did not end well.

    ``why`` is 'memory' or 'time' for a limit, 'refused' where the program said so itself, 'died'
    for all else. ``at`` is the last place it told of. The text of the exception is what it said.
    """

    def __init__(self, why: Literal["memory", "time", "refused", "died"], at: str, said: str):
        super().__init__(said)
        self.why = why
        self.at = at


def answers(module: str, question: object, limits: Limits) -> Iterator[Any]:
    """Run ``python -m module``; yield what each line of its output says.

    The process ends with the iterator, also when that is left early.

    :param module: a program that begins with ``question = confine()``.
    :param question: anything that JSON holds.
    :raises Confined: it did not end well; what came before it was yielded.
    """
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    # a backtrace helps nobody here, and takes seconds to print
    environment.update(RUST_BACKTRACE="0", PYTHONIOENCODING="utf-8")
    # in files: a pipe may fill up, and an argument may have 128 KiB only
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as errors:
        asked.write(json.dumps([limits.memory, limits.seconds, question]).encode())
        asked.seek(0)
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", module],
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.endswith(b"\n"):
                    yield json.loads(line)
            code = process.wait()
        finally:
            process.stdout.close()
            if process.poll() is None:
                process.kill()
                process.wait()
        if code:
            raise _fault(code, errors)


def confine() -> Any:
    """Hold this process to its limits, and give the question that it was asked.

    Where the system has no such limits (Windows), there are none.
    """
    memory, seconds, question = json.loads(sys.stdin.buffer.read())
    try:
        import resource
    except ImportError:
        return question
    for limit, wanted in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory),
    ):
        # whoever started us may have given less, and nobody may take more
        hard = resource.getrlimit(limit)[1]
        least = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (least, hard))
    return question


def answer(value: object) -> None:
    """Send one answer to the process that waits for it."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def tell(place: str) -> None:
    """Say where the program now is, for an error that it cannot tell of any more."""
    print(_AT + json.dumps(place), file=sys.stderr, flush=True)


def refuse(reason: str) -> None:
    """End the program with a reason for people."""
    print(_SAID + json.dumps(reason), file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(REFUSED)


def starve() -> None:
    """End the program for want of memory."""
    os._exit(_STARVED)


@contextmanager
def ending_in_words(*told: type[Exception]) -> Iterator[None]:
    """What a confined program does to its end: however it ends, the one that waits is told why.

    :param told: errors that speak for themselves; of others the kind is named too.
    """
    try:
        yield
        sys.stdout.flush()
    except MemoryError:
        starve()
    except BrokenPipeError:
        # nobody waits for the rest
        sys.stderr.close()
    except told as error:
        refuse(str(error) or type(error).__name__)
    except BaseException as error:
        # a panic of the parser, which is no Exception
        refuse(f"{type(error).__name__}: {error}")


def _fault(code: int, errors: IO[bytes]) -> Confined:
    errors.seek(0)
    places, said, others = [""], [""], []
    for line in errors.read(1 << 20).decode("utf-8", "replace").splitlines():
        if line.startswith(_AT):
            places.append(json.loads(line.removeprefix(_AT)))
        elif line.startswith(_SAID):
            said.append(json.loads(line.removeprefix(_SAID)))
        elif line.strip():
            others.append(line)
    place = places[-1]
    if code == REFUSED:
        return Confined("refused", place, said[-1])
    if code in (_STARVED, _KILLED) or any(mark in line for line in others for mark in _NO_MEMORY):
        return Confined("memory", place, "")
    if code == _OUT_OF_TIME:
        return Confined("time", place, "")
    end = f"signal {-code}" if code < 0 else f"exit status {code}"
    return Confined("died", place, others[-1] if others else end)
