"""`migrate registry`: what decisions propose to the registry, written as a change set and applied."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.errors import InputError, RunError
from migrate.options import help_alone

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from migrate.store.registry_apply import Application
    from migrate.store.registry_apply_codes import Outdated

app = typer.Typer(
    name="registry",
    invoke_without_command=True,
    help="""Bring what universities decided into the registry.

Corrections, new degrees and new graduates are proposed by decisions. They are exported as a file that
the registry's owner reviews, and applied to its database in one transaction.""",
)
app.callback()(help_alone)

By = Annotated[str, typer.Option("--by", help="Who does it.")]


@app.command()
def export(
    by: By,
    out: Annotated[Path, typer.Option(help="The file to write: .csv or .json, a new one.")],
    university: Annotated[
        str | None, typer.Option(help="Of this university's cases only, by its key: tehran.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Of this batch's cases only.")] = None,
    fallen: Annotated[
        bool,
        typer.Option(
            "--fallen",
            help="Instead: what was applied, and whose decision fell since. It is not undone.",
        ),
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Write what decisions propose and the registry has not, with who decided, who approved, and why.

    A [bold].manifest.json[/bold] beside the file has its SHA-256. The store remembers it too: a file
    that is edited is not applied.

    [bold]Example[/bold]

        migrate registry export --out changes.csv --by "Z. Karimi"
    """
    from migrate.store import change_sets

    with opened(store, reports, must_exist=True) as engine:
        made = change_sets.export(
            engine, out, actor=by, university=university, batch=batch, fallen=fallen
        )
    if as_json:
        typer.echo(json.dumps(asdict(made) | {"file": str(out)}, ensure_ascii=False, indent=2))
    elif not made.proposals:
        typer.echo("nothing is proposed that the registry has not" if not fallen else "none fell")
    else:
        typer.echo(
            f"wrote {out}: {made.changes:,} changes, {made.degrees:,} new degrees, "
            f"{made.graduates:,} new graduates; sha256 {made.sha256}"
        )


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="The change set, as it was exported.")],
    registry: Annotated[
        str,
        typer.Option(
            help='An SQLAlchemy address with the table after "#". The password comes from '
            "MIGRATE_REGISTRY_PASSWORD."
        ),
    ],
    by: By,
    degree_ids: Annotated[
        str | None,
        typer.Option(
            metavar="PREFIX",
            help="A new degree's id is the one after the last that is PREFIX and digits. Without "
            "it the database must give ids by itself.",
        ),
    ] = None,
    person_ids: Annotated[
        str | None, typer.Option(metavar="PREFIX", help="The same for a new person's id.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Undo it all at the end: only tell what would be.")
    ] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Apply the others where some are refused.")
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Apply a change set to the registry, in one transaction: all of it or, without --partial, nothing.

    A value is changed only where the registry still holds what the university saw. Applied twice, a
    file does nothing. Then [bold]migrate issue BATCH[/bold] gives the codes. Codes in force that stand
    for what the registry said before are listed: [bold]migrate code replace[/bold] gives others.

    [bold]Example[/bold]

        migrate registry apply changes.csv --registry "postgresql://owner@host/db#degrees"
            --degree-ids M --person-ids M --by "registry office"
    """
    from migrate.batch import secrets
    from migrate.batch.settings import absolute_address, without_password
    from migrate.review.change_set import read_proposals
    from migrate.store import registry_apply
    from migrate.store.registry_edits import IdRule

    sha256, seqs = read_proposals(file)
    address, password = without_password(absolute_address(registry))
    secrets.keep_in_environment(secrets.REGISTRY_PASSWORD, password)
    url, _, table = address.partition("#")
    if not table:
        raise InputError("this address names no table", found=url, fix="Add it as URL#TABLE")
    with opened(store, reports, must_exist=True) as engine:
        done = registry_apply.apply(
            engine,
            url,
            table,
            sha256,
            seqs,
            actor=by,
            ids=IdRule(degree_ids, person_ids),
            partial=partial,
            dry_run=dry_run,
        )
        left = _outdated(engine, done)
    told = _data(done, left) if as_json else _text(done, left, address)
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else told)
    if not done.done and not dry_run:
        raise RunError(
            f"{done.count('refused'):,} of {len(done.results):,} are refused, and nothing was applied",
            file=file,
            fix="Have these decided again, or apply the others with --partial",
        )


def _outdated(engine: Engine, done: Application) -> list[Outdated]:
    """Codes in force on facts that the registry has otherwise, once it is as the change set says."""
    from migrate.batch.stages.facts import facts_of_row
    from migrate.store.registry_apply_codes import outdated

    return outdated(engine, {name: facts_of_row(row) for name, row in done.rows.items()})


def _data(done: Application, left: list[Outdated]) -> dict[str, Any]:
    return {
        "done": done.done,
        "results": [
            {
                "proposal": one.proposal.seq,
                "kind": one.proposal.proposal.kind,
                "degree_id": one.degree_id,
                "field": one.proposal.proposal.field,
                "case_id": one.proposal.decision.decision.case_id,
                "what": one.what,
                "words": one.words,
            }
            for one in done.results
        ],
        "outdated_codes": [asdict(one) for one in left],
    }


def _text(done: Application, left: list[Outdated], address: str) -> str:
    lines = [
        f"proposal {one.proposal.seq} ({one.proposal.decision.decision.case_id}): "
        f"{one.proposal.proposal.kind} {one.degree_id or '(new)'}"
        f"{' ' + one.proposal.proposal.field if one.proposal.proposal.field else ''}: "
        f"{one.what}{': ' + one.words if one.words else ''}"
        for one in done.results
    ]
    said = "applied" if done.done else "not applied: the registry is as it was"
    counts = ", ".join(f"{done.count(what):,} {what}" for what in ("written", "held", "refused"))
    lines.append(f"{counts}; {said}")
    # names of facts, and never their values: this may be kept as a log
    stands = "stands" if done.done else "would stand"
    lines += [
        f"code {one.code} ({one.state}) of degree {one.degree_id} {stands} for another "
        f"{', '.join(one.facts)} than the registry has"
        for one in left
    ]
    if left and done.done:
        # single quotes: an address may hold what a shell would read
        lines.append(
            f"give each another: migrate code replace CODE --registry {shlex.quote(address)} "
            "--by NAME --reason WHY"
        )
    return "\n".join(lines)
