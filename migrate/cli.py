"""The command `migrate`: a subcommand a verb, exit codes a script can use.

0 done; 1 the run failed, and can be resumed; 2 bad usage or input, and nothing was begun.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from migrate import __version__
from migrate.batch.commands import (
    alias,
    audit,
    code,
    link,
    profile,
    registry,
    request,
    review,
    review_open,
    sheet,
)
from migrate.errors import InputError, MigrateError
from migrate.options import Reports
from migrate.serve.commands import inquire, serve, user, verifier

# what Typer gives back after Ctrl-C
_INTERRUPTED = 130

app = typer.Typer(
    name="migrate",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Move paper-era diplomas into the electronic register.

A legacy ledger and the national graduate database go in; linked records,
mismatch reports for universities and 20-digit validity codes come out,
in [bold]reports/<batch>/[/bold].

Try it on made-up data:

    migrate sample reports/sample
    migrate run --batch first --source reports/sample/legacy.csv
        --registry "sqlite:///reports/sample/registry.sqlite#degrees"

Exit codes: 0 done, 1 failed (resume it),
2 bad usage or input (nothing was begun).""",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a machine, and no bars.")]


app.command("profile")(profile.profile)
app.command("link")(link.link)
app.command("sheet")(sheet.sheet)
app.add_typer(alias.app)
app.add_typer(code.app)
review.app.command("open")(review_open.open_)
app.add_typer(review.app)
app.add_typer(registry.app)
app.add_typer(request.app)
app.add_typer(audit.app)
app.command("serve")(serve.serve)
app.command("inquire")(inquire.inquire)
app.add_typer(verifier.app)
app.add_typer(user.app)
app.add_typer(verifier.inquiries_app)


