"""Traces in files: what administrators export, and the logs of Exchange Server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.errors import FormatError, SourceError
from analyser.sources import columns as convert
from analyser.sources.contract import RECORDS, Batch, Declaration, Mailbox, Problem, Source
from analyser.sources.csv_columns import Part, pieces, read_csv
from analyser.sources.dates import UNREADABLE as NO_DATE
from analyser.sources.dates import date_problems
from analyser.sources.delimited import Header, read_header
from analyser.sources.files import UNREADABLE
from analyser.sources.message_trace.deliveries import FIELDS, Rows, take
from analyser.sources.records import Period

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["COLUMNS", "Dates", "MessageTraceFiles"]

Dates = Literal["auto", "day_first", "month_first"]

COLUMNS: Final = {
    "sent": (
        *("received", "receiveddatetime", "receivedutc", "datereceived", "origintimestamputc", "origintimestamp"),
        *("datetimeutc", "datetime", "dateutc", "date", "timestamp"),
    ),
    "sender": ("senderaddress", "sender", "fromaddress"),
    "recipients": ("recipientaddress", "recipients", "recipient", "toaddress"),
    "status": ("recipientstatus", "status", "deliverystatus"),
    "event": ("eventid", "event"),
    "list": ("relatedrecipientaddress",),
    "subject": ("messagesubject", "subject"),
    "size": ("totalbytes", "size", "messagesize"),
    "message_id": ("messageid", "internetmessageid"),
}
"""What a column is called in the exports, best first; letter case, spaces, hyphens and underscores do not count."""

_ENDINGS: Final = (".csv", ".csv.gz", ".log", ".log.gz", ".txt", ".tsv")
_LETTERS: Final = re.compile("[^a-z0-9]")
_SHORT: Final = re.compile(r"(\.\d{6})\d+")
_FIGURES: Final = (
    r"^(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})[/.-](?P<year>\d{4})[ ,T]+(?P<hour>\d{1,2})[:.](?P<minute>\d\d)"
    r"(?:[:.](?P<second>\d\d))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?$"
)
_MONTHS: Final = 12


class _File(NamedTuple):
    """A file that is a trace: its head, and its columns by what they mean."""

    path: Path
    header: Header
    columns: dict[str, str]


class MessageTraceFiles(Source):
    """Reads message traces of Exchange Online and tracking logs of Exchange Server from files.

    Parameters
    ----------
    name
        Name of the source.
    path
        A file, or a folder that is searched for files with the columns of a trace.
    batch_size
        Rows per batch, and so the most messages.
    earliest
        Messages dated before are problems.
    dates
        How ``3/4/2026`` is meant; ``auto`` tells it from the first rows of each file.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="message_trace",
        provides=frozenset({"messages"}),
        fields=FIELDS,
        resumable=True,
        tells_roles=False,
    )

    def __init__(self, name: str, path: Path, *, batch_size: int, earliest: datetime, dates: Dates = "auto") -> None:
        super().__init__(name)
        self._path = path
        self._batch_size = batch_size
        self._earliest = earliest
        self._dates = dates

    def mailboxes(self) -> Iterator[Mailbox]:
        """One per file, by name; `expected` counts bytes."""
        for name, file in self._files().items():
            status = file.path.stat()
            version = f"{status.st_size}-{status.st_mtime_ns}"
            yield Mailbox(name, expected=status.st_size, unit="bytes", version=version)

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one file; see `Source.read`."""
        file = self._files().get(mailbox)
        if file is None:
            raise SourceError(f"no trace {mailbox} in {self._path}", source=self.name, fix="scan again from the start")
        after = json.loads(state)["row"] if state else file.header.lines
        period = Period.until_now(self._earliest)
        day_first: bool | None = None
        try:
            for part in read_csv(file.path, file.header, file.columns.values(), source=self.name):
                if day_first is None and part.columns:
                    day_first = self._day_first(file, part)
                for piece in pieces(part, after, self._batch_size):
                    batch, after = self._batch(file, piece, mailbox, period, day_first=bool(day_first), after=after)
                    yield batch
        except (*UNREADABLE, pa.ArrowInvalid) as error:  # broken off, or a quote that is never closed
            raise SourceError(
                f"{file.path}: {error}", source=self.name, fix="export the file anew, then scan again"
            ) from error

    def _batch(
        self, file: _File, piece: Part, mailbox: str, period: Period, *, day_first: bool, after: int
    ) -> tuple[Batch, int]:
        """A batch of the piece, and the number of its last row."""
        table, problems, left_out = RECORDS.empty_table(), list(piece.broken), {}
        if len(piece.numbers):
            taken = take(_rows(file, piece, period, day_first=day_first))
            table, left_out = taken.table, dict(taken.left_out)
            problems += [(int(piece.numbers[row]), reason) for row, reason in taken.problems]
        last = int(max(after, piece.numbers.max(initial=0), *(number for number, _ in problems), 0))
        found = tuple(Problem(mailbox, f"{mailbox}: row {number}", why) for number, why in sorted(problems))
        return Batch(table, found, piece.progress, json.dumps({"row": last}), left_out=left_out), last

    def _files(self) -> dict[str, _File]:
        if not self._path.exists():
            raise SourceError(
                f"{self._path} does not exist", source=self.name, fix="correct 'path', or mount the folder"
            )
        root = self._path.parent if self._path.is_file() else self._path
        found = {}
        for path in [self._path] if self._path.is_file() else sorted(self._path.rglob("*")):
            if path.is_file() and (path == self._path or path.name.lower().endswith(_ENDINGS)):
                file = self._file(path)
                if file is not None:
                    found[path.relative_to(root).as_posix()] = file
        if not found:
            raise SourceError(
                f"no message trace in {self._path}",
                source=self.name,
                fix="export a trace with the columns Received, SenderAddress, RecipientAddress, MessageId, Subject, "
                "Status, or copy MSGTRK*.LOG",
            )
        return found

    def _file(self, path: Path) -> _File | None:
        """The file if it has the columns of a trace."""
        try:
            header = read_header(path, source=self.name, preamble=True)
        except (*UNREADABLE, FormatError):
            return None
        plain: dict[str, str] = {}
        for name in header.names:
            plain.setdefault(_LETTERS.sub("", name), name)
        columns = {
            meaning: next(plain[name] for name in names if name in plain)
            for meaning, names in COLUMNS.items()
            if any(name in plain for name in names)
        }
        is_trace = {"sent", "sender"} <= columns.keys() and ("recipients" in columns or "recipientstatus" in plain)
        return _File(path, header, columns) if is_trace else None

    def _day_first(self, file: _File, part: Part) -> bool:
        """Whether the day stands before the month in dates of figures.

        Raises
        ------
        FormatError
            It cannot be told.
        """
        if self._dates != "auto":
            return self._dates == "day_first"
        figures = pc.extract_regex(convert.texts(part.columns[file.columns["sent"]]), _FIGURES).drop_null()
        if not len(figures):
            return False
        first, second = (pc.max(pc.struct_field(figures, name).cast(pa.int64())).as_py() for name in ("a", "b"))
        if first > _MONTHS or second > _MONTHS:
            return bool(first > _MONTHS)
        if pc.any(pc.not_equal(pc.struct_field(figures, "half"), "")).as_py():
            return False  # the half of the day is written by Americans first of all
        raise FormatError(
            "dates such as 3/4/2026 may begin with day or month",
            source=self.name,
            path=file.path,
            fix='set dates = "day_first" or "month_first"',
        )


def _rows(file: _File, piece: Part, period: Period, *, day_first: bool) -> Rows:
    nothing = pa.nulls(len(piece.numbers), pa.string())
    found = {
        meaning: convert.texts(piece.columns[file.columns[meaning]]) if meaning in file.columns else nothing
        for meaning in COLUMNS
    }
    dates = found.pop("sent")
    sent, reasons = _moments(dates, period, day_first=day_first)
    return Rows(sent, reasons, **found)


def _moments(
    dates: pa.Array, period: Period, *, day_first: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """As `columns.moments`, for dates of figures as well; without a zone, UTC."""
    figures = pc.extract_regex(dates, _FIGURES)
    matched = np.asarray(figures.is_valid())
    rest = pc.if_else(pa.array(matched), pa.scalar(None, pa.string()), dates)
    values, reasons = convert.moments(pc.replace_substring_regex(rest, _SHORT.pattern, r"\1"), period)
    if matched.any():
        values[matched] = _from_figures(figures.filter(pa.array(matched)), day_first=day_first)
        reasons[matched] = date_problems(values[matched], np.ones(matched.sum(), bool), *period)
    return values, reasons


def _from_figures(figures: pa.StructArray, *, day_first: bool) -> npt.NDArray[np.int64]:
    """Microseconds since 1970 of matches of `_FIGURES`; `UNREADABLE` where there is no such day or time."""

    def number(name: str) -> npt.NDArray[np.int64]:
        texts = pc.struct_field(figures, name)
        found: npt.NDArray[np.int64] = np.asarray(pc.if_else(pc.equal(texts, ""), "0", texts).cast(pa.int64()))
        return found

    day, month = (number("a"), number("b")) if day_first else (number("b"), number("a"))
    hour, minute, second = number("hour"), number("minute"), number("second")
    half = pc.utf8_lower(pc.struct_field(figures, "half"))
    has_half = np.asarray(pc.not_equal(half, ""))
    clock = np.where(has_half, hour % _MONTHS + _MONTHS * np.asarray(pc.starts_with(half, "p")), hour)
    good = (month >= 1) & (month <= _MONTHS) & (day >= 1) & (clock <= 23) & (minute <= 59) & (second <= 59)  # noqa: PLR2004
    months = ((number("year") - 1970) * 12 + np.where(good, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(good, day, 1) - 1)
    good &= days.astype("datetime64[M]") == months
    seconds = days.astype(np.int64) * 86_400 + clock * 3_600 + minute * 60 + second
    values: npt.NDArray[np.int64] = np.where(good, seconds * 1_000_000, NO_DATE)
    return values
