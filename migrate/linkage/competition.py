"""What competes for a record: entities, confounders, nobody; and items within an entity.

The same sums that the engine makes for all records at once, made for one and kept apart, so that
they can be shown: the shares are those of :class:`migrate.linkage.estimate.Shares`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from migrate.linkage.chance import joint_state
from migrate.linkage.evidence import Contest
from migrate.linkage.link import Linkage
from migrate.linkage.model import Group

Floats = npt.NDArray[np.float64]
ABSENT = 2


@dataclass(frozen=True)
class Competitor:
    """Who else it could be. ``kind`` is rival, confounder or nobody; ``row`` a rival's right row.

    ``bits`` are on one scale within a question, ``share`` is the probability.
    """

    kind: str
    name: str
    bits: float
    share: float
    row: int | None = None


@dataclass(frozen=True)
class Question:
    """How a pair stands in one group's question: prior, competitors and share.

    ``prior`` is bits before any evidence: the log2 odds of this entity (item) against none of them.
    ``spoken`` is what the nested group's evidence adds to an entity's bits; ``together`` what fields
    that agree together add to an item's.
    """

    group: str
    prior: float
    weight: float
    together: float
    spoken: float
    share: float
    competitors: tuple[Competitor, ...]


def questions(linkage: Linkage, rivals: Contest, place: int) -> tuple[Question, ...]:
    """How pair ``place`` of a contest stands in each group's question, in the model's order."""
    weight, joint, share, spoken = _items(linkage, rivals)
    first = _entity_question(linkage, rivals, place, spoken)
    if len(linkage.model.groups) == 1:
        return (first,)
    return (first, _item_question(linkage, rivals, place, weight, joint, share))


def alone(linkage: Linkage, rivals: Contest, place: int) -> float:
    """The probability of the pair's entity without what its items say of it."""
    return _entity_question(linkage, rivals, place, None).share


def _entity_question(
    linkage: Linkage, rivals: Contest, place: int, spoken: Floats | None
) -> Question:
    group = linkage.model.groups[0]
    weight = _bits(linkage, rivals, {f.name for f in linkage.model.group_fields(group.name)})
    entities = int(rivals.entity.max()) + 1
    own = int(rivals.entity[place])
    held = linkage.learned.priors[group.name]
    nobody = float(np.log2(linkage.compared.entities * (1 - held) / held))
    others = [Competitor("nobody", "nobody in the table", nobody, 0.0)]
    bits = np.full(entities, -np.inf)
    np.maximum.at(bits, rivals.entity, weight)
    silent = spoken is None
    spoken = np.zeros(entities) if spoken is None else spoken
    bits = bits + spoken
    for entity in range(entities):
        if entity != own:
            row = int(rivals.right[np.argmax(np.where(rivals.entity == entity, weight, -np.inf))])
            others.append(Competitor("rival", f"another {group.name}", bits[entity], 0.0, row))
    others += _confounders(linkage, rivals, group, own, silent=silent)
    return _shared(
        Question(group.name, -nobody, float(weight[place]), 0.0, float(spoken[own]), 0.0, ()),
        float(bits[own]),
        others,
    )


def _shared(question: Question, own: float, others: list[Competitor]) -> Question:
    """The same question with shares that sum to 1, the likeliest competitor first."""
    every = np.array([own, *(other.bits for other in others)])
    odds = np.exp2(every - every.max())
    shares = odds / odds.sum()
    found = [
        Competitor(other.kind, other.name, float(other.bits), float(share), other.row)
        for other, share in zip(others, shares[1:], strict=True)
    ]
    found.sort(key=lambda other: (-other.share, other.kind, other.name, other.row or 0))
    return Question(
        question.group,
        question.prior,
        question.weight,
        question.together,
        question.spoken,
        float(shares[0]),
        tuple(found),
    )


