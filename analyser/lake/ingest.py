"""Read sources into the lake: every batch is kept as it comes, all of them are published in one step.

A scan that is killed has published nothing; the next one goes on where it stopped and ends with the same rows. A scan
accounts for what it found: ``found = read + problems + left_out`` and ``read = new + merged``.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from analyser import privacy
from analyser.errors import SourceError, UsageError
from analyser.lake import facts, pending, retention
from analyser.lake.accounts import Listener, MailboxOutcome, ScanReport, SourceReport
from analyser.lake.copies import COPIES, keyed
from analyser.lake.merge import merge
from analyser.sources.contract import Directory, Mailbox

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from analyser.config import Settings
    from analyser.lake.store import Lake
    from analyser.sources.contract import Batch, Source

__all__ = ["Listener", "MailboxOutcome", "ScanReport", "SourceReport", "scan"]


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
        run = _Run(lake, sources, settings, since=since, until=until, listener=listener)
        pending.sweep(lake.path, settings.privacy.subjects)
        run.read(mailboxes)
        listener.publishing()
        new = run.publish()
        removed = 0
        if settings.privacy.retention_days is not None:
            removed = retention.apply(lake, settings.privacy.retention_days, run.started_at)["messages"]
        return run.report(new, removed)


class _Run:
    def __init__(
        self,
        lake: Lake,
        sources: Sequence[Source],
        settings: Settings,
        *,
        since: datetime | None,
        until: datetime | None,
        listener: Listener,
    ) -> None:
        self.started_at = datetime.now(UTC)
        self._lake, self._sources, self._settings, self._listener = lake, sources, settings, listener
        self._secret = privacy.lake_secret(lake.path)
        self._since, self._until = since, until
        days = settings.privacy.retention_days
        oldest = self.started_at - timedelta(days=days) if days is not None else None
        self._from = max((time for time in (since, oldest) if time is not None), default=None)
        known = lake.arrow("mailboxes").to_pylist()
        self._known: dict[tuple[str, str], dict[str, Any]] = {(row["source"], row["mailbox"]): row for row in known}
        self._outcomes: list[MailboxOutcome] = []
        self._segments: dict[tuple[str, str], pending.MailboxSegments] = {}
        self._versions: dict[tuple[str, str], str | None] = {}
        self._directories: dict[str, Directory] = {}
        self._answered: list[tuple[str, str]] = []  # sources and directories whose earlier failure is over

    # reading

    def read(self, wanted: Collection[str] | None) -> None:
        names = None if wanted is None else {name.lower() for name in wanted}
        plan: list[tuple[Source, Mailbox]] = []
        for source in self._sources:
            try:
                listed = list(source.mailboxes())
            except SourceError as error:
                self._fail(source, Mailbox(facts.SOURCE), error)
                continue
            self._answered.append((source.name, facts.SOURCE))
            plan += [(source, box) for box in listed if names is None or box.name.lower() in names]
        missing = set() if names is None else names - {box.name.lower() for _, box in plan}
        if missing and not self._outcomes:
            raise UsageError(f"no source has a mailbox named {', '.join(sorted(missing))}")
        for source, mailbox in plan:
            self._read_mailbox(source, mailbox)
        for source in self._sources:
            if source.declaration.provides & {"people", "groups"}:
                self._read_directory(source)

    def _read_mailbox(self, source: Source, mailbox: Mailbox) -> None:
        key = source.name, mailbox.name
        self._listener.started(source.name, mailbox)
        known = self._known.get(key)
        if known is not None and self._unchanged(known, mailbox):
            self._end(mailbox, _recorded(known))
            return
        segments = pending.MailboxSegments(self._lake.path, *key)
        self._segments[key], self._versions[key] = segments, mailbox.version
        question = self._question(mailbox)
        state = segments.resume(question, resumable=source.declaration.resumable)
        for segment in segments.segments:
            self._listener.advanced(source.name, mailbox, segment.read, segment.progress)
        reason = None
        if not segments.complete:
            try:
                for batch in source.read(mailbox.name, state=state):
                    segment = self._keep(source, mailbox, batch, segments)
                    self._listener.advanced(source.name, mailbox, segment.read, segment.progress)
            except SourceError as error:
                reason = error.message
            else:
                progress, state = _reached(segments.segments)
                end = pending.Segment(question, state, progress, 0, 0, (), None, None, last=True)
                segments.append(COPIES.empty_table(), end)
        self._end(mailbox, _account(key, segments.segments, reason))

    def _keep(
        self, source: Source, mailbox: Mailbox, batch: Batch, segments: pending.MailboxSegments
    ) -> pending.Segment:
        """Write one batch: keys and reduced subjects, so that nothing else of a subject touches the disk."""
        records = batch.messages
        inside = _inside(records, self._from, self._until)
        span = pc.min_max(inside["sent_at"]).as_py()
        rows = keyed(
            self._lake.engine,
            inside,
            source=source.name,
            mailbox=mailbox.name,
            secret=self._secret,
            subjects=self._settings.privacy.subjects,
        )
        segment = pending.Segment(
            question=self._question(mailbox),
            state=batch.state,
            progress=batch.progress,
            read=inside.num_rows,
            left_out=records.num_rows - inside.num_rows,
            problems=tuple((problem.place, problem.reason) for problem in batch.problems),
            oldest=span["min"],
            newest=span["max"],
        )
        segments.append(rows, segment)
        return segment

    def _read_directory(self, source: Source) -> None:
        try:
            self._directories[source.name] = source.directory()
        except SourceError as error:
            self._fail(source, Mailbox(facts.DIRECTORY), error)
        else:
            self._answered.append((source.name, facts.DIRECTORY))

    def _fail(self, source: Source, mailbox: Mailbox, error: SourceError) -> None:
        self._listener.started(source.name, mailbox)
        self._end(mailbox, MailboxOutcome(source.name, mailbox.name, "unreachable", error.message))

    def _end(self, mailbox: Mailbox, outcome: MailboxOutcome) -> None:
        self._outcomes.append(outcome)
        self._listener.finished(outcome.source, mailbox, outcome)

    def _question(self, mailbox: Mailbox) -> pending.Question:
        return pending.Question(
            mailbox.version, _iso(self._since), _iso(self._until), subjects=self._settings.privacy.subjects
        )

    def _unchanged(self, known: Mapping[str, Any], mailbox: Mailbox) -> bool:
        if known["state"] != "complete" or mailbox.version is None or known["version"] != mailbox.version:
            return False
        watermark = json.loads(known["watermark"] or "{}")
        return (watermark.get("since"), watermark.get("until")) == (_iso(self._since), _iso(self._until))

    # publishing

    def publish(self) -> dict[str, int]:
        lake = self._lake
        files = [path for segments in self._segments.values() for path in segments.files]
        new: dict[str, int] = {}
        with lake.commit() as commit:
            if any(segment.read for segments in self._segments.values() for segment in segments.segments):
                incoming = lake.engine.scan(files, COPIES)
                new = merge(lake, commit, incoming)
                facts.write_names(lake, commit, incoming)
            scanned = [*self._segments, *self._answered]
            facts.replace_rows(lake, commit, "mailboxes", self._mailbox_rows(), scanned)
            facts.replace_rows(lake, commit, "problems", self._problem_rows(), scanned)
            if self._directories:
                facts.write_directories(lake, commit, self._directories)
            commit.remove(files)
        return new

    def _mailbox_rows(self) -> list[dict[str, Any]]:
        rows = []
        for outcome in self._outcomes:
            key = outcome.source, outcome.mailbox
            if outcome.state == "unchanged":
                continue
            segments = self._segments[key].segments if key in self._segments else []
            watermark = {"since": _iso(self._since), "until": _iso(self._until), "state": _reached(segments)[1]}
            rows.append(
                {
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
                    "version": self._versions.get(key),
                    "watermark": json.dumps(watermark),
                }
            )
        return rows

    def _problem_rows(self) -> list[dict[str, Any]]:
        rows = [
            {"source": source, "mailbox": mailbox, "place": place, "reason": reason}
            for (source, mailbox), segments in self._segments.items()
            for segment in segments.segments
            for place, reason in segment.problems
        ]
        return rows + [
            {"source": source, "mailbox": facts.DIRECTORY, "place": problem.place, "reason": problem.reason}
            for source, directory in self._directories.items()
            for problem in directory.problems
        ]

    def report(self, new: Mapping[str, int], removed: int) -> ScanReport:
        return ScanReport(
            tuple(self._source_report(source.name, new.get(source.name, 0)) for source in self._sources),
            tuple(self._outcomes),
            removed,
        )

    def _source_report(self, name: str, new: int) -> SourceReport:
        own = [outcome for outcome in self._outcomes if outcome.source == name]
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
            unchanged=len(own) - len(scanned),
            directory_problems=len(self._directories[name].problems) if name in self._directories else 0,
        )


def _inside(records: pa.Table, since: datetime | None, until: datetime | None) -> pa.Table:
    """Records sent at or after `since` and before `until`."""
    if since is not None:
        records = records.filter(pc.greater_equal(records["sent_at"], pa.scalar(since, records["sent_at"].type)))
    if until is not None:
        records = records.filter(pc.less(records["sent_at"], pa.scalar(until, records["sent_at"].type)))
    return records


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()


def _reached(segments: Sequence[pending.Segment]) -> tuple[int, str | None]:
    """How far the reading came: units done, and the state to go on from."""
    return (segments[-1].progress, segments[-1].state) if segments else (0, None)


def _account(key: tuple[str, str], segments: Sequence[pending.Segment], failure: str | None) -> MailboxOutcome:
    state = "complete" if failure is None else "partial" if segments else "unreachable"
    reasons = Counter(reason for segment in segments for _, reason in segment.problems)
    return MailboxOutcome(
        *key,
        state=state,
        reason=failure,
        read=sum(segment.read for segment in segments),
        left_out=sum(segment.left_out for segment in segments),
        problems=reasons.total(),
        reasons=dict(reasons),
        oldest=min((segment.oldest for segment in segments if segment.oldest is not None), default=None),
        newest=max((segment.newest for segment in segments if segment.newest is not None), default=None),
    )


def _recorded(known: Mapping[str, Any]) -> MailboxOutcome:
    return MailboxOutcome(
        known["source"],
        known["mailbox"],
        state="unchanged",
        read=known["messages"],
        left_out=known["left_out"],
        problems=known["problems"],
        oldest=known["oldest"],
        newest=known["newest"],
    )
