"""How far a department turns outwards: the E-I index against its expectation from sizes, and what its ties bridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analyser.analysis.brokerage.kernels import constraint, dependencies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyser.analysis.brokerage.talk import Talk
    from analyser.analysis.brokerage.thresholds import BrokerageThresholds

__all__ = ["Counted", "count", "ei", "expected_ei", "expected_ties", "openness", "percentiles"]


@dataclass(frozen=True, slots=True)
class Counted:
    """Ties of each group: `inside` between two of its members, `outside` with exactly one; each tie once."""

    inside: NDArray[np.float64]
    outside: NDArray[np.float64]


def count(
    label: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64], weight: NDArray[np.float64], groups: int
) -> Counted:
    """Ties of each group.

    Parameters
    ----------
    label
        `(n,)` group of each node.
    one, other, weight
        `(m,)` ends and weight of each undirected tie.
    """
    first, second = label[one], label[other]
    same = first == second
    ends = np.bincount(first, weight, groups) + np.bincount(second, weight, groups)
    return _counted(np.bincount(first[same], weight[same], groups), ends)


def _counted(inside: NDArray[Any], ends: NDArray[Any]) -> Counted:
    """From ties inside and ends of ties: a tie inside has two of them."""
    return Counted(np.asarray(inside, np.float64), np.asarray(ends - 2 * inside, np.float64))


def ei(counted: Counted) -> NDArray[np.float64]:
    """E-I index ``(E - I) / (E + I)``, -1 closed to +1 open; NaN without ties.

    Krackhardt & Stern, *Informal networks and organizational crises*, Social Psychology Quarterly 51 (1988).
    """
    total = counted.inside + counted.outside
    difference = counted.outside - counted.inside
    index = np.divide(difference, total, out=np.full_like(total, np.nan), where=total > 0)
    return np.clip(index, -1.0, 1.0)


def expected_ties(sizes: NDArray[np.int64], total: float) -> Counted:
    """Mean ties of each group over all ways to deal the labels over the nodes, sizes kept, graph fixed.

    A tie of two nodes falls inside a group of `n` out of `N` with probability ``n (n - 1) / (N (N - 1))``, and has one
    end in it with ``2 n (N - n) / (N (N - 1))``: exact, whatever the graph.

    Parameters
    ----------
    total
        Ties, or their weight, in the whole graph.
    """
    people = float(sizes.sum())
    possible = people * (people - 1)
    if not possible:
        return Counted(np.zeros(len(sizes)), np.zeros(len(sizes)))
    inside = total * sizes * (sizes - 1) / possible
    return Counted(
        np.asarray(inside, np.float64), np.asarray(total * 2 * sizes * (people - sizes) / possible, np.float64)
    )


def expected_ei(sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """E-I index of the expected ties.

    The mean of the ratio itself has no closed form; it differs from this by a term of the order of one over the
    department's ties. The index follows from sizes alone, and is the same for ties and for their weights.
    """
    return ei(expected_ties(sizes, 1.0))


def percentiles(
    label: NDArray[np.int64],
    ties: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    groups: int,
    limits: BrokerageThresholds,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place of each group's E-I index among those of permuted labels, 0 to 100: of plain ties, of weighted ties.

    Equal values count half. A group without ties has NaN.
    """
    one, other, weight = ties
    plain = np.ones(len(weight))
    seen = ei(count(label, one, other, plain, groups)), ei(count(label, one, other, weight, groups))
    degree = tuple(np.bincount(one, w, len(label)) + np.bincount(other, w, len(label)) for w in (plain, weight))
    rng = np.random.default_rng(limits.seed)
    small = label.astype(np.int32)
    below = np.zeros((2, groups))
    times = np.zeros((2, groups))
    for _ in range(limits.permutations):
        dealt = rng.permutation(small)
        first = dealt[one]
        same = np.flatnonzero(first == dealt[other])
        for row, (w, ends) in enumerate(zip((plain, weight), degree, strict=True)):
            inside = np.bincount(first[same], w[same], groups)
            index = ei(_counted(inside, np.bincount(dealt, ends, groups)))
            ok = ~np.isnan(index)
            # weights are sums of floats: what differs in the last digits is equal
            equal = np.isclose(index, seen[row], rtol=0, atol=1e-9)
            below[row] += np.where(ok, np.where(equal, 0.5, index < seen[row]), 0.0)
            times[row] += ok
    place = np.divide(100 * below, times, out=np.full_like(below, np.nan), where=times > 0)
    place[np.isnan(np.stack(seen))] = np.nan
    return place[0], place[1]


