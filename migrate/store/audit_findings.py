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

    ``row`` names it within its table or file: its seq, its code, its size. No name and no national
    ID stands in a finding: of what a code was issued on, only the SHA-256.
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

    def add(
        self, kind: str, table: str, row: object, *, expected: object, found: object
    ) -> int | None:
        """Note a row that does not fit; its place in ``kept``, None where it is only counted."""
        self.count += 1
        if len(self.kept) == _KEPT:
            return None
        told = (_plain(value) for value in (table, row, expected, found))
        self.kept.append(Finding(kind, *told))
        return len(self.kept) - 1

    def follow(self, other: Findings) -> None:
        """Take over all that another one found, after what is here."""
        self.kept = (self.kept + other.kept)[:_KEPT]
        self.count += other.count
        self.warnings = (self.warnings + other.warnings)[:_KEPT]
        self.warned += other.warned

    def warn(self, words: str) -> None:
        """Note what fits, and what a person should know all the same."""
        self.warned += 1
        if len(self.warnings) < _KEPT:
            self.warnings.append(_plain(words))


def text_of(value: object) -> str:
    """A value as the text that a column of text holds: SQLite lets its owner put anything in any."""
    return value if isinstance(value, str) else repr(value)


def _plain(value: object) -> str:
    """A value as a terminal may show it, whatever somebody wrote into the database."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in str(value)
    )