@app.callback(invoke_without_command=True)
def about(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        typer.echo(f"migrate {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command()
def run(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Option(
            help="The legacy ledger: a CSV, spreadsheet, DBF, Access or Parquet file, or a "
            'database\'s address with the table after "#" (a profile may hold a query instead). '
            "The password comes from MIGRATE_SOURCE_PASSWORD.",
            show_default=False,
        ),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(
            help="The graduate database: a CSV or Parquet file, or an SQLAlchemy address with the "
            'table after "#", as postgresql+psycopg://user@host/db#degrees. The password comes '
            "from MIGRATE_REGISTRY_PASSWORD.",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[
        str | None, typer.Option(help="A name for this batch and its folder.", show_default=False)
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Go on with a batch where it stopped.", show_default=False
        ),
    ] = None,
    store: Annotated[
        str,
        typer.Option(
            envvar="MIGRATE_STORE",
            help="Where codes and cases are kept for ever: an SQLAlchemy address. The password "
            "comes from MIGRATE_STORE_PASSWORD. By default store.sqlite in the reports folder.",
        ),
    ] = "",
    reports: Reports = Path("reports"),
    profile: Annotated[
        str,
        typer.Option(
            help="A source profile that says what the headings mean: a YAML file, or the name of a "
            "shipped one (`migrate profile --shipped`)."
        ),
    ] = "",
    corrections: Annotated[
        Path | None,
        typer.Option(
            help="A copy of a batch's quarantine.csv, corrected: its rows are run as a batch of "
            "their own, on the same source, with what that batch was run with.",
            show_default=False,
        ),
    ] = None,
    issue: Annotated[
        bool,
        typer.Option(
            "--issue/--no-issue",
            help="Issue codes in this run, or leave that to `migrate issue` later.",
        ),
    ] = True,
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
            min=0.99,
            max=0.9999999,
            help="The least probability of a right link for `linked`: a lower one sends less to "
            "universities, and links more records to wrong degrees.",
        ),
    ] = 0.9999,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A trained model (`migrate link --train`) to link by; without one, the batch "
            "itself is learned from.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a batch: link a legacy ledger to the registry, report mismatches, issue codes.

    A batch that was stopped goes on with [bold]--resume NAME[/bold]. A finished batch run again
    changes nothing and issues nothing twice.

    [bold]Example[/bold]

        migrate run --source ledger-1362.csv --registry registry.parquet --batch ledger-1362

        migrate run --corrections quarantine-corrected.csv
    """
    from migrate.batch import run as runs
    from migrate.batch.settings import check_batch_name

    with _bars(as_json) as watch:
        if resume is not None:
            also = _given(context, _BEGINS)
            if also:
                raise InputError(
                    f"--resume goes on with a batch as it was begun; {' and '.join(also)} "
                    "cannot be given with it",
                    fix="Leave them out, or start another batch without --resume",
                )
            known = runs.resume(check_batch_name(resume), reports.resolve(), watch=watch)
        elif corrections is not None:
            also = _given(context, ("store", "profile", "write_back", "accept", "model"))
            if also:
                raise InputError(
                    f"--corrections runs rows as their batch was run; {' and '.join(also)} "
                    "cannot be given with it",
                    fix="Leave them out",
                )
            settings = _settings_of_corrections(corrections, source, registry, batch, reports)
            known = runs.run(settings, issue=issue, watch=watch)
        else:
            missing = [
                name
                for name, value in (
                    ("--source", source),
                    ("--registry", registry),
                    ("--batch", batch),
                )
                if not value
            ]
            if missing or source is None or registry is None or batch is None:
                raise InputError(
                    f"{' and '.join(missing)} must be given",
                    fix="`migrate run --help` shows an example",
                )
            settings = _settings(
                source, registry, batch, store, reports, profile, write_back, accept, model
            )
            known = runs.run(settings, issue=issue, watch=watch)
    _print_summary(known, as_json)


@app.command()
def issue(
    name: Annotated[str, typer.Argument(help="The batch whose codes are to be issued.")],
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Issue the codes of a batch, and those that decisions support by now; safe to repeat.

    Only degrees whose outcome is [bold]linked[/bold], or that a university's standing decision
    confirms, get a code, and each gets one.
    """
    from migrate.batch import run as runs
    from migrate.batch.settings import check_batch_name

    with _bars(as_json) as watch:
        known = runs.issue_codes(check_batch_name(name), reports.resolve(), watch=watch)
    _print_summary(known, as_json)


@app.command()
def status(
    name: Annotated[
        str | None, typer.Argument(help="One batch; all of them when left out.")
    ] = None,
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Show how far batches have come and what became of their rows."""
    from migrate.batch import status as statuses

    found = statuses.read(reports.resolve(), name)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _console().print(statuses.table(found))


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("reports/sample"),
    degrees: Annotated[int, typer.Option(min=100, help="Degrees in the registry.")] = 50_000,
    records: Annotated[int, typer.Option(min=10, help="Rows in the legacy ledger.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed gives other people.")] = 1403,
    form: Annotated[
        str,
        typer.Option(
            help="'paper': a Windows-1256 ledger with Persian headings and a registry in SQLite; "
            "'design': two UTF-8 CSV files with the project's own headings."
        ),
    ] = "paper",
    as_json: AsJson = False,
) -> None:
    """Make a registry and a ledger of invented people, with a truth file kept apart.

    The same seed gives the same data. A folder that holds this sample already is left as it is.
    """
    from migrate.batch.samples import make_once

    with _bars(as_json) as watch:
        made = make_once(
            folder.resolve(),
            degrees=degrees,
            records=records,
            seed=seed,
            form=form,
            progress=lambda done, total, what: watch.stage_progress("sample", done, total, what),
        )
    if as_json:
        typer.echo(json.dumps(made, ensure_ascii=False, indent=2))
    else:
        for key in ("source", "registry", "truth"):
            typer.echo(f"{key:<9} {made[key]}")


_OPTIONS = {
    "source": "--source",
    "registry": "--registry",
    "batch": "--batch",
    "store": "--store",
    "profile": "--profile",
    "corrections": "--corrections",
    "issue": "--issue/--no-issue",
    "write_back": "--write-back/--no-write-back",
    "accept": "--accept",
    "model": "--model",
}
# what a batch already begun cannot take any more
_BEGINS = tuple(_OPTIONS)


def _given(context: typer.Context, names: Sequence[str]) -> list[str]:
    """Those of some options that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return [
        _OPTIONS[name]
        for name, source in sources.items()
        # a default, or MIGRATE_STORE in the environment, asks for nothing
        if source is not None and source.name == "COMMANDLINE"
    ]


def _settings_of_corrections(
    corrections: Path, source: str | None, registry: str | None, batch: str | None, reports: Path
) -> Any:
    """The settings of the batch that is corrected, but for inputs that stand elsewhere by now."""
    from dataclasses import replace

    from migrate.batch import secrets
    from migrate.batch.corrections import settings_of
    from migrate.batch.settings import absolute_address, check_batch_name, without_password

    settings = settings_of(corrections, reports.resolve(), check_batch_name(batch) if batch else "")
    if source:
        settings = replace(settings, source=absolute_address(source))
    if registry:
        address, password = without_password(absolute_address(registry))
        secrets.keep_in_environment(secrets.REGISTRY_PASSWORD, password)
        settings = replace(settings, registry=address)
    return settings


def _settings(
    source: str,
    registry: str,
    batch: str,
    store: str,
    reports: Path,
    profile: str,
    write_back: bool,
    accept: float,
    model: Path | None,
) -> Any:
    from migrate.batch import secrets
    from migrate.batch.settings import (
        Settings,
        absolute_address,
        check_batch_name,
        sqlite_address,
        without_password,
    )
    from migrate.intake.profiles import locate

    check_batch_name(batch)
    folder = reports.resolve()
    source_address, password = without_password(absolute_address(source))
    secrets.keep_in_environment(secrets.SOURCE_PASSWORD, password)
    registry_address, password = without_password(absolute_address(registry))
    secrets.keep_in_environment(secrets.REGISTRY_PASSWORD, password)
    store_address, password = without_password(
        absolute_address(store or sqlite_address(folder / "store.sqlite"))
    )
    secrets.keep_in_environment(secrets.STORE_PASSWORD, password)
    return Settings(
        batch=batch,
        reports=str(folder),
        source=source_address,
        registry=registry_address,
        store=store_address,
        profile=str(locate(profile)) if profile else "",
        write_back=write_back,
        accept=accept,
        model=str(_checked_model(model)) if model else "",
    )


def _checked_model(path: Path) -> Path:
    """The model's absolute path, once it is seen to be one: before a batch begins."""
    from migrate.diplomas.link import diploma_model
    from migrate.linkage.trained import read_trained

    read_trained(path, diploma_model())
    return path.resolve()


def _bars(as_json: bool) -> Any:
    from migrate.batch.bars import Bars

    return Bars(quiet=as_json)


def _console() -> Any:
    from rich.console import Console

    return Console()


def _print_summary(known: dict[str, Any], as_json: bool) -> None:
    from migrate.batch.status import closing_lines

    if as_json:
        typer.echo(json.dumps(known, ensure_ascii=False, indent=2, sort_keys=True))
    else:
        for line in closing_lines(known):
            typer.echo(line)


def main() -> None:
    """Run the command; turn every error into one clear line and an exit code."""
    try:
        ended = app(standalone_mode=False)
    except MigrateError as error:
        _fail(str(error), error.exit_code)
    except TyperException as error:
        # wrong usage, in one line like every other error; Typer would draw a box
        command = getattr(getattr(error, "ctx", None), "command_path", "migrate")
        message = " ".join(error.format_message().split()).removesuffix(".")
        _fail(f"{message}. `{command} --help` says what it takes", error.exit_code)
    except KeyboardInterrupt:
        _stopped()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            _fail(f"the disk is full: {error.filename or error}. Make room and run it again", 1)
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
    except Exception as error:
        # a person gets one line; MIGRATE_DEBUG=1 gives whoever mends it the traceback
        if os.environ.get("MIGRATE_DEBUG"):
            raise
        _fail(f"{type(error).__name__}: {' '.join(str(error).split())}", 1)
    if ended == _INTERRUPTED:
        _stopped()
    raise SystemExit(ended or 0)


def _stopped() -> NoReturn:
    _fail("stopped by the keyboard; what was finished stays, go on with --resume", 1)


def _fail(line: str, exit_code: int) -> NoReturn:
    from migrate.batch.secrets import mask

    sys.stderr.write(f"migrate: {mask(line)}\n")
    raise SystemExit(exit_code)


if __name__ == "__main__":
    main()
