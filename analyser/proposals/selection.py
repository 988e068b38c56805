"""Greedy selection of spaces: what is chosen, what each choice adds, and what it takes from the others."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from analyser.findings.contract import Audience, Finding
    from analyser.proposals.existing import Match
    from analyser.proposals.matching import Score
    from analyser.proposals.readiness import Readiness

__all__ = ["Candidate", "Choice", "Rival", "Selection", "jaccard"]

_WORTH_IT = 1.001


@dataclass(eq=False)
class Candidate:
    """A space that could be proposed; `worth` is the share of its benefit that counts (see `catalogue.toml`)."""

    audience: Audience
    findings: list[Finding]
    pattern: str
    kinds: list[Score]
    readiness: Readiness
    members: frozenset[str]
    confidence: float
    own_benefit: float = 0.0
    worth: float = 1.0
    existing: Match | None = None
    absorbed: list[Candidate] = field(default_factory=list)

    @property
    def wider(self) -> bool:
        """True if it has people of an audience that it absorbed."""
        return len(self.members) > len(self.audience.members)

    @property
    def sponsor(self) -> str:
        """The home department, whose head would sponsor it; empty where unknown.

        Of a desk it is the department that is asked: askers are many, and of all departments.
        """
        asked = [m.department for m in self.audience.core if m.department] if self.audience.kind == "desk" else []
        if asked:
            return min(asked, key=lambda name: (-asked.count(name), name))
        return self.audience.departments[0] if self.audience.departments else ""

    @property
    def patterns(self) -> list[str]:
        """Names of the rules behind it and behind what it absorbed, its own first."""
        names = [f.rule for f in self.findings]
        for other in self.absorbed:
            names += other.patterns
        return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Rival:
    """Another candidate that competed with a choice.

    Parameters
    ----------
    how
        absorbed: it became a part of the choice. displaced: the choice serves what it would have served. before: it
        was chosen before and serves what the choice would have served. nearby: it was chosen before and has so many of
        the choice's people that the choice stands further down.
    alone
        Benefit of the rival if it were chosen alone, as a share of all benefit.
    share
        Of displaced and before: share that the earlier choice took from the benefit of the later one. Of absorbed and
        nearby: Jaccard similarity of the people.
    """

    candidate: Candidate
    how: Literal["absorbed", "displaced", "before", "nearby"]
    alone: float
    share: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate in its place: the benefit that it added, the share of all benefit, and the same if chosen alone."""

    candidate: Candidate
    gain: float
    share: float
    alone: float = 0.0


