"""Letters, digits and spaces: the many ways a keyboard writes one Persian text, made one.

``fold`` gives a text for people, ``key`` a text for comparing. Both are explicit tables over
Unicode 15 rather than NFKC, which would leave Arabic ي and ك alone and split letters we keep.
"""

from __future__ import annotations

import re
import unicodedata

# One letter, many code points: Arabic, Urdu, Kurdish and Ottoman keyboards, hamza seats
_LETTERS = {
    **dict.fromkeys("يىےېێۍۑﯼ", "ی"),
    **dict.fromkeys("كڪڬڭڮ", "ک"),
    **dict.fromkeys("ڰڱڴګ", "گ"),
    **dict.fromkeys("ةۀہۂۃھەۿ", "ه"),
    **dict.fromkeys("ؤۄۅۆۇۈۉۊۋٶٷ", "و"),
    **dict.fromkeys("أإٱٲٳٵ", "ا"),
    "ٸ": "ی",
    "ۓ": "ئ",
}
_PUNCTUATION = {
    "،": ",",
    "٬": ",",
    "؛": ";",
    "؟": "?",
    "۔": ".",
    "٫": ".",
    "٪": "%",
    "٭": "*",
    "…": "...",
    "؍": "/",
    **dict.fromkeys("⁄∕÷╱", "/"),
    **dict.fromkeys("‐‑‒–—―−﹘﹣⸺⸻─━¯ˉ", "-"),
    **dict.fromkeys("«»“”„‟″‹›〝〞", '"'),
    **dict.fromkeys("‘’‚‛′ʼ´`", "'"),
    **dict.fromkeys("﴾〈《", "("),
    **dict.fromkeys("﴿〉》", ")"),
    # the half space of keyboards and code pages that had none: ¬ (MS Word 97), ZWNJ, ZWSP
    **dict.fromkeys("¬\u200b\u200c", " "),
}
_DIGITS = {
    ord(digit): str(value)
    for zero in ("٠", "۰", "０")
    for value, digit in enumerate(chr(ord(zero) + n) for n in range(10))
}
_TO_PERSIAN = {
    **{ord(str(n)): chr(0x06F0 + n) for n in range(10)},
    **{0x0660 + n: chr(0x06F0 + n) for n in range(10)},
}
_TATWEEL = "\u0640"
# a tatweel that stretches no letter was typed as a dash: ۱۳۶۲ـ۷ـ۳
_TATWEEL_DASH = re.compile(r"(?<![^\W\d_])\u0640+(?![^\W\d_])")
# Persian ی with a hamza put on it by a second key stroke; NFC knows only the Arabic ي
_YEH_HAMZA = re.compile("[\u06cc\u0649]([\u064b-\u0652\u0670]*)\u0654")
_JOINED_MARKS = re.compile("[\u0653-\u0655]")


class _Folding(dict[int, str | None]):
    """The fold of each character, worked out when first met, for ``str.translate``."""

    def __missing__(self, code: int) -> str | None:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


class _Keying(dict[int, str | None]):
    """What each folded character leaves in a key, worked out when first met."""

    def __missing__(self, code: int) -> str | None:
        kept = "".join(c for c in chr(code).casefold() if c.isalnum())
        self[code] = kept or None
        return self[code]


def _fold_character(character: str) -> str | None:
    code = ord(character)
    if code in _DIGITS:
        return _DIGITS[code]
    if character in _LETTERS:
        return _LETTERS[character]
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    # presentation forms of DOS-era files, and full-width forms: their plain letters, folded
    if 0xFB50 <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFE or 0xFF01 <= code <= 0xFF5E:
        plain = unicodedata.normalize("NFKC", character)
        if plain != character:
            return "".join(filter(None, map(_fold_character, plain))) or None
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category in {"Cc", "Cf"} or character == _TATWEEL:
        return None
    if category == "Cs":
        return "\ufffd"
    # harakat, Quranic marks, the hamzas and maddas that NFC joined to no letter
    if category == "Mn" and (0x0600 <= code <= 0x08FF or 0xFE00 <= code <= 0xFE0F):
        return None
    return character


