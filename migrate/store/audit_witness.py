"""What stands outside the store in an audit: heads that witnesses hold, keys as they were published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrate.codes import checkpoint
from migrate.codes.checkpoint import Checkpoint
from migrate.codes.keyring import LOSS, ROTATION, LogKey, misfit
from migrate.codes.keys import PublicKey
from migrate.errors import InputError
from migrate.store.audit_findings import FORGED, FORKED, ROLLED_BACK
from migrate.store.audit_tree import TreeAudit


def read_head(path: Path) -> Checkpoint:
    """A signed head in a file. Raises InputError where it is none."""
    try:
        return checkpoint.parse(path.read_bytes().decode())
    except OSError as error:
        raise InputError("the head cannot be read", file=path, found=error.strerror) from None
    except ValueError as error:
        raise InputError(
            "this is not a signed head", file=path, found=error, fix="Give it as it was exported"
        ) from None


def check_witness(tree: TreeAudit, path: Path, note: Checkpoint) -> None:
    """Whether the log continues a head that stands outside it."""
    row = f"{path} of {note.size} events"
    why = misfit(note, tree.keys)
    if note.size > tree.size and (why is None or not _claimed(note, tree.keys)):
        words = f"a log of {tree.size} events"
        if why is not None:
            words += f"; also, {why}"
        tree.found.add(ROLLED_BACK, "witness", row, expected="a log that continues it", found=words)
    elif why is not None:
        tree.found.add(
            FORGED, "witness", row, expected="a head that a key of this log signed", found=why
        )
    elif tree.roots.get(note.size) != note.root:
        tree.found.add(
            FORKED,
            "witness",
            row,
            expected=f"the root {note.root.hex()}, as was signed",
            found=tree.roots.get(note.size, b"").hex() or "no such tree: events are missing",
        )


def _claimed(note: Checkpoint, keys: Sequence[LogKey]) -> bool:
    return any(note.claims(key.public) for key in keys)


def check_trust(tree: TreeAudit, published: Sequence[PublicKey]) -> None:
    """Whether somebody vouches for the newest signed head, and what nobody vouches for."""
    found, newest = tree.found, tree.newest_signed
    if published and not (newest and _trusted(tree.keys, newest[1], published)):
        found.add(
            FORGED,
            "signed_heads",
            f"size {newest[0] if newest else 0}",
            expected="a head signed by a published key, or by one that took over from it",
            found=newest[1].public.text() if newest else "no signed head that fits",
        )
    if newest is None:
        found.warn("no head is signed: only this store itself says that it is as it was")
    elif newest[0] < tree.size:
        found.warn(f"{tree.size - newest[0]} events came after the newest signed head")
    for key in tree.keys:
        if key.how == LOSS:
            found.warn(
                f"key {key.public.text()} was added at event {key.added} after the one before was "
                "declared lost: nothing in the log vouches for it"
            )


def _trusted(keys: Sequence[LogKey], key: LogKey, published: Sequence[PublicKey]) -> bool:
    for one in reversed(keys[: [held.added for held in keys].index(key.added) + 1]):
        if one.public in published:
            return True
        if one.how != ROTATION:
            break
    return False
