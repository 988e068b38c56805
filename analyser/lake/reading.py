"""The reading half of a scan: mailboxes in, segments on disk and outcomes out; nothing is published here."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from analyser import privacy
from analyser.errors import SourceError, UsageError
from analyser.lake import facts, pending, watermarks
from analyser.lake.accounts import MailboxOutcome
from analyser.lake.changes import removal_rows
from analyser.lake.copies import COPIES
from analyser.lake.keying import Keying
from analyser.sources.contract import REMOVALS, Batch, Directory, Mailbox, Mark, Request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from analyser.config import Settings
    from analyser.lake.accounts import Listener
    from analyser.lake.store import Lake
    from analyser.sources.contract import Source

__all__ = ["Reading", "iso"]


@dataclass(slots=True)
class _Taken:
    """A mailbox that is being read: its segments, what was known of it, the places of its problems so far."""

    mailbox: Mailbox
    segments: pending.MailboxSegments
    known: Mapping[str, Any] | None
    unsettled: dict[str, str]


class Reading:
    """Reads sources mailbox by mailbox, or many at once where the source can.

    Parameters
    ----------
    since, until
        Only messages sent at or after `since` and before `until`.
    """

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
        self.sources, self.since, self.until = sources, since, until
        self.outcomes: list[MailboxOutcome] = []
        self.taken: dict[tuple[str, str], _Taken] = {}
        self.directories: dict[str, Directory] = {}
        self.answered: list[tuple[str, str]] = []  # sources and directories whose earlier failure is over
        self._lake, self._settings, self._listener = lake, settings, listener
        self._keying = Keying(lake.engine, privacy.lake_secret(lake.path), settings.privacy.subjects)
        days = settings.privacy.retention_days
        oldest = self.started_at - timedelta(days=days) if days is not None else None
        self._from = max((time for time in (since, oldest) if time is not None), default=None)
        self.known: dict[tuple[str, str], dict[str, Any]] = {
            (row["source"], row["mailbox"]): row for row in lake.arrow("mailboxes").to_pylist()
        }
        self._problems: dict[tuple[str, str], dict[str, str]] = {}
        if any(source.declaration.incremental for source in sources):
            for row in lake.arrow("problems").to_pylist():
                self._problems.setdefault((row["source"], row["mailbox"]), {})[row["place"]] = row["reason"]

    def read(self, wanted: Collection[str] | None) -> None:
        """Read the mailboxes of these names (None: all), then the directories."""
        try:
            self._read(wanted)
        finally:
            for source in self.sources:
                source.close()

    def _read(self, wanted: Collection[str] | None) -> None:
        names = None if wanted is None else {name.lower() for name in wanted}
        plan: list[tuple[Source, list[Mailbox]]] = []
        for source in self.sources:
            try:
                if source.declaration.incremental:
                    source.begin(watermarks.states(self._lake, source.name, [facts.DIRECTORY]).get(facts.DIRECTORY))
                listed = list(source.mailboxes())
            except SourceError as error:
                self._fail(source, Mailbox(facts.SOURCE), error)
                continue
            self.answered.append((source.name, facts.SOURCE))
            plan.append((source, [box for box in listed if names is None or box.name.lower() in names]))
        missing = set() if names is None else names - {box.name.lower() for _, boxes in plan for box in boxes}
        if missing and not self.outcomes:
            raise UsageError(f"no source has a mailbox named {', '.join(sorted(missing))}")
        for source, boxes in plan:
            self._listener.planned(source.name, len(boxes))
            self._read_mailboxes(source, boxes)
        for source in self.sources:
            if source.declaration.provides & {"people", "groups"}:
                self._read_directory(source)

    def _read_mailboxes(self, source: Source, boxes: Sequence[Mailbox]) -> None:
        with closing(source.read_many(self._requests(source, boxes))) as events:
            for name, what in events:
                taken = self.taken[source.name, name]
                match what:
                    case Mark.STARTED:
                        self._begin(source, taken)
                    case Batch():
                        segment = self._keep(source, taken, what)
                        self._listener.advanced(source.name, taken.mailbox, segment.read, segment.progress)
                    case _:
                        self._close(source, taken, what if isinstance(what, SourceError) else None)
                if counts := source.counts():
                    self._listener.counted(source.name, counts)

    def _requests(self, source: Source, boxes: Sequence[Mailbox]) -> Iterator[Request]:
        """What is left to be read; mailboxes that are as they were, or were read before a kill, end at once."""
        for mailbox, watermark in self._with_watermarks(source, boxes):
            key = source.name, mailbox.name
            known = self.known.get(key)
            if known is not None and self._unchanged(known, mailbox):
                self._listener.started(source.name, mailbox)
                self._end(mailbox, _recorded(known))
                continue
            segments = pending.MailboxSegments(self._lake.path, *key)
            state = segments.resume(self._question(mailbox), resumable=source.declaration.resumable)
            goes_on = watermark is not None and known is not None and self._same_period(known)
            if goes_on and not segments.segments:
                state = watermark
            unsettled = dict(self._problems.get(key, {})) if goes_on else {}
            for segment in segments.segments:
                for place in segment.settled:
                    unsettled.pop(place, None)
            self.taken[key] = taken = _Taken(mailbox, segments, known, unsettled)
            if segments.complete:
                self._begin(source, taken)
                self._close(source, taken, None)
            else:
                yield Request(mailbox.name, state)

    def _with_watermarks(self, source: Source, boxes: Sequence[Mailbox]) -> Iterator[tuple[Mailbox, str | None]]:
        for first in range(0, len(boxes), watermarks.BLOCK):
            block = boxes[first : first + watermarks.BLOCK]
            states: dict[str, str] = {}
            if source.declaration.incremental:
                states = watermarks.states(self._lake, source.name, [mailbox.name for mailbox in block])
            for mailbox in block:
                yield mailbox, states.get(mailbox.name)

    def _begin(self, source: Source, taken: _Taken) -> None:
        self._listener.started(source.name, taken.mailbox)
        for segment in taken.segments.segments:
            self._listener.advanced(source.name, taken.mailbox, segment.read, segment.progress)

    def _keep(self, source: Source, taken: _Taken, batch: Batch) -> pending.Segment:
        """Write one batch: keys and reduced subjects, so that nothing else of a subject touches the disk."""
        records = batch.messages
        inside = _inside(records, self._from, self.until)
        span = pc.min_max(inside["sent_at"]).as_py()
        first = taken.segments.next_number
        removed = batch.removed if batch.removed is not None else REMOVALS.empty_table()
        rows = self._keying.rows(inside, source=source.name, mailbox=taken.mailbox.name, first=first + removed.num_rows)
        if removed.num_rows:
            gone = removal_rows(removed, source=source.name, mailbox=taken.mailbox.name, first=first)
            rows = pa.concat_tables([gone, rows])
        segment = pending.Segment(
            question=self._question(taken.mailbox),
            state=batch.state,
            progress=batch.progress,
            read=inside.num_rows,
            left_out=records.num_rows - inside.num_rows + sum(batch.left_out.values()),
            problems=tuple((problem.place, problem.reason) for problem in batch.problems),
            oldest=span["min"],
            newest=span["max"],
            last=batch.last,
            removed=removed.num_rows - removed["item_id"].null_count,
            afresh=removed["item_id"].null_count,
            settled=_settled(taken.unsettled, batch),
            passed_over=dict(batch.left_out),
        )
        taken.segments.append(rows, segment)
        return segment

    def _close(self, source: Source, taken: _Taken, error: SourceError | None) -> None:
        segments = taken.segments
        if error is None and not segments.complete:
            progress = segments.segments[-1].progress if segments.segments else 0
            state = segments.state()
            end = pending.Segment(self._question(taken.mailbox), state, progress, 0, 0, (), None, None, last=True)
            segments.append(COPIES.empty_table(), end)
        reason = None if error is None else error.reason
        key = source.name, taken.mailbox.name
        self._end(taken.mailbox, _account(key, segments.segments, reason, taken.unsettled))

    def _read_directory(self, source: Source) -> None:
        try:
            self.directories[source.name] = source.directory()
        except SourceError as error:
            self._fail(source, Mailbox(facts.DIRECTORY), error)
        else:
            self.answered.append((source.name, facts.DIRECTORY))

    def _fail(self, source: Source, mailbox: Mailbox, error: SourceError) -> None:
        self._listener.started(source.name, mailbox)
        self._end(mailbox, MailboxOutcome(source.name, mailbox.name, "unreachable", error.reason))

    def _end(self, mailbox: Mailbox, outcome: MailboxOutcome) -> None:
        self.outcomes.append(outcome)
        self._listener.finished(outcome.source, mailbox, outcome)

    def _question(self, mailbox: Mailbox) -> pending.Question:
        return pending.Question(
            mailbox.version, iso(self.since), iso(self.until), subjects=self._settings.privacy.subjects
        )

    def _unchanged(self, known: Mapping[str, Any], mailbox: Mailbox) -> bool:
        if known["state"] != "complete" or mailbox.version is None or known["version"] != mailbox.version:
            return False
        return self._same_period(known)

    def _same_period(self, known: Mapping[str, Any]) -> bool:
        watermark = json.loads(known["watermark"] or "{}")
        return (watermark.get("since"), watermark.get("until")) == (iso(self.since), iso(self.until))


def iso(time: datetime | None) -> str | None:
    """UTC, ISO 8601."""
    return None if time is None else time.astimezone(UTC).isoformat()


def _inside(records: pa.Table, since: datetime | None, until: datetime | None) -> pa.Table:
    """Records sent at or after `since` and before `until`."""
    if since is not None:
        records = records.filter(pc.greater_equal(records["sent_at"], pa.scalar(since, records["sent_at"].type)))
    if until is not None:
        records = records.filter(pc.less(records["sent_at"], pa.scalar(until, records["sent_at"].type)))
    return records


def _settled(unsettled: dict[str, str], batch: Batch) -> tuple[str, ...]:
    """Places of earlier problems that the batch tells anew or takes away; they leave `unsettled`."""
    if not unsettled:
        return ()
    told = {problem.place for problem in batch.problems}
    afresh: set[str] = set()
    for table in (batch.messages, batch.removed):
        if table is not None:
            pairs = table.select(["folder", "item_id"]).to_pydict()
            told |= {f"{folder}/{item}" for folder, item in zip(*pairs.values(), strict=True) if item is not None}
    if batch.removed is not None:
        whole = batch.removed.filter(pc.is_null(batch.removed["item_id"]))
        afresh = {f"{folder}/" for folder in whole["folder"].to_pylist()}
    gone = tuple(place for place in unsettled if place in told or place.startswith(tuple(afresh)))
    for place in gone:
        del unsettled[place]
    return gone


def _account(
    key: tuple[str, str], segments: Sequence[pending.Segment], failure: str | None, unsettled: Mapping[str, str]
) -> MailboxOutcome:
    state = "complete" if failure is None else "partial" if segments else "unreachable"
    reasons = Counter(reason for segment in segments for _, reason in segment.problems) + Counter(unsettled.values())
    return MailboxOutcome(
        *key,
        state=state,
        reason=failure,
        read=sum(segment.read for segment in segments),
        left_out=sum(segment.left_out for segment in segments),
        passed_over=dict(sum((Counter(segment.passed_over) for segment in segments), Counter[str]())),
        removed=sum(segment.removed for segment in segments),
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
