"""A case as people compare it: field by field, the document beside the registry, in Persian."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.persian import letters
from migrate.review import words
from migrate.review.cases import Case, CaseCandidate
from migrate.review.differences import Span, differences

# the page in the archive stands apart: it is an address, not a thing to compare
FIELDS = tuple(name for name in LEGACY.names if name not in ("legacy_id", "page_ref"))
IDENTIFIERS = frozenset(
    field.name
    for field in LEGACY.fields
    if field.kind in ("national_id", "certificate_no", "diploma_no")
)
_DATES = frozenset(field.name for field in LEGACY.fields if field.kind == "date")
# a cell of Excel ends at 32,767 characters; nobody compares a tenth of that
MOST_CHARACTERS = 1000
_LOOKED_AT = 4 * MOST_CHARACTERS
_MOST_QUOTED = 120
_MOST_NAMED = 5
# controls and marks of direction: they can hide or turn what is shown
UNSHOWN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_RTL = re.compile(r"[\u0590-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True)
class Side:
    """A value on one side: its spans, what the paper says where that reads otherwise, its level.

    ``level`` is empty where nothing was compared. ``contradicts`` when this is what must be
    cleared up. ``ltr`` for an identifier, which is laid out left to right among Persian.
    """

    spans: tuple[Span, ...] = ()
    note: str = ""
    level: str = ""
    contradicts: bool = False
    ltr: bool = False

    @property
    def text(self) -> str:
        """The value as displayed."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True)
class Line:
    """A field of a case: the document's side, and one for each candidate in their order."""

    field: str
    label: str
    document: Side
    sides: tuple[Side, ...]

    @property
    def comparable(self) -> bool:
        """Whether the registry has this field at all: only documents say what kind they are."""
        return self.field in REGISTRY.names


def printable(text: str) -> str:
    """A text as it may be shown: no controls, no marks of direction, on one line, not endless."""
    kept = UNSHOWN.sub("", text[:_LOOKED_AT])
    kept = " ".join(kept.split())
    if len(kept) > MOST_CHARACTERS:
        kept = kept[: MOST_CHARACTERS - 1] + "…"
    return kept


def clean(text: str) -> str:
    """A text as people read it: printable, in Persian digits. Not for what is to be copied."""
    return letters.to_persian_digits(printable(text))


@lru_cache(maxsize=65536)
def shown(field: str, value: str) -> str:
    """A canonical value as people read it: ``1362-07-03`` is ۱۳۶۲/۰۷/۰۳, ``--`` nothing."""
    if letters.is_blank(value):
        return ""
    if field in _DATES and re.fullmatch(r"\d{4}(-\d\d){0,2}(/\d{4}(-\d\d){0,2})?", value):
        value = value.replace("/", " تا ").replace("-", "/")
    return clean(words.value_label(field, value))


def lines(case: Case) -> tuple[Line, ...]:
    """The fields of a case that either side has a value for, in the order of the document.

    With one candidate the letters that differ are marked on both sides; with several, on the
    candidates only, each against the document.
    """
    found = []
    for field in FIELDS:
        line = _line(case, field)
        if line.document.spans or any(side.spans for side in line.sides):
            found.append(line)
    return tuple(found)


def explanation(case: Case) -> tuple[str, ...]:
    """What a case is about, in sentences: what contradicts, or how the candidates differ."""
    words_of = words.section("sentences")
    said = [words.outcome_text(case.outcome, "explain")]
    if case.outcome == "mismatch":
        said += _contradictions(case)
    elif case.outcome == "ambiguous":
        fields = [
            words.field_label(field)
            for field in FIELDS
            if len({candidate.values.get(field) for candidate in case.candidates}) > 1
        ]
        template = words_of["candidates_differ" if fields else "candidates_same"]
        said.append(template.format(fields="، ".join(fields)))
    elif case.candidates:
        template = words_of["other_degrees" if case.outcome == "degree_missing" else "nearest"]
        said.append(template.format(count=letters.to_persian_digits(str(len(case.candidates)))))
    elif case.outcome == "person_missing":
        said.append(words_of["nobody"])
    return tuple(said)


def side_label(case: Case, number: int) -> str:
    """What the side of a candidate is called: پایگاه, or نامزد ۲ where there are several."""
    label = words.outcome_text(case.outcome, "side")
    alone = case.outcome == "mismatch"
    return label if alone else f"{label} {letters.to_persian_digits(str(number))}"


