"""All pairs of sets above a Jaccard similarity, by prefix filtering on sparse matrices.

Order each set's members from the rarest to the commonest. Two sets with Jaccard similarity of at least `t` share a
member among the first ``n - ceil(t * n) + 1`` of each (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007).
People
who are in every fifth set, which make a plain self-join explode, are never in a prefix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["incidence", "jaccard_pairs", "jaccard_to", "members_of", "shared_with"]

_BLOCK = 500_000
"""Candidate pairs that are verified at once: few enough for the processor's cache."""


def incidence(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> sp.csr_array:
    """Binary matrix of sets (rows) and members (columns); float32, sorted indices."""
    matrix = sp.coo_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape).tocsr()
    matrix.data[:] = 1
    matrix.sort_indices()
    return sp.csr_array(matrix)


def jaccard_pairs(sets: sp.csr_array, threshold: float) -> sp.csr_array:
    """Jaccard similarity of all pairs of rows that reach `threshold`, the diagonal included.

    Parameters
    ----------
    sets
        Result of `incidence`, shape (sets, people), without empty rows.
    threshold
        In (0, 1].

    Returns
    -------
    sp.csr_array
        Symmetric, shape (sets, sets), float64.
    """
    count = sets.shape[0]
    size = np.diff(sets.indptr).astype(np.int64)
    prefixes = _prefixes(sets, size, threshold)
    left, right = _candidates(prefixes, count)
    keep_left, keep_right, value = [np.arange(count)], [np.arange(count)], [np.ones(count)]
    for start in range(0, len(left), _BLOCK):
        i, j = left[start : start + _BLOCK], right[start : start + _BLOCK]
        plausible = np.minimum(size[i], size[j]) >= threshold * np.maximum(size[i], size[j]) - 1e-9
        i, j = i[plausible], j[plausible]
        shared = np.asarray(sets[i].multiply(sets[j]).sum(axis=1)).ravel()
        similarity = shared / (size[i] + size[j] - shared)
        good = similarity >= threshold - 1e-9
        keep_left += [i[good], j[good]]
        keep_right += [j[good], i[good]]
        value += [similarity[good], similarity[good]]
    pairs = (np.concatenate(value), (np.concatenate(keep_left), np.concatenate(keep_right)))
    return sp.csr_array(sp.coo_array(pairs, shape=(count, count)))


def shared_with(by_person: sp.csr_array, people: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The sets that hold any of `people`, ascending, and how many of them each holds; no other set is touched.

    Parameters
    ----------
    by_person
        The sets transposed, shape (people, sets).
    """
    found = np.sort(members_of(by_person, people)[1])
    first = np.flatnonzero(np.append(True, found[1:] != found[:-1])) if len(found) else np.zeros(0, np.int64)
    return found[first].astype(np.int64), np.diff(np.append(first, len(found)))


def members_of(matrix: sp.csr_array, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The entries of some rows, one after the other: place in `rows`, and column.

    The same as slicing the matrix, which costs ten times as much where the rows are few.
    """
    start = matrix.indptr[rows].astype(np.int64)
    size = matrix.indptr[rows + 1] - start
    end = np.cumsum(size)
    place = np.repeat(np.arange(len(rows)), size)
    at = np.arange(len(place)) + np.repeat(start - (end - size), size)
    return place, matrix.indices[at]


def jaccard_to(
    sets: sp.csr_array, by_person: sp.csr_array, people: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rows of `sets` that meet the set of `people`, ascending, and their Jaccard similarity to it."""
    met, shared = shared_with(by_person, people)
    union = sets.indptr[met + 1] - sets.indptr[met] + len(people) - shared
    return met, np.asarray(shared / union, np.float64)


def _prefixes(sets: sp.csr_array, size: NDArray[np.int64], threshold: float) -> sp.csr_array:
    """Rows cut to their rarest members, as many as the threshold needs."""
    frequency = np.bincount(sets.indices, minlength=sets.shape[1])
    rank = np.empty(sets.shape[1], np.int64)
    rank[np.lexsort((np.arange(sets.shape[1]), frequency))] = np.arange(sets.shape[1])
    row = np.repeat(np.arange(sets.shape[0]), size)
    order = np.lexsort((rank[sets.indices], row))
    place = np.arange(len(row)) - np.repeat(sets.indptr[:-1].astype(np.int64), size)
    length = size - np.ceil(threshold * size - 1e-9).astype(np.int64) + 1
    chosen = place < length[row]
    return incidence(row[chosen], sets.indices[order][chosen].astype(np.int64), sets.shape)


def _candidates(prefixes: sp.csr_array, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (i < j) of rows whose prefixes meet, each once; in blocks of rows, so that memory stays bounded."""
    columns = sp.csc_array(prefixes)
    work = np.diff(columns.indptr)[prefixes.indices].astype(np.int64)
    per_row = np.add.reduceat(np.append(work, 0), prefixes.indptr[:-1]) if len(work) else np.zeros(count, np.int64)
    blocks = np.searchsorted(np.cumsum(per_row), np.arange(_BLOCK, per_row.sum() + _BLOCK, _BLOCK)) + 1
    left, right, start = [], [], 0
    turned = sp.csr_array(prefixes.T)
    for stop in [*dict.fromkeys(int(b) for b in blocks if b < count), count]:
        met = sp.coo_array(prefixes[start:stop] @ turned)
        i, j = met.coords[0].astype(np.int64) + start, met.coords[1].astype(np.int64)
        upper = i < j
        left.append(i[upper])
        right.append(j[upper])
        start = stop
    return np.concatenate(left), np.concatenate(right)
