"""Scans of documents: found in one folder, shown only where they are what was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from migrate.codes.requests import Scan

MOST_BYTES = 25_000_000
# what a browser shows by itself; anything else is nobody's to open here
_KINDS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)


def read_scan(folder: Path, scan: Scan) -> tuple[bytes, str] | None:
    """Content and media type of a scan, or None where it is not there, too large or another file.

    It is looked for by the name of its SHA-256 and by its path, below ``folder`` only, links followed;
    the content must have the digest that came with the request.
    """
    root = folder.resolve()
    for place in _places(root, scan):
        try:
            real = place.resolve(strict=True)
            if not real.is_relative_to(root) or not real.is_file():
                continue
            if real.stat().st_size > MOST_BYTES:
                continue
            content = real.read_bytes()
        except (OSError, ValueError):
            continue
        if hashlib.sha256(content).hexdigest() == scan.sha256:
            kind = next((kind for start, kind in _KINDS if content.startswith(start)), None)
            return None if kind is None else (content, kind)
    return None


def has_scan(folder: Path | None, scan: Scan) -> bool:
    """Whether there may be such a file; its content is looked at only when somebody opens it."""
    if folder is None:
        return False
    root = folder.resolve()
    for place in _places(root, scan):
        try:
            if place.resolve(strict=True).is_relative_to(root):
                return True
        except (OSError, ValueError):
            continue
    return False


def _places(root: Path, scan: Scan) -> Iterator[Path]:
    for end in ("", ".jpg", ".jpeg", ".png", ".pdf"):
        yield root / f"{scan.sha256}{end}"
    yield root / scan.path
