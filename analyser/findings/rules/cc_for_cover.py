"""Copies for cover: a group's threads carry copies from which nobody answers, and more of them as they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["CcForCover"]


class CcForCoverThresholds(Thresholds):
    """When copies are a habit; which threads count, [thresholds.covers] says."""

    threads: int = threshold(10, "Threads of the group with a copy from which nobody answers", ge=3)
    weeks: int = threshold(8, "Distinct weeks with a message of them", source="patterns.md section 1", ge=1)
    reply_share: float = threshold(
        0.3, "Share of these threads with an answer: a report that nobody answers is no exchange", ge=0, le=1
    )
    growth: float = threshold(
        0.1, "How many more are in copy at the end of a thread, on the mean", source="patterns.md row 10", gt=0
    )
    people: int = threshold(
        5, "People of the group: fewer would point at one of them", source="metrics.md section 7", ge=4
    )


class CcForCover(Rule[CcForCoverThresholds]):
    """See the module."""

    id = "cc_for_cover"
    title = "Copies for cover"
    rationale = "A copy that asks for nothing costs its reader, and tells the others that they are not trusted."
    remedy = (
        "A habit to change, no space: work where others can look when they want to, and a digest instead of copies."
    )
    kinds = frozenset({"covers"})
    thresholds = CcForCoverThresholds
    needs = frozenset({Need.ROLES})
    helped_by = frozenset({Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("threads", audience.measures.get("threads"), limits.threads),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("reply_share", audience.reply_share, limits.reply_share),
            at_least("growth", audience.measures.get("growth"), limits.growth),
            at_least("people", audience.people, limits.people),
        )

    def describe(self, audience: Audience) -> str:
        threads = int(audience.measures.get("threads", 0))
        return f"{threads} threads among {audience.people} people carry copies that nobody answers from"
