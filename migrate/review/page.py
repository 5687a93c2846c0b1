"""A packet as one HTML page: the cases to read on a screen, or on paper in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

from migrate.persian import typeface
from migrate.persian.letters import to_persian_digits
from migrate.review import words
from migrate.review.cases import Case
from migrate.review.comparison import Line, Side, clean, explanation, printable, side_label, verdict
from migrate.review.handing import Handed, due_words, opened_words
from migrate.review.workbook import Contents


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    return environment.get_template("page.html.j2")


def render_page(contents: Contents, *, workbook: str) -> str:
    """A university's cases as HTML: no script, nothing from the network, the typeface within.

    Parameters
    ----------
    contents : what the page shows; the same contents give the same text.
    workbook : name of the workbook beside the page, where the answers are to be given.
    """
    sections: dict[str, list[dict[str, Any]]] = {name: [] for name in contents.counts()}
    for number, (case, compared) in enumerate(contents.compared, start=contents.first):
        handed = contents.handed[case.case_id]
        shown = _shown(number, case, compared) | _when(handed, contents.today)
        sections[case.outcome].append(shown)
    guide = words.section("guide")
    part = ""
    if contents.parts > 1:
        part = guide["part"].format(part=_persian(contents.part), parts=_persian(contents.parts))
    return _template().render(
        typeface=Markup(typeface.css()),  # noqa: S704 — ours, and without markup
        title=words.section("workbook")["title"],
        university=contents.university,
        batch=contents.batch,
        part=part,
        counts=[
            (name, words.outcome_label(name), _persian(count))
            for name, count in contents.counts().items()
        ],
        total=_persian(len(contents.cases)),
        sections=[
            (name, words.outcome_label(name), words.outcome_text(name, "explain"), cases)
            for name, cases in sections.items()
        ],
        guide=guide,
        words=words.section("page"),
        names=words.section("workbook"),
        page_label=words.field_label("page_ref"),
        note=words.section("page")["note"].format(file=workbook),
    )


def _shown(number: int, case: Case, compared: Sequence[Line]) -> dict[str, Any]:
    alone = len(case.candidates) == 1
    rows = [
        {
            "label": line.label,
            "contradicts": line.document.contradicts,
            "document": _value(line.document),
            "sides": [
                (_value(side) if line.comparable else "", side.contradicts, verdict(side))
                for side in line.sides
            ],
        }
        for line in compared
    ]
    name = " ".join(
        case.legacy_read.get(part) or case.legacy.get(part, "")
        for part in ("first_name", "last_name")
    )
    return {
        "number": _persian(number),
        "id": case.case_id,
        "version": _persian(case.version),
        "legacy_id": printable(case.legacy_id),
        "name": clean(name),
        "page": clean(case.page_ref or ""),
        "said": explanation(case)[1:],
        "ask": words.outcome_text(case.outcome, "ask"),
        "decisions": [
            choice.label for choice in words.decisions(case.outcome, len(case.candidates))
        ],
        "sides": [
            (side_label(case, nth), printable(candidate.degree_id))
            for nth, candidate in enumerate(case.candidates, start=1)
        ],
        "alone": alone,
        "rows": rows,
    }


def _when(handed: Handed, today: str | None) -> dict[str, Any]:
    returned = ""
    if handed.returned:
        template = words.section("sentences")["returned"]
        returned = template.format(reason=printable(handed.returned))
    return {
        "opened_on": opened_words(handed, today).replace("\n", " — "),
        "due_on": due_words(handed, today).replace("\n", " — "),
        "returned": returned,
    }


def _value(side: Side) -> str:
    """A value with its differing letters in <mark>; the browser keeps joined letters joined.

    Every piece is escaped here, once: the template prints the result as it is.
    """
    if not side.spans and not side.note:
        return f'<span class="none">{escape(words.section("page")["missing"])}</span>'
    inner = "".join(
        f"<mark>{escape(span.text)}</mark>" if span.differs else escape(span.text)
        for span in side.spans
    )
    direction = ' dir="ltr"' if side.ltr else ""
    value = f"<bdi{direction}>{inner}</bdi>" if side.spans else ""
    return f"{value}<small>{escape(side.note)}</small>" if side.note else value


def _persian(number: int) -> str:
    return to_persian_digits(str(number))