def openness(talk: Talk, limits: BrokerageThresholds) -> pa.Table:
    """Rows of the table `department_openness`.

    People of unknown department are nobody's inside or outside; shortest paths may pass them.
    """
    known = np.flatnonzero(talk.department >= 0)
    groups, sizes = len(talk.names), talk.sizes
    at = np.full(len(talk.actors), -1, np.int64)
    at[known] = np.arange(len(known))
    one, other, weight = talk.pairs()
    ties, label = (at[one], at[other], weight), talk.department[known]
    plain = count(label, *ties[:2], np.ones(len(weight)), groups)
    weighted = count(label, *ties, groups)
    by_ties, by_weight = percentiles(label, ties, groups, limits)
    chance = expected_ei(sizes)
    share, half = _go_between(talk, limits)
    columns = {
        "ei": ei(plain),
        "ei_expected": chance,
        "ei_excess": ei(plain) - chance,
        "ei_percentile": by_ties,
        "weighted_ei": ei(weighted),
        "weighted_ei_excess": ei(weighted) - chance,
        "weighted_ei_percentile": by_weight,
        "constraint_median": _middle_constraint(talk, limits),
        "people_share": sizes / max(1, len(talk.actors)),
        "path_share": share,
    }
    return pa.table(
        {
            "department": pa.array(talk.names, pa.string()),
            "people": pa.array(sizes, pa.int32()),
            "ties_inside": pa.array(plain.inside.astype(np.int64), pa.int64()),
            "ties_outside": pa.array(plain.outside.astype(np.int64), pa.int64()),
            **{name: pa.array(values, pa.float64(), from_pandas=True) for name, values in columns.items()},
            "path_half": pa.array(half, pa.int32()),
        }
    )


def _middle_constraint(talk: Talk, limits: BrokerageThresholds) -> NDArray[np.float64]:
    """Median of Burt's constraint over people of each department, drawn where there are many."""
    rng = np.random.default_rng(limits.seed)
    asked = []
    for group in range(len(talk.names)):
        own = np.flatnonzero(talk.department == group)
        asked.append(np.sort(rng.choice(own, min(len(own), limits.constraint_people), replace=False)))
    if not asked:
        return np.zeros(0)
    found = constraint(talk.weight, np.concatenate(asked))
    parts = np.split(found, np.cumsum([len(part) for part in asked])[:-1])
    return np.array([np.median(part) for part in parts])


def _go_between(talk: Talk, limits: BrokerageThresholds) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """By department: share of all shortest paths that pass its people, and how few of them carry half of that."""
    people = len(talk.actors)
    rng = np.random.default_rng(limits.seed)
    sources = np.sort(rng.choice(people, min(people, limits.path_samples), replace=False)).astype(np.int64)
    passed = dependencies(talk.tied, sources).passed
    total = passed.sum()
    share, half = np.zeros(len(talk.names)), np.zeros(len(talk.names), np.int64)
    for group in range(len(talk.names)):
        own = -np.sort(-passed[talk.department == group])
        if own.sum() > 0:
            share[group] = own.sum() / total
            half[group] = int(np.searchsorted(np.cumsum(own), own.sum() / 2 * (1 - 1e-12))) + 1
    return share, half
