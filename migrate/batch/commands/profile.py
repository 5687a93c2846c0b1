"""`migrate profile`: a draft of how a source is to be read, or what its export lacks of the form."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrate.intake.form import FormField
    from migrate.intake.look import Look

_WORDS = Path(__file__).parent / "form.yaml"


def profile(
    file: Annotated[
        Path | None,
        typer.Argument(help="The source: a spreadsheet, text table, DBF or Parquet file."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Say which fields of the form of today the source lacks, in words."
        ),
    ] = False,
    given: Annotated[
        str | None,
        typer.Option(
            "--profile",
            help="Read the source by this profile: a YAML file, or the name of a shipped one.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the draft to this new file.")
    ] = None,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of profiles, for editors, and end."),
    ] = False,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Name the profiles that are shipped, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
) -> None:
    """Draft a source profile from the headings and values of a file, for a person to correct.

    With [bold]--check[/bold], say instead which fields of the form of today the file lacks, in
    English for who runs this and in Persian for the university; the exit code is 2 where a batch
    could not run.

    [bold]Examples[/bold]

        migrate profile graduates.xlsx --output graduates.yaml

        migrate profile graduates.xlsx --check --profile graduates.yaml
    """
    from migrate.intake import profiles
    from migrate.intake.profile_schema import FILE

    if schema:
        typer.echo(FILE.read_text(encoding="utf-8"), nl=False)
        return
    if shipped:
        for name in profiles.shipped():
            typer.echo(name)
        return
    if file is None:
        raise InputError("FILE must be given", fix="`migrate profile --help` shows examples")
    path = profiles.locate(given) if given else None
    if check:
        _check(file, path, as_json)
    else:
        _draft(file, path, output, as_json)


def _draft(file: Path, path: Path | None, output: Path | None, as_json: bool) -> None:
    from migrate.diplomas.schema import LEGACY
    from migrate.intake.draft import draft
    from migrate.intake.files import write_atomically
    from migrate.intake.look import look_at

    if output is not None and output.exists():
        raise InputError("this file is there already", file=output, fix="Name another")
    look = look_at(file, LEGACY, profile=path)
    text = draft(look, LEGACY, beside=output.absolute().parent if output else None)
    if output is not None:
        with write_atomically(output) as partial:
            partial.write_text(text, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(_as_json(look, text), ensure_ascii=False, indent=2))
    elif output is None:
        typer.echo(text, nl=False)
    else:
        typer.echo(f"wrote {output}")


def _as_json(look: Look, text: str) -> dict[str, Any]:
    """No values: a column may hold what is of one person."""
    return {
        "file": str(look.path),
        "kind": look.shape.kind,
        "encoding": look.shape.encoding,
        "rows": look.rows,
        "columns": [
            {
                "heading": column.heading,
                "field": column.field,
                "kind_of_values": column.kind,
                "share": round(column.share, 4),
                "filled": round(column.filled, 4),
                "distinct": len(column.values),
                "near": list(column.near),
            }
            for column in look.columns
        ],
        "draft": text,
    }


def _check(file: Path, path: Path | None, as_json: bool) -> None:
    from migrate.diplomas.schema import LEGACY
    from migrate.intake.form import check_form

    found = check_form(file, LEGACY, profile=path)
    lacking = [one for one in found if one.required and one.lacks]
    if as_json:
        entries = [asdict(one) | {"lacks": one.lacks} for one in found]
        said = {"file": str(file), "runs": not lacking, "fields": entries}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        for line in form_lines(found):
            typer.echo(line)
    if lacking:
        raise typer.Exit(2)


def form_lines(found: Sequence[FormField]) -> list[str]:
    """What a source has of the form, in words: English first, then Persian for the university."""
    import yaml

    words = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    width = max(len(one.name) for one in found)
    lines = [f"{one.name:<{width}}  {_state(one)}" for one in found]
    lines.append("")
    lacks = [one for one in found if one.lacks]
    if not lacks:
        return [*lines, words["complete"]]
    lines.append(f"{words['heading']}:")
    for one in lacks:
        said = words["fields"][one.name]
        marks = [words["required"]] if one.required else []
        marks += [words["empty"]] if one.heading is not None else []
        mark = f" ({'، '.join(marks)})" if marks else ""
        lines.append(f"- {said['label']}{mark}: {said['without']}")
    return lines


def _state(one: FormField) -> str:
    if one.constant is not None:
        return f"'{one.constant}' in all rows, by the profile"
    if one.heading is None:
        return "REQUIRED, and not there" if one.required else "not there"
    said = f"'{one.heading}', filled in {_percent(one.filled)} of rows"
    if one.lacks and one.required:
        said = f"'{one.heading}', REQUIRED, and empty in all rows"
    if one.read < one.filled:
        shown = ", ".join(f"{value!r} ({rows:,})" for value, rows in one.unread)
        said += f"; not understood in {_percent(one.filled - one.read)}"
        said += f": {shown}" if shown else ""
    return said


def _percent(share: float) -> str:
    # 99.96% is not all of them, and 0.04% is not none
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"
