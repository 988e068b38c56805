"""Decision by reply-all: the same people decide in long threads, into which more and more people are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["DecisionThread"]


class DecisionThreadThresholds(Thresholds):
    """When decisions by mail are a habit; a decision is a thread as [thresholds.decisions] describes it."""

    threads: int = threshold(3, "Threads in which something is decided: a single one is an event", ge=1)
    weeks: int = threshold(3, "Distinct weeks with a message of them", ge=1)
    senior_late: float = threshold(
        0.5,
        "Share of them into which somebody senior comes late; not asked where no directory tells who is senior",
        source="patterns.md row 9",
        ge=0,
        le=1,
    )
    coherence: float = threshold(0.5, "Mean Jaccard similarity of a message's people to the core", ge=0, le=1)


class DecisionThread(Rule[DecisionThreadThresholds]):
    """See the module."""

    id = "decision_thread"
    title = "Decision by reply-all"
    rationale = (
        "Who joins late reads backwards, or decides without having read; afterwards nobody finds what was decided."
    )
    remedy = "A channel thread with a log of decisions: what, who, when; whoever decides is there from the beginning."
    kinds = frozenset({"decisions"})
    thresholds = DecisionThreadThresholds
    helped_by = frozenset({Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        found = all_of(
            at_least("threads", audience.threads, limits.threads),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("coherence", audience.coherence, limits.coherence),
        )
        if found is None or "senior_late" not in audience.measures:
            return found
        late = at_least("senior_late", audience.measures["senior_late"], limits.senior_late)
        return (*found, late) if late else None

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "various subjects"
        length = audience.messages / max(1, audience.threads)
        return f"{audience.threads} decisions of about {length:.0f} mails each among {audience.people} people: {about}"