class Selection:
    """Greedy selection with lazy evaluation: what is chosen so far, and what every other candidate would still add.

    Parameters
    ----------
    degrees
        How far each candidate serves each recipient set, shape (candidates, sets), 0 to 1.
    weight
        Expected future cost per recipient set, shape (sets,).
    overlap
        Jaccard similarity of people from which a candidate is absorbed.
    caution
        Power of the confidence in the discount.
    serve
        People -> how far a space of theirs would serve each recipient set, shape (sets,); None where that is not known,
        and spaces keep their people.
    room
        A chosen candidate and further people -> whether it may have them.

    Notes
    -----
    What a candidate adds never grows while others are chosen. A stale gain is therefore a bound, and only the candidate
    with the highest bound needs a new look (M. Minoux, "Accelerated greedy algorithms for maximizing submodular set
    functions", 1978). Equal gains go to the one that stands first.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        degrees: sp.csr_array,
        weight: NDArray[np.float64],
        *,
        overlap: float,
        caution: float,
        serve: Callable[[frozenset[str]], NDArray[np.float64]] | None = None,
        room: Callable[[Candidate, frozenset[str]], bool] = lambda _candidate, _people: True,
    ) -> None:
        self.chosen: list[Choice] = []
        self._candidates, self._degrees, self._overlap = candidates, sp.csr_array(degrees), overlap
        self._by_set = sp.csc_array(degrees)
        self._weight = weight.astype(np.float64)
        self._left = self._weight.copy()
        self._serve, self._room = serve, room
        self._taken: dict[int, tuple[NDArray[np.signedinteger], NDArray[np.float64]]] = {}
        self._own = np.array([c.own_benefit for c in candidates], np.float64)
        self._discount = np.array([c.confidence**caution * c.worth for c in candidates], np.float64)
        self._total = float(weight.sum() + self._own.sum()) or 1.0
        self._open = np.ones(len(candidates), bool)
        self._alone = np.array([self._gain(n) for n in range(len(candidates))], np.float64)
        self._bound = self._alone.copy()
        self._number = {id(c): n for n, c in enumerate(candidates)}
        self._lost = np.zeros(len(candidates), np.float64)
        self._taker = np.full(len(candidates), -1, np.int64)
        self._twins: dict[int, dict[int, float]] = {}

    def fill(self, pool: NDArray[np.bool_], admit: Callable[[Candidate], bool], most: int) -> None:
        """Choose from `pool` until `most` are chosen, or nothing adds anything."""
        queue = self._queue(pool)
        while queue and len(self.chosen) < most:
            _, n = heapq.heappop(queue)
            gain = self._gain(n)
            self._bound[n] = gain
            if queue and (-gain, n) > queue[0]:
                heapq.heappush(queue, (-gain, n))
                continue
            if gain <= 0:
                return
            before = self._left
            if not self._absorbed(n) and admit(self._candidates[n]):
                self._take(n, gain)
            if self._left is not before:  # a space got wider, and others may add more than their bounds say
                queue = self._queue(pool)

    def recognised(self, admit: Callable[[Candidate], bool]) -> None:
        """Choose also what adds nothing but was recognised, so that no pattern vanishes; surest first."""
        rest = [n for n in np.flatnonzero(self._open).tolist() if self._candidates[n].findings]
        for n in sorted(rest, key=lambda n: (-round(self._candidates[n].confidence, 6), n)):
            if not self._absorbed(n) and admit(self._candidates[n]):
                self._take(n, 0.0)

    def nearest(self, candidate: Candidate) -> tuple[Candidate | None, float]:
        """The chosen candidate whose people resemble these most, and how much."""
        likeness = [(jaccard(c.candidate.members, candidate.members), c.candidate) for c in self.chosen]
        alike, other = max(likeness, key=lambda pair: pair[0], default=(0.0, None))
        return other, alike

    def widen(self, chosen: Candidate, candidate: Candidate) -> bool:
        """Make one space of a chosen one and a candidate that has most of its people, if that serves more mail.

        Only circles: of other audiences their mail says who belongs to it.
        """
        k, n = self._number[id(chosen)], self._number[id(candidate)]
        if self._serve is None or {chosen.audience.kind, candidate.audience.kind} != {"circle"}:
            return False
        union = chosen.members | candidate.members
        served = self._serve(union)
        left = self._weight.copy()
        for number, (sets, degree) in self._taken.items():
            if number != k:
                left[sets] *= 1 - degree
        sets, degree = self._taken[k]
        # a person who changes next to nothing is no reason for another membership
        worth_it = left @ served > _WORTH_IT * (left[sets] @ degree)
        if not worth_it or not self._room(chosen, union - chosen.members):
            return False
        self._absorb(n, chosen)
        chosen.members = union
        more = np.flatnonzero(served)
        self._taken[k] = more, served[more]
        self._left, self._bound = left * (1 - served), self._alone.copy()
        return True

    def rivals(self, candidate: Candidate, least: float, most: int) -> list[Rival]:
        """What competed with a candidate, whether it was chosen or not: who was before it, what it absorbed, what it
        displaced, those with most benefit first.

        Parameters
        ----------
        least
            Share of a benefit that must have been taken to speak of it.
        most
            Rivals of a sort that are told.
        """
        n = self._number[id(candidate)]
        twins = self._twins.get(n, {})
        lost = np.divide(self._lost, self._alone, out=np.zeros_like(self._lost), where=self._alone > 0)
        before = [int(self._taker[n])] if self._taker[n] >= 0 and lost[n] >= least else []
        displaced = [k for k in np.flatnonzero((self._taker == n) & (lost >= least)).tolist() if k not in twins]
        return [
            *(self._rival(k, "before", float(lost[n])) for k in before),
            *(self._rival(k, "absorbed", twins[k]) for k in self._weightiest(twins, most)),
            *(self._rival(k, "displaced", float(lost[k])) for k in self._weightiest(displaced, most)),
        ]

    def nearby(self, candidate: Candidate, other: Candidate) -> Rival:
        """The rival for whose sake a candidate stands further down."""
        return self._rival(self._number[id(other)], "nearby", jaccard(candidate.members, other.members))

    def _rival(self, k: int, how: Literal["absorbed", "displaced", "before", "nearby"], share: float) -> Rival:
        return Rival(self._candidates[k], how, float(self._alone[k]) / self._total, share)

    def _weightiest(self, some: Iterable[int], most: int) -> list[int]:
        return sorted(some, key=lambda k: (-self._alone[k], k))[:most]

    def _gain(self, n: int) -> float:
        row = slice(self._degrees.indptr[n], self._degrees.indptr[n + 1])
        # summed in the same order each time: rounding then keeps what shrinks from growing
        served = (self._degrees.data[row] * self._left[self._degrees.indices[row]]).sum()
        return float((served + self._own[n]) * self._discount[n])

    def _take(self, n: int, gain: float) -> None:
        """Choose a candidate, and note what it takes from those that are still open."""
        row = slice(self._degrees.indptr[n], self._degrees.indptr[n + 1])
        sets, degree = self._degrees.indices[row], self._degrees.data[row]
        self._open[n] = False
        lost = np.asarray(self._by_set[:, sets] @ (self._left[sets] * degree)) * self._discount
        more = self._open & (lost > self._lost)
        self._lost[more], self._taker[more] = lost[more], n
        self._left[sets] *= 1 - degree
        self._taken[n] = sets, degree
        alone = float(self._alone[n])
        self.chosen.append(Choice(self._candidates[n], gain, gain / self._total, alone / self._total))

    def _absorbed(self, n: int) -> bool:
        """Absorb a candidate into one chosen before that has nearly its people, if there is any."""
        candidate = self._candidates[n]
        alike = [c for c in self.chosen if _purpose(c.candidate) == _purpose(candidate)]
        twin = next((c for c in alike if jaccard(c.candidate.members, candidate.members) >= self._overlap), None)
        if twin is not None and not self.widen(twin.candidate, candidate):
            self._absorb(n, twin.candidate)
        return twin is not None

    def _absorb(self, n: int, twin: Candidate) -> None:
        candidate = self._candidates[n]
        twin.absorbed.append(candidate)
        self._twins.setdefault(self._number[id(twin)], {})[n] = jaccard(twin.members, candidate.members)
        self._open[n] = False

    def _queue(self, pool: NDArray[np.bool_]) -> list[tuple[float, int]]:
        """Open candidates with their bounds, the highest first."""
        queue = [(-float(self._bound[n]), n) for n in np.flatnonzero(pool & self._open).tolist()]
        heapq.heapify(queue)
        return queue


def _purpose(candidate: Candidate) -> str:
    """What keeps spaces of the same people apart: where dates are found, or cake is offered, is no place for work."""
    return candidate.audience.kind if candidate.audience.kind in {"talks", "forum"} else "work"


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity of two sets; 0 of two empty ones."""
    return len(one & other) / len(one | other) if one or other else 0.0
