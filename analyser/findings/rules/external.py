"""External-facing mail: found and costed, then parked; internal scenarios come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["External"]


class ExternalThresholds(Thresholds):
    """When outside-facing mail is worth parking."""

    messages: int = threshold(10, "Messages with the same outside domain", ge=2)
    weeks: int = threshold(4, "Distinct weeks with a message", ge=1)
    people: int = threshold(2, "Internal people who share it", ge=2)
    coherence: float = threshold(
        0.5,
        "Mean Jaccard similarity of a message's internal people to the core: many who write once are no group",
        ge=0,
    )


class External(Rule[ExternalThresholds]):
    """See the module."""

    id = "external"
    title = "External-facing thread"
    rationale = "Partners and customers cannot be moved before the organisation itself works in spaces."
    remedy = "Keep it in mail; a shared channel later, when internal spaces live and owners answer."
    kinds = frozenset({"outside"})
    thresholds = ExternalThresholds

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("messages", audience.messages, limits.messages),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("people", audience.people, limits.people),
            at_least("coherence", audience.coherence, limits.coherence),
        )

    def describe(self, audience: Audience) -> str:
        return f"{audience.people} people share mail with {audience.stem}"
