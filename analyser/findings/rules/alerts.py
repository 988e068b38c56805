"""On-call and alerts: a program writes day and night, often, to the same several people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["Alerts"]


class AlertsThresholds(Thresholds):
    """When a program's mail is alerts; what a program is, is set in [thresholds.alarms]."""

    messages: int = threshold(20, "Messages of the program", source="[thresholds.automation] min_sent", ge=2)
    weeks: int = threshold(4, "Distinct weeks with a message", ge=1)
    per_week: float = threshold(3.0, "Messages per week with a message", source="patterns.md row 8: high volume", gt=0)
    hours: float = threshold(
        6.0,
        "Effective number of hours of the day at which they come: a report comes at one hour",
        source="patterns.md row 8: 24×7 profile",
        gt=1,
        le=24,
    )
    off_hours: float = threshold(
        0.35,
        "Share of messages at night or at the weekend",
        source="[thresholds.automation] off_hours_share",
        ge=0,
        le=1,
    )
    readers: int = threshold(3, "People who get most of them: one or two readers share nothing", ge=2)
    coherence: float = threshold(
        0.6, "Mean Jaccard similarity of a message's people to the core: the readers are fixed", ge=0, le=1
    )
    max_people: int = threshold(50, "More people make it a broadcast", source="patterns.md section 4", ge=3)


class Alerts(Rule[AlertsThresholds]):
    """See the module."""

    id = "alerts"
    title = "Alerts of a program"
    rationale = "Everybody is woken and nobody knows who acts; what was done lies in one reader's sent mail."
    remedy = (
        "A channel that the program posts to, with a tag for who is on duty; a ticket where something must be done."
    )
    kinds = frozenset({"alarms"})
    thresholds = AlertsThresholds
    helped_by = frozenset({Need.HEADERS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits, measures = self.limits, audience.measures
        return all_of(
            at_least("messages", audience.messages, limits.messages),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("per_week", measures.get("per_week"), limits.per_week),
            at_least("hours", measures.get("hours"), limits.hours),
            at_least("off_hours", measures.get("off_hours"), limits.off_hours),
            at_least("readers", sum(m.role == "core" for m in audience.members), limits.readers),
            at_least("coherence", audience.coherence, limits.coherence),
            at_most("people", audience.people, limits.max_people),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "various subjects"
        rate = round(audience.measures.get("per_week", 0.0))
        passed = f"; {audience.reply_share:.0%} are passed on or answered" if audience.reply_share else ""
        return f"A program writes {rate} alerts a week to {audience.people} people: {about}{passed}"
