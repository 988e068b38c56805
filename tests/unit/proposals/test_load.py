"""Nobody gets more new spaces than one person can follow, in rank order."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.proposals.existing import Group, Match
from analyser.proposals.load import held_back
from analyser.proposals.matching import Score
from analyser.proposals.portfolio import PortfolioThresholds
from analyser.proposals.readiness import Readiness
from analyser.proposals.selection import Candidate

READY, UNREADY = Readiness(("a", "b"), (), ()), Readiness(("a",), (), ("a second owner",))


def space(people, kind="channel", ready=READY, existing=None, held="abcdefgh"):
    match = None
    if existing:
        verdict = None if existing == "idle" else existing
        match = Match(Group("g@x", "G", "team", None, frozenset(held)), verdict, 1.0, 1.0, "")
    of = SimpleNamespace(audience="x", departments=())
    return Candidate(of, [], "working_group", [Score(kind, 1.0, ())], ready, frozenset(people), 1.0, existing=match)


def held(*spaces, pilots=0, limit=2):
    found = held_back(list(spaces), PortfolioThresholds(spaces_per_person=limit), pilots=pilots)
    assert all(
        said.startswith("some of its people") and f"more than {limit} new spaces" in said for said in found.values()
    )
    return [n for n, s in enumerate(spaces) if id(s) in found]


def test_the_third_of_three_waits_for_whom_it_would_be_too_much():
    assert held(space("abc"), space("ade"), space("afg"), space("bdf")) == [2]


def test_the_limit_is_a_setting():
    assert held(space("ab"), space("ac"), limit=1) == [1]
    assert held(*[space("ab")] * 1, space("ac"), space("ad"), limit=3) == []


def test_what_is_held_back_takes_no_room():
    assert held(space("ab"), space("ac"), space("ade"), space("de"), space("dx")) == [2]


@pytest.mark.parametrize(
    ("spaces", "expected"),
    [
        ([space("a", "announcement")] * 3, []),  # nobody joins a page of notices
        ([space("ab", ready=UNREADY), space("ab", ready=UNREADY), space("ab")], []),
        ([space("ab"), space("ab"), space("ab", "page"), space("ab", ready=UNREADY)], []),
        ([space("ab", existing="reuse"), space("ab", existing="reuse"), space("ab")], []),  # they are there already
        ([space("abz", existing="extend"), space("acz", existing="extend"), space("z")], [2]),  # new to z alone
        ([space("ab", existing="convert"), space("ab", existing="convert"), space("ab")], [2]),
        ([space("ab", existing="idle"), space("ab", existing="idle"), space("ab")], [2]),
    ],
)
def test_only_what_is_new_and_to_be_followed_counts(spaces, expected):
    assert held(*[space_ if n == 0 else _copy(space_) for n, space_ in enumerate(spaces)]) == expected


def _copy(one):
    return Candidate(
        one.audience, [], one.pattern, one.kinds, one.readiness, one.members, one.confidence, existing=one.existing
    )


def test_pilots_have_limits_of_their_own_and_count():
    assert held(space("ab"), space("ac"), space("ad"), pilots=3, limit=1) == []
    assert held(space("ab"), space("cd"), space("bx"), pilots=2, limit=1) == [2]


@given(st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1), max_size=12), st.integers(1, 4))
def test_nobody_gets_more_than_the_limit_and_nothing_is_held_without_need(people, limit):
    spaces = [space(p) for p in people]
    found = held_back(spaces, PortfolioThresholds(spaces_per_person=limit), pilots=0)
    load = Counter()
    for one in spaces:
        full = any(load[p] >= limit for p in one.members)
        assert (id(one) in found) == full
        if not full:
            load.update(one.members)
    assert max(load.values(), default=0) <= limit
