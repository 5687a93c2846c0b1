"""A Merkle tree over an append-only list, and its proofs (RFC 9162, section 2.1, with SHA-256).

A tree is read through ``node(start, stop)``: the hash of the perfect subtree over the leaves from
``start`` up to, not including, ``stop``; their number is a power of two and divides ``start``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Node = Callable[[int, int], bytes]

# of the nodes, every eighth level is stored: 256 leaves, 65,536 leaves, …
TILE_HEIGHT = 8
# the root of a tree without leaves
EMPTY = hashlib.sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of a zero byte and the leaf, 32 bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of a one byte and both children's hashes, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The perfect subtrees that a tree of ``size`` leaves is made of, as their hashes, left to right.

    There is one for each bit of ``size``, the greatest first: all that is needed to append.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one leaf more, given by its hash."""
        growth = Growth(self)
        growth.append(leaf)
        return growth.frontier()

    def root(self) -> bytes:
        """The root of the whole tree."""
        return _folded(self.hashes)

    def text(self) -> str:
        """The hashes in hexadecimal digits, joined by spaces."""
        return " ".join(one.hex() for one in self.hashes)

    @classmethod
    def parse(cls, size: int, text: str) -> Frontier:
        """What :meth:`text` wrote. Raises ValueError when it is not of a tree of ``size`` leaves."""
        hashes = tuple(bytes.fromhex(one) for one in text.split())
        if len(hashes) != size.bit_count() or any(len(one) != len(EMPTY) for one in hashes):
            raise ValueError(f"not the frontier of a tree of {size} leaves")
        return cls(size, hashes)


class Growth:
    """A tree that is being appended to; of what was appended it keeps the nodes worth storing.

    ``nodes`` are (level, position, hash) of each perfect subtree of ``256 ** level`` leaves that was
    completed, level 1 and more: with these and the leaves any proof takes few reads.
    """

    def __init__(self, frontier: Frontier) -> None:
        self.size = frontier.size
        self.nodes: list[tuple[int, int, bytes]] = []
        self._hashes = list(frontier.hashes)

    def append(self, leaf: bytes) -> None:
        """Append one leaf, given by its hash."""
        self._hashes.append(leaf)
        self.size += 1
        left, height = self.size, 0
        while True:
            if height and height % TILE_HEIGHT == 0:
                place = (self.size >> height) - 1
                self.nodes.append((height // TILE_HEIGHT, place, self._hashes[-1]))
            if left & 1:
                return
            right = self._hashes.pop()
            self._hashes.append(node_hash(self._hashes.pop(), right))
            left, height = left >> 1, height + 1

    def frontier(self) -> Frontier:
        """The tree as it stands now."""
        return Frontier(self.size, tuple(self._hashes))


def perfect_subtrees(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The greatest perfect subtrees that cover the leaves of a range, from left to right.

    ``start`` must be 0 or lie where RFC 9162 splits a tree: a multiple of a power of two that is no
    smaller than the range.
    """
    while start < stop:
        length = 1 << ((stop - start).bit_length() - 1)
        yield start, start + length
        start += length


def range_hash(start: int, stop: int, node: Node) -> bytes:
    """The Merkle tree hash of the leaves of a range, as RFC 9162 splits it (2.1.1)."""
    return _folded([node(*part) for part in perfect_subtrees(start, stop)])


def _folded(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """The inclusion proof of a leaf in the tree of the first ``size`` leaves (2.1.3.1).

    :param index: of the leaf, from 0.
    :returns: the hashes of the path, from the leaf up to the root.
    :raises ValueError: when the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    start, stop = 0, size
    path: list[bytes] = []
    while stop - start > 1:
        split = start + _split(stop - start)
        if index < split:
            path.append(range_hash(split, stop, node))
            stop = split
        else:
            path.append(range_hash(start, split, node))
            start = split
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (2.1.3.2); compare it with the root that is known.

    :param leaf: the hash of the leaf.
    :raises ValueError: when the path is too long or too short for its place, so proves nothing.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    first, last, root = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise ValueError("the proof is too long")
        if first & 1 or first == last:
            root = node_hash(step, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = node_hash(root, step)
        first, last = first >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return root


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of the first ``new`` leaves begins with that of ``old`` (2.1.4.1).

    It is empty where both are one size, or the old tree has no leaf: there is nothing to prove then.

    :raises ValueError: when ``old`` is greater than ``new``, or negative.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves does not come before one of {new}")
    if old in (0, new):
        return []
    start, stop, known = 0, new, True
    path: list[bytes] = []
    while old != stop:
        split = start + _split(stop - start)
        if old <= split:
            path.append(range_hash(split, stop, node))
            stop = split
        else:
            path.append(range_hash(start, split, node))
            start, known = split, False
    if not known:
        path.append(range_hash(start, stop, node))
    return path[::-1]


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether a consistency proof shows that one tree begins with the other (2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY
    steps = [old_root, *path] if old.bit_count() == 1 else list(path)
    if not steps:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_seen = new_seen = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_seen, new_seen = node_hash(step, old_seen), node_hash(step, new_seen)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new_seen = node_hash(new_seen, step)
        first, last = first >> 1, last >> 1
    return last == 0 and old_seen == old_root and new_seen == new_root


def _split(size: int) -> int:
    """The greatest power of two that is smaller than ``size``, for a size of 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)
