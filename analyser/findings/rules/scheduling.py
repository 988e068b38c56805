"""Scheduling ping-pong: a few people write to and fro until a date is found, again and again within a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["Scheduling"]


class SchedulingThresholds(Thresholds):
    """When talks are a habit of a group; a talk is a thread as [thresholds.talks] describes it."""

    talks: int = threshold(4, "Threads of a few people that end with an invitation", ge=1)
    weeks: int = threshold(3, "Distinct weeks with a message of them", ge=1)
    people: int = threshold(3, "People of the group: two alone are left alone", ge=3)


class Scheduling(Rule[SchedulingThresholds]):
    """See the module."""

    id = "scheduling"
    title = "Scheduling ping-pong"
    rationale = "Five mails for one date, each of which waits for the slowest; whoever is asked last begins anew."
    remedy = "A scheduling page or a poll; calendars that show when colleagues are free."
    kinds = frozenset({"talks"})
    thresholds = SchedulingThresholds
    helped_by = frozenset({Need.THREADS, Need.ATTACHMENTS, Need.SUBJECTS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("talks", audience.measures.get("talks"), limits.talks),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("people", audience.people, limits.people),
        )

    def describe(self, audience: Audience) -> str:
        how = "an invitation" if audience.measures.get("marked") else "one last message to the same people"
        talks = int(audience.measures.get("talks", 0))
        return f"{talks} times a few of {audience.people} people wrote to and fro until {how}"
