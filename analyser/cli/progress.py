"""How a scan or an analysis goes on, for people at a terminal and for programs that read lines."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from analyser.cli.console import err
from analyser.cli.stopping import Stopping, stoppable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analyser.lake.accounts import MailboxOutcome
    from analyser.sources.contract import Mailbox

__all__ = ["QuietProgress", "ShownProgress", "progress"]

SHOWN: Final = 6
"""Mailboxes that have a line of their own on the terminal at a time."""


@contextmanager
def progress(*, as_json: bool) -> Iterator[ShownProgress | QuietProgress]:
    """Bars on a terminal, JSON lines where they are asked for, and otherwise a line per step on standard error."""
    if err.is_terminal and not as_json:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with stoppable() as stopping, Progress(*columns, console=err, transient=True) as bars:
            yield ShownProgress(bars, stopping)
    else:
        with stoppable() as stopping:
            yield QuietProgress(stopping, as_json=as_json)


class ShownProgress:
    """Listener of scans and analyses for people: mailboxes done, messages, rate, throttling, time left."""

    def __init__(self, bars: Progress, stopping: Stopping) -> None:
        self._bars, self._stopping = bars, stopping
        self._all: dict[str, TaskID] = {}
        self._open: dict[tuple[str, str], TaskID] = {}
        self._stage: TaskID | None = None
        self._messages: dict[str, int] = {}
        self._throttled: dict[str, int] = {}
        self._since = time.monotonic()

    def planned(self, source: str, mailboxes: int) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._since = time.monotonic()
        self._all[source] = self._bars.add_task(f"{source}: mailboxes", total=mailboxes, rate="")

    def started(self, source: str, mailbox: Mailbox) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        if len(self._open) < SHOWN:
            task = self._bars.add_task(f"  {_short(mailbox.name)}", total=mailbox.expected, rate="")
            self._open[source, mailbox.name] = task

    def advanced(self, source: str, mailbox: Mailbox, batch_messages: int, progress: int) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        self._messages[source] = self._messages.get(source, 0) + batch_messages
        task = self._open.get((source, mailbox.name))
        if task is not None:
            self._bars.update(task, completed=progress)
        self._show_rate(source)

    def finished(self, source: str, mailbox: Mailbox, outcome: MailboxOutcome) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        task = self._open.pop((source, mailbox.name), None)
        if task is not None:
            self._bars.remove_task(task)
        if source in self._all:
            self._bars.advance(self._all[source])
        if outcome.state not in {"complete", "unchanged"}:
            self._bars.console.print(f"{source}: {mailbox.name}: {outcome.state}: {outcome.reason}", markup=False)

    def counted(self, source: str, counts: Mapping[str, float]) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._throttled[source] = int(counts.get("throttled", 0))
        self._show_rate(source)

    def publishing(self) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stage = self._bars.add_task("writing the lake", total=None, rate="")

    def stage(self, name: str, number: int, of: int) -> None:
        """See `analyser.pipeline.Listener`."""
        if self._stage is None or number == 1:
            if self._stage is not None:
                self._bars.remove_task(self._stage)
            self._stage = self._bars.add_task("analysis", total=of, rate="")
        self._bars.update(self._stage, completed=number - 1, description=f"analysis: {name}", rate=f"{number} of {of}")

    def _show_rate(self, source: str) -> None:
        if source in self._all:
            mails, throttled = self._messages.get(source, 0), self._throttled.get(source, 0)
            rate = f"{mails:,} mails, {mails / max(1e-9, time.monotonic() - self._since):,.0f}/s"
            self._bars.update(self._all[source], rate=rate + (f", throttled {throttled:,}×" if throttled else ""))


class QuietProgress:
    """Listener where there is no terminal: JSON lines if asked for, else one line per mailbox and stage."""

    def __init__(self, stopping: Stopping, *, as_json: bool) -> None:
        self._json, self._stopping = as_json, stopping
        self._started = time.monotonic()
        self._counted_at = 0.0

    def _say(self, event: str, text: str, **fields: object) -> None:
        if self._json:
            seconds = round(time.monotonic() - self._started, 2)
            line = json.dumps({"event": event, "seconds": seconds, **fields}, ensure_ascii=False, default=_plain)
            sys.stderr.write(line + "\n")
        elif text:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def planned(self, source: str, mailboxes: int) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._say("planned", "", source=source, mailboxes=mailboxes)

    def started(self, source: str, mailbox: Mailbox) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        self._say("mailbox_started", "", source=source, mailbox=mailbox.name, expected=mailbox.expected)

    def advanced(self, source: str, mailbox: Mailbox, batch_messages: int, progress: int) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        self._say(
            "batch", "", source=source, mailbox=mailbox.name, messages=batch_messages, progress=progress,
            expected=mailbox.expected, unit=mailbox.unit,
        )  # fmt: skip

    def finished(self, source: str, mailbox: Mailbox, outcome: MailboxOutcome) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        reason = f": {outcome.reason}" if outcome.reason else ""
        self._say(
            "mailbox_finished",
            f"{source}: {mailbox.name}: {outcome.state}, {outcome.read} read, {outcome.problems} not readable{reason}",
            source=source, mailbox=mailbox.name, state=outcome.state, reason=outcome.reason, read=outcome.read,
            problems=outcome.problems, left_out=outcome.left_out,
        )  # fmt: skip

    def counted(self, source: str, counts: Mapping[str, float]) -> None:
        """See `analyser.lake.accounts.Listener`; said every few seconds."""
        if self._json and time.monotonic() - self._counted_at >= 5.0:  # noqa: PLR2004
            self._counted_at = time.monotonic()
            self._say("requests", "", source=source, **counts)

    def publishing(self) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._say("publishing", "writing the lake")

    def stage(self, name: str, number: int, of: int) -> None:
        """See `analyser.pipeline.Listener`."""
        self._say("stage", f"analysis {number}/{of}: {name}", stage=name, number=number, of=of)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _short(name: str, longest: int = 40) -> str:
    return name if len(name) <= longest else "…" + name[-longest + 1 :]
