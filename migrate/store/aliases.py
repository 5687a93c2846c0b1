"""Aliases that people decided: a text of a source, and what of a curated list it stands for.

The log is append-only: an alias is retired, or given another meaning, by a later entry, and a batch
keeps to the entries that were there when it began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import get_args

from sqlalchemy import Connection, Engine, func, insert, select

from migrate.codes.issuing import canonical_json, sha256_text
from migrate.errors import InputError
from migrate.intake.known import AliasKind, Meanings, known
from migrate.persian import letters
from migrate.store.engine import now, reading, writing
from migrate.store.tables import AliasRow, BatchRow

KINDS: tuple[AliasKind, ...] = get_args(AliasKind)


@dataclass(frozen=True)
class AliasEntry:
    """One entry of the log: ``target`` is the id that ``text`` stands for, None where it is retired.

    ``key`` is the text as it is matched, see ``persian.letters.key``. ``decided_by`` is who decided,
    ``source`` what on, ``at`` when, by the database's clock.
    """

    seq: int
    kind: str
    key: str
    text: str
    target: str | None
    decided_by: str
    source: str
    at: str


@dataclass(frozen=True)
class Aliases:
    """The aliases that stood after entry ``as_of`` of the log, by kind and key."""

    as_of: int
    entries: tuple[AliasEntry, ...]

    def meanings(self) -> Meanings:
        """What staging asks: the id of each key, by kind."""
        found: dict[AliasKind, dict[str, str]] = {}
        for kind in KINDS:
            of_kind = [entry for entry in self.entries if entry.kind == kind]
            if of_kind:
                found[kind] = {entry.key: entry.target or "" for entry in of_kind}
        return found

    def canonical_json(self) -> str:
        """The aliases as JSON: the same aliases give the same text."""
        return canonical_json([asdict(entry) for entry in self.entries])

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
        return sha256_text(self.canonical_json())


def add(
    engine: Engine, kind: AliasKind, text: str, target: str, *, decided_by: str, source: str = ""
) -> AliasEntry:
    """Remember what a text stands for, from the next batch on.

    :param engine: the store, as ``open_store`` gives it.
    :param kind: the list that ``target`` is of.
    :param text: as a source has it; spacing and letter variants do not matter.
    :param target: an id of the list, or a name in it.
    :param decided_by: who decided. :param source: what on: a letter, a decree, a catalogue.
    :raises InputError: a blank text or decider; no such id; a text that the list knows already, for
        an alias never goes against it; an alias that stands already.
    :raises RunError: when the database fails.
    """
    key, who = _key(text), _named(decided_by)
    wanted = known(kind).resolve(target)
    if wanted is None:
        near = known(kind).suggest(target)
        raise InputError(
            f"the list of {known(kind).plural} has no such id or name",
            column=kind,
            found=target,
            fix=f"Perhaps {_shown(near)}" if near else "See docs/intake/profiles.md",
        )
    held = known(kind).lookup(text)
    if held is not None:
        raise InputError(
            f"the list of {known(kind).plural} knows this text already, as {held}",
            column=kind,
            found=text,
            fix="An alias is for a text that the list does not know; a wrong entry of the list is "
            "mended in the list",
        )
    with writing(engine) as connection:
        last = _last(connection, kind, key)
        if last is not None and last.target is not None:
            raise InputError(
                f"this text stands for {last.target} already, as {last.decided_by} decided "
                f"at {last.at}",
                column=kind,
                found=text,
                fix="Retire that alias first, if it is wrong",
            )
        return _append(connection, kind, key, text, wanted, who, source)


def retire(
    engine: Engine, kind: AliasKind, text: str, *, decided_by: str, source: str = ""
) -> AliasEntry:
    """Let a text stand for nothing again, from the next batch on. Raises as :func:`add` does."""
    key, who = _key(text), _named(decided_by)
    with writing(engine) as connection:
        last = _last(connection, kind, key)
        if last is None or last.target is None:
            raise InputError(
                "no alias stands for this text",
                column=kind,
                found=text,
                fix="`migrate alias list` shows those that do",
            )
        return _append(connection, kind, key, text, None, who, source)


def standing(engine: Engine) -> Aliases:
    """The aliases that stand now."""
    with reading(engine) as connection:
        return _as_of(connection, _newest(connection))


def of_batch(engine: Engine, batch: str) -> Aliases:
    """The aliases that stood when a batch began: the same however often it is run again."""
    with reading(engine) as connection:
        as_of = connection.execute(
            select(BatchRow.aliases_seq).where(BatchRow.batch == batch)
        ).scalar_one_or_none()
        return _as_of(connection, as_of or 0)


def log(engine: Engine) -> list[AliasEntry]:
    """All entries, the first one first."""
    with reading(engine) as connection:
        return _entries(connection, None)


def _as_of(connection: Connection, seq: int) -> Aliases:
    last = {(entry.kind, entry.key): entry for entry in _entries(connection, seq)}
    kept = [last[place] for place in sorted(last) if last[place].target is not None]
    return Aliases(seq, tuple(kept))


def _entries(connection: Connection, until: int | None) -> list[AliasEntry]:
    rows = select(*AliasRow.__table__.columns).order_by(AliasRow.seq)
    if until is not None:
        rows = rows.where(AliasRow.seq <= until)
    return [AliasEntry(**row._mapping) for row in connection.execute(rows)]


def _newest(connection: Connection) -> int:
    return connection.execute(select(func.coalesce(func.max(AliasRow.seq), 0))).scalar_one()


def _last(connection: Connection, kind: str, key: str) -> AliasEntry | None:
    row = connection.execute(
        select(*AliasRow.__table__.columns)
        .where(AliasRow.kind == kind, AliasRow.key == key)
        .order_by(AliasRow.seq.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else AliasEntry(**row._mapping)


def _append(
    connection: Connection,
    kind: str,
    key: str,
    text: str,
    target: str | None,
    decided_by: str,
    source: str,
) -> AliasEntry:
    entry = AliasEntry(
        seq=_newest(connection) + 1,
        kind=kind,
        key=key,
        text=text.strip(),
        target=target,
        decided_by=decided_by,
        source=source.strip(),
        at=now(connection),
    )
    connection.execute(insert(AliasRow), [asdict(entry)])
    return entry


def _key(text: str) -> str:
    if letters.is_blank(text) or not letters.key(text):
        raise InputError("an alias has a text", found=text, fix="Give it as the source has it")
    return letters.key(text)


def _named(who: str) -> str:
    if not who.strip():
        raise InputError("who decided must be named", column="decided_by", fix="Give --by NAME")
    return who.strip()


def _shown(names: Mapping[str, str]) -> str:
    return " or ".join(f"{id} ({name})" for id, name in names.items())
