"""What becomes of each answer in a returned workbook: taken, ignored or refused, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from migrate.review.cases import Case
from migrate.review.returned_answers import Given

TAKEN, IGNORED, REFUSED = "taken", "ignored", "refused"


@dataclass(frozen=True)
class Answer:
    """An answer that can be taken: the decision it comes to, and all that was said with it.

    ``supersedes`` is the decision it takes the place of; ``second`` says whether it needs approval.
    """

    name: str
    verdict: str
    degree_id: str | None
    reason: str
    comment: str
    corrections: Mapping[str, Mapping[str, str]]
    supersedes: int | None
    second: bool

    @property
    def reason_words(self) -> str:
        """The reason with its comment, in one text."""
        return f"{self.reason}: {self.comment}" if self.comment else self.reason


@dataclass(frozen=True)
class Fate:
    """What becomes of what was given to one case; ``kind`` is a key of ``returned.yaml``.

    ``case`` is None where the store has none or the row names none; ``answer`` is None where none is
    taken. ``details`` fill the sentences, their Persian ones under names that end in ``_fa``.
    """

    kind: str
    given: Given
    case: Case | None = None
    answer: Answer | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """``taken``, ``ignored`` or ``refused``."""
        return str(_sentences()[self.kind]["is"])

    @property
    def case_id(self) -> str:
        """The case's name as far as it is known, else what stands in the row."""
        if self.given.token is not None:
            return self.given.token.case_id
        return self.given.at.cells.get("case_id", "")

    def english(self) -> str:
        """The sentence for the data team."""
        return str(_sentences()[self.kind]["en"]).format(**self.details)

    def persian(self) -> str:
        """The sentence for the university."""
        own = {
            name.removesuffix("_fa"): text
            for name, text in self.details.items()
            if name.endswith("_fa")
        }
        return str(_sentences()[self.kind]["fa"]).format(**{**self.details, **own})


@cache
def _sentences() -> Mapping[str, Mapping[str, Any]]:
    text = Path(__file__).with_name("returned.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)
    return loaded


def kinds() -> Mapping[str, str]:
    """All kinds of fate, and whether such an answer is taken, ignored or refused."""
    return {kind: str(said["is"]) for kind, said in _sentences().items()}
