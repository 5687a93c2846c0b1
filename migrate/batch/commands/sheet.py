"""`migrate sheet`: the certificate sheet of a code, as a PDF for its holder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.errors import InputError, RunError

if TYPE_CHECKING:
    from migrate.codes.sheet import SheetValues


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
    store: Annotated[
        str,
        typer.Option(
            envvar="MIGRATE_STORE",
            help="The store, an SQLAlchemy address. The password comes from "
            "MIGRATE_STORE_PASSWORD. By default store.sqlite in the reports folder.",
        ),
    ] = "",
    reports: Annotated[
        Path,
        typer.Option(
            "--reports", envvar="MIGRATE_REPORTS", help="The folder that holds a folder a batch."
        ),
    ] = Path("reports"),
) -> None:
    """Make the certificate sheet of a code in force, as a PDF.

    Persian and English, with the QR of the inquiry page and the newest signed tree head. By itself
    it proves nothing, and says so. It holds no national ID. None is made for a code that is
    suspended, revoked or superseded.

    [bold]Example[/bold]

        migrate sheet 48213390567712045863 --out sheet.pdf --public-url https://codes.example
    """
    from migrate.codes.sheet import render

    values = _values(code, public_url, store, reports)
    pdf = render(values)
    _write(out, pdf)
    typer.echo(f"wrote {out}: by itself it proves nothing, only the inquiry page's answer counts")
    if values.head is None:
        typer.echo("no tree head is signed yet, and the sheet says so: see `migrate audit`")


def _values(code: str, public_url: str, store: str, reports: Path) -> SheetValues:
    from migrate.batch import secrets
    from migrate.batch.settings import absolute_address, sqlite_address, without_password
    from migrate.codes.sheet import inquiry_url
    from migrate.store.address import is_sqlite, read_address
    from migrate.store.engine import PASSWORD, open_store, reading
    from migrate.store.sheets import sheet_values

    inquiry_url(public_url, "")
    address, password = without_password(
        absolute_address(store or sqlite_address(reports.resolve() / "store.sqlite"))
    )
    secrets.keep_in_environment(secrets.STORE_PASSWORD, password)
    url = read_address(address, PASSWORD)
    if is_sqlite(url) and url.database and not Path(url.database).exists():
        raise InputError(
            "there is no store here", file=url.database, fix="Name one with --store or --reports"
        )
    engine = open_store(address)
    try:
        with reading(engine) as connection:
            return sheet_values(connection, code, public_url=public_url)
    finally:
        engine.dispose()


def _write(out: Path, pdf: bytes) -> None:
    """A whole file or none, which only its owner may read: it names a person."""
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(
            "there is a file already", file=out, fix="Name another with --out"
        ) from None
    except OSError as error:
        raise InputError("cannot be written", file=out, found=error.strerror) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pdf)
    except OSError as error:
        out.unlink(missing_ok=True)
        raise RunError("could not be written", file=out, found=error.strerror) from None
