"""Constraint and shortest paths equal networkx, or plain counting of paths; bounds hold."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.brokerage import kernels

GRAPHS = {
    "karate": nx.karate_club_graph(),
    "sparse, with isolated nodes": nx.gnp_random_graph(40, 0.03, seed=1),
    "directed": nx.gnp_random_graph(30, 0.12, seed=2, directed=True),
    "star": nx.star_graph(6),
    "path": nx.path_graph(7),
    "two parts": nx.disjoint_union(nx.cycle_graph(5), nx.complete_graph(4)),
}


@pytest.fixture(params=GRAPHS)
def graph(request):
    return nx.convert_node_labels_to_integers(GRAPHS[request.param])


def weighted(graph, seed=0):
    rng = np.random.default_rng(seed)
    for _, _, data in graph.edges(data=True):
        data["weight"] = float(rng.integers(1, 9)) / 4
    return graph


# constraint


@pytest.mark.parametrize("by_weight", [False, True])
def test_constraint_is_that_of_networkx(graph, by_weight, csr):
    graph = weighted(graph.copy())
    if not by_weight:
        nx.set_edge_attributes(graph, 1.0, "weight")
    wanted = nx.constraint(graph, weight="weight")
    np.testing.assert_allclose(kernels.constraint(csr(graph)), [wanted[n] for n in sorted(graph)], atol=1e-9)


def test_self_loops_are_dropped(csr):
    graph = weighted(nx.karate_club_graph())
    wanted = kernels.constraint(csr(graph))
    graph.add_weighted_edges_from([(0, 0, 50.0), (5, 5, 1.0)])
    np.testing.assert_allclose(kernels.constraint(csr(graph)), wanted, atol=1e-12)


def test_isolated_nodes_have_no_constraint(csr):
    graph = nx.Graph([(0, 1)])
    graph.add_node(2)
    found = kernels.constraint(csr(graph))
    assert found[:2].tolist() == [1.0, 1.0]
    assert np.isnan(found[2])


def test_some_nodes_in_small_blocks_have_what_all_have(monkeypatch, csr):
    graph = csr(weighted(nx.gnp_random_graph(50, 0.2, seed=4)))
    every = kernels.constraint(graph)
    monkeypatch.setattr(kernels, "_ROWS", 7)
    asked = np.array([3, 49, 0, 17, 20, 21, 22, 8, 9])
    np.testing.assert_array_equal(kernels.constraint(graph, asked), every[asked])
    np.testing.assert_array_equal(kernels.constraint(graph), every)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.floats(0.1, 0.9), st.integers(0, 10**6))
def test_constraint_does_not_depend_on_the_order_of_nodes(size, density, seed):
    rng = np.random.default_rng(seed)
    weight = np.where(rng.random((size, size)) < density, rng.random((size, size)), 0)
    order = rng.permutation(size)
    one = kernels.constraint(sp.csr_array(weight))
    other = kernels.constraint(sp.csr_array(weight[order][:, order]))
    np.testing.assert_allclose(one[order], other, atol=1e-12)


# paths


def test_all_sources_give_betweenness(graph, csr):
    wanted = nx.betweenness_centrality(graph, normalized=False)
    factor = 1 if graph.is_directed() else 2  # networkx counts an undirected pair once
    found = kernels.dependencies(csr_of_ones(graph, csr), np.arange(len(graph)))
    np.testing.assert_allclose(found.passed, [factor * wanted[n] for n in sorted(graph)], atol=1e-9)
    assert found.pairs == sum(len(nx.descendants(graph, n)) for n in graph)


def test_some_sources_and_targets_give_the_subset(graph, csr):
    sources, targets = [0, 1, 2], [3, 4, 5, 6]
    targets = [t for t in targets if t in graph]
    wanted = nx.betweenness_centrality_subset(graph, sources, targets, normalized=False)
    factor = 1 if graph.is_directed() else 2
    mask = np.isin(np.arange(len(graph)), targets)
    found = kernels.dependencies(csr_of_ones(graph, csr), np.array(sources), mask)
    np.testing.assert_allclose(found.passed, [factor * wanted[n] for n in sorted(graph)], atol=1e-9)


def csr_of_ones(graph, csr):
    plain = csr(graph)
    plain.data[:] = 1.0
    return plain


def test_blocks_do_not_change_the_sum(monkeypatch, csr):
    graph = csr(nx.gnp_random_graph(40, 0.1, seed=5))
    every = kernels.dependencies(graph, np.arange(40))
    monkeypatch.setattr(kernels, "_BLOCK", 3)
    np.testing.assert_allclose(kernels.dependencies(graph, np.arange(40)).passed, every.passed, atol=1e-12)


@pytest.mark.parametrize("nodes", [[33], [33, 0], [2, 8], [10, 11]])
def test_share_through_counts_paths(nodes, csr):
    graph = nx.karate_club_graph()
    sources, targets = [3, 4, 5, 11], [15, 20, 22, 26, 33]
    shares = []
    for source in sources:
        for target in targets:
            paths = list(nx.all_shortest_paths(graph, source, target))
            shares.append(np.mean([bool(set(path[1:-1]) & set(nodes)) for path in paths]))
    mask = np.isin(np.arange(34), targets)
    found = kernels.share_through(csr_of_ones(graph, csr), np.array(sources), mask, np.array(nodes))
    assert found == pytest.approx(np.mean(shares), abs=1e-12)


def test_no_path_has_no_share(csr):
    graph = csr(nx.disjoint_union(nx.path_graph(3), nx.path_graph(3)))
    mask = np.arange(6) >= 3
    assert np.isnan(kernels.share_through(graph, np.array([0, 1]), mask, np.array([1])))
    assert kernels.dependencies(graph, np.array([0, 1]), mask).pairs == 0


# the bound


def test_all_sources_leave_no_error():
    assert kernels.error_bound(10, 10, 0.95) == 0
    assert kernels.error_bound(11, 10, 0.95) == 0
    assert 0 < kernels.error_bound(9, 10, 0.95) < kernels.error_bound(8, 10, 0.95)
    assert kernels.error_bound(0, 10, 0.95) == 1


def test_more_samples_and_less_confidence_narrow_the_bound():
    bounds = [kernels.error_bound(k, 10_000, 0.95) for k in (8, 32, 128, 512)]
    assert all(b < a for a, b in pairwise(bounds))
    assert kernels.error_bound(32, 10_000, 0.8) < bounds[1]


def test_sampled_shares_stay_within_the_bound_as_often_as_it_says():
    rng = np.random.default_rng(0)
    population = (rng.random(200) < 0.4).astype(float)
    bound = kernels.error_bound(32, 200, 0.9)
    off = [abs(rng.choice(population, 32, replace=False).mean() - population.mean()) > bound for _ in range(500)]
    assert np.mean(off) <= 0.1
