"""`migrate code replace`: a new code for a degree, on the old facts or on those of the registry now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from migrate.batch.commands.code_view import By, Code, Why, digits, print_code
from migrate.batch.commands.stores import AsJson, Reports, Store, opened
from migrate.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from migrate.store.replacing import FactChange, RegistryFacts


def replace(
    code: Code,
    by: By,
    reason: Why,
    document: Annotated[
        Literal["provisional", "diploma"] | None,
        typer.Option(help="The document that the new code proves; that of the old one by default."),
    ] = None,
    record: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="BATCH LEGACY_ID",
            help="The record that the new code is issued on, where it is another paper.",
        ),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(
            help="The new code stands for what this registry says of the degree now: a file, or an "
            'SQLAlchemy address with the table after "#". The password comes from '
            "MIGRATE_REGISTRY_PASSWORD."
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FACT",
            help="Answer yourself for a fact that changed by no approved decision, such as "
            "national_id. Once for each.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change, and what forbids it.")
    ] = False,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Give the degree of a code a new one: the old one is superseded by it.

    A revoked code stays revoked, and its degree gets a new one beside it. With
    [bold]--registry[/bold] the new code stands for what the registry says now. Each fact that changed
    must rest on an approved decision that was applied by [bold]migrate registry apply[/bold], or be
    named with [bold]--accept[/bold].

    [bold]Examples[/bold]

        migrate code replace 46318167331280877873 --by "Z. Karimi" --reason "the diploma came"
            --document diploma --record ledger-1370 L-204

        migrate code replace 46318167331280877873 --by "Z. Karimi" --reason "a wrong name"
            --registry "postgresql://reader@host/db#degrees" --dry-run
    """
    from migrate.store import lifecycle

    given: dict[str, Any] = {"actor": by, "reason": reason, "document_type": document}
    given["record"] = record
    with opened(store, reports, must_exist=True) as engine:
        number = digits(code)
        changes: tuple[FactChange, ...] | None = None
        if registry is not None:
            given["registry"] = _read(engine, number, registry, accept or [])
            changes = lifecycle.changes(engine, number, given["registry"])
        elif accept:
            raise InputError("--accept is of facts that a registry has", fix="Add --registry")
        if dry_run:
            print_code(engine, number, as_json, changes, superseded=False)
            lifecycle.check_replace(engine, number, **given)
            return
        issued = lifecycle.replace(engine, number, **given)
        print_code(engine, issued.code, as_json, changes)


def _read(engine: Engine, code: str, registry: str, accept: list[str]) -> RegistryFacts:
    from migrate.batch.degree import registry_facts
    from migrate.batch.stages.facts import FACTS, YEAR
    from migrate.store.engine import reading
    from migrate.store.lookup import find

    unknown = [name for name in accept if name not in (*FACTS, YEAR)]
    if unknown:
        raise InputError(
            "a code has no such fact", found=unknown[0], fix=f"These it has: {', '.join(FACTS)}"
        )
    with reading(engine) as connection:
        found = find(connection, code)
    if found is None:
        raise InputError(
            "the store has no such code",
            found=code,
            fix="Check its digits, and the store's address",
        )
    return registry_facts(registry, found.degree_id, frozenset(accept))