_FOLD = _Folding()
_KEY = _Keying({ord("آ"): "ا", ord("ئ"): "ی", ord("ء"): None, ord(" "): None})


def digits(text: str | None) -> str:
    """Text with Persian, Arabic-Indic and full-width digits as ASCII, all else as it was.

    :param text: any text; None gives ''.
    """
    return text.translate(_DIGITS) if text else ""


def to_persian_digits(text: str | None) -> str:
    """Text with ASCII and Arabic-Indic digits as Persian ones, for pages that people read.

    :param text: any text; None gives ''.
    """
    return text.translate(_TO_PERSIAN) if text else ""


def fold(text: str | None) -> str:
    """One spelling of a text, still fit to be read by people. ``fold(fold(x)) == fold(x)``.

    Folded: Arabic, Urdu and Kurdish forms of ی ک گ ه و; ة and ۀ to ه; hamza on و and ا dropped;
    presentation and full-width forms to plain letters; three sets of digits to ASCII; commas,
    dashes, slashes and quotes to ASCII; ZWNJ, NBSP and every run of white space to one space,
    none at the ends. Removed: diacritics, tatweel, direction marks, BOM, control characters.
    A tatweel that touches no letter was typed as a dash and becomes one. Kept: آ, ئ and ء, which
    only ``key`` folds; Latin letters and their case.

    :param text: any text; None gives ''.
    """
    if not text:
        return ""
    if text.isascii():
        if text.isalnum():
            return text
    else:
        if _TATWEEL in text:
            text = _TATWEEL_DASH.sub("-", text)
        if _JOINED_MARKS.search(text):
            text = _YEH_HAMZA.sub("ئ\\1", text)
        text = unicodedata.normalize("NFC", text)
    folded = text.translate(_FOLD)
    if not folded.isascii():
        # what was removed may have kept two marks of another script apart
        folded = unicodedata.normalize("NFC", folded)
    return " ".join(folded.split())


def key(text: str | None) -> str:
    """A text to compare by: the same for every spacing and every keyboard.

    Beyond ``fold``: آ to ا, ئ to ی, ء removed, all but letters and digits removed (spaces,
    ZWNJ, punctuation), Latin letters in lower case. ``key(key(x)) == key(x)``. Two different
    words may share a key (سر دار and سردار): a key finds candidates, it does not prove them.

    :param text: any text; None gives ''.
    """
    return fold(text).translate(_KEY)


# What clerks, spreadsheets and databases write where there is nothing to write, as keys
_BLANK_WORDS = """
    |ندارد|نداره|ندارم|فاقد|بدون|هیچ|هیچکدام|خالی|مجهول|ناخوانا|خوانا نیست|قابل خواندن نیست
    |نامشخص|نا مشخص|مشخص نیست|مشخص نشده|نامعلوم|معلوم نیست|ثبت نشده|درج نشده|درج نگردیده
    |قید نشده|وارد نشده|اعلام نشده|تعیین نشده|موجود نیست|موجود نمی باشد|در دست نیست|نمی باشد
    |null|nan|nat|none|nil|n/a|#n/a|unknown|undefined|missing|empty|not available
"""
_BLANK = frozenset(key(words) for words in _BLANK_WORDS.split("|"))
# only with their mark: a person may be called Ref
_SPREADSHEET_ERRORS = frozenset(
    {"#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)


def is_blank(text: str | None) -> bool:
    """Whether a cell says nothing: missing, which is neither *different* nor *agreeing*.

    Blank are None, '', white space, punctuation alone (-, ---, ؟, ..., *), the words for *none*,
    *not known* and *illegible* (ندارد, نامشخص, ناخوانا, ثبت نشده …), NULL, NaN, NaT, None, N/A,
    and a spreadsheet's errors (#REF!). '0' is not: what a zero means depends on the field.

    :param text: a cell as read.
    """
    return not text or is_blank_folded(fold(text))


def is_blank_folded(folded: str) -> bool:
    """``is_blank`` of what ``fold`` gave, for those who hold it already."""
    return folded.translate(_KEY) in _BLANK or folded.upper() in _SPREADSHEET_ERRORS
