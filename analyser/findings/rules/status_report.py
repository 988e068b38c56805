"""Recurring status report: one sender, a fixed set of readers, a rhythm, hardly an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["StatusReport"]

_PERIODS = {
    "workday": "daily",
    "week": "weekly",
    "fortnight": "fortnightly",
    "four_weeks": "four-weekly",
    "month": "monthly",
    "quarter": "quarterly",
}


class StatusReportThresholds(Thresholds):
    """When a series is a status report."""

    coherence: float = threshold(
        0.7, "Mean Jaccard similarity of a message's people to the core", source="patterns.md row 1", gt=0, le=1
    )
    slot_coverage: float = threshold(
        0.6, "Share of expected slots with a report", source="patterns.md row 1", gt=0, le=1
    )
    cycles: int = threshold(5, "Periods from first to last report", source="patterns.md row 1", ge=2)
    reply_share: float = threshold(
        0.35,
        "Share of reports that are answered, at the most; the published 0.2 is for one reader",
        source="patterns.md row 1",
        ge=0,
        le=1,
    )
    automatic: float = threshold(0.5, "Share of messages that a program sent, at the most", ge=0, le=1)
    max_people: int = threshold(
        100, "More people make it a broadcast; above 50 the space is a page", source="patterns.md rows 1 and 2", ge=3
    )


class StatusReport(Rule[StatusReportThresholds]):
    """See the module."""

    id = "status_report"
    title = "Recurring status report"
    rationale = "Every reader files a copy; questions go back to the sender alone; newcomers never see the past."
    remedy = "A post in a channel with a template: one place, one history, answers under the post."
    kinds = frozenset({"series"})
    thresholds = StatusReportThresholds
    needs = frozenset({Need.SUBJECTS})
    helped_by = frozenset({Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("slot_coverage", audience.slot_coverage, limits.slot_coverage),
            at_least("cycles", audience.cycles, limits.cycles),
            at_least("coherence", audience.coherence, limits.coherence),
            at_most("reply_share", audience.reply_share, limits.reply_share),
            at_most("reach", audience.reach, limits.max_people),
            at_most("automatic", audience.automatic, limits.automatic),
        )

    def describe(self, audience: Audience) -> str:
        rhythm = _PERIODS.get(audience.period or "", "recurring")
        return f"{rhythm} report “{audience.stem}” to {audience.people - 1} readers"
