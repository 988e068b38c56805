"""What was asked, and where a rule was broken."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from graph_server.message import Request

__all__ = ["Ledger", "Logged", "Violation"]

HIDDEN = frozenset({"authorization", "cookie"})


class Logged(msgspec.Struct, kw_only=True):
    """One request. Times are `time.time()` of the server; `status` is None while it is unanswered or was broken off."""

    method: str
    path: str
    headers: dict[str, str]
    started: float
    body: str = ""
    operation: str = ""
    mailbox: str | None = None
    fields: list[str] = []
    items: int | None = None
    code: str | None = None
    ended: float | None = None
    status: int | None = None
    fault: str | None = None


class Violation(msgspec.Struct, kw_only=True):
    """A broken rule. `kind` is one of those in the package's description."""

    kind: str
    detail: str
    operation: str
    mailbox: str | None = None


class Ledger:
    """Requests, violations, and how many requests are in flight per mailbox and in all (``""``)."""

    def __init__(self) -> None:
        self.clear()
        self.in_flight: Counter[str] = Counter()

    def clear(self) -> None:
        self.requests: list[Logged] = []
        self.violations: list[Violation] = []
        self.peak: dict[str, int] = {}

    def open(self, request: Request) -> Logged:
        """Write the request down; it closes itself when its answer is written."""
        headers = {name: "…" if name in HIDDEN else value for name, value in request.headers.items()}
        entry = Logged(method=request.method, path=request.path, headers=headers, started=time.time())
        self.requests.append(entry)
        request.finishers.append(lambda: setattr(entry, "ended", time.time()))
        return entry

    def enter(self, request: Request, mailbox: str | None) -> int:
        """Count it as in flight until it is answered; returns how many are, of all mailboxes."""
        for key in {"", mailbox or ""}:
            self.in_flight[key] += 1
            self.peak[key] = max(self.in_flight[key], self.peak.get(key, 0))
        request.finishers.append(lambda: self.in_flight.subtract({"", mailbox or ""}))
        return self.in_flight[""]

    def violate(self, kind: str, detail: str, entry: Logged) -> None:
        violation = Violation(kind=kind, detail=detail, operation=entry.operation, mailbox=entry.mailbox)
        self.violations.append(violation)
