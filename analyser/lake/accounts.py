"""The account of a scan: what was found, what became of it, and who is told while it goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from analyser.sources.contract import Mailbox

__all__ = ["Listener", "MailboxOutcome", "ScanReport", "SourceReport"]


@dataclass(frozen=True, slots=True)
class MailboxOutcome:
    """How the reading of one mailbox ended: `state` is complete, partial, unreachable or unchanged.

    Unchanged mailboxes were not read; their figures are those of the scan that read them. `removed` counts what the
    mailbox said is no longer there; `passed_over` says of what was left out, but for the period, how many and why.
    """

    source: str
    mailbox: str
    state: str
    reason: str | None = None
    read: int = 0
    left_out: int = 0
    problems: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    newest: datetime | None = None
    removed: int = 0
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """Messages that the mailbox showed."""
        return self.read + self.problems + self.left_out


class Listener(Protocol):
    """Is told how a scan goes on."""

    def planned(self, source: str, mailboxes: int) -> None:
        """So many mailboxes of a source are about to be read."""

    def started(self, source: str, mailbox: Mailbox) -> None:
        """A mailbox is about to be read."""

    def advanced(self, source: str, mailbox: Mailbox, batch_messages: int, progress: int) -> None:
        """A batch is safe; `progress` counts the units of `mailbox.expected`."""

    def finished(self, source: str, mailbox: Mailbox, outcome: MailboxOutcome) -> None:
        """A mailbox has been read, or could not be."""

    def counted(self, source: str, counts: Mapping[str, float]) -> None:
        """What the source has done so far: `Source.counts`."""

    def publishing(self) -> None:
        """All mailboxes are read; the tables are being written."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """The account of one source; counts are messages, one per copy in a mailbox.

    Parameters
    ----------
    read
        Copies taken over.
    problems, reasons
        Messages that could not be read, and how many for which reason.
    left_out, passed_over
        Messages outside the period asked for, or older than the retention, and what its source left out: how many of
        the latter for which reason.
    new, merged
        Copies that brought a message new to the lake, and those that joined one; `read` is their sum.
    gone
        Copies, or whole folders, of which the source said that they are no longer there.
    unchanged
        Mailboxes that were not read, because they are as they were.
    directory_problems
        Entries of its directory that could not be read.
    """

    source: str
    read: int
    problems: int
    reasons: Mapping[str, int]
    left_out: int
    new: int
    merged: int
    gone: int
    unchanged: int
    directory_problems: int
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """Messages that the mailboxes showed."""
        return self.read + self.problems + self.left_out


@dataclass(frozen=True, slots=True)
class ScanReport:
    """The account of a scan, by source and by mailbox; `removed` messages were older than the retention."""

    sources: tuple[SourceReport, ...]
    outcomes: tuple[MailboxOutcome, ...]
    removed: int = 0

    @property
    def total(self) -> SourceReport:
        """All sources together."""
        reasons = sum((Counter(report.reasons) for report in self.sources), Counter[str]())
        names = ("read", "problems", "left_out", "new", "merged", "gone", "unchanged", "directory_problems")
        sums = {name: sum(getattr(report, name) for report in self.sources) for name in names}
        passed_over = sum((Counter(report.passed_over) for report in self.sources), Counter[str]())
        return SourceReport(source="total", reasons=dict(reasons), passed_over=dict(passed_over), **sums)

    @property
    def complete(self) -> bool:
        """True if nothing is missing: every mailbox was read to its end, and every message in it."""
        ended = all(outcome.state in {"complete", "unchanged"} for outcome in self.outcomes)
        return ended and not any(outcome.problems for outcome in self.outcomes) and not self.total.directory_problems
