"""What `migrate link` answers of samples, labels and training, for a person and for a machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from migrate.batch.commands.link_answers import Answer
from migrate.batch.inspection import Reopened
from migrate.diplomas.decided import SHOWN, calibration_of, known_links, links_of, sample_links
from migrate.diplomas.inspection import Inspected
from migrate.errors import InputError
from migrate.linkage.clerical import read_sample
from migrate.linkage.labels import LABELS, MATCH, UNSURE, joined, read_labels
from migrate.linkage.reliability import reliability, threshold_for
from migrate.linkage.supervision import learn_with
from migrate.linkage.trained import trained_of, write_trained
from migrate.linkage.verdict import verdict


def sampled(opened: Reopened, size: int, out: Path, seed: int) -> Answer:
    """Draw links for a person to look at."""
    shown = [f"raw_{name}" for name in SHOWN]
    sample = sample_links(
        out,
        opened.outcomes,
        opened.staged(["row", *shown, "raw_page_ref"]),
        opened.registry(["degree_id", *shown]),
        size=size,
        seed=seed,
    )
    drawn = len(sample.places)
    text = (
        f"wrote {out}: {drawn:,} links. Fill in the column label with match, no match or unsure, "
        f"then `migrate link --batch {opened.folder.name} --labels {out}`"
    )
    return Answer(
        text, {"file": str(out), "links": drawn, "strata": [asdict(s) for s in sample.strata]}
    )


def labelled(opened: Reopened, path: Path, rate: float) -> Answer:
    """What a labelled sample shows of wrong links, of probabilities, and where to accept."""
    strata, judged = read_sample(path)
    if not judged:
        raise InputError(
            "no line of this sample is labelled yet",
            file=path,
            column="label",
            fix=f"Write {', '.join(LABELS)} beside each link that was looked at",
        )
    links, near = (verdict(strata, judged, rate=rate, accepted=of) for of in (True, False))
    decided = [entry for entry in judged if entry.label.label != UNSURE]
    table = reliability(
        np.array([entry.probability for entry in decided], dtype=np.float64),
        np.array([entry.label.label == MATCH for entry in decided], dtype=bool),
    )
    line = threshold_for(links_of(opened.outcomes).probability, rate=rate)
    used = opened.thresholds.accept
    text = [
        links.text(),
        f"Of {near.population:,} links that were nearly accepted {near.looked:,} were looked at: "
        f"{near.looked - near.wrong - near.unsure} are right and were sent to a university.",
        "",
        "Do probabilities mean what they say:",
        table.text(),
        "",
        f"For at most {rate:g} wrong, by the model: accept from {line.accept:.8f} on, "
        f"{line.pairs:,} links, {line.expected_wrong:.2g} of them wrong. The batch used {used:g}.",
    ]
    data = {
        "verdict": asdict(links) | {"answer": links.answer},
        "nearly_accepted": asdict(near),
        "reliability": asdict(table),
        "threshold": asdict(line),
        "accept_used": used,
    }
    return Answer("\n".join(text), data)


def trained(
    inspected: Inspected,
    opened: Reopened,
    labels: Path | None,
    out: Path,
    *,
    decisions: bool = False,
) -> Answer:
    """Write what the batch's linkage learned; labels and decisions mend and calibrate it."""
    linkage = inspected.linkage
    known, calibration, given = None, None, list(read_labels(labels)) if labels else []
    if decisions:
        given = joined(given, opened.decided())
    if given or labels is not None:
        tables = (
            opened.outcomes,
            opened.staged(["row", "legacy_id"]),
            opened.registry(["degree_id"]),
        )
        known = known_links(given, linkage, *tables)
        linkage = learn_with(linkage, known)
        try:
            calibration = calibration_of(known, linkage, inspected.thresholds)
        except InputError:
            # universities decide what contradicts: there may be none that probability alone would
            if labels is not None:
                raise
    count = 0 if known is None else len(known.pairs)
    model = trained_of(linkage, labels=count, calibration=calibration)
    write_trained(out, model)
    said = f", with {count:,} labels" if known is not None else ""
    if decisions and calibration is None:
        said += ", not calibrated: no decision is of a pair that only its probability decides"
    text = (
        f"wrote {out}: learned from {model.pairs:,} candidates of {model.records:,} records{said}; "
        f"sha256 {model.sha256}"
    )
    return Answer(text, {"file": str(out), "sha256": model.sha256, "labels": count})
