"""`migrate review import`: the answers of a returned workbook, taken in whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.errors import InputError

if TYPE_CHECKING:
    from migrate.review.returned import Returned
    from migrate.review.returned_fates import Fate
    from migrate.store.taking import Taking


def import_answers(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The workbook, as the university sent it back.")
    ],
    university: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Whose it is, as its packet's folder is called. By default its own."
        ),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="Who answers for it: the registrar who filled it in.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of it; decide nothing.")
    ] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="COPY.xlsx", help="Write a copy that says so in Persian, by the row."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take what can be taken where some of it cannot.")
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Take in the decisions of a workbook that a university filled in.

    XLSX, ODS or XLS, sorted, filtered, partly filled, saved by any program: an answer is known by the
    token in its row. All of the answers are decided, or none. Exit code 0: done, or nothing was to be
    done; 1: a part was refused, with --partial; 2: refused, and nothing was decided.

    [bold]Example[/bold]

        migrate review import shiraz.xlsx --by "M. Hosseini" --dry-run --annotate shiraz-seen.xlsx
    """
    from migrate.review.returned import read_returned
    from migrate.review.returned_copy import write_copy
    from migrate.store.taking import NONE, PART, look, take_in

    if not dry_run and not by.strip():
        raise InputError("nobody answers for these decisions", fix="Name the registrar with --by")
    returned = read_returned(file)
    with opened(store, reports, must_exist=True) as engine:
        if dry_run:
            done = look(engine, returned, university=university, partial=partial)
        else:
            done = take_in(engine, returned, actor=by, university=university, partial=partial)
    if annotate is not None and done.before is None:
        write_copy(returned, done.fates, annotate)
    if as_json:
        typer.echo(json.dumps(_plain(returned, done, dry_run), ensure_ascii=False, indent=2))
    else:
        _print(returned, done, dry_run)
        if annotate is not None and done.before is None:
            typer.echo(f"wrote {annotate}")
    if done.state == NONE:
        raise typer.Exit(2)
    if done.state == PART:
        raise typer.Exit(1)


def _plain(returned: Returned, done: Taking, dry_run: bool) -> dict[str, Any]:
    return {
        "file": str(returned.path),
        "sha256": returned.sha256,
        "university": done.university,
        "state": done.state,
        "dry_run": dry_run,
        "counts": done.counts(),
        "before": None
        if done.before is None
        else {"at": done.before.at, "by": done.before.actor, "file": done.before.file},
        "cases": [_plain_fate(fate, done) for fate in done.fates],
    }


def _plain_fate(fate: Fate, done: Taking) -> dict[str, Any]:
    answer = fate.answer
    return {
        "sheet": fate.given.at.sheet,
        "row": fate.given.at.number,
        "case_id": fate.case_id,
        "what": fate.what,
        "kind": fate.kind,
        "words": fate.english(),
        "persian": fate.persian(),
        "verdict": answer.verdict if answer else None,
        "degree_id": answer.degree_id if answer else None,
        "corrections": answer.corrections if answer else None,
        "supersedes": answer.supersedes if answer else None,
        "decision": done.decisions.get(fate.case_id) if answer else None,
    }


def _print(returned: Returned, done: Taking, dry_run: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if done.before is not None:
        before = done.before
        typer.echo(
            f"{returned.path}: this same file was taken in at {before.at}, by {_safe(before.actor)}, "
            f"as {_safe(before.file)}: nothing was done"
        )
        return
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("row", "case", "answer", "what becomes of it"):
        shown.add_column(name, overflow="fold")
    told = [fate for fate in done.fates if fate.kind != "blank"]
    several = len({fate.given.at.sheet for fate in told}) > 1
    for fate in told:
        at = fate.given.at
        place = f"{_safe(at.sheet)} {at.number}" if several else str(at.number)
        style = {"refused": "red", "ignored": "dim"}.get(fate.what)
        said = [place, _safe(fate.case_id), _answer(fate), _safe(fate.english())]
        shown.add_row(*map(escape, said), style=style)
    if told:
        Console(soft_wrap=False).print(shown)
    typer.echo(_summary(returned, done, dry_run))


def _answer(fate: Fate) -> str:
    answer = fate.answer
    if answer is None:
        return ""
    corrected = [
        f"{side}: {field}={_safe(value)}"
        for side, values in answer.corrections.items()
        for field, value in values.items()
    ]
    return " ".join([answer.verdict, answer.degree_id or "", *corrected]).strip()


def _summary(returned: Returned, done: Taking, dry_run: bool) -> str:
    taken, refused = len(done.of("taken")), len(done.of("refused"))
    blank = sum(fate.kind == "blank" for fate in done.fates)
    ignored = len(done.of("ignored")) - blank
    whose = f" of {done.university}" if done.university else ""
    said = {
        "taken": f"{'would decide' if dry_run else 'decided'} {taken}",
        "part": f"{'would decide' if dry_run else 'decided'} {taken}, and not the {refused} refused",
        "refused": f"{'would be refused' if dry_run else 'refused'}, and nothing decided: "
        f"{refused} to be mended, {taken} in order",
        "nothing": "nothing to decide",
    }[done.state]
    return f"{returned.path}{whose}: {said} ({ignored} ignored, {blank} not answered yet)"


def _safe(text: str) -> str:
    """A text of a workbook as a terminal may show it."""
    from migrate.review.comparison import printable

    return printable(text)
