"""`migrate link`: look into the linkage of a batch, check it by a sample, train a model on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.errors import InputError

if TYPE_CHECKING:
    from migrate.batch.inspection import Reopened
    from migrate.diplomas.inspection import Inspected
    from migrate.linkage.trained import Trained

_VERBS = {
    "blocking_report": "--blocking-report",
    "explain": "--explain",
    "sample": "--sample",
    "labels": "--labels",
    "train": "--train",
}


def link(
    context: typer.Context,
    batch: Annotated[
        str | None, typer.Option(help="The batch: one that has linked.", show_default=False)
    ] = None,
    reports: Annotated[
        Path,
        typer.Option(
            "--reports", envvar="MIGRATE_REPORTS", help="The folder that holds a folder a batch."
        ),
    ] = Path("reports"),
    blocking_report: Annotated[
        bool,
        typer.Option(
            "--blocking-report",
            help="Say of each blocking rule what it proposes and what only it finds, how much all "
            "miss, and which other rules would bring more.",
        ),
    ] = False,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="With --blocking-report: a CSV with the columns legacy_id and degree_id of known "
            "right links. Without it what is missed is estimated.",
            show_default=False,
        ),
    ] = None,
    price: Annotated[
        float,
        typer.Option(min=1, help="With --blocking-report: how many pairs one more link may cost."),
    ] = 10_000,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="LEGACY_ID",
            help="Explain a record's best candidate field by field, why not the runner-up, and "
            "what each blocking rule says of it.",
            show_default=False,
        ),
    ] = None,
    degree: Annotated[
        str | None,
        typer.Option(
            metavar="DEGREE_ID",
            help="With --explain: this degree, a candidate or not: why it was missed.",
            show_default=False,
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --explain: draw it as a waterfall too, into a .png or .svg file.",
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Draw N links for a person to look at, into the file that --out names.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="With --sample: the CSV to write, a new file.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="With --sample: another seed draws other links.")] = 20,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Read a sample back, its column label filled in: how many links are wrong, with "
            "an exact interval, whether probabilities hold, and where to accept. With --train it "
            "calibrates the model.",
            show_default=False,
        ),
    ] = None,
    decisions: Annotated[
        bool,
        typer.Option(
            "--decisions",
            help="With --train: learn from what universities decided of this batch's cases too.",
        ),
    ] = False,
    rate: Annotated[
        float,
        typer.Option(
            min=1e-9, max=0.5, help="With --labels: the stated rate of wrong links, a share."
        ),
    ] = 1e-4,
    train: Annotated[
        Path | None,
        typer.Option(
            help="Write what the linkage of this batch learned, as a small JSON file.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="With --blocking-report or --explain: weigh by a model that --train wrote, and "
            "learn nothing. One record then takes seconds.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
) -> None:
    """Look into the linkage of a batch, check it by a sample, or train a model on it.

    The batch is read from its own folder and linked again; nothing in the folder is changed. One of
    [bold]--blocking-report[/bold], [bold]--explain[/bold], [bold]--sample[/bold],
    [bold]--labels[/bold] and [bold]--train[/bold] says what to do.

    [bold]Examples[/bold]

        migrate link --batch first --blocking-report --truth truth.csv

        migrate link --batch first --explain 100003 --picture 100003.png

        migrate link --batch first --sample 400 --out sample.csv

        migrate link --batch first --labels sample.csv
    """
    asked = [option for name, option in _VERBS.items() if _is_given(context, name)]
    if not asked and batch is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    _check_options(context, asked, batch)
    if sample is not None and out is None:
        raise InputError("--sample needs --out, the file to write", fix="Name a new CSV file")
    for path in (out, train, picture):
        if path is not None and path.exists():
            raise InputError("this file is there already", file=path, fix="Name another")
    from migrate.batch.commands import link_answers as answers
    from migrate.batch.commands import link_checks as checks
    from migrate.batch.inspection import reopen
    from migrate.batch.settings import check_batch_name
    from migrate.linkage.waterfall import form_of

    drawing = (picture, form_of(picture)) if picture is not None else None
    opened = reopen(reports.resolve(), check_batch_name(str(batch)))
    if opened.note:
        typer.echo(opened.note, err=True)
    if blocking_report:
        inspected = _linked(opened, _trained(model, opened), None, as_json)
        answer = answers.blocking(inspected, truth, price)
    elif explain is not None:
        inspected = _linked(opened, _trained(model, opened), explain, as_json)
        answer = answers.explained(inspected, opened.as_read, explain, degree, drawing)
    elif sample is not None and out is not None:
        answer = checks.sampled(opened, sample, out, seed)
    elif train is not None:
        answer = checks.trained(
            _linked(opened, None, None, as_json), opened, labels, train, decisions=decisions
        )
    elif labels is not None:
        answer = checks.labelled(opened, labels, rate)
    typer.echo(json.dumps(answer.data, ensure_ascii=False, indent=2) if as_json else answer.text)


_COMPANIONS = {
    "truth": ("--truth", ("--blocking-report",)),
    "price": ("--price", ("--blocking-report",)),
    "degree": ("--degree", ("--explain",)),
    "picture": ("--picture", ("--explain",)),
    "out": ("--out", ("--sample",)),
    "seed": ("--seed", ("--sample",)),
    "rate": ("--rate", ("--labels",)),
    "decisions": ("--decisions", ("--train",)),
    "model": ("--model", ("--blocking-report", "--explain")),
}


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _check_options(context: typer.Context, asked: list[str], batch: str | None) -> None:
    """One thing to do, on a named batch, with no option that belongs to another."""
    if batch is None:
        raise InputError("--batch must be given", fix="`migrate status` lists the batches")
    if len(asked) != 1 and asked != ["--labels", "--train"]:
        raise InputError(
            "one of " + ", ".join(_VERBS.values()) + " must say what to do",
            found=" and ".join(asked) or None,
            fix="`migrate link --help` shows examples",
        )
    for name, (option, verbs) in _COMPANIONS.items():
        if _is_given(context, name) and not set(verbs) & set(asked):
            raise InputError(f"{option} goes with {' or '.join(verbs)}", fix="Leave it out")


def _trained(path: Path | None, opened: Reopened) -> Trained | None:
    """The model that is named, else the one the batch was linked by, else none."""
    from migrate.diplomas.link import diploma_model
    from migrate.linkage.trained import read_trained

    return opened.trained if path is None else read_trained(path, diploma_model())


def _linked(opened: Reopened, trained: Trained | None, only: str | None, quiet: bool) -> Inspected:
    """The batch linked again, or one record of it by a trained model, with a bar."""
    from migrate.batch.bars import Bars

    def tell(done: int, total: int, what: str) -> None:
        watch.stage_progress("link", done, total, what)

    with Bars(quiet=quiet) as watch:
        return opened.inspect(trained=trained, only=only, progress=tell)
