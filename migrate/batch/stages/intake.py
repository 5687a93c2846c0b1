"""Stage 1: read the source and the registry, map headings, normalise, and say what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
from migrate.batch.stages.facts import facts_of
from migrate.batch.stages.folder import at_work, write_parquet
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import InputError
from migrate.intake.corrected import CorrectedSource, original_names
from migrate.intake.files import write_atomically
from migrate.intake.quarantine import write_quarantine
from migrate.intake.registry import read_registry
from migrate.intake.schema import Schema
from migrate.intake.sources import OpenSource, Source, open_source
from migrate.intake.staging import stage
from migrate.intake.unknown import unknown_values
from migrate.persian.bulk import map_distinct
from migrate.persian.letters import is_blank
from migrate.store import batches
from migrate.store import codes as store_codes
from migrate.store.aliases import Aliases, of_batch
from migrate.store.engine import open_store

STAGE = "1-intake"
STEPS = 5


@dataclass(frozen=True)
class Intake:
    """What the notebook shows of the source (``found``, ``headings``, ``fields``) and the registry.

    ``oddities`` lists values that stand there and could not be read, the commonest first; ``years``
    has a row a record with the years of birth and graduation, where they are known. ``disputed`` are
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
) -> Intake:
    """Begin a batch: write ``staged.parquet``, ``registry.parquet`` and ``unreadable.csv``.

    Without a ``source`` and a ``registry`` a batch that exists is read again as it was begun, and a
    new one reads the sample, which is made. With ``corrections`` only the rows that they correct are
    read, see ``migrate.batch.corrections``. Raises InputError when an input cannot be used, or the
    batch was begun with others.
    """
    settings = _settings(batch, reports, source, registry, store, profile, write_back, accept)
    if corrections:
        settings = replace(settings, corrections=str(Path(corrections).resolve()))
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
        read = _whole(corrected or opened)
        tell(1, STEPS, f"normalising {read.rows:,} rows")
        staged = stage(read.table, LEGACY, meanings=aliases.meanings())
        if corrected:
            for name in original_names(LEGACY):
                staged = staged.append_column(name, read.table.column(name))
        tell(2, STEPS, "reading the registry")
        degrees = read_registry(settings.registry, REGISTRY)
        tell(3, STEPS, f"normalising {degrees.rows:,} degrees")
        snapshot, disputed = _coded(stage(degrees.table, REGISTRY), settings)
        tell(4, STEPS, "writing")
        write_quarantine(folder / "unreadable.csv", read.unreadable)
        artefacts = [
            write_parquet(staged, folder / "staged.parquet"),
            write_parquet(snapshot, folder / "registry.parquet"),
            folder / "unreadable.csv",
            _write_aliases(aliases, folder),
        ]
        if taken and corrected:
            artefacts.append(_corrected(settings, source_entry["sha256"], taken, corrected, staged))
        manifests.record_stage(
            folder,
            STAGE,
            artefacts,
            counts={
                "rows": read.rows,
                "unreadable": len({problem.row for problem in read.unreadable}),
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
    found = read.findings
    return Intake(
        found=_found(found, read.rows, same),
        headings=pd.DataFrame(found.headings, columns=["heading", "field"]),
        fields=_fields(staged, LEGACY),
        oddities=_oddities(staged, LEGACY),
        years=_years(staged),
        registry_found=_found(degrees.findings, degrees.rows, ()),
        registry=_fields(snapshot, REGISTRY),
        disputed=pd.DataFrame(
            [(degree, ", ".join(names)) for degree, names in disputed.items()],
            columns=["degree_id", "facts that differ"],
        ),
        unknown=unknown_values(staged, LEGACY, most=20).to_pandas(),
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


def _whole(source: OpenSource | CorrectedSource) -> Source:
    read = list(source.batches())
    return Source(
        table=pa.concat_tables([batch.table for batch in read]),
        unreadable=tuple(problem for batch in read for problem in batch.unreadable),
        rows=source.rows,
        findings=replace(source.findings, notes=(*source.findings.notes, *source.notes)),
    )


def _corrected(
    settings: Settings,
    source_sha256: str,
    taken: Taken,
    corrected: CorrectedSource,
    staged: pa.Table,
) -> Path:
    """Refuse corrected rows that are settled already; keep what was corrected as an artefact."""
    engine = open_store(settings.store)
    try:
        refuse_doubles(engine, settings, source_sha256, staged, taken.corrects.batch)
    finally:
        engine.dispose()
    return record(settings.folder, corrected.changes, staged)


def _coded(degrees: pa.Table, settings: Settings) -> tuple[pa.Table, dict[str, tuple[str, ...]]]:
    """The registry with ``coded_in_store``, and the disputed degrees.

    Codes that this very batch issued do not count: a batch that is run again, by an auditor say,
    finds the registry as the first run found it. Raises InputError when the store's codes are of
    another registry, whose degrees have the same degree_id.
    """
    engine = open_store(settings.store)
    try:
        active = store_codes.active_codes(engine)
        others = {name for name, code in active.items() if code.batch != settings.batch}
        facts = facts_of(degrees, others)
        disputed = store_codes.disputed(engine, facts)
    finally:
        engine.dispose()
    if len(disputed) * 2 > len(facts):
        raise InputError(
            f"{len(disputed):,} of the {len(facts):,} degrees that have a code in the store and "
            "stand in this registry are other people's degrees",
            file=settings.registry,
            column="degree_id",
            found=next(iter(disputed)),
            fix="Another registry uses the same degree_id: give its batches a store of their own "
            "with --store",
        )
    own = [code.code for code in active.values() if code.batch == settings.batch]
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
    return snapshot.append_column("coded_in_store", coded), disputed


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


def _fields(table: pa.Table, schema: Schema) -> pd.DataFrame:
    """A row a field: shares missing, unread and read, and how many distinct values."""
    rows = max(table.num_rows, 1)
    lines = []
    for field in schema.fields:
        raw = table.column(f"raw_{field.name}")
        blank = map_distinct(raw, is_blank, pa.bool_())
        missing = pc.sum(pc.fill_null(blank, True)).as_py() or 0
        read = rows - table.column(_canonical(field.name, field.kind)).null_count
        distinct = pc.count_distinct(table.column(field.name)).as_py()
        unread = max(table.num_rows - missing - read, 0)
        lines.append((field.name, missing / rows, unread / rows, read / rows, distinct))
    return pd.DataFrame(lines, columns=["field", "missing", "not read", "read", "distinct"])


def _canonical(name: str, kind: str) -> str:
    """The column that is null where a value is not known, for fields with a closed list too."""
    return {
        "university": f"{name}_id",
        "field_of_study": f"{name}_id",
        "degree": f"{name}_level",
        "name": f"{name}_key",
    }.get(kind, name)


def _oddities(table: pa.Table, schema: Schema, most: int = 20) -> pd.DataFrame:
    """Values that stand in the source and could not be read, the commonest first."""
    frames = []
    for field in schema.fields:
        raw = table.column(f"raw_{field.name}")
        blank = pc.fill_null(map_distinct(raw, is_blank, pa.bool_()), True)
        unread = pc.and_(
            pc.invert(blank), table.column(_canonical(field.name, field.kind)).is_null()
        )
        counted = pc.value_counts(raw.filter(unread)).to_pylist()
        frames += [(field.name, entry["values"], entry["counts"]) for entry in counted]
    frames.sort(key=lambda line: (-line[2], line[0], line[1]))
    return pd.DataFrame(frames[:most], columns=["field", "value that could not be read", "rows"])


def _years(table: pa.Table) -> pd.DataFrame:
    frame = table.select(["birth_date", "graduation_date"]).to_pandas()
    return pd.DataFrame(
        {name: pd.to_numeric(frame[name].str[:4], errors="coerce") for name in frame}
    )
