"""Who may do what at the review: roles, and the person who looks."""

from __future__ import annotations

from dataclasses import dataclass

CLERK = "clerk"
APPROVER = "approver"
MINISTRY = "ministry"
AUDITOR = "auditor"
ROLES = (CLERK, APPROVER, MINISTRY, AUDITOR)
# these belong to a university and see its cases only
OF_UNIVERSITY = (CLERK, APPROVER)

# what a role may do; an auditor only reads
MAY_DECIDE = (CLERK, APPROVER)
MAY_APPROVE = (APPROVER, MINISTRY)
MAY_REOPEN = (APPROVER, MINISTRY)


@dataclass(frozen=True)
class Viewer:
    """Somebody who is signed in: every read and write of the review asks for one.

    ``university`` is the key of ``migrate.review.addressee``, None for the ministry and auditors, who
    see all.
    """

    user_id: str
    role: str
    university: str | None

    def __post_init__(self) -> None:
        if self.role not in ROLES or (self.role in OF_UNIVERSITY) == (self.university is None):
            raise ValueError(f"no such viewer: {self}")

    def sees(self, university: str) -> bool:
        """Whether cases of a university are this person's to see."""
        return self.university is None or self.university == university
