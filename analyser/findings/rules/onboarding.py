"""Onboarding: one sender gives the same explanation to everybody who joins, written anew or forwarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["Onboarding"]


class OnboardingThresholds(Thresholds):
    """When explanations are onboarding; who is new is set in [thresholds.joiners]."""

    joiners: int = threshold(5, "Distinct joiners who got it", source="patterns.md section 1: k = 5", ge=2)
    weeks: int = threshold(3, "Distinct weeks with a message: one intake is no habit", ge=1)
    messages: int = threshold(5, "Messages", source="metrics.md section 6: at least 5 cycles", ge=2)
    new_share: float = threshold(0.6, "Share of its recipients who are new", source="patterns.md row 14", gt=0, le=1)
    lift: float = threshold(
        1.5, "How much oftener they are new than in mail at large: where most mailboxes are unseen, all look new", ge=1
    )


class Onboarding(Rule[OnboardingThresholds]):
    """See the module."""

    id = "onboarding"
    title = "The same explanation to everybody who joins"
    rationale = "It is written or forwarded once per newcomer, ages in each copy, and stops when its sender leaves."
    remedy = "A page and a library that newcomers get on their first day, and a channel for their questions."
    kinds = frozenset({"joiners"})
    thresholds = OnboardingThresholds
    needs = frozenset({Need.SUBJECTS})
    helped_by = frozenset({Need.ROLES})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits, measures = self.limits, audience.measures
        return all_of(
            at_least("joiners", measures.get("joiners"), limits.joiners),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("messages", audience.messages, limits.messages),
            at_least("new_share", measures.get("new_share"), limits.new_share),
            at_least("lift", measures.get("lift"), limits.lift),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "various subjects"
        return f"{round(audience.measures.get('joiners', 0.0))} people who joined were sent {about} one by one"
