"""m probabilities and priors by expectation–maximisation over candidates that compete.

A record has one entity or none, and of that entity one item or none. The E-step therefore gives
each candidate its share against its rivals, against an entity that the reference does not hold, and
against the model's confounders; the M-step counts levels by those shares (Dempster et al. 1977).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from migrate.linkage.chance import joint_state
from migrate.linkage.labels import Labelled, emphasis, held
from migrate.linkage.model import LinkageModel

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
# the model's own m count as this many right links: a small batch is not taken at its word
PRIOR_LINKS = 50.0
ROUNDS, CLOSE_ENOUGH = 25, 1e-4
# pairs weighed at once: bounds what is held beside the shares
PART = 500_000


@dataclass(frozen=True)
class Probabilities:
    """What was learned: m and u of each field's levels, and the prior of each group.

    ``stranger`` is, for the fields of a nested group, u between the items of two different
    entities, where ``u`` is between two items of one. ``joint`` is bits by the joint state of the
    nested group's fields that agree together.
    """

    m: dict[str, Floats]
    u: dict[str, Floats]
    priors: dict[str, float]
    stranger: dict[str, Floats] = field(default_factory=dict)
    joint: Floats = field(default_factory=lambda: np.zeros(1))

    def weights(self, field: str) -> Floats:
        """Match weights of a field's levels, log2(m/u), in bits, with 0 for both kinds of absence.

        Indexed by level code: the last two places serve -2 (could not be compared), -1 (missing).
        """
        return np.concatenate([np.log2(self.m[field] / self.u[field]), np.zeros(2)])

    def between(self, field: str) -> Floats:
        """The same against strangers, also for the fields of a nested group."""
        u = self.stranger.get(field, self.u[field])
        return np.concatenate([np.log2(self.m[field] / u), np.zeros(2)])

    def alike(self, field: str) -> Floats:
        """Bits by level code of a nested group's field: how much likelier within an entity than not."""
        return np.concatenate([np.log2(self.u[field] / self.stranger[field]), np.zeros(2)])


@dataclass(frozen=True)
class Compared:
    """Candidates as arrays, sorted by record, then entity: what EM and scoring work on.

    ``levels`` has shape (fields, pairs); ``terms`` the term-frequency bits of those fields, by their
    position, that have any, one float32 a pair; ``record`` and ``entity`` number each pair's record
    and entity; ``entities`` is how many entities the reference holds.
    """

    levels: Levels
    terms: dict[int, npt.NDArray[np.float32]]
    record: npt.NDArray[Any]
    entity: npt.NDArray[Any]
    entities: float

    def part(self, pairs: slice | npt.NDArray[np.bool_]) -> Compared:
        """Some of the candidates: whole records of them."""
        return Compared(
            self.levels[:, pairs],
            {position: bits[pairs] for position, bits in self.terms.items()},
            self.record[pairs],
            self.entity[pairs],
            self.entities,
        )

    def starts(self) -> tuple[Indices, Indices]:
        """Where each (record, entity) begins among pairs, and each record among those."""
        new_record = np.r_[True, self.record[1:] != self.record[:-1]]
        new_entity = new_record | np.r_[True, self.entity[1:] != self.entity[:-1]]
        begins = np.flatnonzero(new_entity)
        return begins, np.flatnonzero(new_record[begins])


@dataclass(frozen=True)
class Shares:
    """Bits and posterior shares of candidates.

    ``entity_weight`` and ``item_weight`` are bits a pair; ``entity_share`` the probability that the
    record is this entity, ``entity_alone`` the same without what its items say, ``item_share`` that
    it is this item if it is the entity; ``item_together`` the bits within ``item_weight`` that are of
    no single field but of fields that agree together; each a pair.
    """

    entity_weight: Floats
    item_weight: Floats
    entity_share: Floats
    entity_alone: Floats
    item_share: Floats
    item_together: Floats


def shares(
    compared: Compared, model: LinkageModel, learned: Probabilities, *, threads: int = 1
) -> Shares:
    """The E-step: how likely each candidate is, against all that could be true instead."""
    pairs = len(compared.record)
    out = Shares(*(np.zeros(pairs) for _ in range(6)))
    cuts = _between_records(compared.record)

    def part(begin: int, end: int) -> None:
        found = _shares(compared.part(slice(begin, end)), model, learned)
        for name, values in vars(found).items():
            getattr(out, name)[begin:end] = values

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        list(pool.map(part, cuts[:-1], cuts[1:]))
    return out


