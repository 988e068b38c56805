"""The handful: spaces chosen together, not one by one, and the reason for each that was not chosen.

Notes
-----
The benefit of a set of spaces is the recent mail that they would have served (each recipient set once, however many
spaces resemble it) plus the questions that desks would have answered, each space discounted by confidence and
readiness.
Serving is submodular, so greedy selection is within ``1 - 1/e`` of the best set (Nemhauser, Wolsey, Fisher 1978).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from analyser.findings.contract import Audience, Finding
    from analyser.proposals.existing import Match
    from analyser.proposals.matching import Score
    from analyser.proposals.readiness import Readiness

__all__ = ["Candidate", "Choice", "PortfolioThresholds", "choose"]


class PortfolioThresholds(Thresholds):
    """How the handful is chosen."""

    pilots: int = threshold(7, "Pilots at the most", source="DESIGN section 1", ge=1)
    min_pilots: int = threshold(
        5, "Pilots from which group mail without a recognised pattern is no pilot", source="DESIGN section 1", ge=0
    )
    per_sponsor: int = threshold(1, "Pilots per home department", source="DESIGN section 5", ge=1)
    per_person: int = threshold(2, "Pilots per person", ge=1)
    proposals: int = threshold(
        200, "Proposals at the most, backlog included; what was recognised is listed all the same", ge=1
    )
    overlap: float = threshold(0.6, "Jaccard similarity of members from which two spaces become one", gt=0, le=1)
    owners: int = threshold(3, "Owners that are named", ge=2)
    min_writers: int = threshold(
        3, "People who must write in a space that lives off conversation", source="[SW-RS]", ge=1
    )
    top_share: float = threshold(
        0.6, "Share of messages by one person from which a space hangs on a figurehead", gt=0, le=1
    )
    answered_without_one: float = threshold(
        0.2,
        "Share of answered threads that history must still show answered without the person who wrote most",
        source="metrics.md section 9: figurehead gate",
        ge=0,
        le=1,
    )
    answered_without_two: float = threshold(
        0.1, "The same without the two who wrote most; less is a risk", source="metrics.md section 9", ge=0, le=1
    )
    weeks_away: int = threshold(3, "Weeks without its busiest writer from which they tell something", ge=1)
    alive_when_away: float = threshold(0.3, "Share of these weeks with mail; less is a risk", ge=0, le=1)
    top_two_share: float = threshold(0.8, "Share of messages by two people that is a risk", gt=0, le=1)
    unready: float = threshold(0.6, "Confidence in what is not ready, as a share of what it were else", gt=0, le=1)
    plain: float = threshold(0.4, "Confidence in group mail without a recognised pattern", gt=0, le=1)
    plain_messages: int = threshold(
        6, "Messages from which that confidence is full; fewer count in proportion: three mails promise little", ge=1
    )
    caution: float = threshold(
        0.5, "Power of the confidence by which expected mail is discounted: 0 not at all, 1 in proportion", ge=0, le=1
    )
    min_pilot_weeks: int = threshold(6, "Weeks with mail that a pilot must have had", ge=1)
    plain_active_share: float = threshold(
        0.05, "Share of active weeks that group mail without a recognised pattern needs to be a pilot", gt=0, le=1
    )
    idle_weeks: int = threshold(6, "Weeks of silence after which a pattern is over and no pilot", ge=1)


@dataclass(eq=False)
class Candidate:
    """A space that could be proposed."""

    audience: Audience
    findings: list[Finding]
    pattern: str
    kinds: list[Score]
    readiness: Readiness
    members: frozenset[str]
    confidence: float
    own_benefit: float = 0.0
    existing: Match | None = None
    absorbed: list[Candidate] = field(default_factory=list)

    @property
    def sponsor(self) -> str:
        """The home department, whose head would sponsor it; empty where unknown."""
        return self.audience.departments[0] if self.audience.departments else ""

    @property
    def patterns(self) -> list[str]:
        """Names of the rules behind it and behind what it absorbed, its own first."""
        names = [f.rule for f in self.findings]
        for other in self.absorbed:
            names += other.patterns
        return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate in its place: the benefit that it added, and the share of all benefit."""

    candidate: Candidate
    gain: float
    share: float


