"""Links between departments: how dense, against what, and on how many people they rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyser.analysis.brokerage.talk import Talk

__all__ = ["by_openness", "by_size", "carried", "links"]

_ROUNDS, _CLOSE = 500, 1e-10


def by_size(sizes: NDArray[np.int64], ties: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ties between departments if every pair of people of two departments were tied alike.

    Parameters
    ----------
    sizes
        `(d,)` people.
    ties
        `(d, d)` ties; the diagonal does not count.

    Returns
    -------
    NDArray
        `(d, d)`, the same sum as the ties outside the diagonal, in proportion to ``n_a n_b``; zero on the diagonal.
    """
    possible = np.outer(sizes, sizes).astype(np.float64)
    np.fill_diagonal(possible, 0)
    total = possible.sum()
    return (ties.sum() - np.trace(ties)) * possible / total if total else possible


def by_openness(ties: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ties between departments if each kept what it sends out and takes in, and cared for nobody in particular.

    Parameters
    ----------
    ties
        `(d, d)` ties; the diagonal does not count.

    Notes
    -----
    The quasi-independence model (Goodman, JASA 63, 1968) with the diagonal as structural zeros, fitted by iterative
    proportional fitting: rows and columns sum to those of `ties`. Where no such table exists (one department holds
    nearly all links) it is the closest that the rounds reach.
    """
    seen = ties.astype(np.float64).copy()
    np.fill_diagonal(seen, 0)
    rows, columns = seen.sum(axis=1), seen.sum(axis=0)
    fitted = ((rows[:, None] > 0) & (columns[None, :] > 0)).astype(np.float64)
    np.fill_diagonal(fitted, 0)
    for _ in range(_ROUNDS):
        fitted = fitted * _ratio(rows, fitted.sum(axis=1))[:, None]
        step = _ratio(columns, fitted.sum(axis=0))
        fitted = fitted * step[None, :]
        if np.allclose(step[columns > 0], 1, atol=_CLOSE):
            break
    return np.asarray(fitted, np.float64)


def _ratio(wanted: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(wanted, there, out=np.zeros(len(wanted)), where=there > 0), np.float64)


def carried(
    link: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64], weight: NDArray[np.float64], links: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """People who carry each link, and the share of its weight in which one of the two strongest takes part.

    Parameters
    ----------
    link
        `(m,)` link of each tie.
    one, other, weight
        `(m,)` ends and weight of each tie.

    Returns
    -------
    people, share
        `(links,)` each; zero where a link has no tie. The two strongest are those with the most weight on the link.
    """
    people = int(max(one.max(initial=0), other.max(initial=0))) + 1
    ends = np.concatenate([link * people + one, link * people + other])
    key, place = np.unique(ends, return_inverse=True)
    own = np.bincount(place, np.concatenate([weight, weight]), len(key)).round(9)
    of = key // people
    number = np.bincount(of, minlength=links)
    order = np.lexsort((key, -own, of))
    begin = np.concatenate([[0], np.cumsum(number)])
    rank = np.empty(len(key), np.int64)
    rank[order] = np.arange(len(key)) - begin[of[order]]
    strong = rank < 2  # noqa: PLR2004  the two strongest, as patterns.md row 12 names them
    touched = strong[place[: len(link)]] | strong[place[len(link) :]]
    total = np.bincount(link, weight, links).astype(np.float64)
    through = np.bincount(link[touched], weight[touched], links).astype(np.float64)
    return number, np.clip(_ratio(through, total), 0.0, 1.0)


def links(talk: Talk) -> pa.Table:
    """Rows of the table `department_links`: one per direction that has a tie.

    Notes
    -----
    Density is the number of directed ties ÷ possible connections ``n_a n_b`` (Workplace Analytics, ONA metrics).
    """
    groups, sizes = len(talk.names), talk.sizes
    each = sp.coo_array(talk.weight)
    one, other = (np.asarray(at, np.int64) for at in each.coords)
    source, target = talk.department[one], talk.department[other]
    across = (source >= 0) & (target >= 0) & (source != target)
    one, other, weight = one[across], other[across], each.data[across]
    link = source[across] * groups + target[across]
    ties = np.bincount(link, minlength=groups * groups).astype(np.float64)
    volume = np.bincount(link, weight, groups * groups)
    table = ties.reshape(groups, groups)
    people, strongest = carried(link, one, other, weight, groups * groups)
    possible = np.outer(sizes, sizes).ravel().astype(np.float64)
    shown = np.flatnonzero(ties)
    names = pa.array(talk.names, pa.string())
    return pa.table(
        {
            "from_department": names.take(pa.array(shown // groups if groups else shown)),
            "to_department": names.take(pa.array(shown % groups if groups else shown)),
            "from_people": pa.array(sizes[shown // groups] if groups else shown, pa.int32()),
            "to_people": pa.array(sizes[shown % groups] if groups else shown, pa.int32()),
            "ties": pa.array(ties[shown].astype(np.int64), pa.int64()),
            "weight": pa.array(volume[shown].round(6), pa.float64()),
            "density": pa.array(ties[shown] / possible[shown], pa.float64()),
            "density_by_size": pa.array(by_size(sizes, table).ravel()[shown] / possible[shown], pa.float64()),
            "density_by_openness": pa.array(by_openness(table).ravel()[shown] / possible[shown], pa.float64()),
            "carriers": pa.array(people[shown], pa.int32()),
            "strongest_two_share": pa.array(strongest[shown], pa.float64()),
        }
    )
