"""A proposal as a document: everything that a reader, a program or a later stage wants to know of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from analyser.proposals import naming
from analyser.proposals.answers import answers
from analyser.proposals.catalogue import catalogue
from analyser.proposals.savings import savings

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from analyser.config import Savings
    from analyser.findings.contract import Audience
    from analyser.proposals.existing import Match
    from analyser.proposals.selection import Candidate, Choice, Rival

__all__ = ["GUARDED", "Background", "Entry", "Writer"]

GUARDED: Final = {"external": "defer", "confidential": "leave"}
"""Verdicts on patterns that no space is founded for."""

_RHYTHMS: Final = {
    "workday": "daily ",
    "week": "weekly ",
    "fortnight": "fortnightly ",
    "four_weeks": "four-weekly ",
    "month": "monthly ",
    "quarter": "quarterly ",
}

_UNTOLD: Final = frozenset({"confidential", "cc_for_cover"})
"""Patterns whose members are given no reasons; of copies for cover they would say who looks on."""


@dataclass(frozen=True, slots=True)
class Background:
    """What other analyses know, as far as it may be shown.

    Parameters
    ----------
    knowledge
        By audience of a desk: `terms`, `department`, `locked`, `space`, `story`.
    hardly_talk
        Of pairs of departments that share much and hardly talk: a sentence.
    links
        Of the links from one department to another: a sentence.
    deputies
        By audience and person: structural reasons why the person could own its space beside its busiest writer.
    """

    knowledge: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    hardly_talk: Mapping[frozenset[str], str] = field(default_factory=dict)
    links: Mapping[tuple[str, str], str] = field(default_factory=dict)
    deputies: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A choice in its place: why it is no pilot, what it competed with, and why there is no room for it, if so."""

    choice: Choice
    why_not: str | None
    rivals: Sequence[Rival] = ()
    full: str | None = None


