"""Baseline: the sets of people that recur exactly, chosen greedily for the recent mail that they cover."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING

from baselines.recipient_sets import covers, in_order, recent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from baselines.recipient_sets import Event

__all__ = ["choose", "spaces"]

TOLERANCE = 1e-9  # gains that differ by less are equal


def spaces(events: Iterable[Event], now: datetime, most: int) -> list[frozenset[str]]:
    """Up to `most` exact participant sets, the one that covers most recent mail first.

    Parameters
    ----------
    events
        Pairs of time (with time zone) and people, in any order.
    now
        Only earlier messages count.
    most
        Largest number of spaces.

    Returns
    -------
    list of frozenset
        In rank order: each has the largest gain after those before it.
    """
    return choose(recent(events, now), most)


def choose(weights: dict[frozenset[str], float], most: int) -> list[frozenset[str]]:
    """Greedy maximum coverage of `weights` by the sets themselves.

    Notes
    -----
    Greedy choice reaches 1 - 1/e of the best coverage (Nemhauser, Wolsey and Fisher, 1978). A gain can only fall, so
    that a set whose gain was computed anew and is still at the top is the next one, and the others need no look
    (Minoux, 1978).

    Parameters
    ----------
    weights
        Weight of each set, not negative.
    most
        Largest number of sets.

    Returns
    -------
    list of frozenset
        Fewer than `most` when no weight is left.
    """
    audiences = in_order(weights)
    covered = [found.tolist() for found in covers(audiences, audiences)]
    left = [weights[people] for people in audiences]

    def loss(place: int) -> float:
        return -math.fsum(left[i] for i in covered[place])

    heap = [(loss(place), place) for place in range(len(audiences))]
    heapq.heapify(heap)
    chosen: list[frozenset[str]] = []
    while heap and len(chosen) < most:
        _, place = heapq.heappop(heap)
        now = loss(place)
        if heap and now > heap[0][0] + TOLERANCE:
            heapq.heappush(heap, (now, place))
            continue
        if now >= 0:
            break
        chosen.append(audiences[place])
        for i in covered[place]:
            left[i] = 0.0
    return chosen
