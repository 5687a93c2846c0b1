"""What a typed code is, and what the public may be told of it: plain values, no database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

from migrate.codes.numbers import LENGTH, is_well_formed
from migrate.persian import letters
from migrate.persian.degrees import degrees, lookup_degree, lookup_document_type
from migrate.persian.lists import read_list

SOURCE = Path(__file__).with_suffix(".yaml")
Language = Literal["fa", "en"]
LANGUAGES: tuple[Language, ...] = ("fa", "en")

AnswerName = Literal[
    "valid", "suspended", "revoked", "superseded", "not_found", "mistyped", "malformed"
]
# what is shown of a valid code, in this order, and nothing else
SHOWN = ("first_name", "last_name", "degree", "field_of_study", "university", "year", "document")
_STATES: dict[str, AnswerName] = {
    "active": "valid",
    "suspended": "suspended",
    "revoked": "revoked",
    "superseded": "superseded",
}
# a domain of its own: no other digest of a code in this program can be equal
_DIGEST_DOMAIN = b"diploma-migrate inquiry v1\0"
# longer texts are no code, whatever spaces are in them
_LONGEST = 200
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


class Record(Protocol):
    """What an answer is made from, as :func:`migrate.store.lookup.find` gives it."""

    @property
    def state(self) -> str: ...
    @property
    def document_type(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, str | None]: ...
    @property
    def superseded_by(self) -> str | None: ...


@dataclass(frozen=True)
class Typed:
    """A text that was typed for a code.

    :ivar code: its 20 ASCII digits, or None where it does not hold just these.
    :ivar reason: why there is no code: 'empty', 'too_short', 'too_long', 'not_digits'; else ''.
    :ivar digits: how many digits were typed.
    :ivar well_formed: whether the check digits of our scheme fit; False where there is no code.
    """

    code: str | None
    reason: str
    digits: int
    well_formed: bool


@dataclass(frozen=True)
class Answer:
    """What the public is told of a code.

    :ivar answer: one of the seven answers.
    :ivar code: the 20 digits that were looked up, or ''.
    :ivar shown: the facts of a valid code by the names of ``SHOWN``, '' where the registry says
        nothing; degree and document are ids where a list knows them. Empty for all other answers.
    :ivar superseded_by: the code that took the place of a superseded one.
    :ivar reason, digits: of a text that is no code, as in :class:`Typed`.
    """

    answer: AnswerName
    code: str
    shown: Mapping[str, str] = field(default_factory=dict, hash=False)
    superseded_by: str | None = None
    reason: str = ""
    digits: int = 0


def read_typed(text: str | None) -> Typed:
    """Read a code as people type it: any digits, with spaces, dashes, dots, invisible marks.

    :param text: any text; one of more than 200 characters is no code.
    """
    if text is None or len(text) > _LONGEST:
        return Typed(None, "empty" if text is None else "too_long", 0, False)
    key = letters.key(text)
    count = len("".join(_DIGITS.findall(key)))
    if not key:
        return Typed(None, "empty", 0, False)
    if not _DIGITS.fullmatch(key):
        return Typed(None, "not_digits", count, False)
    if count != LENGTH:
        return Typed(None, "too_short" if count < LENGTH else "too_long", count, False)
    return Typed(key, "", count, is_well_formed(key))


def answer_to(typed: Typed, record: Record | None) -> Answer:
    """The public answer: what the store has stands, whatever check digits a code has.

    Codes of other schemes stand in registries, so only a code that was *not* found is judged by
    our check digits: that answer follows from the digits alone and tells nothing of the store.

    :param typed: what was typed.
    :param record: what the store has under ``typed.code``, or None.
    """
    if typed.code is None:
        return Answer("malformed", "", reason=typed.reason, digits=typed.digits)
    if record is None:
        return Answer("not_found" if typed.well_formed else "mistyped", typed.code)
    state = _STATES[record.state]
    return Answer(
        state,
        typed.code,
        shown=shown_of(record) if state == "valid" else {},
        superseded_by=record.superseded_by if state == "superseded" else None,
    )


def shown_of(record: Record) -> dict[str, str]:
    """The seven facts that a verifier needs, by the names of ``SHOWN``; never any other."""
    facts = record.facts
    return {
        "first_name": facts.get("first_name") or "",
        "last_name": facts.get("last_name") or "",
        "degree": degree_id(facts.get("degree")) or facts.get("degree") or "",
        "field_of_study": facts.get("field_of_study") or "",
        "university": facts.get("university") or "",
        "year": facts.get("graduation_year") or "",
        "document": record.document_type,
    }


def code_digest(code: str) -> str:
    """SHA-256 of a code with a domain before it, as 64 hexadecimal digits: what the log keeps.

    Not a secret: whoever has a code can compute it, and a code has but 60 random bits.
    """
    return hashlib.sha256(_DIGEST_DOMAIN + code.encode()).hexdigest()


def degree_id(text: str | None) -> str | None:
    """The id of a level that a text names, or that it is; None where no list knows it."""
    if text and any(level.id == text for level in degrees()):
        return text
    found = lookup_degree(text)
    return found.id if found else None


def document_id(text: str | None) -> str | None:
    """'provisional' or 'diploma' where a text names one or is one; else None."""
    return text if text in ("provisional", "diploma") else lookup_document_type(text)


def value_label(name: str, value: str, language: Language) -> str:
    """A shown value in words: levels and documents in the page's language, all else as it is.

    :param name: one of ``SHOWN``.
    :param value: as in ``Answer.shown``; '' gives the words for *not recorded*.
    """
    if not value:
        return str(words()["fields"]["missing"][language])
    listed = {"degree": "degrees", "document": "documents"}.get(name)
    if listed and value in words()[listed]:
        return str(words()[listed][value][language])
    if name != "year":
        return value
    if language == "fa":
        return letters.to_persian_digits(value)
    if not re.fullmatch(r"1[0-9]{3}", value):
        return value
    # a Solar Hijri year begins in March
    gregorian = int(value) + 621
    return f"{value} ({gregorian}/{(gregorian + 1) % 100:02})"


def field_label(name: str, language: Language) -> str:
    """What a field is called. Raises KeyError for a name that is not one."""
    return str(words()["fields"][name][language])


def sentences(answer: Answer, language: Language) -> tuple[str, str]:
    """The title and the text of an answer in words."""
    found = words()["answers"][answer.answer]
    text = str(found["text"][language])
    if answer.reason:
        digits = str(answer.digits)
        digits = letters.to_persian_digits(digits) if language == "fa" else digits
        # a text too long to be looked at has no count
        if answer.digits or answer.reason != "too_long":
            text = str(words()["reasons"][answer.reason][language]).format(digits=digits)
    return str(found["title"][language]), text


@cache
def words() -> Mapping[str, Any]:
    """The vocabulary of ``inquiry.yaml``."""
    found: Mapping[str, Any] = read_list(SOURCE)
    return found
