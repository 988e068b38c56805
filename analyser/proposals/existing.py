"""What exists already: groups, teams, channels and lists that a proposal could reuse, extend or convert.

Proposing a place that people have already is the surest way to lose their trust.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

__all__ = ["Blocker", "ExistingThresholds", "Group", "Match", "best_match", "blockers"]

_LIST = "distribution_list"
_PLACES: Final = frozenset({"team", "channel", "community", "microsoft_365_group"})
"""Kinds of groups that are places already; a distribution list is only an address, a security group only a right."""

_ALIAS: Final = re.compile(r"^[A-Za-z0-9._-]+$")


class ExistingThresholds(Thresholds):
    """When something that exists serves as well."""

    contained: float = threshold(0.9, "Share of the proposal's people that a group holds to be reused", gt=0, le=1)
    roomy: float = threshold(2.0, "Size of a reused group, as a multiple of the proposal's people, at the most", ge=1)
    alike: float = threshold(
        0.6, "Jaccard similarity of people from which a group is extended or a list converted", gt=0, le=1
    )
    named_alike: float = threshold(
        0.4, "The same where the group's name shares a telling word with the proposal's", gt=0, le=1
    )
    idle_days: int = threshold(
        180, "Days without a sign of life after which a group is idle", source="metrics.md section 10: six idle months"
    )


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the directory with its members as principals.

    Parameters
    ----------
    others
        Members that are no people.
    guests
        Members from outside the organisation.
    """

    address: str
    name: str
    kind: str
    last_activity: date | None
    members: frozenset[str]
    others: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Blocker:
    """One condition of upgrading a list: `state` is clear, blocked or ask."""

    condition: str
    state: str
    note: str


@dataclass(frozen=True, slots=True)
class Match:
    """The group that comes nearest to a proposal, and what follows.

    Parameters
    ----------
    verdict
        reuse, extend, convert, or None where the group lies idle or has guests.
    contained, jaccard
        Share of the proposal's people in the group; similarity of the two sets.
    reason
        In words.
    """

    group: Group
    verdict: str | None
    contained: float
    jaccard: float
    reason: str
    checklist: tuple[Blocker, ...] = ()


def best_match(
    members: frozenset[str],
    words: Iterable[str],
    groups: Sequence[Group],
    today: date,
    limits: ExistingThresholds,
    *,
    converts: bool,
) -> Match | None:
    """The group that serves a proposal best, or None: a living place before a list, a list before an idle place.

    Parameters
    ----------
    words
        Telling words of the proposal, lower case.
    converts
        Whether a list may become the space: readers of a notice need no group of their own, and a list that reaches
        everybody is none for those who like to join.
    """
    telling = frozenset(words)
    found = [
        match
        for group in groups
        if (match := _match(members, telling, group, today, limits, converts=converts)) is not None
    ]
    order: Mapping[str | None, int] = {"reuse": 0, "extend": 1, "convert": 2, None: 3}
    return min(found, key=lambda m: (order[m.verdict], -m.jaccard, m.group.address), default=None)


def _match(
    members: frozenset[str],
    words: frozenset[str],
    group: Group,
    today: date,
    limits: ExistingThresholds,
    *,
    converts: bool,
) -> Match | None:
    both = len(members & group.members)
    if not both:
        return None
    contained, jaccard = both / len(members), both / len(members | group.members)
    named = bool(words & frozenset(re.findall(r"[^\W\d_]{3,}", group.name.lower())))
    near = jaccard >= (limits.named_alike if named else limits.alike)
    fits = contained >= limits.contained and len(group.members) <= limits.roomy * len(members)
    seen = f"{group.kind.replace('_', ' ')} “{group.name}” holds {contained:.0%} of these people"
    if unfit := _unfit(group, today, limits):
        return Match(group, None, contained, jaccard, f"{seen}, but {unfit}") if near else None
    if group.kind in _PLACES and fits:
        return Match(group, "reuse", contained, jaccard, f"{seen}: move the mail there")
    if group.kind in _PLACES and near:
        missing = len(members - group.members)
        return Match(group, "extend", contained, jaccard, f"{seen}: add the other {missing} and move the mail there")
    if group.kind == _LIST and near and converts:
        return Match(group, "convert", contained, jaccard, f"{seen}: upgrade the list", blockers(group))
    return None


def _unfit(group: Group, today: date, limits: ExistingThresholds) -> str:
    """Why a group serves nobody, however alike its people are; empty where nothing speaks against it."""
    if group.last_activity is not None and (today - group.last_activity).days > limits.idle_days:
        return f"has shown no life since {group.last_activity}"
    if group.kind in _PLACES and group.guests:
        # internal first: what is written there is read outside
        return "guests from outside would read along; a private channel in it would be without them"
    return ""


def blockers(group: Group) -> tuple[Blocker, ...]:
    """What stands in the way of upgrading a distribution list to a Microsoft 365 group.

    Conditions that metadata does not tell are questions for the administrator (`reference/patterns.md` section 6).
    """
    alias = group.address.partition("@")[0]
    nested = sorted(group.others)
    return (
        _told("No member is a list or another object that is no person", not nested, f"{len(nested)} such members"),
        _told("No member is from outside", not group.guests, f"{len(group.guests)} guests"),
        _told("The alias has no special characters", bool(_ALIAS.match(alias)), f"alias {alias}"),
        _told("It is no security group", group.kind != "security_group", group.kind),
        *(Blocker(condition, "ask", how) for condition, how in _QUESTIONS),
    )


def _told(condition: str, clear: bool, note: str) -> Blocker:
    return Blocker(condition, "clear" if clear else "blocked", "" if clear else note)


_QUESTIONS: Final = (
    ("It is managed in the cloud, not on-premises", "onPremisesSyncEnabled of the group"),
    ("It is no dynamic distribution list", "Get-DynamicDistributionGroup"),
    ("It has an owner, and 100 at the most", "owners of the group"),
    ("No shared mailbox forwards to it", "Get-Mailbox -RecipientTypeDetails SharedMailbox: ForwardingAddress"),
    ("No sender restriction is set", "Get-DistributionGroup: AcceptMessagesOnlyFrom"),
    ("It is no room list", "Get-DistributionGroup: RecipientTypeDetails"),
    ("Joining and leaving are not closed", "MemberJoinRestriction, MemberDepartRestriction"),
)
