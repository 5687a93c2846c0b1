"""Which keys may follow each other in a log, and which head each may sign."""

from __future__ import annotations

import pytest
from made_log import FIRST, SECOND, STRANGER, THIRD, whole_log

from migrate.codes import keyring
from migrate.codes.keyring import KeyEventError
from migrate.codes.keys import PublicKey

NAME = "codes.example.ir/ledger"


def test_of_every_size_at_most_one_key_may_sign_the_head() -> None:
    keys = whole_log().keys()
    assert [(key.public, key.added, key.how, key.retired) for key in keys] == [
        (FIRST.public, 1, "first", 7),
        (SECOND.public, 6, "rotation", 9),
        (THIRD.public, 10, "loss", None),
    ]
    signers = {size: keyring.signer(keys, size) for size in range(20)}
    for size, key in signers.items():
        # while a key is lost and the next not entered, nobody may
        expected = 0 if size in range(1, 7) else 1 if size in (7, 8) else 2 if size >= 10 else None
        assert key == (None if expected is None else keys[expected])
        assert sum(one.may_sign(size) for one in keys) == (expected is not None)


def test_a_head_is_one_of_the_log_or_it_is_said_why_not() -> None:
    log = whole_log()
    keys = log.keys()
    for head in log.heads:
        assert keyring.misfit(head, keys) is None
    assert keyring.misfit(log.heads[0], ()) == "the log has no key"
    head = log.heads[-1]
    for key, words in ((STRANGER, "no key of this log"), (FIRST, "may not sign a head of 11")):
        signed = type(head)(head.origin, head.size, head.root, head.extensions).signed(key)
        assert words in str(keyring.misfit(signed, keys))
    both = type(head)(head.origin, head.size, head.root, head.extensions)
    assert keyring.misfit(both.signed(STRANGER).signed(THIRD), keys) is None
    assert keyring.misfit(both.signed(FIRST).signed(THIRD), keys) is None
    spoilt = type(head)(head.origin, head.size, bytes(32), head.extensions, head.signatures)
    assert "does not hold" in str(keyring.misfit(spoilt, keys))
    other = type(head)("other.example", head.size, head.root).signed(THIRD)
    assert "of another log" in str(keyring.misfit(other, keys))


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (["add 1 rotation"], "added by rotation"),
        (["add 1 loss"], "added by loss"),
        (["retire 1 loss"], "retired that does not sign"),
        (["add 1 first", "add 2 first"], "added by first"),
        (["add 1 first", "add 2 rotation", "add 3 rotation"], "added by rotation"),
        (["add 1 first", "add 1 rotation"], "has had before"),
        (["add 1 first", "retire 2 loss"], "retired that does not sign"),
        (["add 1 first", "retire 1 rotation"], "retired by rotation"),
        (["add 1 first", "retire 1 first"], "retired by first"),
        (["add 1 first", "add 2 rotation", "retire 1 loss"], "retired by loss"),
        (["add 1 first", "add 2 rotation", "-", "retire 1 rotation"], "retired by rotation"),
        (["add 1 first", "retire 1 loss", "-", "add 2 loss"], "long after the loss"),
        (["add 1 first", "retire 1 loss", "add 2 rotation"], "added by rotation"),
        (["add 1 first", "retire 1 loss", "add 1 loss"], "has had before"),
        (["add 1 first", "add 2 rotation", "retire 2 rotation"], "does not sign"),
        (["add 1 other-name", "add 2 rotation"], "does not hold a key of a log"),
    ],
)
def test_keys_that_cannot_follow_each_other_are_refused(events: list[str], words: str) -> None:
    made = []
    for seq, text in enumerate(events, 1):
        if text == "-":
            continue
        verb, number, how = text.split()
        public = PublicKey(NAME, bytes([int(number)]) * 32)
        event = {"add": "key_added", "retire": "key_retired"}[verb]
        made.append((seq, event, keyring.payload(public, how, "so it was")))
    with pytest.raises(KeyEventError, match=words) as refused:
        keyring.read_keys(made)
    assert refused.value.seq == (1 if "other" in events[0] else len(events))


def test_what_holds_no_key_is_refused() -> None:
    with pytest.raises(KeyEventError, match="does not hold a key"):
        keyring.read_keys([(1, "key_added", "{}")])
    with pytest.raises(KeyEventError, match="no event of a key"):
        keyring.read_keys([(1, "issued", keyring.payload(PublicKey(NAME, bytes(32)), "first", ""))])
