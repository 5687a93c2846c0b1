"""A linkage model as plain data: fields and their levels, blocking rules, groups, thresholds.

A model names columns of two tables, left (the records) and right (the reference). Every question
is a group of fields: the first group asks which entity (a person), a second, nested one asks which
of that entity's items (a degree). One group is enough for ordinary linkage.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from migrate.errors import InputError

MISSING, UNCOMPARABLE = "missing", "uncomparable"
# rows of the right table that a record may meet in one block, where a rule says nothing else
BUDGET = 100
OPERATORS = {
    "equal",
    "known",
    "neighbour",
    "subset",
    "within",
    "similar",
    "slip",
    "short_slip",
    "same_day",
    "overlap",
    "date_slip",
    "within_days",
}


@dataclass(frozen=True)
class Level:
    """One answer to how a field's two values compare; the first that holds is the answer.

    ``operator`` is one of OPERATORS and works on ``column`` of both tables, or None for the last
    level, which takes what is left. ``bound`` is the operator's number. ``m`` is the probability of
    the level among right links before training, ``u`` a floor of its probability by chance, where
    the tables cannot show it. ``term_frequency`` weighs agreement on a rare value above agreement
    on a common one. ``unless`` names a column: the level does not hold where both sides have a
    value of it and the two differ. ``contradicts`` marks an answer that speaks against a link;
    ``uncomparable`` one that says nothing: both values are there, and there is no telling whether
    they differ. ``same`` marks the same value in other writing, as the first level always is.
    """

    name: str
    m: float
    operator: str | None = None
    column: str | None = None
    bound: float = 0.0
    u: float = 0.0
    term_frequency: bool = False
    unless: str | None = None
    contradicts: bool = False
    uncomparable: bool = False
    same: bool = False


@dataclass(frozen=True)
class FieldComparison:
    """How one field is compared. ``value`` is the column that is null where there is none.

    ``unread`` names a boolean column that is true where a value stood but could not be read.
    """

    name: str
    group: str
    value: str
    levels: tuple[Level, ...]
    unread: str | None = None


@dataclass(frozen=True)
class Confounder:
    """Someone else who agrees on some fields for a reason: a twin, a sibling, a namesake.

    ``odds`` is how many such there are to each right entity; the fields it ``shares`` agree as in a
    right link, the fields in which it ``differs`` have the same value ``rarity`` times as seldom as a
    stranger's, all others agree as a stranger's. Where it ``shares`` fields of the nested group, it
    has an item that agrees in them as the right one would.
    """

    name: str
    odds: float
    shares: tuple[str, ...]
    differs: tuple[str, ...] = ()
    rarity: float = 0.01


@dataclass(frozen=True)
class Group:
    """One question: which entity, or which item of it. ``key`` is the right table's column for it.

    ``prior`` is the share of records whose entity (or item) the right table holds, before training.
    ``together`` names fields of a nested group that do not agree independently by chance: how often
    they do is counted for all of them at once, in the right table's own entities.
    """

    name: str
    key: str
    prior: float
    confounders: tuple[Confounder, ...] = ()
    together: tuple[str, ...] = ()


@dataclass(frozen=True)
class BlockingRule:
    """Pairs that agree on these columns are candidates; left and right columns pair up in order.

    In a block where a record would meet more than ``budget`` rows of the right table, it must agree
    on one of the ``split`` columns too, or on two of them where one is not enough.
    """

    name: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    split: tuple[str, ...] = ()
    budget: int = BUDGET


@dataclass(frozen=True)
class LinkageModel:
    """The whole model. ``swaps`` are pairs of fields that are keyed into each other's place.

    ``record`` is the left table's key, by which its rows are put in order, so that the order they
    come in changes nothing.
    """

    version: int
    groups: tuple[Group, ...]
    fields: tuple[FieldComparison, ...]
    rules: tuple[BlockingRule, ...]
    swaps: tuple[tuple[str, str], ...] = ()
    swap_columns: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    record: str | None = None

    def group_fields(self, group: str) -> tuple[FieldComparison, ...]:
        """The fields that answer one question, in the model's order."""
        return tuple(f for f in self.fields if f.group == group)


