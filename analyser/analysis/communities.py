"""Communities of the interaction graph by Leiden, with their stability over seeds.

One partition is one throw of the dice: each community carries the mean Jaccard similarity to its best match in the
partitions of the other seeds.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import graspologic_native
import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CommunitiesThresholds", "communities"]


class CommunitiesThresholds(Thresholds):
    """How communities are found."""

    seeds: int = threshold(3, "Partitions that are compared", source="metrics.md section 5", ge=1)
    resolution: float = threshold(1.0, "Resolution of modularity: higher gives smaller communities", gt=0)
    iterations: int = threshold(3, "Leiden iterations; one is poor", source="stack.md, graph kernels", ge=1)


def communities(ties: pa.Table, limits: CommunitiesThresholds) -> pa.Table:
    """Rows of the table `communities`.

    Parameters
    ----------
    ties
        Columns `source`, `target` (actors), `weight` of internal people; direction is ignored, weights of both add up.

    Returns
    -------
    pa.Table
        `actor`, `community` (0 is the largest), `stability` (0 to 1).
    """
    actors = np.unique(np.concatenate([ties["source"].to_numpy(), ties["target"].to_numpy()]))
    if not len(actors):
        return _table(actors, np.zeros(0, np.int64), np.zeros(0))
    source = np.searchsorted(actors, ties["source"].to_numpy())
    target = np.searchsorted(actors, ties["target"].to_numpy())
    graph = sp.coo_array((ties["weight"].to_numpy(), (source, target)), shape=(len(actors), len(actors))).tocsr()
    graph = sp.csr_array(graph + graph.T)
    graph.setdiag(0)
    graph.eliminate_zeros()
    graph.sort_indices()
    # the kernel gives the lock of the interpreter free, so that partitions are made side by side
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        partitions = list(pool.map(lambda seed: _leiden(graph, limits, seed), range(limits.seeds)))
    first = partitions[0]
    return _table(actors, first, _stability(first, partitions[1:])[first])


def _table(actors: NDArray[np.int32], community: NDArray[np.int64], stability: NDArray[np.float64]) -> pa.Table:
    return pa.table(
        {
            "actor": pa.array(actors, pa.int32()),
            "community": pa.array(community, pa.int32()),
            "stability": pa.array(stability, pa.float64()),
        }
    )


def _leiden(graph: sp.csr_array, limits: CommunitiesThresholds, seed: int) -> NDArray[np.int64]:
    """Labels, the largest community first; equal sizes in order of their first member."""
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data.astype(np.float64),
        graph.shape[0],
        resolution=limits.resolution,
        iterations=limits.iterations,
        use_modularity=True,
        seed=seed,
    )
    labels = np.array([found[node] for node in range(graph.shape[0])], np.int64)
    _, first, inverse, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(size), np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(size))
    return rank[inverse]


def _stability(labels: NDArray[np.int64], others: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Per community: mean over the other partitions of the Jaccard similarity to its best match."""
    if not others:
        return np.ones(labels.max() + 1)
    size = np.bincount(labels)
    total = np.zeros(len(size))
    for other in others:
        both = sp.coo_array((np.ones(len(labels)), (labels, other))).tocsr()
        counts = sp.coo_array(both)
        row, column = counts.coords
        union = size[row] + np.bincount(other)[column] - counts.data
        best = np.zeros(len(size))
        np.maximum.at(best, row, counts.data / union)
        total += best
    return total / len(others)
