"""Suites of expectations as reviewed text: read, held against their form, and loaded whole.

The form is that of Great Expectations 1.x, with a ``meta`` of ours for people: see
expectations/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from migrate.errors import InputError

Scope = Literal["row", "suite", "warn"]

# what a failure leads to, and how Great Expectations calls a failure of that weight
SEVERITIES: Mapping[str, str] = {"suite": "critical", "row": "warning", "warn": "info"}
_SUITE_KEYS = {"name", "notes", "suite_parameters", "expectations"}
_RULE_KEYS = {"type", "kwargs", "severity", "meta"}
_META_KEYS = {"rule", "scope", "field", "expects", "reason", "reason_fa"}
_MAPS = ("expect_column_values_", "expect_column_pair_values_")


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite, with its words for people.

    ``expects`` says what should hold; ``reason`` what it means that it does not, and what to do;
    ``reason_fa`` is that in Persian, or ''. ``fields`` are the columns to show to people.
    ``configuration`` is what Great Expectations is given.
    """

    rule: str
    type: str
    scope: Scope
    fields: tuple[str, ...]
    expects: str
    reason: str
    reason_fa: str
    configuration: Mapping[str, Any]


@dataclass(frozen=True)
class Suite:
    """The rules of a suite, in the order they are written."""

    name: str
    path: Path
    rules: tuple[Rule, ...]


def read_suite(path: Path, parameters: Mapping[str, Any] | None = None) -> Suite:
    """Read a suite and put its parameters in place.

    :param path: a JSON file in the form of expectations/README.md.
    :param parameters: values for ``{"$PARAMETER": name}``; they stand over the suite's own
        ``suite_parameters``. Names that the suite does not use are ignored.
    :raises InputError: when the file is not there, is not JSON (with its line), or an expectation
        is not of the form: unknown keys, no rule id or one used twice, an unknown scope, words
        missing, a severity that contradicts the scope, a parameter without a value, or a row's
        rule that lets some rows through (``mostly``) or cannot name rows.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "the suite cannot be read", file=path, found=error.strerror, fix="Install it again"
        ) from error
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InputError(
            "the suite is not JSON in UTF-8", file=path, row=line, found=error, fix="Correct it"
        ) from error
    if not isinstance(written, dict) or not isinstance(written.get("expectations"), list):
        raise InputError("a suite is an object with a list `expectations`", file=path)
    _require_known(written, _SUITE_KEYS, path, None)
    if written.get("name") != path.stem:
        raise InputError(
            "the suite's name is not that of its file", file=path, found=written.get("name")
        )
    values = {**written.get("suite_parameters", {}), **(parameters or {})}
    rules = [_rule(entry, values, path) for entry in written["expectations"]]
    seen: set[str] = set()
    for rule in rules:
        if rule.rule in seen:
            raise InputError("two expectations have one rule id", file=path, column=rule.rule)
        seen.add(rule.rule)
    if not rules:
        raise InputError("the suite holds no expectation, so anything would pass", file=path)
    return Suite(name=written["name"], path=path, rules=tuple(rules))


def load(suite: Suite) -> Any:
    """The suite as a ``great_expectations.ExpectationSuite``, every expectation of it.

    :raises InputError: when Great Expectations does not know an expectation's type or arguments. By
        itself it would drop such a one with no more than a line in its log.
    """
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    expectations = []
    for rule in suite.rules:
        try:
            expectations.append(ExpectationConfiguration(**rule.configuration).to_domain_obj())
        # pydantic's, and several of its own that share no base
        except Exception as error:
            raise InputError(
                "Great Expectations does not take this expectation",
                file=suite.path,
                column=rule.rule,
                found=f"{rule.type}: {error}",
                fix="Check the spelling of its type and arguments",
            ) from error
    loaded = ExpectationSuite(name=suite.name, expectations=expectations)
    if len(loaded.expectations) != len(suite.rules):
        raise InputError(
            "Great Expectations dropped expectations of this suite",
            file=suite.path,
            found=f"{len(loaded.expectations)} of {len(suite.rules)} loaded",
        )
    return loaded


def _rule(entry: Any, values: Mapping[str, Any], path: Path) -> Rule:
    if not isinstance(entry, dict) or not isinstance(entry.get("meta"), dict):
        raise InputError("an expectation is an object with a `meta`", file=path, found=entry)
    meta = entry["meta"]
    name = meta.get("rule")
    for key in ("rule", "expects", "reason"):
        if not isinstance(meta.get(key), str) or not meta[key].strip():
            raise InputError(f"an expectation has no `{key}` in its meta", file=path, column=name)
    _require_known(entry, _RULE_KEYS, path, name)
    _require_known(meta, _META_KEYS, path, name)
    scope = meta.get("scope")
    if scope not in SEVERITIES:
        raise InputError(
            "the scope is none of row, suite, warn", file=path, column=name, found=scope
        )
    if entry.get("severity") != SEVERITIES[scope]:
        raise InputError(
            f"an expectation of scope {scope} has severity {SEVERITIES[scope]}",
            file=path,
            column=name,
            found=entry.get("severity"),
        )
    kind = str(entry.get("type"))
    kwargs = _put_in_place(entry.get("kwargs", {}), values, path, name)
    if scope == "row" and (not kind.startswith(_MAPS) or "mostly" in kwargs):
        raise InputError(
            "an expectation of scope row must judge each row by itself",
            file=path,
            column=name,
            found=kind,
            fix="Take a type expect_column_values_… without `mostly`, or another scope",
        )
    columns = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    fields = meta.get("field", columns)
    return Rule(
        rule=meta["rule"],
        type=kind,
        scope=cast("Scope", scope),
        fields=(fields,) if isinstance(fields, str) else tuple(fields),
        expects=meta["expects"],
        reason=meta["reason"],
        reason_fa=meta.get("reason_fa", ""),
        configuration={**entry, "kwargs": kwargs},
    )


def _require_known(
    entry: Mapping[str, Any], known: set[str], path: Path, column: str | None
) -> None:
    strange = sorted(set(entry) - known)
    if strange:
        raise InputError(
            "a key that this form does not have",
            file=path,
            column=column,
            found=", ".join(strange),
            fix=f"Known here: {', '.join(sorted(known))}",
        )


def _put_in_place(value: Any, values: Mapping[str, Any], path: Path, column: str | None) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$PARAMETER"}:
            if value["$PARAMETER"] not in values:
                raise InputError(
                    "the suite needs a parameter that was not given",
                    file=path,
                    column=column,
                    found=value["$PARAMETER"],
                )
            return values[value["$PARAMETER"]]
        return {key: _put_in_place(item, values, path, column) for key, item in value.items()}
    if isinstance(value, list):
        return [_put_in_place(item, values, path, column) for item in value]
    return value
