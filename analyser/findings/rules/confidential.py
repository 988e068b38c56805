"""Confidential mail: pay, health, discipline, law, among few. It is counted and left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["Confidential"]


class ConfidentialThresholds(Thresholds):
    """When an audience is left alone; the words are set in [thresholds.sensitive]."""

    sensitive: float = threshold(0.25, "Share of messages with a sensitive subject", gt=0, le=1)
    messages: int = threshold(3, "Messages with a sensitive subject", ge=1)
    max_people: int = threshold(12, "More people make it no secret", ge=2)


class Confidential(Rule[ConfidentialThresholds]):
    """See the module."""

    id = "confidential"
    title = "Confidential mail"
    rationale = "Mail about pay, health, discipline or law between few people belongs where it is."
    remedy = "Nothing: it is left alone, and no space is proposed for it."
    kinds = frozenset({"circle", "closed", "covers", "decisions", "rounds", "series", "talks"})
    thresholds = ConfidentialThresholds
    needs = frozenset({Need.SUBJECTS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("sensitive", audience.sensitive, limits.sensitive),
            at_least("messages", audience.sensitive_messages, limits.messages),
            at_most("people", audience.people, limits.max_people),
        )

    def describe(self, audience: Audience) -> str:
        return f"Confidential mail among {audience.people} people, left alone"
