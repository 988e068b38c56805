"""Newsletter or broadcast: few senders, many readers, no answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["Broadcast"]


class BroadcastThresholds(Thresholds):
    """When one sender's mail is a broadcast."""

    min_people: float = threshold(25.0, "Median people on a message", source="patterns.md row 2 [WL-A]", gt=1)
    reply_share: float = threshold(0.15, "Share of messages that are answered, at the most", ge=0, le=1)
    min_messages: int = threshold(5, "Messages", ge=2)
    min_weeks: int = threshold(4, "Distinct weeks with a message", ge=1)


class Broadcast(Rule[BroadcastThresholds]):
    """See the module."""

    id = "broadcast"
    title = "Newsletter or broadcast"
    rationale = "Each copy interrupts a reader; nobody can look the notice up later, and nobody can leave."
    remedy = "An announcement space or news page that people follow, with a digest."
    kinds = frozenset({"broadcast"})
    thresholds = BroadcastThresholds
    helped_by = frozenset({Need.SUBJECTS, Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("reach", audience.reach, limits.min_people),
            at_most("reply_share", audience.reply_share, limits.reply_share),
            at_least("messages", audience.messages, limits.min_messages),
            at_least("weeks", audience.weeks, limits.min_weeks),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "various subjects"
        return f"Broadcast to about {round(audience.reach)} people: {about}"
