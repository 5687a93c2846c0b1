"""The Merkle tree against its definition in RFC 9162, written anew here, and against pymerkle."""

from __future__ import annotations

import hashlib
import itertools
import json
from functools import cache
from typing import Any

import pymerkle
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes import merkle
from migrate.codes.issuing import canonical_json
from migrate.codes.ledger import EVENTS, LedgerEvent, leaf_of
from migrate.codes.merkle import Frontier

MOST = 64
DATA = tuple(f"leaf {n}".encode() for n in range(MOST))
LEAVES = tuple(merkle.leaf_hash(data) for data in DATA)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n, by trying."""
    return max(2**power for power in range(64) if 2**power < n)


@cache
def mth(entries: tuple[bytes, ...]) -> bytes:
    """RFC 9162, 2.1.1: the Merkle Tree Hash of a list of entries."""
    if not entries:
        return sha(b"")
    if len(entries) == 1:
        return sha(b"\x00" + entries[0])
    k = split(len(entries))
    return sha(b"\x01" + mth(entries[:k]) + mth(entries[k:]))


@cache
def path(m: int, entries: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """RFC 9162, 2.1.3.1: PATH(m, D_n)."""
    if len(entries) == 1:
        return ()
    k = split(len(entries))
    if m < k:
        return (*path(m, entries[:k]), mth(entries[k:]))
    return (*path(m - k, entries[k:]), mth(entries[:k]))


@cache
def subproof(m: int, entries: tuple[bytes, ...], whole: bool) -> tuple[bytes, ...]:
    """RFC 9162, 2.1.4.1: SUBPROOF(m, D_n, b); PROOF(m, D_n) is that with b true."""
    if m == len(entries):
        return () if whole else (mth(entries),)
    k = split(len(entries))
    if m <= k:
        return (*subproof(m, entries[:k], whole), mth(entries[k:]))
    return (*subproof(m - k, entries[k:], False), mth(entries[:k]))


def node(start: int, stop: int) -> bytes:
    length = stop - start
    assert length & (length - 1) == 0
    assert start % length == 0
    return mth(DATA[start:stop])


def frontier(leaves: tuple[bytes, ...]) -> Frontier:
    grown = Frontier()
    for leaf in leaves:
        grown = grown.append(leaf)
    return grown


def test_roots_of_all_sizes_are_those_of_the_rfc_and_of_another_library() -> None:
    peer = pymerkle.InmemoryTree(algorithm="sha256")
    grown = Frontier()
    assert grown.root() == merkle.EMPTY == mth(()) == peer.get_root(0)
    for size in range(1, MOST + 1):
        grown = grown.append(LEAVES[size - 1])
        peer.append_entry(DATA[size - 1])
        assert grown.size == size
        assert grown.root() == mth(DATA[:size]) == peer.get_root(), size
        assert Frontier.parse(size, grown.text()) == grown
        assert merkle.range_hash(0, size, node) == grown.root()


def test_inclusion_proofs_of_all_leaves_in_all_sizes_are_those_of_the_rfc() -> None:
    for size in range(1, MOST + 1):
        root = mth(DATA[:size])
        for index in range(size):
            proof = merkle.inclusion_path(index, size, node)
            assert tuple(proof) == path(index, DATA[:size]), (index, size)
            assert merkle.root_from_inclusion(index, size, LEAVES[index], proof) == root


def test_consistency_proofs_of_all_pairs_of_sizes_are_those_of_the_rfc() -> None:
    for new in range(MOST + 1):
        for old in range(new + 1):
            proof = merkle.consistency_path(old, new, node)
            if old:
                assert tuple(proof) == subproof(old, DATA[:new], True), (old, new)
            roots = mth(DATA[:old]), mth(DATA[:new])
            assert merkle.verify_consistency(old, roots[0], new, roots[1], proof), (old, new)


def test_pymerkle_takes_our_proofs_and_we_take_its() -> None:
    peer = pymerkle.InmemoryTree(algorithm="sha256")
    peer.append_entries(DATA)
    for size in range(2, MOST + 1, 3):
        for index in range(0, size, 5):
            theirs = peer.prove_inclusion(index + 1, size)
            # its path begins with the leaf itself
            assert theirs.path[0] == LEAVES[index]
            assert theirs.path[1:] == merkle.inclusion_path(index, size, node)


def test_what_cannot_be_proved_is_refused() -> None:
    for index, size in ((0, 0), (-1, 5), (5, 5), (6, 5)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_path(index, size, node)
        with pytest.raises(ValueError, match="no leaf"):
            merkle.root_from_inclusion(index, size, LEAVES[0], [])
    for old, new in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="does not come before"):
            merkle.consistency_path(old, new, node)
        assert not merkle.verify_consistency(old, LEAVES[0], new, LEAVES[0], [])
    for size, text in ((3, LEAVES[0].hex()), (1, "00"), (0, LEAVES[0].hex()), (1, "zz" * 32)):
        with pytest.raises(ValueError):
            Frontier.parse(size, text)


def spoiled(proof: list[bytes]) -> list[list[bytes]]:
    """A proof with each one thing wrong that a proof can have wrong."""
    found = [[*proof, LEAVES[0]], [LEAVES[0], *proof]]
    for place, step in enumerate(proof):
        for bit in (0, 100, 255):
            flipped = bytearray(step)
            flipped[bit // 8] ^= 1 << bit % 8
            found.append([*proof[:place], bytes(flipped), *proof[place + 1 :]])
        found.append([*proof[:place], *proof[place + 1 :]])
        found.append([*proof[:place], step, *proof[place:]])
        found.append([*proof[:place], step[:-1], *proof[place + 1 :]])
    for left, right in itertools.pairwise(range(len(proof))):
        if proof[left] != proof[right]:
            swapped = list(proof)
            swapped[left], swapped[right] = proof[right], proof[left]
            found.append(swapped)
    return found


def includes(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    try:
        return merkle.root_from_inclusion(index, size, leaf, proof) == root
    except ValueError:
        return False


def test_a_spoiled_inclusion_proof_proves_nothing() -> None:
    for size in range(1, 34):
        root = mth(DATA[:size])
        for index in range(size):
            proof = merkle.inclusion_path(index, size, node)
            for wrong in spoiled(proof):
                assert not includes(index, size, LEAVES[index], wrong, root), (index, size)
            assert not includes(index, size, LEAVES[(index + 1) % MOST], proof, root)
            assert not includes(
                index, size, LEAVES[index], proof, LEAVES[0] if size > 1 else root[::-1]
            )
            for other in range(size):
                if other != index:
                    assert not includes(other, size, LEAVES[index], proof, root)


def test_an_inclusion_proof_for_another_size_leads_to_that_sizes_root_or_nowhere() -> None:
    # sizes between which the path to a leaf is the same in shape lead to the same root:
    # the root binds the size only through the head that is signed, which names both
    for size in range(2, 34):
        for index in range(size):
            proof = merkle.inclusion_path(index, size, node)
            for other in range(index + 1, 34):
                if other != size:
                    assert not includes(index, other, LEAVES[index], proof, mth(DATA[:other]))


def test_a_spoiled_consistency_proof_proves_nothing() -> None:
    for new in range(1, 34):
        for old in range(1, new + 1):
            roots = mth(DATA[:old]), mth(DATA[:new])
            proof = merkle.consistency_path(old, new, node)
            for wrong in spoiled(proof):
                assert not merkle.verify_consistency(old, roots[0], new, roots[1], wrong)
            assert not merkle.verify_consistency(old, LEAVES[40], new, roots[1], proof)
            assert not merkle.verify_consistency(old, roots[0], new, LEAVES[40], proof)
            if old != new:
                assert not merkle.verify_consistency(old, roots[1], new, roots[0], proof)
                assert not merkle.verify_consistency(new, roots[0], old, roots[1], proof)


def test_a_consistency_proof_does_not_fit_other_heads() -> None:
    for new in range(2, 26):
        for old in range(1, new):
            proof = merkle.consistency_path(old, new, node)
            for other in range(1, 26):
                if other not in (old, new):
                    assert not merkle.verify_consistency(
                        other, mth(DATA[:other]), new, mth(DATA[:new]), proof
                    )
                    assert not merkle.verify_consistency(
                        old, mth(DATA[:old]), other, mth(DATA[:other]), proof
                    )


def test_the_empty_tree_comes_before_all_and_proves_nothing_else() -> None:
    assert merkle.verify_consistency(0, merkle.EMPTY, 5, mth(DATA[:5]), [])
    assert not merkle.verify_consistency(0, LEAVES[0], 5, mth(DATA[:5]), [])
    assert not merkle.verify_consistency(0, merkle.EMPTY, 5, mth(DATA[:5]), [LEAVES[0]])


@st.composite
def big_trees(draw: st.DrawFn) -> tuple[int, int, int, int]:
    new = draw(st.integers(1, 50_000_000))
    return (
        new,
        draw(st.integers(1, new)),
        draw(st.integers(0, new - 1)),
        draw(st.integers(0, 2**64)),
    )


@given(big_trees())
def test_proofs_of_trees_of_millions_of_leaves_hold(tree: tuple[int, int, int, int]) -> None:
    new, old, index, seed = tree

    @cache
    def made_up(start: int, stop: int) -> bytes:
        # any hashes will do for what lies off the paths, if a parent is made of its children
        inside = start <= index < stop or start < old < stop
        if not inside or stop - start == 1:
            return sha(f"{seed} {start} {stop}".encode())
        middle = (start + stop) // 2
        return merkle.node_hash(made_up(start, middle), made_up(middle, stop))

    roots = [merkle.range_hash(0, size, made_up) for size in (old, new)]
    consistency = merkle.consistency_path(old, new, made_up)
    assert len(consistency) <= new.bit_length() + 1
    assert merkle.verify_consistency(old, roots[0], new, roots[1], consistency)
    inclusion = merkle.inclusion_path(index, new, made_up)
    leaf = made_up(index, index + 1)
    assert merkle.root_from_inclusion(index, new, leaf, inclusion) == roots[1]
    assert not includes(index, new, sha(leaf), inclusion, roots[1])
    if inclusion:
        spoilt = [*inclusion[:-1], sha(inclusion[-1])]
        assert not includes(index, new, leaf, spoilt, roots[1])


@given(st.lists(st.binary(max_size=8), max_size=200))
def test_a_frontier_grows_as_a_tree_does(entries: list[bytes]) -> None:
    grown = frontier(tuple(merkle.leaf_hash(entry) for entry in entries))
    assert grown.root() == mth(tuple(entries))
    assert len(grown.hashes) == len(entries).bit_count()


def test_a_leaf_is_not_a_node() -> None:
    # an inner node given as a leaf would have another hash: the prefixes keep the two apart
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
    assert merkle.leaf_hash(b"\x01" + left + right) != merkle.node_hash(left, right)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(max_codepoint=0xD7FF), max_size=6), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_our_canonical_json_is_rfc_8785(value: Any) -> None:
    assert canonical_json(value).encode() == rfc8785.dumps(value)


@given(
    st.sampled_from(EVENTS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(1, 2**53 - 1),
    st.binary(min_size=16, max_size=16),
)
def test_a_leaf_is_canonical_and_says_what_it_should(
    event: str, text: str, seq: int, salt: bytes
) -> None:
    payload = canonical_json({"reason": text})
    leaf = leaf_of(LedgerEvent(seq, event, text, text, text, text, text, text, payload, salt.hex()))
    assert leaf.encode() == rfc8785.dumps(json.loads(leaf))
    said = json.loads(leaf)
    assert (said["seq"], said["event"], said["batch"], said["v"]) == (seq, event, text, 1)
    assert all(len(one) == 64 for one in said["digests"].values())
    assert ("payload" in said) == event.startswith("key_")
