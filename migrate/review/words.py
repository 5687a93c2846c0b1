"""The Persian of packets: labels, explanations, decisions and reasons, kept in ``words.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from migrate.persian.letters import to_persian_digits


@dataclass(frozen=True)
class Choice:
    """One line of a drop-down: what the program knows it by, and what people see.

    ``candidate`` is the number of the candidate that it chooses, from 1, or None.
    """

    id: str
    label: str
    candidate: int | None = None


@dataclass(frozen=True)
class Level:
    """What a level of comparison is called; ``agrees`` when no letters are to be marked.

    ``against`` when two values at this level speak against each other.
    """

    label: str
    sign: str
    agrees: bool = False
    against: bool = False


@cache
def _words() -> Mapping[str, Any]:
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


def section(name: str) -> Mapping[str, Any]:
    """A section of the vocabulary: workbook, page, guide or sentences. Raises KeyError."""
    found: Mapping[str, Any] = _words()[name]
    return found


def field_label(field: str) -> str:
    """What a field is called; its own name where the vocabulary lacks it."""
    return str(_words()["fields"].get(field, field))


def value_label(field: str, value: str) -> str:
    """A coded value (sex, document type) in words; any other value as it is."""
    coded = _words().get(field) if field in ("sex", "document_type") else None
    return str(coded.get(value, value)) if coded else value


@cache
def values(field: str) -> tuple[Choice, ...]:
    """The values of a coded field (sex, document type), in their order. Raises KeyError."""
    return tuple(Choice(name, str(label)) for name, label in _words()[field].items())


def outcome_label(outcome: str) -> str:
    """What an outcome is called. Raises KeyError for one that no university decides."""
    return str(_words()["outcomes"][outcome]["label"])


def outcome_text(outcome: str, part: str) -> str:
    """The ``explain``, ``ask`` or ``side`` words of an outcome. Raises KeyError."""
    return str(_words()["outcomes"][outcome][part])


@cache
def level(name: str) -> Level:
    """The words of a level of comparison; one we have no words for is *near*, never *agrees*."""
    found = _words()["levels"].get(name)
    if found is None:
        return Level(label="نزدیک", sign="≈")
    return Level(
        found["label"], found["sign"], bool(found.get("agrees")), bool(found.get("against"))
    )


@cache
def decisions(outcome: str, candidates: int) -> tuple[Choice, ...]:
    """What a university may answer to a case with this outcome and so many candidates.

    A decision that names a candidate stands once for each of them. Raises KeyError.
    """
    words = _words()
    found = []
    for name in words["outcomes"][outcome]["decisions"]:
        label = words["decisions"][name]["label"]
        if "{n}" in label:
            found += [
                Choice(name, label.format(n=to_persian_digits(str(number))), number)
                for number in range(1, candidates + 1)
            ]
        else:
            found.append(Choice(name, label))
    return tuple(found)


@cache
def reasons(outcome: str) -> tuple[Choice, ...]:
    """The reasons a university may give in a case with this outcome. Raises KeyError."""
    words = _words()
    named = words["outcomes"][outcome]["reasons"]
    return tuple(Choice(name, words["reasons"][name]) for name in named)


def meanings(outcome: str) -> tuple[tuple[str, str], ...]:
    """The decisions of an outcome with what each means, for the guide. Raises KeyError."""
    words = _words()
    named = words["outcomes"][outcome]["decisions"]
    found = (words["decisions"][name] for name in named)
    return tuple((entry["label"].format(n="…"), entry["what"]) for entry in found)