def _between_records(record: npt.NDArray[Any]) -> list[int]:
    """Where to cut candidates into parts of about PART pairs without cutting a record."""
    cuts = [0]
    while cuts[-1] < len(record):
        end = min(cuts[-1] + PART, len(record))
        if end < len(record):
            # a record's pairs stand together: cut where this one's begin, or where they end
            start = int(np.searchsorted(record[cuts[-1] : end], record[end], side="left"))
            end = cuts[-1] + start if start else _end_of_record(record, end)
        cuts.append(end)
    return cuts


def _end_of_record(record: npt.NDArray[Any], inside: int) -> int:
    return inside + int(np.argmax(np.r_[record[inside:] != record[inside], True]))


def _shares(compared: Compared, model: LinkageModel, learned: Probabilities) -> Shares:
    first = model.groups[0]
    pairs = len(compared.record)
    if not pairs:
        return Shares(*(np.zeros(0) for _ in range(6)))
    weight = np.zeros(pairs)
    confounding = [np.full(pairs, np.log2(kin.odds)) for kin in first.confounders]
    # what a confounder's own items say, who shares their fields
    said = {place: np.zeros(pairs) for place in _sharing(model)}
    for position, entry in enumerate(model.fields):
        levels = compared.levels[position]
        bits = learned.between(entry.name)[levels]
        if position in compared.terms:
            bits += compared.terms[position]
        if entry.group == first.name:
            weight += bits
        else:
            for place, total in said.items():
                if entry.name in first.confounders[place].shares:
                    total += bits
            continue
        same = np.array([*(level.same for level in entry.levels), False, False])
        for kin, total in zip(first.confounders, confounding, strict=True):
            if entry.name in kin.shares:
                total += bits
            if entry.name in kin.differs:
                total += np.where(same[levels], np.log2(kin.rarity), 0.0)
    begins, records = compared.starts()
    lengths = np.diff(np.r_[begins, pairs])
    item_weight, item_share, speaks, joint = _items(compared, model, learned, begins, lengths)
    best = np.maximum.reduceat(weight, begins)
    others = np.full(len(begins), -np.inf)
    silent = others.copy()
    for place, total in enumerate(confounding):
        most = np.maximum.reduceat(total, begins)
        silent = np.logaddexp2(silent, most)
        if place in said:
            most = np.maximum.reduceat(total + said[place] + joint, begins)
        others = np.logaddexp2(others, most)
    prior = learned.priors[first.name]
    none = float(np.log2(compared.entities * (1 - prior) / prior))
    together = _compete(best + speaks, others, none, records)
    alone = _compete(best, silent, none, records)
    return Shares(
        weight,
        item_weight,
        np.repeat(together, lengths),
        np.repeat(alone, lengths),
        item_share,
        joint,
    )


def _sharing(model: LinkageModel) -> list[int]:
    """Which confounders of the entity share fields of its items."""
    nested = {entry.name for group in model.groups[1:] for entry in model.group_fields(group.name)}
    kin = model.groups[0].confounders
    return [place for place, other in enumerate(kin) if nested & set(other.shares)]


def _compete(bits: Floats, confounding: Floats, none: float, records: Indices) -> Floats:
    """The share of each entity of a record, against its others, confounders and nobody."""
    lengths = np.diff(np.r_[records, len(bits)])
    top = np.maximum(np.maximum.reduceat(np.maximum(bits, confounding), records), none)
    spread = np.repeat(top, lengths)
    odds, others = np.exp2(bits - spread), np.exp2(confounding - spread)
    total = np.add.reduceat(odds + others, records) + np.exp2(none - top)
    return np.asarray(odds / np.repeat(total, lengths), dtype=np.float64)


