"""Baseline: Groups Without Tears (MacLean, Hangal, Teh, Lam and Heer, IUI 2011), with its published constants.

It was made for one mailbox and its owner. Here it reads the mail of an organisation, so that nobody is left out as the
owner. Two departures from the authors' published program, both where it departs from its own description: after a
merge, Jaccard similarity *and* overlap are computed anew (the program keeps the old overlap), and the utility of a
merged group is scaled by the true ratio of sizes (the program divides integers).
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from baselines.recipient_sets import incidence, overlaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from baselines.recipient_sets import Event

__all__ = ["Group", "error", "frequent", "merged", "not_subsumed", "roots", "spaces", "without_hubs"]

MIN_FREQ = 5
MIN_GROUP_SIZE = 2
MAX_SUBSUMPTION_ERROR = 0.3
MIN_MERGE_GROUP_SIM = 0.35
MIN_MERGE_OVERLAP = 3
UTILITY_BASE = 1.4
MAX_SETS_OF_A_PERSON = 1_000


@dataclass(frozen=True)
class Group:
    """A candidate: who, how many messages hold all of them, and what it is worth."""

    people: frozenset[str]
    messages: int
    utility: float


def spaces(events: Iterable[Event], now: datetime, most: int) -> list[frozenset[str]]:
    """Up to `most` groups, the most useful first.

    Parameters
    ----------
    events
        Pairs of time (with time zone) and people, in any order.
    now
        Only earlier messages count; their age does not matter to this method.
    most
        Largest number of spaces; the authors show 20.

    Returns
    -------
    list of frozenset
        Groups that no larger one stands for, and merged ones beside their parts, by utility; equal ones by name.
    """
    kept = not_subsumed(frequent(without_hubs([people for sent, people in events if sent < now])))
    found = kept + merged(roots(kept))
    found.sort(key=lambda group: (-group.utility, sorted(group.people)))
    return [group.people for group in found[:most]]


def without_hubs(sets: Sequence[frozenset[str]]) -> Counter[frozenset[str]]:
    """Messages of each set, people of more than `MAX_SETS_OF_A_PERSON` distinct sets taken out of it."""
    counts = Counter(sets)
    degree = Counter(name for members in counts for name in members)
    hubs = {name for name, number in degree.items() if number > MAX_SETS_OF_A_PERSON}
    left: Counter[frozenset[str]] = Counter()
    for members, number in counts.items():
        left[members - hubs] += number
    return left


def frequent(counts: Counter[frozenset[str]]) -> list[Group]:
    """Distinct sets that `MIN_FREQ` messages or more hold as a whole.

    Returns
    -------
    list of Group
        The largest first, equal ones by name; utility ``UTILITY_BASE ** size * messages``.
    """
    sets = sorted((members for members in counts if len(members) >= MIN_GROUP_SIZE), key=_largest_first)
    on = incidence(sets, sorted({name for members in sets for name in members}))
    size = np.array([len(members) for members in sets], np.int64)
    number = np.array([counts[members] for members in sets], np.int64)
    messages = np.zeros(len(sets), np.int64)
    for row, column, common in overlaps(on, on):
        within = common == size[row]
        np.add.at(messages, row[within], number[column[within]])
    return [
        Group(members, many, UTILITY_BASE ** len(members) * many)
        for members, many in zip(sets, messages.tolist(), strict=True)
        if many >= MIN_FREQ
    ]


def error(size: int, messages: int, larger: int, messages_of_larger: int) -> float:
    """Share of what a superset's members see that was meant for the subset alone.

    Notes
    -----
    ``(|S| - |g|) * (f(g) - f(S)) / (f(g) * |S|)``, and ``(|S| - |g|) / |S|`` where ``f(g) = 0``.

    Parameters
    ----------
    size, messages
        ``|g|`` and ``f(g)`` of the subset.
    larger, messages_of_larger
        ``|S|`` and ``f(S)`` of the superset.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> error(3, 20, 5, 12)
    0.16
    """
    if not messages:
        return (larger - size) / larger
    return (larger - size) * (messages - messages_of_larger) / (messages * larger)


def not_subsumed(groups: Sequence[Group]) -> list[Group]:
    """Groups without those that a kept superset stands for with an error of `MAX_SUBSUMPTION_ERROR` or less.

    Parameters
    ----------
    groups
        The largest first.
    """
    kept: list[Group] = []
    holders: dict[str, set[int]] = defaultdict(set)
    for group in groups:
        above = [kept[place] for place in _holding(group.people, holders)]
        if not any(_stands_for(larger, group) for larger in above):
            for name in group.people:
                holders[name].add(len(kept))
            kept.append(group)
    return kept


def roots(groups: Sequence[Group]) -> list[Group]:
    """Groups that no other one holds as a whole, in the same order."""
    holders: dict[str, set[int]] = defaultdict(set)
    for place, group in enumerate(groups):
        for name in group.people:
            holders[name].add(place)
    return [group for place, group in enumerate(groups) if _holding(group.people, holders) == {place}]


def merged(groups: Sequence[Group]) -> list[Group]:
    """New groups: the union of the two most alike, again and again; a merged group takes the place of its parts.

    The most alike pair is merged while its Jaccard similarity is `MIN_MERGE_GROUP_SIM` or more, or it has
    `MIN_MERGE_OVERLAP` people in common. A group that a union holds is not merged any more.

    Parameters
    ----------
    groups
        None holds another (`roots`).

    Returns
    -------
    list of Group
        Every union in the order in which it was made, also those that went into a later one. A union's messages are
        not counted (0), its utility is the larger of its parts', each times the size of the union by that of the part.
    """
    pool = _Pool(groups)
    made: list[Group] = []
    while (pair := pool.most_alike()) is not None:
        one, other = (pool.groups[place] for place in pair)
        people = one.people | other.people
        utility = max(part.utility * (len(people) / len(part.people)) for part in (one, other))
        made.append(Group(people, 0, utility))
        pool.replace(made[-1])
    return made


class _Pool:
    """Groups that may still be merged, and their similarities, each computed when its younger group comes in."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.groups: list[Group] = []
        self._live: set[int] = set()
        self._holders: dict[str, set[int]] = defaultdict(set)
        self._heap: list[tuple[float, int, int, int]] = []
        for group in groups:
            self._add(group)

    def most_alike(self) -> tuple[int, int] | None:
        """The pair of live groups with the highest similarity, the oldest first; None when it is not high enough."""
        while self._heap:
            distance, one, other, common = self._heap[0]
            if {one, other} <= self._live:
                enough = -distance >= MIN_MERGE_GROUP_SIM or common >= MIN_MERGE_OVERLAP
                return (one, other) if enough else None
            heapq.heappop(self._heap)
        return None

    def replace(self, union: Group) -> None:
        """Take in `union`, and out what it holds."""
        shared = Counter(place for name in union.people for place in self._holders[name])
        for place, common in shared.items():
            if common == len(self.groups[place].people):
                self._remove(place)
        self._add(union)

    def _add(self, group: Group) -> None:
        number = len(self.groups)
        shared = Counter(place for name in group.people for place in self._holders[name])
        for place, common in shared.items():
            union = len(group.people) + len(self.groups[place].people) - common
            heapq.heappush(self._heap, (-common / union, place, number, common))
        self.groups.append(group)
        self._live.add(number)
        for name in group.people:
            self._holders[name].add(number)

    def _remove(self, place: int) -> None:
        self._live.discard(place)
        for name in self.groups[place].people:
            self._holders[name].discard(place)


def _stands_for(larger: Group, group: Group) -> bool:
    cost = error(len(group.people), group.messages, len(larger.people), larger.messages)
    return cost <= MAX_SUBSUMPTION_ERROR


def _holding(people: frozenset[str], holders: dict[str, set[int]]) -> set[int]:
    """Groups that hold all of `people`."""
    return set.intersection(*(holders[name] for name in people))


def _largest_first(people: frozenset[str]) -> tuple[int, list[str]]:
    return -len(people), sorted(people)
