"""What goes wrong, where, and how often; the drawing is that of the Graph server."""

from __future__ import annotations

import re

import msgspec

from graph_server.faults import Faults

__all__ = ["KINDS", "Fault", "Faults"]

KINDS = (
    "busy",
    "connections",
    "error",
    "status",
    "unauthorized",
    "reset",
    "truncate",
    "slow",
    "sync_state",
    "partial",
    "short",
    "vanish",
    "mailbox",
)


class Fault(msgspec.Struct):
    """One way to fail; the table in the package's description says what each kind does with which field."""

    kind: str
    operation: str = ""
    mailbox: str | None = None
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    back_off: int = 1_000
    retry_after: float | None = None
    status: int = 503
    code: str | None = None
    form: str = "fault"
    share: float = 0.3
    delay: float = 1.0
    length: str = "wrong"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind}: a fault is one of {', '.join(KINDS)}")
        re.compile(self.operation)

    @property
    def path(self) -> str:
        """What `Faults` searches in."""
        return self.operation
