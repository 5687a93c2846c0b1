"""A clerical sample: links for a person to look at, drawn by probability, and what they then show.

Stratified sampling with known inclusion probabilities (Cochran 1977, chapter 5). Intervals are exact
in each stratum and joined by Bonferroni's inequality, so they are never too narrow.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from migrate.errors import InputError
from migrate.linkage.artefact import guarded, read_table, write_whole
from migrate.linkage.labels import COLUMNS, LABELS, Label, read_labels
from migrate.linkage.reliability import BOUNDS

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
SIZE = 400
# of the sample, for links that were not accepted: what is lost, and labels for calibration
NEAR_SHARE = 0.25
# under this a pair that was not accepted is no near miss
NEAR = 0.1
DESIGN = ("stratum", "accepted", "low", "high", "population", "drawn", "probability")


@dataclass(frozen=True)
class Stratum:
    """Links of one range of probability, accepted or near misses: ``drawn`` of ``population``."""

    number: int
    accepted: bool
    low: float
    high: float
    population: int
    drawn: int

    @property
    def inclusion(self) -> float:
        """The probability with which each link of the stratum came into the sample."""
        return self.drawn / self.population


@dataclass(frozen=True)
class ClericalSample:
    """``places``: indices of the drawn links, in the order to look at them; ``stratum``: of each, its
    number; ``strata`` in the order of their numbers, which begin with 1."""

    strata: tuple[Stratum, ...]
    places: Indices
    stratum: Indices


@dataclass(frozen=True)
class Judged:
    """One line of a sample that was looked at."""

    label: Label
    stratum: Stratum
    probability: float


def draw(
    probability: Floats,
    accepted: Flags,
    left_ids: Sequence[str],
    right_ids: Sequence[str],
    *,
    size: int = SIZE,
    near_share: float = NEAR_SHARE,
    seed: int = 20,
) -> ClericalSample:
    """Draw links to look at: the best candidate of each record, accepted or nearly so.

    :param probability: of each link, as the threshold sees it.
    :param accepted: whether it was accepted. Of the others, those of ``NEAR`` or more take part.
    :param left_ids: the record's id, one a link.
    :param right_ids: the linked row's id, one a link.
    :param size: links to draw in all; fewer where there are fewer.
    :param near_share: of ``size``, for near misses.
    :param seed: another seed, another sample. The order of the links does not matter: they are
        drawn by a hash of seed and ids.

    Within accepted and near misses a stratum gets a share in proportion to the square root of its
    links, which gives the narrowest bound where none is wrong. Raises InputError where a pair of
    ids stands twice.
    """
    keys = [
        hashlib.sha256(f"{seed}\x1f{left}\x1f{right}".encode()).digest()
        for left, right in zip(left_ids, right_ids, strict=True)
    ]
    if len(set(keys)) < len(keys):
        raise InputError("a link stands twice among those to draw from")
    number = np.searchsorted(BOUNDS, probability, side="right")
    place_of = np.clip(number, 1, len(BOUNDS) - 1)
    near = min(int((~accepted & (probability >= NEAR)).sum()), round(size * near_share))
    strata: list[Stratum] = []
    chosen: list[tuple[bytes, int, int]] = []
    for kind, share in ((True, size - near), (False, near)):
        among = accepted if kind else ~accepted & (probability >= NEAR)
        bins = [int(b) for b in np.unique(place_of[among])]
        members = [np.flatnonzero(among & (place_of == b)).tolist() for b in bins]
        for b, places, part in zip(
            bins, members, _shared(share, [len(places) for places in members]), strict=True
        ):
            if not part:
                continue
            stratum = len(strata) + 1
            strata.append(Stratum(stratum, kind, BOUNDS[b - 1], BOUNDS[b], len(places), part))
            chosen += [(k, i, stratum) for k, i in sorted((keys[i], i) for i in places)[:part]]
    # in the order of the hash: who stops half way has looked at a random half
    chosen.sort()
    return ClericalSample(
        tuple(strata),
        np.array([place for _, place, _ in chosen], dtype=np.int64),
        np.array([stratum for _, _, stratum in chosen], dtype=np.int64),
    )


def _shared(size: int, populations: Sequence[int]) -> list[int]:
    """``size`` shared out by the square root of each population, at least 1 and at most all of it."""
    parts = [0] * len(populations)
    for _ in range(min(size, sum(populations))):
        # the next goes where a look narrows the bound most: population / (drawn (drawn + 1))
        gains = [
            population / (part * (part + 1)) if part else float("inf")
            for population, part in zip(populations, parts, strict=True)
        ]
        open_ = [i for i, part in enumerate(parts) if part < populations[i]]
        parts[max(open_, key=lambda i: (gains[i], populations[i], -i))] += 1
    return parts


def write_sample(
    path: Path,
    sample: ClericalSample,
    probability: Floats,
    left_ids: Sequence[str],
    right_ids: Sequence[str],
    values: pd.DataFrame,
) -> None:
    """Write a sample for people: UTF-8 with a byte-order mark, the columns ``label`` to ``note`` empty.

    :param path: the CSV to write, whole or not at all.
    :param sample: as drawn from these links.
    :param probability: of each link; it stands last, with the design, so that values are seen first.
    :param left_ids: one a link, as are ``right_ids``.
    :param values: one row a drawn link, in the sample's order; its columns stand after ``note``.

    No cell is run by a spreadsheet. Raises ValueError where ``values`` is not a row a drawn link.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    headings = [str(name) for name in values.columns]
    writer.writerow([*COLUMNS, *headings, *DESIGN])
    cells: list[list[Any]] = values.astype(object).where(values.notna(), None).to_numpy().tolist()
    of = {stratum.number: stratum for stratum in sample.strata}
    for place, number, shown in zip(
        sample.places.tolist(), sample.stratum.tolist(), cells, strict=True
    ):
        ids = [guarded(left_ids[place]), guarded(right_ids[place])]
        in_ = of[number]
        design = [number, "yes" if in_.accepted else "no", in_.low, in_.high]
        design += [in_.population, in_.drawn, repr(float(probability[place]))]
        writer.writerow([*ids, "", "", "", "", *map(guarded, shown), *design])
    write_whole(path, stream.getvalue().encode("utf-8-sig", errors="backslashreplace"))


