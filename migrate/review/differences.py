"""Where two values differ, letter by letter, as a Persian reader sees it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from migrate.persian import letters

# below this likeness, marks on single letters are noise: the whole value is marked
LEAST_LIKENESS = 0.5
_LEAST_WORD = 3
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Span:
    """A stretch of a value, as displayed, and whether it differs from the other value."""

    text: str
    differs: bool


@lru_cache(maxsize=4096)
def _key(character: str) -> str:
    return letters.key(character)


def differences(left: str, right: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Split both values into spans that agree or differ; joined, the spans give the values back.

    Letters are compared by ``letters.key``: Arabic and Persian forms of a letter, sets of digits,
    hamza and madda, spaces, half-spaces, dashes and slashes make no difference. The rest is by the
    fewest edits (Levenshtein); numbers in as many parts, such as dates, part by part. Values less
    than half alike are marked whole, and so is a word. An empty value has no spans.

    Parameters
    ----------
    left, right : the values as displayed.
    """
    left_keys, left_of = _keys(left)
    right_keys, right_of = _keys(right)
    if left_keys == right_keys:
        return _whole(left, False), _whole(right, False)
    if left_keys.isdigit() and right_keys.isdigit():
        parts = list(_NUMBER.finditer(left)), list(_NUMBER.finditer(right))
        if len(parts[0]) == len(parts[1]) > 1:
            return _numbers(left, right, *parts)
    longer = max(len(left_keys), len(right_keys))
    edits = Levenshtein.editops(left_keys, right_keys)
    if len(edits) > longer * (1 - LEAST_LIKENESS):
        return _whole(left, True), _whole(right, True)
    left_marked: set[int] = set()
    right_marked: set[int] = set()
    for edit in edits:
        if edit.tag != "insert":
            left_marked.add(left_of[edit.src_pos])
        if edit.tag != "delete":
            right_marked.add(right_of[edit.dest_pos])
    return _spans(left, left_of, left_marked), _spans(right, right_of, right_marked)


def _numbers(
    left: str, right: str, left_parts: list[re.Match[str]], right_parts: list[re.Match[str]]
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Numbers of as many parts, digit under digit; a part of another length differs as a whole."""
    flags = [False] * len(left), [False] * len(right)
    for one, other in zip(left_parts, right_parts, strict=True):
        digits = letters.digits(one[0]), letters.digits(other[0])
        same_length = len(digits[0]) == len(digits[1])
        for side, part in enumerate((one, other)):
            for nth, position in enumerate(range(*part.span())):
                differs = digits[0][nth] != digits[1][nth] if same_length else True
                flags[side][position] = differs and int(digits[0]) != int(digits[1])
    return _joined(left, flags[0]), _joined(right, flags[1])


def _keys(text: str) -> tuple[str, list[int]]:
    """What is compared of a text, and the position in the text that each character comes from."""
    compared: list[str] = []
    positions: list[int] = []
    for position, character in enumerate(text):
        for key in _key(character):
            compared.append(key)
            positions.append(position)
    return "".join(compared), positions


def _whole(text: str, differs: bool) -> tuple[Span, ...]:
    return (Span(text, differs),) if text else ()


def _spans(text: str, positions: list[int], marked: set[int]) -> tuple[Span, ...]:
    compared = set(positions)
    flags: list[bool] = []
    pending = 0
    for position, character in enumerate(text):
        if position in compared:
            differs = position in marked
            # a space or a dash is marked only between two letters that are
            between = differs and bool(flags) and flags[-1]
            flags += [between] * pending
            flags.append(differs)
            pending = 0
        elif flags and not pending and unicodedata.combining(character):
            flags.append(flags[-1])
        else:
            pending += 1
    flags += [False] * pending
    for word in _WORD.finditer(text):
        own = flags[word.start() : word.end()]
        if len(own) >= _LEAST_WORD and sum(own) > len(own) * LEAST_LIKENESS:
            flags[word.start() : word.end()] = [True] * len(own)
    return _joined(text, flags)


def _joined(text: str, flags: list[bool]) -> tuple[Span, ...]:
    spans: list[Span] = []
    start = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or flags[position] != flags[start]:
            spans.append(Span(text[start:position], flags[start]))
            start = position
    return tuple(spans)
