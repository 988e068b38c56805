"""Seven questions that every proposal answers in words: what a head of department asks before signing.

Answers speak of the space and its mail, never of one person, so that they may be shown wherever the proposal may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from analyser.findings.registry import RULES
from analyser.proposals.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["QUESTIONS", "answers", "needs_second_owner"]

QUESTIONS: Final = {
    "seen": "What did you see?",
    "kind": "Why this space?",
    "people": "Why these people?",
    "risk": "What is at risk?",
    "stops": "What stops by email?",
    "saving": "How is the saving computed?",
    "considered": "What else was considered?",
}
"""Questions by the key of their answers."""

_STEMS = 3
_DEPARTMENTS = 4
_ANY = 10_000
"""Examples of subjects and departments that an answer names; people from which a kind has no upper bound."""

_RATIONALE: Final = {rule.id: rule.rationale for rule in RULES}


def answers(document: Mapping[str, Any], core: int) -> dict[str, list[str]]:
    """Sentences by question, at least one for each.

    Parameters
    ----------
    document
        The proposal; its other fields are filled in.
    core
        Members who were on most of its mail.
    """
    if document["status"] == "leave":
        return dict(_LEFT_ALONE)
    return {
        "seen": _seen(document),
        "kind": _kind(document),
        "people": _people(document, core),
        "risk": _risk(document),
        "stops": _stops(document),
        "saving": _saving(document),
        "considered": _considered(document),
    }


_LEFT_ALONE: Final = {
    "seen": ["Mail whose subjects are about pay, health, discipline or law. More is shown nowhere."],
    "kind": ["No space: such mail belongs to those to whom it was written."],
    "people": ["They wrote or received it; why and how much is nobody's business."],
    "risk": ["Any other place could show it to somebody whom it does not concern."],
    "stops": ["Nothing stops: this mail is left alone."],
    "saving": ["None is reckoned: what does not move saves nothing."],
    "considered": ["Nothing: a guard stands before all patterns, and no other rule looks at this mail."],
}


def _seen(document: Mapping[str, Any]) -> list[str]:
    evidence = document["evidence"]
    found = [_sentence(title) for title in document["titles"]]
    if document["knowledge"]:  # tells more of the same
        found = [document["knowledge"]["story"]]
    if not found:
        found = [f"{len(document['members'])} people write to one another again and again; no narrower pattern fits."]
    found.append(
        f"{evidence['messages']:,} messages by {_counted(evidence['senders'], 'person', 'people')}"
        f" in {evidence['weeks_active']} of {_counted(max(1, evidence['weeks_span']), 'week')},"
        f" {evidence['first_seen'][:10]} to {evidence['last_seen'][:10]};"
        f" {evidence['answered']:.0%} of {_counted(evidence['threads'], 'thread')} were answered."
    )
    if stems := evidence["stems"][:_STEMS]:
        found.append(f"For example {', '.join(f'“{stem}”' for stem in stems)}.")
    return [*found, *evidence["links"]]


def _kind(document: Mapping[str, Any]) -> list[str]:
    kind = catalogue().kinds[document["kind"]]
    best = document["alternatives"][0]
    found = [f"{kind.label}: good for {kind.good_for}; bad for {kind.bad_for}."]
    found += [f"{_RATIONALE[rule]}" for rule in document["patterns"][:1]]
    # the first reason says again what the kind is good for
    found += [_sentence(reason) for reason in best["reasons"][1:]]
    people, (low, high) = len(document["members"]), kind.people
    if low <= people <= high:
        suits = f"{low:,} or more" if high > _ANY else f"{low:,} to {high:,}"
        found.append(f"{_counted(people, 'person fits', 'people fit')} into it: it suits {suits}.")
    if document["status"] == "defer":
        found.append("Later: spaces with people outside follow once the internal ones live.")
    return found


def _people(document: Mapping[str, Any], core: int) -> list[str]:
    members, departments = len(document["members"]), document["departments"]
    where = ", ".join(departments[:_DEPARTMENTS]) or "no known department"
    if len(departments) > _DEPARTMENTS:
        where += f" and {len(departments) - _DEPARTMENTS} more"
    everyone = _counted(members, "person", "people")
    found = [f"{everyone} of {where} took part again and again: {core} in most of this mail, {members - core} in part."]
    if document["owners"]:
        found.append("Owners are proposed among those who write in it or are on most of it: they know the work.")
    if document["second_owners"] and needs_second_owner(document):
        others = _counted(len(document["second_owners"]), "other person", "other people")
        found.append(f"{others} could own it beside the one who writes most; by name, in no order of merit:")
    return found


def needs_second_owner(document: Mapping[str, Any]) -> bool:
    """Whether a proposal waits for somebody beside the one or two who carry it."""
    return any("voice" in missing or "owner" in missing for missing in document["missing"])


def _risk(document: Mapping[str, Any]) -> list[str]:
    found = [_sentence(risk) for risk in document["risks"]]
    if not found:
        found = ["Nothing was found that speaks against it: several people carry it, and it has more than one owner."]
        if not catalogue().patterns[document["patterns"][0] if document["patterns"] else _PLAIN].conversation:
            found = ["Nothing was found that speaks against it: it lives without talk, and has more than one owner."]
    return found


_PLAIN: Final = "recurring_group"


def _stops(document: Mapping[str, Any]) -> list[str]:
    saved = document["savings"]
    if document["status"] == "defer":
        return ["Nothing yet: mail with people outside is found, costed and parked."]
    found = [_sentence(text) for text in document["replaces"]]
    found.append(
        f"That is {saved['deliveries_low']:,} to {saved['deliveries_high']:,} of {saved['deliveries_per_week']:,}"
        " deliveries a week."
    )
    return found


def _saving(document: Mapping[str, Any]) -> list[str]:
    saved = document["savings"]
    found = [f"{saved['hours_low']:,} to {saved['hours_high']:,} hours a week = {saved['formula']}."]
    if "cost_per_week_low" in saved:
        found.append(
            f"At {saved['hourly_rate']:,g} {saved['currency']} an hour that is {saved['cost_per_week_low']:,.2f} to"
            f" {saved['cost_per_week_high']:,.2f} {saved['currency']} a week."
        )
    if document["status"] == "defer":
        found.append("It is a cost that is seen, no saving that is promised: this mail stays.")
    return [*found, saved["generated"]["words"], *saved["assumptions"]]


def _considered(document: Mapping[str, Any]) -> list[str]:
    kinds = catalogue().kinds
    best, *others = document["alternatives"]
    found = [f"{kinds[other['kind']].label}: {_score(other, best)}" for other in others]
    if not others:
        found.append(f"No other kind of space suits this pattern than: {kinds[best['kind']].label}.")
    if there := document["existing"]:
        found.append(f"Exists already: {there['reason']}.")
    found += [rival["reason"] for rival in document["considered"]]
    if not document["considered"] and document["status"] != "defer" and document["kind"] != "norm":
        found.append("No other candidate would serve a telling part of this mail.")
    return found


def _score(other: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """How another kind of space scored, and what moved its score."""
    why = f": {'; '.join(other['reasons'][1:])}" if other["reasons"][1:] else ""
    if other["score"] == best["score"]:
        return f"as good by its score, {best['score']:.2f}, but later in the catalogue{why}."
    return f"{other['score']:.2f} against {best['score']:.2f}{why}."


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
