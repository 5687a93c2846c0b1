"""`migrate code`: what happens to a code after it was issued, and what is known of one."""

from __future__ import annotations

from pathlib import Path

import typer

from migrate.batch.commands.code_replace import replace
from migrate.batch.commands.code_view import By, Code, Why, digits, print_code
from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.options import help_alone

app = typer.Typer(
    name="code",
    invoke_without_command=True,
    help="""Suspend, reinstate, revoke or replace a code, and show its history.

A code is never deleted and its number never given again. Each step is an event of the ledger that
says who did it and why.""",
)
app.callback()(help_alone)


@app.command()
def show(
    code: Code, store: Store = "", reports: Reports = Path("reports"), as_json: AsJson = False
) -> None:
    """Show what a code stands for, its state, and all that happened to it."""
    with opened(store, reports, must_exist=True) as engine:
        print_code(engine, digits(code), as_json)


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
        lifecycle.suspend(engine, digits(code), actor=by, reason=reason)
        print_code(engine, digits(code), as_json)


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
        lifecycle.reinstate(engine, digits(code), actor=by, reason=reason)
        print_code(engine, digits(code), as_json)


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
        lifecycle.revoke(engine, digits(code), actor=by, reason=reason)
        print_code(engine, digits(code), as_json)


app.command()(replace)
