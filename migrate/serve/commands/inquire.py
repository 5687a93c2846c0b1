"""`migrate inquire`: the public's answers on the terminal, for whoever may read the store."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.serve.commands.stores import AsJson, Reports, Store, opened

if TYPE_CHECKING:
    from migrate.codes.inquiry import Answer

_CHUNK = 500


def inquire(
    codes: Annotated[
        list[str] | None,
        typer.Argument(metavar="CODE…", help="Codes in any digits; one with spaces in quotes."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="A CSV file of codes, as the service takes it; - for stdin."),
    ] = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    english: Annotated[bool, typer.Option("--english", help="Answer in English.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look codes up, with the answers of the public page.

    There are no limits here, and nothing is logged: whoever may open the store sees it all.

    [bold]Example[/bold]

        migrate inquire ۷۰۴۱-۲۲۳۳-۴۴۵۵-۶۶۷۷-۸۹۱۲ --store sqlite:///reports/store.sqlite
    """
    from migrate.errors import InputError

    texts = list(enumerate(codes or (), start=1))
    if bool(texts) == (file is not None):
        raise InputError("give codes, or a file of them", fix="migrate inquire CODE, or --file")
    if file is not None:
        texts = _read(file)
    with opened(store, reports) as engine:
        for row, answer in _answers(engine, texts):
            _print(row, answer, english, as_json, several=len(texts) > 1)


def _read(file: Path) -> list[tuple[int, str]]:
    from migrate.errors import InputError
    from migrate.serve.bulk import read_codes

    if str(file) == "-":
        return read_codes(sys.stdin.buffer.read())
    try:
        return read_codes(file.read_bytes())
    except OSError as error:
        raise InputError("the file cannot be read", file=file, found=error.strerror) from None
    except InputError as error:
        raise InputError(error.message, file=file, row=error.row, fix=error.fix) from None


def _answers(engine: object, texts: list[tuple[int, str]]) -> Iterator[tuple[int, Answer]]:
    from sqlalchemy import Engine

    from migrate.codes.inquiry import answer_to, read_typed
    from migrate.store.engine import reading
    from migrate.store.public_lookup import find_public

    assert isinstance(engine, Engine)
    for start in range(0, len(texts), _CHUNK):
        typed = [(row, read_typed(text)) for row, text in texts[start : start + _CHUNK]]
        with reading(engine) as connection:
            found = find_public(connection, sorted({one.code for _, one in typed if one.code}))
        for row, one in typed:
            yield row, answer_to(one, found.get(one.code or ""))


def _print(row: int, answer: Answer, english: bool, as_json: bool, *, several: bool) -> None:
    from migrate.codes.inquiry import SHOWN, Language, field_label, sentences, value_label
    from migrate.codes.numbers import format_code
    from migrate.serve.models import inquiry_out

    if as_json:
        held = {"row": row, **inquiry_out(answer)}
        typer.echo(json.dumps(held, ensure_ascii=False))
        return
    language: Language = "en" if english else "fa"
    title, text = sentences(answer, language)
    code = f"{format_code(answer.code)}: " if answer.code else ""
    typer.echo(f"{f'{row}. ' if several else ''}{code}{title}. {text}")
    for name in SHOWN:
        if name in answer.shown:
            value = value_label(name, answer.shown[name], language)
            typer.echo(f"  {field_label(name, language)}: {value}")
    if answer.superseded_by:
        label = field_label("successor", language)
        typer.echo(f"  {label}: {format_code(answer.superseded_by)}")
