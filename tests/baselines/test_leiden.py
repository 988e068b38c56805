"""Ties by definition; planted communities come back, ranked by the recent mail that they cover."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.leiden import communities, ranked, spaces, ties

NOW = datetime(2026, 3, 2, tzinfo=UTC)
EVENTS = st.lists(
    st.tuples(st.just(NOW - timedelta(days=3)), st.frozensets(st.sampled_from("abcdefgh"), min_size=1)), max_size=20
)


@given(EVENTS)
def test_each_message_weighs_one(events):
    people, graph = ties(events, NOW)
    expected = Counter()
    for _, members in events:
        for pair in combinations(sorted(members), 2):
            expected[pair] += 2 / (len(members) * (len(members) - 1))
    dense = graph.toarray()
    found = {(people[i], people[j]): dense[i, j] for i, j in combinations(range(len(people)), 2) if dense[i, j]}
    assert found == pytest.approx(dict(expected))
    assert (dense == dense.T).all()
    assert not dense.diagonal().any()
    assert dense.sum() / 2 == pytest.approx(sum(len(members) > 1 for _, members in events))


def test_the_weight_is_the_mean_over_who_may_have_sent_it(mail, now):
    _, graph = ties(mail((1, "abcd")), now)
    recipients = 3
    mean = (1 / recipients + 1 / recipients + 0 + 0) / 4  # the tie of a and b, sent by a, b, c, d
    assert graph[0, 1] == pytest.approx(mean)


def test_later_mail_makes_no_tie(mail, now):
    assert ties(mail((0, "abc"), (-1, "abc")), now)[0] == []


def test_planted_communities_come_back_the_recent_one_first(mail, now):
    old, new = "abcde", "vwxyz"
    pairs = [(9, pair) for group in (old, new) for pair in combinations(group, 2)]
    events = mail(*pairs * 3, *[(200, old)] * 4, *[(2, new)] * 4, (3, "av"))
    assert spaces(events, now, 5) == [frozenset(new), frozenset(old)]
    assert spaces(events, now, 1) == [frozenset(new)]


def test_a_pair_is_no_space(mail, now):
    people, graph = ties(mail(*[(1, "ab")] * 9, *[(1, "xyz")] * 9), now)
    assert {frozenset("ab"), frozenset("xyz")} == set(communities(people, graph))
    assert spaces(mail(*[(1, "ab")] * 9, *[(1, "xyz")] * 9), now, 5) == [frozenset("xyz")]


def test_what_covers_nothing_stands_last_in_order_of_names(mail, now):
    groups = [frozenset("stuvw"), frozenset("klmno"), frozenset("xyz")]
    assert ranked(groups, mail((1, "xyz"), (1, "st")), now) == [groups[2], groups[1], groups[0]]
