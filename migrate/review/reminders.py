"""Reminders: what a university has not answered in time, for the ministry and as a page to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

from migrate.persian import typeface
from migrate.persian.letters import to_persian_digits
from migrate.review import words
from migrate.review.comparison import printable
from migrate.review.deadlines import ESCALATED
from migrate.review.handing import day_words


@dataclass(frozen=True)
class LateCase:
    """A case past its due day that is not decided; no name of a person, as pages travel by post."""

    case_id: str
    legacy_id: str
    outcome: str
    state: str
    opened_on: str
    due_on: str
    page_ref: str


@dataclass(frozen=True)
class Late:
    """The late cases of a university: overdue, and so late that the ministry is told (escalated).

    ``by_outcome`` counts both; ``oldest`` are the first of them by their due day.
    """

    university: str
    name: str
    overdue: int
    escalated: int
    awaiting: int
    by_outcome: Mapping[str, int]
    oldest: tuple[LateCase, ...]

    @property
    def cases(self) -> int:
        """All of them."""
        return self.overdue + self.escalated

    def as_json(self) -> dict[str, Any]:
        """Plain values for a machine."""
        return asdict(self) | {"cases": self.cases}


def ordered(found: Sequence[Late]) -> list[Late]:
    """Most escalated first, then most late, then by key."""
    return sorted(found, key=lambda one: (-one.escalated, -one.cases, one.university))


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template("reminder.html.j2")


def render_reminder(late: Late, *, today: str) -> str:
    """A reminder to one university as HTML: no script, nothing from the network, the typeface within.

    The same values give the same text.

    :param today: ISO day that the lateness was told from.
    """
    return _template().render(
        typeface=Markup(typeface.css()),  # noqa: S704 — ours, and without markup
        university=printable(late.name),
        today=day_words(today),
        total=_persian(late.cases),
        escalated=_persian(late.escalated) if late.escalated else "",
        awaiting=_persian(late.awaiting) if late.awaiting else "",
        days=_persian(ESCALATED),
        counts=[
            (words.outcome_label(name), _persian(count))
            for name, count in late.by_outcome.items()
            if count
        ],
        shown=_persian(len(late.oldest)),
        cases=[
            {
                "id": one.case_id,
                "legacy_id": printable(one.legacy_id),
                "outcome": words.outcome_label(one.outcome),
                "awaiting": one.state == "awaiting",
                "page": printable(one.page_ref),
                "opened_on": day_words(one.opened_on),
                "due_on": day_words(one.due_on),
            }
            for one in late.oldest
        ],
    )


def _persian(number: int) -> str:
    return to_persian_digits(str(number))
