"""`migrate alias`: what a person decided that an unknown university, field or degree stands for."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.options import help_alone

if TYPE_CHECKING:
    from migrate.store.aliases import AliasEntry

app = typer.Typer(
    name="alias",
    invoke_without_command=True,
    help="""Remember what a university, field of study or degree that no list knows stands for.

An alias is decided by a person, kept in the store for ever, and holds from the next batch on;
batches that have begun keep to the aliases they began with.""",
)
app.callback()(help_alone)

Kind = Annotated[
    Literal["university", "field_of_study", "degree"],
    typer.Argument(help="What kind of name it is."),
]
Text = Annotated[str, typer.Argument(help="The name as sources have it; spacing does not matter.")]
By = Annotated[str, typer.Option("--by", help="Who decided.")]
Note = Annotated[str, typer.Option("--source", help="What on: a letter, a decree, a catalogue.")]


@app.command()
def add(
    kind: Kind,
    text: Text,
    target: Annotated[
        str, typer.Argument(metavar="ID", help="The id it stands for, or a name the list knows.")
    ],
    by: By,
    source: Note = "",
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a name stand for one of the list.

    [bold]Example[/bold]

        migrate alias add university "مدرسه عالی نمونه" tehran --by "Z. Karimi" --source "letter 12/345"
    """
    from migrate.store import aliases

    with opened(store, reports, must_exist=False) as engine:
        entry = aliases.add(engine, kind, text, target, decided_by=by, source=source)
    _print([entry], as_json)


@app.command()
def retire(
    kind: Kind,
    text: Text,
    by: By,
    source: Note = "",
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a name stand for nothing again; what was decided before stays in the log."""
    from migrate.store import aliases

    with opened(store, reports, must_exist=True) as engine:
        entry = aliases.retire(engine, kind, text, decided_by=by, source=source)
    _print([entry], as_json)


@app.command("list")
def list_(
    history: Annotated[
        bool, typer.Option("--all", help="The whole log, with what was retired.")
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Show the aliases that stand now."""
    from migrate.store import aliases

    with opened(store, reports, must_exist=True) as engine:
        found = aliases.log(engine) if history else list(aliases.standing(engine).entries)
    _print(found, as_json)


@app.command()
def propose(
    least: Annotated[
        int, typer.Option("--min", min=1, help="Decisions that must speak of a name.")
    ] = 2,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """List names that decisions speak for: what no list knows, or reads as another, and what it is.

    Nothing is taken over: [bold]migrate alias add[/bold] does that, by a person. Where decisions speak
    for two, or a list reads the name otherwise, it is said.
    """
    from migrate.review.learning import alias_evidence
    from migrate.store import aliases
    from migrate.store.decided_cases import decided_cases

    with opened(store, reports, must_exist=True) as engine:
        stands = {(one.kind, one.key) for one in aliases.standing(engine).entries}
        found = [
            one
            for one in alias_evidence(decided_cases(engine), least=least)
            if (one.kind, one.key) not in stands
        ]
    if as_json:
        data = [asdict(one) | {"agrees": one.agrees} for one in found]
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    for one in found:
        targets = ", ".join(f"{target} ({count:,})" for target, count in one.targets.items())
        against = "" if one.agrees else "  decisions contradict each other"
        if one.read_as is not None:
            against = f"  the list reads it as {one.read_as}: mend the list, or look at the cases"
        typer.echo(f"{one.kind}  {one.text}  -> {targets}{against}")
        typer.echo(f"  of {', '.join(one.universities)}: {', '.join(one.cases[:5])}")
    if not found:
        typer.echo("no name is proposed")


def _print(entries: list[AliasEntry], as_json: bool) -> None:
    if as_json:
        found = [asdict(entry) for entry in entries]
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for entry in entries:
        note = f" ({entry.source})" if entry.source else ""
        what = f"stands for {entry.target}" if entry.target else "stands for nothing any more"
        typer.echo(
            f"{entry.seq}  {entry.kind}  {entry.text}  {what}: {entry.decided_by}, {entry.at}{note}"
        )
    if not entries:
        typer.echo("no alias stands")
