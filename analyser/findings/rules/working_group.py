"""Standing working group by reply-all: the same people, several of them writing, week after week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["WorkingGroup"]


class WorkingGroupThresholds(Thresholds):
    """When a circle is a working group."""

    min_messages: int = threshold(15, "Messages; [MUSE] asks for 5, which a single long thread reaches", ge=5)
    min_weeks: int = threshold(8, "Distinct weeks with a message", source="patterns.md section 1", ge=1)
    active_weeks: float = threshold(
        0.6, "Share of weeks with a message, in the last half-year of its life", source="patterns.md row 13", gt=0, le=1
    )
    senders: int = threshold(3, "Distinct senders", source="patterns.md row 13", ge=2)
    hhi: float = threshold(0.35, "Concentration of senders, at the most", source="patterns.md row 13", gt=0, le=1)
    writers: int = threshold(3, "Members who write regularly", source="patterns.md row 13", ge=2)
    top_two_share: float = threshold(
        0.6,
        "Share of messages by two people, at the most: what two carry is a bridge",
        source="patterns.md row 12",
        gt=0,
        le=1,
    )
    thread_length: float = threshold(
        6.0, "Mean messages of a thread, at the most: long ones are decisions", source="patterns.md row 9", gt=1
    )
    copied: float = threshold(
        0.8,
        "Share of a core member's mail that it gets as a copy, at the most: a constant copy is cover",
        source="patterns.md row 10",
        gt=0,
        le=1,
    )
    coherence: float = threshold(0.6, "Mean Jaccard similarity of a message's people to the core", gt=0, le=1)
    reply_share: float = threshold(0.3, "Share of threads with an answer", ge=0, le=1)
    max_people: int = threshold(50, "More people behave as a forum", source="patterns.md section 4 [SW-TP]", ge=3)


class WorkingGroup(Rule[WorkingGroupThresholds]):
    """See the module."""

    id = "working_group"
    title = "Standing working group by reply-all"
    rationale = "A team works in everybody's inbox: who joins late has no past, who forgets one name splits the thread."
    remedy = "A channel of their own, private if they are a part of a larger team."
    kinds = frozenset({"circle"})
    thresholds = WorkingGroupThresholds
    helped_by = frozenset({Need.ROLES, Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("messages", audience.messages, limits.min_messages),
            at_least("weeks", audience.weeks, limits.min_weeks),
            at_least("active_weeks", audience.active_share, limits.active_weeks),
            at_least("senders", audience.senders, limits.senders),
            at_least("writers", audience.writers, limits.writers),
            at_most("hhi", audience.hhi, limits.hhi),
            at_most("top_two_share", audience.top_two_share, limits.top_two_share),
            at_most("thread_length", audience.messages / max(1, audience.threads), limits.thread_length),
            at_most("copied", max(m.copied for m in audience.core), limits.copied),
            at_least("coherence", audience.coherence, limits.coherence),
            at_least("reply_share", audience.reply_share, limits.reply_share),
            at_most("people", audience.people, limits.max_people),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "various subjects"
        return f"{audience.people} people work by reply-all on {about}"
