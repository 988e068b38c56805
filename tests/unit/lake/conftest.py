"""A small source of the contract, records, and a way to compare lakes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from analyser.config import Settings
from analyser.errors import SourceError
from analyser.lake.ingest import scan
from analyser.lake.store import Lake
from analyser.sources.contract import RECORDS, Batch, Declaration, Directory, Mailbox, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FACTS = ("messages", "recipients", "copies", "address_names", "problems", "directory_people", "groups", "group_members")


class MemorySource(Source):
    """Mailboxes as tables in memory; reads in batches, can break off, can be resumed."""

    declaration = Declaration(
        "memory",
        frozenset({"messages", "people", "groups"}),
        frozenset(RECORDS.names) - {"folder", "meeting"},
        resumable=True,
    )

    def __init__(self, name: str, mailboxes: Mapping[str, pa.Table], *, size: int = 3, version: str | None = "1"):
        super().__init__(name)
        self.tables = dict(mailboxes)
        self.size, self.version = size, version
        self.people = Directory()
        self.problems: dict[str, tuple] = {}
        self.left_out: dict[str, dict[str, int]] = {}
        self.breaks_after: dict[str, int] = {}
        self.reads: list[tuple[str, str | None]] = []
        self.closed = False
        self.directory_fails = False

    def mailboxes(self) -> Iterator[Mailbox]:
        if self.closed:
            raise SourceError("nobody answers", source=self.name)
        for name, table in self.tables.items():
            yield Mailbox(name, table.num_rows, version=self.version)

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        self.reads.append((mailbox, state))
        table, start = self.tables[mailbox], int(state or 0)
        while start < table.num_rows:
            if start >= self.breaks_after.get(mailbox, table.num_rows):
                raise SourceError("the line is dead", source=self.name)
            rows = table.slice(start, self.size)
            problems, left_out = (), {}
            if start == 0:
                problems, left_out = self.problems.get(mailbox, ()), self.left_out.get(mailbox, {})
            start += rows.num_rows
            yield Batch(rows, problems, start, str(start), left_out=left_out)
        if self.breaks_after.get(mailbox) == 0:
            raise SourceError("the line is dead", source=self.name)

    def directory(self) -> Directory:
        if self.directory_fails:
            raise SourceError("no directory", source=self.name)
        return self.people


class Recorder:
    """Writes down what a scan says."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def planned(self, source, mailboxes): ...

    def started(self, source, mailbox):
        self.events.append(("started", source, mailbox.name))

    def advanced(self, source, mailbox, batch_messages, progress):
        self.events.append(("advanced", source, mailbox.name, batch_messages, progress))

    def finished(self, source, mailbox, outcome):
        self.events.append(("finished", source, mailbox.name, outcome.state))

    def counted(self, source, counts): ...

    def publishing(self):
        self.events.append(("publishing",))


def record(subject: str | None = "Plan", *, to=("b@contoso.example",), cc=(), bcc=(), **values: Any) -> dict[str, Any]:
    """One row of RECORDS with sensible defaults."""
    named = [(address, "to") for address in to] + [(address, "cc") for address in cc] + [(a, "bcc") for a in bcc]
    row = {
        "sent_at": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        "sender": "a@contoso.example",
        "subject": subject,
        "references": [],
        "recipients": [{"address": a, "display_name": None, "role": role} for a, role in named],
        "unresolved_recipients": 0,
    }
    return {**{field.name: None for field in RECORDS}, **row, **values}


def records(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=RECORDS)


def settings_for(path: Path, **sections: Any) -> Settings:
    return Settings(lake={"path": path, "threads": 1, "memory_limit": "500MB"}, **sections)


def ingest(path: Path, *sources: Source, settings: Settings | None = None, **options: Any):
    settings = settings or settings_for(path)
    with Lake(settings.lake) as lake:
        return scan(lake, sources, settings, listener=options.pop("listener", Recorder()), **options)


def content(path: Path, tables: Sequence[str] = FACTS) -> dict[str, list[Any]]:
    """All rows of a lake, in an order that does not depend on how they were written."""
    with Lake(settings_for(path).lake) as lake:
        rows = {name: lake.arrow(name).to_pylist() for name in tables}
        mailboxes = lake.arrow("mailboxes").to_pylist()
    rows["mailboxes"] = [{**row, "scanned_at": None} for row in mailboxes]
    return {name: sorted(part, key=repr) for name, part in rows.items()}


@pytest.fixture
def tools():
    """What the tests of this folder share, in one place."""
    import sys  # noqa: PLC0415

    return sys.modules[__name__]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "lake"


@pytest.fixture
def lake(folder):
    with Lake(settings_for(folder).lake) as opened:
        yield opened
