"""The contract of every rule: what it recognises, why that matters, what to do instead, and with which evidence."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from analyser.config import Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from analyser.findings.needs import Need

__all__ = ["Audience", "Finding", "Member", "Period", "Rule", "Signal", "T", "all_of", "at_least", "at_most"]

T = TypeVar("T", bound=Thresholds)


@dataclass(frozen=True, slots=True)
class Member:
    """A person's part in an audience: share of its messages, messages sent, share of them received as a copy."""

    principal: str
    department: str | None
    role: str
    share: float
    sent: int
    copied: float = 0.0


@dataclass(frozen=True, slots=True)
class Period:
    """The analysed period, as the messages fill it."""

    first: datetime
    last: datetime

    @property
    def weeks(self) -> float:
        """Length in weeks."""
        return (self.last - self.first).total_seconds() / 604800


@dataclass(frozen=True, slots=True)
class Audience:
    """An audience with everything that rules look at; columns of the lake's tables under their own names."""

    audience: str
    kind: str
    stem: str | None
    people: int
    messages: int
    deliveries: int
    senders: int
    hhi: float
    threads: int
    reply_share: float
    weeks: int
    weeks_span: int
    first_sent: datetime
    last_sent: datetime
    runs: int
    run_weeks: int
    pace_weeks: int
    pace_active: int
    pace_messages: int
    pace_deliveries: int
    stems: tuple[str, ...]
    recent_weight: float
    members: tuple[Member, ...]
    # from the table `cadence`
    period: str | None = None
    slot_coverage: float | None = None
    cycles: int | None = None
    p_value: float | None = None
    weekday: int | None = None
    hour: int | None = None
    burstiness: float | None = None
    # from `analyser.findings.signals`
    reach: float = 0.0  # median people per message, sender included; addressed lists of unknown size count as given
    to_list: float = 0.0  # share of messages that address a list
    automatic: float = 0.0  # share of automatic messages
    coherence: float = 0.0  # mean Jaccard similarity of a message's people to the core
    sensitive: float = 0.0  # share of messages whose subject is about pay, health, discipline, law
    sensitive_messages: int = 0
    pace_answers: int = 0  # messages of its pace that do not begin their thread
    # what only audiences of its kind have, by name; see the miner of the kind
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def departments(self) -> tuple[str, ...]:
        """Departments of its members, the most frequent first."""
        names = [m.department for m in self.members if m.department]
        return tuple(sorted(set(names), key=lambda name: (-names.count(name), name)))

    @property
    def active_share(self) -> float:
        """Share of the weeks of its pace with a message."""
        return self.pace_active / max(1, self.pace_weeks)

    @property
    def writers(self) -> int:
        """Members who wrote at least three in a hundred of its messages, and at least two."""
        return sum(m.sent >= max(2, 0.03 * self.messages) for m in self.members)

    @property
    def top_two_share(self) -> float:
        """Share of its messages by the two members who wrote most."""
        return sum(sorted((m.sent for m in self.members), reverse=True)[:2]) / max(1, self.messages)

    @property
    def core(self) -> tuple[Member, ...]:
        """Members in the core; all of them where none is."""
        return tuple(m for m in self.members if m.role == "core") or self.members


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured signal: its value, the threshold that it met, and how far it passed it (0 to 1)."""

    name: str
    value: float
    threshold: float
    strength: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A recognised pattern."""

    rule: str
    audience: Audience
    title: str
    signals: tuple[Signal, ...]
    members: tuple[str, ...] = field(default=())

    @property
    def strength(self) -> float:
        """Mean strength of the signals."""
        return sum(s.strength for s in self.signals) / len(self.signals) if self.signals else 0.0

    @property
    def finding(self) -> str:
        """Identity: the same rule and people give the same one, whatever the order in which they were found."""
        text = "\0".join([self.rule, self.audience.stem or "", *sorted(self.members)])
        return f"{self.rule}-{hashlib.blake2b(text.encode(), digest_size=5).hexdigest()}"


class Rule(ABC, Generic[T]):
    """A pattern of the taxonomy.

    Attributes
    ----------
    id
        Name of the pattern in results and settings.
    rationale, remedy
        Why it costs, and what replaces it: sentences for people.
    kinds
        Kinds of audiences that it looks at.
    thresholds
        Model of its settings.
    needs, helped_by
        What mail must tell for the rule to work, and what it works less well without.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    rationale: ClassVar[str]
    remedy: ClassVar[str]
    kinds: ClassVar[frozenset[str]]
    thresholds: ClassVar[type[Thresholds]]
    needs: ClassVar[frozenset[Need]] = frozenset()
    helped_by: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self, limits: T, period: Period) -> None:
        self.limits = limits
        self.period = period

    @abstractmethod
    def signals(self, audience: Audience) -> tuple[Signal, ...] | None:
        """Signals of the pattern in this audience, or None if one of them misses its threshold."""

    def describe(self, audience: Audience) -> str:
        """One line for people; subjects are stems."""
        return f"{self.title}: {audience.stem or ', '.join(audience.stems[:2]) or 'various subjects'}"

    def members(self, audience: Audience) -> tuple[str, ...]:
        """People concerned: those of the audience unless the rule knows better."""
        return tuple(sorted(m.principal for m in audience.members))

    def find(self, audience: Audience) -> Finding | None:
        """Recognise the pattern in one audience."""
        if audience.kind not in self.kinds or audience.messages == 0:
            return None
        signals = self.signals(audience)
        if signals is None:
            return None
        return Finding(self.id, audience, self.describe(audience), signals, self.members(audience))


def at_least(name: str, value: float | None, threshold: float) -> Signal | None:
    """A signal that must reach its threshold; twice the threshold is full strength."""
    if value is None or value < threshold:
        return None
    return Signal(name, float(value), threshold, min(1.0, 0.5 + 0.5 * (value - threshold) / max(threshold, 1e-9)))


def at_most(name: str, value: float | None, threshold: float) -> Signal | None:
    """A signal that must not pass its threshold; zero is full strength."""
    if value is None or value > threshold:
        return None
    return Signal(name, float(value), threshold, min(1.0, 0.5 + 0.5 * (threshold - value) / max(threshold, 1e-9)))


def all_of(*signals: Signal | None) -> tuple[Signal, ...] | None:
    """All signals, or None if one is missing."""
    return tuple(s for s in signals if s is not None) if all(s is not None for s in signals) else None
