"""`migrate code`: what happens to a code after it was issued, and what is known of one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(
    name="code",
    invoke_without_command=True,
    help="""Suspend, reinstate, revoke or replace a code, and show its history.

A code is never deleted and its number never given again. Each step is an event of the ledger that
says who did it and why.""",
)

Code = Annotated[str, typer.Argument(help="The code, in any digits, with spaces or dashes.")]
By = Annotated[str, typer.Option("--by", help="Who does it.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in a few words: it is kept for ever.")]


@app.callback()
def about(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command()
def show(
    code: Code, store: Store = "", reports: Reports = Path("reports"), as_json: AsJson = False
) -> None:
    """Show what a code stands for, its state, and all that happened to it."""
    with opened(store, reports, must_exist=True) as engine:
        _print(engine, _digits(code), as_json)


@app.command()
def suspend(
    code: Code,
    by: By,
    reason: Why,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a code stand for nothing until it is reinstated; its degree gets no other meanwhile.

    [bold]Example[/bold]

        migrate code suspend "4631 8167 3312 8087 7873" --by "Z. Karimi" --reason "letter 12/345"
    """
    from migrate.store import lifecycle

    with opened(store, reports, must_exist=True) as engine:
        lifecycle.suspend(engine, _digits(code), actor=by, reason=reason)
        _print(engine, _digits(code), as_json)


@app.command()
def reinstate(
    code: Code,
    by: By,
    reason: Why,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a suspended code stand again."""
    from migrate.store import lifecycle

    with opened(store, reports, must_exist=True) as engine:
        lifecycle.reinstate(engine, _digits(code), actor=by, reason=reason)
        _print(engine, _digits(code), as_json)


@app.command()
def revoke(
    code: Code,
    by: By,
    reason: Why,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a code stand for nothing, for ever.

    `migrate issue` gives its degree no other; `migrate code replace` does, where a person says why.
    """
    from migrate.store import lifecycle

    with opened(store, reports, must_exist=True) as engine:
        lifecycle.revoke(engine, _digits(code), actor=by, reason=reason)
        _print(engine, _digits(code), as_json)


@app.command()
def replace(
    code: Code,
    by: By,
    reason: Why,
    document: Annotated[
        Literal["provisional", "diploma"] | None,
        typer.Option(help="The document that the new code proves; that of the old one by default."),
    ] = None,
    record: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="BATCH LEGACY_ID",
            help="The record that the new code is issued on, where it is another paper.",
        ),
    ] = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Give the degree of a code a new one: the old one is superseded by it.

    A revoked code stays revoked, and its degree gets a new one beside it.

    [bold]Example[/bold]

        migrate code replace 46318167331280877873 --by "Z. Karimi" --reason "the diploma came"
            --document diploma --record ledger-1370 L-204
    """
    from migrate.store import lifecycle

    with opened(store, reports, must_exist=True) as engine:
        issued = lifecycle.replace(
            engine,
            _digits(code),
            actor=by,
            reason=reason,
            document_type=document,
            record=record,
        )
        _print(engine, issued.code, as_json)


def _digits(code: str) -> str:
    from migrate.codes.numbers import normalise_code

    digits = normalise_code(code)
    if digits is None:
        raise InputError("this is not a code: it has 20 digits", found=code, fix="Type it again")
    return digits


def _print(engine: Engine, code: str, as_json: bool) -> None:
    from migrate.codes.numbers import format_code
    from migrate.store.engine import reading
    from migrate.store.ledger import events_of
    from migrate.store.lookup import find

    with reading(engine) as connection:
        found = find(connection, code)
        events = events_of(connection, code)
    if found is None:
        raise InputError("the store has no such code", found=code, fix="Check its digits")
    if as_json:
        said = asdict(found) | {
            "events": [
                {
                    "seq": event.seq,
                    "event": event.event,
                    "at": event.at,
                    "actor": event.actor,
                    "payload": json.loads(event.payload),
                }
                for event in events
            ]
        }
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    typer.echo(f"code      {format_code(found.code)}")
    typer.echo(f"state     {found.state}")
    if found.superseded_by:
        typer.echo(f"by        {format_code(found.superseded_by)}")
    if found.replaces:
        typer.echo(f"replaces  {format_code(found.replaces)}")
    typer.echo(f"document  {found.document_type or 'not known'}")
    typer.echo(f"degree    {found.degree_id}, by record {found.legacy_id} of batch {found.batch}")
    for event in events:
        reason = json.loads(event.payload).get("reason")
        why = f": {reason}" if reason else ""
        typer.echo(f"{event.at}  {event.event} by {event.actor} (event {event.seq}){why}")
