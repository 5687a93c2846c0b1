"""Answers as people give them, by their names in ``words.yaml``, and the decisions they come to."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.review import words
from migrate.review.cases import Case
from migrate.review.decisions import (
    ANSWERS,
    CHOOSE,
    CONFIRM,
    CORRECT,
    NEW_DEGREE,
    NEW_GRADUATE,
    REFUSE,
)


@dataclass(frozen=True)
class Meaning:
    """What an answer comes to, whichever case it is given to.

    ``of_candidate``: it names one of the candidates, by its number. ``corrects``: it says that a value
    is wrong, so it must say which one is right.
    """

    verdict: str
    of_candidate: bool = False
    corrects: bool = False


MEANINGS = {
    "confirm": Meaning(CONFIRM),
    "correct": Meaning(CORRECT, corrects=True),
    "refuse": Meaning(REFUSE),
    "choose": Meaning(CHOOSE, of_candidate=True),
    "none": Meaning(REFUSE),
    "register_degree": Meaning(NEW_DEGREE),
    "correct_degree": Meaning(NEW_DEGREE, corrects=True),
    "same_degree": Meaning(CHOOSE, of_candidate=True),
    "refuse_degree": Meaning(REFUSE),
    "register_person": Meaning(NEW_GRADUATE),
    "correct_person": Meaning(NEW_GRADUATE, corrects=True),
    # the person is the candidate's, the degree is new
    "same_person": Meaning(NEW_DEGREE, of_candidate=True),
    "refuse_person": Meaning(REFUSE),
}


def verdict_of(name: str, number: int | None, case: Case) -> tuple[str, str | None]:
    """The verdict that an answer comes to, and the degree that it names, None where it names none.

    A new degree names a degree of the person it belongs to: that of the candidate, or of the first one,
    as those of a missing degree are all one person's.

    :param name: of the answer in ``words.yaml``. :param number: of the candidate it is about, from 1;
        None where it is about none. :param case: the case that is answered.
    :raises ValueError: an answer that this case cannot have; the message is for engineers.
    """
    allowed = {choice.id for choice in words.decisions(case.outcome, len(case.candidates))}
    if name not in allowed:
        raise ValueError(f"a case that is {case.outcome} cannot be answered {name}")
    meaning = MEANINGS[name]
    if meaning.verdict not in ANSWERS[case.outcome]:
        raise ValueError(f"a case that is {case.outcome} has no verdict {meaning.verdict}")
    if not meaning.of_candidate:
        if number is not None:
            raise ValueError(f"the answer {name} names no candidate, and got number {number}")
        if meaning.verdict in (REFUSE, NEW_GRADUATE) or not case.candidates:
            return meaning.verdict, None
        return meaning.verdict, case.candidates[0].degree_id
    if number is None or not 1 <= number <= len(case.candidates):
        raise ValueError(f"the case has no candidate {number}: it has {len(case.candidates)}")
    return meaning.verdict, case.candidates[number - 1].degree_id
