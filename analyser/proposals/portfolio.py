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
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyser.config import Thresholds, threshold
from analyser.proposals.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from analyser.proposals.selection import Candidate, Choice, Rival

__all__ = ["Portfolio", "PortfolioThresholds", "choose"]


class PortfolioThresholds(Thresholds):
    """How the handful is chosen."""

    pilots: int = threshold(7, "Pilots at the most", source="DESIGN section 1", ge=1)
    min_pilots: int = threshold(
        5, "Pilots from which group mail without a recognised pattern is no pilot", source="DESIGN section 1", ge=0
    )
    per_sponsor: int = threshold(1, "Pilots per home department", source="DESIGN section 5", ge=1)
    per_person: int = threshold(2, "Pilots per person", ge=1)
    spaces_per_person: int = threshold(
        5,
        "New spaces that one person would have to follow, over the whole list in rank order",
        source="DESIGN section 5",
        ge=1,
    )
    proposals: int = threshold(
        200, "Proposals at the most, backlog included; what was recognised is listed all the same", ge=1
    )
    overlap: float = threshold(0.6, "Jaccard similarity of members from which two spaces become one", gt=0, le=1)
    front: int = threshold(20, "Proposals at the front of the list, where the stricter likeness holds", ge=1)
    front_overlap: float = threshold(
        0.5,
        "Jaccard similarity of members from which the second of two spaces stands behind the front: few read further,"
        " and the same people twice among few looks like one idea sold twice",
        gt=0,
        le=1,
    )
    displaced_share: float = threshold(
        0.25,
        "Share of its benefit that a candidate lost to another from which both tell of it",
        gt=0,
        le=1,
    )
    rivals: int = threshold(3, "Other candidates of a sort that a proposal tells of", ge=0)
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


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What was chosen, in the order in which it was chosen.

    Parameters
    ----------
    pilots
        The handful.
    backlog
        All others, and of each the reason why it is no pilot.
    rivals
        By choice, in the order of pilots and backlog: other candidates that it competed with.
    """

    pilots: list[Choice]
    backlog: list[tuple[Choice, str]]
    rivals: list[list[Rival]]


def choose(
    candidates: Sequence[Candidate],
    degrees: sp.csr_array,
    weight: NDArray[np.float64],
    limits: PortfolioThresholds,
    obstacle: Callable[[Candidate], str | None],
    serve: Callable[[frozenset[str]], NDArray[np.float64]] | None = None,
) -> Portfolio:
    """Choose the pilots together, then order all others behind them by what each would still add.

    Recognised patterns come first among the pilots; group mail without one fills up to the smallest handful. A
    candidate with nearly the people of one chosen before is absorbed by it, and behind the pilots brings its people
    along where that serves more mail. Nobody reads a list of the same people twice: at its front even those that are
    less alike are made one space, or stand back and follow behind it.

    Parameters
    ----------
    degrees
        How far each candidate serves each recipient set, shape (candidates, sets), 0 to 1.
    weight
        Expected future cost per recipient set, shape (sets,).
    obstacle
        Candidate -> why it is no pilot, whatever the others are, or None.
    serve
        People -> how far a space of theirs would serve each recipient set, shape (sets,); None: spaces keep their
        people.
    """
    handful = _Handful(limits)
    selection = Selection(
        candidates, degrees, weight, overlap=limits.overlap, caution=limits.caution, serve=serve, room=handful.room
    )
    obstacles = {id(c): obstacle(c) for c in candidates}
    front = _Front(selection, limits)
    for plain in (False, True):
        pool = np.array([obstacles[id(c)] is None and (not c.findings) == plain for c in candidates], bool)
        selection.fill(pool, lambda c: front.admit(c) and handful.admit(c), limits.pilots)
    pilots = list(selection.chosen)
    everyone = np.ones(len(candidates), bool)
    selection.fill(everyone, front.admit, min(limits.front, limits.proposals))
    front.open = len(selection.chosen) < limits.front
    if front.open:
        selection.recognised(front.admit)
        front.open = False
    selection.fill(everyone, front.admit, limits.proposals)
    selection.recognised(front.admit)
    backlog = selection.chosen[len(pilots) :]
    return Portfolio(
        pilots,
        [(c, obstacles[id(c.candidate)] or handful.reason(c.candidate) or _behind(c, len(pilots))) for c in backlog],
        [front.rivals(c.candidate) for c in selection.chosen],
    )


class _Front:
    """The first proposals of the list, in which no two have half of their people in common."""

    def __init__(self, selection: Selection, limits: PortfolioThresholds) -> None:
        self.open = True
        self._selection, self._limits = selection, limits
        self._nearby: dict[int, Candidate] = {}

    def admit(self, candidate: Candidate) -> bool:
        """Let the candidate in unless it resembles one that is there; behind the front all may enter."""
        if not self.open or len(self._selection.chosen) >= self._limits.front:
            return True
        other, alike = self._selection.nearest(candidate)
        if other is None or alike < self._limits.front_overlap:
            return True
        if not self._selection.widen(other, candidate):
            self._nearby[id(candidate)] = other
        return False

    def rivals(self, candidate: Candidate) -> list[Rival]:
        """What a candidate competed with; first the one for whose sake it stands further down."""
        found = self._selection.rivals(candidate, self._limits.displaced_share, self._limits.rivals)
        other = self._nearby.get(id(candidate))
        return found if other is None else [self._selection.nearby(candidate, other), *found]


class _Handful:
    """The limits per sponsor and person, and who is bound already."""

    def __init__(self, limits: PortfolioThresholds) -> None:
        self._limits = limits
        self._sponsors: Counter[str] = Counter()
        self._people: Counter[str] = Counter()
        self._members: set[int] = set()

    def room(self, candidate: Candidate, people: frozenset[str]) -> bool:
        """Give a pilot further people, if none of them is in as many as allowed; what is no pilot has room."""
        if id(candidate) in self._members:
            if max((self._people[p] for p in people), default=0) >= self._limits.per_person:
                return False
            self._people.update(people)
        return True

    def admit(self, candidate: Candidate) -> bool:
        """Take the candidate into the handful if no limit speaks against it."""
        if self.reason(candidate) is not None:
            return False
        self._sponsors[candidate.sponsor] += 1
        self._people.update(candidate.members)
        self._members.add(id(candidate))
        return True

    def reason(self, candidate: Candidate) -> str | None:
        """The limit that this candidate would pass, or None."""
        limits = self._limits
        if candidate.sponsor and self._sponsors[candidate.sponsor] >= limits.per_sponsor:
            return f"{candidate.sponsor} already has a pilot; one at a time for each sponsor"
        if max((self._people[p] for p in candidate.members), default=0) >= limits.per_person:
            return f"Some of its people would be in more than {limits.per_person} pilots"
        if not candidate.findings and len(self._members) >= limits.min_pilots:
            return "Recurring group mail, but no pattern that promises more than the pilots do"
        return None


def _behind(choice: Choice, pilots: int) -> str:
    return f"Ranked behind the {pilots} pilots: it adds {choice.share:.1%} to what they serve"
