"""`migrate request`: graduates' requests, from the file they come in to the code they lead to."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened, store_address
from migrate.errors import InputError
from migrate.options import help_alone

if TYPE_CHECKING:
    from migrate.batch.requests import Running
    from migrate.store.request_status import Listed, Status

# rows that are told of one by one
_SHOWN = 20

app = typer.Typer(
    name="request",
    invoke_without_command=True,
    help="""Take graduates' requests for codes, run them as batches, and say how each stands.

A request is a row of a file, or comes by the service. What the issuing policy does not allow is
kept as refused, with the rule and what to do instead.""",
)
app.callback()(help_alone)

Tracking = Annotated[
    str, typer.Argument(metavar="TRACKING", help="The tracking number, in any digits or grouping.")
]
By = Annotated[str, typer.Option("--by", help="Who does it.")]


@app.command()
def add(
    file: Annotated[
        Path,
        typer.Argument(help="CSV with a row a request, or JSON Lines (.jsonl) with a line each."),
    ],
    channel: Annotated[
        str,
        typer.Option(
            help="What the requests came by, where a row does not say: graduate, university, letter "
            "or archive."
        ),
    ] = "graduate",
    applied_on: Annotated[
        str,
        typer.Option(
            help="The date of application, where a row does not say; by default that of receipt."
        ),
    ] = "",
    scans: Annotated[
        Path | None,
        typer.Option(
            help="The folder that the paths of scans begin in; by default that of FILE.",
            show_default=False,
        ),
    ] = None,
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Take the good rows of a file that has others too."),
    ] = False,
    by: By = "migrate request add",
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Receive the requests of a file: all of them, or none where a row is wrong.

    The same request sent again gets the tracking number it has.

    [bold]Example[/bold]

        migrate request add requests-1405-09.csv --channel graduate
    """
    from migrate.codes.policy import checked_channel
    from migrate.codes.requests_file import read_requests
    from migrate.codes.tracking import format_tracking_no
    from migrate.store.requests import submit_all

    checked_channel(channel)
    found = read_requests(file, channel=channel, applied_on=applied_on, scans=scans)
    if found.problems:
        for problem in found.problems[:_SHOWN]:
            typer.echo(f"migrate: {problem}", err=True)
        if len(found.problems) > _SHOWN:
            typer.echo(f"migrate: and {len(found.problems) - _SHOWN:,} rows more", err=True)
        if not partial or not found.requests:
            raise InputError(
                f"{len(found.problems):,} of {len(found.problems) + len(found.requests):,} requests "
                "are wrong, so none was taken",
                file=file,
                fix="Correct them, or take the others with --partial",
            )
    with opened(store, reports, must_exist=False) as engine:
        receipts = submit_all(engine, [request for _, request in found.requests], actor=by)
    if as_json:
        lines = [
            {"row": row, **asdict(receipt)}
            for (row, _), receipt in zip(found.requests, receipts, strict=True)
        ]
        left = [str(problem) for problem in found.problems]
        typer.echo(json.dumps({"receipts": lines, "left": left}, ensure_ascii=False, indent=2))
        return
    for (row, _), receipt in zip(found.requests, receipts, strict=True):
        again = ", sent before" if receipt.repeated else ""
        typer.echo(f"row {row}  {format_tracking_no(receipt.tracking_no)}  {receipt.state}{again}")
        if receipt.instead is not None:
            for said in (receipt.words, receipt.instead):
                typer.echo(f"  {said.en}\n  {said.fa}")


