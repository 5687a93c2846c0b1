"""Links of a batch for a person to check, and what their labels teach: a sample, a calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.outcomes import Thresholds, contradictions
from migrate.diplomas.terms import FOUND
from migrate.errors import InputError
from migrate.linkage.calibration import Calibration, calibrate
from migrate.linkage.clerical import SIZE, ClericalSample, draw, write_sample
from migrate.linkage.estimate import shares
from migrate.linkage.labels import Label, Labelled, labelled
from migrate.linkage.link import Linkage

# what a person compares, in the order in which paper shows it
SHOWN = (
    "first_name",
    "last_name",
    "father_name",
    "sex",
    "national_id",
    "birth_cert_no",
    "birth_place",
    "birth_date",
    "university",
    "field_of_study",
    "degree",
    "graduation_date",
    "diploma_no",
)


@dataclass(frozen=True)
class Links:
    """Links that only their probability decides: no field contradicts. Lists and arrays, one a link.

    ``row`` is the source's; ``accepted`` says whether the outcome is one of FOUND.
    """

    row: list[int]
    legacy_id: list[str]
    degree_id: list[str]
    probability: npt.NDArray[np.float64]
    accepted: npt.NDArray[np.bool_]


def links_of(outcomes: pa.Table) -> Links:
    """The links of a batch's outcomes (the table, or ``outcomes.parquet``) that a sample is drawn from.

    They are the accepted, and those that thin evidence alone made a `mismatch`.
    """
    accepted: Any = pc.is_in(outcomes.column("outcome"), pa.array(FOUND))
    thin: Any = pc.and_(
        pc.equal(outcomes.column("outcome"), "mismatch"),
        pc.equal(pc.fill_null(outcomes.column("contradicts"), ""), ""),
    )
    taken: Any = outcomes.append_column("accepted", accepted).filter(pc.or_(accepted, thin))
    return Links(
        taken.column("row").to_pylist(),
        taken.column("legacy_id").to_pylist(),
        taken.column("degree_id").to_pylist(),
        taken.column("probability").to_numpy().astype(np.float64),
        taken.column("accepted").to_numpy(zero_copy_only=False).astype(bool),
    )


def sample_links(
    path: Path,
    outcomes: pa.Table,
    staged: pa.Table,
    registry: pa.Table,
    *,
    size: int = SIZE,
    seed: int = 20,
) -> ClericalSample:
    """Draw links of a batch and write them for people, both sides' values as they were read.

    :param path: the CSV to write; see ``migrate.linkage.clerical.write_sample``.
    :param outcomes: of the batch, with ``row``; ``staged`` and ``registry`` its other tables.
    :param size: links to draw, three in four of them accepted ones.
    :param seed: of the draw; the order of rows does not matter.
    """
    links = links_of(outcomes)
    sample = draw(
        links.probability, links.accepted, links.legacy_id, links.degree_id, size=size, seed=seed
    )
    places = sample.places.tolist()
    records = _taken(staged, "row", [links.row[place] for place in places])
    degrees = _taken(registry, "degree_id", [links.degree_id[place] for place in places])
    values = {}
    for name in SHOWN:
        values[f"{name} (record)"] = records.column(f"raw_{name}").to_pylist()
        values[f"{name} (degree)"] = degrees.column(f"raw_{name}").to_pylist()
    values["page_ref"] = records.column("raw_page_ref").to_pylist()
    write_sample(
        path,
        sample,
        links.probability,
        links.legacy_id,
        links.degree_id,
        pd.DataFrame(values, dtype=object),
    )
    return sample


def _taken(table: pa.Table, key: str, wanted: Sequence[Any]) -> pa.Table:
    """The rows of ``table`` whose ``key`` is as wanted, in that order."""
    column: Any = table.column(key)
    places: Any = pc.index_in(pa.array(wanted, column.type), value_set=column.combine_chunks())
    return table.take(places)


def known_links(
    labels: Sequence[Label],
    linkage: Linkage,
    outcomes: pa.Table,
    staged: pa.Table,
    registry: pa.Table,
) -> Labelled:
    """Find a batch's labels among the candidates of its linkage."""
    unusable = outcomes.filter(pc.equal(outcomes.column("outcome"), "quarantined")).column("row")
    usable = staged.filter(pc.invert(pc.is_in(staged.column("row"), unusable.combine_chunks())))
    return labelled(
        labels,
        usable.column("legacy_id"),
        registry.column("degree_id"),
        linkage.left,
        linkage.right,
    )


def calibration_of(
    known: Labelled, linkage: Linkage, thresholds: Thresholds | None = None
) -> Calibration:
    """Learn a calibration from labelled candidates.

    Only those take part that probability alone would decide: no field contradicts, and the person
    stands without what the degree says. What else a batch would refuse says nothing of the accept
    line. The probabilities are the model's own, no label held. Raises InputError without any.
    """
    thresholds = thresholds or Thresholds()
    record = linkage.compared.record
    part = np.isin(record, record[known.pairs])
    found = shares(linkage.compared.part(part), linkage.model, linkage.learned)
    place = (np.cumsum(part) - 1)[known.pairs]
    clear = np.array([not names for names in contradictions(linkage, known.pairs)], dtype=bool)
    clear &= found.entity_alone[place] >= thresholds.person
    if not clear.any():
        raise InputError(
            "no label to calibrate by: none is of a candidate that no field contradicts",
            fix="Label a sample that `migrate link --sample` drew from this batch",
        )
    probability = (found.entity_share * found.item_share)[place]
    return calibrate(probability[clear], known.match[clear])
