"""Social mail and announcements about people: anybody writes to everybody, once in a while, and some answer at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["Social"]


class SocialThresholds(Thresholds):
    """When a forum is social; what a forum is, is set in [thresholds.forums]."""

    starters: int = threshold(8, "Distinct people who begin threads", source="patterns.md row 11: many senders", ge=3)
    each: float = threshold(4.0, "Threads per starter, at the most", source="patterns.md row 11: one-off senders", ge=1)
    busiest: float = threshold(0.25, "Share of threads by the one who begins most, at the most", gt=0, le=1)
    places: int = threshold(
        3, "Departments of those who begin", source="patterns.md row 11: wide department spread", ge=1
    )
    reply_share: float = threshold(0.2, "Share of threads with an answer: what nobody answers is a notice", ge=0, le=1)
    length: float = threshold(
        8.0, "Median messages of a thread, at the most: longer ones are decisions", source="patterns.md row 9", gt=1
    )
    burst_hours: float = threshold(
        72.0, "Median hours in which an answered thread is over", source="patterns.md row 11: short bursts", gt=0
    )
    weeks: int = threshold(4, "Distinct weeks with a message", ge=1)


class Social(Rule[SocialThresholds]):
    """See the module."""

    id = "social"
    title = "Social mail to everybody"
    rationale = (
        "Cake and lost keys interrupt all for the few whom they concern; who wants to answer disturbs all again."
    )
    remedy = "A community that people follow or mute; the list stays for what everybody must read."
    kinds = frozenset({"forum"})
    thresholds = SocialThresholds
    helped_by = frozenset({Need.THREADS, Need.DEPARTMENTS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits, measures = self.limits, audience.measures
        return all_of(
            at_least("starters", measures.get("starters"), limits.starters),
            at_most("each", measures.get("each"), limits.each),
            at_most("busiest", measures.get("busiest"), limits.busiest),
            at_least("places", measures.get("places"), limits.places),
            at_least("reply_share", audience.reply_share, limits.reply_share),
            at_most("length", measures.get("length"), limits.length),
            at_most("burst_hours", measures.get("burst_hours"), limits.burst_hours),
            at_least("weeks", audience.weeks, limits.weeks),
        )

    def describe(self, audience: Audience) -> str:
        starters = round(audience.measures.get("starters", 0.0))
        return f"{starters} people began {audience.threads} threads with all {audience.people} of them"
