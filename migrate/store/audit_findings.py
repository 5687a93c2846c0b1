"""What an audit found: rows that do not fit, the first one first, and what a person should know."""

from __future__ import annotations

from dataclasses import dataclass, field

EDITED = "edited"
DELETED = "deleted"
ADDED = "added"
REORDERED = "reordered"
TRUNCATED = "truncated"
FORKED = "forked"
ROLLED_BACK = "rolled back"
FORGED = "forged signature"
KINDS = (EDITED, DELETED, ADDED, REORDERED, TRUNCATED, FORKED, ROLLED_BACK, FORGED)
# one broken place can spoil all rows after it: what is kept, the others are counted
_KEPT = 100


@dataclass(frozen=True)
class Finding:
    """A row that does not fit: which, what was expected and found, and what was done to it.

    ``row`` names it within its table or file: its seq, its code, its size. No value of a person's
    data stands in a finding, only names of columns and digests.
    """

    kind: str
    table: str
    row: str
    expected: str
    found: str

    def text(self) -> str:
        """One line."""
        return f"{self.kind}: {self.table} {self.row}: expected {self.expected}, found {self.found}"


@dataclass
class Findings:
    """Findings as they come, the first hundred of them; ``count`` is of all."""

    kept: list[Finding] = field(default_factory=list)
    count: int = 0
    warnings: list[str] = field(default_factory=list)
    warned: int = 0

    def add(self, kind: str, table: str, row: object, *, expected: object, found: object) -> None:
        """Note a row that does not fit."""
        self.count += 1
        if len(self.kept) < _KEPT:
            self.kept.append(Finding(kind, table, str(row), str(expected), str(found)))

    def warn(self, words: str) -> None:
        """Note what fits, and what a person should know all the same."""
        self.warned += 1
        if len(self.warnings) < _KEPT:
            self.warnings.append(words)
