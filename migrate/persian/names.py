"""Names of people: their parts, and three keys by which two writings of one name meet.

A cell may hold a first name, a last name, a father's name, or two of them; nothing here knows
which. What is folded: see ``parse_name`` for parts, and each key for what it adds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from migrate.persian.letters import fold, is_blank_folded, key
from migrate.persian.name_words import (
    ADDED,
    ADDED_TO_SURNAMES,
    COURTESY,
    ENDS,
    GIVEN,
    GIVEN_ENDS,
    GIVEN_FORMS,
    GIVEN_LIKE_SURNAMES,
    LAST,
    LATE,
    OWN_WORDS,
    PILGRIM,
    PREFIXES,
    SADAT,
    SEYYED,
    SPELLINGS,
    SURNAME_ENDS,
    TITLES,
    WOMEN,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart.

    :ivar text: the whole cell, folded for people to read, titles included.
    :ivar titles: titles found, as folded, in their order: ('حاج', 'دکتر').
    :ivar seyyed: whether سید, سیده or (ال)سادات stood in it, joined or apart.
    :ivar parts: what is left, never empty, each part as a key: ('محمد', 'رضا').
    :ivar suffix: what trailed the name and comes and goes: ('السادات',).
    """

    text: str
    titles: tuple[str, ...]
    seyyed: bool
    parts: tuple[str, ...]
    suffix: tuple[str, ...]


_ALLAH = "الله"


def parse_name(text: str | None) -> Name | None:
    """Take a name apart. None for a cell that says nothing.

    Titles (آقای, دکتر, حاج, کربلایی, مرحوم …) are taken from the front, سید/سیده from before any
    word, also where they are written on to a name (سیدعلی, حاجعلی); (ال)سادات from the end. A title
    before a surname that may begin with it is none (حاجی زاده, حاج حسینی, سیدزاده), nor one that
    stands alone: a cell that is only «سید» or «مشهدی» is somebody's name. میر, شیخ, خان and آقا
    stay, they are parts of registered names. Parts do not depend on spacing where the words are
    common: محمد رضا, محمد‌رضا and محمدرضا are (محمد, رضا); حسین زاده is (حسینزاده), عبد الله is
    (عبداله), محمدی‌اصل is (محمدی, اصل). In parts الله is written اله, and رحمه الله is رحمت اله.

    :param text: a cell as read.
    """
    folded = fold(text)
    if is_blank_folded(folded):
        return None
    words, shown = _join_ends(folded)
    if not words:
        words, shown = [key(folded)], [folded]
    titles: list[str] = []
    suffix: list[str] = []
    seyyed = False
    while len(words) > 1:
        if words[0] in TITLES:
            titles.append(shown.pop(0))
        elif words[0] in SEYYED:
            seyyed = True
            shown.pop(0)
        else:
            break
        words.pop(0)
    while len(words) > 1:
        if words[-1] in SADAT:
            seyyed = True
            suffix.insert(0, shown.pop())
        elif words[-1] in LATE:
            titles.append(shown.pop())
        else:
            break
        words.pop()
    parts: list[str] = []
    for place, word in enumerate(words):
        if word in SEYYED and place < len(words) - 1:
            # a whole name in one cell: حسینی سید رضا
            seyyed = True
            continue
        title, is_seyyed, inner, end = _part(word, place == 0, place == len(words) - 1)
        titles.extend(title)
        seyyed |= is_seyyed
        parts.extend(inner)
        suffix.extend(end)
    return Name(folded, tuple(titles), seyyed, tuple(parts), tuple(suffix))


def _join_ends(folded: str) -> tuple[list[str], list[str]]:
    """The words of a folded text as keys, ends of surnames and الـ joined on; and as folded."""
    if not folded.isalnum():
        folded = "".join(c if c.isalnum() else " " for c in folded)
    words: list[str] = []
    shown: list[str] = []
    for word in folded.split():
        keyed = _key_word(word)
        if not keyed:
            continue
        joins = keyed in ENDS or (keyed.startswith("ال") and keyed not in OWN_WORDS)
        if words and words[-1] in PILGRIM:
            joins |= (keyed in ADDED and keyed not in TITLES) or _is_surname(keyed)
        if joins and words and words[-1] not in COURTESY:
            before = words[-1]
            # رحمة الله keyed by an Arabic hand
            if keyed == "اله" and before.endswith("ه") and len(before) > 2:
                before = before[:-1] + "ت"
            words[-1] = before + keyed
            shown[-1] += " " + word
        else:
            words.append(keyed)
            shown.append(word)
    return words, shown


