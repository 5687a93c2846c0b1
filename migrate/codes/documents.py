"""Which document of a degree a code proves: the provisional certificate, or the diploma itself.

Both are papers of one degree. A university gives a provisional certificate (گواهینامه موقت) when the
studies end and takes it back for the diploma (دانشنامه), so the diploma outranks it; of a record
that does not say, nothing is known. A degree has one code in force, and it proves one document.
"""

from __future__ import annotations

UNKNOWN = ""
PROVISIONAL = "provisional"
DIPLOMA = "diploma"
# by rank: a later one may take the place of an earlier one
DOCUMENTS = (UNKNOWN, PROVISIONAL, DIPLOMA)


def document_of(value: str | None) -> str:
    """The document that a legacy record's ``document_type`` names; UNKNOWN for one that is blank.

    :raises ValueError: for a word that is none of the two.
    """
    if value is None or value == UNKNOWN:
        return UNKNOWN
    if value not in DOCUMENTS:
        raise ValueError(f"not a kind of document: {value!r}")
    return value


def outranks(document: str, held: str) -> bool:
    """Whether a record of ``document`` proves more of its degree than a code for ``held`` does."""
    return DOCUMENTS.index(document) > DOCUMENTS.index(held)
