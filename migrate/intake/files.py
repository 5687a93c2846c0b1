"""Files as artefacts: written whole or not at all, and known by their content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".part"


def _umask() -> int:
    # the only portable way to read it is to set it
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it over ``path`` when the block ends well.

    The file is flushed to disk before the rename, so after a kill or a full disk ``path`` is either
    as it was or whole. On any error the temporary file is removed and the error goes on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # the suffix stays: writers such as Papermill and pyarrow go by it
    suffix = f"{PARTIAL}{path.suffix}"
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=suffix, dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.chmod(0o666 & ~_umask())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
