"""Tables that any mail system can export: messages as CSV or Parquet, people and groups as CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyser.errors import FormatError, SourceError
from analyser.sources import columns as convert
from analyser.sources.addresses import TABLE_SEPARATORS, AddressBook
from analyser.sources.contract import RECORDS, Batch, Declaration, Directory, Mailbox, Problem, Source
from analyser.sources.csv_columns import Part, pieces, read_csv
from analyser.sources.delimited import column_name, missing_columns, read_header
from analyser.sources.directory import read_directory
from analyser.sources.files import UNREADABLE
from analyser.sources.headers import first_id
from analyser.sources.records import ROLES, Period, Records, assemble, recipients, senders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


__all__ = ["COLUMNS", "REQUIRED", "TableSource"]

REQUIRED = ("sent_at", "sender")
COLUMNS = (
    "message_id",
    "sent_at",
    "sender",
    "to",
    "cc",
    "bcc",
    "subject",
    "conversation_id",
    "in_reply_to",
    "references",
    "has_attachments",
    "importance",
    "size",
    "is_automatic",
    "list_id",
)
"""Columns that are read; others are passed over."""

_TYPED = frozenset({"sent_at", "has_attachments", "is_automatic", "size"})  # Parquet may hold them as such
_ENDINGS = (".csv", ".csv.gz", ".parquet")


class TableSource(Source):
    """Reads a folder of tables.

    Parameters
    ----------
    name
        Name of the source.
    path
        Folder with ``messages*.csv``, ``messages*.csv.gz`` or ``messages*.parquet`` (or a folder ``messages`` of
        those), ``people.csv``, ``groups.csv``, ``group_members.csv``.
    batch_size
        Messages per batch.
    earliest
        Messages dated before are problems.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="table",
        provides=frozenset({"messages", "people", "groups"}),
        fields=frozenset(RECORDS.names) - {"item_id", "folder", "meeting"},
        resumable=True,
    )

    def __init__(self, name: str, path: Path, *, batch_size: int, earliest: datetime) -> None:
        super().__init__(name)
        self._path = path
        self._batch_size = batch_size
        self._earliest = earliest

    def mailboxes(self) -> Iterator[Mailbox]:
        """One per file of messages, by name; `expected` counts bytes of CSV, rows of Parquet."""
        for name, path in self._files().items():
            status = path.stat()
            version = f"{status.st_size}-{status.st_mtime_ns}"
            if path.suffix == ".parquet":
                yield Mailbox(name, expected=self._parquet(path).metadata.num_rows, unit="messages", version=version)
            else:
                yield Mailbox(name, expected=status.st_size, unit="bytes", version=version)

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one file; see `Source.read`."""
        path = self._files().get(mailbox)
        if path is None:
            raise SourceError(f"no file {mailbox} in {self._path}", source=self.name, fix="scan again from the start")
        after = json.loads(state)["row"] if state else 1
        book, period = AddressBook(TABLE_SEPARATORS), Period.until_now(self._earliest)
        parts = self._read_parquet(path) if path.suffix == ".parquet" else self._read_csv(path)
        for part in parts:
            for piece in pieces(part, after, self._batch_size):
                records = _records(piece.columns, book, period)
                broken = piece.broken + [(int(piece.numbers[row]), reason) for row, reason in records.problems]
                problems = tuple(Problem(mailbox, f"{mailbox}: row {number}", why) for number, why in sorted(broken))
                after = max(piece.numbers.max(initial=0), max((number for number, _ in broken), default=0))
                yield Batch(records.table, problems, part.progress, json.dumps({"row": int(after)}))

    def directory(self) -> Directory:
        """People and groups of the folder; empty where their files are missing."""
        self._files()
        files = [self._path / f"{name}.csv" for name in ("people", "groups", "group_members")]
        return read_directory(*(file if file.exists() else None for file in files), source=self.name)

    def _files(self) -> dict[str, Path]:
        if not self._path.is_dir():
            raise SourceError(
                f"{self._path} is no folder", source=self.name, fix="set 'path' to the folder that holds messages.csv"
            )
        candidates = [*self._path.glob("messages*"), *self._path.glob("messages/*")]
        files = sorted(file for file in candidates if file.is_file() and file.name.endswith(_ENDINGS))
        if not files and not (self._path / "people.csv").exists():
            raise SourceError(
                f"neither messages nor people in {self._path}",
                source=self.name,
                fix="export messages.csv, messages.csv.gz or messages.parquet, and people.csv, into that folder",
            )
        return {file.relative_to(self._path).as_posix(): file for file in files}

    def _read_csv(self, path: Path) -> Iterator[Part]:
        try:
            header = read_header(path, source=self.name)
            missing_columns(header.names, REQUIRED, COLUMNS, source=self.name, path=path)
            yield from read_csv(path, header, COLUMNS, source=self.name)
        except (*UNREADABLE, pa.ArrowInvalid) as error:  # broken off, or a quote that is never closed
            raise SourceError(
                f"{path}: {error}", source=self.name, fix="export the file anew, then scan again"
            ) from error

    def _read_parquet(self, path: Path) -> Iterator[Part]:
        file = self._parquet(path)
        names = {column_name(name): name for name in reversed(file.schema_arrow.names)}
        missing_columns(list(names), REQUIRED, COLUMNS, source=self.name, path=path)
        wanted = {name: names[name] for name in COLUMNS if name in names}
        number = 2
        for batch in file.iter_batches(self._batch_size, columns=list(wanted.values())):
            numbers = np.arange(number, number + batch.num_rows)
            number += batch.num_rows
            yield Part({name: batch[wanted[name]] for name in wanted}, numbers, [], number - 2)

    def _parquet(self, path: Path) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise FormatError(str(error), source=self.name, path=path, fix="export the file anew") from error


def _records(columns: dict[str, pa.Array], book: AddressBook, period: Period) -> Records:
    if not columns:
        return Records(RECORDS.empty_table(), [])
    count = len(columns["sent_at"])
    texts = {name: convert.texts(column) for name, column in columns.items() if name not in _TYPED}
    nothing = pa.nulls(count, pa.string())
    moments, reasons = convert.moments(columns["sent_at"], period)
    sender, sender_name = senders(book, texts["sender"])
    rows = np.arange(count)
    fields = {role: (rows, texts.get(role, nothing)) for role in ROLES}
    people, unresolved = recipients(book, count, fields)
    lower = {name: pc.utf8_lower(texts.get(name, nothing)) for name in ("importance", "list_id")}
    return assemble(
        {
            "internet_message_id": texts.get("message_id", nothing),
            "sent_at": moments,
            "sender": sender,
            "sender_name": sender_name,
            "subject": pc.replace_substring_regex(texts.get("subject", nothing), r"\s+", " "),
            "conversation_id": texts.get("conversation_id", nothing),
            "in_reply_to": first_id(texts.get("in_reply_to", nothing)),
            "references": convert.lists(texts.get("references", nothing)),
            "has_attachments": convert.flags(columns.get("has_attachments", nothing)),
            "importance": convert.one_of(lower["importance"], ("low", "normal", "high")),
            "size": convert.whole_numbers(columns.get("size", nothing)),
            "is_automatic": convert.flags(columns.get("is_automatic", nothing)),
            "list_id": pc.utf8_trim(lower["list_id"], "<> "),
            "recipients": people,
            "unresolved_recipients": pa.array(unresolved, pa.int32()),
        },
        reasons,
    )
