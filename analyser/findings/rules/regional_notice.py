"""Regional copies of one notice: one sender writes it, within minutes, to several sets of people that hardly meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Rule, all_of, at_least, at_most
from analyser.findings.needs import Need

if TYPE_CHECKING:
    from analyser.findings.contract import Audience, Signal

__all__ = ["RegionalNotice"]


class RegionalNoticeThresholds(Thresholds):
    """When copies are regional notices; what a copy is, is set in [thresholds.copies]."""

    occasions: int = threshold(4, "Occasions on which the notice came in copies", ge=2)
    weeks: int = threshold(3, "Distinct weeks with such an occasion", ge=1)
    copies: float = threshold(
        1.9, "Mean copies of an occasion: two sites at least, one of which may have been left out once", gt=1
    )
    overlap: float = threshold(
        0.25,
        "Mean share of the smaller copy's recipients who also get the other, at the most",
        source="patterns.md row 15: disjoint sets",
        ge=0,
        lt=1,
    )
    people: int = threshold(10, "People who get it: twice the smallest group that is shown", ge=3)
    reply_share: float = threshold(0.35, "Share of copies that are answered, at the most", ge=0, le=1)


class RegionalNotice(Rule[RegionalNoticeThresholds]):
    """See the module."""

    id = "regional_notice"
    title = "Regional copies of one notice"
    rationale = "The same text is sent once per site; corrections miss one, and nobody sees what another site was told."
    remedy = "One news post on a hub site, shown to the audience that it concerns."
    kinds = frozenset({"copies"})
    thresholds = RegionalNoticeThresholds
    needs = frozenset({Need.SUBJECTS})
    helped_by = frozenset({Need.THREADS})

    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        limits, measures = self.limits, audience.measures
        return all_of(
            at_least("occasions", measures.get("occasions"), limits.occasions),
            at_least("weeks", audience.weeks, limits.weeks),
            at_least("copies", measures.get("copies"), limits.copies),
            at_most("overlap", measures.get("overlap"), limits.overlap),
            at_least("people", audience.people, limits.people),
            at_most("reply_share", audience.reply_share, limits.reply_share),
        )

    def describe(self, audience: Audience) -> str:
        about = audience.stem or " and ".join(audience.stems[:2]) or "various subjects"
        times, copies = (round(audience.measures.get(name, 0.0)) for name in ("occasions", "copies"))
        return f"“{about}” goes out {times} times in about {copies} copies to {audience.people} people"
