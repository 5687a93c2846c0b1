"""Errors that a person can act on: one line that names the place, what was found and what to do."""

from __future__ import annotations


class MigrateError(Exception):
    """An error with a place: file, row, column, what was found there and how to mend it.

    ``str(error)`` is one line, fit for a terminal. ``exit_code`` is what the command ends with.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        file: object | None = None,
        row: int | None = None,
        column: str | None = None,
        found: object | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.row = row
        self.column = column
        self.found = found
        self.fix = fix

    def __str__(self) -> str:
        place = []
        if self.file is not None:
            place.append(str(self.file))
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column}")
        line = f"{', '.join(place)}: {self.message}" if place else self.message
        if self.found is not None:
            shown = " ".join(str(self.found).split())
            line += f" (found: {shown[:200] + '…' if len(shown) > 200 else shown})"
        if self.fix:
            line += f". {self.fix}" if not line.endswith((".", "!", "?")) else f" {self.fix}"
        return " ".join(line.split())


class InputError(MigrateError):
    """What the user gave cannot be used: nothing was started, nothing was written. Exit code 2."""

    exit_code = 2


class RunError(MigrateError):
    """A run that had begun could not go on; what was finished stays for a resume. Exit code 1."""

    exit_code = 1
