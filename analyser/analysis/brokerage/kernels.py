"""Graph kernels over CSR: Burt's constraint, and shortest-path dependencies after Brandes.

Both give a figure per person. They are means to facts about departments and links, and leave this package only as such.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Dependencies", "constraint", "dependencies", "error_bound", "share_through"]

_ROWS = 2048  # rows of the two-step product at a time: it is nearly dense
_BLOCK = 16  # sources that are followed side by side


def constraint(weight: sp.csr_array, nodes: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Burt's constraint of nodes.

    Parameters
    ----------
    weight
        `(n, n)` weights, directed or not; self-loops do not count.
    nodes
        `(k,)` nodes that are asked about; None for all.

    Returns
    -------
    NDArray
        `(k,)`; NaN for nodes without ties.

    Notes
    -----
    ``c_i = sum_j (p_ij + sum_q p_iq p_qj)^2`` over the neighbours `j` of `i`,
    ``p_ij = (a_ij + a_ji) / sum_k (a_ik + a_ki)``: R. Burt, *Structural holes and good ideas*, American Journal of
    Sociology 110 (2004), as in `networkx.constraint`.
    """
    mutual = sp.csr_array(weight + weight.T).astype(np.float64)
    mutual.setdiag(0)
    mutual.eliminate_zeros()
    total = np.asarray(mutual.sum(axis=1)).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    share = sp.csr_array(sp.diags_array(scale) @ mutual)
    tied = share.copy()
    tied.data[:] = 1.0
    asked = np.arange(share.shape[0]) if nodes is None else nodes
    result = np.empty(len(asked))
    for start in range(0, len(asked), _ROWS):
        rows = asked[start : start + _ROWS]
        both = share[rows] + (share[rows] @ share).multiply(tied[rows])
        result[start : start + _ROWS] = np.asarray(both.multiply(both).sum(axis=1)).ravel()
    result[total[asked] == 0] = np.nan
    return result


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What shortest paths from some sources pass.

    Parameters
    ----------
    passed
        `(n,)` sum over source and target of the share of their shortest paths that the node lies on, ends not counted.
    pairs
        Pairs of source and target that a path joins.
    """

    passed: NDArray[np.float64]
    pairs: int


def dependencies(
    graph: sp.csr_array, sources: NDArray[np.int64], targets: NDArray[np.bool_] | None = None
) -> Dependencies:
    """Dependencies of sources on every node, summed over the sources: betweenness if the sources are all nodes.

    Parameters
    ----------
    graph
        `(n, n)` unweighted, entry `(i, j)` for an edge from `i` to `j`.
    sources
        Nodes from which paths are followed.
    targets
        `(n,)` mask of nodes at which paths end; None for all.

    Notes
    -----
    U. Brandes, *A faster algorithm for betweenness centrality* (2001), with blocks of sources as columns of a matrix,
    so that a level of all of them is one sparse product. With `k` of `n` sources drawn, ``passed * n / k`` estimates
    the whole (Brandes & Pich, *Centrality estimation in large networks*, 2007); see `error_bound`.
    """
    size = graph.shape[0]
    ends = np.ones(size) if targets is None else targets.astype(np.float64)
    passed, pairs = np.zeros(size), 0
    for block in _blocks(sources):
        level, paths, _ = _follow(graph, block, targets)
        columns = np.arange(len(block))
        goal = np.where(level > 0, ends[:, None], 0.0)  # a source is no target of its own
        pairs += int(goal.sum())
        found = np.zeros_like(paths)
        inverse = np.divide(1.0, paths, out=np.zeros_like(paths), where=paths > 0)
        for depth in range(int(level.max()), 0, -1):
            share = np.where(level == depth, (goal + found) * inverse, 0.0)
            found += np.where(level == depth - 1, (graph @ share) * paths, 0.0)
        found[block, columns] = 0.0
        passed += found.sum(axis=1)
    return Dependencies(passed, pairs)


def share_through(
    graph: sp.csr_array, sources: NDArray[np.int64], targets: NDArray[np.bool_], nodes: NDArray[np.int64]
) -> float:
    """Share of the shortest paths from sources to targets that pass at least one of these nodes, ends not counted.

    Every pair of source and target weighs the same. NaN if no path joins any pair.
    """
    total, avoiding = 0, 0.0
    for block in _blocks(sources):
        level, paths, free = _follow(graph, block, targets, nodes)
        goal = (level > 0) & targets[:, None]
        total += int(goal.sum())
        avoiding += float((free[goal] / paths[goal]).sum())
    return 1.0 - avoiding / total if total else math.nan


def error_bound(samples: int, population: int, confidence: float) -> float:
    """Half-width of a share that was estimated from sampled sources, 0 if all were taken.

    ``sqrt(ln(2 / (1 - confidence)) / (2 k)) * sqrt(1 - (k - 1) / n)``: Hoeffding's inequality for `k` draws without
    replacement out of `n`, in Serfling's form (Annals of Statistics 2, 1974).
    """
    if samples >= population or samples < 1:
        return 0.0 if samples else 1.0
    bound = math.sqrt(math.log(2 / (1 - confidence)) / (2 * samples) * (1 - (samples - 1) / population))
    return min(1.0, bound)


def _blocks(sources: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(sources), _BLOCK):
        yield sources[start : start + _BLOCK]


def _follow(
    graph: sp.csr_array,
    sources: NDArray[np.int64],
    targets: NDArray[np.bool_] | None = None,
    closed: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Distance (-1 if unreachable) and number of shortest paths from each source, a column each; nobody beyond the
    farthest target is looked at.

    Returns
    -------
    level, paths, free
        `free` counts only paths that do not pass the closed nodes, at the distances of all paths.
    """
    back = sp.csr_array(graph.T)
    columns = np.arange(len(sources))
    level = np.full((graph.shape[0], len(sources)), -1, np.int32)
    paths = np.zeros(level.shape)
    level[sources, columns] = 0
    paths[sources, columns] = 1.0
    step, open_step = paths.copy(), paths.copy()
    free = paths.copy()
    depth = 0
    while step.any() and (targets is None or (level[targets] < 0).any()):
        depth += 1
        unseen = level < 0
        step = np.where(unseen, back @ step, 0.0)
        level[step > 0] = depth
        paths += step
        if closed is not None:
            open_step = np.where(unseen, back @ open_step, 0.0)
            free += open_step
            open_step[closed] = 0.0
    return level, paths, free if closed is not None else paths
