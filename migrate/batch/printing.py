"""Pages printed to PDF by the Chromium that is installed here, where one is."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from migrate.errors import InputError, RunError
from migrate.intake.files import write_atomically

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 300


def browser() -> str:
    """The path of a Chromium. Raises InputError where there is none."""
    for name in _NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    raise InputError(
        "no Chromium is installed here, and nothing else prints a page as PDF",
        fix="Install it, or print the page from a browser",
    )


def print_page(chromium: str, page: Path) -> Path:
    """Print a page as the PDF beside it, and give its path. Raises RunError where it cannot be."""
    target = page.with_suffix(".pdf")
    with (
        tempfile.TemporaryDirectory(prefix="migrate-") as profile,
        write_atomically(target) as partial,
    ):
        command = [
            chromium,
            "--headless",
            # the page is ours, without scripts, and asks for nothing: no sandbox is needed as root
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={partial.absolute()}",
            page.absolute().as_uri(),
        ]
        try:
            done = subprocess.run(  # noqa: S603 - found on the path, our own page
                command, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise RunError("printing this page takes too long", file=page) from error
        if done.returncode or not partial.read_bytes().startswith(b"%PDF"):
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise RunError("this page could not be printed", file=page, found=said[-1:] or None)
    return target
