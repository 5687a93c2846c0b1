"""The results of a batch's expectations as one HTML page that asks nothing of the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.intake.files import write_atomically
from migrate.intake.suites import Scope
from migrate.intake.validation import Check, Validation

if TYPE_CHECKING:
    from markupsafe import Markup

# keys of failing rows that a reader may open under a check; all of them are in quarantine.csv
_KEYS = 100
_MEANS: dict[Scope, str] = {
    "suite": "the batch stops",
    "row": "the rows go to quarantine",
    "warn": "it is reported",
}
# the order in which a reader wants them
_STATES = ("stops", "quarantined", "reported", "met")


def write_page(validations: Sequence[Validation], path: Path, *, title: str, css: str) -> None:
    """Write the checks of one or more suites as a self-contained HTML page.

    The page holds no script, no time and no outside address: the same results give the same bytes.

    :param validations: in the order to be shown.
    :param path: the page, written whole or not at all.
    :param title: the page's heading, plain text.
    :param css: style rules to include as they are, such as a font's; must hold no '</'.
    :raises OSError: when the page cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("expectations.html.j2").render(
        title=title,
        # a stylesheet of the program's own, not of the data
        css=Markup(css),  # noqa: S704
        validations=validations,
        means=_MEANS,
        verdict=_verdict,
        state=_state,
        ordered=_ordered,
        isolated=_isolated,
        keys=_KEYS,
        stops=sum(len(validation.broken) for validation in validations),
        rows=_quarantined(validations),
        reported=sum(
            1
            for validation in validations
            for check in validation.checks
            if _state(check) == "reported"
        ),
    )
    with write_atomically(path) as partial:
        partial.write_text(page, encoding="utf-8", newline="\n")


def _state(check: Check) -> str:
    """How a check stands, in one word: met, stops, quarantined or reported."""
    if check.error is not None:
        return "stops"
    if check.success:
        return "met"
    return {"suite": "stops", "row": "quarantined", "warn": "reported"}[check.scope]


def _ordered(validation: Validation) -> list[Check]:
    """The checks that failed before those that were met, each kind in the suite's order."""
    return sorted(validation.checks, key=lambda check: _STATES.index(_state(check)))


def _isolated(text: str) -> Markup:
    """Text as HTML where each value between « » takes its own direction, and disturbs no other."""
    from markupsafe import Markup, escape

    def values(found: re.Match[str]) -> str:
        return "«" + "; ".join(f"<bdi>{value}</bdi>" for value in found[1].split("; ")) + "»"

    return Markup(re.sub("«(.*?)»", values, str(escape(text))))  # noqa: S704


def _quarantined(validations: Sequence[Validation]) -> int:
    """Rows that break at least one expectation of scope `row`, over all tables."""
    return sum(
        len({key for check in validation.checks if check.scope == "row" for key in check.failing})
        for validation in validations
    )


def _verdict(validation: Validation) -> str:
    met = sum(1 for check in validation.checks if check.success)
    return f"{met} of {len(validation.checks)} expectations met, {validation.rows:,} rows"
