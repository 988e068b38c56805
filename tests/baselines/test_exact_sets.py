"""Greedy maximum coverage of exact sets: by definition, and the same as the script that judges proposals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from baselines.exact_sets import choose, spaces
from baselines.recipient_sets import recent

NOW = datetime(2026, 3, 2, tzinfo=UTC)
# ages of whole half-lives make every weight and every sum of them exact, so that equal gains are equal
EVENTS = st.lists(
    st.tuples(
        st.integers(-1, 6).map(lambda lives: NOW - timedelta(days=45 * lives)),
        st.frozensets(st.sampled_from("abcdefgh"), min_size=1),
    ),
    max_size=25,
)


def covered(space, weights):
    return {other for other in weights if 2 * len(space & other) >= len(space | other)}


@given(events=EVENTS, most=st.integers(0, 8))
def test_each_has_the_largest_gain_at_its_turn(events, most):
    weights = recent(events, NOW)
    found = spaces(events, NOW, most)
    done = set()

    def gain(space):
        return sum(weights[other] for other in covered(space, weights) - done)

    for space in found:
        assert gain(space) == max(map(gain, weights)) > 0
        done |= covered(space, weights)
    assert len(found) == most or not any(map(gain, weights))


@given(events=EVENTS, most=st.integers(0, 8))
def test_the_same_as_the_judge(judge, events, most):
    assert spaces(events, NOW, most) == judge.greedy(recent(events, NOW), most)


def test_a_set_that_is_covered_already_comes_later(mail, now):
    events = mail(*[(1, "abcd")] * 3, *[(1, "abce")] * 2, (1, "xyz"))
    assert spaces(events, now, 2) == [frozenset("abcd"), frozenset("xyz")]


def test_recent_mail_wins_over_much_old_mail(mail, now):
    events = mail(*[(400, "abc")] * 50, (1, "xyz"))
    assert spaces(events, now, 2) == [frozenset("xyz"), frozenset("abc")]


def test_gains_within_the_tolerance_are_equal():
    weights = {frozenset("abc"): 1.0, frozenset("xyz"): 1.0 + 1e-10}
    assert choose(weights, 2) == [frozenset("xyz"), frozenset("abc")]
    assert choose(dict.fromkeys(weights, 1.0), 1) == [frozenset("abc")]


def test_weights_of_nothing_choose_nothing():
    assert choose({}, 5) == []
    assert choose({frozenset("abc"): 0.0}, 5) == []
