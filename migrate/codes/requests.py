"""A graduate's request for a code: who asks, by what channel, and what stands on the diploma."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NoReturn

from migrate.codes.issuing import canonical_json, sha256_text
from migrate.codes.policy import checked_channel
from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.readings import reading_of
from migrate.persian import letters
from migrate.persian.dates import DateInterval, parse_date
from migrate.persian.identifiers import normalise_national_id

# what a request says of a diploma: a legacy record without its identifier, which is to be given
FIELDS = tuple(name for name in LEGACY.names if name != LEGACY.key)
REQUIRED = tuple(name for name in LEGACY.required if name != LEGACY.key)
LONGEST = 300
MOST_SCANS = 20

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DRIVE = re.compile(r"[A-Za-z]:")
# as the suite of legacy records has them: most of a batch must pass these, so each request must
_PERSIAN = re.compile("[\u0621-\u064a\u0671-\u06d3\u06d5\u06fa-\u06fc]")
_MOJIBAKE = re.compile(
    "\ufffd|[?]{2,}|(?:[\u0637\u0638\u0639\u063a][\u0080-\u00bf\u0152\u0153\u0192\u02c6"
    "\u2013-\u203a\u20ac\u2122\u060c\u061b\u061f\u067e\u0679\u0686\u0688\u0691\u0698\u06a9\u06af"
    "\u06ba\u06be\u200c\u200d]){2,}|(?:[\u00d8-\u00db][^\\x00-\\x7F]){2,}|[\u00c0-\u00ff]{3,}"
)


@dataclass(frozen=True)
class Scan:
    """A scan of a document: its content's SHA-256 and where it lies, a relative POSIX path."""

    sha256: str
    path: str


@dataclass(frozen=True)
class Request:
    """A request, checked: make it by :func:`request_of`.

    ``applied_on`` is Solar Hijri YYYY-MM-DD, or '' for the day on which it is received. ``record``
    has the fields of ``FIELDS`` that are filled in, as they were written.
    """

    channel: str
    applied_on: str
    record: Mapping[str, str] = field(hash=False)
    scans: tuple[Scan, ...] = ()

    def body(self) -> str:
        """All that makes it this request, as canonical JSON; of scans the content, not the place."""
        return canonical_json(
            {
                "applied_on": self.applied_on,
                "channel": self.channel,
                "record": dict(self.record),
                "scans": [scan.sha256 for scan in self.scans],
            }
        )

    def digest(self) -> str:
        """SHA-256 of the body: the same request sent again has the same."""
        return sha256_text(self.body())


def request_of(
    record: Mapping[str, str | None],
    *,
    channel: str,
    applied_on: str | None = None,
    scans: Sequence[Scan] = (),
) -> Request:
    """A request from what somebody filled in, once all of it is checked.

    :param record: values by field of ``FIELDS``; None and '' say nothing. Kept as written, but for
        white space: one space between words.
    :param channel: one of ``policy.CHANNELS``.
    :param applied_on: a day in any form and calendar that paper has; None or '' is the day of receipt.
    :param scans: at most ``MOST_SCANS``.
    :raises InputError: naming the column, what was found and how to mend it.
    """
    kept: dict[str, str] = {}
    for name, value in record.items():
        if name not in FIELDS:
            raise InputError(
                "a request has no such field",
                column=name,
                fix=f"Take it out; there are {', '.join(FIELDS)}",
            )
        text = " ".join(checked_text(value or "", name).split())
        if text:
            kept[name] = text
    _refuse_names(kept)
    _refuse_national_id(kept)
    return Request(
        channel=checked_channel(checked_text(channel, "channel").strip()),
        applied_on=_day(checked_text(applied_on or "", "applied_on").strip()),
        record=kept,
        scans=_scans(scans),
    )


def checked_text(text: str, column: str) -> str:
    """A text that any store can hold. Raises InputError: too long, control characters, half of one."""
    if len(text) > LONGEST:
        raise InputError(
            f"a value is longer than {LONGEST} characters",
            column=column,
            found=f"{len(text):,} characters",
            fix="Keep to what stands on the diploma",
        )
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in "\t\r\n"):
            raise InputError(
                "a character that no text has",
                column=column,
                found=f"U+{ord(character):04X}",
                fix="Type the value again",
            )
    return text


def checked_scan(sha256: str, path: str) -> Scan:
    """A scan, its digest in lower case. Raises InputError for a digest or path that cannot be one."""
    digest = checked_text(sha256, "scans").strip().lower()
    if not _SHA256.fullmatch(digest):
        _refuse_scan(
            "not a SHA-256", sha256, "Give the 64 hexadecimal digits of the scan's SHA-256"
        )
    place = checked_text(path, "scans").strip()
    parts = PurePosixPath(place).parts
    if (
        not parts
        or place.startswith(("/", "~"))
        or "\\" in place
        or _DRIVE.match(place)
        or any(part == ".." for part in parts)
        or any(unicodedata.category(character) in ("Cc", "Cf") for character in place)
    ):
        _refuse_scan("not a path within the folder of scans", path, "Write it as scans/1362/17.jpg")
    return Scan(digest, str(PurePosixPath(place)))


def _scans(scans: Sequence[Scan]) -> tuple[Scan, ...]:
    if len(scans) > MOST_SCANS:
        _refuse_scan(f"more than {MOST_SCANS} scans", str(len(scans)), "Send the pages that matter")
    return tuple(dict.fromkeys(checked_scan(scan.sha256, scan.path) for scan in scans))


def _refuse_names(record: Mapping[str, str]) -> None:
    for name in REQUIRED:
        value = record.get(name, "")
        read = reading_of(LEGACY.field(name).kind).read
        if letters.is_blank(value) or not read(value).get(""):
            raise InputError(
                "a request must have this",
                column=name,
                found=value or "nothing",
                fix="Fill it in as it stands on the diploma",
            )
        if _MOJIBAKE.search(value):
            raise InputError(
                "these are letters of a wrong encoding",
                column=name,
                found=value,
                fix="Save the file as UTF-8, or type the value again",
            )
        if not _PERSIAN.search(value):
            raise InputError(
                "this is not in Persian letters",
                column=name,
                found=value,
                fix="Write it as it stands on the diploma",
            )


def _refuse_national_id(record: Mapping[str, str]) -> None:
    value = record.get("national_id")
    found = normalise_national_id(value)
    # of paper it is a weak number; whoever applies today has the card
    if found is not None and found.state == "invalid":
        raise InputError(
            "this national ID cannot be right: its check digit does not fit",
            column="national_id",
            found=value,
            fix="Correct it, or leave it empty",
        )


def _day(text: str) -> str:
    if not text:
        return ""
    found = parse_date(text)
    if (
        not isinstance(found, DateInterval)
        or found.first != found.last
        or found.calendar not in ("solar", "gregorian")
        or not found.certain
    ):
        raise InputError(
            "this is no date of application",
            column="applied_on",
            found=text,
            fix="Write year, month and day: 1402-05-01",
        )
    return found.text


def _refuse_scan(message: str, found: str, fix: str) -> NoReturn:
    raise InputError(message, column="scans", found=found, fix=fix)
