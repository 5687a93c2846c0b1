"""Signed heads and bundles as files: whole or not at all, and never over another content."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from migrate.codes.numbers import normalise_code
from migrate.errors import InputError, RunError
from migrate.intake.files import write_atomically
from migrate.store.audit_witness import read_head
from migrate.store.bundles import write_code, write_log
from migrate.store.heads import SignedHead


def export(signed: Sequence[SignedHead], folder: Path) -> tuple[list[str], list[str]]:
    """Write signed heads as ``<size in 12 digits>-<key's id>.txt``.

    :param folder: made where it is missing.
    :returns: the names of files written, and of those that were there already.
    :raises RunError: when a file is there with another content; nothing is written after it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, kept = [], []
    for head in signed:
        path = folder / f"{head.size:012d}-{head.key_id}.txt"
        if not path.exists():
            with write_atomically(path) as partial:
                partial.write_bytes(head.note.encode())
            written.append(path.name)
        elif path.read_bytes() == head.note.encode():
            kept.append(path.name)
        else:
            raise RunError(
                f"this file holds another head of {head.size} events than the store does",
                file=path,
                fix="Keep it, and run `migrate audit verify --witness` with it: the log was forked, "
                "or one of the two is forged",
            )
    return written, kept


def write_bundle(
    engine: Engine,
    path: Path,
    code: str | None,
    *,
    disclose: bool = False,
    witnesses: Sequence[Path] = (),
) -> SignedHead:
    """Write a bundle of the whole log, or of one code, to a file that is not there yet.

    :param code: in any digits, spaced or not; None for the whole log.
    :raises InputError: as ``store.bundles`` does, and when the file is there.
    """
    if path.exists():
        raise InputError("there is a file already", file=path, fix="Name another with --out")
    if code is None:
        with write_atomically(path) as partial, partial.open("w", newline="\n") as stream:
            return write_log(engine, stream)
    number = normalise_code(code)
    if number is None:
        raise InputError("a code has 20 digits", found=code, fix="Check what was typed")
    text = io.StringIO()
    notes = [read_head(one) for one in witnesses]
    head = write_code(engine, number, text, disclose=disclose, witnesses=notes)
    write_new(path, text.getvalue().encode(), mode=0o600 if disclose else 0o644)
    return head


def write_new(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that is not there yet, whole or not at all. Raises InputError, RunError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise InputError(
            "there is a file already", file=path, fix="Name another with --out"
        ) from None
    except OSError as error:
        raise InputError("cannot be written", file=path, found=error.strerror) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RunError("could not be written", file=path, found=error.strerror) from None
