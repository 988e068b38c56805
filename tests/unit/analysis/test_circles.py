"""Circles come out as planted, although hardly a message names all of their people."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analyser.analysis.audiences import circles, similarity


def family(groups, messages, seed, people=40, noise=1):
    """Recipient sets of groups, each message with up to `noise` people dropped and one added."""
    random = np.random.default_rng(seed)
    sets = []
    for group in groups:
        for _ in range(messages):
            drop = random.choice(group, random.integers(0, noise + 1), replace=False)
            add = random.integers(0, people, random.integers(0, 2))
            sets.append(sorted(set(group) - set(drop.tolist()) | set(add.tolist())))
    rows = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
    columns = np.array([member for s in sets for member in s])
    return similarity.incidence(rows, columns, (len(sets), people)), np.ones(len(sets))


@pytest.mark.parametrize("seed", range(4))
def test_planted_groups_are_the_first_circles(seed):
    groups = [[0, 1, 2, 3, 4, 5, 6], [10, 11, 12, 13, 14], [20, 21, 22, 23, 24, 25, 26, 27]]
    sets, weight = family(groups, 15, seed)
    found = circles.mine(sets, weight, circles.CirclesThresholds())[:3]
    assert sorted(sorted(c.people.tolist()) for c in found) == sorted(groups)


def test_gains_fall_and_a_set_counts_once():
    sets, weight = family([[0, 1, 2, 3, 4], [0, 1, 2, 3, 5, 6]], 10, 1)
    found = circles.mine(sets, weight, circles.CirclesThresholds(min_messages=1))
    gains = [c.gain for c in found]
    # growing may lift a later circle a little above the exact set that an earlier one beat, never by much
    assert all(later <= earlier * 1.1 for earlier, later in itertools.pairwise(gains))
    assert sum(gains) <= weight.sum() * 1.001


def test_limits_on_size_hold():
    sets, weight = family([list(range(20))], 10, 2)
    limits = circles.CirclesThresholds(max_people=12)
    assert all(3 <= len(c.people) <= 20 for c in circles.mine(sets, weight, limits))


def test_no_sets_no_circles():
    empty = similarity.incidence(np.zeros(0, np.int64), np.zeros(0, np.int64), (0, 3))
    assert circles.mine(empty, np.zeros(0), circles.CirclesThresholds()) == []


def test_degree_rises_from_nothing_to_one():
    limits = circles.CirclesThresholds()
    degrees = circles.degree(np.array([0.0, 0.3, 0.5, 0.7, 1.0]), limits)
    assert degrees[0] == degrees[1] == 0.0
    assert degrees[2] == pytest.approx(0.5)
    assert degrees[4] == pytest.approx(1.0, abs=1e-4)
    assert (np.diff(degrees) >= 0).all()


def test_home_share_counts_the_commonest_department_and_not_the_unknown():
    sets = similarity.incidence(np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 2, 3]), (2, 4))
    assert circles.home_share(sets, np.array([5, 5, 1, -1])) == pytest.approx([2 / 3, 1 / 2])


def test_each_set_belongs_to_the_circle_that_it_resembles_most():
    sets = similarity.incidence(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 3, 4, 5]), (3, 6))
    chosen = [
        circles.Circle(np.array([0, 1]), 1.0, np.array([0])),
        circles.Circle(np.array([0, 1, 2]), 1.0, np.array([0])),
        circles.Circle(np.array([3, 4]), 1.0, np.array([1])),
    ]
    assert circles.owners(sets, chosen).tolist() == [1, 2, -1]
