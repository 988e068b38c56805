"""Circles: people who recur together on mail, tolerant of messages that drop or add a few of them.

A circle is chosen like a facility: it serves the recipient sets that it resembles, and each next circle is the one that
serves most of what is not yet served. The members of a circle need not be any exact set that occurred: people are added
and removed one by one as long as more mail is served.

Notes
-----
A circle `C` serves a set `S` to the degree ``1 / (1 + exp(-(J(C, S) - fit) / blur))``, J being the Jaccard
similarity. A
blurred step instead of a hard one prefers circles that would also serve tomorrow's slightly different sets. Served
degrees combine as ``1 - prod(1 - degree)``, so the total is submodular in the circles and lazy greedy selection is
within ``1 - 1/e`` of the best choice (Nemhauser, Wolsey, Fisher 1978; Minoux 1978).

A set's weight is what it is expected to cost in future: deliveries per week, damped within a week (a burst of twenty
mails is not twenty weeks), halved per half-life of age, more where its people share a department (formal structure
lasts; `reference/metrics.md` section 5 [KST]).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from analyser.analysis.audiences.recency import recency
from analyser.analysis.audiences.similarity import jaccard_pairs, jaccard_to, members_of, shared_with
from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    from numpy.typing import NDArray

__all__ = [
    "Circle",
    "CirclesThresholds",
    "degree",
    "home_share",
    "mine",
    "owners",
    "people_of",
    "spoken",
    "weights",
]


class CirclesThresholds(Thresholds):
    """How circles are mined."""

    min_people: int = threshold(3, "Smallest circle", ge=3)
    max_people: int = threshold(300, "Largest circle", ge=3)
    min_messages: int = threshold(
        3, "Messages that a circle must have had; [MUSE] asks for 5 of an exact set, and a circle forgives more", ge=1
    )
    min_weeks: int = threshold(2, "Distinct weeks in which a circle must have written: once is no habit", ge=1)
    half_life_days: float = threshold(45.0, "Age at which a message counts half", gt=0)
    burst_exponent: float = threshold(
        0.7, "Messages of one set in one week count as their number to this power", gt=0, le=1
    )
    home_bonus: float = threshold(
        1.0, "How much more a set counts whose people all share a department", source="metrics.md section 5 [KST]", ge=0
    )
    fit: float = threshold(
        0.5, "Jaccard similarity at which a set is half served", source="evaluate/coverage.py", gt=0, lt=1
    )
    blur: float = threshold(0.04, "Width of the step around it", gt=0)
    max_sets: int = threshold(60_000, "Heaviest recipient sets that are compared", ge=10)
    max_circles: int = threshold(2000, "Circles at the most", ge=1)
    per_person: float = threshold(
        2.5, "Circles per person at the most: more only part what belongs together", source="evaluate/coverage.py", gt=0
    )
    starts: int = threshold(6, "Best sets from which each circle is grown", ge=1)


@dataclass(frozen=True, slots=True)
class Circle:
    """Column numbers of a circle's people, the weight that it served when it was grown, and the sets it
    was grown among.
    """

    people: NDArray[np.int64]
    gain: float
    near: NDArray[np.int64]


def degree(similarity: NDArray[np.float64], limits: CirclesThresholds) -> NDArray[np.float64]:
    """How far a circle serves sets of the given Jaccard similarity, 0 to 1; zero where they hardly meet."""
    served = np.zeros_like(similarity, np.float64)
    close = similarity >= limits.fit - 4 * limits.blur
    served[close] = 1.0 / (1.0 + np.exp(-(similarity[close] - limits.fit) / limits.blur))
    return served


def home_share(sets: sp.csr_array, department: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each set's people in its commonest department.

    Parameters
    ----------
    department
        Number per column of `sets`; negative where unknown, which is nobody's home.
    """
    row = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    home = department[sets.indices]
    known = home >= 0
    cell, count = np.unique(row[known] * (home.max(initial=0) + 1) + home[known], return_counts=True)
    best = np.zeros(sets.shape[0])
    np.maximum.at(best, cell // (home.max(initial=0) + 1), count)
    return best / np.maximum(np.diff(sets.indptr), 1)


def mine(sets: sp.csr_array, weight: NDArray[np.float64], limits: CirclesThresholds) -> list[Circle]:
    """Choose circles by lazy greedy selection with local search, best first.

    Parameters
    ----------
    sets
        Incidence matrix, shape (sets, people).
    weight
        Expected future cost per set, shape (sets,).
    """
    if not sets.shape[0]:
        return []
    by_person = sp.csr_array(sets.T)
    served_by = jaccard_pairs(sets, limits.fit - 4 * limits.blur)
    served_by.data = degree(served_by.data, limits)
    left = weight.astype(np.float64).copy()
    gains = served_by @ left
    heap: list[tuple[float, int]] = [(-float(gain), i) for i, gain in enumerate(gains)]
    heapq.heapify(heap)
    # what adds less than half of the lightest set only repeats what is served already
    floor = 0.5 * float(weight.min())
    chosen: list[Circle] = []
    grown: dict[int, Circle] = {}
    touched = np.zeros(sets.shape[0], bool)
    most = min(limits.max_circles, int(limits.per_person * sets.shape[1]))
    while heap and len(chosen) < most:
        starts = _best(heap, served_by, left, limits.starts)
        for _, i in starts:
            if i not in grown:
                grown[i] = _grow(sets, by_person, left, _members(sets, i), limits)
        best = min((i for _, i in starts), key=lambda i: (-grown[i].gain, i), default=None)
        if best is None or grown[best].gain <= floor:
            break
        # every start stays a candidate: what is left of it after this circle decides next time
        for entry in starts:
            heapq.heappush(heap, entry)
        circle = grown[best]
        chosen.append(circle)
        met, similarity = jaccard_to(sets, by_person, circle.people)
        served = degree(similarity, limits)
        left[met] *= 1.0 - served
        touched[met] = served > 0
        grown = {i: g for i, g in grown.items() if not touched[g.near].any()}
        touched[met] = False
    return chosen


def _best(
    heap: list[tuple[float, int]], served_by: sp.csr_array, left: NDArray[np.float64], count: int
) -> list[tuple[float, int]]:
    """Take the `count` candidates of largest present gain from the heap of past gains (which only fall)."""
    taken: list[tuple[float, int]] = []
    while heap and len(taken) < count:
        _, i = heapq.heappop(heap)
        row = slice(served_by.indptr[i], served_by.indptr[i + 1])
        entry = (-float(served_by.data[row] @ left[served_by.indices[row]]), i)
        if heap and entry > heap[0]:
            heapq.heappush(heap, entry)
        elif entry[0] < 0:
            taken.append(entry)
    return taken


def _members(sets: sp.csr_array, i: int) -> NDArray[np.int64]:
    return sets.indices[sets.indptr[i] : sets.indptr[i + 1]].astype(np.int64)


def _grow(
    sets: sp.csr_array,
    by_person: sp.csr_array,
    left: NDArray[np.float64],
    people: NDArray[np.int64],
    limits: CirclesThresholds,
) -> Circle:
    """Add or remove one person at a time while that serves more mail.

    Notes
    -----
    A step changes the size of the circle by one for every set alike, and what it shares with a set by one where the set
    holds the person. So the weight served after each possible step is that of a step by a stranger to all sets, plus a
    sum over the person's own sets: work in the members of the near sets, not in sets times people.
    """
    met, common = shared_with(by_person, people)
    size = sets.indptr[met + 1] - sets.indptr[met]
    chosen = (left[met] > 0) & (common >= _NEAR * np.maximum(size, len(people)))
    near, shared, size = met[chosen], common[chosen].astype(np.float64), size[chosen].astype(np.float64)
    row, member = members_of(sets, near)
    columns, place = np.unique(np.concatenate([member, people]), return_inverse=True)
    inside = np.zeros(len(columns), bool)
    inside[place[len(member) :]] = True
    place = place[: len(member)]
    weight, width, people_inside = left[near], len(columns), len(people)
    gain = float(weight @ degree(shared / (size + people_inside - shared), limits))
    for _ in range(2 * limits.max_people):
        gains = np.full(width, -np.inf)
        for step, able, who in (
            (1, people_inside < limits.max_people, ~inside),
            (-1, people_inside > limits.min_people, inside),
        ):
            if able:
                stranger, holder = _steps(shared, size, people_inside, step, limits)
                more = np.bincount(place, (weight * (holder - stranger))[row], width)
                gains[who] = (float(weight @ stranger) + more)[who]
        # the first of equals, whatever the order in which their sums were added up
        best = int((gains >= gains.max() - _TIE).argmax())
        # a person who changes next to nothing is no reason for another membership
        if gains[best] <= gain * 1.001:
            break
        step = -1 if inside[best] else 1
        shared[row[place == best]] += step
        inside[best] = step > 0
        people_inside += step
        gain = float(gains[best])
    return Circle(columns[inside].astype(np.int64), round(gain, 9), near)


def _steps(
    shared: NDArray[np.float64], size: NDArray[np.float64], people: int, step: int, limits: CirclesThresholds
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far a circle of `people` serves each set once one person more (or less, `step` -1) is in it: a person whom
    the set does not hold, and one whom it holds.
    """
    stranger = shared / (size + (people + step) - shared)
    holder = (shared + step) / (size + people - shared)
    return degree(stranger, limits), degree(holder, limits)


_TIE = 1e-9
"""Gains this near are equal."""

_NEAR = 0.25
"""Share of the larger that a set and a start must have in common for the set to have a say in how the start grows."""


def weights(mail: ir.Table, now: datetime, limits: CirclesThresholds) -> ir.Table:
    """Expected future cost of the heaviest recipient sets of human, internal, ordinary mail:
    `recipient_set`, `weight`.
    """
    human = mail.filter(
        mail.recipient_set.notnull()
        & ~mail.automatic
        & ~mail.external
        & ~mail.sensitive
        & mail.people.between(limits.min_people, 2 * limits.max_people)
    )
    weekly = human.group_by("recipient_set", "people", week=human.sent_at.truncate("W")).agg(n=human.count())
    cost = (weekly.people - 1) * (weekly.n.cast("float64") ** limits.burst_exponent)
    weekly = weekly.mutate(cost=cost * recency(weekly.week, now, limits.half_life_days))
    # rounded, since a sum of floats depends on the order in which threads add it up
    weighed = weekly.group_by("recipient_set").agg(weight=weekly.cost.sum().round(6))
    return weighed.order_by(ibis.desc("weight"), "recipient_set").limit(limits.max_sets)


def owners(sets: sp.csr_array, chosen: list[Circle]) -> NDArray[np.int64]:
    """The circle that each set resembles most, the earlier of equals; -1 where none reaches a similarity
    of one half.
    """
    best = np.full(sets.shape[0], 0.5 - 1e-9)
    owner = np.full(sets.shape[0], -1, np.int64)
    by_person = sp.csr_array(sets.T)
    for number, circle in enumerate(chosen):
        met, similar = jaccard_to(sets, by_person, circle.people)
        better = similar > best[met]
        best[met[better]], owner[met[better]] = similar[better] + 1e-9, number
    return owner


def spoken(mail: ir.Table, circle_sets: ir.Table, explained: ir.Table, limits: CirclesThresholds) -> ir.Table:
    """Messages of circles that write often enough: `audience`, `message`.

    Parameters
    ----------
    circle_sets
        `recipient_set`, `circle`.
    explained
        Messages that a finding explains as a report or a notice: the same people with another purpose.
    """
    rows = (
        mail.filter(~mail.automatic & ~mail.external & ~mail.sensitive)
        .anti_join(explained, "message")
        .inner_join(circle_sets, "recipient_set")
        .select("message", "circle", "sent_at")
    )
    busy = rows.group_by("circle").agg(n=rows.count(), weeks=rows.sent_at.truncate("W").nunique())
    busy = busy.filter((busy.n >= limits.min_messages) & (busy.weeks >= limits.min_weeks))
    kept = rows.semi_join(busy, "circle")
    return kept.select("message", audience=ibis.literal("circle ") + (kept.circle + 1).cast("string"))


def people_of(chosen: list[Circle], who: NDArray[np.int32]) -> pa.Table:
    """Members of circles: `audience`, `actor`.

    Parameters
    ----------
    who
        Actor of each column.
    """
    names = [f"circle {number}" for number, circle in enumerate(chosen, 1) for _ in circle.people]
    columns = np.concatenate([np.zeros(0, np.int64), *(circle.people for circle in chosen)])
    return pa.table({"audience": pa.array(names, pa.string()), "actor": pa.array(who[columns], pa.int32())})
