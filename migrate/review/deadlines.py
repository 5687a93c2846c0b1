"""How long a university has for a case, and what an overdue one comes to."""

from __future__ import annotations

from datetime import date, timedelta

# days from the day a case was put to its university
DUE = 60
# days after which an overdue case is the ministry's concern too
ESCALATED = 30


def due_on(opened_on: str) -> str:
    """The day by which a case should be decided, both as ISO days: 2026-11-28."""
    return (date.fromisoformat(opened_on) + timedelta(days=DUE)).isoformat()


def lateness(due: str, today: str) -> str:
    """``in_time``, ``overdue``, or ``escalated``: nothing is ever approved by it."""
    late = (date.fromisoformat(today) - date.fromisoformat(due)).days
    if late <= 0:
        return "in_time"
    return "escalated" if late > ESCALATED else "overdue"
