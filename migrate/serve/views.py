"""What the pages show of an answer, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from migrate.codes.claims import CLAIMS
from migrate.codes.inquiry import (
    SHOWN,
    Answer,
    Language,
    field_label,
    sentences,
    value_label,
    words,
)
from migrate.codes.numbers import format_code
from migrate.codes.tracking import format_tracking_no
from migrate.persian.letters import to_persian_digits
from migrate.serve.pages import day_of
from migrate.store.request_status import Status

# what stands in Persian on the English page too
_AS_REGISTERED = ("first_name", "last_name", "field_of_study", "university")


@dataclass(frozen=True)
class Shown:
    """An answer as a page shows it; ``facts`` are (name, label, value, missing, in Persian)."""

    kind: str
    title: str
    other_title: str
    text: str
    code: str
    facts: tuple[tuple[str, str, str, bool, bool], ...] = field(default=())
    successor: str = ""
    successor_code: str = ""
    successor_label: str = ""


def shown(answer: Answer, language: Language) -> Shown:
    """An answer with its title in both languages: whoever scans a QR mark reads one of them."""
    title, text = sentences(answer, language)
    other_title = sentences(answer, "en" if language == "fa" else "fa")[0]
    facts = tuple(
        (
            name,
            field_label(name, language),
            value_label(name, value, language),
            not value,
            bool(value) and name in _AS_REGISTERED,
        )
        for name in SHOWN
        if (value := answer.shown.get(name)) is not None
    )
    successor = answer.superseded_by or ""
    return Shown(
        kind=answer.answer,
        title=title,
        other_title=other_title,
        text=text,
        code=spoken(answer.code, language) if answer.code else "",
        facts=facts,
        successor=spoken(successor, language) if successor else "",
        successor_code=successor,
        successor_label=field_label("successor", language),
    )


def no_sheet(answer: Shown | None, said: Mapping[str, str], why: str) -> Shown:
    """That no certificate sheet was made, and why, in the words of the part ``sheet``.

    :param answer: of the code; None where it was not looked at.
    """
    if answer is None:
        return Shown("no_sheet", said["none"], "", said[why], "")
    if answer.kind == "valid":
        # nothing is wrong with the code, so its sign would mislead
        return replace(answer, kind="no_sheet", title=said["none"], text=said[why])
    return replace(answer, text=said[why])


def spoken(code: str, language: Language) -> str:
    """A code in groups, in the digits of a language."""
    grouped = format_code(code)
    return to_persian_digits(grouped) if language == "fa" else grouped


def claim_fields(values: Mapping[str, str], language: Language) -> list[tuple[str, str, str]]:
    """Name, label and value of each claim, in the order that the form has."""
    return [(name, field_label(name, language), values.get(name, "")) for name in CLAIMS]


def choices(language: Language) -> dict[str, list[tuple[str, str]]]:
    """What may be chosen for a degree and a document: id and words."""
    return {
        "degree": [(id, label[language]) for id, label in words()["degrees"].items()],
        "document": [(id, label[language]) for id, label in words()["documents"].items()],
    }


def verdict_rows(verdicts: Mapping[str, str], language: Language) -> list[tuple[str, str, str]]:
    """Label, verdict and words of each claim that was compared."""
    said = words()["verdicts"]
    return [
        (field_label(name, language), verdict, said[verdict][language])
        for name, verdict in verdicts.items()
    ]


@dataclass(frozen=True)
class Progress:
    """How a request stands, as a page shows it; ``steps`` are (day, words), the oldest first."""

    text: str
    instead: str
    tracking_no: str
    steps: tuple[tuple[str, str], ...]


def progress(status: Status, language: Language) -> Progress:
    """A request's state in the words of its own room."""
    return Progress(
        text=getattr(status.words, language),
        instead=getattr(status.instead, language) if status.instead else "",
        tracking_no=format_tracking_no(status.tracking_no),
        steps=tuple(
            (day_of(step.at, language), getattr(step.words, language)) for step in status.history
        ),
    )
