"""What was asked, and where a rule was broken."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from graph_server.message import Request

__all__ = ["Ledger", "Logged", "Violation"]


class Logged(msgspec.Struct, kw_only=True):
    """One request. Times are `time.time()` of the server; `status` is None while it is unanswered or was broken off."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    mailbox: str | None
    protocol: str
    started: float
    ended: float | None = None
    status: int | None = None
    fault: str | None = None
    page: int | None = None


class Violation(msgspec.Struct, kw_only=True):
    """A broken rule. `kind` is one of those in the package's description."""

    kind: str
    detail: str
    method: str
    path: str
    mailbox: str | None = None


class Ledger:
    """Requests, violations, and how many requests are in flight per mailbox."""

    def __init__(self) -> None:
        self.clear()
        self.in_flight: Counter[str] = Counter()

    def clear(self) -> None:
        self.requests: list[Logged] = []
        self.violations: list[Violation] = []
        self.peak: dict[str, int] = {}

    def open(self, request: Request, mailbox: str | None) -> Logged:
        """Write the request down; it closes itself when its answer is written."""
        headers = {name: "…" if name == "authorization" else value for name, value in request.headers.items()}
        entry = Logged(
            method=request.method,
            path=request.path,
            query=request.query,
            headers=headers,
            mailbox=mailbox,
            protocol=request.protocol,
            started=time.time(),
        )
        self.requests.append(entry)
        if mailbox is not None:
            self.in_flight[mailbox] += 1
        request.finishers.append(lambda: self._close(entry))
        return entry

    def _close(self, entry: Logged) -> None:
        entry.ended = time.time()
        if entry.mailbox is not None:
            self.in_flight[entry.mailbox] -= 1

    def reached(self, mailbox: str) -> int:
        """Requests in flight now; remembers the most."""
        now = self.in_flight[mailbox]
        self.peak[mailbox] = max(now, self.peak.get(mailbox, 0))
        return now

    def violate(self, kind: str, detail: str, request: Request, mailbox: str | None = None) -> None:
        violation = Violation(kind=kind, detail=detail, method=request.method, path=request.path, mailbox=mailbox)
        self.violations.append(violation)