@app.command()
def run(
    registry: Annotated[
        str,
        typer.Option(
            help="The graduate database, as `migrate run` takes it. The password comes from "
            "MIGRATE_REGISTRY_PASSWORD.",
            show_default=False,
        ),
    ],
    store: Store = "",
    reports: Reports = Path("reports"),
    write_back: Annotated[
        bool,
        typer.Option(
            "--write-back/--no-write-back",
            help="Write codes into the registry's empty validity_code where it is a database.",
        ),
    ] = True,
    accept: Annotated[
        float,
        typer.Option(
            min=0.99, max=0.9999999, help="The least probability of a right link for `linked`."
        ),
    ] = 0.9999,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A trained model to link by, such as trained.json of a large batch: a handful of "
            "requests is little to learn from.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run all pending requests as the next batch: requests-0001, requests-0002, …

    A batch that was stopped is gone on with first. Safe to repeat.

    [bold]Example[/bold]

        migrate request run --registry registry.parquet
    """
    from migrate.batch import requests, secrets
    from migrate.batch.bars import Bars
    from migrate.batch.settings import absolute_address, without_password

    registry_address, password = without_password(absolute_address(registry))
    secrets.keep_in_environment(secrets.REGISTRY_PASSWORD, password)
    if model is not None:
        from migrate.diplomas.link import diploma_model
        from migrate.linkage.trained import read_trained

        read_trained(model, diploma_model())
    with Bars(quiet=as_json) as watch:
        done = requests.run(
            registry_address,
            store_address(store, reports),
            reports,
            write_back=write_back,
            accept=accept,
            model=str(model.resolve()) if model else "",
            watch=watch,
        )
    if as_json:
        typer.echo(json.dumps(asdict(done), ensure_ascii=False, indent=2))
    else:
        _print_run(done)


@app.command()
def status(
    tracking: Tracking,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Say how a request stands, in Persian and in English, as its holder may see it."""
    from migrate.store import request_status

    with opened(store, reports, must_exist=True) as engine:
        found = request_status.status(engine, tracking)
    if found is None:
        raise InputError(
            "there is no request of this tracking number",
            found=tracking,
            fix="Check it character by character",
        )
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    else:
        _print_status(found)


@app.command("list")
def list_(
    state: Annotated[
        str | None,
        typer.Option(
            help="Only those received, linking, with_university, refused or issued.",
            show_default=False,
        ),
    ] = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """List requests for the data team, with batch, case and codes."""
    from migrate.codes.request_states import STATES
    from migrate.store import request_status

    if state is not None and state not in STATES:
        raise InputError("there is no such state", found=state, fix=f"Use {', '.join(STATES)}")
    with opened(store, reports, must_exist=True) as engine:
        found = request_status.listed(engine, state)
    if as_json:
        lines = [asdict(one) for one in found]
        typer.echo(json.dumps(lines, ensure_ascii=False, indent=2))
        return
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("no request")


@app.command()
def release(
    batch: Annotated[str, typer.Argument(help="A batch of requests that cannot go on.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why it cannot.")],
    lost: Annotated[
        bool, typer.Option("--lost", help="Its reports folder is lost for good.")
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let the requests of a batch that came to no case and no code wait for another batch."""
    from migrate.batch import requests
    from migrate.batch.settings import check_batch_name

    check_batch_name(batch)
    with opened(store, reports, must_exist=True):
        address = store_address(store, reports)
    count = requests.release(batch, address, reports, actor=by, reason=reason, lost=lost)
    if as_json:
        typer.echo(json.dumps({"batch": batch, "released": count}))
    else:
        typer.echo(f"{count:,} requests of batch {batch} wait again")


def _print_run(done: Running) -> None:
    for batch in done.elsewhere:
        typer.echo(f"batch {batch} was begun in another reports folder: go on with it there")
    for one in done.ran:
        states = ", ".join(f"{count:,} {state}" for state, count in sorted(one.states.items()))
        typer.echo(f"batch {one.batch}: {states or 'no request'}")
        if one.left:
            typer.echo(f"  {one.left:,} could not be settled; see `migrate status {one.batch}`")
    if not done.ran:
        typer.echo("no request is pending")


def _print_status(found: Status) -> None:
    from migrate.codes.tracking import format_tracking_no

    typer.echo(f"{format_tracking_no(found.tracking_no)}  {found.state} since {found.since}")
    for said in filter(None, (found.words, found.instead)):
        typer.echo(f"  {said.fa}\n  {said.en}")
    if found.case_id:
        typer.echo(f"  case {found.case_id}")
    for step in found.history:
        typer.echo(f"  {step.at}  {step.state}")


def _line(one: Listed) -> str:
    from migrate.codes.tracking import format_tracking_no

    parts: list[Any] = [
        format_tracking_no(one.tracking_no),
        one.state,
        one.since,
        one.channel,
        one.applied_on,
        one.batch,
        one.rule,
        one.case_id,
        *one.codes,
    ]
    return "  ".join(str(part) for part in parts if part)
