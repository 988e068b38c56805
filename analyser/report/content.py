"""What the page says: proposals and counts of the lake, put into words for a reader who was not there.

Every text of unknown origin (subjects, names, departments) passes `analyser.report.text.clean` here, once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from analyser.findings.registry import RULES
from analyser.privacy import suppress, suppressed
from analyser.proposals.answers import QUESTIONS, needs_second_owner
from analyser.proposals.catalogue import catalogue
from analyser.report.text import capitalised, clean, counted, hours, initials, listed, moment, number, rhythm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analyser.privacy import Pseudonyms
    from analyser.report.measures import Person, Reading

__all__ = ["Card", "Directory", "Hours", "Member", "Other", "Row", "account", "card", "opening", "row", "why_these"]

STEMS: Final = 3
_PATTERNS: Final = {rule.id: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a space: shown name, department, the reason why, and the place in the picture."""

    principal: str
    name: str
    address: str
    department: str
    reason: str
    core: bool
    owner: bool
    initials: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another kind of space that was weighed."""

    label: str
    score: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """What a space frees: the range in words, how it was reckoned, and its money where a rate is set."""

    low: float
    high: float
    words: str
    formula: str
    money: str


@dataclass(frozen=True, slots=True)
class Card:
    """A pilot, ready to be read."""

    number: int
    name: str
    kind: str
    good_for: str
    purpose: str
    patterns: tuple[tuple[str, str], ...]
    departments: tuple[tuple[str, int], ...]
    members: tuple[Member, ...]
    too_few: str
    stems: tuple[str, ...]
    rhythm: str
    last: str
    evidence: str
    hours: Hours
    deliveries: str
    replaces: tuple[str, ...]
    risks: tuple[str, ...]
    others: tuple[Other, ...]
    first_posts: tuple[str, ...]
    confidence: str
    audience: str
    weekday: int | None
    answers: dict[str, tuple[str, ...]]
    second_owners: tuple[tuple[str, str], ...]

    @property
    def owners(self) -> tuple[Member, ...]:
        """Proposed owners among the members."""
        return tuple(member for member in self.members if member.owner)


@dataclass(frozen=True, slots=True)
class Row:
    """A space behind the pilots, on one line."""

    rank: int
    name: str
    kind: str
    departments: str
    people: str
    hours: str
    why_not: str
    answers: dict[str, tuple[str, ...]]


class Directory:
    """Names for people, as far as privacy lets them be shown."""

    def __init__(self, people: Mapping[str, Person], pseudonyms: Pseudonyms) -> None:
        self._people, self._pseudonyms = people, pseudonyms

    def department(self, principal: str) -> str:
        """Department in shown form."""
        person = self._people.get(principal)
        return clean(person.department, 80) if person else "No department"

    def name(self, principal: str) -> str:
        """Display name; with pseudonyms, the pseudonym."""
        person = self._people.get(principal)
        if self._pseudonyms.enabled or person is None or not person.name:
            return self.address(principal).partition("@")[0]
        return clean(person.name, 80)

    def address(self, principal: str) -> str:
        """Address, or its pseudonym."""
        return clean(self._pseudonyms.of(principal), 254)

    def initials(self, principal: str) -> str:
        """What stands on a dot: initials; with pseudonyms, the first digits of it."""
        name = self.name(principal)
        return name[2:5] if self._pseudonyms.enabled else initials(name)


def card(document: Mapping[str, Any], place: int, directory: Directory, zone: ZoneInfo, minimum: int) -> Card:
    """A pilot in words.

    Parameters
    ----------
    document
        The proposal, as `analyser proposals --json` prints it.
    place
        Its number among the pilots, from 1.
    zone
        Time zone of the organisation.
    minimum
        Of a space with fewer members, nothing is said about single people.
    """
    evidence, kind = document["evidence"], catalogue().kinds[document["kind"]]
    few = suppress(len(document["members"]), minimum)
    members = _members(document, directory, hide=few)
    counts = Counter(member.department for member in members)
    span = max(1, evidence["weeks_span"])
    return Card(
        number=place,
        name=clean(document["name"], 80),
        kind=kind.label,
        good_for=kind.good_for,
        purpose=clean(document["purpose"]),
        patterns=tuple((_PATTERNS[p].title, _PATTERNS[p].rationale) for p in document["patterns"] if p in _PATTERNS),
        departments=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        members=members,
        too_few=capitalised(suppressed(minimum)) if few else "",
        stems=tuple(clean(stem) for stem in evidence["stems"][:STEMS]),
        rhythm=rhythm(evidence),
        last=moment(datetime.fromisoformat(evidence["last_seen"]).astimezone(zone)),
        evidence=f"{counted(evidence['messages'], 'message')} from {counted(evidence['senders'], 'sender')}, "
        f"{counted(evidence['deliveries'], 'delivery', 'deliveries')};"
        f" mail in {evidence['weeks_active']} of {span} weeks",
        hours=_hours(document["savings"]),
        deliveries=f"{document['savings']['deliveries_per_week']:,.0f}",
        replaces=tuple(clean(text) for text in document["replaces"]),
        risks=tuple(capitalised(clean(text)) for text in document["risks"]),
        others=tuple(_other(alternative) for alternative in document["alternatives"]),
        first_posts=tuple(clean(text) for text in document["first_posts"]),
        confidence=f"{document['confidence']:.0%}",
        audience=evidence["audience"],
        weekday=evidence.get("weekday") if evidence.get("rhythm") == "week" else None,
        answers=_answers(document),
        second_owners=_second_owners(document, directory),
    )


def _other(alternative: Mapping[str, Any]) -> Other:
    """A kind that was weighed, with its score."""
    label = catalogue().kinds[alternative["kind"]].label
    return Other(label, f"{alternative['score']:.2f}", tuple(map(clean, alternative["reasons"])))


def _answers(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What a proposal answers, by question in words."""
    return {QUESTIONS[key]: tuple(map(clean, told)) for key, told in document["answers"].items()}


