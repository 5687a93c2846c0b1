"""What came of holding a table against a suite: checks, and the rows that go back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from migrate.intake.quarantine import Problem
from migrate.intake.suites import Scope


@dataclass(frozen=True)
class Check:
    """One expectation, as it turned out.

    ``observed`` is what was seen, in words, with examples. ``failing`` are the keys of the failing
    rows in the table's order: all of them for scope `row`, else the first 20. ``error`` is set when
    the expectation could not be checked at all, which is neither met nor failed.
    """

    rule: str
    type: str
    column: str | None
    scope: Scope
    success: bool
    reason: str
    observed: str
    unexpected_count: int | None
    failing: tuple[Any, ...] = ()
    expects: str = ""
    reason_fa: str = ""
    fields: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Validation:
    """All checks of one table, in the order of its suite. ``rows`` are the table's rows."""

    suite: str
    rows: int
    checks: tuple[Check, ...]
    key: str = "row"

    @property
    def success(self) -> bool:
        """Whether no check failed of those that quarantine a row or stop a batch."""
        return not any(
            check.error is not None or (not check.success and check.scope != "warn")
            for check in self.checks
        )

    @property
    def broken(self) -> tuple[Check, ...]:
        """The checks for which nothing may go on: the table as a whole, or not checkable."""
        return tuple(
            check
            for check in self.checks
            if check.error is not None or (not check.success and check.scope == "suite")
        )


def shown(row: Mapping[Any, Any], fields: Sequence[str]) -> str:
    """The values of a row as a person would see them in the source: raw where there is a raw one.

    Several fields are joined by '; '. Nothing there gives ''.
    """
    values = [row.get(f"raw_{field}", row.get(field)) for field in fields]
    texts = ["" if pd.isna(value) else str(value) for value in values]
    return "; ".join(texts) if any(texts) else ""


def problems(validation: Validation, frame: pd.DataFrame) -> list[Problem]:
    """The rows that break an expectation of scope `row`: one problem a row and rule.

    :param validation: what ``validate`` gave for `frame`.
    :param frame: n rows with the validation's key (unique) and, where people should see them, `row`
        (int), `legacy_id` and ``raw_<field>``.
    :returns: problems in the order of the rows, then of the suite. The reason is English and, where
        the suite has it, Persian after a `` | ``: the file goes back to those who keyed the rows.
    :raises ValueError: when the key is not unique, so that a row could not be told from another.
    """
    failed = [check for check in validation.checks if check.scope == "row" and check.failing]
    if not failed:
        return []
    keys = frame[validation.key]
    if keys.duplicated().any():
        raise ValueError(f"{validation.key} is not unique: rows cannot be told apart by it")
    place = {key: at for at, key in enumerate(keys.tolist())}
    wanted = {field for check in failed for field in check.fields} | {
        "row",
        "sheet",
        "sheet_row",
        "legacy_id",
    }
    columns = [name for name in frame.columns if name.removeprefix("raw_") in wanted]
    rows = sorted({place[key] for check in failed for key in check.failing})
    records = dict(zip(rows, frame[columns].iloc[rows].to_dict("records"), strict=True))
    found: list[tuple[int, int, Problem]] = []
    for order, check in enumerate(failed):
        reason = f"{check.reason} | {check.reason_fa}" if check.reason_fa else check.reason
        for key in check.failing:
            record = records[place[key]]
            problem = Problem(
                row=_number(record, "row"),
                legacy_id=_text(record, "legacy_id"),
                column=check.column,
                found=shown(record, check.fields) or None,
                rule=check.rule,
                reason=reason,
                sheet=_text(record, "sheet"),
                sheet_row=_number(record, "sheet_row") if _text(record, "sheet") else None,
            )
            found.append((place[key], order, problem))
    found.sort(key=lambda entry: entry[:2])
    return [problem for _, _, problem in found]


def _number(record: dict[Any, Any], name: str) -> int | None:
    value = record.get(name)
    return None if pd.isna(value) else int(value)


def _text(record: dict[Any, Any], name: str) -> str | None:
    value = record.get(name)
    return None if pd.isna(value) else str(value)
