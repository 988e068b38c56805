"""A lake with half a year of mail in three departments: a report, a group that works by reply-all, single mails."""

from __future__ import annotations

import csv
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from analyser.config import Settings
from analyser.lake.ingest import scan
from analyser.lake.store import Lake
from analyser.sources.registry import open_source

MONDAY = datetime(2025, 1, 6, 8, 30, tzinfo=UTC)
WEEKS = 26
PEOPLE = {f"{d.lower()}{n}@contoso.example": d for d in ("Sales", "Finance", "Legal") for n in range(5)}
GROUP = ["sales0", "sales1", "finance0", "finance1", "legal0"]


class Silent:
    """A listener of scans and analyses that writes down the stages."""

    def __init__(self):
        self.stages = []

    def planned(self, source, mailboxes): ...

    def started(self, source, mailbox): ...

    def advanced(self, source, mailbox, batch_messages, progress): ...

    def finished(self, source, mailbox, outcome): ...

    def counted(self, source, counts): ...

    def publishing(self): ...

    def stage(self, name, number, of):
        self.stages.append((name, number, of))


def mail():
    """Rows of messages.csv."""

    def row(number, sent_at, sender, to, subject, answers=""):
        addresses = ";".join(f"{name}@contoso.example" for name in to)
        at, sender = sent_at.isoformat(), f"{sender}@contoso.example"
        return [f"<{number}@contoso.example>", at, sender, addresses, "", "", subject, "", answers, "false"]

    readers, people = ["sales1", "sales2", "finance3", "legal1"], [p.partition("@")[0] for p in PEOPLE]
    for week in range(WEEKS):
        monday = MONDAY + timedelta(weeks=week)
        yield row(f"r{week}", monday, "sales0", readers, f"Pipeline week {week}")
        for n, writer in enumerate(GROUP[:4]):
            others = [p for p in GROUP if p != writer]
            answers = f"<g{week}-0@contoso.example>" if n else ""
            subject = f"{'Re: ' if n else ''}Supplier audit {week}"
            yield row(f"g{week}-{n}", monday + timedelta(days=1 + week % 3, hours=n), writer, others, subject, answers)
        for n, sender in enumerate(people):
            to = [people[(n + week + 1) % len(people)]]
            if to[0] != sender:
                sent_at = monday + timedelta(days=n % 5, hours=n % 7, minutes=week)
                yield row(f"s{week}-{n}", sent_at, sender, to, f"Note {n}")


@pytest.fixture(scope="session")
def silent():
    return Silent


@pytest.fixture(scope="session")
def settings_in():
    def settings_in(folder, **sections):
        return Settings(lake={"path": folder / "lake", "threads": 1, "memory_limit": "500MB"}, **sections)

    return settings_in


@pytest.fixture(scope="session")
def export(tmp_path_factory):
    """The mail as a folder that the source `table` reads."""
    folder = tmp_path_factory.mktemp("export")
    header = ["message_id", "sent_at", "sender", "to", "cc", "bcc", "subject", "conversation_id", "in_reply_to"]
    header.append("has_attachments")
    with (folder / "messages.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *mail()])
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [[address, address.partition("@")[0].title(), department] for address, department in PEOPLE.items()]
        csv.writer(file).writerows([["address", "display_name", "department"], *rows])
    return folder


@pytest.fixture(scope="session")
def scanned(export, tmp_path_factory, settings_in):
    """A folder with a lake that was scanned and not yet analysed."""
    folder = tmp_path_factory.mktemp("scanned")
    settings = settings_in(folder, sources=[{"name": "export", "type": "table", "path": export}])
    source = open_source(settings.sources[0], batch_size=settings.scan.batch_size, earliest=settings.scan.earliest)
    with Lake(settings.lake) as lake:
        scan(lake, [source], settings, listener=Silent())
    return folder


@pytest.fixture(scope="session")
def copy_of(scanned, settings_in):
    """Open a copy of that lake in a folder."""

    def copy_of(folder):
        shutil.copytree(scanned, folder, dirs_exist_ok=True)
        return Lake(settings_in(folder).lake)

    return copy_of


@pytest.fixture
def lake(copy_of, tmp_path):
    """A lake of the test's own."""
    with copy_of(tmp_path) as opened:
        yield opened
