"""Baseline: communities of the mail graph, offered as spaces as they are.

The ties are those of most tools: each message weighs one, spread over the pairs of people on it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import graspologic_native
import numpy as np
import scipy.sparse as sp

from baselines.recipient_sets import MIN_PEOPLE, covers, in_order, incidence, recent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from baselines.recipient_sets import Event

__all__ = ["communities", "ranked", "spaces", "ties"]

PAIR = 2
RESOLUTION = 1.0
ITERATIONS = 3
SEED = 0


def spaces(events: Iterable[Event], now: datetime, most: int) -> list[frozenset[str]]:
    """Up to `most` Leiden communities, the one that covers most recent mail first.

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
        Disjoint, of `MIN_PEOPLE` or more, in rank order.
    """
    known = list(events)
    people, graph = ties(known, now)
    return ranked(communities(people, graph), known, now)[:most]


def ties(events: Iterable[Event], now: datetime) -> tuple[list[str], sp.csr_array]:
    """Weights of pairs of people over the messages before `now`.

    Notes
    -----
    A message to ``n`` recipients adds ``1/n`` to the tie from its sender to each of them (Microsoft Graph Data Connect
    ONA template; `analyser/analysis/interactions.py`), so that every message weighs one. An event does not say who of
    its ``n + 1`` people is the sender: the expected value, each being as likely, is ``2 / (n * (n + 1))`` for each
    pair, and the message still weighs one.

    Returns
    -------
    tuple
        Names in order, and the symmetric matrix of shape ``(people, people)`` without a diagonal, indices sorted.
    """
    counts: dict[frozenset[str], int] = {}
    for sent, members in events:
        if sent < now and len(members) >= PAIR:
            counts[members] = counts.get(members, 0) + 1
    sets = sorted(counts, key=sorted)
    people = sorted({name for members in sets for name in members})
    on = incidence(sets, people).astype(np.float64)
    size = np.array([len(members) for members in sets], np.float64)
    weight = np.array([counts[members] for members in sets]) * 2 / (size * (size - 1))
    graph = sp.csr_array(on.T @ sp.diags_array(weight) @ on) if sets else sp.csr_array((0, 0))
    graph.setdiag(0)
    graph.eliminate_zeros()
    graph.sort_indices()
    return people, graph


def communities(people: Sequence[str], graph: sp.csr_array) -> list[frozenset[str]]:
    """The partition of `people` by Leiden with modularity (Traag, Waltman and van Eck, 2019), in no order of rank."""
    if not len(people):
        return []
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data,
        len(people),
        resolution=RESOLUTION,
        iterations=ITERATIONS,
        use_modularity=True,
        seed=SEED,
    )
    groups: dict[int, set[str]] = {}
    for place, name in enumerate(people):
        groups.setdefault(found[place], set()).add(name)
    return [frozenset(members) for members in groups.values()]


def ranked(groups: Iterable[frozenset[str]], events: Iterable[Event], now: datetime) -> list[frozenset[str]]:
    """Groups of `MIN_PEOPLE` or more by the recent deliveries that they cover; equal ones in order of their names."""
    offered = [members for members in groups if len(members) >= MIN_PEOPLE]
    weights = recent(events, now)
    audiences = in_order(weights)
    covered = covers(offered, audiences)
    gain = {
        members: math.fsum(weights[audiences[i]] for i in places)
        for members, places in zip(offered, covered, strict=True)
    }
    return in_order(gain)
