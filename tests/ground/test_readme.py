"""What README.md and docs/ tell people to type works, and what they say of outputs is so."""

from __future__ import annotations

import csv
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from migrate.batch import secrets
from migrate.batch.stages.issue import COLUMNS as CODE_COLUMNS
from migrate.batch.status import closing_lines
from migrate.cli import app
from migrate.diplomas.link import OUTCOME_COLUMNS
from migrate.diplomas.terms import OUTCOMES

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "reports/README.md")
] + sorted((ROOT / "docs").glob("*.md"))
README = PAGES[0].read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in BLOCK.findall(text) if language in languages]


def commands(page: Path) -> list[str]:
    """The lines of a page's shell blocks."""
    lines = [line for body in blocks(page.read_text("utf-8"), "sh") for line in body.splitlines()]
    return [line.strip() for line in lines if line.strip()]


def migrate_lines() -> list[tuple[str, list[str]]]:
    """Every `migrate …` that a page tells people to type, and its arguments."""
    found = []
    for page in PAGES:
        for line in commands(page):
            words = shlex.split(line, comments=True)
            for place, word in enumerate(words):
                if word in ("migrate", ".venv/bin/migrate"):
                    found.append((f"{page.name}: {line}", words[place + 1 :]))
                    break
    return found


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    outside = BLOCK.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", outside, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_and_anchor_that_a_page_links_to_is_there(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            broken.append(target)
    assert not broken


def test_every_make_target_that_a_page_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text())}
    named |= {
        name
        for page in PAGES
        for line in commands(page)
        for name in re.findall(r"^make ([a-z-]+)", line)
    }
    assert {"demo", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize(
    ("line", "arguments"), [pytest.param(*found, id=found[0]) for found in migrate_lines()]
)
def test_every_migrate_line_is_taken_by_the_command_line(line: str, arguments: list[str]) -> None:
    command = typer.main.get_command(app)
    # parses and checks the arguments, and begins nothing
    with command.make_context("migrate", list(arguments)) as outer:
        name, verb, rest = command.resolve_command(outer, list(arguments))  # type: ignore[attr-defined]
        assert verb is not None, line
        with verb.make_context(name, rest, parent=outer) as inner:
            given = inner.params
    if name == "run" and given["resume"] is None:
        assert given["source"], line
        assert given["registry"], line
        assert given["batch"], line


def test_every_option_that_a_page_names_is_one_of_the_command_line() -> None:
    known = {"--help"}
    for verb in typer.main.get_command(app).commands.values():  # type: ignore[attr-defined]
        for parameter in verb.params:
            known.update([*parameter.opts, *parameter.secondary_opts])
    pages = [README, *((ROOT / "docs" / f"{name}.md").read_text() for name in ("operations",))]
    named = {found for page in pages for found in re.findall(r"`(--[a-z-]+)", page)}
    assert {"--no-issue", "--profile"} <= named
    assert named <= known


def test_every_environment_variable_that_a_page_names_is_read_by_the_program() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "migrate").rglob("*.py"))
    read = set(re.findall(r"\bMIGRATE_[A-Z_]+\b", sources))
    named = {
        name for page in PAGES for name in re.findall(r"\bMIGRATE_[A-Z_]+\b", page.read_text())
    }
    assert {secrets.REGISTRY_PASSWORD, secrets.STORE_PASSWORD} <= named <= read


def test_every_program_and_module_that_a_shell_block_calls_is_there() -> None:
    for page in PAGES:
        for line in commands(page):
            for path in re.findall(r"(?<![\w/])\.venv/bin/([a-z-]+)", line):
                if path != "activate":
                    assert (Path(sys.prefix) / "bin" / path).exists(), line
            for module in re.findall(r"python -m (migrate[\w.]+)", line):
                assert (ROOT / f"{module.replace('.', '/')}.py").exists(), line


def test_the_demo_s_lines_are_those_that_the_program_prints_and_add_up() -> None:
    shown = next(body for body in blocks(README, "text") if body.startswith("batch demo"))
    numbers = {
        name: int(count.replace(",", ""))
        for name, count in re.findall(r"^  (\w+) +([\d,]+)$", shown, re.MULTILINE)
    }
    assert tuple(numbers) == OUTCOMES
    assert sum(numbers.values()) == 10_000
    packets = int(re.findall(r"universities: (\d+)", shown)[0])
    counts = {
        "rows": 10_000,
        "outcomes": numbers,
        "codes": numbers["linked"],
        "written_back": numbers["linked"],
        "packets": packets,
    }
    known = {"batch": "demo", "counts": counts, "parameters": {"reports": "…/reports"}}
    assert shown.splitlines() == closing_lines(known)


def test_the_table_of_outcomes_has_the_eight_in_their_order() -> None:
    table = README.partition("| outcome |")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == OUTCOMES


@pytest.mark.parametrize("page", ["README.md", "reports/README.md"])
def test_the_columns_of_the_contract_are_written_as_they_are(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert f"`{','.join(OUTCOME_COLUMNS)}`" in text
    assert f"`{','.join(CODE_COLUMNS)}`" in text


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the README's first example of a batch was typed, line by line."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv").symlink_to(sys.prefix)
    body = next(body for body in blocks(README, "sh") if body.startswith("migrate sample"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MIGRATE_")}
    for line in body.splitlines():
        done = subprocess.run(
            ["bash", "-ec", f". .venv/bin/activate\n{line}"],
            cwd=folder,
            env=clean,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return folder


def first_line(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream))


def test_the_first_example_runs_as_typed_and_leaves_the_documented_columns(typed: Path) -> None:
    batch = typed / "reports" / "small"
    assert first_line(batch / "outcomes.csv") == list(OUTCOME_COLUMNS)
    assert first_line(batch / "codes.csv") == list(CODE_COLUMNS)


def test_every_file_that_the_reports_page_names_is_in_a_batch_s_folder(typed: Path) -> None:
    folder = typed / "reports" / "small"
    table = re.findall(r"^\| `([^`|]+)`", (ROOT / "reports" / "README.md").read_text(), re.M)
    assert len(table) > 10
    missing = [
        name for name in table if not list(folder.glob(re.sub(r"<\w+>", "*", name).rstrip("/")))
    ]
    assert not missing


@pytest.mark.parametrize("page", ["linkage.md", "operations.md"])
def test_the_python_of_a_page_runs_on_that_batch(typed: Path, page: str) -> None:
    folder = typed / "reports" / "small"
    for body in blocks((ROOT / "docs" / page).read_text(), "python"):
        script = body.replace("reports/demo", f"reports/{folder.name}")
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=typed, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
