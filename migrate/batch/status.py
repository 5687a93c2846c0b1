"""How far batches have come and what became of their rows, for a person and for a machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrate.batch import manifest as manifests
from migrate.batch.manifest import Manifest
from migrate.batch.project import ISSUE, STAGES
from migrate.diplomas.terms import CASES, OUTCOMES
from migrate.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table


def read(reports: Path, name: str | None = None) -> list[dict[str, Any]]:
    """The batches in ``reports`` (or the one named), each a dict of plain JSON values.

    Keys: batch, folder, state ('finished', 'not issued' or 'stopped before <stage>'), done (stages),
    rows, outcomes (counts), codes, packets. Raises InputError when the named batch is not there.
    """
    if name is not None:
        return [_entry(reports / name, manifests.required(reports / name))]
    if not reports.is_dir():
        raise InputError(
            "there is no such reports folder", file=reports, fix="Name another with --reports"
        )
    entries = []
    for folder in sorted(path for path in reports.iterdir() if path.is_dir()):
        known = manifests.read(folder)
        if known is not None:
            entries.append(_entry(folder, known))
    return entries


def _entry(folder: Path, known: Manifest) -> dict[str, Any]:
    done = [stage for stage in STAGES if stage in known["notebooks"]]
    wanted = [stage for stage in STAGES if known.get("issue", True) or stage != ISSUE]
    left = [stage for stage in wanted if stage not in done]
    counts = known["counts"]
    state = f"stopped before {left[0]}" if left else "finished"
    if not left and not known.get("issue", True):
        state = "not issued"
    return {
        "batch": known["batch"],
        "folder": str(folder),
        "state": state,
        "done": done,
        "rows": counts.get("rows"),
        "outcomes": counts.get("outcomes", {}),
        "codes": counts.get("codes"),
        "packets": counts.get("packets"),
    }


def table(entries: list[dict[str, Any]]) -> Table:
    """The entries of :func:`read` as a table for a terminal."""
    from rich.table import Table

    shown = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("batch", "state"):
        shown.add_column(heading)
    for heading in ("rows", "linked", "cases", "codes", "packets"):
        shown.add_column(heading, justify="right")
    for entry in entries:
        outcomes = entry["outcomes"]
        cases = sum(outcomes.get(name, 0) for name in CASES)
        shown.add_row(
            entry["batch"],
            entry["state"],
            *(
                "–" if value is None else f"{value:,}"
                for value in (
                    entry["rows"],
                    outcomes.get("linked"),
                    cases if outcomes else None,
                    entry["codes"],
                    entry["packets"],
                )
            ),
        )
    return shown


def closing_lines(known: Manifest) -> list[str]:
    """What happened in a batch, in a dozen lines."""
    counts = known["counts"]
    outcomes = counts.get("outcomes", {})
    folder = Path(known["parameters"]["reports"]) / known["batch"]
    lines = [f"batch {known['batch']}: {counts.get('rows', 0):,} rows"]
    lines += [f"  {name:<15}{outcomes.get(name, 0):>8,}" for name in OUTCOMES]
    if not known.get("issue", True):
        codes = f"none yet; `migrate issue {known['batch']}` issues them"
    else:
        codes = f"{counts.get('codes', 0):,}"
        if counts.get("written_back") is not None:
            codes += f", {counts['written_back']:,} of them in the registry"
    lines.append(f"codes issued: {codes}")
    if counts.get("write_back_refused"):
        lines.append(f"the registry was not written to: {counts['write_back_refused']}")
    lines.append(f"packets for universities: {counts.get('packets', 0):,} in {folder / 'packets'}")
    lines.append(f"read next: {folder / 'notebooks' / '6-summary.html'}")
    return lines
