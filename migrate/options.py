"""What the commands of every room share: options, and what a group says when no command is given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Reports = Annotated[
    Path,
    typer.Option(
        "--reports", envvar="MIGRATE_REPORTS", help="The folder that holds a folder a batch."
    ),
]
Store = Annotated[
    str,
    typer.Option(
        envvar="MIGRATE_STORE",
        help="The store, an SQLAlchemy address. The password comes from MIGRATE_STORE_PASSWORD. "
        "By default store.sqlite in the reports folder.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]


def help_alone(context: typer.Context) -> None:
    """Print the help of a group of commands that is given none, and end as bad usage does.

    To be registered as the callback of a Typer application that has ``invoke_without_command``.

    :raises typer.Exit: 2, when no command was given.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
