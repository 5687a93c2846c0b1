"""What a university may answer to a case, and which answers support a code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

CONFIRM = "confirm"
CORRECT = "correct"
CHOOSE = "choose"
NEW_DEGREE = "new_degree"
NEW_GRADUATE = "new_graduate"
REFUSE = "refuse"
# an appeal was heard, or a decision was a slip: the case is open again
REOPEN = "reopen"
VERDICTS = (CONFIRM, CORRECT, CHOOSE, NEW_DEGREE, NEW_GRADUATE, REFUSE, REOPEN)

# what may be answered to a case of each outcome
ANSWERS = {
    "mismatch": (CONFIRM, CORRECT, REFUSE),
    "ambiguous": (CHOOSE, REFUSE),
    "degree_missing": (NEW_DEGREE, CHOOSE, REFUSE),
    # the person may be one of those near, and the degree new
    "person_missing": (NEW_GRADUATE, NEW_DEGREE, CHOOSE, REFUSE),
}
# the document is of this degree, which stands in the registry as it should: a code may be issued.
# A correction or a new degree waits until the registry has it
SUPPORTING_VERDICTS = (CONFIRM, CHOOSE)


# what a second person says of a decision that needs one
APPROVED = "approved"
RETURNED = "returned"
APPROVALS = (APPROVED, RETURNED)


@dataclass(frozen=True)
class Decision:
    """A university's answer to one version of a case, as the store keeps it.

    ``degree_id`` is the degree that the answer names, None where it names none. ``supersedes`` is the
    ``seq`` of the decision that this one takes the place of. ``needs_second`` says whether it counts
    only once a second, different person has approved it. ``case_digest`` is the SHA-256 of the case as
    it was decided; ``body`` is canonical JSON of what else was said.
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
    needs_second: bool
    body: str


@dataclass(frozen=True)
class Approval:
    """What a second person said of a decision: ``verdict`` is one of ``APPROVALS``."""

    decision_seq: int
    verdict: str
    actor: str
    at: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """The decision of a case that no later one supersedes, and what a second person said of it."""

    decision: Decision
    approval: Approval | None = None

    @property
    def state(self) -> str:
        """``open`` (to be decided again), ``awaiting`` a second person, or ``decided``."""
        if self.decision.verdict == REOPEN:
            return "open"
        if not self.decision.needs_second:
            return "decided"
        if self.approval is None:
            return "awaiting"
        return "decided" if self.approval.verdict == APPROVED else "open"

    def digest(self) -> str:
        """SHA-256 of the decision and its approval as canonical JSON, as 64 hexadecimal digits.

        A code's event holds it, so that neither who decided nor why can be changed unseen.
        """
        said = json.dumps(
            [asdict(self.decision), asdict(self.approval) if self.approval else None],
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
            # what a tampered row may hold is told, not stumbled over
            default=repr,
        )
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def supports(self) -> str | None:
        """The degree that a code may be issued for on this decision, None where for none."""
        counts = self.state == "decided" and self.decision.verdict in SUPPORTING_VERDICTS
        return self.decision.degree_id if counts else None
