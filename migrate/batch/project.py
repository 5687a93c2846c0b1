"""Where the project's own notebooks and expectations stand: in a checkout, or inside a wheel."""

from __future__ import annotations

from pathlib import Path

from migrate.errors import RunError

STAGES = (
    "1-intake",
    "2-expectations",
    "3-link",
    "4-mismatches",
    "5-issue",
    "6-summary",
)
ISSUE, SUMMARY = STAGES[4:]
# over all batches of a store, so none of a batch's stages
REVIEW = "7-review"


def _folder(name: str) -> Path:
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_project" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise RunError(
        f"the folder {name}/ of the project was not found",
        file=package.parent / name,
        fix="Install the project again",
    )


def notebook(stage: str) -> Path:
    """The notebook of a stage, one of ``STAGES``, or ``REVIEW``."""
    return _folder("notebooks") / f"{stage}.ipynb"


def suite(name: str) -> Path:
    """A Great Expectations suite, as reviewed text: legacy, registry, outcomes or codes."""
    return _folder("expectations") / f"{name}.json"
