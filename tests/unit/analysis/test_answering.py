"""Those who answer grow into teams by what they are asked about, and by whom they are asked with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analyser.analysis.audiences.answering import AnsweringThresholds, affinity, teams

LIMITS = AnsweringThresholds()


def team_of(words, joint=(), limits=LIMITS):
    """Numbers of teams; each ask bears one word, and `joint` lists (one, other, asks)."""
    words = np.asarray(words, np.float64)
    together = np.zeros((len(words), len(words)))
    for one, other, asks in joint:
        together[one, other] = together[other, one] = asks
    return teams(words, words.sum(axis=1), together, limits).tolist()


# affinity


def test_affinity_is_bhattacharyya_s_coefficient_and_the_bias_of_counts():
    words = np.array([[9.0, 1, 0], [4, 0, 4]])
    mentions = np.array([10.0, 8])
    plain = np.sqrt(0.9 * 0.5)
    assert affinity(words, mentions)[0, 1] == pytest.approx(plain + 2 / 8 * (1 / 10 + 1 / 8))
    assert affinity(words, mentions)[0, 0] == pytest.approx(1 + 1 / 8 * 2 / 10)


def test_samples_of_one_distribution_have_an_affinity_of_one_on_average():
    dice = np.random.default_rng(1)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    one, other = dice.multinomial(60, shares, 2000), dice.multinomial(25, shares, 2000)
    found = [affinity(np.array([a, b], float), np.array([60.0, 25.0]))[0, 1] for a, b in zip(one, other, strict=True)]
    assert np.mean(found) == pytest.approx(1, abs=0.005)
    plain = np.sqrt(one / 60 * other / 25).sum(axis=1).mean()
    assert plain < 0.99


@given(arrays.arrays(np.float64, (4, 3), elements=st.integers(1, 30).map(float)), st.integers(0, 3))
def test_affinity_is_symmetric_and_a_slice_of_it_is_its_rows(words, row):
    mentions = words.sum(axis=1)
    whole = affinity(words, mentions)
    assert whole == pytest.approx(whole.T)
    assert affinity(words, mentions, slice(row, row + 1)) == pytest.approx(whole[row : row + 1])


# words


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([[50, 50], [50, 50]], [0, 0]),
        ([[100, 0], [0, 100]], [0, 1]),
        ([[40, 60, 0], [60, 40, 0], [0, 0, 30]], [0, 0, 1]),
    ],
    ids=["the same", "nothing in common", "two alike and another"],
)
def test_who_is_asked_about_the_same_is_a_team(words, found):
    assert team_of(words) == found


@pytest.mark.parametrize(("share", "one"), [(66, True), (64, False)])
def test_words_are_alike_from_the_threshold_on(share, one):
    """An affinity of sqrt(0.81) = 0.9 lies at a share of 81 hundredths of the one with a single word."""
    limit = round(float(np.sqrt(0.65)), 3)
    found = team_of([[100_000, 0], [1000 * share, 1000 * (100 - share)]], limits=AnsweringThresholds(alike=limit))
    assert (found == [0, 0]) == one


def test_a_small_answerer_is_not_told_from_a_large_one_by_chance_alone():
    assert team_of([[100, 100, 100, 100], [2, 1, 1, 0]]) == [0, 0]
    assert team_of([[100, 100, 0, 0], [0, 0, 3, 3]]) == [0, 1]


# joint asks


@pytest.mark.parametrize(("asks", "one"), [(5, True), (4, False)])
def test_who_is_asked_together_is_a_team_whatever_they_are_asked_about(asks, one):
    assert (team_of([[50, 0], [0, 50]], [(0, 1, asks)]) == [0, 0]) == one


@pytest.mark.parametrize(("asks", "one"), [(20, True), (19, False)])
def test_a_few_joint_asks_of_many_are_no_team(asks, one):
    assert (team_of([[400, 0], [0, 900]], [(0, 1, asks)]) == [0, 0]) == one


def test_joint_asks_below_chance_do_not_join_two_teams():
    """Two pairs that are asked together all the time, and one of each now and then."""
    words = [[100, 0], [100, 0], [0, 100], [0, 100]]
    joint = [(0, 1, 60), (2, 3, 60), (1, 2, 6)]
    assert team_of(words, joint) == [0, 0, 1, 1]


def test_a_shared_mailbox_joins_all_who_answer_for_it():
    words = [[90, 90, 90], [90, 0, 0], [0, 90, 0], [0, 0, 90]]
    assert team_of(words, [(0, n, 90) for n in (1, 2, 3)]) == [0, 0, 0, 0]
    assert len(set(team_of(words[1:]))) == 3


@pytest.mark.parametrize(
    ("joint", "found"),
    [
        ([], [0, 0, 0]),
        ([(0, 1, 40)], [0, 0, 1]),
        ([(0, 1, 40), (1, 2, 40)], [0, 0, 0]),
    ],
    ids=["nobody copies anybody", "two copy one another only", "all copy one another"],
)
def test_teams_with_the_same_words_stay_two_if_they_copy_their_own_only(joint, found):
    assert team_of([[100, 100]] * 3, joint) == found


@pytest.mark.parametrize(("between", "apart"), [(3, True), (6, False)])
def test_apart_are_teams_with_far_fewer_joint_asks_than_one_team_would_have(between, apart):
    """Three of a hundred asks each; of 20 joint asks 2 * 20 * 2 / 9 = 9 would lie between two and one."""
    found = team_of([[100, 100]] * 3, [(0, 1, 20), (1, 2, between)], AnsweringThresholds(apart=0.45, together=0.5))
    assert (found == [0, 0, 1]) == apart


def test_too_few_expected_joint_asks_part_nobody():
    assert team_of([[100, 100]] * 3, [(0, 1, 5)]) == [0, 0, 0]


# the whole


@given(st.integers(0, 10_000))
def test_teams_do_not_depend_on_the_order_of_answerers(seed):
    dice = np.random.default_rng(seed)
    profiles = dice.dirichlet([0.3] * 6, 3)
    kind = dice.integers(0, 3, 8)
    words = np.array([dice.multinomial(80, profiles[k]) for k in kind], np.float64)
    joint = np.triu(dice.poisson(3, (8, 8)) * (kind[:, None] == kind[None, :]), 1).astype(np.float64)
    joint += joint.T
    order = dice.permutation(8)
    one = teams(words, words.sum(axis=1), joint, LIMITS)
    other = teams(words[order], words[order].sum(axis=1), joint[np.ix_(order, order)], LIMITS)
    same = one[order]
    assert ((same[:, None] == same[None, :]) == (other[:, None] == other[None, :])).all()
    assert one[0] == 0
    assert set(one.tolist()) == set(range(one.max() + 1))


def test_planted_teams_are_found_again():
    dice = np.random.default_rng(7)
    planted = [[0, 0, 0, 1, 1, 2], [[5, 5, 5, 0, 0], [5, 0, 0, 5, 0], [0, 0, 0, 1, 9]]]
    words = np.array([dice.multinomial(120, np.array(planted[1][k]) / sum(planted[1][k])) for k in planted[0]], float)
    assert teams(words, words.sum(axis=1), np.zeros((6, 6)), LIMITS).tolist() == planted[0]


def test_one_answerer_is_a_team():
    assert team_of([[9]]) == [0]
