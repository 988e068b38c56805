"""Circles come out as planted, although hardly a message names all of their people."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp

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


def served(sets, weight, people, limits):
    """Weight that a circle serves, set by set."""
    rows = [set(sets.indices[sets.indptr[i] : sets.indptr[i + 1]].tolist()) for i in range(sets.shape[0])]
    similar = np.array([len(row & people) / len(row | people) for row in rows])
    return float(weight @ circles.degree(similar, limits))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [(3, 60), (4, 5)])
def test_growing_takes_the_steps_that_trying_every_person_takes(seed, size):
    random = np.random.default_rng(seed)
    sets, weight = family([[0, 1, 2, 3, 4, 5, 6], [4, 5, 6, 7, 8, 9]], 12, seed, people=15, noise=2)
    weight = weight * random.uniform(0.5, 2, len(weight))
    limits = circles.CirclesThresholds(min_people=size[0], max_people=size[1])
    for start in range(0, sets.shape[0], 5):
        people = set(sets.indices[sets.indptr[start] : sets.indptr[start + 1]].tolist())
        got = circles._grow(sets, sp.csr_array(sets.T), weight, np.array(sorted(people)), limits)
        heard = np.zeros_like(weight)
        heard[got.near] = weight[got.near]
        # nobody but the people of the sets that have a say can be worth a step
        able = set(sets[got.near].indices.tolist()) | people
        gain = served(sets, heard, people, limits)
        while True:
            steps = [people ^ {p} for p in sorted(able)]
            steps = [s for s in steps if (len(s) <= size[1] if len(s) > len(people) else len(s) >= size[0])]
            gains = [served(sets, heard, s, limits) for s in steps]
            if not gains or max(gains) <= gain * 1.001:
                break
            gain, people = max(gains), steps[int(np.argmax(gains))]
        assert set(got.people.tolist()) == people
        assert got.gain == pytest.approx(gain, abs=1e-8)


def test_only_sets_that_share_a_quarter_and_have_weight_left_have_a_say():
    rows = [[0, 1, 2, 3], [3, 4, 5, 6], [0, 7, 8, 9, 10], [0, 1, 2, 11], [20, 21]]
    sets = similarity.incidence(np.repeat(np.arange(5), [len(r) for r in rows]), np.concatenate(rows), (5, 22))
    left = np.array([1.0, 1.0, 1.0, 0.0, 1.0])
    grown = circles._grow(sets, sp.csr_array(sets.T), left, np.array(rows[0]), circles.CirclesThresholds())
    assert grown.near.tolist() == [0, 1]


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