def _items(
    compared: Compared,
    model: LinkageModel,
    learned: Probabilities,
    begins: Indices,
    lengths: Indices,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Bits and shares of items within their entity; what they say of it; bits of joint agreement.

    Among one entity's items an item is weighed against its siblings (m over u within an entity).
    Between entities an item that fits speaks for its entity too, against a stranger's items; so do
    items that do not fit, as far as they look like this entity's others. What they say is bits an
    entity, all else a pair each.
    """
    pairs = compared.levels.shape[1]
    if len(model.groups) == 1:
        return np.zeros(pairs), np.ones(pairs), np.zeros(len(begins)), np.zeros(pairs)
    second = model.groups[1]
    weight, alike = np.zeros(pairs), np.zeros(pairs)
    for position, entry in enumerate(model.fields):
        if entry.group == second.name:
            level = compared.levels[position]
            weight += learned.weights(entry.name)[level]
            alike += learned.alike(entry.name)[level]
    together = [compared.levels[_place(model, name)] for name in second.together]
    joint = learned.joint[joint_state(together, pairs)]
    weight += joint
    against = weight + alike
    held = learned.priors[second.name]
    prior = np.log2(held) - np.log2(np.repeat(lengths, lengths))
    odds = np.exp2(np.minimum(weight + prior, 500))
    share = odds / np.repeat(np.add.reduceat(odds, begins) + (1 - held), lengths)
    fits = np.logaddexp2.reduceat(against + prior, begins)
    other = np.log2(1 - held) + np.add.reduceat(alike, begins) / lengths
    return weight, share, np.logaddexp2(fits, other), joint


def _place(model: LinkageModel, name: str) -> int:
    return [entry.name for entry in model.fields].index(name)


def learn(
    compared: Compared,
    model: LinkageModel,
    u: dict[str, Floats],
    stranger: dict[str, Floats] | None = None,
    joint: Floats | None = None,
    known: Labelled | None = None,
) -> Probabilities:
    """Learn m and the priors from candidates, given u; deterministic, no random start.

    Starts from the model's own m, which also weigh as ``PRIOR_LINKS`` right links at the end, so a
    level that a batch never shows keeps a probability over 0. What is ``known`` of some candidates
    stands in place of their shares.
    """
    start = {f.name: np.array([level.m for level in f.levels]) for f in model.fields}
    start = {name: m / m.sum() for name, m in start.items()}
    priors = {group.name: group.prior for group in model.groups}
    learned = Probabilities(
        start, u, priors, stranger or {}, joint if joint is not None else np.zeros(1)
    )
    if not compared.levels.shape[1]:
        return learned
    begins, records = compared.starts()
    counts = np.ones(1) if known is None else emphasis(compared.record, known)
    number = len(records) if known is None else float(counts[begins[records]].sum())
    for _ in range(ROUNDS):
        found = shares(compared, model, learned)
        if known is not None:
            found = held(found, compared, known)
            # a record that counts for several has several times its shares
            found = replace(found, entity_share=found.entity_share * counts)
        newer = _maximise(compared, model, learned, start, found, begins, number)
        moved = max(float(np.abs(newer.m[name] - learned.m[name]).max()) for name in start)
        learned = newer
        if moved < CLOSE_ENOUGH:
            break
    return learned


def _maximise(
    compared: Compared,
    model: LinkageModel,
    learned: Probabilities,
    start: dict[str, Floats],
    found: Shares,
    begins: Indices,
    records: float,
) -> Probabilities:
    first = model.groups[0]
    # an entity's fields stand on each of its items: its best pair speaks for it
    best = _best_of(found.entity_weight, begins)
    m = dict(learned.m)
    for position, entry in enumerate(model.fields):
        if entry.group == first.name:
            level, share = compared.levels[position][best], found.entity_share[best]
        else:
            level, share = compared.levels[position], found.entity_share * found.item_share
        known = level >= 0
        counted = np.bincount(level[known], weights=share[known], minlength=len(entry.levels))
        m[entry.name] = (counted + start[entry.name] * PRIOR_LINKS) / (counted.sum() + PRIOR_LINKS)
    priors = dict(learned.priors)
    sure = float(found.entity_share[best].sum())
    priors[first.name] = (sure + first.prior * PRIOR_LINKS) / (records + PRIOR_LINKS)
    if len(model.groups) == 2:
        second = model.groups[1]
        held = float((found.entity_share * found.item_share).sum())
        priors[second.name] = (held + second.prior * PRIOR_LINKS) / (sure + PRIOR_LINKS)
    priors = {name: min(max(prior, 0.01), 0.999) for name, prior in priors.items()}
    return replace(learned, m=m, priors=priors)


def _best_of(weight: Floats, begins: Indices) -> Indices:
    """The first pair of the greatest weight in each run of pairs."""
    lengths = np.diff(np.r_[begins, len(weight)])
    top = np.repeat(np.maximum.reduceat(weight, begins), lengths)
    places = np.flatnonzero(weight == top)
    run = np.repeat(np.arange(len(begins)), lengths)[places]
    return places[np.r_[True, run[1:] != run[:-1]]]
