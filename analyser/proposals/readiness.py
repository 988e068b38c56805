"""Would the space live? Owners, figureheads, and what to find first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Member
    from analyser.proposals.portfolio import PortfolioThresholds

__all__ = ["Readiness", "readiness"]

_CROWD = 50
"""More members behave as a forum: a small core and many readers (`reference/patterns.md` section 4 [SW-TP])."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Owners in order, risks in words, and what is missing; ready if nothing is."""

    owners: tuple[str, ...]
    risks: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Nothing is missing."""
        return not self.missing


def readiness(audience: Audience, limits: PortfolioThresholds, *, conversation: bool) -> Readiness:
    """Judge an audience.

    Parameters
    ----------
    conversation
        True if the space lives off several people's posts; a report or a notice needs a second owner, no chorus.
    """
    writers = sorted((m for m in audience.members if m.sent > 0), key=lambda m: (-m.sent, -m.share, m.principal))
    quiet = sorted((m for m in audience.core if m.sent == 0), key=lambda m: (-m.share, m.principal))
    owners = tuple(m.principal for m in [*writers, *quiet][: limits.owners])
    risks, missing = _voices(audience, writers, limits) if conversation else _single(writers)
    if len(owners) < 2:  # noqa: PLR2004
        missing.append("a second owner")
    if audience.people > _CROWD and conversation:
        risks.append(f"more than {_CROWD} people: expect a small core and many readers")
    return Readiness(owners, tuple(risks), tuple(missing))


def _single(writers: list[Member]) -> tuple[list[str], list[str]]:
    """What may fail where one person writes and the others read."""
    if len(writers) != 1:  # where nobody does, a program writes
        return [], []
    return ["one person writes it: the second owner must learn how before the first holiday"], []


def _voices(audience: Audience, writers: list[Member], limits: PortfolioThresholds) -> tuple[list[str], list[str]]:
    """Risks, and what is missing, where a space lives off conversation: the figureheads are taken out of history."""
    risks, missing = [], []
    sent = sum(m.sent for m in writers)
    top = writers[0].sent / sent if sent else 1.0
    alone, pair = (audience.measures.get(f"answered_without_{n}") for n in ("one", "two"))
    if top > limits.top_share:
        missing.append("a second voice: one person writes most of the mail")
    elif alone is not None and alone < limits.answered_without_one:
        missing.append(f"a second voice: without one person only {alone:.0%} of the answered threads were answered")
    if len(writers) < limits.min_writers:
        missing.append(f"at least {limits.min_writers} people who write")
    if sum(m.sent for m in writers[:2]) > limits.top_two_share * max(1, sent) and len(writers) > 2:  # noqa: PLR2004
        risks.append("two people write most of the mail: name deputies before the start")
    elif pair is not None and pair < limits.answered_without_two:
        risks.append(f"without two people {pair:.0%} of the answered threads were answered: name deputies first")
    away, alive = (audience.measures.get(name) for name in ("weeks_away", "alive_when_away"))
    if away and alive is not None and away >= limits.weeks_away and alive < limits.alive_when_away:
        risks.append(f"in {away:.0f} weeks without its busiest writer it wrote in {alive:.0%} of them")
    return risks, missing
