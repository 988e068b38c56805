"""What goes wrong, where, and how often."""

from __future__ import annotations

import random
import re
from collections import Counter

import msgspec

__all__ = ["KINDS", "Fault", "Faults"]

KINDS = (
    "throttle",
    "status",
    "reset",
    "truncate",
    "slow",
    "duplicate",
    "replay",
    "reorder",
    "partial",
    "empty",
    "expired_token",
    "unauthorized",
    "resync",
    "vanish",
    "mailbox",
)


class Fault(msgspec.Struct):
    """One way to fail; the table in the package's description says what each kind does with which field."""

    kind: str
    path: str = ""
    mailbox: str | None = None
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    retry_after: float | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None
    delay: float = 1.0
    location: str | None = "empty"
    length: str = "wrong"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind}: a fault is one of {', '.join(KINDS)}")
        re.compile(self.path)


class Faults:
    """Faults in the order in which they were injected; each has its own seeded draw."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.fired: Counter[str] = Counter()
        self._active: list[tuple[Fault, random.Random, Counter[str]]] = []
        self._number = 0

    def inject(self, fault: Fault) -> None:
        self._number += 1
        self._active.append((fault, random.Random(f"{self.seed}/{self._number}"), Counter()))

    def clear(self) -> None:
        self._active.clear()

    def of(self, target: str, mailbox: str | None, kinds: frozenset[str]) -> list[Fault]:
        """The faults of these kinds that strike this request; asking counts."""
        return [
            fault
            for fault, draw, counts in self._active
            if fault.kind in kinds and self._strikes(fault, draw, counts, target, mailbox)
        ]

    def _strikes(
        self, fault: Fault, draw: random.Random, counts: Counter[str], target: str, mailbox: str | None
    ) -> bool:
        if fault.mailbox not in (None, mailbox) or not re.search(fault.path, target):
            return False
        counts["seen"] += 1
        if counts["seen"] <= fault.after or (fault.times is not None and counts["fired"] >= fault.times):
            return False
        if draw.random() >= fault.probability:
            return False
        counts["fired"] += 1
        self.fired[fault.kind] += 1
        return True