def _confounders(
    linkage: Linkage, rivals: Contest, group: Group, own: int, *, silent: bool
) -> list[Competitor]:
    """Those of the pair's own entity one by one, those of all rivals together, by kind."""
    found = []
    own_fields = {field.name for field in linkage.model.group_fields(group.name)}
    for kin in group.confounders:
        weight = _bits(linkage, rivals, set(kin.shares) & own_fields) + np.log2(kin.odds)
        for field in linkage.model.fields:
            levels = _levels(linkage, rivals, field.name)
            if field.name in kin.differs:
                same = np.array([*(level.same for level in field.levels), False, False])
                weight += np.where(same[levels], np.log2(kin.rarity), 0.0)
        theirs = set(kin.shares) - own_fields
        if theirs and not silent:
            weight += _bits(linkage, rivals, theirs)
            weight += linkage.learned.joint[_joint_state(linkage, rivals)]
            for name in theirs:
                weight += linkage.learned.alike(name)[_levels(linkage, rivals, name)]
        best = np.full(int(rivals.entity.max()) + 1, -np.inf)
        np.maximum.at(best, rivals.entity, weight)
        found.append(Competitor("confounder", f"a {kin.name}", float(best[own]), 0.0))
        rest = np.delete(best, own)
        if len(rest):
            total = float(np.logaddexp2.reduce(rest))
            found.append(Competitor("confounder", f"a {kin.name} of a rival", total, 0.0))
    return found


def _item_question(
    linkage: Linkage, rivals: Contest, place: int, weight: Floats, joint: Floats, share: Floats
) -> Question:
    group = linkage.model.groups[1]
    held = linkage.learned.priors[group.name]
    mates = np.flatnonzero(rivals.entity == rivals.entity[place])
    none = float(np.log2(1 - held) - np.log2(held) + np.log2(len(mates)))
    others = [Competitor("nobody", f"no {group.name} of theirs in the table", none, 0.0)]
    others += [
        Competitor(
            "rival", f"another {group.name}", float(weight[mate]), 0.0, int(rivals.right[mate])
        )
        for mate in mates
        if mate != place
    ]
    question = Question(group.name, -none, float(weight[place]), float(joint[place]), 0.0, 0.0, ())
    return _shared(question, float(weight[place]), others)


def _items(linkage: Linkage, rivals: Contest) -> tuple[Floats, Floats, Floats, Floats]:
    """Bits of each item, those of joint agreement among them, shares, and what they say a person."""
    pairs, entities = len(rivals.right), int(rivals.entity.max()) + 1
    if len(linkage.model.groups) == 1:
        return np.zeros(pairs), np.zeros(pairs), np.ones(pairs), np.zeros(entities)
    group, learned = linkage.model.groups[1], linkage.learned
    alike = np.zeros(pairs)
    for field in linkage.model.group_fields(group.name):
        alike += linkage.learned.alike(field.name)[_levels(linkage, rivals, field.name)]
    joint = learned.joint[_joint_state(linkage, rivals)]
    weight = joint + _bits(
        linkage, rivals, {f.name for f in linkage.model.group_fields(group.name)}
    )
    held = learned.priors[group.name]
    share, spoken = np.zeros(pairs), np.zeros(entities)
    for entity in range(entities):
        mates = np.flatnonzero(rivals.entity == entity)
        prior = np.log2(held) - np.log2(len(mates))
        odds = np.exp2(np.minimum(weight[mates] + prior, 500))
        share[mates] = odds / (odds.sum() + (1 - held))
        fits = np.logaddexp2.reduce(weight[mates] + alike[mates] + prior)
        spoken[entity] = np.logaddexp2(fits, np.log2(1 - held) + alike[mates].mean())
    return weight, joint, share, spoken


def _joint_state(linkage: Linkage, rivals: Contest) -> npt.NDArray[np.int64]:
    together = linkage.model.groups[1].together
    return joint_state([_levels(linkage, rivals, name) for name in together], len(rivals.right))


def _bits(linkage: Linkage, rivals: Contest, names: set[str]) -> Floats:
    chosen = [place for place, f in enumerate(linkage.model.fields) if f.name in names]
    return np.asarray(rivals.bits[chosen].sum(axis=0), dtype=np.float64)


def _levels(linkage: Linkage, rivals: Contest, name: str) -> npt.NDArray[np.int8]:
    names = [field.name for field in linkage.model.fields]
    found: npt.NDArray[np.int8] = rivals.levels[names.index(name)]
    return found
