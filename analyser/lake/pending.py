"""What a scan has read and not yet published: one small Parquet file per batch, with the place where to go on.

Rows and watermark are one file, written aside and renamed, so that they can never disagree. A scan that was killed
goes on after the last segment of each mailbox, provided that the mailbox and the question are still the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pyarrow.parquet as pq

from analyser.errors import LakeError
from analyser.lake.copies import COPIES
from analyser.lake.journal import replace_durably

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

__all__ = ["FOLDER", "MailboxSegments", "Question", "Segment", "sweep"]

FOLDER: Final = ".pending"
_KEY: Final = b"analyser"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked of a mailbox: segments that answer another question are of no use.

    Parameters
    ----------
    version
        `Mailbox.version`.
    since, until
        The period, ISO 8601, or None.
    subjects
        `privacy.subjects`: under a stricter setting, what was kept under a looser one must go.
    """

    version: str | None
    since: str | None
    until: str | None
    subjects: str


@dataclass(frozen=True, slots=True)
class Segment:
    """The account of one batch; `last` marks the end of the mailbox.

    `removed` counts items that are gone, `afresh` folders that are read from their start, `settled` are the places of
    earlier problems about which the batch tells something new. `left_out` counts what lies outside the period and what
    the source itself left out; `passed_over` says why of the latter.
    """

    question: Question
    state: str | None
    progress: int
    read: int
    left_out: int
    problems: tuple[tuple[str, str], ...]
    oldest: datetime | None
    newest: datetime | None
    last: bool = False
    removed: int = 0
    afresh: int = 0
    settled: tuple[str, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)

    def encode(self) -> bytes:
        """As JSON, for the metadata of the file."""
        return json.dumps(asdict(self), default=datetime.isoformat).encode()

    @classmethod
    def decode(cls, text: bytes) -> Segment:
        """From JSON."""
        fields: dict[str, Any] = json.loads(text)
        fields["question"] = Question(**fields["question"])
        fields["problems"] = tuple((place, reason) for place, reason in fields["problems"])
        fields["settled"] = tuple(fields.get("settled", ()))
        for name in ("oldest", "newest"):
            fields[name] = None if fields[name] is None else datetime.fromisoformat(fields[name])
        return cls(**fields)


class MailboxSegments:
    """The segments of one mailbox, in the order of reading; their states stay on the disk.

    Parameters
    ----------
    root
        Folder of the lake.
    """

    def __init__(self, root: Path, source: str, mailbox: str) -> None:
        digest = hashlib.sha256(mailbox.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        self.folder = root / FOLDER / quote(source, safe="").replace(".", "%2E") / digest
        self.segments: list[Segment] = []

    @property
    def files(self) -> list[Path]:
        """The files, first batch first."""
        return sorted(self.folder.glob("*.parquet"))

    def resume(self, question: Question, *, resumable: bool) -> str | None:
        """Take up what a killed scan has left, or throw it away; returns the state to go on from."""
        state, self.segments = None, []
        for path in self.files:
            segment = _account(path)
            state = segment.state
            self.segments.append(replace(segment, state=None))
        whole = bool(self.segments) and self.segments[-1].last
        same = all(segment.question == question for segment in self.segments)
        if not self.segments or (same and whole):
            return None
        if same and resumable and state is not None:
            return state
        self.discard()
        return None

    @property
    def next_number(self) -> int:
        """Number of the first row of the next segment: numbers ascend over all segments of the mailbox."""
        return len(self.segments) << 32

    @property
    def complete(self) -> bool:
        """True if the mailbox has been read to its end."""
        return bool(self.segments) and self.segments[-1].last

    def append(self, rows: pa.Table, segment: Segment) -> None:
        """Write one more segment: there whole, or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{len(self.segments):07}.parquet"
        aside = path.with_suffix(".new")
        table = rows.cast(COPIES).replace_schema_metadata({_KEY: segment.encode()})
        pq.write_table(table, aside, compression="zstd")
        replace_durably(aside, path)
        self.segments.append(replace(segment, state=None))

    def state(self) -> str | None:
        """From where reading goes on after the last segment."""
        files = self.files
        return _account(files[-1]).state if files else None

    def discard(self) -> None:
        """Remove all segments, the last one first, so that what is left after a crash is still a beginning."""
        for path in reversed(self.files):
            path.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.segments = []


def sweep(root: Path, subjects: str) -> None:
    """Remove what killed scans kept of subjects under another setting of `privacy.subjects`."""
    for folder in sorted((root / FOLDER).glob("*/*")):
        files = sorted(folder.glob("*.parquet"))
        if files and _account(files[0]).question.subjects != subjects:
            shutil.rmtree(folder)


def _account(path: Path) -> Segment:
    metadata = pq.read_schema(path).metadata or {}
    if _KEY not in metadata:
        raise LakeError(f"{path} is no segment of a scan", fix="remove the file; its mailbox is then read again")
    return Segment.decode(metadata[_KEY])
