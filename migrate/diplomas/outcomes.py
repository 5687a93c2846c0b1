"""What became of each legacy record: exactly one of eight outcomes, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from migrate.linkage.calibration import Calibration, calibrated
from migrate.linkage.link import Linkage

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Thresholds:
    """Where the lines between outcomes run.

    ``accept``: least probability of a right link for `linked`. ``person``: least probability of the
    person without what the degree says of them, for `linked`. ``clear``: how many times likelier
    than its runner-up a person or a degree must be, else `ambiguous`. ``present``: least
    probability that the registry holds the person (or the degree), else `person_missing`
    (`degree_missing`).
    """

    accept: float = 0.9999
    person: float = 0.25
    clear: float = 100.0
    present: float = 0.5


@dataclass(frozen=True)
class Decisions:
    """One entry a record that has a candidate, in the order of records.

    ``record`` is the left row; ``pair`` its best candidate (an index of the linkage's pairs);
    ``outcome`` a name; ``alone`` the person's probability without the degree; ``margin`` bits
    between it and the runner-up, NaN where it has none; ``contradicts`` the fields of the best pair
    that speak against it; ``people`` and ``degrees`` how many are too close to tell apart.
    ``rival`` marks pairs, one flag a pair.
    """

    record: Indices
    pair: Indices
    outcome: list[str]
    probability: Floats
    alone: Floats
    margin: Floats
    contradicts: list[tuple[str, ...]]
    people: Indices
    degrees: Indices
    rival: Flags


def decide(
    linkage: Linkage, thresholds: Thresholds, calibration: Calibration | None = None
) -> Decisions:
    """Decide each record by its candidates alone; duplicates and codes are looked at afterwards.

    With a ``calibration`` the probability that is held against ``accept`` is the calibrated one.

    Fields that contradict keep a record from being `linked`, however great its weight.
    """
    found = linkage.shares
    probability = calibrated(found.entity_share * found.item_share, calibration)
    starts, lengths = _runs(linkage.left)
    best = _best(found.entity_share, found.item_share, found.item_weight, starts, lengths)
    entity_starts, entity_lengths = _runs(linkage.compared.entity, linkage.left)
    run_of_entity = np.searchsorted(starts, entity_starts, side="right") - 1

    entity_share = found.entity_share[entity_starts]
    present = np.add.reduceat(entity_share, _firsts(run_of_entity))
    top_entity = np.maximum.reduceat(entity_share, _firsts(run_of_entity))
    near_entity = entity_share * thresholds.clear > top_entity[run_of_entity]
    people = np.bincount(run_of_entity, weights=near_entity, minlength=len(starts)).astype(np.int64)

    item_top = np.maximum.reduceat(found.item_share, entity_starts)
    near_item = found.item_share * thresholds.clear > np.repeat(item_top, entity_lengths)
    near_items = np.add.reduceat(near_item.astype(np.int64), entity_starts)
    held = np.add.reduceat(found.item_share, entity_starts)
    entity_of_pair = np.repeat(np.arange(len(entity_starts)), entity_lengths)
    best_entity = entity_of_pair[best]

    contradicts = contradictions(linkage, best)
    doubtful = (
        np.array([bool(names) for names in contradicts], dtype=bool)
        | (probability[best] < thresholds.accept)
        | (found.entity_alone[best] < thresholds.person)
    )
    absent = present < thresholds.present
    crowded = linkage.crowd[linkage.left[starts]] > 0
    outcome = np.select(
        [
            # so many fit that they could not all be compared
            absent & crowded & (people > 1),
            absent,
            people > 1,
            held[best_entity] < thresholds.present,
            near_items[best_entity] > 1,
            doubtful,
        ],
        ["ambiguous", "person_missing", "ambiguous", "degree_missing", "ambiguous", "mismatch"],
        "linked",
    )
    tied = np.repeat(near_entity, entity_lengths) & near_item
    rival = tied & np.repeat(outcome == "ambiguous", lengths)
    settled = np.isin(outcome, ("linked", "mismatch"))
    rival[best[settled]] = True
    return Decisions(
        record=linkage.left[starts],
        pair=best,
        outcome=outcome.tolist(),
        probability=probability[best],
        alone=found.entity_alone[best],
        margin=_margin(probability, best, starts, lengths),
        contradicts=contradicts,
        people=people,
        degrees=near_items[best_entity],
        rival=rival,
    )


def contradictions(linkage: Linkage, pairs: Indices) -> list[tuple[str, ...]]:
    """The names of the fields that speak against each pair, in the model's order."""
    against = np.zeros(len(pairs), dtype=np.int64)
    for position, field in enumerate(linkage.model.fields):
        speaks = np.array([*(level.contradicts for level in field.levels), False, False])
        against |= speaks[linkage.compared.levels[position][pairs]].astype(np.int64) << position
    names = {
        bits: tuple(
            field.name
            for position, field in enumerate(linkage.model.fields)
            if bits >> position & 1
        )
        for bits in np.unique(against).tolist()
    }
    return [names[bits] for bits in against.tolist()]


def _runs(*keys: Indices) -> tuple[Indices, Indices]:
    """Where each run of equal keys starts, and how long it is."""
    new = np.zeros(len(keys[0]), dtype=bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    starts = np.flatnonzero(new)
    return starts, np.diff(np.r_[starts, len(keys[0])])


def _firsts(run: Indices) -> Indices:
    return np.flatnonzero(np.r_[True, run[1:] != run[:-1]])


def _best(
    entity: Floats, item: Floats, weight: Floats, starts: Indices, lengths: Indices
) -> Indices:
    """The likeliest item of the likeliest entity of each run; among equals the heaviest, the first.

    The entity comes first: a degree is asked after only once its holder is.
    """
    kept = np.ones(len(entity), dtype=bool)
    for values in (entity, item, weight):
        left_over = np.where(kept, values, -np.inf)
        kept &= left_over == np.repeat(np.maximum.reduceat(left_over, starts), lengths)
    places = np.flatnonzero(kept)
    run = np.repeat(np.arange(len(starts)), lengths)[places]
    return places[_firsts(run)]


def _margin(probability: Floats, best: Indices, starts: Indices, lengths: Indices) -> Floats:
    """Bits between the best pair and the runner-up of each run; NaN where there is no other."""
    rest = probability.copy()
    rest[best] = -1.0
    second = np.maximum.reduceat(rest, starts) if len(starts) else rest
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.log2(np.maximum(probability[best], 1e-300)) - np.log2(np.maximum(second, 1e-300))
    return np.where(lengths > 1, np.minimum(bits, 999.0), np.nan)
