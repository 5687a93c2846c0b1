"""`migrate sheet`: the certificate sheet of a code, as a PDF for its holder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrate.batch.commands.stores import Reports, Store, opened


def sheet(
    code: Annotated[str, typer.Argument(help="The code: any digits, spaces and dashes allowed.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.pdf", help="Where to write; not there yet.")
    ],
    public_url: Annotated[
        str,
        typer.Option(
            envvar="MIGRATE_PUBLIC_URL",
            help="Address of the public inquiry service, https://…: the QR leads there.",
        ),
    ],
    store: Store = "",
    reports: Reports = Path("reports"),
) -> None:
    """Make the certificate sheet of a code in force, as a PDF.

    Persian and English, with the QR of the inquiry page and the newest signed tree head. By itself
    it proves nothing, and says so. It holds no national ID. None is made for a code that is
    suspended, revoked or superseded.

    [bold]Example[/bold]

        migrate sheet 48213390567712045863 --out sheet.pdf --public-url https://codes.example
    """
    from migrate.batch.heads import write_new
    from migrate.codes.sheet import inquiry_url, render
    from migrate.store.engine import reading
    from migrate.store.sheets import sheet_values

    inquiry_url(public_url, "")
    with opened(store, reports, must_exist=True) as engine, reading(engine) as connection:
        values = sheet_values(connection, code, public_url=public_url)
    # only its owner may read it: it names a person
    write_new(out, render(values), mode=0o600)
    typer.echo(f"wrote {out}: by itself it proves nothing, only the inquiry page's answer counts")
    if values.head is None:
        typer.echo("no tree head is signed yet, and the sheet says so: see `migrate audit`")
