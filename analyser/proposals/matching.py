"""Which kind of space suits a pattern: a published prior, moved by size, answers and departments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyser.proposals.catalogue import catalogue

if TYPE_CHECKING:
    from analyser.findings.contract import Audience
    from analyser.proposals.catalogue import Kind, PatternText

__all__ = ["Score", "rank_kinds"]


@dataclass(frozen=True, slots=True)
class Score:
    """A kind with its score and the reasons, in words, that moved it."""

    kind: str
    score: float
    reasons: tuple[str, ...]


def rank_kinds(pattern: str, audience: Audience) -> list[Score]:
    """Kinds that a pattern allows, best first.

    Notes
    -----
    ``score = mean prior of the pattern's requirements / 4 + size + answers + departments``, where size and answers are
    0 inside the range that a kind suits and up to -1 outside, and departments is 0.25 for what suits the number of
    departments. Equal scores keep the order of the catalogue.
    """
    book = catalogue()
    wanted = book.patterns[pattern]
    scores = [_score(book.kinds[name], wanted, audience) for name in wanted.kinds]
    return sorted(scores, key=lambda s: -s.score)


def _score(kind: Kind, wanted: PatternText, audience: Audience) -> Score:
    reasons = []
    requirements = wanted.requirements
    prior = sum(kind.prior.get(r, 0.0) for r in requirements) / (4 * len(requirements)) if requirements else 0.0
    score = prior
    reasons.append(f"prior {prior:.2f}: good for {kind.good_for}")
    low, high = kind.people
    if audience.people < low or audience.people > high:
        off = low / audience.people if audience.people < low else audience.people / high
        score -= min(1.0, off - 1 + 0.25)
        reasons.append(
            f"{audience.people} people are {'few' if audience.people < low else 'many'} for it ({low} to {high})"
        )
    # a report or a notice needs no answers to live
    fewest = kind.replies[0] if wanted.conversation else 0.0
    if not fewest <= audience.reply_share <= kind.replies[1]:
        gap = max(fewest - audience.reply_share, audience.reply_share - kind.replies[1])
        score -= min(1.0, 0.25 + gap)
        reasons.append(
            f"{audience.reply_share:.0%} of the threads are answered;"
            f" it suits {kind.replies[0]:.0%} to {kind.replies[1]:.0%}"
        )
    across = len(audience.departments) > 1
    if kind.name == "shared_channel":
        score += 0.25 if across and audience.people > 15 else -0.25  # noqa: PLR2004  two teams' worth of people
        reasons.append("people of several departments" if across else "people of one department need no shared one")
    if kind.name == "private_channel" and across:
        score -= 0.25
        reasons.append("people of several departments share no team that it could be a part of")
    return Score(kind.name, round(score, 3), tuple(reasons))
