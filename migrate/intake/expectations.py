"""A table held against a suite of expectations, by Great Expectations on pandas."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from migrate.errors import InputError
from migrate.intake.facts import facts
from migrate.intake.page import write_page
from migrate.intake.suites import Rule, Suite, load, read_suite
from migrate.intake.validation import Check, Validation, problems, shown

__all__ = ["Check", "Validation", "facts", "problems", "validate", "write_page"]

_FIRST = 20
_EXAMPLES = 3
_LONGEST = 60


def validate(
    frame: pd.DataFrame,
    suite: Path,
    *,
    key: str,
    parameters: Mapping[str, Any] | None = None,
) -> Validation:
    """Hold a table against a suite. Nothing of the table is changed.

    The first call of a process imports Great Expectations (3 to 4 seconds); 200,000 rows against
    the legacy suite take about a second more.

    :param frame: n rows. Text columns hold str or null. A column that a rule compares with numbers
        may hold them as text or decimals; text that is no number is an error, never passed over.
    :param suite: the suite's JSON file; see ``read_suite`` for its form and `parameters`.
    :param key: the column whose values name failing rows.
    :param parameters: values of the suite's parameters, such as the rows that there should be.
    :returns: one check for each expectation written in the suite, in that order. An expectation
        that could not be checked (no such column, a value of the wrong type) is a failed check with
        its ``error``.
    :raises InputError: when the suite is not of the form, or the frame has no column `key`.
    """
    read = read_suite(suite, parameters)
    if key not in frame.columns:
        raise InputError("the table has no such column to name its rows by", file=suite, column=key)
    # failing rows are asked for by position: 30 times faster than by the key, and sure to be unique
    numbered = _with_numbers(frame.reset_index(drop=True), read.rules)
    # each condition on rows copies the table, so it is given no column that nothing asks for
    asked = set().union(*(_words(rule.configuration["kwargs"]) for rule in read.rules))
    results = _results(numbered[[name for name in numbered if name in asked]], read)
    return Validation(
        suite=read.name,
        rows=len(numbered),
        checks=tuple(_check(rule, results.get(rule.rule), numbered, key) for rule in read.rules),
        key=key,
    )


@cache
def _context() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # it makes hundreds of classes, and looking through them for garbage takes a fifth of its import
    collecting = gc.isenabled()
    gc.disable()
    try:
        import great_expectations
    finally:
        if collecting:
            gc.enable()

    context: Any = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def _results(frame: pd.DataFrame, suite: Suite) -> dict[str, Any]:
    source = _context().data_sources.add_or_update_pandas("tables")
    asset = source.add_dataframe_asset(suite.name)
    definition = asset.add_batch_definition_whole_dataframe("whole")
    batch = definition.get_batch({"dataframe": frame})
    asked = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
    results = batch.validate(load(suite), result_format=asked).results
    return {result.expectation_config.meta["rule"]: result for result in results}


def _words(value: Any) -> set[str]:
    """Every text within an expectation's arguments, columns' names among them."""
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(_words, parts))


def _with_numbers(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    compared = {
        rule.configuration["kwargs"]["column"]
        for rule in rules
        if rule.type == "expect_column_values_to_be_between"
    }
    for column in sorted(compared & set(frame.columns)):
        if not pd.api.types.is_numeric_dtype(frame[column]):
            try:
                frame = frame.assign(**{column: pd.to_numeric(frame[column])})
            # left as it is, the check itself will say that it cannot be compared
            except (ValueError, TypeError):
                continue
    return frame


def _check(rule: Rule, result: Any, frame: pd.DataFrame, key: str) -> Check:
    error = "Great Expectations gave no result" if result is None else _error(result)
    detail = {} if result is None else dict(result.result)
    positions = detail.get("unexpected_index_list")
    count = detail.get("unexpected_count")
    if error is None and rule.scope == "row" and (positions is None or len(positions) != count):
        listed = 0 if positions is None else len(positions)
        error = f"only {listed} of {count} failing rows were named"
    success = error is None and bool(result.success)
    failing: list[Any] = []
    if error is None and not success and positions:
        failing = positions if rule.scope == "row" else positions[:_FIRST]
    return Check(
        rule=rule.rule,
        type=rule.type,
        column=", ".join(rule.fields) or None,
        scope=rule.scope,
        success=success,
        reason=rule.reason,
        observed=f"could not be checked: {error}"
        if error is not None
        else _observed(rule, detail, frame, key, failing),
        unexpected_count=None if error is not None or count is None else int(count),
        failing=tuple(None if pd.isna(name) else name for name in frame[key].iloc[failing]),
        expects=rule.expects,
        reason_fa=rule.reason_fa,
        fields=rule.fields,
        error=error,
    )


def _error(result: Any) -> str | None:
    """What an expectation ran into, or None: its own words, once each, on one line."""
    told = result.exception_info or {}
    entries = [told] if "raised_exception" in told else list(told.values())
    messages = [
        " ".join(str(entry.get("exception_message")).split())
        for entry in entries
        if entry.get("raised_exception")
    ]
    return "; ".join(dict.fromkeys(messages)) if messages else None


def _observed(
    rule: Rule, detail: Mapping[str, Any], frame: pd.DataFrame, key: str, failing: Sequence[int]
) -> str:
    if "unexpected_count" not in detail:
        value = detail.get("observed_value")
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "nothing to measure"
        if rule.type.startswith("expect_table_row_count"):
            return f"{value:,} rows"
        return f"{value:.4g}"
    count = int(detail["unexpected_count"])
    judged = int(detail["element_count"]) - int(detail.get("missing_count") or 0)
    if not count:
        return f"none of {judged:,} rows"
    examples = []
    for at in failing[:_EXAMPLES]:
        row = frame.iloc[at].to_dict()
        value = " ".join(shown(row, rule.fields).split())
        short = f"{value[:_LONGEST]}…" if len(value) > _LONGEST else value
        name = "without" if pd.isna(row[key]) else str(row[key])
        examples.append(f"{key} {name}" + (f" «{short}»" if short else ""))
    share = count / judged if judged else 1.0
    percent = "under 0.1%" if share < 0.001 else f"{share:.1%}"
    such = f": {', '.join(examples)}" + (" …" if count > len(examples) else "") if examples else ""
    return f"{count:,} of {judged:,} rows ({percent}){such}"
