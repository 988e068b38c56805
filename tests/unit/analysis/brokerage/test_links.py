"""Densities against two expectations, and on how many people a link rests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.brokerage import links


def test_by_size_is_in_proportion_to_possible_pairs():
    ties = np.array([[9, 4, 0], [4, 9, 2], [0, 2, 9]], float)
    found = links.by_size(np.array([2, 3, 5]), ties)
    assert found.sum() == pytest.approx(12)
    assert found[0, 1] / found[1, 2] == pytest.approx(6 / 15)
    assert np.diag(found).tolist() == [0, 0, 0]


@settings(max_examples=50, deadline=None)
@given(st.integers(3, 6), st.integers(0, 10**6))
def test_by_openness_keeps_what_each_sends_and_takes(size, seed):
    ties = np.random.default_rng(seed).integers(1, 20, (size, size)).astype(float)
    np.fill_diagonal(ties, 0)
    # a department with more than half of all links has no such table
    ends = ties.sum(axis=0) + ties.sum(axis=1)
    found = links.by_openness(ties)
    assert np.diag(found).tolist() == [0] * size
    if (ends < 0.45 * ends.sum()).all():
        np.testing.assert_allclose(found.sum(axis=1), ties.sum(axis=1), rtol=1e-3)
        np.testing.assert_allclose(found.sum(axis=0), ties.sum(axis=0), rtol=1e-3)


def test_by_openness_gives_back_a_table_without_preference():
    out, taken = np.array([1.0, 2, 3, 4]), np.array([4.0, 2, 2, 1])
    ties = np.outer(out, taken)
    np.fill_diagonal(ties, 0)
    np.testing.assert_allclose(links.by_openness(ties), ties, rtol=1e-6)


def test_a_department_without_links_expects_none():
    ties = np.array([[0, 5, 0], [5, 0, 0], [0, 0, 0]], float)
    np.testing.assert_allclose(links.by_openness(ties), ties)
    assert links.by_size(np.array([3]), np.array([[7.0]])).tolist() == [[0]]


def plain_carried(ties):
    """People and share of the two strongest, by the definition."""
    own = {}
    for one, other, weight in ties:
        for end in (one, other):
            own[end] = own.get(end, 0) + weight
    two = sorted(own, key=lambda person: (-own[person], person))[:2]
    touched = sum(weight for one, other, weight in ties if one in two or other in two)
    return len(own), touched / sum(weight for *_, weight in ties)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(5, 9), st.integers(1, 6)), min_size=1))
def test_carried_is_what_counting_finds(rows):
    link, one, other, weight = (np.array(column) for column in zip(*rows, strict=True))
    people, share = links.carried(link, one, other, weight.astype(float), 3)
    for which in range(3):
        own = [row[1:] for row in rows if row[0] == which]
        wanted = plain_carried(own) if own else (0, 0)
        assert (people[which], share[which]) == (wanted[0], pytest.approx(wanted[1]))


def test_a_link_on_two_people_and_one_on_many(network, organisation):
    made = organisation(across=0, Legal_Sales=16)
    finance, production = made.members("Finance"), made.members("Production")
    made.ties += [(finance[0], other) for other in production] + [(one, production[0]) for one in finance[1:]]
    found = {
        (r["from_department"], r["to_department"]): r for r in links.links(network(made.ties, made.homes)).to_pylist()
    }
    assert found["Finance", "Production"]["strongest_two_share"] == 1
    assert found["Finance", "Production"]["carriers"] == 16
    assert found["Legal", "Sales"]["strongest_two_share"] < 0.5


def test_density_is_directed_and_the_diagonal_left_out(network):
    homes = {0: "A", 1: "A", 2: "B", 3: "B", 4: "B"}
    found = links.links(network([(0, 2), (0, 3), (1, 2), (4, 0), (0, 1)], homes)).to_pylist()
    rows = {(r["from_department"], r["to_department"]): r for r in found}
    assert rows.keys() == {("A", "B"), ("B", "A")}
    assert (rows["A", "B"]["ties"], rows["B", "A"]["ties"]) == (3, 1)
    assert rows["A", "B"]["density"] == pytest.approx(3 / 6)
    assert rows["B", "A"]["density"] == pytest.approx(1 / 6)
    assert (rows["A", "B"]["from_people"], rows["A", "B"]["to_people"]) == (2, 3)
    assert rows["A", "B"]["weight"] == 12
    for row in found:
        assert row["density_by_size"] == pytest.approx(4 / 12)
    assert rows["A", "B"]["density_by_openness"] == pytest.approx(3 / 6)


def test_no_ties_no_links(network):
    assert links.links(network([], {})).num_rows == 0
    assert links.links(network([(0, 1)], {0: "A", 1: "A"})).num_rows == 0