def _second_owners(document: Mapping[str, Any], directory: Directory) -> tuple[tuple[str, str], ...]:
    """Who else could own a space that waits for somebody, with the reasons, by name."""
    if not needs_second_owner(document):
        return ()
    return tuple(
        sorted((directory.name(o["person"]), clean(" and ".join(o["reasons"]))) for o in document["second_owners"])
    )


def _members(document: Mapping[str, Any], directory: Directory, *, hide: bool) -> tuple[Member, ...]:
    """Members by department and name: an order that ranks nobody."""
    owners, reasons = set(document["owners"]), document.get("member_reasons", {})
    members = [
        Member(
            principal=principal,
            name=directory.name(principal),
            address=directory.address(principal),
            department=directory.department(principal),
            reason="" if hide else capitalised(clean(reasons.get(principal, ""))),
            core=reasons.get(principal, "core").startswith("core"),
            owner=principal in owners,
            initials=directory.initials(principal),
        )
        for principal in document["members"]
    ]
    return tuple(sorted(members, key=lambda member: (member.department, member.name, member.address)))


def _hours(savings: Mapping[str, Any]) -> Hours:
    low, high = savings["hours_low"], savings["hours_high"]
    money = ""
    if "cost_per_week_low" in savings:
        ends = f"{savings['cost_per_week_low']:,.0f}\u2013{savings['cost_per_week_high']:,.0f}"
        money = f"{ends} {clean(savings['currency'], 8)} a week"
    return Hours(low, high, f"{hours(low, high)} hours a week", clean(savings["formula"]), money)


