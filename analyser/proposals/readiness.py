"""Would the space live? Owners, figureheads, and what to find first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyser.findings.contract import Audience
    from analyser.proposals.portfolio import PortfolioThresholds

__all__ = ["Readiness", "readiness"]


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
    sent = sum(m.sent for m in writers)
    risks, missing = [], []
    top = writers[0].sent / sent if sent else 1.0
    if conversation:
        if top > limits.top_share:
            missing.append("a second voice: one person writes most of the mail")
        if len(writers) < limits.min_writers:
            missing.append(f"at least {limits.min_writers} people who write")
        if sum(m.sent for m in writers[:2]) > limits.top_two_share * max(1, sent) and len(writers) > 2:  # noqa: PLR2004
            risks.append("two people write most of the mail: name deputies before the start")
    elif len(writers) == 1:  # where nobody does, a program writes
        risks.append("one person writes it: the second owner must learn how before the first holiday")
    if len(owners) < 2:  # noqa: PLR2004
        missing.append("a second owner")
    if audience.people > 50 and conversation:  # noqa: PLR2004  patterns.md section 4
        risks.append("more than 50 people: expect a small core and many readers")
    return Readiness(owners, tuple(risks), tuple(missing))
