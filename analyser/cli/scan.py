"""`analyser scan`: read the sources into the lake."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  Typer reads it at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from analyser.cli.console import (
    JsonOption,
    day,
    err,
    open_lake,
    out,
    print_json,
    print_table,
    settings,
    state,
)
from analyser.cli.metrics import Metrics
from analyser.cli.progress import progress
from analyser.errors import ConfigError, UsageError
from analyser.lake import ingest
from analyser.sources.registry import open_source

if TYPE_CHECKING:
    from analyser.config import Settings
    from analyser.lake.accounts import ScanReport, SourceReport

__all__ = ["command", "run", "show"]


def command(
    source: Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")] = None,
    mailbox: Annotated[list[str] | None, typer.Option("--mailbox", help="Only this mailbox; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only mail sent at or after this date (UTC).")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Only mail sent before this date (UTC).")] = None,
    metrics: Annotated[
        Path | None, typer.Option("--metrics", help="Write counters to this file for Prometheus' node exporter.")
    ] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """Read mailboxes and directories into the lake; headers only, never a body.

    A scan that was stopped goes on where it was. Exit status 1 when something could not be read.
    """
    report = run(settings(as_json=as_json), source, mailbox, since, until, metrics=metrics, as_json=as_json)
    show(report, as_json=as_json)
    if not report.complete:
        raise typer.Exit(1)


def run(
    config: Settings,
    names: list[str] | None = None,
    mailboxes: list[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    *,
    metrics: Path | None = None,
    as_json: bool = False,
) -> ScanReport:
    """Scan what the options name."""
    known = [entry.name for entry in config.sources]
    if not known:
        raise ConfigError(
            "no source is configured",
            key="sources",
            places=[str(state.config or "the configuration")],
            fix="add a [[sources]] table; see config.example.toml",
        )
    for name in names or ():
        if name not in known:
            raise UsageError(f"--source: no source is named '{name}'", fix=f"configured sources: {', '.join(known)}")
    start = day(since, "--since")
    chosen = [
        open_source(entry, batch_size=config.scan.batch_size, earliest=config.scan.earliest, since=start)
        for entry in config.sources
        if not names or entry.name in names
    ]
    end = day(until, "--until")
    with open_lake(config) as lake, progress(as_json=as_json) as shown:
        counted = Metrics(metrics, shown) if metrics is not None else None
        listener = counted or shown
        report = ingest.scan(lake, chosen, config, mailboxes=mailboxes, since=start, until=end, listener=listener)
        if counted is not None:
            counted.ended(report)
        return report


def show(report: ScanReport, *, as_json: bool) -> None:
    """Counts that add up: found = read + not readable + left out, read = new + merged; gone is what was taken away."""
    if as_json:
        print_json(_document(report))
        return
    columns = ("found", "read", "new", "merged", "gone", "not readable", "left out", "unchanged mailboxes")
    table = Table("source", *columns, title="What was read", title_justify="left")
    for source in (*report.sources, report.total):
        counts = _counts(source)
        table.add_row(
            source.source,
            *(
                f"{counts[c]:,}"
                for c in ("found", "read", "new", "merged", "gone", "problems", "left_out", "unchanged")
            ),
        )
    print_table(table)
    for reason, number in sorted(report.total.reasons.items(), key=lambda item: -item[1]):
        out.print(f"not readable: {number:,} × {reason}", markup=False)
    for reason, number in sorted(report.total.passed_over.items(), key=lambda item: -item[1]):
        out.print(f"left out: {number:,} × {reason}", markup=False)
    if report.removed:
        out.print(f"removed by the retention of the configuration: {report.removed:,} messages")
    bad = [outcome for outcome in report.outcomes if outcome.state not in {"complete", "unchanged"}]
    for outcome in bad:
        err.print(f"{outcome.source}: {outcome.mailbox}: {outcome.state}: {outcome.reason}", markup=False, style="red")
    if not report.complete:
        err.print(
            "incomplete: 'analyser status' lists the places; 'analyser scan' tries those mailboxes again",
            style="yellow",
        )


def _document(report: ScanReport) -> dict[str, object]:
    return {
        "complete": report.complete,
        "removed_by_retention": report.removed,
        "total": _counts(report.total),
        "sources": [_counts(source) for source in report.sources],
        "mailboxes": [
            {
                "source": outcome.source,
                "mailbox": outcome.mailbox,
                "state": outcome.state,
                "reason": outcome.reason,
                "read": outcome.read,
                "problems": outcome.problems,
                "reasons": dict(outcome.reasons),
                "left_out": outcome.left_out,
                "passed_over": dict(outcome.passed_over),
                "gone": outcome.removed,
            }
            for outcome in report.outcomes
        ],
    }


def _counts(source: SourceReport) -> dict[str, object]:
    return {
        "source": source.source,
        "found": source.found,
        "read": source.read,
        "new": source.new,
        "merged": source.merged,
        "gone": source.gone,
        "problems": source.problems,
        "reasons": dict(source.reasons),
        "left_out": source.left_out,
        "passed_over": dict(source.passed_over),
        "unchanged": source.unchanged,
        "directory_problems": source.directory_problems,
    }
