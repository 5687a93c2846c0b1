"""What a university may answer to a case, and which answers support a code."""

from __future__ import annotations

from dataclasses import dataclass

CONFIRM = "confirm"
CORRECT = "correct"
CHOOSE = "choose"
NEW_DEGREE = "new_degree"
NEW_GRADUATE = "new_graduate"
REFUSE = "refuse"
VERDICTS = (CONFIRM, CORRECT, CHOOSE, NEW_DEGREE, NEW_GRADUATE, REFUSE)

# what may be answered to a case of each outcome
ANSWERS = {
    "mismatch": (CONFIRM, CORRECT, REFUSE),
    "ambiguous": (CHOOSE, REFUSE),
    "degree_missing": (NEW_DEGREE, CHOOSE, REFUSE),
    "person_missing": (NEW_GRADUATE, CHOOSE, REFUSE),
}
# the document is of this degree, which stands in the registry as it should: a code may be issued.
# A correction or a new degree waits until the registry has it
SUPPORTING_VERDICTS = (CONFIRM, CHOOSE)


@dataclass(frozen=True)
class Decision:
    """A university's answer to one version of a case, as the store keeps it.

    ``degree_id`` is the degree that the answer names, None where it names none. ``supersedes`` is the
    ``seq`` of the decision that this one takes the place of. ``case_digest`` is the SHA-256 of the
    case as it was decided.
    """

    seq: int
    case_id: str
    case_version: int
    verdict: str
    degree_id: str | None
    actor: str
    at: str
    reason: str
    case_digest: str
    supersedes: int | None
    body: str

    @property
    def supports(self) -> str | None:
        """The degree that a code may be issued for on this decision, None where for none."""
        return self.degree_id if self.verdict in SUPPORTING_VERDICTS else None
