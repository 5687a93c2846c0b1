"""`migrate review status`, `overdue` and `notebook`: how the review stands, for the ministry's team."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened, store_address
from migrate.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from migrate.review.agreement import Share
    from migrate.review.reminders import Late
    from migrate.review.status import Standing, Status

University = Annotated[
    str, typer.Option(help="Only this one, by its key: the name of its packet's folder.")
]
Batch = Annotated[str, typer.Option(help="Only the cases of this batch.")]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        help="The day that lateness is told from, as 2026-11-28. By default today.",
    ),
]


def status(
    university: University = "",
    batch: Batch = "",
    as_of: AsOf = "",
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Show by university what is open, late and decided, and how people and linker agree.

    [bold]Example[/bold]

        migrate review status --university tehran
    """
    from migrate.review.status import status as summed
    from migrate.store.review_status import counts

    day = _day(as_of)
    with opened(store, reports, must_exist=True) as engine:
        found = summed(counts(engine, university=university, batch=batch, as_of=day))
        _refuse_unknown(engine, university, found.total.cases)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    _print(found)


def overdue(
    university: University = "",
    batch: Batch = "",
    as_of: AsOf = "",
    letters: Annotated[
        Path | None,
        typer.Option(
            "--letters", metavar="DIR", help="Write a reminder in Persian for each university."
        ),
    ] = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """List the universities whose cases are past their due day, those most late first.

    A case is escalated 30 days after its due day. It stays as it is, however late: nothing is approved
    by silence. A reminder names no graduate, only cases.

    [bold]Example[/bold]

        migrate review overdue --letters reminders
    """
    from migrate.intake.files import write_atomically
    from migrate.review.reminders import render_reminder
    from migrate.store.late_cases import late_cases, today

    day = _day(as_of)
    with opened(store, reports, must_exist=True) as engine:
        told_from = day or today(engine)
        found = late_cases(engine, university=university, batch=batch, as_of=told_from)
    written = []
    for one in found if letters is not None else []:
        assert letters is not None
        letters.mkdir(parents=True, exist_ok=True)
        page = letters / f"{one.university}.html"
        with write_atomically(page) as partial:
            partial.write_text(render_reminder(one, today=told_from), encoding="utf-8")
        written.append(page)
    if as_json:
        entries = [one.as_json() for one in found]
        typer.echo(json.dumps({"as_of": told_from, "late": entries}, ensure_ascii=False, indent=2))
        return
    _print_late(found, told_from)
    if written:
        typer.echo(f"{len(written):,} reminders in {letters}")


def notebook(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the notebook and its page go.")
    ],
    as_of: AsOf = "",
    store: Store = "",
    reports: Reports = Path("reports"),
) -> None:
    """Run the notebook 7-review over all batches of a store, and keep it as a page too.

    [bold]Example[/bold]

        migrate review notebook --out reports/review
    """
    import tempfile

    from migrate.batch.notebook import execute
    from migrate.batch.project import REVIEW
    from migrate.store.late_cases import today

    day = _day(as_of)
    with opened(store, reports, must_exist=True) as engine:
        day = day or today(engine)
    target = out.resolve() / f"{REVIEW}.ipynb"
    parameters = {"store": store_address(store, reports), "as_of": day}
    with tempfile.TemporaryDirectory(prefix="migrate-word-") as folder:
        execute(REVIEW, parameters, target, word=Path(folder) / "progress.json")
    typer.echo(f"read next: {target.with_suffix('.html')}")


def _day(text: str) -> str | None:
    """The day that was asked for, None where none was."""
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(
            "this is not a day", column="--as-of", found=text, fix="Write it as 2026-11-28"
        ) from None


def _refuse_unknown(engine: Engine, university: str, cases: int) -> None:
    """A slip in a key must not read as a university that has answered everything."""
    from migrate.store.review_status import known_keys

    if university and not cases and university not in (keys := known_keys(engine)):
        near = ", ".join(keys[:5])
        raise InputError(
            "no case was ever put to this university",
            found=university,
            fix=f"Name one that has cases: {near}" if near else "This store has no cases yet",
        )


def _print(found: Status) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, header_style="bold", pad_edge=False)
    shown.add_column("university")
    for heading in ("open", "awaiting", "overdue", "escalated", "decided", "age", "days"):
        shown.add_column(heading, justify="right")
    for one in (*found.universities, found.total):
        shown.add_row(*_cells(one))
    Console().print(shown)
    typer.echo(f"as of {found.as_of}; awaiting: a second person; overdue and escalated are among")
    typer.echo("the open and the awaiting; age: median days of these; days: median to decide")
    for outcome, share in found.first.items():
        typer.echo(f"{outcome}: people took the degree ranked first in {_share(share)}")
    for outcome, share in found.absent.items():
        typer.echo(f"{outcome}: the registry did lack it in {_share(share)}")
    typer.echo(f"second persons approved {_share(found.total.approved)}")
    typer.echo(f"of cases answered by two people, both said the same in {_share(found.twice.same)}")


def _cells(one: Standing) -> list[str]:
    numbers = (one.open, one.awaiting, one.overdue, one.escalated, one.decided)
    return [
        one.university or "all",
        *(f"{number:,}" for number in numbers),
        "–" if one.age is None else f"{one.age[0]:,}",
        "–" if one.days is None else f"{one.days:,}",
    ]


def _share(share: Share) -> str:
    if share.share is None:
        return "0 of 0"
    lower, upper = share.interval
    of = f"{share.hits:,} of {share.trials:,}"
    return f"{of} ({share.share:.1%}; 95% interval {lower:.1%} to {upper:.1%})"


def _print_late(found: list[Late], as_of: str) -> None:
    if not found:
        typer.echo(f"no case is past its due day as of {as_of}")
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, header_style="bold", pad_edge=False)
    shown.add_column("university")
    for heading in ("overdue", "escalated", "awaiting", "oldest due"):
        shown.add_column(heading, justify="right")
    for one in found:
        oldest = one.oldest[0].due_on if one.oldest else "–"
        numbers = (one.overdue, one.escalated, one.awaiting)
        shown.add_row(one.university, *(f"{number:,}" for number in numbers), oldest)
    Console().print(shown)