def choose(
    candidates: Sequence[Candidate],
    degrees: sp.csr_array,
    weight: NDArray[np.float64],
    limits: PortfolioThresholds,
    obstacle: Callable[[Candidate], str | None],
) -> tuple[list[Choice], list[tuple[Choice, str]]]:
    """Choose the pilots together, then order all others behind them by what each would still add.

    Recognised patterns come first among the pilots; group mail without one fills up to the smallest handful. A
    candidate with nearly the people of one chosen before is absorbed by it.

    Parameters
    ----------
    degrees
        How far each candidate serves each recipient set, shape (candidates, sets), 0 to 1.
    weight
        Expected future cost per recipient set, shape (sets,).
    obstacle
        Candidate -> why it is no pilot, whatever the others are, or None.

    Returns
    -------
    list of Choice
        The pilots in the order in which they were chosen.
    list of (Choice, str)
        The backlog, and of each the reason why it is no pilot.
    """
    selection = _Selection(candidates, degrees, weight, limits)
    obstacles = {id(c): obstacle(c) for c in candidates}
    handful = _Handful(limits)
    for plain in (False, True):
        pool = np.array([obstacles[id(c)] is None and (not c.findings) == plain for c in candidates], bool)
        selection.fill(pool, handful.admit, limits.pilots)
    pilots = list(selection.chosen)
    selection.fill(np.ones(len(candidates), bool), lambda _: True, limits.proposals)
    selection.recognised()
    backlog = selection.chosen[len(pilots) :]
    return pilots, [
        (c, obstacles[id(c.candidate)] or handful.reason(c.candidate) or _behind(c, len(pilots))) for c in backlog
    ]


class _Selection:
    """Greedy selection: what is chosen so far, and what every other candidate would still add."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        degrees: sp.csr_array,
        weight: NDArray[np.float64],
        limits: PortfolioThresholds,
    ) -> None:
        self.chosen: list[Choice] = []
        self._candidates, self._degrees, self._overlap = candidates, degrees, limits.overlap
        self._left = weight.astype(np.float64).copy()
        self._own = np.array([c.own_benefit for c in candidates], np.float64)
        self._discount = np.array([c.confidence**limits.caution for c in candidates], np.float64)
        self._total = float(weight.sum() + self._own.sum()) or 1.0
        self._open = np.ones(len(candidates), bool)

    def fill(self, pool: NDArray[np.bool_], admit: Callable[[Candidate], bool], most: int) -> None:
        """Choose from `pool` until `most` are chosen, or nothing adds anything."""
        pool &= self._open
        while pool.any() and len(self.chosen) < most:
            gains = np.where(pool, (self._degrees @ self._left + self._own) * self._discount, -1.0)
            best = int(gains.argmax())
            pool[best] = False
            if gains[best] <= 0:
                return
            if self._absorbed(best):
                continue
            candidate = self._candidates[best]
            if admit(candidate):
                row = slice(self._degrees.indptr[best], self._degrees.indptr[best + 1])
                self._left[self._degrees.indices[row]] *= 1 - self._degrees.data[row]
                self.chosen.append(Choice(candidate, float(gains[best]), float(gains[best]) / self._total))
                self._open[best] = False

    def recognised(self) -> None:
        """Choose also what adds nothing but was recognised, so that no pattern vanishes; surest first."""
        rest = [n for n in np.flatnonzero(self._open).tolist() if self._candidates[n].findings]
        for n in sorted(rest, key=lambda n: (-round(self._candidates[n].confidence, 6), n)):
            if not self._absorbed(n):
                self.chosen.append(Choice(self._candidates[n], 0.0, 0.0))
                self._open[n] = False

    def _absorbed(self, n: int) -> bool:
        """Absorb a candidate into one chosen before that has nearly its people, if there is any."""
        candidate = self._candidates[n]
        # where dates are found is no place for what the same people write, nor the other way round
        alike = [
            c for c in self.chosen if (c.candidate.audience.kind == "talks") == (candidate.audience.kind == "talks")
        ]
        twin = next((c for c in alike if _jaccard(c.candidate.members, candidate.members) >= self._overlap), None)
        if twin is not None:
            twin.candidate.absorbed.append(candidate)
            self._open[n] = False
        return twin is not None


class _Handful:
    """The limits per sponsor and person, and who is bound already."""

    def __init__(self, limits: PortfolioThresholds) -> None:
        self._limits = limits
        self._sponsors: Counter[str] = Counter()
        self._people: Counter[str] = Counter()
        self._count = 0

    def admit(self, candidate: Candidate) -> bool:
        """Take the candidate into the handful if no limit speaks against it."""
        if self.reason(candidate) is not None:
            return False
        self._sponsors[candidate.sponsor] += 1
        self._people.update(candidate.members)
        self._count += 1
        return True

    def reason(self, candidate: Candidate) -> str | None:
        """The limit that this candidate would pass, or None."""
        limits = self._limits
        if candidate.sponsor and self._sponsors[candidate.sponsor] >= limits.per_sponsor:
            return f"{candidate.sponsor} already has a pilot; one at a time for each sponsor"
        if max((self._people[p] for p in candidate.members), default=0) >= limits.per_person:
            return f"Some of its people would be in more than {limits.per_person} pilots"
        if not candidate.findings and self._count >= limits.min_pilots:
            return "Recurring group mail, but no pattern that promises more than the pilots do"
        return None


def _behind(choice: Choice, pilots: int) -> str:
    return f"Ranked behind the {pilots} pilots: it adds {choice.share:.1%} to what they serve"


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0
