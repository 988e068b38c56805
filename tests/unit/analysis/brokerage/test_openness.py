"""E-I index, its expectation over all permutations, percentiles, and what a department's ties bridge."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.brokerage import BrokerageThresholds, openness


@st.composite
def labelled(draw, largest=6):
    """A small weighted graph whose nodes bear labels, every label at least once."""
    people = draw(st.integers(3, largest))
    groups = draw(st.integers(2, min(3, people)))
    rest = draw(st.lists(st.integers(0, groups - 1), min_size=people - groups, max_size=people - groups))
    label = np.array([*range(groups), *rest])
    pairs = [(i, j) for i in range(people) for j in range(i)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1))
    weight = draw(st.lists(st.floats(0.1, 9), min_size=len(chosen), max_size=len(chosen)))
    one, other = np.array(chosen).T
    return label, one, other, np.array(weight), groups


@settings(deadline=None)
@given(labelled(largest=12))
def test_the_index_lies_between_closed_and_open(graph):
    counted = openness.count(*graph)
    index = openness.ei(counted)
    known = index[~np.isnan(index)]
    assert ((known >= -1) & (known <= 1)).all()
    assert (np.isnan(index) == (counted.inside + counted.outside == 0)).all()
    # each tie is inside one group, or outside two
    assert counted.inside.sum() + counted.outside.sum() / 2 == pytest.approx(graph[3].sum())


@settings(max_examples=30, deadline=None)
@given(labelled())
def test_expected_ties_are_the_mean_of_all_permutations(graph):
    label, one, other, weight, groups = graph
    dealt = [openness.count(np.array(p), one, other, weight, groups) for p in permutations(label)]
    wanted = openness.expected_ties(np.bincount(label), weight.sum())
    np.testing.assert_allclose(wanted.inside, np.mean([d.inside for d in dealt], axis=0), atol=1e-9)
    np.testing.assert_allclose(wanted.outside, np.mean([d.outside for d in dealt], axis=0), atol=1e-9)


def test_the_expected_index_is_close_to_the_mean_index_of_permutations():
    rng = np.random.default_rng(1)
    label = np.repeat([0, 1, 2], [10, 20, 30])
    one, other = np.array([rng.choice(60, 2, replace=False) for _ in range(400)]).T
    ones = np.ones(400)
    mean = np.mean(
        [openness.ei(openness.count(rng.permutation(label), one, other, ones, 3)) for _ in range(3000)], axis=0
    )
    np.testing.assert_allclose(openness.expected_ei(np.array([10, 20, 30])), mean, atol=0.005)


def test_by_hand():
    # 0-1 inside A, 1-2 and 0-3 outside, 2-3 and 3-4 inside B
    one, other = np.array([0, 1, 0, 2, 3]), np.array([1, 2, 3, 3, 4])
    counted = openness.count(np.array([0, 0, 1, 1, 1]), one, other, np.ones(5), 2)
    assert (counted.inside.tolist(), counted.outside.tolist()) == ([1, 2], [2, 2])
    assert openness.ei(counted).tolist() == [pytest.approx(1 / 3), 0]
    # A: 2 * 2 * 3 pairs of ends outside, 2 * 1 inside
    assert openness.expected_ei(np.array([2, 3]))[0] == pytest.approx((12 - 2) / (12 + 2))


def test_a_closed_department_is_at_the_bottom_and_an_open_one_at_the_top():
    label = np.repeat([0, 1, 2], 8)
    closed = [(i, j) for i in range(8) for j in range(i)]
    open_ = [(8 + i, 16 + j) for i in range(8) for j in range(8)]
    one, other = np.array(closed + open_).T
    ties = (one, other, np.linspace(1, 2, len(one)))
    plain, weighted = openness.percentiles(label, ties, 3, BrokerageThresholds())
    assert plain[0] == weighted[0] == 0
    assert min(plain[1], plain[2], weighted[1], weighted[2]) >= 99


def test_where_all_permutations_are_alike_the_percentile_is_the_middle():
    one, other = np.array([(i, j) for i in range(6) for j in range(i)]).T
    ties = (one, other, np.full(len(one), 0.1))
    for found in openness.percentiles(np.repeat([0, 1], 3), ties, 2, BrokerageThresholds()):
        assert found.tolist() == [50, 50]


def test_a_department_without_ties_has_no_percentile():
    ties = (np.array([0]), np.array([1]), np.ones(1))
    plain, _ = openness.percentiles(np.array([0, 0, 1]), ties, 2, BrokerageThresholds())
    assert np.isnan(plain[1])
    assert not np.isnan(plain[0])


# the table


def test_rows_of_departments(network, organisation):
    made = organisation(across=4)
    found = {row["department"]: row for row in openness.openness(*of(network, made)).to_pylist()}
    assert list(found) == ["Finance", "Legal", "Production", "Sales"]
    for row in found.values():
        assert (row["people"], row["ties_inside"], row["ties_outside"]) == (8, 28, 12)
        assert row["ei"] == pytest.approx((12 - 28) / 40)
        assert row["ei_expected"] == pytest.approx((2 * 8 * 24 - 8 * 7) / (2 * 8 * 24 + 8 * 7))
        assert row["ei_excess"] == pytest.approx(row["ei"] - row["ei_expected"])
        assert row["ei_percentile"] == 0
        assert 1 <= row["path_half"] <= 8
    assert sum(row["path_share"] for row in found.values()) == pytest.approx(1)
    assert sum(row["people_share"] for row in found.values()) == pytest.approx(1)


def of(network, made, **limits):
    return network(made.ties, made.homes, **limits), BrokerageThresholds(**limits)


def test_weights_count_where_ties_do_not(network, organisation):
    made = organisation(across=4)
    loud = [(*tie, 400 if made.homes[tie[0]] == made.homes[tie[1]] == "Sales" else 4) for tie in made.ties]
    rows = {r["department"]: r for r in openness.openness(network(loud, made.homes), BrokerageThresholds()).to_pylist()}
    assert rows["Sales"]["ei"] == rows["Legal"]["ei"]
    assert rows["Sales"]["weighted_ei"] < -0.9 < rows["Legal"]["weighted_ei"] == pytest.approx(-0.4)


def test_a_broker_department_lies_on_the_paths(network, organisation):
    apart = {"Finance_Legal": 0, "Finance_Sales": 0, "Legal_Sales": 0}
    made = organisation(across=8, **apart)
    rows = {r["department"]: r for r in openness.openness(*of(network, made)).to_pylist()}
    assert rows["Production"]["path_share"] > 2 * rows["Production"]["people_share"]
    assert max(rows[d]["path_share"] for d in ("Finance", "Legal", "Sales")) < rows["Production"]["path_share"]


def test_half_of_the_paths_rests_on_one(network):
    ties = [(0, i) for i in range(1, 6)] + [(5, 6), (6, 7)]
    homes = dict.fromkeys(range(6), "Hub") | dict.fromkeys((6, 7), "Rim")
    rows = {r["department"]: r for r in openness.openness(network(ties, homes), BrokerageThresholds()).to_pylist()}
    assert rows["Hub"]["path_half"] == 1


def test_people_of_unknown_department_are_nobodys_inside_or_outside(network, organisation):
    made = organisation(across=4)
    before = openness.openness(*of(network, made))
    made.ties += [(0, 90), (9, 90), (90, 91)]
    made.homes |= {90: None, 91: None}
    after = openness.openness(*of(network, made))
    for name in ("ties_inside", "ties_outside", "ei", "ei_expected", "weighted_ei"):
        assert after[name].to_pylist() == before[name].to_pylist()


def test_the_same_seed_gives_the_same_table_and_another_may_not(network, organisation):
    made = organisation(size=30, across=100)
    one, two = (openness.openness(*of(network, made)) for _ in range(2))
    assert one.equals(two)
    other = openness.openness(*of(network, made, seed=9))
    assert other["path_share"].to_pylist() != one["path_share"].to_pylist()
    assert other["ei"].equals(one["ei"])


def test_nobody_gives_an_empty_table(network):
    assert openness.openness(network([], {}), BrokerageThresholds()).num_rows == 0