def row(document: Mapping[str, Any], directory: Directory, minimum: int) -> Row:
    """A space of the backlog, or a parked one, on one line."""
    few = suppress(len(document["members"]), minimum)
    counts = Counter(directory.department(principal) for principal in document["members"])
    names = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    shown = names[:3] + ([counted(len(names) - 3, "other")] if len(names) > 3 else [])  # noqa: PLR2004
    return Row(
        rank=document["rank"],
        name=clean(document["name"], 80),
        kind=catalogue().kinds[document["kind"]].label,
        departments=listed(shown) if shown else "—",
        people=f"{len(document['members']):,}",
        hours=suppressed(minimum)
        if few
        else hours(document["savings"]["hours_low"], document["savings"]["hours_high"]),
        why_not=clean(document["why_not"] or ""),
        answers=_row_answers(document, directory, suppressed(minimum) if few else ""),
    )


def _row_answers(document: Mapping[str, Any], directory: Directory, hidden: str) -> dict[str, tuple[str, ...]]:
    """Answers with the second owners among them, and without hours where too few people stand behind them."""
    told = _answers(document)
    owners = tuple(f"{name}, who {why}" for name, why in _second_owners(document, directory))
    told[QUESTIONS["people"]] += owners
    if hidden:
        told[QUESTIONS["saving"]] = (f"{capitalised(hidden)}.",)
        told[QUESTIONS["stops"]] = told[QUESTIONS["stops"]][:-1] or (f"{capitalised(hidden)}.",)
    return told


def opening(cards: Sequence[Card], share: float, once: float, waiting: int) -> str:
    """The sentence that answers first.

    Parameters
    ----------
    share
        Share of the benefit of all group mail that the pilots serve, 0 to 1.
    once
        Distinct messages over messages counted for each pilot, 0 to 1: mail of two pilots frees its hours once.
    waiting
        Spaces in the backlog.
    """
    if not cards:
        if not waiting:
            return "No group mail recurs so far that a space could replace."
        what = "the backlog says what it waits for" if waiting == 1 else "the backlog says what each waits for"
        return (
            f"No space is ready to start yet; {counted(waiting, 'candidate')} stand{'s' * (waiting == 1)} by: {what}."
        )
    low, high = (once * sum(end) for end in zip(*((c.hours.low, c.hours.high) for c in cards), strict=True))
    departments = {name for c in cards for name, _ in c.departments}
    spaces = f"{number(len(cards))} {'space' if len(cards) == 1 else 'spaces'}"
    return (
        f"{spaces} would serve {share:.0%} of the group mail in {counted(len(departments), 'department')}"
        f" and free {hours(low, high)} hours a week."
    )


def why_these(cards: Sequence[Card], limits: Mapping[str, Any]) -> str:
    """Why the pilots, in words, with the limits under which they were chosen."""
    sponsor, person = limits.get("per_sponsor"), limits.get("per_person")
    held = [
        f"at most {sponsor} for each home department" if sponsor else "",
        f"at most {person} for each person" if person else "",
    ]
    under = listed([text for text in held if text])
    return (
        f"{'They were' if len(cards) != 1 else 'It was'} chosen together, not one by one: each adds most to what those"
        " before it already serve, weighed by recent mail, by confidence and by readiness"
        + (f"; {under}." if under else ".")
    )


def account(reading: Reading) -> list[str]:
    """What was read, in sentences: messages, period, mailboxes by state, what could not be read and why."""
    boxes = sum(reading.mailboxes.values())
    states = listed([f"{count:,} {clean(state, 40)}" for state, count in reading.mailboxes.items()])
    lines = [f"{counted(reading.messages, 'message')} from {counted(boxes, 'mailbox', 'mailboxes')}: {states}."]
    if not boxes:
        lines = [f"{counted(reading.messages, 'message')}; no mailbox is on record."]
    if reading.oldest and reading.newest:
        lines.append(f"The mail is from {_day(reading.oldest)} to {_day(reading.newest)}.")
    if reading.unreadable:
        reasons = listed([f"{clean(reason, 200)} ({count:,})" for reason, count in reading.reasons.items()][:5])
        lines.append(f"{counted(reading.unreadable, 'message')} could not be read: {reasons}.")
    else:
        lines.append("Every message could be read.")
    return lines


def _day(time: datetime) -> str:
    return f"{time.day} {time:%B %Y}"
