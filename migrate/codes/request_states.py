"""The states of a request, and what a graduate reads of each, in Persian and in English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from migrate.codes.policy import Policy, Rule, Words, load
from migrate.persian.lists import read_list

RECEIVED = "received"
LINKING = "linking"
WITH_UNIVERSITY = "with_university"
REFUSED = "refused"
ISSUED = "issued"
STATES = (RECEIVED, LINKING, WITH_UNIVERSITY, REFUSED, ISSUED)

# how a state came about, where that has words of its own; rules of the policy are others
LINKED = "linked"
ALREADY_CODED = "already-coded"
CODE_SUSPENDED = "code-suspended"
CODE_REVOKED = "code-revoked"
QUARANTINED = "quarantined"
UNIVERSITY_REFUSED = "university-refused"
DECIDED = "decided"

# between a reason's English and its Persian, as in quarantine.csv
BOTH = " | "
_SOURCE = Path(__file__).with_suffix(".yaml")


def state_words(state: str) -> Words:
    """What a state is, in one sentence. Raises KeyError for one that is not of ``STATES``."""
    return Words(**_words()["states"][state])


def rule_words(rule: str | None, policy: Policy | None = None) -> tuple[Words | None, Words | None]:
    """What a rule says, and what to do instead; None for what it has no words for.

    :param rule: one of this module, of the policy, or the name of an outcome, which says nothing.
    """
    if rule in _words()["rules"]:
        held = _words()["rules"][rule]
        return Words(**held["words"]), Words(**held["instead"]) if "instead" in held else None
    found = _of_policy(rule, policy or load())
    return (found.words, found.instead) if found else (None, None)


def together(*parts: Words | None) -> Words:
    """Several sentences as one text, in both languages."""
    said = [part for part in parts if part is not None]
    return Words(" ".join(part.fa for part in said), " ".join(part.en for part in said))


def reasons(texts: str | None) -> Words | None:
    """Reasons as an event keeps them, a line each: English, ``BOTH``, Persian."""
    lines = [line.partition(BOTH) for line in (texts or "").split("\n") if line]
    if not lines:
        return None
    return Words(
        " ".join(_sentence(fa or en) for en, _, fa in lines),
        " ".join(_sentence(en) for en, _, _ in lines),
    )


def reason_of(words: Words) -> str:
    """Words as a line of an event's reason."""
    return f"{words.en}{BOTH}{words.fa}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "؟", "!")) else f"{text}."


def _of_policy(rule: str | None, policy: Policy) -> Rule | None:
    return next((one for one in (*policy.rules, policy.future) if one.id == rule), None)


@cache
def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_list(_SOURCE)
    return found
