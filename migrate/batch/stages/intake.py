"""Stage 1: read the source and the registry, map headings, normalise, and say what was found."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.batch import inputs, progress, samples
from migrate.batch import manifest as manifests
from migrate.batch.corrections import Taken, inputs_of, record, refuse_doubles, take
from migrate.batch.run import refuse_other_settings, stored_settings
from migrate.batch.settings import (
    Settings,
    absolute_address,
    check_batch_name,
    sqlite_address,
    without_password,
)
from migrate.batch.stages.account import Account
from migrate.batch.stages.facts import facts_of
from migrate.batch.stages.folder import at_work
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import InputError
from migrate.intake.ahead import ahead
from migrate.intake.corrected import CorrectedSource, original_names
from migrate.intake.files import write_atomically
from migrate.intake.registry import OpenRegistry, open_registry
from migrate.intake.sources import open_source
from migrate.intake.staged import SOURCE, parquet_writer, write_staged
from migrate.intake.staging import Staging
from migrate.intake.unknown import unknown_columns, unknown_values
from migrate.store import batches
from migrate.store import codes as store_codes
from migrate.store.aliases import Aliases, of_batch
from migrate.store.engine import open_store

STAGE = "1-intake"
STEPS = 3


@dataclass(frozen=True)
class Intake:
    """What the notebook shows of the source (``found``, ``headings``, ``fields``) and the registry.

    ``oddities`` lists values that stand there and could not be read, the commonest first; ``years``
    counts births and graduations of each year, where they are known. ``disputed`` are
    degrees whose code in the store was issued on other facts than the registry's: they stay coded.
    ``unknown`` are universities, fields and degrees that no list knows, with suggestions;
    ``aliases`` what people had decided when the batch began; ``changes`` the cells that this batch
    takes as people corrected them, empty for a batch of a whole source.
    """

    found: pd.DataFrame
    headings: pd.DataFrame
    fields: pd.DataFrame
    oddities: pd.DataFrame
    years: pd.DataFrame
    registry_found: pd.DataFrame
    registry: pd.DataFrame
    disputed: pd.DataFrame
    unknown: pd.DataFrame
    aliases: pd.DataFrame
    changes: pd.DataFrame


def run(
    batch: str,
    reports: str,
    *,
    source: str = "",
    registry: str = "",
    store: str = "",
    profile: str = "",
    write_back: bool = True,
    accept: float = 0.9999,
    corrections: str = "",
    model: str = "",
) -> Intake:
    """Begin a batch: write ``staged.parquet``, ``registry.parquet`` and ``unreadable.csv``.

    Without a ``source`` and a ``registry`` a batch that exists is read again as it was begun, and a
    new one reads the sample, which is made. With ``corrections`` only the rows that they correct are
    read, see ``migrate.batch.corrections``. ``model`` is a trained model for stage 3. Raises
    InputError when an input cannot be used, or the batch was begun with others.
    """
    settings = _settings(batch, reports, source, registry, store, profile, write_back, accept)
    if corrections:
        settings = replace(settings, corrections=str(Path(corrections).resolve()))
    if model:
        settings = replace(settings, model=str(Path(model).resolve()))
    _begin(settings)
    with at_work(reports, batch, STAGE, after=None) as (folder, _):
        tell = progress.reporter()
        tell(0, STEPS, "reading the source")
        profile_path = inputs.profile_path(settings)
        opened = open_source(settings.source, LEGACY, profile=profile_path)
        source_entry = inputs.described_source(settings.source, opened)
        taken = take(settings) if settings.corrections else None
        same, aliases = _enter(settings, source_entry["sha256"], taken)
        corrected = CorrectedSource(opened, taken.corrections) if taken else None
        account = Account(LEGACY)
        staged = write_staged(
            corrected or opened,
            Staging(LEGACY, meanings=aliases.meanings()),
            folder / "staged.parquet",
            folder / "unreadable.csv",
            metadata={SOURCE: source_entry["sha256"]},
            beside=original_names(LEGACY) if corrected else (),
            look=account.add,
        )
        tell(1, STEPS, "reading the registry")
        degrees = open_registry(settings.registry, REGISTRY)
        degrees_account, disputed = _write_registry(degrees, settings, folder / "registry.parquet")
        tell(2, STEPS, "writing")
        artefacts = [
            folder / "staged.parquet",
            folder / "registry.parquet",
            folder / "unreadable.csv",
            _write_aliases(aliases, folder),
        ]
        if taken and corrected:
            artefacts.append(_corrected(settings, source_entry["sha256"], taken, corrected))
        manifests.record_stage(
            folder,
            STAGE,
            artefacts,
            counts={
                "rows": staged.rows,
                "unreadable": staged.unreadable,
                "degrees": degrees.rows,
            },
            inputs={
                "source": source_entry,
                "registry": inputs.described(settings.registry)
                | {"table": degrees.table_name, "rows": degrees.rows},
                "aliases": {
                    "as_of": aliases.as_of,
                    "count": len(aliases.entries),
                    "sha256": aliases.sha256,
                },
            }
            | (inputs_of(settings, taken) if taken else {})
            | ({"profile": inputs.described(settings.profile)} if settings.profile else {}),
        )
        found = replace(opened.findings, notes=(*opened.findings.notes, *opened.notes))
        file = pq.ParquetFile(folder / "staged.parquet")
        unknown = unknown_values(
            file.iter_batches(columns=unknown_columns(LEGACY)), LEGACY, most=20
        )
        fields = account.fields(folder / "staged.parquet")
        registry_fields = degrees_account.fields(folder / "registry.parquet")
    return Intake(
        found=_found(found, staged.rows, same),
        headings=pd.DataFrame(found.headings, columns=["heading", "field"]),
        fields=fields,
        oddities=account.oddities(),
        years=account.years(),
        registry_found=_found(degrees.findings, degrees.rows, ()),
        registry=registry_fields,
        disputed=pd.DataFrame(
            [(degree, ", ".join(names)) for degree, names in disputed.items()],
            columns=["degree_id", "facts that differ"],
        ),
        unknown=unknown.to_pandas(),
        aliases=pd.DataFrame(
            [(one.kind, one.text, one.target, one.decided_by) for one in aliases.entries],
            columns=["kind", "text", "stands for", "decided by"],
        ),
        changes=pd.DataFrame(
            [vars(change) for change in corrected.changes] if corrected else [],
            columns=["row", "column", "original", "corrected", "corrected_by"],
        ),
    )


def _settings(
    batch: str,
    reports: str,
    source: str,
    registry: str,
    store: str,
    profile: str,
    write_back: bool,
    accept: float,
) -> Settings:
    folder = Path(reports).resolve()
    if not source and not registry and manifests.read(folder / check_batch_name(batch)):
        return stored_settings(batch, folder)
    if not source and not registry:
        made = samples.make_once(folder / "notebook-sample", progress=progress.reporter())
        source, registry = made["source"], made["registry"]
        store = store or sqlite_address(folder / "notebook-sample" / "store.sqlite")
    return Settings(
        batch=check_batch_name(batch),
        reports=str(folder),
        source=without_password(absolute_address(source))[0],
        registry=without_password(absolute_address(registry))[0],
        store=without_password(absolute_address(store or sqlite_address(folder / "store.sqlite")))[
            0
        ],
        profile=str(Path(profile).resolve()) if profile else "",
        write_back=write_back,
        accept=accept,
    )


def _begin(settings: Settings) -> None:
    """Start the manifest of a batch run by hand; `migrate run` has started it already."""
    known = manifests.read(settings.folder)
    if known is None:
        inputs.check(settings)
        manifests.write(settings.folder, manifests.new(settings) | {"issue": True})
    else:
        refuse_other_settings(known, settings)


def _enter(
    settings: Settings, source_sha256: str, taken: Taken | None
) -> tuple[tuple[str, ...], Aliases]:
    """Enter the batch in the store: other batches of the same source, and the aliases it keeps to."""
    engine = open_store(settings.store)
    try:
        corrects = taken.corrects if taken else None
        same = batches.begin(engine, settings.batch, source_sha256, corrects=corrects)
        return same, of_batch(engine, settings.batch)
    finally:
        engine.dispose()


def _write_aliases(aliases: Aliases, folder: Path) -> Path:
    path = folder / "aliases.json"
    with write_atomically(path) as partial:
        partial.write_text(aliases.canonical_json() + "\n", encoding="utf-8")
    return path


def _corrected(
    settings: Settings, source_sha256: str, taken: Taken, corrected: CorrectedSource
) -> Path:
    """Refuse corrected rows that are settled already; keep what was corrected as an artefact."""
    staged = pq.read_table(settings.folder / "staged.parquet")
    engine = open_store(settings.store)
    try:
        refuse_doubles(engine, settings, source_sha256, staged, taken.corrects.batch)
    finally:
        engine.dispose()
    return record(settings.folder, corrected.changes, staged)


def _write_registry(
    registry: OpenRegistry, settings: Settings, path: Path
) -> tuple[Account, dict[str, tuple[str, ...]]]:
    """Write the registry with ``coded_in_store``; give its account, and the disputed degrees.

    Codes that this very batch issued do not count: a batch that is run again, by an auditor say,
    finds the registry as the first run found it. Raises InputError when the store's codes are of
    another registry, whose degrees have the same degree_id.
    """
    account = Account(REGISTRY)
    staging = Staging(REGISTRY)
    disputed: dict[str, tuple[str, ...]] = {}
    seen = 0
    engine = open_store(settings.store)
    try:
        active = store_codes.active_codes(engine)
        others = {name for name, code in active.items() if code.batch != settings.batch}
        own = [code.code for code in active.values() if code.batch == settings.batch]
        del active
        with (
            parquet_writer(path, repeating=staging.repeating) as write,
            closing(ahead(map(staging.stage, registry.batches()))) as batches,
        ):
            for degrees in batches:
                facts = facts_of(degrees, others)
                seen += len(facts)
                disputed |= store_codes.disputed(engine, facts) if facts else {}
                snapshot = _coded(degrees, own, others)
                account.add(snapshot)
                write(snapshot)
            if len(disputed) * 2 > seen:
                raise InputError(
                    f"{len(disputed):,} of the {seen:,} degrees that have a code in the store and "
                    "stand in this registry are other people's degrees",
                    file=settings.registry,
                    column="degree_id",
                    found=next(iter(disputed)),
                    fix="Another registry uses the same degree_id: give its batches a store of "
                    "their own with --store",
                )
    finally:
        engine.dispose()
    return account, disputed


def _coded(degrees: pa.Table, own: list[str], others: set[str]) -> pa.Table:
    """Some degrees as they were before this batch's ``own`` codes, and which others have one."""
    held = degrees.column("validity_code")
    mine = pc.fill_null(pc.is_in(held, pa.array(own, pa.string())), False)
    place = degrees.column_names.index("validity_code")
    shown = pc.if_else(mine, pa.scalar(None, pa.string()), held)
    coded = pc.is_in(degrees.column("degree_id"), pa.array(sorted(others), pa.string()))
    snapshot = degrees.set_column(place, "validity_code", shown)
    raw = degrees.column("raw_validity_code")
    snapshot = snapshot.set_column(
        place - 1, "raw_validity_code", pc.if_else(mine, pa.scalar(None, pa.string()), raw)
    )
    return snapshot.append_column("coded_in_store", coded)


def _found(found: Any, rows: int, same: tuple[str, ...]) -> pd.DataFrame:
    lines = [
        ("rows", f"{rows:,}"),
        ("kind of file", found.kind),
        ("encoding", found.encoding or "–"),
        ("why", found.why),
        ("delimiter", repr(found.delimiter) if found.delimiter else "–"),
        ("fields the source has not", ", ".join(found.missing) or "none"),
    ]
    lines += [("note", note) for note in found.notes]
    lines += [("note", f"batch {name} had the very same file as its source") for name in same]
    return pd.DataFrame(lines, columns=["found", ""])
