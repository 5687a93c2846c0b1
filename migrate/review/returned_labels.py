"""Labels of drop-downs as people return them: picked, typed by hand, or nearly right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from migrate.diplomas.terms import CASES
from migrate.persian import letters
from migrate.review import words
from migrate.review.words import Choice

# more candidates than any case has
_MOST = 30
_NEAR = 70.0


@dataclass(frozen=True)
class Unread:
    """A label that is none of the choices: another case's, or ``near`` to one of these, or neither."""

    elsewhere: bool
    near: str = ""


def read_label(text: str, choices: Sequence[Choice], kind: str) -> Choice | Unread:
    """The choice that a text is, by ``letters.key``; a near one is suggested, never taken.

    What stands before a label's bracket is enough where only one choice begins so: تأیید.

    :param choices: of the case. :param kind: ``decision`` or ``reason``.
    """
    found = _named(text, choices)
    if found is not None:
        return found
    wanted = letters.key(text)
    if any(wanted in (letters.key(one.label), letters.key(_head(one.label))) for one in _all(kind)):
        return Unread(elsewhere=True)
    by_key = {letters.key(choice.label): choice.label for choice in choices}
    by_key |= {letters.key(_head(choice.label)): choice.label for choice in choices}
    near = process.extractOne(
        letters.key(text)[:200], list(by_key), scorer=fuzz.ratio, score_cutoff=_NEAR
    )
    return Unread(elsewhere=False, near=by_key[near[0]] if near else "")


def _named(text: str, choices: Sequence[Choice]) -> Choice | None:
    wanted = letters.key(text)
    whole = [choice for choice in choices if letters.key(choice.label) == wanted]
    heads = [choice for choice in choices if letters.key(_head(choice.label)) == wanted]
    return whole[0] if whole else heads[0] if len({one.id for one in heads}) == 1 else None


def _head(label: str) -> str:
    return label.partition("(")[0]


@cache
def _all(kind: str) -> tuple[Choice, ...]:
    if kind == "reason":
        return tuple(choice for outcome in CASES for choice in words.reasons(outcome))
    return tuple(choice for outcome in CASES for choice in words.decisions(outcome, _MOST))