def read_model(path: Path) -> LinkageModel:
    """Read a model from a YAML file. Raises InputError naming the entry that cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError("the linkage model cannot be read", file=path, found=error) from error
    try:
        return model_of(data)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "the linkage model has an entry that cannot be used", file=path, found=error
        ) from error


def model_of(data: Mapping[str, Any]) -> LinkageModel:
    """A model from plain data, as it stands in YAML. Raises KeyError, TypeError, ValueError."""
    groups = tuple(
        Group(
            name,
            entry["key"],
            float(entry["prior"]),
            tuple(
                Confounder(
                    kin["name"],
                    float(kin["odds"]),
                    tuple(kin["shares"]),
                    tuple(kin.get("differs", ())),
                    float(kin.get("rarity", 0.01)),
                )
                for kin in entry.get("confounders", ())
            ),
            tuple(entry.get("together", ())),
        )
        for name, entry in data["groups"].items()
    )
    fields = tuple(_field(name, entry) for name, entry in data["fields"].items())
    rules = tuple(_rule(entry) for entry in data["blocking"])
    swaps = tuple((first, second) for first, second in data.get("swaps", {}).get("fields", ()))
    model = LinkageModel(
        version=int(data["version"]),
        groups=groups,
        fields=fields,
        rules=rules,
        swaps=swaps,
        swap_columns=dict(data.get("swaps", {}).get("columns", {})),
        digest=hashlib.sha256(
            json.dumps(data, sort_keys=True, ensure_ascii=False, default=str).encode()
        ).hexdigest(),
        record=data.get("record"),
    )
    _check(model)
    return model


def _field(name: str, entry: Mapping[str, Any]) -> FieldComparison:
    levels: list[Level] = []
    for raw in entry["levels"]:
        given = dict(raw)
        operators = OPERATORS & given.keys()
        if len(operators) > 1:
            raise ValueError(f"field {name}, level {given['name']}: one operator at most")
        operator = operators.pop() if operators else None
        column = given.pop(operator) if operator else None
        if operator is None and raw is not entry["levels"][-1] and given["name"] != "swapped":
            raise ValueError(f"field {name}, level {given['name']}: only the last has no operator")
        levels.append(
            Level(
                name=given.pop("name"),
                m=float(given.pop("m")),
                operator=operator,
                column=column,
                bound=float(given.pop("bound", 0.0)),
                u=float(given.pop("u", 0.0)),
                term_frequency=bool(given.pop("term_frequency", False)),
                unless=given.pop("unless", None),
                contradicts=bool(given.pop("contradicts", False)),
                uncomparable=bool(given.pop("uncomparable", False)),
                same=bool(given.pop("same", not levels)),
            )
        )
        if given:
            raise ValueError(f"field {name}: unknown entries {sorted(given)}")
    return FieldComparison(
        name, entry["group"], entry.get("value", name), tuple(levels), entry.get("unread")
    )


def _rule(entry: Mapping[str, Any]) -> BlockingRule:
    left = tuple(entry["columns"]) if "columns" in entry else tuple(entry["left"])
    right = tuple(entry["columns"]) if "columns" in entry else tuple(entry["right"])
    return BlockingRule(
        entry["name"], left, right, tuple(entry.get("split", ())), int(entry.get("budget", BUDGET))
    )


def _check(model: LinkageModel) -> None:
    names = [group.name for group in model.groups]
    if len(names) not in (1, 2):
        raise ValueError("a model has one group of fields or two, the second nested in the first")
    known = {entry.name for entry in model.fields}
    for entry in model.fields:
        if entry.group not in names:
            raise ValueError(f"field {entry.name}: unknown group {entry.group}")
        if len({level.name for level in entry.levels}) != len(entry.levels):
            raise ValueError(f"field {entry.name}: two levels have one name")
        total = sum(level.m for level in entry.levels)
        if not 0.99 < total < 1.01:
            raise ValueError(f"field {entry.name}: the m of its levels sum to {total:.3f}, not 1")
        if any(level.m <= 0 for level in entry.levels):
            raise ValueError(f"field {entry.name}: every m must be over 0")
    for group in model.groups:
        strangers = set(group.together) - {entry.name for entry in model.group_fields(group.name)}
        if strangers:
            raise ValueError(f"group {group.name}: together names {sorted(strangers)}, not of it")
        for kin in group.confounders:
            unknown = set(kin.shares + kin.differs) - known
            if unknown:
                raise ValueError(f"confounder {kin.name}: unknown fields {sorted(unknown)}")
    for rule in model.rules:
        if len(rule.left) != len(rule.right) or not rule.left:
            raise ValueError(f"blocking rule {rule.name}: left and right must pair up")
