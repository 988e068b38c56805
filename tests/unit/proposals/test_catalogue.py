"""The catalogue and the code name the same kinds, patterns and words."""

from __future__ import annotations

import re
import string

import pytest

from analyser.findings.registry import RULES
from analyser.proposals.catalogue import catalogue
from analyser.proposals.propose import PLAIN

# the contract of `analyser proposals --json`
KINDS = {
    "channel", "private_channel", "shared_channel", "team", "project_team", "community", "qa_community", "announcement",
    "page", "knowledge_page", "library", "list", "task_board", "form", "approvals", "bookings", "alerts_channel",
    "ticket_queue", "norm",
}  # fmt: skip
BOOK = catalogue()


def test_kinds_are_those_of_the_contract():
    assert set(BOOK.kinds) == KINDS


def test_every_rule_has_words_and_no_words_are_of_no_rule():
    assert set(BOOK.patterns) == {rule.id for rule in RULES} | {PLAIN}


@pytest.mark.parametrize("kind", BOOK.kinds.values(), ids=str)
def test_a_kind_is_complete_and_in_bounds(kind):
    assert BOOK.kinds[kind.name] is kind
    assert kind.label
    assert kind.good_for
    assert kind.bad_for
    assert re.fullmatch(r"none|[a-z]+(\.[a-z]+)+", kind.platform)
    assert 2 <= kind.people[0] < kind.people[1]
    assert 0 <= kind.replies[0] < kind.replies[1] <= 1
    assert all(0 <= score <= 4 for score in kind.prior.values())


@pytest.mark.parametrize("pattern", BOOK.patterns.values(), ids=lambda p: p.name)
def test_a_pattern_asks_for_kinds_that_exist_and_can_meet_it(pattern):
    assert pattern.kinds
    assert len(set(pattern.kinds)) == len(pattern.kinds)
    for name in pattern.kinds:
        assert not pattern.requirements or set(pattern.requirements) & BOOK.kinds[name].prior.keys()
    known = {requirement for kind in BOOK.kinds.values() for requirement in kind.prior}
    assert set(pattern.requirements) <= known


@pytest.mark.parametrize("pattern", BOOK.patterns.values(), ids=lambda p: p.name)
def test_words_have_only_the_places_that_are_filled_in(pattern):
    texts = [pattern.purpose, pattern.replaces, *pattern.first_posts]
    assert all(texts)
    fields = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    assert fields <= {"topic", "people", "home", "rhythm"}
    if pattern.name not in {"confidential", "external"}:
        assert len(pattern.first_posts) >= 3


def test_it_is_read_once():
    assert catalogue() is BOOK
