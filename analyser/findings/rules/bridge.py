"""Cross-department bridge: a standing group of several departments whose mail one or two people carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["Bridge"]


class BridgeThresholds(Thresholds):
    """When a circle is a bridge."""

    min_messages: int = threshold(15, "Messages; as many as a working group needs", ge=5)
    min_weeks: int = threshold(8, "Distinct weeks with a message", source="patterns.md section 1", ge=1)
    active_weeks: float = threshold(
        0.5, "Share of weeks with a message, in the last half-year of its life: two people are away more often",
        gt=0, le=1,
    )  # fmt: skip
    departments: int = threshold(
        2, "Departments that take part, as [thresholds.bridges] counts them", source="patterns.md row 12", ge=2
    )
    e_i_excess: float = threshold(
        0.3, "E-I index above its expectation from department sizes", source="patterns.md row 12, metrics.md section 5",
        gt=0, le=2,
    )  # fmt: skip
    top_two_share: float = threshold(
        0.6, "Share of messages by two people: what more carry is a working group", source="patterns.md row 12",
        gt=0, le=1,
    )  # fmt: skip
    coherence: float = threshold(0.6, "Mean Jaccard similarity of a message's people to the core", gt=0, le=1)
    reply_share: float = threshold(
        0.2, "Share of threads with an answer: with fewer it is a report", source="patterns.md row 1", ge=0, le=1
    )
    max_people: int = threshold(50, "More people behave as a forum", source="patterns.md section 4 [SW-TP]", ge=3)


class Bridge(Rule[BridgeThresholds]):
    """See the module."""

    id = "bridge"
    title = "Bridge between departments"
    rationale = "Two departments know of each other what one or two people pass on; when these are away, nobody does."
    remedy = (
        "A shared channel of both sides, with an owner on each, so that others find one another without the carriers."
    )
    kinds = frozenset({"circle"})
    thresholds = BridgeThresholds
    needs = frozenset({Need.DEPARTMENTS})
    helped_by = frozenset({Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits, measures = self.limits, audience.measures
        return all_of(
            at_least("messages", audience.messages, limits.min_messages),
            at_least("weeks", audience.weeks, limits.min_weeks),
            at_least("active_weeks", audience.active_share, limits.active_weeks),
            at_least("departments", measures.get("sides"), limits.departments),
            at_least("e_i_excess", measures.get("e_i_excess"), limits.e_i_excess),
            at_least("top_two_share", audience.top_two_share, limits.top_two_share),
            at_least("coherence", audience.coherence, limits.coherence),
            at_least("reply_share", audience.reply_share, limits.reply_share),
            at_most("people", audience.people, limits.max_people),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "various subjects"
        sides = " and ".join(audience.departments[:2]) or "departments"
        return f"A few people carry the mail among {audience.people} of {sides}: {about}"
