"""Questions into a department: many outsiders ask about one thing, few inside answer, each in private."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["DepartmentQuestions"]


class DepartmentQuestionsThresholds(Thresholds):
    """When a desk is a pattern; what makes a desk is set in [thresholds.desks]."""

    threads: int = threshold(8, "Questions", ge=2)
    askers: int = threshold(8, "Distinct outsiders who ask", source="patterns.md row 3", ge=2)
    answered: float = threshold(0.5, "Share of questions that are answered", ge=0, le=1)
    weeks: int = threshold(4, "Distinct weeks with a question", ge=1)


class DepartmentQuestions(Rule[DepartmentQuestionsThresholds]):
    """See the module."""

    id = "department_questions"
    title = "Questions into a department"
    rationale = "The same answer is written again and again, and stays with the one who asked."
    remedy = "A question-and-answer community with a knowledge page: answered once, found by all."
    kinds = frozenset({"desk"})
    thresholds = DepartmentQuestionsThresholds
    needs = frozenset({Need.SUBJECTS, Need.DEPARTMENTS})
    helped_by = frozenset({Need.ROLES, Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        askers = sum(m.role == "peripheral" for m in audience.members)
        return all_of(
            at_least("threads", audience.threads, limits.threads),
            at_least("askers", askers, limits.askers),
            at_least("reply_share", audience.reply_share, limits.answered),
            at_least("weeks", audience.weeks, limits.weeks),
        )

    def describe(self, audience: Audience) -> str:
        home = next((m.department for m in audience.members if m.role == "core" and m.department), "a department")
        askers = sum(m.role == "peripheral" for m in audience.members)
        return f"{askers} people ask {home} about “{audience.stem}”"
