"""From findings to proposals: candidates, the portfolio, and for each space the whole story in words."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from analyser.proposals import naming
from analyser.proposals.catalogue import catalogue
from analyser.proposals.document import GUARDED, Background, Entry, Writer
from analyser.proposals.existing import best_match
from analyser.proposals.load import held_back
from analyser.proposals.matching import Score, rank_kinds
from analyser.proposals.portfolio import choose
from analyser.proposals.readiness import readiness
from analyser.proposals.selection import Candidate, Choice, jaccard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from analyser.config import Savings
    from analyser.findings.contract import Audience, Finding
    from analyser.proposals.existing import ExistingThresholds, Group
    from analyser.proposals.portfolio import PortfolioThresholds

__all__ = ["Existing", "Served", "documents", "to_table"]

PLAIN = "recurring_group"
"""Group mail that recurs without a recognised pattern; a text of the catalogue, not a rule."""

_HAND_TO_HAND = frozenset({"desk", "joiners", "path", "copies", "talks"})
"""Kinds whose mail is not written to all members at once, so that no recipient set looks like them."""

_OUTSIDE_SETS = _HAND_TO_HAND | {"alarms"}
"""Kinds whose mail is in no recipient set: people's sets hold no mail of programs either."""

_OPENS = 0.75
"""What the questions themselves say of the space that opens them outweighs a prior."""

_NORM = "A habit to change, no space"


@dataclass(frozen=True, slots=True)
class Served:
    """What spaces could serve.

    Parameters
    ----------
    people
        Names of the columns of `sets`.
    sets
        Incidence matrix of recipient sets, shape (sets, people).
    weight
        Expected future cost per set, shape (sets,).
    degree
        Jaccard similarities -> degrees of service, 0 to 1.
    """

    people: Sequence[str]
    sets: sp.csr_array
    weight: NDArray[np.float64]
    degree: Callable[[NDArray[np.float64]], NDArray[np.float64]]

    def by(self, members: frozenset[str]) -> NDArray[np.float64]:
        """How far a space of these people serves each set, shape (sets,)."""
        inside = np.array([person in members for person in self.people], np.float64)
        shared = self.sets @ inside
        return self.degree(shared / (len(members) + np.diff(self.sets.indptr) - shared))


@dataclass(frozen=True, slots=True)
class Existing:
    """Groups that exist, and when one of them serves as well as a new space."""

    groups: Sequence[Group]
    limits: ExistingThresholds


def documents(
    audiences: Sequence[Audience],
    findings: Sequence[Finding],
    served: Served,
    limits: PortfolioThresholds,
    assumptions: Savings,
    now: datetime,
    there: Existing,
    background: Background | None = None,
) -> list[dict[str, Any]]:
    """All proposals in rank order, as `analyser proposals --json` prints them: pilots, backlog, habits to change,
    deferred, left alone.

    Parameters
    ----------
    there
        The groups that exist, and when one of them serves as well.
    background
        What other analyses know of the audiences and their departments; None for nothing.
    """
    known = background or Background()
    candidates = _candidates(audiences, findings, limits, known)
    open_ = [c for c in candidates if c.pattern not in GUARDED and not _is_norm(c)]
    norms = [c for c in candidates if c.pattern not in GUARDED and _is_norm(c)]
    norms.sort(key=lambda c: (-c.audience.recent_weight, c.audience.audience))
    _level(open_, limits)
    _look_around(open_, there, now)
    guarded = sorted(
        (c for c in candidates if c.pattern in GUARDED),
        key=lambda c: (list(GUARDED).index(c.pattern), -c.audience.recent_weight, c.audience.audience),
    )
    # a circle and its closed mail are one thing to leave alone
    guarded = list({(c.pattern, c.audience.stem, c.members): c for c in reversed(guarded)}.values())[::-1]
    chosen = choose(
        open_, _degrees(open_, served), served.weight, limits, lambda c: _obstacle(c, limits, now), served.by
    )
    _look_around([c for c in open_ if c.wider], there, now)
    reasons: list[str | None] = [*(None for _ in chosen.pilots), *(reason for _, reason in chosen.backlog)]
    choices = [*chosen.pilots, *(choice for choice, _ in chosen.backlog)]
    full = held_back([c.candidate for c in choices], limits, pilots=len(chosen.pilots))
    entries = [
        Entry(choice, reason, rivals, full.get(id(choice.candidate)))
        for choice, reason, rivals in zip(choices, reasons, chosen.rivals, strict=True)
    ]
    entries += [Entry(Choice(c, 0.0, 0.0), _NORM) for c in norms]
    entries += [Entry(Choice(c, 0.0, 0.0), None) for c in guarded]
    return Writer(naming.frequencies(audiences), assumptions, known).write(entries)


def _candidates(
    audiences: Sequence[Audience], findings: Sequence[Finding], limits: PortfolioThresholds, known: Background
) -> list[Candidate]:
    """Candidates of all audiences that are evidence for a space."""
    by_audience: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_audience[finding.audience.audience].append(finding)
    found = [_candidate(audience, by_audience[audience.audience], limits) for audience in audiences]
    candidates = [candidate for candidate in found if candidate is not None]
    for candidate in candidates:
        _open_up(candidate, known)
    return candidates


