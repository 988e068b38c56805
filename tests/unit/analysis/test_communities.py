"""Communities: planted blocks, sizes in order, stability, and modularity no worse than networkx's."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest

from analyser.analysis import communities


def ties(graph):
    edges = list(graph.edges(data="weight", default=1.0))
    return pa.table(
        {
            "source": pa.array([e[0] for e in edges], pa.int32()),
            "target": pa.array([e[1] for e in edges], pa.int32()),
            "weight": pa.array([float(e[2]) for e in edges]),
        }
    )


@pytest.fixture(scope="module")
def blocks():
    return nx.planted_partition_graph(4, 20, 0.5, 0.02, seed=1)


def test_planted_blocks(blocks):
    found = communities.communities(ties(blocks), communities.CommunitiesThresholds()).to_pylist()
    by_block = [{row["community"] for row in found if row["actor"] // 20 == b} for b in range(4)]
    assert all(len(labels) == 1 for labels in by_block)
    assert len(set.union(*by_block)) == 4
    assert all(row["stability"] == pytest.approx(1.0) for row in found)


def test_modularity_is_no_worse_than_louvain(blocks):
    found = communities.communities(ties(blocks), communities.CommunitiesThresholds()).to_pylist()
    groups = {}
    for row in found:
        groups.setdefault(row["community"], set()).add(row["actor"])
    ours = nx.community.modularity(blocks, groups.values())
    assert ours >= nx.community.modularity(blocks, nx.community.louvain_communities(blocks, seed=1)) - 1e-9


def test_the_same_seed_gives_the_same_labels_and_the_largest_is_first(blocks):
    one, two = (communities.communities(ties(blocks), communities.CommunitiesThresholds()) for _ in range(2))
    assert one.equals(two)
    size = np.bincount(one["community"].to_numpy())
    assert (np.diff(size) <= 0).all()


def test_no_ties_no_communities():
    empty = ties(nx.Graph())
    assert communities.communities(empty, communities.CommunitiesThresholds()).num_rows == 0
