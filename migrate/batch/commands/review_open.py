"""`migrate review open`: a case of a record that was linked, because somebody doubts the link."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from migrate.batch.commands.stores import AsJson, Reports


def open_(
    batch: Annotated[str, typer.Argument(help="The batch.")],
    legacy_id: Annotated[str, typer.Argument(metavar="LEGACY_ID", help="The linked record.")],
    by: Annotated[str, typer.Option("--by", help="Who doubts it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Open a case of a linked record: it gets no code, and the one it got is suspended.

    The case is a mismatch with the degree that the record was linked to, and is decided as any other.
    After a confirmation [bold]migrate code reinstate[/bold] lets the code stand again.

    [bold]Example[/bold]

        migrate review open ledger-1362 100003 --by "Z. Karimi" --reason "a label says no match"
    """
    from migrate.batch.contest import contest
    from migrate.batch.settings import check_batch_name

    case, code = contest(
        reports.resolve(), check_batch_name(batch), legacy_id, actor=by, reason=reason
    )
    if as_json:
        typer.echo(json.dumps({"case_id": case.case_id, "suspended": code}, indent=2))
        return
    typer.echo(f"case {case.case_id}: record {legacy_id}, degree {case.candidates[0].degree_id}")
    typer.echo(f"  code {code} is suspended" if code else "  it has no code in force")
