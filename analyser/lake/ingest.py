"""Read sources into the lake: every batch is kept as it comes, all of them are published in one step.

A scan that is killed has published nothing; the next one goes on where it stopped and ends with the same rows. A scan
accounts for what it found: ``found = read + problems + left_out`` and ``read = new + merged``.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import ibis
import pyarrow as pa

from analyser.errors import UsageError
from analyser.lake import facts, pending, retention, watermarks
from analyser.lake.accounts import Listener, MailboxOutcome, ScanReport, SourceReport
from analyser.lake.changes import standing
from analyser.lake.copies import COPIES
from analyser.lake.merge import merge
from analyser.lake.reading import Reading, iso
from analyser.lake.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from analyser.config import Settings
    from analyser.lake.store import Commit, Lake
    from analyser.sources.contract import Source

__all__ = ["Listener", "MailboxOutcome", "ScanReport", "SourceReport", "scan"]

_HELD: Final = pa.schema([("source", pa.string()), ("mailbox", pa.string()), ("copies", pa.int64())])


def scan(
    lake: Lake,
    sources: Sequence[Source],
    settings: Settings,
    *,
    mailboxes: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    listener: Listener,
) -> ScanReport:
    """Read all mailboxes of all sources and publish them in one step.

    Parameters
    ----------
    mailboxes
        Only these, by name (case does not count); None for all.
    since, until
        Only messages sent at or after `since` and before `until`, both with a time zone.

    Raises
    ------
    UsageError
        The period is empty, or no source has a mailbox of that name.
    LakeLockedError
        Another process writes the lake.
    """
    if since is not None and until is not None and since >= until:
        raise UsageError(f"the period is empty: {since.isoformat()} is not before {until.isoformat()}")
    with lake.lock():
        reading = Reading(lake, sources, settings, since=since, until=until, listener=listener)
        pending.sweep(lake.path, settings.privacy.subjects)
        reading.read(mailboxes)
        pa.default_memory_pool().release_unused()  # what reading needed is free for publishing
        listener.publishing()
        new = _publish(lake, reading)
        removed = 0
        if settings.privacy.retention_days is not None:
            removed = retention.apply(lake, settings.privacy.retention_days, reading.started_at)["messages"]
        return _report(reading, new, removed)


def _publish(lake: Lake, reading: Reading) -> dict[str, int]:
    files = [path for taken in reading.taken.values() for path in taken.segments.files]
    told = [segment for taken in reading.taken.values() for segment in taken.segments.segments]
    new: dict[str, int] = {}
    with lake.commit() as commit:
        if any(segment.read or segment.removed or segment.afresh for segment in told):
            incoming = lake.engine.scan(files, COPIES)
            live, held = standing(lake, commit, incoming, reading.since, reading.until)
            new = merge(held, commit, live)
            facts.write_names(lake, commit, live)
        scanned = [*reading.taken, *reading.answered]
        facts.replace_rows(lake, commit, "mailboxes", _mailbox_rows(reading, _held(lake, commit, reading)), scanned)
        facts.replace_rows(lake, commit, "problems", _problem_rows(reading), scanned)
        if any(source.declaration.incremental for source in reading.sources):
            watermarks.write(lake, commit, _states(reading))
        if reading.directories:
            facts.write_directories(lake, commit, reading.directories)
        commit.remove(files)
    return new


def _held(lake: Lake, commit: Commit, reading: Reading) -> dict[tuple[str, str], int]:
    """Copies that the lake holds from now on of each mailbox of the sources that tell changes."""
    names = [source.name for source in reading.sources if source.declaration.incremental]
    if not names:
        return {}
    copies = lake.engine.scan(commit.files("copies"), TABLES["copies"].schema)
    counts = copies.filter(copies.source.isin(names)).group_by("source", "mailbox").agg(copies=ibis._.count())
    rows = lake.engine.to_arrow(counts, _HELD).to_pylist()
    found = {(row["source"], row["mailbox"]): row["copies"] for row in rows}
    return {key: found.get(key, 0) for key in reading.taken if key[0] in names}


def _mailbox_rows(reading: Reading, held: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    rows = []
    for outcome in reading.outcomes:
        key = outcome.source, outcome.mailbox
        if outcome.state == "unchanged":
            continue
        taken = reading.taken.get(key)
        row: dict[str, Any] = {
            "source": outcome.source,
            "mailbox": outcome.mailbox,
            "state": outcome.state,
            "reason": outcome.reason,
            "messages": outcome.read,
            "problems": outcome.problems,
            "left_out": outcome.left_out,
            "oldest": outcome.oldest,
            "newest": outcome.newest,
            "scanned_at": datetime.now(UTC),
            "version": taken.mailbox.version if taken is not None else None,
            "watermark": json.dumps({"since": iso(reading.since), "until": iso(reading.until)}),
        }
        if taken is not None and key in held:
            row["messages"] = held[key]
            _add_known(row, taken.known, nothing_read=not taken.segments.segments)
        rows.append(row)
    return rows


def _add_known(row: dict[str, Any], known: Mapping[str, Any] | None, *, nothing_read: bool) -> None:
    """A mailbox of which only changes were read, or nothing: what was known of it stays."""
    if known is None:
        return
    for name, choose in (("oldest", min), ("newest", max)):
        row[name] = choose((time for time in (row[name], known[name]) if time is not None), default=None)
    if nothing_read:
        row["watermark"] = known["watermark"]
        row["scanned_at"] = known["scanned_at"] if row["messages"] else row["scanned_at"]


def _states(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Where the next scan goes on, of the mailboxes of which something was read."""
    incremental = {source.name for source in reading.sources if source.declaration.incremental}
    for (source, mailbox), taken in reading.taken.items():
        state = taken.segments.state() if source in incremental and taken.segments.segments else None
        if state is not None:
            yield source, mailbox, state
    for source, directory in reading.directories.items():
        if directory.state is not None:
            yield source, facts.DIRECTORY, directory.state


def _problem_rows(reading: Reading) -> list[dict[str, Any]]:
    rows = [
        {"source": source, "mailbox": mailbox, "place": place, "reason": reason}
        for (source, mailbox), taken in reading.taken.items()
        for places in (taken.unsettled.items(), *(segment.problems for segment in taken.segments.segments))
        for place, reason in places
    ]
    return rows + [
        {"source": source, "mailbox": facts.DIRECTORY, "place": problem.place, "reason": problem.reason}
        for source, directory in reading.directories.items()
        for problem in directory.problems
    ]


def _report(reading: Reading, new: Mapping[str, int], removed: int) -> ScanReport:
    return ScanReport(
        tuple(_source_report(reading, source.name, new.get(source.name, 0)) for source in reading.sources),
        tuple(reading.outcomes),
        removed,
    )


def _source_report(reading: Reading, name: str, new: int) -> SourceReport:
    own = [outcome for outcome in reading.outcomes if outcome.source == name]
    scanned = [outcome for outcome in own if outcome.state != "unchanged"]
    read = sum(outcome.read for outcome in scanned)
    return SourceReport(
        source=name,
        read=read,
        problems=sum(outcome.problems for outcome in scanned),
        reasons=dict(sum((Counter(outcome.reasons) for outcome in scanned), Counter[str]())),
        left_out=sum(outcome.left_out for outcome in scanned),
        new=new,
        merged=read - new,
        gone=sum(outcome.removed for outcome in scanned),
        unchanged=len(own) - len(scanned),
        directory_problems=len(reading.directories[name].problems) if name in reading.directories else 0,
        passed_over=dict(sum((Counter(outcome.passed_over) for outcome in scanned), Counter[str]())),
    )
