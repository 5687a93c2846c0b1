"""Text that was read in a wrong code page and saved: recognised, and repaired only when told to.

A program reads the bytes of a text in another encoding than its own, and saves the letters that it
sees. Nothing is lost as long as each byte became a letter: the way back is to write the letters in
the wrong encoding and to read the bytes in the right one. A text that cannot go that way, or gives
no Persian, is left as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from migrate.intake.readers import iran_system
from migrate.persian import letters

# letters that Persian and Arabic text is made of, and what stands between them
_PERSIAN = re.compile(r"[\u0621-\u063a\u0640-\u065f\u0660-\u0669\u0670-\u06d3\u06f0-\u06f9]")
_AROUND = re.compile(r"[\u060c\u061b\u061f\u200c-\u200f\u00a0\u00ab\u00bb\u2013\u2014\u2026]")
_LEAST_PERSIAN = 0.8
# what a program leaves that cannot write a letter
_LOST = re.compile(r"\ufffd|^[\s?]*\?\s*\?[\s?]*$")
# of repairs that read bytes of one letter each, which many a text could be: this share must fit
_LEAST_SHARE = 0.2


@dataclass(frozen=True)
class Repair:
    """A kind of damage: what was done to the text, and both ways between its letters.

    ``undo`` and ``do`` raise ValueError where a text cannot go that way. ``sure`` says that no
    sound text looks so, as the bytes of UTF-8 stand in an order of their own.
    """

    name: str
    words: str
    undo: Callable[[str], str]
    do: Callable[[str], str]
    sure: bool


def repair(text: str, name: str) -> str:
    """A text without the damage, or as it stands where it has not that damage.

    :param text: as it was read.
    :param name: one of ``REPAIRS``.
    """
    return _undone(text, REPAIRS[name]) or text


def damaged(text: str, name: str) -> str | None:
    """A sound text with a damage, None where the damage would have lost a letter of it."""
    try:
        return REPAIRS[name].do(text)
    except ValueError:
        return None


@dataclass
class Suspicion:
    """Counts, over the texts of a source, those that a repair would fit."""

    texts: int = 0
    lost: int = 0
    fitting: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, texts: Iterable[str | None]) -> None:
        """Look at some texts; those of ASCII say nothing."""
        for text in texts:
            if text and _LOST.search(text):
                self.lost += 1
            if not text or text.isascii():
                continue
            self.texts += 1
            # a word of another language with an accent here and there
            latin = sum(letter.isascii() and letter.isalpha() for letter in text)
            foreign = latin > sum(letter > "\x7f" for letter in text)
            for one in REPAIRS.values():
                if foreign and not one.sure:
                    continue
                # one letter alone may be two that stand side by side by chance
                sound = _undone(text, one, least=2)
                if sound is not None:
                    self.fitting[one.name] += 1
                    before = self.examples.get(one.name)
                    # the longest of the short ones shows most
                    if before is None or len(before[1]) < len(sound) <= 20:
                        self.examples[one.name] = (text, sound)
                    break

    @property
    def notes(self) -> tuple[str, ...]:
        """What is offered: an example before and after, and what to write into the profile."""
        said = []
        if self.lost:
            said.append(
                f"{self.lost:,} text(s) that were looked at have '?' or '\ufffd' where letters were: "
                "whoever saved them so has lost the letters; look for an older copy"
            )
        for name, one in REPAIRS.items():
            count = self.fitting[name]
            if count and (one.sure or count >= _LEAST_SHARE * self.texts):
                before, after = self.examples[name]
                said.append(
                    f"{count:,} of {self.texts:,} texts that were looked at seem to be {one.words}: "
                    f"'{before}' would be '{after}'. They are left as they are; if that is right, "
                    f"write into the source profile: repair: {name}"
                )
        return tuple(said)


def offer(texts: Iterable[str | None]) -> str | None:
    """The name of the repair that fits most of the texts, None where none fits half of them."""
    suspicion = Suspicion()
    suspicion.add(texts)
    for name, count in suspicion.fitting.most_common(1):
        if count * 2 >= suspicion.texts:
            return name
    return None


def keys(
    known: Mapping[str, str | None], names: Mapping[str, str], name: str
) -> dict[str, str | None]:
    """Headings by key, and each of them as the damage would have left it, to find them by.

    :param known: fields by the key of a heading, see ``headings.dictionary``.
    :param names: fields by heading, as it is written.
    :param name: one of ``REPAIRS``.
    """
    found = dict(known)
    for heading, into in names.items():
        for written in (heading, heading.translate(_ARABIC)):
            spoiled = damaged(written, name)
            if spoiled is not None:
                found.setdefault(letters.key(spoiled), into)
    return found


_ARABIC = str.maketrans("یک", "يك")


def _undone(text: str, one: Repair, least: int = 1) -> str | None:
    """The sound text, None where this is not the damage, or ``least`` letters of Persian are not."""
    if text.isascii():
        return None
    try:
        sound = one.undo(text)
    except ValueError:
        return None
    beyond = [letter for letter in sound if letter > "\x7f" and not _AROUND.match(letter)]
    persian = sum(_PERSIAN.match(letter) is not None for letter in beyond)
    if persian < max(least, _LEAST_PERSIAN * len(beyond)):
        return None
    return sound


def _as_1252(text: str) -> bytes:
    # programs let the five bytes that Windows-1252 has no letter for pass as control characters
    found = bytearray()
    for letter in text:
        try:
            found += letter.encode("cp1252")
        except UnicodeEncodeError:
            if letter > "\xff":
                raise
            found.append(ord(letter))
    return bytes(found)


def _from_1252(raw: bytes) -> str:
    return "".join(
        chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([byte]).decode("cp1252")
        for byte in raw
    )


def _as_1256(text: str) -> bytes:
    return text.encode("cp1256")


def _from_1256(raw: bytes) -> str:
    return raw.decode("cp1256")


def _of_utf_8(
    name: str, words: str, write: Callable[[str], bytes], read: Callable[[bytes], str], times: int
) -> Repair:
    def undo(text: str) -> str:
        for _ in range(times):
            text = write(text).decode("utf-8")
        return text

    def do(text: str) -> str:
        for _ in range(times):
            text = read(text.encode("utf-8"))
        return text

    return Repair(name, words, undo, do, sure=True)


_ALL = (
    # twice before once: what was damaged twice is, once repaired, no Persian yet
    _of_utf_8(
        "utf-8-as-1256-twice",
        "UTF-8 that was twice read as Windows-1256 and saved",
        _as_1256,
        _from_1256,
        2,
    ),
    _of_utf_8(
        "utf-8-as-1252-twice",
        "UTF-8 that was twice read as Windows-1252 or Latin-1 and saved",
        _as_1252,
        _from_1252,
        2,
    ),
    _of_utf_8(
        "utf-8-as-1256", "UTF-8 that was read as Windows-1256 and saved", _as_1256, _from_1256, 1
    ),
    _of_utf_8(
        "utf-8-as-1252",
        "UTF-8 that was read as Windows-1252 or Latin-1 and saved",
        _as_1252,
        _from_1252,
        1,
    ),
    Repair(
        "1256-as-1252",
        "Windows-1256 that was read as Windows-1252 or Latin-1 and saved",
        lambda text: _as_1252(text).decode("cp1256"),
        lambda text: _from_1252(text.encode("cp1256")),
        sure=False,
    ),
    Repair(
        "iran-system-as-1252",
        "Iran System that was read as Windows-1252 or Latin-1",
        lambda text: iran_system.text(_as_1252(text)),
        lambda text: _from_1252(text.encode("iransystem")),
        sure=False,
    ),
)
REPAIRS: Mapping[str, Repair] = {one.name: one for one in _ALL}
