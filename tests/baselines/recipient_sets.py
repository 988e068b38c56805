"""What the baselines share: who was on a message, how recent, and which sets cover which.

The functions here are for side-by-side runs alone; nothing of `analyser` is imported, so that a baseline cannot profit
from the program that it is held against.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

__all__ = ["COVER", "HALF_LIFE_DAYS", "MIN_PEOPLE", "Event", "covers", "in_order", "incidence", "overlaps", "recent"]

Event: TypeAlias = "tuple[datetime, frozenset[str]]"
"""When a message was sent (with time zone), and everybody on it: sender and recipients."""

MIN_PEOPLE = 3  # a space for two is a chat
HALF_LIFE_DAYS = 45.0
COVER = 0.5  # Jaccard similarity from which a space covers an event
ROWS_AT_ONCE = 2_000  # bounds the memory of the products
DAY = 86_400.0


def recent(events: Iterable[Event], now: datetime) -> dict[frozenset[str], float]:
    """Deliveries of each set of `MIN_PEOPLE` or more before `now`, an older message counting less.

    Parameters
    ----------
    events
        In any order; those at or after `now` are left out.
    now
        With time zone.

    Returns
    -------
    dict
        Per set, the sum of ``(people - 1) * 0.5 ** (age in days / HALF_LIFE_DAYS)`` over its messages. The sum is
        rounded once (`math.fsum`), so that the order of the events does not show.
    """
    parts = defaultdict(list)
    for sent, people in events:
        if sent < now and len(people) >= MIN_PEOPLE:
            age = (now - sent).total_seconds() / DAY
            parts[people].append((len(people) - 1) * 0.5 ** (age / HALF_LIFE_DAYS))
    return {people: math.fsum(values) for people, values in parts.items()}


def in_order(weights: dict[frozenset[str], float]) -> list[frozenset[str]]:
    """The heaviest first, equal ones in order of their members' names."""
    return sorted(weights, key=lambda people: (-weights[people], sorted(people)))


def incidence(sets: Sequence[frozenset[str]], people: Sequence[str]) -> sp.csr_array:
    """Who is in which set.

    Parameters
    ----------
    sets
        Members outside `people` are left out.
    people
        Distinct names.

    Returns
    -------
    sp.csr_array
        Shape ``(len(sets), len(people))``, int32, one for each member, indices sorted.
    """
    place = {name: column for column, name in enumerate(people)}
    rows = [sorted(place[name] for name in members if name in place) for members in sets]
    start = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((column for row in rows for column in row), np.int32, start[-1])
    return sp.csr_array((np.ones(len(columns), np.int32), columns, start), shape=(len(sets), len(people)))


def overlaps(
    left: sp.csr_array, right: sp.csr_array
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]]:
    """People that two sets have in common, where they have any.

    Parameters
    ----------
    left, right
        Incidences over the same people, of shapes ``(m, people)`` and ``(n, people)``.

    Yields
    ------
    tuple
        Row of `left` (ascending), row of `right` (ascending within it), people in common. All entries of one row of
        `left` come in one piece.
    """
    across = right.T.tocsr()
    for first in range(0, left.shape[0], ROWS_AT_ONCE):
        both = sp.csr_array(left[first : first + ROWS_AT_ONCE] @ across)
        both.sort_indices()
        row = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr)) + first
        yield row, both.indices.astype(np.int64), both.data


def covers(spaces: Sequence[frozenset[str]], audiences: Sequence[frozenset[str]]) -> list[NDArray[np.int64]]:
    """For each space, the audiences whose Jaccard similarity to it is `COVER` or more.

    Returns
    -------
    list of arrays
        One per space: places in `audiences`, ascending.
    """
    people = sorted({name for members in audiences for name in members})
    size = np.array([len(members) for members in spaces], np.int64)
    other = np.array([len(members) for members in audiences], np.int64)
    found: list[NDArray[np.int64]] = []
    for row, column, common in overlaps(incidence(spaces, people), incidence(audiences, people)):
        enough = common / (size[row] + other[column] - common) >= COVER
        row, column = row[enough], column[enough]  # noqa: PLW2901  # the rest is of no use
        last = min(len(found) + ROWS_AT_ONCE, len(spaces))
        found += np.split(column, np.searchsorted(row, np.arange(len(found) + 1, last)))
    return found
