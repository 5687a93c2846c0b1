"""Which code page the text of a DBF table is in: its header says one, and is wrong more often than not.

DOS programs wrote no code page into a header or that of the United States, whatever they held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from migrate.errors import InputError
from migrate.intake.readers import dbf_memo, iran_system
from migrate.intake.readers.dbf_header import VARCHAR, Header
from migrate.intake.readers.encoding import Encoding, codec_named, shares

# bytes that are looked at
_SAMPLE = 16 << 20
_MEMOS = 1 << 20
_PAGES = {
    "cp1256": "Windows-1256",
    iran_system.CODEC: iran_system.NAME,
    "iso8859_6": "ISO-8859-6",
    "mac_farsi": "Mac Farsi",
}
_LEAST_SHARE = 0.6
_LEAST_JOINED = 0.5
_VALUES = 2_000


def decide(path: Path, header: Header, given: str | None = None) -> Encoding:
    """The code page of a table, by what its text fields hold.

    In this order: the one that a profile names; UTF-8 where nearly all bytes beyond ASCII are; else
    the code page in which they read most like Persian, by the frequency of its letters.

    Raises InputError when a given name is unknown, or when they read like Persian in none.
    """
    if given is not None:
        return _given(path, given)
    counts: Counter[int] = Counter()
    good = bad = 0
    for raw in _samples(path, header):
        counts.update(dict(enumerate(np.bincount(np.frombuffer(raw, np.uint8)).tolist())))
        text = raw.decode("utf-8", "surrogateescape")
        broken = sum("\udc80" <= letter <= "\udcff" for letter in text)
        bad += broken
        good += sum(letter > "\x7f" for letter in text) - broken
    if not good and not bad:
        return Encoding("cp1256", "ASCII", "its text fields hold ASCII only")
    if good > 10 * bad:
        return Encoding(
            "utf-8", "UTF-8", f"{good:,} letters beyond ASCII are UTF-8, {bad:,} bytes are not"
        )
    found = shares(counts, _PAGES)
    best = max(found, key=lambda codec: found[codec][0])
    share = found[best][1]
    if share < _LEAST_SHARE:
        raise InputError(
            "the text of this table is in no code page of Persian that is known here",
            file=path,
            found=f"{share:.0%} of the bytes beyond ASCII are Persian as {_PAGES[best]}; "
            f"{header.driver}",
            fix="Name its encoding in a source profile, or export it as UTF-8",
        )
    others = ", ".join(
        f"{found[codec][1]:.0%} as {_PAGES[codec]}" for codec in _PAGES if codec != best
    )
    why = f"{share:.0%} of the bytes beyond ASCII are Persian as {_PAGES[best]}, {others}"
    if max(found[codec][1] for codec in _PAGES if codec != best) >= share:
        why += "; how frequent each letter is decides"
    if best == iran_system.CODEC:
        right = iran_system.joined(_values(path, header))
        if right < _LEAST_JOINED:
            raise InputError(
                "the text of this table looks like Iran System, but its letters are not joined so",
                file=path,
                found=f"{right:.0%} of its texts have the glyphs of their letters; {header.driver}",
                fix="If it is Iran System all the same, say so in a source profile: "
                "encoding: iran-system",
            )
        why += f"; {right:.0%} of its texts have the glyphs that Iran System gives their letters"
    return Encoding(best, _PAGES[best], why)


def _samples(path: Path, header: Header) -> list[bytes]:
    """The bytes of text fields and names of fields; of memos, where text stands in them alone."""
    places = np.zeros(header.length, dtype=bool)
    for column in header.columns:
        places[column.start : column.start + column.length] = column.type in f"C{VARCHAR}"
    with path.open("rb") as stream:
        stream.seek(header.start)
        count = min(header.whole, max(1, _SAMPLE // header.length))
        records = np.frombuffer(stream.read(count * header.length), np.uint8)
        records = records.reshape(-1, header.length)
    # a blank between two records, lest the end of one and the start of the next make a letter
    texts = np.column_stack([records[:, places], np.full(len(records), 0x20, np.uint8)])
    names = b" ".join(column.name for column in header.columns)
    samples = [texts.tobytes(), names]
    if all(raw.isascii() for raw in samples) and header.has_memo:
        beside = dbf_memo.find(path)
        if beside is not None:
            with beside.open("rb") as stream:
                stream.seek(512)
                # lengths and marks stand between the texts, bytes that say nothing here
                samples.append(
                    b"".join(part for part in stream.read(_MEMOS).split(b"\x00") if part)
                )
    return samples


def _values(path: Path, header: Header) -> Iterator[bytes]:
    """Some texts of the first records."""
    texts = [column for column in header.columns if column.type in f"C{VARCHAR}"]
    with path.open("rb") as stream:
        stream.seek(header.start)
        for _ in range(min(header.whole, _VALUES // max(len(texts), 1) + 1)):
            record = stream.read(header.length)
            yield from (record[one.start : one.start + one.length] for one in texts)


def _given(path: Path, given: str) -> Encoding:
    if iran_system.is_name(given):
        return Encoding(iran_system.CODEC, iran_system.NAME, "the source profile says so")
    codec = codec_named(
        path, given, usual="windows-1256, iran-system, utf-8, iso-8859-6 or mac-farsi"
    )
    return Encoding(codec, given, "the source profile says so")
