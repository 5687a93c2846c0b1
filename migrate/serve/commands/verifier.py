"""`migrate verifier`: who may look codes up with a key; `migrate inquiries`: the log of look-ups."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from migrate.options import help_alone
from migrate.serve.commands.stores import AsJson, Reports, Store, opened, store_address

app = typer.Typer(
    name="verifier",
    invoke_without_command=True,
    help="""Register verifiers: employers and embassies that look codes up with a key of their own.

A key is shown once, when it is made; the store keeps only its digest.""",
)
app.callback()(help_alone)
inquiries_app = typer.Typer(
    name="inquiries",
    invoke_without_command=True,
    help="""The service's log of look-ups: by digest of the code, without who looked it up.""",
)
inquiries_app.callback()(help_alone)
By = Annotated[str, typer.Option("--by", help="Who does it.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The verifier's name, as people know it.")],
    by: By,
    per_minute: Annotated[
        int, typer.Option(help="Codes a minute, and codes in one file at most.")
    ] = 600,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Register a verifier, and print its key: the only time that it is to be had.

    [bold]Example[/bold]

        migrate verifier add "Embassy of X" --by "Z. Karimi" --per-minute 600
    """
    from migrate.store import verifiers

    with opened(store, reports) as engine:
        verifier, key = verifiers.add(engine, name, per_minute=per_minute, by=by)
    if as_json:
        typer.echo(json.dumps({**asdict(verifier), "key": key}, ensure_ascii=False))
        return
    typer.echo(f"{verifier.verifier_id}  {verifier.name}: {per_minute:,} codes a minute")
    typer.echo(f"key: {key}")
    typer.echo("Hand it over by a safe way now: it cannot be shown again.")


@app.command()
def revoke(
    verifier_id: Annotated[str, typer.Argument(metavar="ID", help="As `verifier list` shows it.")],
    by: By,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a key open nothing any more, at once and for ever."""
    from migrate.store import verifiers

    with opened(store, reports) as engine:
        verifier = verifiers.revoke(engine, verifier_id, by=by)
    if as_json:
        typer.echo(json.dumps(asdict(verifier), ensure_ascii=False))
    else:
        typer.echo(f"{verifier.verifier_id}  {verifier.name}: revoked at {verifier.revoked_at}")


@app.command("list")
def list_(
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Show all verifiers, those that were revoked too."""
    from migrate.store import verifiers

    with opened(store, reports) as engine:
        found = verifiers.registered(engine)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        state = f"revoked {one.revoked_at} by {one.revoked_by}" if one.revoked_at else "in force"
        typer.echo(f"{one.verifier_id}  {one.name}  {one.per_minute:,} a minute  {state}")
    if not found:
        typer.echo("no verifier is registered")


@inquiries_app.command()
def purge(
    keep_days: Annotated[int, typer.Option(min=1, help="Look-ups of so many days are kept.")] = 731,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Delete look-ups that are older than they may be kept. Run it once a day."""
    from sqlalchemy import URL

    from migrate.serve.stores import inquiries_file
    from migrate.store import inquiries
    from migrate.store.address import is_sqlite, read_address
    from migrate.store.engine import PASSWORD

    url = read_address(store_address(store, reports), PASSWORD)
    if is_sqlite(url):
        # on SQLite the service keeps its log in a file of its own
        beside = inquiries_file(Path(url.database or ""))
        store = URL.create("sqlite", database=str(beside)).render_as_string()
    with opened(store, reports) as engine:
        gone = inquiries.purge(engine, keep_days=keep_days)
    typer.echo(json.dumps({"deleted": gone}) if as_json else f"{gone:,} look-ups deleted")