def _line(case: Case, field: str) -> Line:
    value = _on_document(case, field)
    marked = _whole(value)
    sides = []
    for candidate in case.candidates:
        other = shown(field, candidate.values.get(field, "")[:_LOOKED_AT])
        level = candidate.levels.get(field, "")
        contradicts = _contradicts(case, field, level)
        left, right = _whole(value), _whole(other)
        comparable = bool(value and other) and level not in ("missing", "uncomparable")
        if contradicts or (comparable and not (level and words.level(level).agrees)):
            left, right = differences(value, other)
        if len(case.candidates) == 1:
            marked = left
        sides.append(Side(right, "", level, contradicts, _is_ltr(field, other)))
    return Line(
        field,
        words.field_label(field),
        Side(
            marked,
            _note(
                field,
                case.legacy.get(field, "")[:_LOOKED_AT],
                value,
                read=field in case.legacy_read,
            ),
            contradicts=any(side.contradicts for side in sides),
            ltr=_is_ltr(field, value),
        ),
        tuple(sides),
    )


def _contradicts(case: Case, field: str, level: str) -> bool:
    """Whether the registry contradicts the document here, rather than another document."""
    against = not level or words.level(level).against
    return against and (field in case.contradicts if case.outcome == "mismatch" else bool(level))


def _on_document(case: Case, field: str) -> str:
    value = case.legacy_read.get(field) or case.legacy.get(field, "")
    return shown(field, value[:_LOOKED_AT])


@lru_cache(maxsize=65536)
def _note(field: str, on_paper: str, value: str, *, read: bool) -> str:
    words_of = words.section("sentences")
    if letters.is_blank(on_paper):
        return ""
    if not read:
        return str(words_of["unread"])
    paper = clean(on_paper)
    same = letters.key(paper) == letters.key(value)
    if field in _DATES:
        same = same or _numbers(paper) == _numbers(value)
    return "" if same else str(words_of["on_paper"]).format(raw=_in_order(paper))


def _numbers(text: str) -> list[int]:
    # Python reads Persian digits as numbers too
    return [int(number) for number in re.findall(r"\d+", text)]


def _contradictions(case: Case) -> list[str]:
    words_of = words.section("sentences")
    candidate = case.candidates[0]
    here = [
        field
        for field in case.contradicts
        if _contradicts(case, field, candidate.levels.get(field, ""))
    ]
    said = [_contradiction(case, candidate, field) for field in here]
    if case.contested_by:
        named = "، ".join(_in_order(printable(one)) for one in case.contested_by[:_MOST_NAMED])
        said.append(words_of["contested"].format(others=named))
        elsewhere = [words.field_label(field) for field in case.contradicts if field not in here]
        if elsewhere:
            said.append(words_of["documents_differ"].format(fields="، ".join(elsewhere)))
    return said or _thin(candidate)


def _thin(candidate: CaseCandidate) -> list[str]:
    words_of = words.section("sentences")
    nearly = [
        words.field_label(field)
        for field in FIELDS
        if (level := candidate.levels.get(field)) not in (None, "missing", "uncomparable")
        and not words.level(level).agrees
    ]
    said = [words_of["thin"]]
    return [*said, words_of["nearly"].format(fields="، ".join(nearly))] if nearly else said


def _contradiction(case: Case, candidate: CaseCandidate, field: str) -> str:
    words_of = words.section("sentences")
    document = _on_document(case, field)
    registry = shown(field, candidate.values.get(field, "")[:_LOOKED_AT])
    template = "contradiction"
    if not document or not registry:
        template = "no_document_value" if registry else "no_registry_value"
    return str(words_of[template]).format(
        field=words.field_label(field),
        document=_in_order(document),
        registry=_in_order(registry),
        strength=_strength(candidate, field),
    )


def _strength(candidate: CaseCandidate, field: str) -> str:
    # a match weight of -7 is evidence of 128 to 1 against
    weight = candidate.weights.get(field)
    if weight is None:
        return ""
    name = "heavy" if weight <= -7 else "middling" if weight <= -3 else "light"
    return str(words.section("sentences")["strengths"][name])


def _in_order(text: str) -> str:
    """A text for the middle of a Persian sentence, where digits and dashes would change places.

    Marks of direction (LRM) hold together what has no Persian letter of its own; unlike isolates,
    every spreadsheet knows them.
    """
    text = text if len(text) <= _MOST_QUOTED else text[: _MOST_QUOTED - 1] + "…"
    return text if _RTL.search(text) else f"\u200e{text}\u200e"


def _is_ltr(field: str, text: str) -> bool:
    return field in IDENTIFIERS and not _RTL.search(text)


def _whole(text: str) -> tuple[Span, ...]:
    return (Span(text, False),) if text else ()


def verdict(side: Side) -> tuple[str, str, str] | None:
    """The sign, the words and the class of a comparison; None where nothing was compared."""
    if not side.level:
        return None
    level = words.level(side.level)
    kind = "agrees" if level.agrees else "near"
    if side.level in ("missing", "uncomparable"):
        kind = "unknown"
    return level.sign, level.label, "differs" if side.contradicts else kind
