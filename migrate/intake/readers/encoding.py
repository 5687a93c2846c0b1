"""Which encoding a text is in, decided by its content, and why in words."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import InputError
from migrate.intake.readers import iran_system
from migrate.intake.readers.survey import UNDECODABLE, Survey

# Letters of Persian text in per cent, rounded, as in running text of newspapers; Arabic ي and ك
# count as Persian ones, since most old exports have no others
_PER_CENT = re.findall(
    r"(\S) (\S+)",
    """
    ا 13.5 ی 10 ي 10 ر 7.5 ن 7.3 د 6.9 ه 6.5 م 6.3 و 5.9 ت 4.8 ب 3.7 ش 3.6 س 3.4 ک 3.1 ك 3.1 ل 2.9
    ز 2.4 ف 1.9 گ 1.4 خ 1.4 ع 1.4 ق 1.3 ج 1.3 ح 1.3 پ 1.2 آ 1.2 ص 0.8 ط 0.6 ض 0.5 چ 0.4 غ 0.4 ذ 0.3
    ث 0.2 ظ 0.2 ژ 0.1 ئ 0.1 ء 0.1 ؤ 0.1 أ 0.1 إ 0.1 ة 0.1 ى 0.1
    """,
)
_FREQUENCY = {
    **{letter: float(per_cent) for letter, per_cent in _PER_CENT},
    **dict.fromkeys("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", 2.0),
    **dict.fromkeys("\u200c\u200d\u200e\u200f\u00a0،؛؟ـًٌٍَُِّْ«»", 0.1),
}
_OTHER = 0.01
# enough of a file to know text by
_SAMPLE = 1 << 16
_CODE_PAGES = {
    "cp1256": "Windows-1256",
    "iso8859_6": "ISO-8859-6",
    "mac_farsi": "Mac Farsi",
}
_LEAST_SHARE = 0.6
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Encoding:
    """An encoding: its Python codec, its usual name, and why it was concluded."""

    codec: str
    name: str
    why: str


def decide(path: Path, seen: Survey, given: str | None = None) -> Encoding:
    """The encoding of a surveyed file.

    In this order: the one that a profile names; a byte-order mark; UTF-16 without one; UTF-8 where
    all bytes are valid, or nearly all beyond ASCII are; else the code page in which the bytes
    beyond ASCII read most like Persian, by the frequency of its letters.

    Raises InputError when a given name is unknown, or when the bytes are no text.
    """
    if given is not None:
        return _given(path, seen, given)
    if seen.head.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8-sig", "UTF-8", "it begins with the byte-order mark of UTF-8")
    if seen.head.startswith(_UTF_32):
        return Encoding("utf-32", "UTF-32", "it begins with the byte-order mark of UTF-32")
    if seen.head.startswith(_UTF_16):
        return Encoding("utf-16", "UTF-16", "it begins with the byte-order mark of UTF-16")
    if sixteen := _utf_16(seen.head[:_SAMPLE]):
        return sixteen
    _refuse_binary(path, seen)
    if seen.utf8:
        if not seen.utf8_good:
            return Encoding("utf-8", "UTF-8", "it holds ASCII only")
        return Encoding(
            "utf-8", "UTF-8", f"all its {seen.utf8_good:,} letters beyond ASCII are UTF-8"
        )
    if seen.utf8_good > 10 * seen.utf8_bad:
        return Encoding(
            "utf-8",
            "UTF-8",
            f"{seen.utf8_good:,} letters beyond ASCII are UTF-8, {seen.utf8_bad:,} bytes are not",
        )
    return _code_page(path, seen)


def shares(
    counts: Mapping[int, int], pages: Iterable[str] = tuple(_CODE_PAGES)
) -> dict[str, tuple[float, float]]:
    """For each code page, how Persian the bytes beyond ASCII read: (mean log-likelihood, share).

    :param counts: how often each byte stands in a text. Share is of letters, digits and marks that
        Persian uses, from 0 to 1.
    :param pages: Python codecs of one byte a letter; a byte that is two, as Iran System's lam-alef,
        counts as its first.
    """
    high = {byte: count for byte, count in counts.items() if byte >= 0x80}
    total = sum(high.values()) or 1
    found = {}
    for codec in pages:
        score = share = 0.0
        for byte, count in high.items():
            try:
                letter = bytes([byte]).decode(codec)[:1]
                frequency = _FREQUENCY.get(letter, _OTHER)
            except UnicodeDecodeError:
                # as bad as a letter of another language, so that ISO-8859-6 is not lost to Mac
                # Farsi, which has letters everywhere, by one broken byte
                letter, frequency = "", _OTHER
            score += count * math.log(frequency)
            share += count * (letter in _FREQUENCY)
        found[codec] = (score / total, share / total)
    return found


def _code_page(path: Path, seen: Survey) -> Encoding:
    found = shares(seen.counts)
    # in the order above where they read alike
    best = max(found, key=lambda codec: found[codec][0])
    share = found[best][1]
    if share >= _LEAST_SHARE:
        others = {codec: found[codec][1] for codec in _CODE_PAGES if codec != best}
        shown = ", ".join(f"{other:.0%} as {_CODE_PAGES[codec]}" for codec, other in others.items())
        why = f"it is not UTF-8; {share:.0%} of its letters beyond ASCII are Persian as "
        why += f"{_CODE_PAGES[best]}, {shown}"
        if max(others.values()) >= share:
            why += "; how frequent each letter is decides"
        return Encoding(best, _CODE_PAGES[best], why)
    high = sum(count for byte, count in seen.counts.items() if byte >= 0x80)
    if high <= 0.01 * sum(seen.counts.values()):
        return Encoding("utf-8", "UTF-8", "it is ASCII but for a few bytes of no known encoding")
    iranian = shares(seen.counts, (iran_system.CODEC,))[iran_system.CODEC][1]
    if iranian >= 0.9:
        raise InputError(
            "this is text in Iran System, the code page of Persian DOS programs",
            file=path,
            found=f"{iranian:.0%} of the bytes beyond ASCII are Persian in it",
            fix="Write into a source profile: encoding: latin-1, and repair: iran-system-as-1252",
        )
    raise InputError(
        "this is not text in an encoding that is known here",
        file=path,
        found=f"{share:.0%} of the bytes beyond ASCII are Persian as {_CODE_PAGES[best]}",
        fix="If it is a table all the same, name its encoding in a source profile",
    )


def _utf_16(head: bytes) -> Encoding | None:
    even = head[: len(head) // 2 * 2]
    if b"\x00" not in even:
        return None
    for codec, name in (("utf-16-le", "little"), ("utf-16-be", "big")):
        text = even.decode(codec, UNDECODABLE)
        plain = sum(
            " " <= character <= "~" or character in "\r\n\t\u200c" or "\u0600" <= character <= "ۿ"
            for character in text
        )
        if plain >= 0.95 * len(text):
            why = f"read as pairs of bytes, {name} end first, {plain / len(text):.0%} is plain text"
            return Encoding(codec, "UTF-16", why)
    return None


def _refuse_binary(path: Path, seen: Survey) -> None:
    sample = seen.head[:_SAMPLE]
    controls = sum(byte < 0x20 and byte not in (0, 9, 10, 12, 13, 26) for byte in sample)
    if controls > 0.03 * len(sample) or seen.nuls > 0.3 * seen.size:
        raise InputError(
            "this is not a text table: it holds control bytes, as programs and pictures do",
            file=path,
            fix="Export the table as CSV, XLSX or Parquet",
        )


def codec_named(path: Path, given: str, *, usual: str) -> str:
    """Python's name of the encoding that a profile gives for a file.

    :param usual: encodings to name to a person who gave none that there is.
    :raises InputError: there is no such encoding.
    """
    try:
        codec = codecs.lookup(given).name
        "".encode(codec)
    except (LookupError, ValueError) as error:
        raise InputError(
            "there is no such encoding", file=path, found=given, fix=f"Use {usual}"
        ) from error
    return codec


def _given(path: Path, seen: Survey, given: str) -> Encoding:
    codec = codec_named(path, given, usual="utf-8, utf-16, windows-1256, iso-8859-6 or mac-farsi")
    if codec == "utf-8" and seen.head.startswith(codecs.BOM_UTF8):
        codec = "utf-8-sig"
    return Encoding(codec, given, "the source profile says so")
