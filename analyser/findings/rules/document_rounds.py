"""Document ping-pong: a file goes round and comes back with changes, version by version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["DocumentRounds"]


class DocumentRoundsThresholds(Thresholds):
    """When people pass documents round; a round is a thread as [thresholds.rounds] describes it."""

    rounds: int = threshold(3, "Threads in which a file goes round", ge=1)
    weeks: int = threshold(3, "Distinct weeks with a message of them", ge=1)
    coherence: float = threshold(
        0.6, "Mean Jaccard similarity of a message's people to the core: what is handed on is an approval", ge=0
    )


class DocumentRounds(Rule[DocumentRoundsThresholds]):
    """See the module."""

    id = "document_rounds"
    title = "Document ping-pong"
    rationale = "Nobody knows which version holds; changes meet by hand; every round costs every reader."
    remedy = "One document in a library that all edit together; the mail carries a link once."
    kinds = frozenset({"rounds"})
    thresholds = DocumentRoundsThresholds
    needs = frozenset({Need.ATTACHMENTS})
    helped_by = frozenset({Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("rounds", audience.threads, limits.rounds),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("coherence", audience.coherence, limits.coherence),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "documents"
        return f"{audience.threads} documents went round among {audience.people} people: {about}"
