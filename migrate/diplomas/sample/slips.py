"""Slips of hand, eye and ear: one wrong letter or digit in what a clerk copied."""

from __future__ import annotations

from random import Random

_BY_EYE = ("بپتثنی", "جچحخ", "دذ", "رزژ", "سش", "صض", "طظ", "عغ", "فق", "کگ")
_BY_EAR = ("سصث", "زذضظ", "تط", "قغ", "هح")
ZWNJ = "\u200c"
TATWEEL = "\u0640"
DIRECTION_MARKS = ("\u200e", "\u200f")


def _others(groups: tuple[str, ...]) -> dict[str, str]:
    return {letter: group.replace(letter, "") for group in groups for letter in group}


_EYE = _others(_BY_EYE)
_EAR = _others(_BY_EAR)


def _confused(rnd: Random, text: str, others: dict[str, str]) -> str:
    places = [i for i, letter in enumerate(text) if letter in others]
    if not places:
        return text
    at = rnd.choice(places)
    return text[:at] + rnd.choice(others[text[at]]) + text[at + 1 :]


def eye(rnd: Random, text: str) -> str:
    """``text`` with one letter read as another that differs in dots or a stroke."""
    return _confused(rnd, text, _EYE)


def ear(rnd: Random, text: str) -> str:
    """``text`` with one letter written as another of the same sound."""
    return _confused(rnd, text, _EAR)


def mistype(rnd: Random, text: str) -> str:
    """``text`` with one letter left out, doubled, or swapped with the next; never emptied."""
    if len(text) < 3:
        return text
    at = rnd.randrange(len(text) - 1)
    kind = rnd.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[: at + 1] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def digit(rnd: Random, text: str) -> str:
    """``text`` with one ASCII digit replaced by another, or two neighbours swapped."""
    places = [i for i, letter in enumerate(text) if letter in "0123456789"]
    if not places:
        return text
    at = rnd.choice(places)
    if rnd.random() < 0.3 and at + 1 < len(text) and text[at + 1].isdigit():
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    other = rnd.choice([d for d in "0123456789" if d != text[at]])
    return text[:at] + other + text[at + 1 :]
