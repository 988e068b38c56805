"""Counters of a scan as a text file that Prometheus' node exporter collects."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from analyser.errors import AnalyserError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyser.lake.accounts import Listener, MailboxOutcome, ScanReport
    from analyser.sources.contract import Mailbox

__all__ = ["Metrics"]

EVERY: Final = 5.0
"""Seconds between two writings of the file."""


class Metrics:
    """Passes on what a scan says, and keeps count in a file.

    Parameters
    ----------
    path
        The file; it is replaced whole, so that a reader never sees half of it.
    inner
        Who is told as well.
    """

    def __init__(self, path: Path, inner: Listener) -> None:
        try:
            from prometheus_client import CollectorRegistry, Gauge  # noqa: PLC0415  an extra
        except ImportError as error:
            raise MissingExtraError("metrics", wanted_for="scan --metrics") from error
        self._path, self._inner, self._written = path, inner, time.monotonic()
        self._registry = CollectorRegistry()

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"analyser_scan_{name}", meaning, labels, registry=self._registry)

        self._mailboxes = gauge("mailboxes", "Mailboxes by how their reading ended", "source", "state")
        self._planned = gauge("mailboxes_planned", "Mailboxes that are to be read", "source")
        self._messages = gauge("messages", "Messages read", "source")
        self._problems = gauge("problems", "Messages that could not be read", "source")
        self._client = gauge("client", "What the client of a source has counted", "source", "count")
        self._started = gauge("started_seconds", "When the scan began")
        self._ended = gauge("ended_seconds", "When the scan ended; 0 while it goes on")
        self._complete = gauge("complete", "1 if the last scan missed nothing")
        self._started.set_to_current_time()
        self._write()

    def planned(self, source: str, mailboxes: int) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._planned.labels(source).set(mailboxes)
        self._inner.planned(source, mailboxes)

    def started(self, source: str, mailbox: Mailbox) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._inner.started(source, mailbox)

    def advanced(self, source: str, mailbox: Mailbox, batch_messages: int, progress: int) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._messages.labels(source).inc(batch_messages)
        if time.monotonic() - self._written >= EVERY:
            self._write()
        self._inner.advanced(source, mailbox, batch_messages, progress)

    def finished(self, source: str, mailbox: Mailbox, outcome: MailboxOutcome) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._mailboxes.labels(source, outcome.state).inc()
        self._problems.labels(source).inc(outcome.problems)
        self._inner.finished(source, mailbox, outcome)

    def counted(self, source: str, counts: Mapping[str, float]) -> None:
        """See `analyser.lake.accounts.Listener`."""
        for name, value in counts.items():
            self._client.labels(source, name).set(value)
        self._inner.counted(source, counts)

    def publishing(self) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._write()
        self._inner.publishing()

    def ended(self, report: ScanReport) -> None:
        """The scan has ended."""
        self._ended.set_to_current_time()
        self._complete.set(report.complete)
        self._write()

    def _write(self) -> None:
        from prometheus_client import write_to_textfile  # noqa: PLC0415

        self._written = time.monotonic()
        try:
            write_to_textfile(str(self._path), self._registry)
        except OSError as error:
            raise AnalyserError(
                f"cannot write {self._path}: {error}", fix="name a file in a folder that you may write to"
            ) from error
