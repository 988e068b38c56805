"""How many new spaces one person gets: beyond a few, nobody follows them, and the next one starts half empty."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analyser.proposals.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyser.proposals.portfolio import PortfolioThresholds
    from analyser.proposals.selection import Candidate

__all__ = ["held_back"]


def held_back(candidates: Sequence[Candidate], limits: PortfolioThresholds, *, pilots: int) -> dict[int, str]:
    """Why there is no room, in words, by ``id`` of each candidate that would give somebody too many new spaces.

    Spaces are given out in rank order; what is held back, not ready, or exists already gives nobody anything new.

    Parameters
    ----------
    candidates
        In rank order.
    pilots
        So many of the first are pilots, which limits of their own hold.
    """
    spaces: Counter[str] = Counter()
    held = {}
    for place, candidate in enumerate(candidates):
        newcomers = _newcomers(candidate)
        if place >= pilots and any(spaces[person] >= limits.spaces_per_person for person in newcomers):
            held[id(candidate)] = (
                f"some of its people would be in more than {limits.spaces_per_person} new spaces,"
                " those ranked before it among them; settle or end one of these"
            )
        else:
            spaces.update(newcomers)
    return held


def _newcomers(candidate: Candidate) -> frozenset[str]:
    """People to whom the space would be new, and who would have to follow it."""
    if not candidate.readiness.ready or not catalogue().kinds[candidate.kinds[0].kind].joined:
        return frozenset()
    there = candidate.existing
    if there is None or there.verdict in {None, "convert"}:
        return candidate.members
    return candidate.members - there.group.members
