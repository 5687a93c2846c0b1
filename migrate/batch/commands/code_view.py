"""A code as `migrate code` takes it and shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from migrate.store.replacing import FactChange

Code = Annotated[str, typer.Argument(help="The code, in any digits, with spaces or dashes.")]
By = Annotated[str, typer.Option("--by", help="Who does it.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in a few words: it is kept for ever.")]


def digits(code: str) -> str:
    """A code's 20 ASCII digits. Raises InputError where there are others."""
    from migrate.codes.numbers import normalise_code

    digits = normalise_code(code)
    if digits is None:
        raise InputError("this is not a code: it has 20 digits", found=code, fix="Type it again")
    return digits


def print_code(
    engine: Engine,
    code: str,
    as_json: bool,
    changes: Sequence[FactChange] | None = None,
    *,
    superseded: bool = True,
) -> None:
    """Print a code and its history, and, where it stands for other facts, those that changed.

    :param changes: those facts. :param superseded: whether this is the new code, or the old one that
        would be superseded.
    """
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
        said: dict[str, Any] = asdict(found) | {
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
        if changes is not None:
            said["changed"] = [asdict(one) for one in changes]
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
    for one in changes or ():
        words = "changed" if superseded else "would change"
        typer.echo(
            f"{words}  {one.name}: {one.old or '(empty)'} → {one.new or '(empty)'}, {_by(one)}"
        )


def _by(change: FactChange) -> str:
    if change.decision is not None:
        return f"by decision {change.decision}"
    return "accepted by whoever replaces it" if change.accepted else "by no decision"
