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
    from analyser.proposals.matching import Score
    from analyser.proposals.readiness import Readiness

__all__ = ["Candidate", "Choice", "PortfolioThresholds", "choose", "pilots"]


class PortfolioThresholds(Thresholds):
    """How the handful is chosen."""

    pilots: int = threshold(7, "Pilots at the most", source="DESIGN section 1", ge=1)
    min_pilots: int = threshold(
        5, "Pilots from which group mail without a recognised pattern is no pilot", source="DESIGN section 1", ge=0
    )
    per_sponsor: int = threshold(1, "Pilots per home department", source="DESIGN section 5", ge=1)
    per_person: int = threshold(2, "Pilots per person", ge=1)
    proposals: int = threshold(200, "Proposals at the most, backlog included", ge=1)
    overlap: float = threshold(0.5, "Jaccard similarity of members from which two spaces become one", gt=0, le=1)
    owners: int = threshold(3, "Owners that are named", ge=2)
    min_writers: int = threshold(
        3, "People who must write in a space that lives off conversation", source="[SW-RS]", ge=1
    )
    top_share: float = threshold(
        0.6, "Share of messages by one person from which a space hangs on a figurehead", gt=0, le=1
    )
    top_two_share: float = threshold(0.8, "Share of messages by two people that is a risk", gt=0, le=1)
    unready: float = threshold(0.6, "Discount on the benefit of what is not ready", gt=0, le=1)
    plain: float = threshold(0.8, "Discount on the benefit of group mail without a recognised pattern", gt=0, le=1)
    min_pilot_weeks: int = threshold(6, "Weeks with mail that a pilot must have had", ge=1)
    plain_active_share: float = threshold(
        0.15, "Share of active weeks that group mail without a recognised pattern needs to be a pilot", gt=0, le=1
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
    discount: float
    own_benefit: float = 0.0
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
) -> list[Choice]:
    """Order candidates by what each adds to those before it; those too alike are absorbed.

    Parameters
    ----------
    degrees
        How far each candidate serves each recipient set, shape (candidates, sets), 0 to 1.
    weight
        Expected future cost per recipient set, shape (sets,).
    """
    left = weight.astype(np.float64).copy()
    discount = np.array([c.discount for c in candidates])
    own = np.array([c.own_benefit for c in candidates])
    total = float(weight.sum() + own.sum()) or 1.0
    open_ = np.ones(len(candidates), bool)
    chosen: list[Choice] = []
    while open_.any() and len(chosen) < limits.proposals:
        gains = np.where(open_, (degrees @ left + own) * discount, -1.0)
        best = int(gains.argmax())
        open_[best] = False
        if gains[best] <= 0:
            break
        candidate = candidates[best]
        twin = next((c for c in chosen if _jaccard(c.candidate.members, candidate.members) >= limits.overlap), None)
        if twin is not None:
            twin.candidate.absorbed.append(candidate)
            continue
        row = slice(degrees.indptr[best], degrees.indptr[best + 1])
        left[degrees.indices[row]] *= 1 - degrees.data[row]
        chosen.append(Choice(candidate, float(gains[best]), float(gains[best]) / total))
    return chosen


def pilots(
    choices: Sequence[Choice], limits: PortfolioThresholds, obstacle: Callable[[Candidate], str | None]
) -> tuple[list[Choice], dict[int, str]]:
    """Take the first choices that nothing speaks against, within the limits per sponsor and person.

    Recognised patterns come first; group mail without one fills up to the smallest handful.

    Returns
    -------
    list of Choice
        The pilots, in the order of `choices`.
    dict
        Why not, by position in `choices`, for all others.
    """
    sponsors: Counter[str] = Counter()
    people: Counter[str] = Counter()
    taken: set[int] = set()
    why_not: dict[int, str] = {}
    ranked = sorted(range(len(choices)), key=lambda n: not choices[n].candidate.findings)
    for position in ranked:
        choice = choices[position]
        reason = obstacle(choice.candidate) or _limit(choice, len(taken), sponsors, people, limits)
        if reason is not None:
            why_not[position] = reason
            continue
        taken.add(position)
        sponsors[choice.candidate.sponsor] += 1
        people.update(choice.candidate.members)
    return [choices[n] for n in sorted(taken)], why_not


def _limit(
    choice: Choice, taken: int, sponsors: Counter[str], people: Counter[str], limits: PortfolioThresholds
) -> str | None:
    """The limit that one more pilot would pass, or None."""
    candidate = choice.candidate
    if taken >= limits.pilots:
        return f"Ranked behind the {limits.pilots} pilots: it adds {choice.share:.1%} to what they serve"
    if not candidate.findings and taken >= limits.min_pilots:
        return "Recurring group mail, but no pattern that promises more than the pilots do"
    if candidate.sponsor and sponsors[candidate.sponsor] >= limits.per_sponsor:
        return f"{candidate.sponsor} already has a pilot; one at a time for each sponsor"
    if max((people[p] for p in candidate.members), default=0) >= limits.per_person:
        return f"Some of its people would be in more than {limits.per_person} pilots"
    return None


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0
