"""What a returned workbook says of each case: its rows brought together by their token."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from migrate.persian import letters
from migrate.review import tokens, words
from migrate.review.columns import ANSWERS
from migrate.review.comparison import FIELDS, UNSHOWN
from migrate.review.returned import Row
from migrate.review.tokens import Token


@dataclass(frozen=True)
class Given:
    """What the rows of one token say, as it stands in them; '' where nothing was filled in.

    ``at`` is the row that a person is told of. ``right`` has the right values by field. ``torn`` names
    the columns in which copies of a row say different things. ``documents`` are the rows that show
    the document.
    """

    token_text: str
    token: Token | None
    at: Row
    rows: tuple[Row, ...]
    documents: tuple[Row, ...]
    decision: str = ""
    reason: str = ""
    comment: str = ""
    right: Mapping[str, str] | None = None
    torn: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether nothing at all was filled in."""
        return not (self.decision or self.reason or self.comment or self.right or self.torn)


def bring_together(rows: Sequence[Row]) -> list[Given]:
    """The rows of each token as one, in the order in which they are told of.

    A row without a token is one by itself, and left out where nothing was filled in.
    """
    of_token: dict[Hashable, list[Row]] = {}
    for row in rows:
        text = row.cells.get("token", "")
        if text:
            of_token.setdefault(tokens.read(text) or letters.fold(text), []).append(row)
        elif any(column in row.cells for column in ANSWERS) or _is_right(row):
            of_token[row.sheet, row.number] = [row]
    place = {(row.sheet, row.number): position for position, row in enumerate(rows)}
    found = [_given(of) for of in of_token.values()]
    return sorted(found, key=lambda given: place[given.at.sheet, given.at.number])


def said(text: str) -> str:
    """A comment as it is kept: no controls or marks of direction, its lines as they were."""
    whole = text.encode("utf-8", "replace").decode()
    return UNSHOWN.sub("", whole).strip()


def _given(rows: Sequence[Row]) -> Given:
    document = letters.key(str(words.section("workbook")["document"]))
    documents = [row for row in rows if letters.key(row.cells.get("side")) == document]
    right_rows = [row for row in rows if _is_right(row)]
    torn: list[str] = []
    answer = {
        column: _one(rows, column, letters.key if column != "comment" else said, torn)
        for column in ANSWERS
    }
    right = {field: _one(right_rows, field, letters.fold, torn) for field in FIELDS}
    filled = [row for row in rows if "decision" in row.cells]
    filled += [row for row in rows if any(column in row.cells for column in ANSWERS)]
    filled += [row for row in right_rows if any(field in row.cells for field in FIELDS)]
    text = rows[0].cells.get("token", "")
    return Given(
        token_text=text,
        token=tokens.read(text) if text else None,
        at=(filled or documents or list(rows))[0],
        rows=tuple(rows),
        documents=tuple(documents),
        decision=answer["decision"],
        reason=answer["reason"],
        comment=said(answer["comment"]),
        right={field: text for field, text in right.items() if text},
        torn=tuple(torn),
    )


def _is_right(row: Row) -> bool:
    side = row.cells.get("side")
    return letters.key(side) == letters.key(str(words.section("workbook")["right"]))


def _one(rows: Sequence[Row], column: str, alike: Callable[[str], str], torn: list[str]) -> str:
    texts = {alike(row.cells[column]): row.cells[column] for row in rows if column in row.cells}
    if len(texts) > 1:
        torn.append(column)
    return next(iter(texts.values()), "")
