"""`migrate audit key`: the keys that sign the ledger, made, entered, rotated, declared lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.options import help_alone

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from migrate.codes.checkpoint import Checkpoint
    from migrate.codes.keys import SigningKey
    from migrate.store.heads import SignedHead

app = typer.Typer(
    name="key",
    invoke_without_command=True,
    help="""The keys that sign the ledger, and their succession.

A private key is a file outside the database, for its owner alone to read, and is never shown.""",
)
app.callback()(help_alone)

Key = Annotated[
    Path | None,
    typer.Option(
        "--key", metavar="FILE", envvar="MIGRATE_LEDGER_KEY", help="The file of the private key."
    ),
]
By = Annotated[str, typer.Option("--by", help="Who does it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why: a letter, a date in a plan.")]
NewKey = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the new private key.")]


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Not there yet.")],
    name: Annotated[
        str, typer.Option(help="The log's name, the same for all its keys: codes.example.ir/ledger")
    ],
) -> None:
    """Make a key. Prints its public half, to be published; needs no store."""
    from migrate.codes.keys import create

    typer.echo(create(file, name).text())


@app.command()
def add(
    file: NewKey,
    by: By,
    reason: Reason,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Enter the first key of a log, and sign the head that holds it."""
    from migrate.store import log_keys

    first, _ = loaded(file)
    _change(
        lambda engine: log_keys.add_first_key(engine, first, actor=by, reason=reason),
        file,
        store,
        reports,
        as_json,
    )


@app.command()
def rotate(
    file: NewKey,
    by: By,
    reason: Reason,
    key: Key = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a new key take over: the old one, given by --key, signs the head that adds it."""
    from migrate.store import log_keys

    old, held = loaded(key)
    taking_over, _ = loaded(file)
    _change(
        lambda engine: log_keys.rotate(
            engine, old, taking_over, actor=by, reason=reason, held=held
        ),
        file,
        store,
        reports,
        as_json,
    )


@app.command()
def lost(
    file: NewKey,
    by: By,
    reason: Reason,
    witness: Annotated[
        list[Path] | None,
        typer.Option("--witness", metavar="FILE", help="A signed head that is held elsewhere."),
    ] = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Retire the key that signs, lost or stolen, and let a new one begin.

    Nothing in the log vouches for the new key: publish it as the first one was.
    """
    from migrate.store import log_keys
    from migrate.store.audit_witness import read_head

    beginning, _ = loaded(file)
    held = [read_head(path) for path in witness or ()]
    _change(
        lambda engine: log_keys.declare_loss(engine, beginning, actor=by, reason=reason, held=held),
        file,
        store,
        reports,
        as_json,
    )


@app.command("list")
def list_(store: Store = "", reports: Reports = Path("reports"), as_json: AsJson = False) -> None:
    """Show the keys of the log, and which heads each may sign."""
    from migrate.store import heads
    from migrate.store.engine import reading

    with opened(store, reports, must_exist=True) as engine, reading(engine) as connection:
        found = heads.keys(connection)
    if as_json:
        shown = [
            {
                "key": key.public.text(),
                "added": key.added,
                "how": key.how,
                "signs_from": key.first_size,
                "retired": key.retired,
            }
            for key in found
        ]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for key in found:
        until = "on" if key.retired is None else f"to {key.retired - 1}"
        typer.echo(f"{key.public.text()}  {key.how}, signs heads from {key.first_size} {until}")
    if not found:
        typer.echo("the log has no key: make one with `migrate audit key new`, enter it with add")


def loaded(path: Path | None) -> tuple[SigningKey, list[Checkpoint]]:
    """The key in a file, and the last head it signed where that stands beside it."""
    from migrate.codes.keys import load
    from migrate.store.audit_witness import read_head

    key = load(path)
    beside = _beside(path)
    return key, [read_head(beside)] if beside is not None and beside.exists() else []


def keep_head(path: Path | None, signed: SignedHead) -> None:
    """Keep a head beside the key that signed it, in place of the last one."""
    from migrate.intake.files import write_atomically

    beside = _beside(path)
    if beside is not None:
        with write_atomically(beside) as partial:
            partial.write_bytes(signed.note.encode())


def print_signed(signed: SignedHead, as_json: bool) -> None:
    """Show the head that was signed."""
    typer.echo(
        json.dumps(asdict(signed), ensure_ascii=False) if as_json else signed.note, nl=as_json
    )


def _beside(path: Path | None) -> Path | None:
    return path.with_name(f"{path.name}.head") if path is not None else None


def _change(
    change: Callable[[Engine], SignedHead],
    file: Path,
    store: str,
    reports: Path,
    as_json: bool,
) -> None:
    with opened(store, reports, must_exist=True) as engine:
        signed = change(engine)
    keep_head(file, signed)
    print_signed(signed, as_json)
