"""A program in a process of its own is held to memory and time, and its end is told in words."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrate.intake.readers.confined import Confined, Limits, answers

LIMITS = Limits(memory=1 << 30, seconds=20)
PROGRAM = """
import os, sys
from migrate.intake.readers.confined import answer, confine, refuse, starve, tell
question = confine()
tell("ورق ۱")
{}
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of a module with the body that a test gives."""
    name = f"confined_program_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(PROGRAM.format(request.param), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.mark.parametrize(
    "program", ["for n in range(3): answer({'n': n, 'of': 'سه'})"], indirect=True
)
def test_answers_come_in_order(program: str) -> None:
    assert list(answers(program, [], LIMITS)) == [{"n": n, "of": "سه"} for n in range(3)]


@pytest.mark.parametrize("program", ["answer(question)"], indirect=True)
def test_a_question_is_as_it_was_asked_and_of_any_length(program: str) -> None:
    given = ["--help", "'\"", "دفتر\n۱", "", None, ["ن" * 1_000_000] * 3]
    assert list(answers(program, given, LIMITS)) == [given]


@pytest.mark.parametrize(
    ("program", "why", "said"),
    [
        ("refuse('no such sheet')", "refused", "no such sheet"),
        ("starve()", "memory", ""),
        ("x = bytearray(4 << 30)", "memory", ""),
        ("os.abort()", "died", "signal 6"),
        ("raise KeyError('x')", "died", "KeyError: 'x'"),
        ("sys.exit(7)", "died", "exit status 7"),
    ],
    indirect=["program"],
)
def test_each_end_is_told_apart(program: str, why: str, said: str) -> None:
    with pytest.raises(Confined) as caught:
        list(answers(program, [], LIMITS))
    assert caught.value.why == why
    assert caught.value.at == "ورق ۱"
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "program", ["answer('first')\nsys.stdout.flush()\nwhile True: pass"], indirect=True
)
def test_one_that_never_ends_is_ended(program: str) -> None:
    found = answers(program, [], Limits(memory=1 << 30, seconds=1))
    assert next(found) == "first"
    with pytest.raises(Confined) as caught:
        list(found)
    assert caught.value.why == "time"


@pytest.mark.parametrize(
    "program",
    ["answer(os.getpid())\nsys.stdout.flush()\nimport time\ntime.sleep(300)"],
    indirect=True,
)
def test_the_process_ends_when_nobody_waits_for_it(program: str) -> None:
    started = time.monotonic()
    found = answers(program, [], LIMITS)
    process = next(found)
    found.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("program", ["answer('ran')"], indirect=True)
def test_a_limit_that_is_lower_already_is_kept(program: str) -> None:
    lowered = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({1 << 30}, {1 << 30}));"
    asked = "from migrate.intake.readers.confined import Limits, answers;"
    more = f"print(list(answers({program!r}, [], Limits(memory={4 << 30}))))"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    done = subprocess.run(
        [sys.executable, "-c", lowered + asked + more],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout == "['ran']\n", done.stderr
