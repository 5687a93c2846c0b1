"""Zip archives of several sources: each member is a table, read by the reader of its kind."""

from __future__ import annotations

import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

from migrate.errors import InputError
from migrate.intake.headings import count_known
from migrate.intake.profiles import Profile
from migrate.intake.readers.kind import kind_of, refuse_other
from migrate.intake.readers.rows import SIZE, Progress, Rows, Shape
from migrate.intake.readers.unpacking import first_bytes, members, name_of, unpack

if TYPE_CHECKING:
    from migrate.intake.sources import Reader

# bytes of all members when unpacked, one at a time
LARGEST_UNPACKED = 16 << 30
# what is meant as a table: where it is none, that is an error and not a note
_TABLES = {
    *(".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    *(".dbf", ".parquet", ".mdb", ".accdb"),
}
# what belongs to the table of the same name
_BESIDE = {".dbt", ".fpt", ".cpg", ".cdx", ".mdx", ".ndx"}
_ARCHIVES = {".zip", ".rar", ".7z", ".gz", ".bz2", ".xz"}
# members that are no tables and are named
_NAMED = 10
# what file managers leave
_LEFT_BEHIND = {"thumbs.db", "desktop.ini", ".ds_store"}


@dataclass(frozen=True)
class MemberShape(Shape):
    """The shape of a table of a member: ``member`` is its name, ``inner`` what its reader found."""

    member: str = ""
    inner: Shape | None = None


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """The tables of an archive, in its order, each with its own headings.

    Where the profile's ``sheets`` name members, those are read alone; ``member, sheet`` names one
    sheet of a workbook. Other names are of sheets in any workbook. A member that is no table (a
    scan, a letter) is noted; one that is named like a table and cannot be read is an error, and so
    is an archive in the archive.

    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    :raises InputError: the archive is not safe or too large to unpack, or holds no table.
    """
    every = members(path, LARGEST_UNPACKED)
    found = [member for member in every if not _passed_over(member)]
    _refuse_twice(path, found)
    found = [member for member in found if _is_wanted(name_of(member), profile)] or found
    parts: list[MemberShape] = []
    others = []
    own = _own(every)
    with zipfile.ZipFile(path) as opened:
        for member in found:
            name = name_of(member)
            shape = _no_table(path, opened, member) or _look_at(
                path, [member, *own[_stem(name)]], _within(name, profile), known
            )
            if isinstance(shape, str):
                others.append(shape)
            else:
                parts += shape
    if not parts:
        raise InputError(
            "this archive holds no table",
            file=path,
            found=_listed(others) or "no files",
            fix="Pack tables as CSV, XLSX, XLS, ODS, XLSB, DBF or Parquet",
        )
    notes = (f"members that are no tables, not read: {_listed(others)}",) if others else ()
    if len(parts) == 1:
        return replace(parts[0], notes=(*notes, *parts[0].notes))
    return Shape(
        kind="zip archive",
        headings=(),
        why=f"it holds {len(parts)} tables",
        notes=notes,
        parts=tuple(parts),
    )


def batches(
    path: Path,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    size: int = SIZE,
    progress: Progress | None = None,
) -> Iterator[Rows]:
    """The rows of a member, as its own reader gives them.

    :raises InputError: as that reader, with the member named; there is no room to unpack it.
    """
    assert isinstance(shape, MemberShape)
    assert shape.inner is not None
    found = members(path, LARGEST_UNPACKED)
    member = next(one for one in found if name_of(one) == shape.member)
    with unpack(path, [member, *_own(found)[_stem(shape.member)]]) as (table, *_):
        reader = _reader(table)
        try:
            yield from reader.batches(
                table, shape.inner, columns, key=key, size=size, progress=progress
            )
        except InputError as error:
            raise _inside(path, shape.member, error) from error


def _is_wanted(member: str, profile: Profile) -> bool:
    return any(one == member or one.startswith(f"{member}, ") for one in profile.sheets)


def _within(member: str, profile: Profile) -> Profile:
    """The profile as it is for a member: with the sheets that are wanted of it."""
    own = [one for one in profile.sheets if one.startswith(f"{member}, ")]
    if own or _is_wanted(member, profile):
        return replace(profile, sheets=tuple(one.removeprefix(f"{member}, ") for one in own))
    return profile


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return "; ".join(names[:_NAMED]) + (f"; and {more:,} more" if more > 0 else "")


def _no_table(path: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> str | None:
    """Words for a member that needs no unpacking to be known for a scan and the like."""
    name = name_of(member)
    if not member.file_size:
        return f"{name} (empty)"
    if _suffix(name) in _TABLES | _ARCHIVES:
        return None
    try:
        refuse_other(path, first_bytes(opened, member))
    except InputError as error:
        return f"{name} ({error.message})"
    return None


def _look_at(
    path: Path,
    chosen: Sequence[zipfile.ZipInfo],
    profile: Profile,
    known: Mapping[str, str | None],
) -> list[MemberShape] | str:
    """The tables of a member, the first of those chosen, or words for one that is none."""
    name = name_of(chosen[0])
    suffix = _suffix(name)
    with unpack(path, chosen) as (table, *_):
        try:
            kind = kind_of(table)
            if kind == "zip" or suffix in _ARCHIVES:
                raise InputError("this is an archive in an archive", fix="Unpack it first")
            shape = _reader(table).look(table, profile, known)
        except InputError as error:
            if suffix in _TABLES | _ARCHIVES:
                raise _inside(path, name, error) from error
            return f"{name} ({error.message})"
    found = shape.parts or (shape,)
    if suffix not in _TABLES and all(count_known(part.headings, known) < 2 for part in found):
        return f"{name} (no known headings)"
    several = len(found) > 1
    return [
        _member_shape(part, name, f"{name}, {part.sheet}" if several else name, shape.notes)
        for part in found
    ]


def _member_shape(inner: Shape, member: str, label: str, notes: tuple[str, ...]) -> MemberShape:
    same = {field.name: getattr(inner, field.name) for field in fields(Shape)}
    same |= {"sheet": label, "notes": tuple(dict.fromkeys((*notes, *inner.notes)))}
    return MemberShape(**same, member=member, inner=inner)


def _reader(table: Path) -> Reader:
    # the list of readers names this one
    from migrate.intake.sources import READERS

    return cast("Reader", import_module(READERS[kind_of(table)]))


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _stem(name: str) -> str:
    # DOS tells no A.DBF from an a.dbt
    return str(PurePosixPath(name).with_suffix("")).lower()


def _own(found: Sequence[zipfile.ZipInfo]) -> Mapping[str, Sequence[zipfile.ZipInfo]]:
    """The memo and index files that belong to a table, by its name without a suffix."""
    own = defaultdict(list)
    for member in found:
        name = name_of(member)
        if _suffix(name) in _BESIDE:
            own[_stem(name)].append(member)
    return own


def _passed_over(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(name_of(member))
    return (
        member.is_dir()
        or name.parts[0] == "__MACOSX"
        or name.name.lower() in _LEFT_BEHIND
        or name.suffix.lower() in _BESIDE
    )


def _refuse_twice(path: Path, found: Sequence[zipfile.ZipInfo]) -> None:
    for name, count in Counter(map(name_of, found)).items():
        if count > 1:
            raise InputError(
                "this archive holds two members of one name",
                file=path,
                found=name,
                fix="Unpack it, and pack what is wanted again",
            )


def _inside(path: Path, member: str, error: InputError) -> InputError:
    return InputError(
        error.message,
        file=f"{path}, {member}",
        row=error.row,
        column=error.column,
        found=error.found,
        fix=error.fix,
    )
