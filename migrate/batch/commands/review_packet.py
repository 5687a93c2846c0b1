"""`migrate review packet`: what a university has still to decide, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.errors import InputError


def packet(
    university: Annotated[
        str, typer.Argument(metavar="UNIVERSITY", help="As its packet's folder is called: shiraz.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where its folder of files goes.")
    ],
    batch: Annotated[str | None, typer.Option(help="Only the cases of this batch.")] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Each page as PDF too, by the Chromium installed here.")
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Write the packet of what is open today: an XLSX to fill in, and a page to read or print.

    Of all batches. A case that was opened again is in it, with the reason; one that waits for a second
    person is not.

    [bold]Example[/bold]

        migrate review packet shiraz --out outbox
    """
    from migrate.batch.printing import browser, print_page
    from migrate.review.packets import write_packets
    from migrate.store.imports import open_cases

    chromium = browser() if pdf else None
    with opened(store, reports, must_exist=True) as engine:
        cases, handed, today = open_cases(engine, university, batch=batch)
    if not cases:
        raise InputError(
            "this university has no open case here",
            found=university,
            fix="Check its key: the folders in a batch's packets/ are called so",
        )
    (made,) = write_packets(
        cases, out, batch=batch or "", handed=handed, today=today, keep_others=True
    )
    files = list(made.files)
    if chromium is not None:
        files += [print_page(chromium, page) for page in made.files if page.suffix == ".html"]
    if as_json:
        listed = [str(path) for path in files]
        typer.echo(json.dumps({"cases": made.cases, "files": listed}, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{made.cases} open case(s) of {made.university}")
    for path in files:
        typer.echo(f"wrote {path}")
