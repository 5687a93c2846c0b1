"""The certificate sheet for a holder: a file, or why there is none."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from migrate.codes.inquiry import Answer, Typed, answer_to
from migrate.codes.sheet_values import SheetValues
from migrate.errors import InputError
from migrate.persian.identifiers import normalise_national_id
from migrate.store.public_lookup import PublicRecord

# what the browser calls the file: it names nobody and no code
FILE_NAME = "degree-validity-sheet.pdf"
# seconds that a thread may keep the interpreter while a sheet is drawn
_SWITCH = 0.0005
Why = Literal["", "suspended", "revoked", "superseded", "unsigned", "unprintable"]
# what stands where nothing was found, so that the same work is done on it
NOBODY = PublicRecord("revoked", "", {}, None)


@dataclass(frozen=True)
class Sheet:
    """What a holder gets who asks for a sheet.

    :ivar answer: valid, suspended, revoked or superseded once code and national ID belong together;
        else not_found or malformed. No fact is in it.
    :ivar pdf: the file; empty where there is none.
    :ivar why: why there is none although the pair belongs; else ''.
    """

    answer: Answer
    pdf: bytes = b""
    why: Why = ""


def belongs(record: PublicRecord | None, national_id: str) -> bool:
    """Whether a national ID is that of a code's holder; False where either is not known.

    The same work is done for a code that is not there.
    """
    said = normalise_national_id(national_id)
    fact = normalise_national_id((record or NOBODY).facts.get("national_id"))
    return (
        said is not None
        and fact is not None
        and said.state != "invalid"
        and said.digits == fact.digits
    )


def sheet_of(typed: Typed, record: PublicRecord, values: SheetValues) -> Sheet:
    """The sheet of a code whose holder was seen to ask; it takes some 0.15 s of a processor.

    :param record: what proved the holder; it names the code that took the place of this one.
    :param values: read after it: their state is what counts.
    """
    stands = answer_to(typed, replace(record, state=values.state))
    answer = Answer(stands.answer, stands.code, superseded_by=stands.superseded_by)
    match stands.answer:
        case "suspended" | "revoked" | "superseded":
            return Sheet(answer, why=stands.answer)
    if values.head is None:
        return Sheet(answer, why="unsigned")
    # only a service that makes sheets loads what draws them
    from migrate.codes.sheet import render

    try:
        with _giving_way():
            return Sheet(answer, render(values))
    except InputError:
        return Sheet(answer, why="unprintable")


@contextmanager
def _giving_way() -> Iterator[None]:
    """Let the interpreter go from thread to thread ten times as often as it does by itself.

    A look-up goes through several threads, and would wait 5 ms for each while a sheet is drawn.
    It is set for the whole process, so one sheet at a time is drawn: the thread of ``Pace`` is one.
    """
    held = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(held)


def warm() -> None:
    """Load what draws sheets, before somebody waits for one."""
    importlib.import_module("migrate.codes.sheet")
