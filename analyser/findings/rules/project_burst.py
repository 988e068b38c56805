"""Project or event by mail: a new set of people from several departments, busy for some weeks, then silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["ProjectBurst"]

_SEASONS: Final = {3: "quarter", 6: "half-year", 12: "year"}
"""Months after which a project returns, in words."""


class ProjectBurstThresholds(Thresholds):
    """When a circle is a project."""

    min_weeks: int = threshold(2, "Shortest lifetime in weeks", source="patterns.md row 7", ge=1)
    max_weeks: int = threshold(20, "Longest lifetime in weeks", source="patterns.md row 7", ge=2)
    share_of_period: float = threshold(0.6, "Lifetime as a share of the analysed period, at the most", gt=0, le=1)
    active_weeks: int = threshold(3, "Distinct weeks with a message: two days of excitement are no project", ge=1)
    messages: int = threshold(15, "Messages", ge=3)
    per_week: float = threshold(5.0, "Messages per week of its lifetime: one each workday", gt=0)
    departments: int = threshold(2, "Departments", source="patterns.md row 7: cross-department", ge=1)
    senders: int = threshold(3, "Distinct senders", ge=1)


class ProjectBurst(Rule[ProjectBurstThresholds]):
    """See the module."""

    id = "project_burst"
    title = "Project or event run by mail"
    rationale = "Plans, lists and decisions lie in threads that end with the project; the next one starts from nothing."
    remedy = "A team with an end date, from a template that the next project reuses."
    kinds = frozenset({"circle"})
    thresholds = ProjectBurstThresholds
    helped_by = frozenset({Need.SUBJECTS, Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        span = audience.run_weeks
        return all_of(
            at_least("min_weeks", span, limits.min_weeks),
            at_most("weeks", span, limits.max_weeks),
            at_most("share_of_period", span / max(1.0, self.period.weeks), limits.share_of_period),
            at_least("messages", audience.messages, limits.messages),
            at_least("per_week", audience.messages / max(1, audience.runs * audience.run_weeks), limits.per_week),
            at_least("active_weeks", audience.weeks, limits.active_weeks),
            at_least("departments", len(audience.departments), limits.departments),
            at_least("senders", audience.senders, limits.senders),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "various subjects"
        again = f", {audience.runs} times" if audience.runs > 1 else ""
        season = _SEASONS.get(int(audience.measures.get("season_months", 0)))
        again += f", returning each {season}," if season and again else ""
        return f"{audience.run_weeks} weeks of project mail{again} in {len(audience.departments)} departments: {about}"
