"""The project's own ground: locks, environment.yml and pyproject.toml name the same versions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
LOCKS = ("run", "test", "lab")
PINNED = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ \\;]+)( ; (?P<marker>[^\\]+))?"
)


def locked(name: str) -> dict[str, str]:
    """Versions in a lock that hold on Linux with CPython 3.11."""
    environment = {
        "python_version": "3.11",
        "python_full_version": "3.11.7",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
    }
    found = {}
    for line in (ROOT / "requirements" / f"{name}.lock").read_text().splitlines():
        if match := PINNED.match(line):
            marker = match["marker"]
            if marker is None or Marker(marker.strip()).evaluate(environment):
                found[match["name"]] = match["version"]
    return found


def project() -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        return tomllib.load(stream)["project"]


def test_environment_yml_names_every_dependency_at_the_version_of_the_lock() -> None:
    content = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict))
    named = {Requirement(line).name: str(Requirement(line).specifier) for line in pip}
    wanted = {Requirement(line).name for line in project()["dependencies"]}  # type: ignore[attr-defined]
    assert wanted <= named.keys()
    versions = locked("run")
    assert named == {name: f"=={versions[name]}" for name in named}


@pytest.mark.parametrize("name", ["test", "lab"])
def test_the_locks_agree_with_each_other(name: str) -> None:
    run, other = locked("run"), locked(name)
    assert run.keys() <= other.keys()
    assert {key: other[key] for key in run} == run


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    assert "://" not in text
    blocks = re.split(r"(?m)^(?=[a-z0-9])", text)
    unhashed = [block.split()[0] for block in blocks if "==" in block and "sha256:" not in block]
    assert not unhashed


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_satisfies_the_project(name: str) -> None:
    versions = locked(name)
    lines = list(project()["dependencies"])  # type: ignore[call-overload]
    if name != "run":
        lines += project()["optional-dependencies"][name]  # type: ignore[index]
    for requirement in map(Requirement, lines):
        assert requirement.specifier.contains(versions[requirement.name]), requirement.name
