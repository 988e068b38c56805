"""What verbs share: where output goes, how the configuration and the lake are opened, progress."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from analyser import config
from analyser.cli.stopping import Stopping, stoppable
from analyser.errors import AnalyserError, UsageError
from analyser.lake.store import Lake
from analyser.privacy import Pseudonyms, lake_secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.table import Table
    from rich.tree import Tree

    from analyser.config import Settings
    from analyser.lake.accounts import MailboxOutcome
    from analyser.sources.contract import Mailbox

__all__ = [
    "JsonOption",
    "QuietProgress",
    "ShownProgress",
    "day",
    "err",
    "open_lake",
    "out",
    "print_json",
    "print_table",
    "progress",
    "pseudonyms",
    "rows_of",
    "settings",
    "state",
    "write_file",
]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

JsonOption = typer.Option("--json", help="Print JSON for programs; progress as JSON lines on standard error.")


@dataclass
class _State:
    """Global options of this call."""

    config: Path | None = None
    json: bool = False


state = _State()


def settings(*, as_json: bool = False) -> Settings:
    """The configuration of this call."""
    state.json = as_json
    return config.load(state.config)


@contextmanager
def open_lake(settings_: Settings) -> Iterator[Lake]:
    """The lake of the configuration."""
    with Lake(settings_.lake) as lake:
        yield lake


def pseudonyms(lake: Lake, settings_: Settings) -> Pseudonyms:
    """How people are named in output."""
    return Pseudonyms(lake_secret(lake.path), enabled=settings_.privacy.pseudonyms)


def rows_of(lake: Lake, name: str) -> list[dict[str, Any]]:
    """Rows of a small table."""
    rows: list[dict[str, Any]] = lake.arrow(name).to_pylist()
    return rows


def write_file(path: Path, text: str) -> None:
    """Write a text beside its place and rename it, so that a reader never sees half of it.

    Raises
    ------
    AnalyserError
        The place cannot be written.
    """
    aside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise AnalyserError(
            f"cannot write {path}: {error.strerror or error}", fix="name a file in a folder that you may write to"
        ) from error


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=_plain) + "\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(table: Table | Tree) -> None:
    """A table or a tree for people; on a pipe as wide as it needs. Long lines are wrapped, never cut."""
    if out.is_terminal:
        out.print(table, soft_wrap=False)
    else:
        Console(file=sys.stdout, width=200, highlight=False).print(table)


def day(text: str | None, option: str) -> datetime | None:
    """Value of ``--since`` or ``--until``: an ISO date or time, UTC where no offset is given."""
    if text is None:
        return None
    try:
        time_ = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: '{text}' is no date", fix="write it like 2026-01-31") from None
    return time_ if time_.tzinfo else time_.replace(tzinfo=UTC)


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
    """Listener of scans and analyses for people at a terminal."""

    def __init__(self, bars: Progress, stopping: Stopping) -> None:
        self._stopping = stopping
        self._bars = bars
        self._task: TaskID | None = None
        self._messages = 0
        self._since = time.monotonic()

    def planned(self, source: str, mailboxes: int) -> None:
        """See `analyser.lake.accounts.Listener`."""

    def started(self, source: str, mailbox: Mailbox) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        self._task = self._bars.add_task(f"{source}: {_short(mailbox.name)}", total=mailbox.expected, rate="")

    def advanced(self, source: str, mailbox: Mailbox, batch_messages: int, progress: int) -> None:  # noqa: ARG002
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        self._messages += batch_messages
        rate = self._messages / max(1e-9, time.monotonic() - self._since)
        if self._task is not None:
            self._bars.update(self._task, completed=progress, rate=f"{self._messages:,} mails, {rate:,.0f}/s")

    def finished(self, source: str, mailbox: Mailbox, outcome: MailboxOutcome) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._stopping.check()
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
        if outcome.state not in {"complete", "unchanged"}:
            self._bars.console.print(f"{source}: {mailbox.name}: {outcome.state}: {outcome.reason}", markup=False)

    def publishing(self) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._task = self._bars.add_task("writing the lake", total=None, rate="")

    def stage(self, name: str, number: int, of: int) -> None:
        """See `analyser.pipeline.Listener`."""
        if self._task is None or number == 1:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._task = self._bars.add_task("analysis", total=of, rate="")
        self._bars.update(self._task, completed=number - 1, description=f"analysis: {name}", rate=f"{number} of {of}")


class QuietProgress:
    """Listener where there is no terminal: JSON lines if asked for, else one line per mailbox and stage."""

    def __init__(self, stopping: Stopping, *, as_json: bool) -> None:
        self._stopping = stopping
        self._json = as_json
        self._started = time.monotonic()

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

    def publishing(self) -> None:
        """See `analyser.lake.accounts.Listener`."""
        self._say("publishing", "writing the lake")

    def stage(self, name: str, number: int, of: int) -> None:
        """See `analyser.pipeline.Listener`."""
        self._say("stage", f"analysis {number}/{of}: {name}", stage=name, number=number, of=of)


def _short(name: str, longest: int = 40) -> str:
    return name if len(name) <= longest else "…" + name[-longest + 1 :]