def read_sample(path: Path) -> tuple[tuple[Stratum, ...], tuple[Judged, ...]]:
    """The strata of a sample's file, and the lines that were labelled.

    Lines whose ``label`` is empty are not judged. Raises InputError as ``read_labels`` does, and
    where the columns of the design are not as they were written.
    """
    labels = {(label.left_id, label.right_id): label for label in read_labels(path)}
    strata: dict[int, Stratum] = {}
    judged = []
    for row, line in read_table(path, (*COLUMNS[:3], *DESIGN)):
        try:
            stratum = Stratum(
                int(line["stratum"]),
                {"yes": True, "no": False}[line["accepted"].lower()],
                float(line["low"]),
                float(line["high"]),
                int(line["population"]),
                int(line["drawn"]),
            )
            probability = float(line["probability"])
        except (KeyError, ValueError) as error:
            raise InputError(
                "the columns that say how this line was drawn were changed",
                file=path,
                row=row,
                found=error,
                fix=f"Draw the sample again and leave {', '.join(DESIGN)} as they are",
            ) from error
        if strata.setdefault(stratum.number, stratum) != stratum:
            raise InputError("two lines of one stratum disagree on it", file=path, row=row)
        label = labels.pop((line["left_id"], line["right_id"]), None)
        if label is not None:
            judged.append(Judged(label, stratum, probability))
    return tuple(strata[number] for number in sorted(strata)), tuple(judged)


def tally(judged: Sequence[Judged], stratum: Stratum) -> tuple[int, int, int]:
    """How many of a stratum were called a match, no match, unsure."""
    said = [entry.label.label for entry in judged if entry.stratum == stratum]
    match, no_match, unsure = (said.count(word) for word in LABELS)
    return match, no_match, unsure
