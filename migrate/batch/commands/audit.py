"""`migrate audit`: whether the ledger is as it was, and what others need to see that for themselves."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.batch.commands import audit_key
from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.errors import InputError
from migrate.options import help_alone

if TYPE_CHECKING:
    from migrate.codes.keys import PublicKey
    from migrate.store.audit import Audit

app = typer.Typer(
    name="audit",
    invoke_without_command=True,
    help="""Check the ledger of codes, sign its heads, and hand out what proves it.

The ledger is an append-only Merkle log. Its heads are signed with a key that is kept outside the
database; whoever holds a signed head is a witness of all that was in the log then.""",
)
app.callback()(help_alone)
app.add_typer(audit_key.app)

Witness = Annotated[
    list[Path] | None,
    typer.Option("--witness", metavar="FILE", help="A signed head that is held elsewhere."),
]
More = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="More of them: --witness held/*.txt works."),
]


@app.command()
def verify(
    store: Store = "",
    reports: Reports = Path("reports"),
    witness: Witness = None,
    more: More = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="KEY", help="A key of the log, as it was published."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole log, every code against its events, every event against its batch.

    Ends with 1 where anything does not fit, and names the first row that does not. An insider who
    can write the database and has the key is found only by a head that a witness holds.

    [bold]Example[/bold]

        migrate audit verify --witness held/*.txt --key codes.example.ir/ledger+1a2b3c4d+AbCd…
    """
    from migrate.batch.bars import Bars
    from migrate.store.audit import verify as audit

    keys = [_published(text) for text in key or ()]
    with opened(store, reports, must_exist=True) as engine, Bars(quiet=as_json) as bars:
        found = audit(
            engine,
            witnesses=[*(witness or ()), *(more or ())],
            keys=keys,
            reports=reports.resolve() if reports.is_dir() else None,
            progress=lambda done, total, what: bars.stage_progress("audit", done, total, what),
        )
    if as_json:
        typer.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
    else:
        for line in _lines(found):
            typer.echo(line)
    if found.count:
        raise typer.Exit(1)


@app.command()
def sign(
    key: audit_key.Key = None,
    witness: Witness = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Sign the newest tree head, once it is seen to continue the last one that was signed.

    The signed head is also kept beside the key, as FILE.head: a store that was put back to an older
    state is refused by it. Signed already, nothing changes.
    """
    from migrate.store import heads
    from migrate.store.audit_witness import read_head

    signer, held = audit_key.loaded(key)
    held += [read_head(path) for path in witness or ()]
    with opened(store, reports, must_exist=True) as engine:
        signed = heads.sign(engine, signer, held=held)
    audit_key.keep_head(key, signed)
    audit_key.print_signed(signed, as_json)


@app.command("heads")
def heads_(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where they are kept.")],
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Write all signed heads as files, for universities and auditors to hold as witnesses.

    A file that is there is never written over: one of other content is an error, for then two
    heads of one size were signed.
    """
    from migrate.batch.heads import export
    from migrate.store import heads
    from migrate.store.engine import reading

    with opened(store, reports, must_exist=True) as engine, reading(engine) as connection:
        signed = heads.signed(connection)
    written, kept = export(signed, out)
    if as_json:
        typer.echo(json.dumps({"written": written, "there_already": kept}, indent=2))
    else:
        typer.echo(f"{len(written)} signed heads written to {out}, {len(kept)} there already")


@app.command()
def bundle(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Not there yet.")],
    code: Annotated[
        str | None, typer.Option(help="Only this code, with proofs; the whole log without it.")
    ] = None,
    disclose: Annotated[
        bool,
        typer.Option(
            "--disclose",
            help="Tell what the code's leaves commit to: personal data, for the holder.",
        ),
    ] = False,
    witness: Witness = None,
    store: Store = "",
    reports: Reports = Path("reports"),
) -> None:
    """Write a bundle that `migrate audit verifier` checks without the database.

    The bundle of the whole log holds digests only. That of a code proves that its events are in the
    log, not that nothing happened to it since: that is what an inquiry is for.

    [bold]Example[/bold]

        migrate audit bundle --code 48213390567712045863 --disclose --out code.jsonl
    """
    from migrate.batch.heads import write_bundle

    if code is None and (disclose or witness):
        raise InputError(
            "--disclose and --witness are of a bundle of one code", fix="Name it with --code"
        )
    with opened(store, reports, must_exist=True) as engine:
        head = write_bundle(engine, out, code, disclose=disclose, witnesses=witness or ())
    typer.echo(f"wrote {out}: up to the signed head of {head.size} events")


@app.command()
def verifier(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Printed without it.")
    ] = None,
) -> None:
    """Print the verifier of bundles: one file of Python that needs nothing of this program."""
    from migrate.batch.heads import write_new
    from migrate.codes import verifier as module

    text = Path(module.__file__).read_text(encoding="utf-8")
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text.encode())
        typer.echo(f"wrote {out}: python -I {out} BUNDLE --key KEY")


def _published(text: str) -> PublicKey:
    from migrate.codes.keys import PublicKey

    try:
        return PublicKey.parse(text)
    except ValueError as error:
        raise InputError("this is not a key of a log", found=text, fix=str(error)) from None


def _as_json(found: Audit) -> dict[str, Any]:
    return {"fits": found.count == 0, **asdict(found)}


def _lines(found: Audit) -> list[str]:
    signed = f"signed up to {found.signed}" if found.signed else "not signed"
    lines = [
        f"{found.size} events, root {found.root}, {signed}",
        f"{found.codes} codes, {found.tree_heads} tree heads, {found.signed_heads} signed heads, "
        f"{found.witnesses} heads of witnesses",
        *(f"mind: {words}" for words in found.warnings),
    ]
    if found.warned > len(found.warnings):
        lines.append(f"mind: {found.warned - len(found.warnings)} more of these")
    if not found.count:
        return [*lines, "all of it fits"]
    lines += [
        f"the first row that does not fit: {found.findings[0].text()}",
        *(f"also {finding.text()}" for finding in found.findings[1:]),
    ]
    if found.count > len(found.findings):
        lines.append(f"also {found.count - len(found.findings)} more rows")
    return lines
