"""Approval chain: requests go from hand to hand in the same order, and come back to who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["ApprovalChain"]

_HALF_YEAR = 26.0
"""Weeks for which support is counted."""


class ApprovalChainThresholds(Thresholds):
    """When a path is an approval chain; what a path is, is set in [thresholds.paths]."""

    support: float = threshold(
        10.0,
        "Requests that took the path in half a year; of longer histories, in all",
        source="patterns.md row 4",
        ge=2,
    )
    requests: int = threshold(5, "The same, however short the history", source="metrics.md section 6", ge=2)
    requesters: int = threshold(3, "Distinct people who ask", source="patterns.md row 4: requesters vary", ge=1)
    ordered: float = threshold(
        0.8, "Share of hand-ons that go the usual way between their two hands", source="patterns.md row 4", ge=0, le=1
    )
    returned: float = threshold(0.5, "Share of requests that come back to who asked", ge=0, le=1)
    weeks: int = threshold(4, "Distinct weeks with a message", ge=1)


class ApprovalChain(Rule[ApprovalChainThresholds]):
    """See the module."""

    id = "approval_chain"
    title = "Approval chain"
    rationale = "Nobody sees where a request lies; each hand waits for the one before, and who is away stops it."
    remedy = "An approval flow, or a list with states: everyone sees the state, deputies step in, the record stays."
    kinds = frozenset({"path"})
    thresholds = ApprovalChainThresholds
    helped_by = frozenset({Need.ROLES, Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits, measures = self.limits, audience.measures
        support = audience.threads * max(1.0, _HALF_YEAR / max(1.0, self.period.weeks))
        return all_of(
            at_least("support", support, limits.support),
            at_least("requests", audience.threads, limits.requests),
            at_least("requesters", measures.get("requesters"), limits.requesters),
            at_least("ordered", measures.get("ordered"), limits.ordered),
            at_least("returned", measures.get("returned"), limits.returned),
            at_least("weeks", audience.weeks, limits.weeks),
        )

    def describe(self, audience: Audience) -> str:
        hands = sum(m.role == "core" for m in audience.members)
        about = f": “{audience.stems[0]}”" if audience.stems else ""
        hours = audience.measures.get("hours", 0.0)
        return f"{audience.threads} requests went through the same {hands} hands, about {hours:.0f} hours each{about}"
