"""Check a bundle of a ledger of validity codes, without its database and without its program.

One file for Python 3.11 with the package `cryptography`. Read it, then run it:

    python -I verifier.py bundle.jsonl --key 'codes.example.ir/ledger+1a2b3c4d+AbCd…'

Every leaf is held against the tree, the tree against every head (RFC 9162, SHA-256), each head's
signature against the key that may sign its size (C2SP checkpoint, Ed25519), and what is disclosed
against its salted digests. Exit codes: 0 all fits, under a key you named; 1 something does not;
2 wrong usage, or an unreadable file; 3 all fits, but no key was named: it only agrees with itself.
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
from collections import namedtuple
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# a signed head; its signatures are (name of the key, its id, signature)
Note = namedtuple("Note", "text origin size root signatures")
# a key of the log: the leaf that added it, how, and the leaf that retired it (0: none)
LogKey = namedtuple("LogKey", "vkey added how retired")


def check(holds: object, words: str) -> None:
    if not holds:
        raise ValueError(words)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# --- the tree: RFC 9162, section 2.1 ---
def grow(subtrees: list[bytes], size: int, leaf: bytes) -> None:
    """Append a leaf to a tree of ``size`` leaves, kept as its perfect subtrees, greatest first."""
    subtrees.append(sha256(b"\0" + leaf))
    while size & 1:
        right, left = subtrees.pop(), subtrees.pop()
        subtrees.append(sha256(b"\1" + left + right))
        size >>= 1


def root_of(subtrees: list[bytes]) -> bytes:
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = sha256(b"\1" + left + root)
    return root


def climb(fn: int, sn: int, start: bytes, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """The walk of 2.1.3.2 and 2.1.4.2: the roots of the old tree and of the new one."""
    fr = sr = start
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\1" + p + fr), sha256(b"\1" + p + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\1" + sr + p)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr) if sn == 0 else None


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> bool:
    if old == new or not 0 < old < new or not path:
        return old == new and not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else path
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return climb(fn, sn, steps[0], steps[1:]) == (old_root, new_root)


# --- keys and heads: C2SP signed-note and tlog-checkpoint ---
def unbase64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    check(data and base64.b64encode(data).decode() == text, "base64 written in another way")
    return data


def read_key(vkey: str) -> tuple[str, bytes, bytes]:
    """The name, the id and the key."""
    name, key_id, data = [*vkey.split("+", 2), "", ""][:3]
    key = unbase64(data)
    right = sha256(name.encode() + b"\n" + key)[:4]
    check(len(key) == 33 and key[0] == 1 and key_id == right.hex(), f"not a key: {vkey!r}")
    return name, right, key[1:]


def read_note(note: str) -> Note:
    text, between, lines = note.rpartition("\n\n")
    fields, signatures = text.split("\n"), []
    check(between and lines.endswith("\n") and len(fields) > 2 and all(fields), "not a checkpoint")
    check(min(note.replace("\n", " ")) >= " ", "a control character in a checkpoint")
    check(re.fullmatch("0|[1-9][0-9]{0,18}", fields[1]), f"not a size: {fields[1]!r}")
    check(len(unbase64(fields[2])) == 32, "not a root hash")
    for line in lines[:-1].split("\n"):
        dash, name, blob = [*line.split(" ", 2), "", ""][:3]
        check(dash == "—" and name, f"not a signature: {line!r}")
        signatures.append((name, unbase64(blob)[:4], unbase64(blob)[4:]))
    return Note(text + "\n", fields[0], int(fields[1]), unbase64(fields[2]), signatures)


def signed_by(note: Note, vkey: str) -> bool:
    """Whether the note has lines of that key, and all of them hold; lines of others are ignored."""
    *known, key = read_key(vkey)
    blobs = [blob for *whose, blob in note.signatures if whose == known]
    try:
        for blob in blobs:
            Ed25519PublicKey.from_public_bytes(key).verify(blob, note.text.encode())
    except InvalidSignature:
        return False
    return bool(blobs)


def succession(events: list[dict[str, Any]]) -> list[LogKey]:
    """The keys of the log by its own events: one signs, till another takes over or it is lost."""
    keys: list[LogKey] = []
    current = coming = -1
    for event in events:
        seq, how, vkey = event["seq"], event["payload"]["how"], event["payload"]["key"]
        words = f"leaf {seq}: {event['event']} by {how} cannot stand here"
        if event["event"] == "key_added":
            due = "first" if not keys else "loss" if current < 0 else "rotation"
            check(how == due and coming < 0, words)
            check(how != "loss" or keys[-1].retired == seq - 1, words)
            check(all(read_key(key.vkey)[2] != read_key(vkey)[2] for key in keys), words)
            coming, current = (len(keys), current) if how == "rotation" else (-1, len(keys))
            keys.append(LogKey(vkey, seq, how, 0))
        else:
            check(current >= 0 and keys[current].vkey == vkey, words)
            check(how == ("loss" if coming < 0 else "rotation"), words)
            check(coming < 0 or keys[coming].added == seq - 1, words)
            keys[current] = keys[current]._replace(retired=seq)
            current, coming = coming, -1
    return keys


def signer(note: Note, keys: list[LogKey], origin: str) -> int:
    """The place of the key that signed the note, as only that key might."""
    check(note.origin == origin, f"head {note.size} is of another log: {note.origin!r}")
    for place, key in enumerate(keys):
        # the head that holds a rotation is signed by the key before
        first = key.added + (key.how == "rotation")
        if first <= note.size and (not key.retired or note.size < key.retired):
            right = signed_by(note, key.vkey)
            check(right, f"forged signature: head {note.size} is not signed by the key that may")
            return place
    raise ValueError(f"forged signature: no key of the log may sign head {note.size}")


# --- the bundle ---
def canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_line(line: str) -> dict[str, Any]:
    """A line must be the one text (RFC 8785) of what it holds: then no change of it is idle."""
    value = json.loads(line, parse_float=lambda _: None, parse_constant=lambda _: None)
    check(isinstance(value, dict) and canonical(value) + "\n" == line, "not canonical JSON")
    return dict(value)


def hashes(values: list[str]) -> list[bytes]:
    check(all(re.fullmatch("[0-9a-f]{64}", value) for value in values), "not hashes")
    return [bytes.fromhex(value) for value in values]


def check_code_line(line: dict[str, Any], head: Note) -> list[str]:
    """Prove a leaf of one code to be in the log, and hold what is disclosed against its digests."""
    leaf, path = line["leaf"], hashes(line["proof"])
    walked = climb(leaf["seq"] - 1, head.size - 1, sha256(b"\0" + canonical(leaf).encode()), path)
    proved = 0 < leaf["seq"] <= head.size and walked and walked[1] == head.root
    check(proved, f"leaf {leaf['seq']} is not in the log that the head is of")
    extra = line.keys() - {"leaf", "proof"}
    if not extra:
        return []
    check(extra - {"facts"} == {"disclosed", "salt"}, "not a line of a bundle of a code")
    check(re.fullmatch("[0-9a-f]{32}", line["salt"]), "not a salt")
    for name, value in line["disclosed"].items():
        digest = hmac.digest(bytes.fromhex(line["salt"]), f"{name}\0{value}".encode(), "sha256")
        check(digest.hex() == leaf["digests"][name], f"the leaf commits to another {name}")
    if "facts" in line:
        right = json.loads(line["disclosed"]["payload"])["facts_sha256"]
        check(sha256(line["facts"].encode()).hex() == right, "facts are not those of the event")
    return [f"disclosed: {canonical({name: line[name] for name in ('leaf', *sorted(extra))})}"]


def check_heads(
    top: dict[str, Any], events: list[dict[str, Any]], head: Note, witnesses: list[Note]
) -> tuple[dict[int, bytes], list[str]]:
    """Check keys, signatures and consistency; the roots of all heads by size, the keys that vouch."""
    keys, heads = succession(events), {head.size: head.root}
    check([key.vkey for key in keys] == top["keys"], "the keys are not those of the log's events")
    for one in top["heads"]:
        note = read_note(one["note"])
        signer(note, keys, top["origin"])
        proof = hashes(one["consistency"])
        right = consistent(note.size, note.root, head.size, head.root, proof)
        check(right, f"forked: head {head.size} does not continue head {note.size}")
        heads[note.size] = note.root
    place = signer(head, keys, top["origin"])
    for old, new in pairwise(keys):
        told = new.how != "rotation" or new.added in heads or not old.retired
        check(told, f"no head by the key before vouches for {new.vkey}")
    for note in witnesses:
        signer(note, keys, top["origin"])
    vouching = [keys[place].vkey]
    while keys[place].how == "rotation":
        place -= 1
        vouching.append(keys[place].vkey)
    return heads, vouching


def verify(lines: Iterable[str], named: list[str], witnesses: list[Note]) -> list[str]:
    """What was seen, where all fits. Raises ValueError for the first thing that does not."""
    rows, said, events = enumerate(lines, 1), list[str](), list[dict[str, Any]]()
    top = read_line(next(rows, (0, ""))[1])
    check(top.keys() == {"format", "head", "heads", "keys", "kind", "origin"}, "not a bundle")
    check(top["format"] == "migrate-ledger-bundle/1", "not a bundle of this format")
    check(top["kind"] in ("log", "code"), "not a bundle of a kind that is known")
    head, whole, last, count = read_note(top["head"]), top["kind"] == "log", 0, 0
    sizes = {
        note.size for note in (head, *witnesses, *(read_note(n["note"]) for n in top["heads"]))
    }
    subtrees, roots = list[bytes](), dict[int, bytes]()
    for number, text in rows:
        try:
            line = read_line(text)
            leaf = line if whole else line["leaf"]
            in_order = leaf["seq"] == last + 1 if whole else leaf["seq"] > last
            check(in_order, f"deleted or reordered: leaf {leaf['seq']} after leaf {last}")
            if whole:
                grow(subtrees, last, text[:-1].encode())
                roots |= {last + 1: root_of(subtrees)} if last + 1 in sizes else {}
            else:
                said += check_code_line(line, head)
            last, count = leaf["seq"], count + 1
            events += [leaf] if leaf["event"].startswith("key_") else []
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number}: {error}") from None
    check(not whole or last == head.size, f"truncated: {last} leaves, and a head of {head.size}")
    heads, vouching = check_heads(top, events, head, witnesses)
    for size in sorted(heads.keys() & roots.keys()):
        check(roots[size] == heads[size], f"edited: leaves up to {size} do not give head {size}")
    for note in witnesses:
        words = f"rolled back, or old: a witness holds head {note.size}, this is of {head.size}"
        check(note.size <= head.size, words)
        held = (roots or heads).get(note.size)
        check(held, f"a witness's head of {note.size} is not among those the bundle proves")
        check(held == note.root, f"forked: a witness holds another head of {note.size}")
        said.append(f"head {note.size} of a witness: this log continues it")
    trusted = not named or set(named) & set(vouching)
    check(trusted, f"no key that you named vouches for the one that signed: {vouching[0]}")
    return [*said, f"head {head.size} of {head.origin}, root {head.root.hex()}: {count} leaves fit"]


def main() -> int:
    options = argparse.ArgumentParser(description="Check a bundle of a ledger of validity codes.")
    options.add_argument("bundle", type=Path)
    options.add_argument("--head", type=Path, action="append", default=[], help="a witness's note")
    options.add_argument("--key", action="append", default=[], help="a key as it was published")
    given = options.parse_args()
    try:
        notes = [path.read_bytes().decode() for path in given.head]
        with given.bundle.open(encoding="utf-8", newline="\n") as lines:
            said = verify(lines, given.key, [read_note(note) for note in notes])
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        print(f"DOES NOT FIT: {str(error)!r}")
        return 1
    print(*said, sep="\n")
    if not given.key:
        print("NOT VOUCHED FOR: name a key with --key, as it was published")
    return 0 if given.key else 3


if __name__ == "__main__":
    sys.exit(main())
