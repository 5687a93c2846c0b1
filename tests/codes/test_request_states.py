"""Words for every state and every way to it, in both languages, and no rule of the policy hidden."""

from __future__ import annotations

import re

import pytest

from migrate.codes import request_states as module
from migrate.codes.policy import Words, load
from migrate.codes.request_states import STATES, reasons, rule_words, state_words, together

RULES = (
    module.LINKED,
    module.ALREADY_CODED,
    module.CODE_SUSPENDED,
    module.CODE_REVOKED,
    module.QUARANTINED,
    module.UNIVERSITY_REFUSED,
    module.DECIDED,
)


def both(words: Words | None) -> bool:
    return words is not None and bool(re.search("[آ-ی]", words.fa) and re.search("[a-z]", words.en))


def test_each_state_and_rule_has_words_in_both_languages() -> None:
    for state in STATES:
        assert both(state_words(state))
    for rule in RULES:
        said, instead = rule_words(rule)
        assert both(said)
        assert both(instead) == (rule != module.DECIDED)
    with pytest.raises(KeyError):
        state_words("lost")


def test_rules_of_the_policy_keep_their_words() -> None:
    policy = load()
    for rule in (*policy.rules, policy.future):
        assert rule.id not in RULES
        assert rule_words(rule.id) == (rule.words, rule.instead)
    assert rule_words("mismatch") == rule_words(None) == (None, None)


def test_reasons_are_sentences_of_one_language_each() -> None:
    found = reasons("a: no | الف نه\nb: no? | ب؟\nonly english")
    assert found == Words("الف نه. ب؟ only english.", "a: no. b: no?. only english.")
    assert reasons("") is reasons(None) is None


def test_words_are_put_together_by_language() -> None:
    assert together(Words("الف.", "A."), None, Words("ب.", "B.")) == Words("الف. ب.", "A. B.")