def _open_up(candidate: Candidate, known: Background) -> None:
    """Put that kind of space first which opens what a desk knows, if its pattern allows the kind."""
    topic = known.knowledge.get(candidate.audience.audience)
    if topic is not None:
        raised = [
            Score(s.kind, round(s.score + _OPENS, 3), (*s.reasons, "how the questions return speaks for it"))
            if s.kind == topic["space"]
            else s
            for s in candidate.kinds
        ]
        candidate.kinds = sorted(raised, key=lambda s: -s.score)


def _level(candidates: Sequence[Candidate], limits: PortfolioThresholds) -> None:
    """Let group mail without a pattern be worth no more than what was recognised among the same people.

    Else a circle of the readers of a notice would take the place of the notice.
    """
    known = [c for c in candidates if c.findings and c.worth < 1]
    for candidate in candidates:
        if not candidate.findings:
            alike = [c.worth for c in known if jaccard(c.members, candidate.members) >= limits.overlap]
            candidate.worth = min([candidate.worth, *alike])


def _look_around(candidates: Sequence[Candidate], there: Existing, now: datetime) -> None:
    """Enter into each candidate the group that exists and serves it best."""
    for candidate in candidates:
        candidate.existing = best_match(
            candidate.members,
            naming.telling(word for stem in candidate.audience.stems for word in stem.split()),
            there.groups,
            now.date(),
            there.limits,
            converts=catalogue().patterns[candidate.pattern].converts,
        )


def to_table(proposals: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of the table `proposals`."""
    return pa.table(
        {
            "proposal": pa.array([p["id"] for p in proposals], pa.string()),
            "rank": pa.array([p["rank"] for p in proposals], pa.int32()),
            "document": pa.array([json.dumps(p, ensure_ascii=False) for p in proposals], pa.string()),
        }
    )


def _candidate(audience: Audience, findings: list[Finding], limits: PortfolioThresholds) -> Candidate | None:
    """A candidate, or None where the audience is no evidence for a space without a pattern (a series, a desk)."""
    if not findings and audience.kind != "circle":
        return None
    findings = sorted(findings, key=lambda f: (-f.strength, f.rule))
    pattern = findings[0].rule if findings else PLAIN
    book = catalogue()
    ready = readiness(audience, limits, conversation=book.patterns[pattern].conversation)
    evidence = min(1.0, audience.messages / limits.plain_messages)
    confidence = 0.5 + 0.5 * findings[0].strength if findings else limits.plain * evidence
    return Candidate(
        audience=audience,
        findings=findings,
        pattern=pattern,
        kinds=rank_kinds(pattern, audience),
        readiness=ready,
        members=frozenset(m.principal for m in audience.members),
        confidence=confidence * (1.0 if ready.ready else limits.unready),
        # mail between two people is in no recipient set that a circle could serve
        own_benefit=audience.recent_weight if audience.kind in _OUTSIDE_SETS else 0.0,
        worth=book.patterns[pattern].worth,
    )


def _is_norm(candidate: Candidate) -> bool:
    """Nothing is founded: it serves no mail, and takes no space's place among the same people."""
    return candidate.kinds[0].kind == "norm"


def _degrees(candidates: Sequence[Candidate], served: Served) -> sp.csr_array:
    """How far each candidate serves each set, shape (candidates, sets)."""
    column = {person: n for n, person in enumerate(served.people)}
    pairs = [(n, column[p]) for n, c in enumerate(candidates) for p in sorted(c.members) if p in column]
    shape = (len(candidates), served.sets.shape[1])
    rows, columns = (np.array(x, np.int64) for x in zip(*pairs, strict=True)) if pairs else (np.zeros(0, np.int64),) * 2
    members = sp.csr_array(sp.coo_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape))
    shared = sp.coo_array(members @ served.sets.T)
    candidate, set_ = shared.coords
    size = np.array([len(c.members) for c in candidates])
    union = size[candidate] + np.diff(served.sets.indptr)[set_] - shared.data
    degree = served.degree(shared.data / union)
    # a desk answers asks of single people: sets that happen to look like its members are not its mail
    degree[np.array([c.audience.kind in _OUTSIDE_SETS for c in candidates], bool)[candidate]] = 0.0
    served_by = sp.csr_array(sp.coo_array((degree, (candidate, set_)), shape=(len(candidates), len(served.weight))))
    served_by.eliminate_zeros()
    return served_by


def _obstacle(candidate: Candidate, limits: PortfolioThresholds, now: datetime) -> str | None:
    """Why this candidate is no pilot, or None."""
    audience = candidate.audience
    if not candidate.readiness.ready:
        return f"Not yet: find {' and '.join(candidate.readiness.missing)} first"
    if candidate.pattern == PLAIN and audience.active_share < limits.plain_active_share:
        return "Recurring group mail, but no pattern is strong enough to promise that a space replaces it"
    if audience.weeks < limits.min_pilot_weeks and candidate.pattern != "project_burst":
        return f"Only {audience.weeks} weeks with mail so far"
    idle = (now - audience.last_sent).total_seconds() / 604800
    if idle > limits.idle_weeks:
        return f"Silent for {idle:.0f} weeks: ready as a template for the next time"
    return None
