"""Packets: for each university one folder, with its cases as a workbook and as a page."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from migrate.diplomas.terms import CASES
from migrate.intake.files import PARTIAL, write_atomically
from migrate.review import words
from migrate.review.addressee import addressee
from migrate.review.cases import Case
from migrate.review.comparison import printable
from migrate.review.handing import HandedOut
from migrate.review.page import render_page
from migrate.review.workbook import Contents, write_workbook

Progress = Callable[[int, int, str], None]

# more than this in one workbook is no longer usable; the rest goes into a second one
MOST_CASES = 1000
_OURS = re.compile(r"cases(-\d+)?\.(xlsx|html)")


@dataclass(frozen=True)
class Packet:
    """What one university gets: how many cases, by outcome, in which files.

    ``university_id`` is None for a university that the lists do not know; its folder is then named
    after a hash of its name.
    """

    university_id: str | None
    university: str
    cases: int
    by_outcome: Mapping[str, int]
    files: tuple[Path, ...]


def write_packets(
    cases: Sequence[Case],
    folder: Path,
    *,
    batch: str,
    handed: HandedOut,
    today: str | None = None,
    keep_others: bool = False,
    progress: Progress | None = None,
) -> list[Packet]:
    """Write ``<university>/cases.xlsx`` and ``cases.html`` for each university; return the packets.

    Cases are ordered by outcome, then as in the source. A university with more than a thousand has
    ``cases-1.xlsx``, ``cases-2.xlsx``, … and a page beside each. Files of an earlier, broken run
    that no longer belong there are removed; nobody else's are touched. The same cases give the same
    bytes. Packets come in the order of their folders' names.

    Parameters
    ----------
    cases : all the cases of the batch.
    folder : where the universities' folders go; made if it is not there.
    batch : name of the batch, shown to the reader; may be empty.
    handed : tokens and days of each of the cases.
    today : as ``Contents`` has it.
    keep_others : leave universities alone that have none of these cases.
    progress : told cases done, all cases, and the university at hand.

    Raises OSError.
    """
    of_folder: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        of_folder[addressee(case.university_id, case.university)].append(case)
    packets: list[Packet] = []
    done = 0
    for name in sorted(of_folder):
        packet = _write_packet(of_folder[name], folder / name, batch, handed, today)
        packets.append(packet)
        done += packet.cases
        if progress is not None:
            progress(done, len(cases), packet.university)
    swept = sorted(of_folder) if keep_others else ["*"]
    _sweep(folder, swept, {path for packet in packets for path in packet.files})
    return packets


def summary(packets: Sequence[Packet]) -> pd.DataFrame:
    """One row a packet, most cases first: whose it is, its cases by outcome, its folder."""
    rows = [
        {
            "university": packet.university,
            "university_id": packet.university_id,
            "cases": packet.cases,
            **{name: packet.by_outcome.get(name, 0) for name in CASES},
            "folder": packet.files[0].parent.name,
            "files": len(packet.files),
        }
        for packet in sorted(packets, key=lambda packet: -packet.cases)
    ]
    columns = ["university", "university_id", "cases", *CASES, "folder", "files"]
    return pd.DataFrame(rows, columns=columns)


def _write_packet(
    cases: Sequence[Case], folder: Path, batch: str, handed: HandedOut, today: str | None
) -> Packet:
    order = {name: position for position, name in enumerate(CASES)}
    ordered = sorted(cases, key=lambda case: (order[case.outcome], case.batch, case.row))
    name = printable(ordered[0].university) or words.section("guide")["no_university"]
    whole = Contents(ordered, name, batch, handed, today=today)
    parts = -(-len(ordered) // MOST_CASES)
    files: list[Path] = []
    for part in range(1, parts + 1):
        start = (part - 1) * MOST_CASES
        share = ordered[start : start + MOST_CASES]
        contents = replace(whole, cases=share, first=start + 1, part=part, parts=parts)
        stem = "cases" if parts == 1 else f"cases-{part}"
        workbook, page = folder / f"{stem}.xlsx", folder / f"{stem}.html"
        with write_atomically(workbook) as partial:
            write_workbook(contents, partial)
        with write_atomically(page) as partial:
            partial.write_text(render_page(contents, workbook=workbook.name), encoding="utf-8")
        files += [workbook, page]
    by_outcome = Counter(case.outcome for case in ordered)
    return Packet(
        university_id=ordered[0].university_id,
        university=name,
        cases=len(ordered),
        by_outcome={outcome: by_outcome[outcome] for outcome in CASES},
        files=tuple(files),
    )


def _sweep(folder: Path, names: Sequence[str], kept: set[Path]) -> None:
    """Remove what an earlier run wrote here and this one did not, and what a kill left."""
    for path in sorted(path for name in names for path in folder.glob(f"{name}/*")):
        unfinished = path.name.startswith(".cases") and PARTIAL in path.name
        if path not in kept and (unfinished or _OURS.fullmatch(path.name)):
            path.unlink()
    for path in sorted(folder.glob("*/")):
        if not any(path.iterdir()):
            path.rmdir()
