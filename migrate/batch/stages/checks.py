"""Artefacts held against their suites before any later stage may use them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from migrate.errors import RunError
from migrate.intake.expectations import Validation, validate


def validated(
    table: pa.Table,
    suite: Path,
    folder: Path,
    *,
    key: str = "legacy_id",
    parameters: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Check a table that this program made; give the checks as a frame for the notebook.

    Raises RunError naming the first expectation that fails: such an artefact is not to be used.
    """
    validation = validate(table.to_pandas(), suite, key=key, parameters=parameters)
    failed = [check for check in validation.checks if not check.success and check.scope != "warn"]
    # a check that could not be made at all is broken, whatever its scope
    failed += validation.broken
    if failed:
        raise RunError(
            f"what this stage made breaks expectation {failed[0].rule} of suite {suite.stem}: "
            f"{failed[0].reason}",
            file=folder,
            column=failed[0].column,
            found=failed[0].observed,
            fix="This is a defect of the program: keep the folder and report it",
        )
    return frame(validation)


def frame(validation: Validation) -> pd.DataFrame:
    """One row a check: rule, scope, result, what was observed and how many rows failed."""
    return pd.DataFrame(
        [
            {
                "rule": check.rule,
                "expected": check.expects or check.reason,
                "when it fails": {
                    "row": "the row is quarantined",
                    "suite": "the batch stops",
                    "warn": "it is reported",
                }[check.scope],
                "met": "yes" if check.success else "no",
                "failing rows": check.unexpected_count or 0,
                "observed": check.observed,
            }
            for check in validation.checks
        ]
    )
