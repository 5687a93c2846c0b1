"""A batch's linkage looked into: why a record has its candidate, and why not another degree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.keys import with_keys
from migrate.diplomas.link import Progress, diploma_model
from migrate.diplomas.outcomes import Thresholds
from migrate.errors import InputError
from migrate.linkage.calibration import Calibration, calibrated
from migrate.linkage.explain import explain
from migrate.linkage.explanation import Explanation
from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.missed import Missed, why_missed
from migrate.linkage.runner_up import WhyNot, candidates_of, why_not
from migrate.linkage.trained import Trained

NAMES = "degree_id"
Values = Mapping[str, str | None]


@dataclass(frozen=True)
class AsRead:
    """The values of a record, by its row of the source, and of a degree as they were read, by field."""

    record: Callable[[int], Values]
    degree: Callable[[str], Values]


@dataclass(frozen=True)
class Inspected:
    """A batch linked again. ``left`` holds the rows that were compared, ``right`` the registry, both
    with the model's keys; ``outcomes`` is what the batch decided; ``calibration`` a trained model's."""

    left: pa.Table
    right: pa.Table
    linkage: Linkage
    outcomes: pa.Table
    thresholds: Thresholds
    calibration: Calibration | None = None

    def outcome(self, legacy_id: str) -> dict[str, Any]:
        """What became of a record. Raises InputError where the batch has no such record."""
        found = self.outcomes.filter(pc.equal(self.outcomes.column("legacy_id"), legacy_id))
        if not found.num_rows:
            raise InputError(
                "the batch has no such legacy record",
                column="legacy_id",
                found=legacy_id,
                fix="outcomes.csv lists them",
            )
        line: dict[str, Any] = found.slice(0, 1).to_pylist()[0]
        return line

    def record(self, legacy_id: str) -> int:
        """The place of a record in ``left``. Raises InputError where it was not compared."""
        line = self.outcome(legacy_id)
        place = pc.index(self.left.column("row"), pa.scalar(line["row"], pa.int64())).as_py()
        if place < 0:
            raise InputError(
                f"this record was not compared, its outcome is {line['outcome']}: {line['reason']}",
                row=line["row"],
                column="legacy_id",
                found=legacy_id,
            )
        return int(place)

    def degree(self, degree_id: str) -> int:
        """The place of a degree in ``right``. Raises InputError where the registry has it not."""
        place = pc.index(self.right.column("degree_id"), pa.scalar(degree_id, pa.string())).as_py()
        if place < 0:
            raise InputError(
                "the registry, as the batch read it, has no such degree",
                column="degree_id",
                found=degree_id,
            )
        return int(place)


@dataclass(frozen=True)
class Account:
    """All that can be said of one record and one degree.

    ``outcome`` is the record's line of outcomes. ``pair`` is None where nobody was proposed and no
    degree was named; ``missed`` then too. ``rival`` sets the pair against the best other candidate.
    ``calibrated`` is the pair's probability as labels corrected it, None where none did.
    """

    outcome: dict[str, Any]
    pair: Explanation | None
    degree_id: str | None
    rival: WhyNot | None
    rival_id: str | None
    missed: Missed | None
    calibrated: float | None = None

    def text(self) -> str:
        """The whole of it, for a terminal."""
        line = self.outcome
        degree = f", degree {line['degree_id']}" if line["degree_id"] else ""
        lines = [
            f"Legacy record {line['legacy_id']} (row {line['row']}): {line['outcome']}{degree}.",
            f"{line['reason']}.",
            "",
        ]
        if self.pair is None or self.missed is None:
            lines.append("No rule proposed anybody for it. Name a degree to see what it lacks.")
            return "\n".join(lines) + "\n"
        lines += [f"Against degree {self.degree_id}:", "", self.pair.text()]
        if self.calibrated is not None:
            lines += [f"probability as labels corrected it: {self.calibrated:.8f}", ""]
        if self.rival is not None:
            lines += [f"The other candidate is degree {self.rival_id}.", self.rival.text()]
        return "\n".join([*lines, self.missed.text()])


def inspect(
    staged: pa.Table,
    registry: pa.Table,
    outcomes: pa.Table,
    *,
    thresholds: Thresholds | None = None,
    trained: Trained | None = None,
    only: str | None = None,
    progress: Progress | None = None,
) -> Inspected:
    """Link a batch's rows again, all but the quarantined ones, and keep the whole evidence.

    ``staged`` and ``registry`` need hold no more than ``read_for_linking`` reads; ``outcomes`` is the
    batch's, with ``row``. With ``trained`` nothing is learned; then ``only`` a
    record may be linked, which takes less time and gives it the same candidates and weights. Raises
    InputError where nothing can be linked.
    """
    unusable = outcomes.filter(pc.equal(outcomes.column("outcome"), "quarantined")).column("row")
    kept = pc.invert(pc.is_in(staged.column("row"), unusable.combine_chunks()))
    if only is not None and trained is not None:
        kept = pc.and_(kept, pc.fill_null(pc.equal(staged.column("legacy_id"), only), False))
    usable = staged.filter(kept)
    if not registry.num_rows or not (usable.num_rows or only is not None):
        raise InputError(
            "there is nothing to compare: the batch has no usable row, or the registry none",
            found=f"{usable.num_rows} rows, {registry.num_rows} degrees",
        )
    left, right = with_keys(usable), with_keys(registry)
    learned, calibration = (trained.learned, trained.calibration) if trained else (None, None)
    linkage = link_tables(left, right, diploma_model(), learned=learned, progress=progress)
    return Inspected(left, right, linkage, outcomes, thresholds or Thresholds(), calibration)


def account(
    inspected: Inspected,
    legacy_id: str,
    degree_id: str | None = None,
    *,
    as_read: AsRead | None = None,
) -> Account:
    """Explain a record's best candidate, or the degree that is named, which need be no candidate.

    It is set against the record's best candidate, or, where it is that, against the next. ``as_read``
    gives the values to show beside those that were compared. Raises InputError where the record was
    not compared or the registry has no such degree.
    """
    line = inspected.outcome(legacy_id)
    record = inspected.record(legacy_id)
    rows = candidates_of(inspected.linkage, record)
    asked = inspected.degree(degree_id) if degree_id is not None else rows[0] if rows else None
    if asked is None:
        return Account(line, None, None, None, None, None)
    other = next((row for row in rows if row != asked), None)
    pair = _explain(inspected, record, asked, as_read)
    rival = None
    if other is not None:
        rival = why_not(pair, _explain(inspected, record, other, as_read))
    missed = why_missed(
        inspected.linkage,
        inspected.left,
        inspected.right,
        (record, asked),
        accept=inspected.thresholds.accept,
        names=NAMES,
    )
    if rows and asked == rows[0]:
        # the outcome was decided on this pair, by more than its probability
        missed = replace(missed, lost=f"The record's best candidate, and {line['outcome']}.")
    corrected = None
    if inspected.calibration is not None:
        corrected = float(calibrated(np.array([pair.probability]), inspected.calibration)[0])
    ids = _id(inspected, asked), _id(inspected, other)
    return Account(line, pair, ids[0], rival, ids[1], missed, corrected)


def _explain(inspected: Inspected, record: int, row: int, as_read: AsRead | None) -> Explanation:
    tables = inspected.left, inspected.right
    found = explain(inspected.linkage, *tables, (record, row), names=NAMES)
    if as_read is None:
        return found
    source = inspected.left.column("row")[record].as_py()
    return found.as_read(as_read.record(source), as_read.degree(str(_id(inspected, row))))


def _id(inspected: Inspected, row: int | None) -> str | None:
    return None if row is None else inspected.right.column(NAMES)[row].as_py()


@dataclass(frozen=True)
class Truth:
    """True links as places in the linked tables; how many lines of the file were of no use, and why."""

    left: Sequence[int]
    right: Sequence[int]
    not_compared: int
    not_in_registry: int


def truth_of(inspected: Inspected, pairs: Sequence[tuple[str, str]]) -> Truth:
    """Find true pairs of legacy_id and degree_id in a batch; those with no degree are passed over.

    Records that the batch did not compare, and degrees that the registry has not, are counted apart.
    Raises InputError where no pair is left.
    """
    records = _places(inspected.left, "legacy_id")
    degrees = _places(inspected.right, "degree_id")
    given = [(record, degree) for record, degree in dict.fromkeys(pairs) if degree]
    known = [(records.get(record, -1), degrees.get(degree, -1)) for record, degree in given]
    absent = sum(record < 0 for record, _ in known)
    strange = sum(record >= 0 and degree < 0 for record, degree in known)
    found = [(record, degree) for record, degree in known if record >= 0 and degree >= 0]
    if not found:
        raise InputError(
            "no line of the truth file is of a record and a degree that this batch compared",
            found=f"{len(given)} pairs",
            fix="Its columns legacy_id and degree_id must hold the ids of this batch",
        )
    left, right = zip(*found, strict=True)
    return Truth(left, right, absent, strange)


def _places(table: pa.Table, column: str) -> dict[str, int]:
    values: list[Any] = table.column(column).to_pylist()
    return {value: place for place, value in enumerate(values)}
