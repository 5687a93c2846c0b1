"""Requests from a file: CSV with a row a request, or JSON Lines with a line a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.codes.requests import FIELDS, Request, Scan, request_of
from migrate.codes.requests_csv import csv_rows
from migrate.codes.requests_json import json_rows
from migrate.errors import InputError
from migrate.intake.files import sha256

LARGEST = 64 * 1024 * 1024
_LINES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class RequestsFile:
    """What was read: (row, request) in the file's order, and what is wrong with each other row.

    In CSV the heading is row 1, in JSON Lines the first line is.
    """

    requests: tuple[tuple[int, Request], ...]
    problems: tuple[InputError, ...]


def read_requests(
    path: Path, *, channel: str = "graduate", applied_on: str = "", scans: Path | None = None
) -> RequestsFile:
    """Read and check all requests of a file.

    A row is wrong by its first error only. A scan that can be reached must have the digest that the
    request gives; one that cannot is taken as it is told.

    :param path: UTF-8; JSON Lines where its name ends so (.jsonl, .ndjson, .json), else CSV. What
        they hold: ``requests_json`` and ``requests_csv``.
    :param channel: for rows that do not say theirs.
    :param applied_on: likewise.
    :param scans: the folder that paths of scans begin in; that of the file by default.
    :raises InputError: when the file as a whole cannot be read.
    """
    text = _text(path)
    rows = json_rows(text) if path.suffix.lower() in _LINES else csv_rows(path, text)
    root = scans or path.parent
    found: list[tuple[int, Request]] = []
    problems = []
    for row, given in rows:
        try:
            if isinstance(given, InputError):
                raise given
            found.append((row, _request(given, channel, applied_on, root)))
        except InputError as error:
            problems.append(_placed(error, path, row))
    if not found and not problems:
        raise InputError("there is no request in this file", file=path, fix="Name another")
    return RequestsFile(tuple(found), tuple(problems))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"a file of requests has at most {LARGEST // 2**20} MiB",
                file=path,
                found=f"{path.stat().st_size:,} bytes",
                fix="Send it in parts",
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            "this file cannot be read", file=path, found=error.strerror, fix="Name another"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "this file is not in UTF-8",
            file=path,
            row=content.count(b"\n", 0, error.start) + 1,
            fix="Save it as CSV UTF-8",
        ) from None


def _request(given: Mapping[str, Any], channel: str, applied_on: str, root: Path) -> Request:
    scans = given.get("scans") or ()
    request = request_of(
        {name: value for name, value in given.items() if name in FIELDS},
        channel=given.get("channel") or channel,
        applied_on=given.get("applied_on") or applied_on,
        scans=scans,
    )
    for scan in request.scans:
        _refuse_other_scan(scan, root)
    return request


def _refuse_other_scan(scan: Scan, root: Path) -> None:
    path = root / scan.path
    try:
        if not path.exists():
            return
        # a link must not lead out of the folder
        inside = path.resolve().is_relative_to(root.resolve()) and path.is_file()
        held = sha256(path) if inside else ""
    except OSError as error:
        raise InputError(
            "this scan cannot be read", column="scans", found=f"{scan.path}: {error.strerror}"
        ) from None
    if not inside:
        raise InputError(
            "this scan is no file of the folder of scans",
            column="scans",
            found=scan.path,
            fix="Put the file itself there",
        )
    if held != scan.sha256:
        raise InputError(
            "this scan is not the one that the request tells of: its SHA-256 differs",
            column="scans",
            found=f"{scan.path} has {held[:16]}…",
            fix="Give the right file, or its SHA-256",
        )


def _placed(error: InputError, path: Path, row: int) -> InputError:
    return InputError(
        error.message, file=path, row=row, column=error.column, found=error.found, fix=error.fix
    )
