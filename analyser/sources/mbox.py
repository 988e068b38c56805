"""Mail files: mbox, maildir, folders of single messages, packed or not. Headers only; bodies are never kept.

What a file is, its content tells: an mbox file begins with a line ``From …``, a single message with a header. Each mbox
file is a mailbox of its own, and so is each folder of single messages (the `cur` and `new` of a maildir together).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from analyser.errors import SourceError
from analyser.sources.addresses import AddressBook
from analyser.sources.contract import RECORDS, Batch, Declaration, Mailbox, Problem, Source
from analyser.sources.files import UNREADABLE, opened
from analyser.sources.framing import Frame, frames, is_mbox, is_message, read_header
from analyser.sources.records import Period, header_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

__all__ = ["MboxSource"]

_SNIFFED = 8192  # bytes that tell what a file is
_MAILDIR = frozenset({"cur", "new"})
_BATCH_BYTES = 32 << 20  # of headers: bounds memory where they are long


class MboxSource(Source):
    """Reads message headers from files.

    Parameters
    ----------
    name
        Name of the source.
    path
        A file, or a folder that is searched.
    batch_size
        Messages per batch.
    earliest
        Messages dated before are problems.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="mbox",
        provides=frozenset({"messages"}),
        fields=frozenset(RECORDS.names) - {"item_id", "folder", "conversation_id", "meeting"},
        resumable=True,
    )

    def __init__(self, name: str, path: Path, *, batch_size: int, earliest: datetime) -> None:
        super().__init__(name)
        self._path = path
        self._batch_size = batch_size
        self._earliest = earliest
        self._units: dict[str, _Unit] | None = None

    def mailboxes(self) -> Iterator[Mailbox]:
        """One per mbox file and per folder of single messages, by name; `expected` counts bytes on disk."""
        self._units = self._discover()
        for name, unit in sorted(self._units.items()):
            yield Mailbox(name, expected=unit.bytes, unit="bytes", version=unit.digest.hexdigest())

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one file or folder; see `Source.read`."""
        if self._units is None:
            self._units = self._discover()
        unit = self._units.get(mailbox)
        if unit is None:
            raise SourceError(
                f"no mailbox '{mailbox}' in {self._path}", source=self.name, fix="scan again from the start"
            )
        position = json.loads(state) if state else {"message": 0, "offset": 0}
        reader = (_MboxReader if unit.is_mbox else _FolderReader)(unit.files, position["message"], position["offset"])
        batches = _Batches(mailbox, reader, Period.until_now(self._earliest))
        try:
            for frame in reader:
                if batches.add(frame) >= self._batch_size or batches.held_bytes >= _BATCH_BYTES:
                    yield batches.next(reader.progress)
        except UNREADABLE as error:
            if batches.held:
                yield batches.next(reader.progress)
            raise SourceError(
                f"cannot be read on: {error}", source=f"{self.name}/{mailbox}", fix="restore the file, then scan again"
            ) from error
        if batches.held:
            yield batches.next(unit.bytes)

    def _discover(self) -> dict[str, _Unit]:
        if not self._path.exists():
            raise SourceError(
                f"{self._path} does not exist", source=self.name, fix="correct 'path', or mount the folder"
            )
        units: dict[str, _Unit] = {}
        root = self._path.parent if self._path.is_file() else self._path
        for file in [self._path] if self._path.is_file() else _walk(self._path, self.name):
            head = _head(file)
            if head is None:  # whatever it is: reading it says why not
                units.setdefault(_relative(file, root), _Unit(is_mbox=False)).add(file)
            elif is_mbox(head):
                units.setdefault(_relative(file, root), _Unit(is_mbox=True)).add(file)
            elif is_message(head) or (_claims_to_be_mail(file) and self._path != file):
                units.setdefault(self._folder_name(file, root), _Unit(is_mbox=False)).add(file)
        if not units:
            raise SourceError(
                f"no mail in {self._path}",
                source=self.name,
                fix="name an mbox file, a maildir, or a folder that holds some; unpack archives other than .gz",
            )
        return units

    def _folder_name(self, file: Path, root: Path) -> str:
        if self._path == file:
            return file.name
        folder = file.parent.parent if file.parent.name in _MAILDIR else file.parent
        # a trailing slash tells the folder itself from an mbox file or subfolder of its name
        return _relative(folder, root) if folder != root and root in folder.parents else f"{root.name}/"


class _MboxReader:
    """Messages of an mbox file from one on: the number of those before it, and its first byte."""

    def __init__(self, files: list[Path], message: int, offset: int) -> None:
        self._file = files[0]
        self.message, self.offset = message, offset
        self.progress = 0  # bytes on disk
        self.troubles: dict[int, str] = {}  # by number: none here, what is wrong the header shows

    def __iter__(self) -> Iterator[Frame]:
        with opened(self._file) as (stream, raw):
            stream.seek(self.offset)
            for frame in frames(stream, self.offset):
                self.progress = frame.end if raw is stream else raw.tell()
                yield frame

    def place(self, number: int, frame: Frame) -> str:
        """Where message `number` stands."""
        return f"{self._file.name}: message {number} at byte {frame.start}"


class _FolderReader:
    """Messages of a folder from one on: the number of files before it, and the bytes in them."""

    def __init__(self, files: list[Path], message: int, offset: int) -> None:
        self._files = files
        self.message, self.offset = message, offset
        self.progress = offset
        self.troubles: dict[int, str] = {}

    def __iter__(self) -> Iterator[Frame]:
        for number, file in enumerate(self._files[self.message :], self.message + 1):
            header, size, trouble = _read_single(file)
            if trouble:
                self.troubles[number] = trouble
            start, self.progress = self.progress, self.progress + file.stat().st_size
            yield Frame(header, start, self.progress, size)

    def place(self, number: int, frame: Frame) -> str:  # noqa: ARG002  the file is the place
        """Where message `number` stands."""
        file = self._files[number - 1]
        return f"{file.parent.name}/{file.name}"


class _Batches:
    """Gathers messages until they make a batch."""

    def __init__(self, mailbox: str, reader: _MboxReader | _FolderReader, period: Period) -> None:
        self._mailbox = mailbox
        self._reader = reader
        self._period = period
        self._book = AddressBook()
        self._before = reader.message
        self.held: list[Frame] = []
        self.held_bytes = 0

    def add(self, frame: Frame) -> int:
        """Hold one more message; returns how many are held."""
        self.held.append(frame)
        self.held_bytes += len(frame.header or b"")
        return len(self.held)

    def next(self, progress: int) -> Batch:
        """What is held, as a batch."""
        first = self._before + 1
        reasons = {
            number: self._reader.troubles.get(number) or ("header too long" if frame.header is None else "no header")
            for number, frame in enumerate(self.held, first)
            if not frame.header or number in self._reader.troubles
        }
        readable = [number for number in range(first, first + len(self.held)) if number not in reasons]
        records = header_records(
            [self.held[number - first].header or b"" for number in readable],
            [self.held[number - first].size for number in readable],
            self._book,
            self._period,
        )
        reasons.update((readable[row], reason) for row, reason in records.problems)
        problems = tuple(
            Problem(self._mailbox, self._reader.place(number, self.held[number - first]), reasons[number])
            for number in sorted(reasons)
        )
        self._before += len(self.held)
        state = json.dumps({"message": self._before, "offset": self.held[-1].end})
        self.held, self.held_bytes = [], 0
        return Batch(records.table, problems, progress, state)


@dataclass(slots=True)
class _Unit:
    """The files of one mailbox, in the order of reading."""

    is_mbox: bool
    files: list[Path] = field(default_factory=list)
    bytes: int = 0
    digest: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=8))

    def add(self, file: Path) -> None:
        status = file.stat()
        self.files.append(file)
        self.bytes += status.st_size
        self.digest.update(f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())


def _read_single(file: Path) -> tuple[bytes | None, int | None, str]:
    """Header and size of a file with one message, and what is wrong with it."""
    try:
        with opened(file) as (stream, raw):
            header, has_body = read_header(stream)
            size = file.stat().st_size if has_body and raw is stream else None
    except UNREADABLE as error:
        return b"", None, f"file cannot be read ({type(error).__name__})"
    return header, size, "no message" if header is not None and not is_message(header) else ""


def _walk(folder: Path, source: str) -> Iterator[Path]:
    """All files below, by name; what a maildir has not yet received (`tmp`) and linked folders are left out."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(
            f"folder {folder} cannot be read: {error.strerror}", source=source, fix="grant read access to it"
        ) from error
    is_maildir = any(entry.name in _MAILDIR and entry.is_dir() for entry in entries)
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink() and not (is_maildir and entry.name == "tmp"):
            yield from _walk(entry, source)
        elif entry.is_file():
            yield entry


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _claims_to_be_mail(file: Path) -> bool:
    """True for names that mail programs give to single messages: what is no message there is a problem."""
    name = file.name.removesuffix(".gz")
    return name.endswith((".eml", ".mbox")) or name.rstrip(".").isdigit() or file.parent.name in _MAILDIR


def _head(file: Path) -> bytes | None:
    """The first bytes of a file, unpacked; None if it cannot be read."""
    try:
        with opened(file) as (stream, _):
            return stream.read(_SNIFFED)
    except UNREADABLE:
        return None