def _is_surname(word: str) -> bool:
    """Whether a word after حاج is a surname that begins with it, and no given name."""
    return (
        len(word) > 3
        and word.endswith(SURNAME_ENDS)
        and not word.endswith(GIVEN_ENDS)
        and word not in GIVEN
        and word not in GIVEN_LIKE_SURNAMES
        and word not in TITLES
        and word not in SEYYED
    )


@lru_cache(maxsize=65_536)
def _key_word(word: str) -> str:
    return key(word).replace(_ALLAH, "اله")


@lru_cache(maxsize=65_536)
def _part(
    word: str, first: bool, last: bool
) -> tuple[tuple[str, ...], bool, tuple[str, ...], tuple[str, ...]]:
    """What is written in one word: titles, whether سید, parts, suffix."""
    titles: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    seyyed = False
    if first:
        for title in ("حاجی", "حاج", "کربلایی", "مشهدی"):
            if word.startswith(title) and word[len(title) :] in GIVEN:
                titles, word = (title,), word[len(title) :]
                break
    if word.startswith("سید") and word != "سیده":
        rest = word[3:]
        if rest[:1] == "ه" and rest[1:] in WOMEN:
            seyyed, word = True, rest[1:]
        elif len(rest) > 1 and rest not in ENDS:
            seyyed, word = True, rest
    if last:
        for sadat in ("السادات", "سادات"):
            rest = word[: -len(sadat)]
            if word.endswith(sadat) and len(rest) > 2 and rest != "میر":
                seyyed, suffix, word = True, (sadat,), rest
                break
    if word.endswith(ADDED):
        for added in ADDED:
            rest = word.removesuffix(added)
            # محمدیاصل, زارعاصل, علیزادهفرد; but منفرد is one word
            apart = added not in ADDED_TO_SURNAMES or rest.endswith(SURNAME_ENDS)
            if rest != word and len(rest) > 2 and apart:
                return titles, seyyed, (rest, added), suffix
    for at in range(2, len(word) - 1):
        end = word[at:]
        if (end in GIVEN_FORMS and word[:at] in PREFIXES) or (at > 2 and end in LAST):
            return titles, seyyed, (word[:at], end), suffix
    return titles, seyyed, (word,), suffix


def name_key(text: str | None) -> str | None:
    """The parts of a name written together, without titles and سید: survives spacing, ZWNJ,
    Arabic letters, آ and ا, ئ and ی, الله and اله. None for a blank.

    :param text: a cell as read.
    """
    name = parse_name(text)
    return "".join(name.parts) if name else None


_BY_EAR = str.maketrans("صثذضظطغحع", "سسزززتقها")
_DOUBLED = re.compile(r"(.)(?=\1)")
_SPELLING = re.compile("|".join(sorted(SPELLINGS, key=len, reverse=True)))


def sound_key(text: str | None) -> str | None:
    """``name_key`` as the ear has it: names that are dictated meet here. None for a blank.

    Folded: ث ص to س; ذ ض ظ to ز; ط to ت; غ to ق; ح to ه; ع to ا, as آ is (معصومه, ماصومه);
    خوا to خا; نب to مب; doubled letters to one (داوود, رضائی, رضایی); a few names of two
    spellings (اسمعیل, رئوف, رحمن, اسحق, موسا, لیلی, ابولفضل). Vowels that are written are kept.

    :param text: a cell as read.
    """
    joined = name_key(text)
    return None if joined is None else sound(joined)


def sound(joined: str) -> str:
    """``sound_key`` of what ``name_key`` gave, for those who hold it already."""
    respelled = _SPELLING.sub(lambda found: SPELLINGS[found[0]], joined)
    return _DOUBLED.sub("", respelled.translate(_BY_EAR))


_DOTLESS = str.maketrans("بپتثنیجچخذزژشضظغفقگ", "ٮٮٮٮٮٮحححدررسصطعڡڡک")


def skeleton_key(text: str | None) -> str | None:
    """``name_key`` without dots and strokes, as a bad copy shows it. None for a blank.

    One class each: ب پ ت ث ن ی; ج چ ح خ; د ذ; ر ز ژ; س ش; ص ض; ط ظ; ع غ; ف ق; ک گ. ن and ی
    lose their dots at the end of a word too, where their shape differs, so that the key does
    not depend on spacing. Length is kept.

    :param text: a cell as read.
    """
    joined = name_key(text)
    return None if joined is None else skeleton(joined)


def skeleton(joined: str) -> str:
    """``skeleton_key`` of what ``name_key`` gave, for those who hold it already."""
    return joined.translate(_DOTLESS)
