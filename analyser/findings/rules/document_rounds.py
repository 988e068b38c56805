"""Document ping-pong: a file goes round and comes back with changes, version by version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["DocumentRounds"]


class DocumentRoundsThresholds(Thresholds):
    """When a circle passes documents round; a round is a thread as [thresholds.signals] describes it."""

    rounds: int = threshold(3, "Threads in which a file goes round", ge=1)
    share: float = threshold(0.3, "Share of the circle's messages that belong to such rounds", gt=0, le=1)


class DocumentRounds(Rule[DocumentRoundsThresholds]):
    """See the module."""

    id = "document_rounds"
    title = "Document ping-pong"
    rationale = "Nobody knows which version holds; changes meet by hand; every round costs every reader."
    remedy = "One document in a library that all edit together; the mail carries a link once."
    kinds = frozenset({"circle"})
    thresholds = DocumentRoundsThresholds

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits = self.limits
        return all_of(
            at_least("rounds", audience.document_threads, limits.rounds),
            at_least("share", audience.document_messages / max(1, audience.messages), limits.share),
        )

    def describe(self, audience: Audience) -> str:
        about = " and ".join(f"“{stem}”" for stem in audience.stems[:2]) or "documents"
        return f"{audience.document_threads} documents went round among {audience.people} people: {about}"
