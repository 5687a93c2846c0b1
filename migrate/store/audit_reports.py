"""Batches' folders in an audit: the codes that each batch says it issued, against the store's."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from migrate.codes.ledger import ACTIVE
from migrate.store.audit_findings import ADDED, DELETED, EDITED, Findings
from migrate.store.code_tables import CodeRow
from migrate.store.tables import BatchRow

_LISTED = ("legacy_id", "degree_id", "scheme", "issued_at", "document_type")
_STAGE, _FILE = "5-issue", "codes.csv"
_CHUNK = 500


def check_reports(connection: Connection, reports: Path, found: Findings) -> None:
    """Hold ``codes.csv`` of every batch whose folder is in ``reports`` against the store.

    A batch without a folder, or that has not issued yet, is a warning. The codes of one batch at a
    time are held in memory.
    """
    names = connection.execute(select(BatchRow.batch).order_by(BatchRow.batch)).scalars().all()
    for name in names:
        folder = reports / name
        # a name out of a database leads nowhere else
        if Path(name).name != name or not folder.is_dir():
            found.warn(f"batch {name} has no folder in {reports}")
            continue
        digest = _recorded(folder)
        path = folder / _FILE
        if digest is None:
            found.warn(f"batch {name} has issued no codes that its manifest tells of")
        elif not path.is_file():
            found.add(DELETED, str(path), "", expected="the codes of the batch", found="no file")
        elif _sha256(path) != digest:
            found.add(
                EDITED,
                str(path),
                "",
                expected=f"SHA-256 {digest}",
                found=f"SHA-256 {_sha256(path)}",
            )
        else:
            _check_codes(connection, name, path, found)


def _recorded(folder: Path) -> str | None:
    """The SHA-256 that the manifest has of codes.csv, None where it has none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return str(manifest["stages"][_STAGE]["artefacts"][_FILE])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_codes(connection: Connection, batch: str, path: Path, found: Findings) -> None:
    listed: set[str] = set()
    with path.open(encoding="utf-8", newline="") as stream:
        for rows in _chunks(csv.DictReader(stream)):
            kept = connection.execute(
                select(
                    CodeRow.code, CodeRow.batch, *(getattr(CodeRow, name) for name in _LISTED)
                ).where(CodeRow.code.in_([row.get("code") for row in rows]))
            )
            held = {row.code: row._mapping for row in kept}
            for row in rows:
                code = str(row.get("code"))
                listed.add(code)
                _check_row(found, path, row, held.get(code), batch)
    # a code that something happened to may have been out of force when the file was written
    unchanged = connection.execute(
        select(CodeRow.code)
        .where(
            CodeRow.batch == batch,
            CodeRow.state == ACTIVE,
            CodeRow.state_seq == CodeRow.event_seq,
            CodeRow.replaces.is_(None),
        )
        .order_by(CodeRow.event_seq)
    ).scalars()
    for code in unchanged:
        if code not in listed:
            found.add(
                ADDED,
                "codes",
                f"code {code}",
                expected=f"to be listed in {path}",
                found="not listed",
            )


def _check_row(found: Findings, path: Path, row: dict[str, str], held: Any, batch: str) -> None:
    code = row.get("code")
    if held is None:
        found.add(DELETED, "codes", f"code {code}", expected=f"as {path} lists it", found="no row")
        return
    for name in ("batch", *_LISTED):
        listed = batch if name == "batch" else row.get(name)
        if listed is not None and listed != str(held[name]):
            found.add(
                EDITED,
                "codes",
                f"code {code}",
                expected=f"{name} {listed} as {path} lists it",
                found=held[name],
            )


def _chunks(rows: Iterator[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk
