"""docs/requests.md is right: its commands parse, its examples are read, its rules are the policy's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from migrate.cli import app
from migrate.codes.policy import CHANNELS, SOURCE, load, ruling
from migrate.codes.request_states import STATES
from migrate.codes.requests_file import read_requests

PAGE = (Path(__file__).parents[2] / "docs" / "requests.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "bash" for line in text.splitlines()]


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_is_one_that_there_is(line: str) -> None:
    program, *arguments = shlex.split(line)
    assert program == "migrate"
    command = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    assert command.make_context(program, list(arguments)).command is command


def test_both_examples_of_a_file_are_read(tmp_path: Path) -> None:
    as_csv, as_json = (text for kind, text in BLOCKS if not kind)
    for name, text in (("a.csv", as_csv), ("a.jsonl", as_json)):
        path = tmp_path / name
        path.write_text(text.replace("<64 hexadecimal digits>", "ab" * 32), encoding="utf-8")
        found = read_requests(path)
        assert found.problems == ()
        assert len(found.requests) == 1


def test_the_table_of_channels_is_the_policy_s() -> None:
    rows = re.findall(r"^\| `(\w+)`: [^|]*\|([^|]*)\|([^|]*)\|$", PAGE, flags=re.MULTILINE)
    assert {name for name, _, _ in rows} == set(CHANNELS)
    for name, before, after in rows:
        for day, said in (("1402-04-31", before), ("1402-05-01", after)):
            found = ruling(name, applied_on=day, on=day, act="issuing")
            assert ("may not" in said or "nothing is" in said) == (not found.allowed)


def test_the_example_of_a_change_is_a_sound_policy(tmp_path: Path) -> None:
    (example,) = (text for kind, text in BLOCKS if kind == "yaml")
    own = yaml.load(SOURCE.read_text(encoding="utf-8"), yaml.BaseLoader)
    new = {rule["id"]: rule for rule in yaml.load(example, yaml.BaseLoader)}
    own["rules"] = [new.pop(rule["id"], rule) for rule in own["rules"]] + list(new.values())
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
    policy = load(path)
    for on, allowed in (("1406-12-29", False), ("1407-01-01", True)):
        found = ruling("letter", applied_on=on, on=on, act="answering", policy=policy)
        assert found.allowed == allowed


def test_each_state_is_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| ", PAGE, flags=re.MULTILINE)) >= set(STATES)
