"""Recency, incidence, overlap and cover, each against its definition."""

from __future__ import annotations

import random
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines import recipient_sets
from baselines.recipient_sets import covers, in_order, incidence, overlaps, recent

SETS = st.lists(st.frozensets(st.sampled_from("abcdefgh"), min_size=1), max_size=12)


def test_deliveries_halve_every_45_days(mail, now):
    found = recent(mail((45, "abc"), (90, "abc"), (45, "defgh")), now)
    assert found == {frozenset("abc"): 2 * (0.5 + 0.25), frozenset("defgh"): 4 * 0.5}


def test_two_people_and_the_present_do_not_count(now):
    second = timedelta(seconds=1)
    events = [(now, frozenset("abc")), (now + second, frozenset("abc")), (now - second, frozenset("ab"))]
    assert recent(events, now) == {}
    assert list(recent([(now - second, frozenset("abc"))], now)) == [frozenset("abc")]


def test_the_order_of_events_does_not_show(now):
    draw = random.Random(1)
    events = [(now - timedelta(days=draw.uniform(0, 400)), frozenset("abc")) for _ in range(500)]
    expected = recent(events, now)
    for _ in range(5):
        draw.shuffle(events)
        assert recent(events, now) == expected


def test_equal_weights_stand_in_order_of_names():
    weights = {frozenset("bc"): 1.0, frozenset("ad"): 1.0, frozenset("z"): 2.0}
    assert in_order(weights) == [frozenset("z"), frozenset("ad"), frozenset("bc")]


def test_incidence_leaves_strangers_out():
    found = incidence([frozenset("xb"), frozenset(), frozenset("ba")], "ab")
    assert found.toarray().tolist() == [[0, 1], [0, 0], [1, 1]]


@given(left=SETS, right=SETS, rows=st.integers(1, 5))
def test_overlaps_and_covers_are_those_of_sets(left, right, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipient_sets, "ROWS_AT_ONCE", rows)
        pieces = list(overlaps(incidence(left, "abcdefgh"), incidence(right, "abcdefgh")))
        covered = covers(left, right)
    found = [triple for piece in pieces for triple in zip(*(part.tolist() for part in piece), strict=True)]
    assert found == [(i, j, len(a & b)) for i, a in enumerate(left) for j, b in enumerate(right) if a & b]
    assert [places.tolist() for places in covered] == [
        [j for j, b in enumerate(right) if 2 * len(a & b) >= len(a | b)] for a in left
    ]


@pytest.mark.parametrize(
    ("space", "audience", "covered"),
    [("abc", "abcdef", True), ("abc", "abcdefg", False), ("abcdef", "bcd", True), ("abcd", "cde", False)],
)
def test_half_in_common_covers_and_less_does_not(space, audience, covered):
    (found,) = covers([frozenset(space)], [frozenset(audience)])
    assert found.tolist() == [0] * covered


def test_nothing_covers_nothing():
    assert covers([], [frozenset("abc")]) == []
    (found,) = covers([frozenset("abc")], [])
    assert found.dtype == np.int64
    assert found.size == 0
