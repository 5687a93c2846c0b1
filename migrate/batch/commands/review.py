"""`migrate review`: a university's answers to its cases."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from migrate.batch.commands import review_import, review_packet, review_status
from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.options import help_alone

if TYPE_CHECKING:
    from migrate.review.decisions import Standing

app = typer.Typer(
    name="review",
    invoke_without_command=True,
    help="""Keep what universities decide of their cases.

A decision is never changed: another one supersedes it. `migrate issue` gives a code to the degree that
a standing decision confirms.""",
)
app.callback()(help_alone)

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case, as C-ABCD-EFGH-IJKL.")]


@app.command()
def decide(
    case: CaseId,
    verdict: Annotated[
        Literal["confirm", "correct", "choose", "new_degree", "new_graduate", "refuse"],
        typer.Argument(help="The answer; which ones a case can have depends on its outcome."),
    ],
    by: Annotated[str, typer.Option("--by", help="Who decided.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    degree: Annotated[
        str | None, typer.Option(help="The degree that is confirmed or chosen.")
    ] = None,
    version: Annotated[int, typer.Option(help="The case's version, as it was seen.")] = 1,
    supersedes: Annotated[
        int | None, typer.Option(help="The decision that this one takes the place of.")
    ] = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Keep one decision, as a university gave it.

    [bold]Example[/bold]

        migrate review decide C-ABCD-EFGH-IJKL confirm --by "M. Hosseini" --reason "ledger 3, page 12"
    """
    from migrate.review.decisions import Standing
    from migrate.store import decisions

    with opened(store, reports, must_exist=True) as engine:
        made = decisions.decide(
            engine,
            case,
            verdict,
            version=version,
            actor=by,
            reason=reason,
            degree_id=degree,
            supersedes=supersedes,
        )
    _print([Standing(made)], as_json)


@app.command()
def approve(
    decision: Annotated[int, typer.Argument(help="The decision's number.")],
    by: Annotated[str, typer.Option("--by", help="Who approves: not the one who decided.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    returned: Annotated[
        bool, typer.Option("--return", help="Send it back instead: the case is open again.")
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Keep what a second person says of a decision that needs one.

    [bold]Example[/bold]

        migrate review approve 17 --by "Z. Karimi" --reason "file seen"
    """
    from migrate.store import decisions, standing
    from migrate.store.engine import reading

    with opened(store, reports, must_exist=True) as engine:
        decisions.approve(
            engine, decision, "returned" if returned else "approved", actor=by, reason=reason
        )
        with reading(engine) as connection:
            found = standing.decision(connection, decision)
    _print([found] if found else [], as_json)


@app.command()
def history(
    case: CaseId, store: Store = "", reports: Reports = Path("reports"), as_json: AsJson = False
) -> None:
    """Show all decisions on a case; the last one stands."""
    from migrate.store import standing

    with opened(store, reports, must_exist=True) as engine:
        found = standing.history(engine, case)
    _print(found, as_json)


def _print(made: list[Standing], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in made], ensure_ascii=False, indent=2))
        return
    if not made:
        typer.echo("no decision yet")
    for found in made:
        one = found.decision
        degree = f" {one.degree_id}" if one.degree_id else ""
        instead = f", instead of decision {one.supersedes}" if one.supersedes else ""
        typer.echo(
            f"decision {one.seq} on {one.case_id}, version {one.case_version}: {one.verdict}{degree}"
            f" by {one.actor} at {one.at}{instead}: {one.reason}"
        )
        if found.approval is not None:
            said = found.approval
            typer.echo(f"  {said.verdict} by {said.actor} at {said.at}: {said.reason}")
        elif one.needs_second:
            typer.echo(
                f"  it counts once a second person approves it: migrate review approve {one.seq}"
            )


app.command("packet")(review_packet.packet)
app.command("import")(review_import.import_answers)
app.command("status")(review_status.status)
app.command("overdue")(review_status.overdue)
app.command("notebook")(review_status.notebook)