@dataclass
class Writer:
    """Writes documents in rank order, each name once."""

    common: Counter[str]
    assumptions: Savings
    background: Background
    _names: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Id and name by ``id`` of a candidate."""

    def write(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """Documents of all entries; only when all have names they can speak of one another."""
        taken: set[str] = set()
        subjects = []
        for entry in entries:
            candidate = entry.choice.candidate
            secret = candidate.pattern == "confidential"
            subjects.append("confidential matters" if secret else naming.topic(candidate.audience, self.common))
            name = naming.unique(naming.name(subjects[-1], candidate.audience), candidate.audience, taken)
            taken.add(name)
            self._names[id(candidate)] = (_identity(candidate, candidate.kinds[0].kind), name)
        return [
            self._document(entry, subject, rank)
            for rank, (entry, subject) in enumerate(zip(entries, subjects, strict=True), 1)
        ]

    def _document(self, entry: Entry, subject: str, rank: int) -> dict[str, Any]:
        candidate = entry.choice.candidate
        audience, best = candidate.audience, candidate.kinds[0]
        text = catalogue().patterns[candidate.pattern]
        words = {
            "topic": subject,
            "people": str(audience.people),
            "home": candidate.sponsor or "the department",
            "rhythm": _RHYTHMS.get(audience.period or "", ""),
        }
        identity, name = self._names[id(candidate)]
        missing = [*candidate.readiness.missing, *([f"room: {entry.full}"] if entry.full else [])]
        considered = [self._considered(rival) for rival in entry.rivals]
        document = {
            "id": identity,
            "rank": rank,
            "name": name,
            "kind": best.kind,
            "platform": catalogue().kinds[best.kind].platform,
            "status": _verdict(candidate, missing),
            "pilot": entry.why_not is None and candidate.pattern not in GUARDED,
            "why_not": _why_not(entry, considered),
            "purpose": text.purpose.format(**words),
            "members": sorted(candidate.members),
            "owners": list(candidate.readiness.owners) if candidate.pattern != "confidential" else [],
            "second_owners": self._second_owners(candidate),
            "departments": list(audience.departments),
            "patterns": candidate.patterns,
            "titles": [] if candidate.pattern == "confidential" else [f.title for f in candidate.findings],
            "evidence": {**_evidence(candidate), "links": self._links(candidate)},
            "knowledge": self.background.knowledge.get(audience.audience),
            "savings": savings(audience, self.assumptions),
            "risks": [*candidate.readiness.risks, *(f"Missing: {m}" for m in missing)],
            "missing": missing,
            "existing": _existing(candidate.existing),
            "replaces": [text.replaces.format(**words), *(f.title for c in candidate.absorbed for f in c.findings)],
            "first_posts": [post.format(**words) for post in text.first_posts],
            "confidence": round(candidate.confidence, 2),
            "share_of_benefit": round(entry.choice.share, 4),
            "alternatives": [{"kind": s.kind, "score": s.score, "reasons": list(s.reasons)} for s in candidate.kinds],
            "considered": considered,
            "member_reasons": _member_reasons(candidate),
        }
        core = sum(m.role == "core" for m in audience.members)
        return {**document, "answers": answers(document, core)}

    def _considered(self, rival: Rival) -> dict[str, Any]:
        """Another candidate that competed, in words; one that is not listed bears a name all the same, but no id."""
        other = rival.candidate
        topic = naming.topic(other.audience, self.common)
        identity, name = self._names.get(id(other), (None, naming.name(topic, other.audience)))
        people = f"{len(other.members):,} people, {rival.alone:.1%} of all benefit if it were chosen alone"
        said = {
            "absorbed": f"became a part of this space, since the two share {rival.share:.0%} of their people.",
            "displaced": f"this space serves {rival.share:.0%} of what it would have served.",
            "before": f"stands before this one and serves {rival.share:.0%} of what this one would have served.",
            "nearby": f"stands before this one, and the two share {rival.share:.0%} of their people.",
        }[rival.how]
        return {
            "id": identity,
            "name": name,
            "kind": other.kinds[0].kind,
            "how": rival.how,
            "benefit": round(rival.alone, 4),
            "share": round(rival.share, 3),
            "reason": f"“{name}” ({catalogue().kinds[other.kinds[0].kind].label}, {people}): {said}",
        }

    def _second_owners(self, candidate: Candidate) -> list[dict[str, Any]]:
        """Who else could own the space, by name: no order of merit."""
        if candidate.pattern in _UNTOLD:
            return []
        found = self.background.deputies.get(candidate.audience.audience, {})
        return [
            {"person": person, "reasons": list(found[person])}
            for person in sorted(found)
            if person in candidate.members
        ]

    def _links(self, candidate: Candidate) -> list[str]:
        """What is known of the links between the departments of a space."""
        if candidate.pattern == "confidential":
            return []
        audience = candidate.audience
        here = {name for name in audience.departments if _people_of(audience, name) > 1}
        said = [sentence for pair, sentence in self.background.hardly_talk.items() if pair <= here]
        if candidate.pattern == "bridge":
            sides = audience.departments[:2]
            pairs = [(one, other) for one in sides for other in sides if one != other]
            said += [self.background.links[pair] for pair in pairs if pair in self.background.links]
        return said


def _people_of(audience: Audience, department: str) -> int:
    return sum(m.department == department for m in audience.members)


def _why_not(entry: Entry, considered: Sequence[Mapping[str, Any]]) -> str | None:
    if entry.why_not is None:
        return None
    reason = f"Not yet: {entry.full}" if entry.full and entry.choice.candidate.readiness.ready else entry.why_not
    near = next((rival for rival in considered if rival["how"] == "nearby"), None)
    if near is None:
        return reason
    return f"{reason}; further down since it shares {near['share']:.0%} of its people with “{near['name']}”"


def _verdict(candidate: Candidate, missing: Sequence[str]) -> str:
    """Guards first, then what is missing, then what exists already."""
    if guarded := GUARDED.get(candidate.pattern):
        return guarded
    if missing:
        return "not_yet"
    return (candidate.existing and candidate.existing.verdict) or "propose"


def _existing(match: Match | None) -> dict[str, Any] | None:
    if match is None:
        return None
    return {
        "group": match.group.address,
        "name": match.group.name,
        "kind": match.group.kind,
        "verdict": match.verdict,
        "contained": round(match.contained, 3),
        "jaccard": round(match.jaccard, 3),
        "reason": match.reason,
        "checklist": [{"condition": b.condition, "state": b.state, "note": b.note} for b in match.checklist],
    }


def _identity(candidate: Candidate, kind: str) -> str:
    """The same people, kind and purpose give the same id in every run."""
    parts = [kind, candidate.pattern, candidate.audience.stem or "", *sorted(candidate.members)]
    return f"space-{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=6).hexdigest()}"


def _evidence(candidate: Candidate) -> dict[str, Any]:
    audience = candidate.audience
    return {
        "audience": audience.audience,
        "findings": [f.finding for f in candidate.findings],
        "messages": audience.messages,
        "deliveries": audience.deliveries,
        "weeks_active": audience.weeks,
        "weeks_span": audience.weeks_span,
        "weeks_active_share": round(audience.active_share, 3),
        "senders": audience.senders,
        "threads": audience.threads,
        "answered": round(audience.reply_share, 3),
        "first_seen": audience.first_sent.isoformat(),
        "last_seen": audience.last_sent.isoformat(),
        "stems": [] if candidate.pattern == "confidential" else list(audience.stems),
        "rhythm": audience.period,
        "weekday": audience.weekday,
        "hour": audience.hour,
        "signals": {
            f.rule: {s.name: {"value": round(s.value, 3), "threshold": s.threshold} for s in f.signals}
            for f in candidate.findings
        },
    }


def _member_reasons(candidate: Candidate) -> dict[str, str]:
    if candidate.pattern in _UNTOLD:
        return {}
    reasons = {}
    for member in candidate.audience.members:
        wrote = f", wrote {member.sent}" if member.sent else ""
        place = "core" if member.role == "core" else "periphery"
        reasons[member.principal] = f"{place}: on {member.share:.0%} of the messages{wrote}"
    if candidate.wider:
        near = {m.principal: m for other in candidate.absorbed for m in other.audience.members}
        for person in sorted(candidate.members - reasons.keys()):
            reasons[person] = f"periphery: on {near[person].share:.0%} of the messages of most of the same people"
    return reasons
